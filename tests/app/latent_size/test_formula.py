"""The arithmetic of the chosen layer."""

import re

from tests.app.finding import choose, opened


def panel(page):
    """The text of the chosen layer's arithmetic, without mark-up."""
    (found,) = [part.value for part in page.get("html") if 'class="cae-formula"' in part.value]
    return re.sub(r"<[^>]*>", " ", found.partition("</style>")[2])


def test_the_chosen_layers_letters_are_named_beside_its_formulas(latent_page):
    text = re.sub(r"\s+", " ", panel(choose(latent_page(), "1")))
    for part in (
        "Layer 1, conv8 : 32x32x3 → 32x32x8",
        "W = 32, side of the input",
        "K = 3, side of the window",
        "P = 1, padding on each side",
        "S = 1, stride",
        "C = 8, channels",
        "((32 − 3 + 2·1)/1 + 1)² · 8 = 32² · 8 = 8,192",
        "⌈32 / 1⌉ = 32, so 32 × 32 × 8 = 8,192",
        "3 · 3 · 3 · 8 weights + 8 biases = 224",
        "32 · 32 positions · 3 · 3 · 3 · 8 weights = 221,184",
    ):
        assert part in text


def test_the_latents_arithmetic_is_that_of_its_layer(latent_page):
    assert "Layer 5," in panel(choose(latent_page(), "latent"))


def test_the_formula_can_be_had_typeset(latent_page):
    page = choose(latent_page(), "1")
    assert not page.latex
    textbook, keras = opened(page, "formula").latex.values
    assert "8{,}192" in keras
    assert r"\frac{32 - 3 + 2 \cdot 1}{1} + 1" in textbook
    assert "8{,}192" in textbook
