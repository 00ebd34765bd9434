"""The part "Map": a variational network's plane is decoded, neighbours and draws are shown."""

import numpy as np
import pytest

import cae_core as cae
from cae_core import zoo
from cae_core.images.operations import image_grid
from cae_core.inspection import fitted_latents, normal_latents
from cae_core.inspection.latent_map import LatentMap
from cae_ui.inside import map as map_part
from cae_ui.inside.digits import signed
from tests.app.finding import press, said, upload
from tests.app.images import png

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
    assert "Decoded at (0.50, −0.25)" in said(page.markdown)
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
    assert "**Test image 3**" in said(page.markdown)
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
    np.testing.assert_array_equal(shown[f"{nearest + 1}, {signed(distance)}"], images[nearest])
    drawn = as_pixels(np.asarray(decoder(fitted_latents(latents, map_part.DRAWN, 0))))
    assert_near(shown["drawn"], image_grid(drawn, map_part.DRAWN))


@pytest.mark.parametrize("at", ["0", "99999", "nan,1", "1,2,3", "x", "1e5,1"])
def test_nonsense_in_the_address_opens_the_chosen_image(inside_page, shown, at):
    page = inside_page(network=LATENT, part="Map", at=at)
    assert "The chosen image lies at" in said(page.markdown)


@pytest.fixture
def drawn(monkeypatch):
    """The maps that the page drew."""
    figures = []
    show = map_part.show_chart

    def noting(figure, key, **settings):
        figures.append(figure)
        show(figure, key, **settings)

    monkeypatch.setattr(map_part, "show_chart", noting)
    return figures


def marked(figure, name):
    """Where the map has the image that was chosen at the left."""
    (trace,) = [trace for trace in figure.data if trace.name == name]
    for axis, value in ((figure.layout.xaxis, trace.x[0]), (figure.layout.yaxis, trace.y[0])):
        assert axis.range[0] < value < axis.range[1]
    return trace.x[0], trace.y[0]


def test_the_image_that_is_chosen_at_the_left_has_its_place_on_the_map(inside_page, shown, drawn):
    encoder, _ = cae.split(zoo.load(LATENT))
    places = []
    for number in ("2", "3"):
        page = inside_page(network=LATENT, part="Map", image=number)
        assert "The chosen image lies at" in said(page.markdown)
        x, y = marked(drawn[-1], "The chosen image")
        latent = np.asarray(encoder(shown["Original"][np.newaxis] / np.float32(255)))[0]
        assert (x, y) == pytest.approx(tuple(latent), abs=1e-4)
        assert page.slider("map-x").value == pytest.approx(x, abs=1e-3)
        places.append((x, y))
    assert places[0] != pytest.approx(places[1])
    page.slider("map-x").set_value(0.5).run()
    assert "Decoded at (0.50," in said(page.markdown)
    assert marked(drawn[-1], "The chosen image") == pytest.approx(places[1])
    press(page, "Back to the chosen image")
    assert "The chosen image lies at" in said(page.markdown)


def test_the_chosen_image_is_none_of_its_own_neighbours(inside_page, shown):
    inside_page(network=LATENT, part="Map", image="2")
    original = shown.pop("Original")
    neighbours = [image for caption, image in shown.items() if ", " in caption]
    assert neighbours
    assert not any(np.array_equal(image, original) for image in neighbours)


def test_a_photo_has_its_place_on_a_map_of_principal_components(
    inside_page, finished, shown, drawn
):
    run = finished(DENSE)
    page = inside_page(network=f"run:{run}", part="Map", source="A photo")
    upload(page, "inside-upload", ("mine.png", png(90, 70)))
    assert "The photo lies at" in said(page.markdown)
    assert "The diamond is the photo" in said(page.caption)
    place = marked(drawn[-1], "The photo")
    encoder, _ = cae.split(cae.Run.load(map_part.job_queue().status(run).run_folder).model)
    images = map_part.load_dataset("photo_patches").test[: map_part.MOST_IMAGES]
    latents, (latent,) = (
        np.asarray(encoder(each / np.float32(255)))
        for each in (images, shown["Original"][np.newaxis])
    )
    found = LatentMap.of(latents)
    expected = (latent - found.center) @ found.axes.T
    assert place == pytest.approx(tuple(expected), rel=1e-3, abs=1e-4)


def test_thumbnails_leave_the_chosen_image_in_sight(inside_page, shown, drawn):
    inside_page(network=LATENT, part="Map", on_map="images")
    figure = drawn[-1]
    x, y = marked(figure, "The chosen image")
    assert len(figure.layout.images) > 20
    for image in figure.layout.images:
        assert abs(image.x - x) > image.sizex / 2 or abs(image.y - y) > image.sizey / 2
