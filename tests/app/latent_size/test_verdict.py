"""The verdict on a network."""

from cae_core.architecture.presets import HOMEWORK, PRESETS
from tests.app.finding import figure, said, text_of, verdict


def test_the_page_opens_on_the_homework_network_and_its_answer(latent_page):
    page = latent_page()
    assert text_of(page) == PRESETS[HOMEWORK].text
    assert verdict(page) == "Latent 8x8x16 = 1,024 numbers, 3.0x smaller than the input"
    assert figure(page, "Parameters") == "4,911"
    assert figure(page, "Receptive field of the latent") == "18x18"
    assert figure(page, "Smallest tensor") == "768"
    assert "768" in said(page.warning)  # smaller than the latent, before it


def test_a_latent_larger_than_the_input_warns(latent_page):
    page = latent_page(arch=PRESETS["strided-bn"].text)
    assert "LARGER" in verdict(page)
    assert "This does not compress" in said(page.warning)
