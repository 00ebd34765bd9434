"""The verdict on a network."""

from cae_core.architecture.presets import HOMEWORK, PRESETS
from tests.app.finding import figure, layer_rows, remedies, said, text_of, verdict


def test_the_page_opens_on_the_homework_network_and_its_answer(latent_page):
    page = latent_page()
    assert text_of(page) == PRESETS[HOMEWORK].text
    assert verdict(page) == "Latent 8x8x16 = 1,024 numbers, 3.0 times smaller than the input"
    assert "at 32 bits a number the latent is larger." in said(page.caption)
    assert figure(page, "Parameters") == "4,911"
    assert figure(page, "Receptive field of the latent") == "18 × 18 px"
    assert figure(page, "Smallest tensor") == "768"
    assert "768" in said(page.warning)  # smaller than the latent, before it


def test_a_latent_larger_than_the_input_warns(latent_page):
    page = latent_page(arch=PRESETS["strided-bn"].text)
    assert "LARGER" in verdict(page)
    assert "This does not compress" in said(page.warning)


def test_a_misfit_has_a_button_for_each_remedy_which_makes_the_network_work(latent_page):
    page = latent_page(arch="25x25x3 conv8s2 conv8s2 | deconv8 deconv3:sigmoid")
    assert "Received: 28x28x3" in said(page.error)
    assert "bits a number" not in said(page.caption)
    assert 1 <= len(remedies(page)) <= 3
    remedies(page)[0].click().run()
    assert not page.error
    assert layer_rows(page)[-1][2] == "25x25x3"
    assert not remedies(page)


def test_the_second_network_has_its_own_problems_and_buttons(latent_page):
    page = latent_page(compare="true", vs="conv8 pool | conv3:sigmoid")
    assert "Received: 16x16x3" in said(page.error)
    remedies(page, "vs")[0].click().run()
    assert page.text_area("vs").value == "conv8 pool | up conv3:sigmoid"
    assert text_of(page) == PRESETS[HOMEWORK].text
