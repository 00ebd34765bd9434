"""The colorize page: a photo, its lightness, and colours that are guessed."""

import io

import numpy as np
import pytest
from PIL import Image

import cae_core as cae
from cae_core import zoo
from cae_core.jobs import JobRequest
from cae_ui import pictures
from cae_ui.colorizing_views import channel_picture, plane_figure
from cae_ui.resources import job_queue
from tests.app.finding import labelled, press, said
from tests.app.pictures import encoded, png, scene


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


def test_saturation_changes_picture_and_figures(colorize_page):
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


@pytest.mark.parametrize("view", ["Original", "Difference", "Gamut", "RGB"])
def test_every_view_can_be_looked_at(colorize_page, view):
    page = upload(colorize_page(), "small.png", png(90, 70))
    page.button_group("compare").set_value(view).run()
    assert not page.error


def test_networks_that_colorize_can_be_chosen_ones_own_included(
    colorize_page, worker, few_pictures
):
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


# Uploads


@pytest.mark.parametrize("kind", ["L", "I;16", "RGBA", "P", "1"])
def test_any_kind_of_picture_is_colorized(colorize_page, kind):
    picture = scene(90, 70).convert("L" if kind == "I;16" else kind)
    if kind == "I;16":
        picture = Image.fromarray(np.asarray(picture, np.uint16) * 257)
    page = upload(colorize_page(), "photo.png", encoded(picture, "PNG"))
    assert not page.error
    has_colour = kind in ("RGBA", "P")
    assert ("has no colours to compare with" in said(page.caption)) != has_colour


@pytest.mark.parametrize("size", [(1, 1), (1, 40), (7, 5)])
def test_the_smallest_pictures_work(colorize_page, size):
    page = upload(colorize_page(inside="true"), "tiny.png", png(*size))
    assert not page.error


def test_an_upload_that_stops_in_the_middle_gives_one_sentence_and_the_page_goes_on(colorize_page):
    page = upload(colorize_page(), "half.png", png(300, 200)[:2000])
    (error,) = page.error
    assert "Received: " in error.value
    upload(page, "whole.png", png(60, 40))
    assert not page.error


def test_a_large_photo_is_tried_small_and_colorized_whole(colorize_page):
    buffer = io.BytesIO()
    scene(1500, 900).save(buffer, "PNG")
    page = upload(colorize_page(), "large.png", buffer.getvalue())
    assert "1,500 x 900 pixels; above is a reduction" in said(page.caption)
    press(page, "Colorize all 1.4 megapixels")
    assert "1,500 x 900 pixels, done in" in said(page.caption)
    assert labelled(page.get("download_button"), "Download the whole photo")


def test_a_moved_slider_does_not_decode_the_upload_again(colorize_page, monkeypatch):
    decoded = []
    opened = pictures.open_image

    def counted(content):
        decoded.append(len(content))
        return opened(content)

    monkeypatch.setattr(pictures, "open_image", counted)
    page = upload(colorize_page(), "mine.png", png(900, 700))
    page.slider("saturation").set_value(0.5).run()
    assert len(decoded) == 1


# Inside


def test_the_plane_counts_every_pixel_where_its_chrominance_is():
    chroma = np.zeros((4, 5, 2))
    chroma[0, 0] = (50, -30)
    heat = plane_figure(chroma, "Guessed").data[0]
    counted = np.round(np.nan_to_num(10 ** np.asarray(heat.z)))
    assert counted.sum() == 20
    row, column = np.argwhere(counted == 1)[0]
    assert abs(heat.x[column] - 50) <= 1
    assert abs(heat.y[row] + 30) <= 1


def test_a_channel_is_drawn_in_its_own_colours():
    chroma = np.array([[[-60.0, 0.0], [0.0, 0.0], [60.0, 0.0]]])
    green, grey, magenta = channel_picture(chroma, 0)[0]
    assert green[1] > max(green[0], green[2])
    assert np.ptp(grey) < 0.01
    assert magenta[1] < min(magenta[0], magenta[2])
