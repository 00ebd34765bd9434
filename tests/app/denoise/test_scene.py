"""The scene: the photo, its noise, and how large photos are cut."""

import numpy as np
import pytest
from PIL import Image
from scipy.ndimage import gaussian_filter

from cae_core import zoo
from cae_core.data.samples import sample_photograph
from cae_core.images.operations import to_uint8
from cae_ui.common import full_size, photo_input
from cae_ui.denoise.scene import NoiseOptions, with_noise
from tests.app.finding import decibels, labels_of, said, upload
from tests.app.images import encoded, png, scene
from tests.core.photos.test_camera_denoising import with_camera_noise


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
    assert with_noise(black, 0.3, NoiseOptions(is_clipped=True)).min() >= 0


@pytest.mark.heavy
def test_the_noise_of_a_noisy_photo_is_estimated_and_its_strength_adjusted(denoise_page):
    page = denoise_page(mode="My photo is noisy")
    noisy = with_noise(np.asarray(scene(200, 160), np.float32) / 255, 0.1, NoiseOptions())
    pixels = np.round(np.clip(noisy, 0, 1) * 255).astype(np.uint8)
    upload(page, "denoise-upload", ("noisy.png", encoded(Image.fromarray(pixels), "PNG")))
    (line,) = [text for text in page.caption.values if text.startswith("Estimated noise")]
    assert 20 < float(line.split("sigma ")[1].split("/255")[0]) < 31
    assert "There is no original" in said(page.caption)
    page.slider("strength").set_value(0.5).run()
    (line,) = [text for text in page.caption.values if "The network is given" in text]
    assert 10 < float(line.rsplit("given ", 1)[1].split("/255")[0]) < 16


def night_photo():
    """A name and the content of a PNG with a camera's noise."""
    clean = sample_photograph("chelsea.png")[:160, :160]
    return "night.png", encoded(Image.fromarray(to_uint8(with_camera_noise(clean))), "PNG")


def test_the_automatic_choice_is_said_whatever_is_chosen_and_its_sigma_is_where_networks_begin(
    denoise_page,
):
    page = denoise_page(mode="My photo is noisy", denoiser=zoo.PHOTO_DENOISER)
    upload(page, "denoise-upload", night_photo())
    assert "as a camera makes it. The automatic choice: Camera denoiser." in said(page.caption)
    (line,) = [text for text in page.caption.values if text.startswith("Estimated noise")]
    assert "misses most of it" in line
    choice, sigma = page.session_state["photo-noise"][1]
    assert sigma == choice.sigma > 4 / 255
    given = float(line.rsplit("given ", 1)[1].split("/255")[0])
    assert given == pytest.approx(255 * sigma, abs=0.1)


def test_a_strength_beyond_the_camera_denoisers_is_no_value_of_the_address(denoise_page):
    page = denoise_page(
        mode="My photo is noisy", denoiser=zoo.PHOTO_DENOISER, strength="2.5",
        **{"denoise-high-iso": "Leaves, ISO 4000"},
    )  # fmt: skip
    assert "Received: strength=2.5. The page shows 1 there" in said(page.warning)
    assert page.slider("strength").max == 2.0


@pytest.fixture
def removed(compared):
    """Mean absolute difference of the images that were last under the comparison slider."""

    def difference():
        before, after, _ = compared[-1]
        return np.abs(before.astype(float) - after).mean()

    return difference


@pytest.mark.heavy
def test_a_cameras_noise_is_recognised_and_luma_colour_and_grain_have_sliders(
    denoise_page, removed
):
    page = denoise_page(mode="My photo is noisy", **{"denoise-high-iso": "Cat at high ISO"})
    assert "sample photo is simulated" in said(page.caption)
    assert "automatic choice: Camera denoiser." in said(page.caption)
    upload(page, "denoise-upload", night_photo())
    assert "automatic choice: Camera denoiser." in said(page.caption)
    assert [slider.label for slider in page.slider] == [
        "Against luminance noise",
        "Against colour noise",
        "Grain",
    ]
    everything = removed()
    assert everything > 1
    page.slider("grain").set_value(0.5).run()
    assert removed() == pytest.approx(everything / 2, rel=0.2)
    for key in ("luma", "color"):
        page.slider(key).set_value(0.0)
    page.run()
    assert removed() == 0


