"""The denoise page: a photo, its noise, and what the network makes of it."""

import io

import numpy as np
import pytest
from PIL import Image

import cae_core as cae
from cae_core import zoo
from cae_core.jobs.job import JobRequest
from cae_ui.common.resources import job_queue
from cae_ui.denoise.methods import curve_figure
from cae_ui.denoise.scene import NoiseOptions, with_noise
from tests.app.finding import figure, labelled, said
from tests.app.images import encoded, png, scene


def decibels(page, label):
    return float(figure(page, label).removesuffix(" dB"))


def upload(page, name, content, kind="image/png"):
    return page.file_uploader("denoise-upload").set_value((name, content, kind)).run()


# The first look


def test_the_page_opens_with_a_photo_that_is_clean_already(denoise_page):
    page = denoise_page()
    assert decibels(page, "PSNR, denoised") > decibels(page, "PSNR, noisy") + 8
    assert 0 < float(figure(page, "SSIM, denoised")) <= 1
    assert "Standard deviation 25/255 = 0.098" in said(page.caption)


def test_more_noise_costs_more_and_none_costs_nothing(denoise_page):
    page = denoise_page()
    some = decibels(page, "PSNR, denoised")
    page.slider("sigma").set_value(75).run()
    assert decibels(page, "PSNR, denoised") < some - 2
    page.slider("sigma").set_value(0).run()
    assert figure(page, "PSNR, denoised") == "inf dB"


def test_an_address_says_photo_noise_and_network(denoise_page):
    page = denoise_page(sigma="50", **{"denoise-photo": "Rocket"}, seed="7", clip="true")
    assert page.slider("sigma").value == 50
    assert page.number_input("seed").value == 7
    assert page.toggle("clip").value
    other = denoise_page(sigma="50", **{"denoise-photo": "Rocket"}, seed="8", clip="true")
    assert figure(page, "PSNR, noisy") != figure(other, "PSNR, noisy")


def test_the_noise_is_drawn_anew_only_with_another_seed():
    photo = np.full((8, 8, 3), 0.5, np.float32)
    first, again, other = (
        with_noise(photo, 0.1, NoiseOptions(seed=seed)) - photo for seed in (1, 1, 2)
    )
    np.testing.assert_array_equal(first, again)
    assert np.abs(first - other).max() > 0.01
    twice = with_noise(photo, 0.2, NoiseOptions(seed=1)) - photo
    np.testing.assert_allclose(twice, 2 * first, atol=1e-6)


def test_clipped_noise_stays_in_the_range_of_images():
    black = np.zeros((16, 16, 3), np.float32)
    assert with_noise(black, 0.3, NoiseOptions()).min() < 0
    assert with_noise(black, 0.3, NoiseOptions(is_clipped=True)).min() == 0


# Another sigma, another network


@pytest.mark.parametrize("told", [5, 90])
def test_a_network_that_is_told_a_wrong_sigma_does_worse(denoise_page, told):
    honest = decibels(denoise_page(), "PSNR, denoised")
    page = denoise_page(lie="true", told=str(told))
    assert decibels(page, "PSNR, denoised") < honest - 0.5
    assert f"The network is given {told}." in said(page.caption)


def test_networks_that_denoise_can_be_chosen_ones_own_included(denoise_page, worker):
    small = cae.Architecture.parse("conv4 pool | up conv3:sigmoid")
    denoising, other = (
        job_queue().submit(JobRequest(small, task, cae.TrainConfig(epochs=1), "photo_patches"))
        for task in (cae.Denoise(0.1), cae.Reconstruct())
    )
    worker.work()
    worker.work()
    page = denoise_page()
    options = page.selectbox("model").options
    assert options[0] == zoo.card(zoo.PHOTO_DENOISER).title
    assert [name for name in options if "Trained here" in name] == [f"Trained here: {small}"]
    page.selectbox("model").set_value(f"run:{job_queue().status(denoising).run_folder}").run()
    assert decibels(page, "PSNR, denoised") > 5
    assert job_queue().status(other).run_folder is not None


# A photo that is noisy already


def test_the_noise_of_a_noisy_photo_is_estimated_and_its_strength_adjusted(denoise_page):
    page = denoise_page(mode="My photo is noisy")
    noisy = with_noise(np.asarray(scene(200, 160), np.float32) / 255, 0.1, NoiseOptions())
    pixels = np.round(np.clip(noisy, 0, 1) * 255).astype(np.uint8)
    upload(page, "noisy.png", encoded(Image.fromarray(pixels), "PNG"))
    estimated = next(c.value for c in page.caption if c.value.startswith("Estimated noise"))
    assert 20 < float(estimated.split("sigma ")[1].split(" of")[0]) < 31
    assert "There is no original" in said(page.caption)
    page.slider("strength").set_value(0.5).run()
    told = [c.value for c in page.caption if "The network is given" in c.value]
    assert 10 < float(told[0].rsplit("given ", 1)[1].rstrip(".")) < 16


# Uploads


@pytest.mark.parametrize("kind", ["L", "RGBA", "P", "1", "CMYK"])
def test_any_kind_of_image_is_denoised(denoise_page, kind):
    format_name = "JPEG" if kind == "CMYK" else "PNG"
    image = encoded(scene(90, 70).convert(kind), format_name)
    page = upload(denoise_page(), f"photo.{format_name.lower()}", image)
    assert not page.error
    assert decibels(page, "PSNR, denoised") > decibels(page, "PSNR, noisy")


@pytest.mark.parametrize("size", [(1, 1), (1, 40), (7, 5)])
def test_the_smallest_images_work_in_both_modes(denoise_page, size):
    page = upload(denoise_page(), "tiny.png", png(*size))
    assert not page.error
    page.button_group("mode").set_value("noisy").run()
    assert len(page.error) <= 1  # too small to estimate: one sentence
    assert all("Received: " in error.value for error in page.error)


def test_a_part_of_a_large_photo_can_be_looked_at_at_full_size(denoise_page):
    page = denoise_page(part="true")
    buffer = io.BytesIO()
    scene(1500, 500).save(buffer, "PNG")
    upload(page, "large.png", buffer.getvalue())
    assert "A part of 640 x 500 of 1,500 x 500 pixels" in said(page.caption)
    assert labelled(page.slider, "Part of the photo, across")
    assert "Part of the photo, down" not in [slider.label for slider in page.slider]


# Beside other methods


def test_all_methods_are_measured_on_the_same_image(denoise_page):
    page = denoise_page()
    upload(page, "small.png", png(96, 64))
    page.toggle("methods").set_value(True).run()
    table = page.dataframe[0].value
    methods = list(table["Method"])
    assert methods[0] == "Noisy"
    assert methods[1] == zoo.card(zoo.PHOTO_DENOISER).title
    assert {"Total variation", "Non-local means", "Wavelet"} <= set(methods)
    assert (table["PSNR, dB"][1:] > table["PSNR, dB"][0]).all()


def test_the_curve_has_a_line_for_every_method(denoise_page):
    page = denoise_page()
    upload(page, "small.png", png(48, 48))
    page.toggle("curve").set_value(True).run()
    assert len(page.get("plotly_chart")) == 1
    figure = curve_figure({"Noisy": [1.0] * 8, "Ours": [2.0] * 8})
    assert [line.name for line in figure.data] == ["Noisy", "Ours"]
