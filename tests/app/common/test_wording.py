"""Strangers' text stays text; what an address asks for in vain is named."""

import pytest
from streamlit.testing.v1 import AppTest

from cae_core import Architecture
from cae_ui.common.wording import JOINER, plain
from tests.app.finding import said


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("https://evil.example", f"https:{JOINER}//evil.example"),
        ("see WWW.evil.example", f"see WWW{JOINER}.evil.example"),
        ("me@evil.example", f"me@{JOINER}evil.example"),
        (":material/home: :smile: :red[a]", None),
        ("[a](b) ![c](d) <b>", r"\[a\](b) !\[c\](d) \<b>"),
        ("&lt;b&gt;", r"\&lt;b\&gt;"),
        ("# title", f"{JOINER}# title"),
        ("1. first", f"{JOINER}1. first"),
        ("a\n\n# b", "a # b"),
        ("a -> b", f"a -{JOINER}> b"),
        ("conv3:sigmoid", "conv3:sigmoid"),
        ("Received: 5; so 3.5", "Received: 5; so 3.5"),
    ],
)
def test_what_markdown_would_make_something_of_stays_text(text, shown):
    if shown is None:
        assert plain(text).count(f":{JOINER}") == 2
        assert r"\[a\]" in plain(text)
    else:
        assert plain(text) == shown
    assert plain(text).replace(JOINER, "").replace("\\", "") == text.replace("\n\n", " ")


def test_a_text_copied_from_a_message_is_read_as_it_was():
    text = "conv8:valid:tanh pool | up conv3:sigmoid"
    assert JOINER in plain(text)
    assert str(Architecture.parse(plain(text).replace("\\", ""))) == text


@pytest.mark.heavy
@pytest.mark.parametrize("sigma", ["5000", pytest.param("many", marks=pytest.mark.heavy)])
def test_values_of_the_address_that_the_page_lacks_are_named_once(denoise_page, sigma):
    page = denoise_page(
        sigma=sigma, mode="https://evil.example", clip="perhaps", model="doesnotexist"
    )
    received = [f"sigma={sigma}", "clip=perhaps", "model=doesnotexist"]
    for lacking in (*received, f"mode=https:{JOINER}//evil.example"):
        assert f"Received: {lacking}." in said(page.warning)
    page.run()
    assert "An address names" not in said(page.warning)


def test_a_network_of_the_address_that_is_none_is_named_and_values_that_are_there_are_not(
    zoo_page, trainer_page, latent_page
):
    assert "card=doesnotexist" in said(zoo_page(card="doesnotexist").warning)
    assert not zoo_page(card="homework").warning
    for page in (
        trainer_page(task="Remove noise", sigma="25", range="false", unknown="x"),
        latent_page(arch="conv8 | conv3:sigmoid", formulas="true"),
    ):
        assert "An address names" not in said(page.warning)


@pytest.mark.parametrize(("change", "shown"), [(1.236, "+1.24 dB"), (-0.5, "−0.50 dB")])
def test_a_loss_has_a_true_minus_and_is_drawn_as_one(change, shown):
    page = AppTest.from_function(_show, default_timeout=300, args=(change,)).run()
    (metric,) = page.metric
    assert metric.delta == shown
    drawn = type(metric.proto)
    lost = (drawn.MetricDirection.DOWN, drawn.MetricColor.RED)
    gained = (drawn.MetricDirection.UP, drawn.MetricColor.GREEN)
    assert (metric.proto.direction, metric.proto.color) == (lost if change < 0 else gained)


def _show(change):
    """A script that shows a change."""
    from cae_ui.common.wording import show_change

    show_change("PSNR", "20.00 dB", change, 2, "dB")