@pytest.mark.parametrize(
    "sample",
    [
        "Leaves, ISO 4000",
        pytest.param("Cables, ISO 6400", marks=pytest.mark.heavy),
        pytest.param("Printer, ISO 12800", marks=pytest.mark.heavy),
    ],
)
def test_a_real_noisy_sample_has_the_figures_of_the_card(denoise_page, sample):
    page = denoise_page(mode="My photo is noisy", **{"denoise-high-iso": sample})
    assert "against the mean of many shots" in said(page.caption)
    (row,) = [
        row
        for row in zoo.card(zoo.CAMERA_DENOISER).figures
        if row["condition"].startswith(sample.split(",")[0].lower())
    ]
    assert decibels(page, "PSNR, noisy") == pytest.approx(row["psnr_noisy"], abs=0.02)
    assert decibels(page, "PSNR, denoised") == pytest.approx(row["psnr"], abs=0.05)


def test_a_photo_without_noise_is_left_alone_until_a_network_is_chosen(
    denoise_page, removed, compared
):
    page = denoise_page(mode="My photo is noisy")
    clean = gaussian_filter(sample_photograph("chelsea.png")[:160, :160], (1, 1, 0))
    upload(page, "denoise-upload", ("clean.png", encoded(Image.fromarray(to_uint8(clean)), "PNG")))
    assert "nothing is removed" in said(page.caption)
    assert removed() == 0
    assert compared[-1][2] == ("clean.png", "Left as it is")
    assert "show" not in [choice.key for choice in page.button_group]
    assert not page.get("download_button")
    page.selectbox("denoiser").set_value(zoo.PHOTO_DENOISER).run()
    assert "Estimated noise" in said(page.caption)
    assert "nothing is removed" in said(page.caption)
    assert compared[-1][2] == ("clean.png", "Denoised")
    assert labels_of(page.get("download_button")) == ["Denoised"]


def test_nothing_that_a_network_made_before_is_labelled_as_left_as_it_is(
    denoise_page, compared, monkeypatch
):
    for module in (photo_input, full_size):
        monkeypatch.setattr(module, "FAST_PIXELS", 10_000)
    page = denoise_page(mode="My photo is noisy", denoiser=zoo.PHOTO_DENOISER)
    clean = gaussian_filter(sample_photograph("chelsea.png")[:160, :160], (1, 1, 0))
    upload(page, "denoise-upload", ("clean.png", encoded(Image.fromarray(to_uint8(clean)), "PNG")))
    page.slider("strength").set_value(2.0).run()
    assert (compared[-1][0] != compared[-1][1]).any()
    page.selectbox("denoiser").set_value("automatic").run()
    left = [shown for shown in compared if shown[2][1] == "Left as it is"]
    assert len(left) == 2  # a preview and the result
    for before, after, _ in left:
        np.testing.assert_array_equal(before, after)


def test_a_large_photo_without_noise_is_not_offered_to_be_denoised(denoise_page):
    page = denoise_page(mode="My photo is noisy")
    # As a picture is that has no noise at all: a ramp.
    ramp = np.linspace(40, 200, 1600, dtype=np.float32).astype(np.uint8)
    flat = np.broadcast_to(ramp[:, np.newaxis], (1300, 1600, 3))
    upload(page, "denoise-upload", ("large.png", encoded(Image.fromarray(flat), "PNG")))
    assert "nothing is removed" in said(page.caption)
    assert not [label for label in labels_of(page.button) if "megapixels" in label]


def test_a_photo_too_small_for_an_estimate_is_one_sentence(denoise_page):
    page = denoise_page(mode="My photo is noisy")
    upload(page, "denoise-upload", ("tiny.png", png(7, 5)))
    (error,) = page.error.values
    assert "Received: 7 × 5. Choose a larger image, or set sigma." in error


@pytest.mark.parametrize("kind", ["RGBA", "1", "CMYK"])
def test_any_kind_of_image_is_denoised(denoise_page, kind):
    format_name = "JPEG" if kind == "CMYK" else "PNG"
    image = encoded(scene(90, 70).convert(kind), format_name)
    page = upload(denoise_page(), "denoise-upload", (f"photo.{format_name.lower()}", image))
    assert not page.error
    assert decibels(page, "PSNR, denoised") > decibels(page, "PSNR, noisy")


@pytest.mark.heavy
def test_a_part_of_a_large_photo_can_be_looked_at_at_full_size(denoise_page, compared):
    page = upload(denoise_page(part="true"), "denoise-upload", ("large.png", png(2500, 900)))
    assert "In the frame: 640 × 640 of 2,500 × 900 pixels" in said(page.caption)
    assert compared[-1][0].shape == (640, 640, 3)
