"""The colorize page: a photo, its lightness, and colours that are guessed."""

import numpy as np
import pytest
from PIL import Image

import cae_core as cae
from cae_core import zoo
from cae_core.jobs.job import JobRequest
from cae_ui.colorize import result
from cae_ui.colorize.chrominance import channel_image, plane_figure
from cae_ui.common.resources import job_queue
from tests.app.finding import said
from tests.app.images import encoded, png, scene


def upload(page, name, content, kind="image/png"):
    return page.file_uploader("colorize-upload").set_value((name, content, kind)).run()


def figures(page):
    """The table of figures: grey and colorized."""
    return page.dataframe[0].value


def test_the_page_opens_with_a_photo_in_guessed_colours(colorize_page):
    page = colorize_page()
    assert not page.error
    grey, colorized = figures(page).itertuples(index=False)
    assert grey.Colourfulness == 0 < colorized.Colourfulness
    assert "Colours are guesses." in said(page.caption)
    difference = said(page.caption).split("lightness from the photo: ")[1].split(" ")[0]
    assert float(difference) < 0.05


def test_saturation_changes_image_and_figures(colorize_page):
    page = colorize_page()
    before = figures(page)
    page.slider("saturation").set_value(0.3).run()
    assert 0 < figures(page)["Colourfulness"][1] < before["Colourfulness"][1]
    page.slider("saturation").set_value(0.0).run()
    np.testing.assert_allclose(figures(page)["CIEDE2000"][1], figures(page)["CIEDE2000"][0])


def test_a_network_without_probabilities_has_no_temperature(colorize_page):
    page = colorize_page()
    assert "temperature" in {slider.key for slider in page.slider}
    page.selectbox("colorizer").set_value("colorize-chroma").run()
    assert "temperature" not in {slider.key for slider in page.slider}
    assert not [h for h in page.subheader.values if h.startswith("From the mean")]
    page.selectbox("colorizer").set_value("colorize-rgb").run()
    assert not page.slider
    assert not page.error
    assert "gamut" not in said(page.caption)


def test_an_address_says_photo_settings_and_network(colorize_page):
    page = colorize_page(
        **{"colorize-photo": "Rocket"}, saturation="0.5", temperature="0.2", inside="true"
    )
    assert page.slider("saturation").value == 0.5
    assert page.slider("temperature").value == 0.2
    assert page.toggle("inside").value
    assert len(page.get("plotly_chart")) == 2


@pytest.mark.parametrize(
    ("view", "expected"),
    [
        ("Original", ("Colorized", "Original")),
        ("Difference", ("Colorized", "CIEDE2000")),
        ("Gamut", ("Colorized", "Chroma was reduced")),
        ("RGB", ("Colorized", "Grey to RGB")),
    ],
)
def test_every_view_compares_what_it_names(colorize_page, monkeypatch, view, expected):
    compared = []

    def slider(before, after, *, before_label, after_label, **_):
        compared.append((before_label, after_label, np.array_equal(before, after)))

    monkeypatch.setattr(result, "compare_slider", slider)
    page = upload(colorize_page(), "small.png", png(90, 70))
    page.button_group("compare").set_value(view).run()
    assert compared[-1] == (*expected, False)


def test_the_difference_is_not_computed_while_nobody_looks_at_it(colorize_page, monkeypatch):
    def computed(scene):
        raise AssertionError("computed")

    monkeypatch.setattr(result, "difference_image", computed)
    page = upload(colorize_page(), "small.png", png(90, 70))
    page.slider("saturation").set_value(0.5).run()
    assert not page.error


def test_networks_that_colorize_can_be_chosen_ones_own_included(colorize_page, worker):
    text = "32x32x1 conv4 pool | up conv2:tanh"
    small = cae.Architecture.parse(text)
    plain = cae.Architecture.parse("conv4 pool | up conv3:sigmoid")
    for network, task in ((small, cae.ColorizeChroma()), (plain, cae.Reconstruct())):
        job_queue().submit(JobRequest(network, task, cae.TrainConfig(epochs=1), "photo_patches"))
        worker.work()
    page = colorize_page()
    options = page.selectbox("colorizer").options
    assert options[0] == zoo.card(zoo.PHOTO_COLORIZER).title
    own = [name for name in options if "Trained here" in name]
    assert own == [f"Trained here: {small}"]
    (job,) = [j for j in job_queue().jobs() if j.request.task == cae.ColorizeChroma()]
    page.selectbox("colorizer").set_value(f"run:{job.run_folder}").run()
    assert not page.error
    assert "Largest difference in lightness" in said(page.caption)


@pytest.mark.parametrize("kind", ["L", "I;16", "RGBA", "P", "1"])
def test_a_grey_image_is_said_to_have_nothing_to_compare_with(colorize_page, kind):
    image = scene(90, 70).convert("L" if kind == "I;16" else kind)
    if kind == "I;16":
        image = Image.fromarray(np.asarray(image, np.uint16) * 257)
    page = upload(colorize_page(), "photo.png", encoded(image, "PNG"))
    assert not page.error
    has_colour = kind in ("RGBA", "P")
    assert ("has no colours to compare with" in said(page.caption)) != has_colour


# Inside


def test_the_plane_counts_every_pixel_where_its_chrominance_is():
    ab = np.zeros((4, 5, 2))
    ab[0, 0] = (50, -30)
    heat = plane_figure(ab, "Guessed").data[0]
    counted = np.round(np.nan_to_num(10 ** np.asarray(heat.z)))
    assert counted.sum() == 20
    row, column = np.argwhere(counted == 1)[0]
    assert abs(heat.x[column] - 50) <= 1
    assert abs(heat.y[row] + 30) <= 1


def test_a_channel_is_drawn_in_its_own_colours():
    ab = np.array([[[-60.0, 0.0], [0.0, 0.0], [60.0, 0.0]]])
    green, grey, magenta = channel_image(ab, 0)[0]
    assert green[1] > max(green[0], green[2])
    assert np.ptp(grey) < 0.01
    assert magenta[1] < min(magenta[0], magenta[2])
