"""The formula of the chosen layer."""

from tests.app.finding import choose, opened


def test_the_chosen_layers_formula_has_the_numbers_put_in(latent_page):
    page = choose(latent_page(), "0")
    assert not page.latex
    keras, textbook = opened(page, "formula").latex.values
    assert "8{,}192" in keras
    assert r"\frac{32 - 3 + 2 \cdot 1}{1} + 1" in textbook
    assert "8{,}192" in textbook
