"""The part "Map": a variational network's plane is decoded, neighbours and draws are shown."""

import numpy as np
import pytest

import cae_core as cae
from cae_core import zoo
from cae_core.images.operations import image_grid
from cae_core.inspection import fitted_latents, normal_latents
from cae_ui.inside import map as map_part
from tests.app.finding import press, said

DENSE = "32x32x3 flatten dense6:linear | dense3072:sigmoid reshape32x32x3"
LATENT = "vae2-mnist"


def assert_near(found, expected):
    """The same pixels, but for roundings."""
    assert np.abs(found.astype(int) - expected).max() <= 1


@pytest.fixture
def shown(monkeypatch):
    """What the page last showed: images by their captions, and the drawn ones as one image."""
    found = {}

    def tiles(images, captions, side, what):
        found.update(zip(captions, images, strict=True))

    monkeypatch.setattr(map_part, "show_tiles", tiles)
    monkeypatch.setattr(map_part, "show_pixels", lambda image, caption: found.update(drawn=image))
    return found


def as_pixels(images):
    return np.round(np.clip(images, 0, 1) * 255).astype(np.uint8)


def test_any_place_of_a_plane_of_two_numbers_is_decoded(inside_page, shown):
    page = inside_page(network=LATENT, part="Map", at="0.5,-0.25")
    assert "The latent is two numbers, and this is all of it." in said(page.caption)
    assert "Decoded at (0.50, -0.25)" in said(page.markdown)
    _, decoder = cae.split(zoo.load(LATENT))
    (image,) = np.asarray(decoder(np.array([[0.5, -0.25]], np.float32)))
    assert_near(shown["No image was encoded to it"], as_pixels(image))
    page.slider("map-x").set_value(page.slider("map-x").min).run()
    left, _ = page.query_params["at"].split(",")
    assert float(left) == pytest.approx(page.slider("map-x").min, rel=1e-3)


@pytest.mark.parametrize("place", ["0,0", "0.0123,-0.0001", "-0.9876,1.2345"])
def test_a_slider_moves_one_number_of_the_place_and_keeps_the_other(inside_page, place):
    page = inside_page(network=LATENT, part="Map", at=place)
    assert not page.warning
    page.slider("map-x").set_value(0.00004).run()
    assert page.query_params["at"] == f"0,{place.split(',')[1]}"
    page.slider("map-x").set_value(-0.01234).run()
    assert page.query_params["at"] == f"-0.0123,{place.split(',')[1]}"
    assert not page.warning


def test_a_variational_network_is_drawn_from_the_distribution_it_was_trained_for(
    inside_page, shown
):
    page = inside_page(network=LATENT, part="Map")
    _, decoder = cae.split(zoo.load(LATENT))
    for seed in range(2):
        images = as_pixels(np.asarray(decoder(normal_latents((2,), map_part.DRAWN, seed))))
        assert_near(shown["drawn"], image_grid(images, map_part.DRAWN))
        press(page, "Draw others")
    assert page.query_params["draw"] == "2"
    inside_page(network=LATENT, part="Map", draw="1")
    assert_near(shown["drawn"], image_grid(images, map_part.DRAWN))


@pytest.mark.parametrize("given", ["-1", "a", "1e3", "", "12345678901"])
def test_a_draw_that_is_none_is_the_first(inside_page, shown, given):
    inside_page(network=LATENT, part="Map")
    first = shown["drawn"]
    inside_page(network=LATENT, part="Map", draw=given)
    np.testing.assert_array_equal(shown["drawn"], first)


@pytest.mark.parametrize(
    "chosen", [["Images"], ["Decoded plane", "Images"], []], ids=["one", "both", "none"]
)
def test_what_lies_on_the_map_is_in_the_address(inside_page, shown, chosen):
    page = inside_page(network=LATENT, part="Map")
    assert page.button_group("map-shows").value == ["Decoded plane"]
    page.button_group("map-shows").set_value(chosen).run()
    again = inside_page(**page.query_params)
    assert again.button_group("map-shows").value == chosen
    assert not again.warning


def test_an_image_is_opened_with_its_output_and_its_neighbours(inside_page, finished, shown):
    name = f"run:{finished(DENSE)}"
    page = inside_page(network=name, part="Map", at="3")
    assert "Image 3" in said(page.markdown)
    assert "numbers of the latent vary most (PCA) hold" in said(page.caption)
    run = map_part.job_queue().status(name.removeprefix("run:"))
    model = cae.Run.load(run.run_folder).model
    original = shown["Original"] / np.float32(255)
    decoded = np.asarray(model(original[np.newaxis]))[0]
    assert_near(shown["Decoded from its latent"], as_pixels(decoded))
    images = map_part.load_dataset("photo_patches").test[: map_part.MOST_IMAGES]
    np.testing.assert_array_equal(shown["Original"], images[2])
    encoder, decoder = cae.split(model)
    latents = np.asarray(encoder(images / np.float32(255)))
    nearest = np.argsort(np.square(latents - latents[2]).sum(axis=1))[1]
    distance = np.linalg.norm(latents[nearest] - latents[2])
    np.testing.assert_array_equal(shown[f"{nearest + 1}, {distance:.2g}"], images[nearest])
    drawn = as_pixels(np.asarray(decoder(fitted_latents(latents, map_part.DRAWN, 0))))
    assert_near(shown["drawn"], image_grid(drawn, map_part.DRAWN))


@pytest.mark.parametrize("at", ["0", "99999", "nan,1", "1,2,3", "x", "1e5,1"])
def test_nonsense_in_the_address_opens_the_first_image(inside_page, shown, at):
    page = inside_page(network=LATENT, part="Map", at=at)
    assert "Image 1" in said(page.markdown)
