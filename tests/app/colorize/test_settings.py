"""The settings of colorizing: the sliders that a network has."""

import pytest

from tests.app.finding import said


@pytest.mark.heavy
def test_a_network_has_only_its_own_sliders(colorize_page):
    page = colorize_page()
    assert {slider.key for slider in page.slider} == {"temperature", "saturation"}
    page.selectbox("colorizer").set_value("colorize-chroma").run()
    assert {slider.key for slider in page.slider} == {"saturation"}
    assert not [text for text in page.header.values if text.startswith("From the mean")]
    page.selectbox("colorizer").set_value("colorize-rgb").run()
    assert not page.slider
    assert not page.error
    assert "gamut" not in said(page.caption)


@pytest.mark.heavy
def test_the_address_sets_photo_and_settings(colorize_page):
    page = colorize_page(
        **{"colorize-photo": "Rocket"}, saturation="0.5", temperature="0.2", inside="true"
    )
    assert page.button_group("colorize-photo").value == "Rocket"
    assert page.slider("saturation").value == pytest.approx(0.5)
    assert page.slider("temperature").value == pytest.approx(0.2)
    assert page.toggle("inside").value
    assert len(page.get("plotly_chart")) == 2
