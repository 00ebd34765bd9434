"""The result of denoising: how clean it is, at which noise, by which settings."""

import numpy as np
import pytest

from cae_core import zoo
from cae_core.images.decoding import OpenedImage
from cae_ui.denoise import result
from cae_ui.denoise.scene import Scene
from tests.app.finding import decibels, figure, labels_of, said, upload
from tests.app.images import encoded, png, scene


def test_the_page_opens_with_a_photo_that_is_denoised(denoise_page):
    page = denoise_page()
    assert decibels(page, "PSNR, denoised") > decibels(page, "PSNR, noisy") + 8
    assert 0 < float(figure(page, "SSIM, denoised")) <= 1
    assert "Standard deviation 25/255 = 0.098" in said(page.caption)


@pytest.mark.heavy
def test_more_noise_costs_more_and_none_costs_nothing(denoise_page):
    page = upload(denoise_page(), "denoise-upload", ("small.png", png(96, 64)))
    some = decibels(page, "PSNR, denoised")
    page.slider("sigma").set_value(75).run()
    assert decibels(page, "PSNR, denoised") < some - 2
    page.slider("sigma").set_value(0).run()
    assert figure(page, "PSNR, denoised") == "∞ dB"


def test_noise_on_a_grey_photo_is_grey_and_so_is_what_is_left(denoise_page, compared):
    photo = encoded(scene(96, 64).convert("L"), "PNG")
    upload(denoise_page(), "denoise-upload", ("grey.png", photo))
    for image in compared[-1][:2]:
        channels = np.atleast_3d(image)
        assert np.ptp(channels, axis=2).max() == 0
    assert (compared[-1][0] != compared[-1][1]).any()


def test_the_address_sets_photo_and_noise(denoise_page):
    page = denoise_page(sigma="50", **{"denoise-photo": "Rocket"}, seed="7", clip="true")
    assert page.button_group("denoise-photo").value == "Rocket"
    assert page.slider("sigma").value == 50
    assert page.number_input("seed").value == 7
    assert page.toggle("clip").value
    noisy = figure(page, "PSNR, noisy")
    page.number_input("seed").set_value(8).run()
    assert figure(page, "PSNR, noisy") != noisy


@pytest.mark.heavy
def test_a_network_that_is_given_a_wrong_sigma_does_worse(denoise_page):
    page = denoise_page()
    right = decibels(page, "PSNR, denoised")
    page.toggle("lie").set_value(True).run()
    for sigma in (5, 90):
        page.slider("input-sigma").set_value(sigma).run()
        assert decibels(page, "PSNR, denoised") < right - 0.5
        assert f"The network is given {sigma}/255 = " in said(page.caption)


@pytest.mark.parametrize(
    ("view", "labels"),
    [
        ("Taken out", ("Noisy, sigma 25", "Taken out, amplified")),
        ("Original", ("Denoised", "Original")),
    ],
)
def test_every_view_compares_what_it_names(denoise_page, compared, view, labels):
    denoise_page(show=view)
    assert [shown for *_, shown in compared] == [labels]


@pytest.mark.parametrize(
    ("model", "sigma"), [(zoo.CAMERA_DENOISER, 0.1), (zoo.PHOTO_DENOISER, 0.0)]
)
def test_where_nothing_is_to_be_removed_no_network_works(monkeypatch, model, sigma):
    def refuse(*_, **__):
        raise AssertionError("a network works")

    for name in ("denoise", "denoise_camera"):
        monkeypatch.setattr(result, name, refuse)
    image = np.linspace(-0.1, 1.1, 192, dtype=np.float32).reshape(8, 8, 3)
    opened = OpenedImage(image, None, (8, 8))
    scene = Scene(None, opened, image, None, sigma, sigma, model, luma=0.0, color=0.0)
    np.testing.assert_array_equal(result.denoised(scene, image), np.clip(image, 0, 1))


@pytest.mark.heavy
@pytest.mark.parametrize(("part", "shown"), [("false", "reduced from"), ("true", "a part of")])
def test_beside_the_button_for_the_whole_photo_is_said_once_what_is_shown(
    denoise_page, part, shown
):
    page = upload(denoise_page(part=part), "denoise-upload", ("large.png", png(1700, 1300)))
    assert "Denoise all 2.2 megapixels" in labels_of(page.button)
    assert said(page.caption).count(f"{shown} 1,700 × 1,300 pixels") == 1
    assert ("reduced" in said(page.caption)) == (part == "false")
