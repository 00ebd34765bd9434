"""The text field of an architecture and the list of presets."""

import pytest

from cae_core.architecture.presets import PRESETS
from cae_core.architecture.report import analyze
from tests.app.finding import (
    figure,
    labelled,
    layer_rows,
    opened,
    said,
    text_of,
    verdict,
    write,
)


def test_the_text_changes_the_form(latent_page):
    page = write(latent_page(), "28x28x1 conv20k5s2:valid:tanh | up2:bilinear conv1:sigmoid")
    assert labelled(page.slider, "Channels").value == 20
    assert labelled(page.slider, "Kernel").value == 5
    assert labelled(page.slider, "Stride").value == 2
    assert labelled(page.selectbox, "Padding").value == "valid"
    assert labelled(page.selectbox, "Activation").value == "tanh"
    assert page.button_group("layer").options[0] == "28x28x1"


def test_the_form_repairs_a_text_that_cannot_be_read(latent_page):
    page = write(latent_page(arch="conv20 | conv3:sigmoid"), "conv20 poool | conv3:sigmoid")
    assert "poool" in said(page.error)
    assert "Below is the last architecture that could be read." in page.caption.values
    assert [row[1] for row in layer_rows(page)] == ["conv20 ← latent", "conv3:sigmoid"]
    labelled(page.slider, "Channels").set_value(21).run()
    assert text_of(page) == "conv21 | conv3:sigmoid"
    assert not page.error


@pytest.mark.parametrize("text", ["", "conv8 | | conv3", "<b>hi</b>", "конв8"])
def test_nonsense_in_the_address_is_named_and_the_page_stays_usable(latent_page, text):
    page = latent_page(arch=text)
    (error,) = page.error.values
    assert "Received" in error
    assert len(layer_rows(page)) == 9
    assert write(page, "conv8 | conv3:sigmoid").error.values == []


@pytest.mark.parametrize("name", ["strided-bn", "denoise-0.3", "baseline"])
def test_a_preset_is_written_into_the_text_and_its_source_is_linked(latent_page, name):
    page = latent_page()
    page.selectbox("arch-preset").set_value(name).run()
    preset = PRESETS[name]
    report = analyze(preset.architecture)
    assert text_of(page) == preset.text
    assert verdict(page) == report.verdict.capitalize().replace("larger", "LARGER")
    assert figure(page, "Parameters") == f"{report.parameters:,}"
    assert f"{preset.source.link}: {preset.epochs} epochs on CIFAR-10" in said(page.caption)
    assert ("noise of sigma 0.3" in said(page.caption)) == (name == "denoise-0.3")


def test_a_visitor_of_both_pages_keeps_the_network_and_its_form(latent_page):
    page = latent_page(arch="conv24 pool | up conv3:sigmoid")
    page.switch_page("pages/trainer.py").run()
    assert text_of(page) == "conv24 pool | up conv3:sigmoid"
    page.switch_page("pages/latent_size.py").run()
    assert text_of(page) == "conv24 pool | up conv3:sigmoid"


def test_the_notation_is_explained_beside_the_text(latent_page):
    page = opened(latent_page(), "arch-help")
    (table,) = [text for text in page.markdown.values if "| Token |" in text]
    for token in ("`conv16`", "`deconv16`", "`reshape8x8x16`", "`@a`"):
        assert token in table
