"""The network beside other denoisers."""

import numpy as np
import pytest

from cae_core import zoo
from cae_ui.denoise import methods
from cae_ui.denoise.methods import CURVE_SIGMAS, curve_figure
from tests.app.finding import pickers, said, upload
from tests.app.images import png


@pytest.mark.heavy
def test_all_methods_are_measured_on_the_same_image_and_at_every_noise_level(denoise_page):
    page = upload(denoise_page(), "denoise-upload", ("small.png", png(96, 64)))
    page.toggle("methods").set_value(True)
    page.toggle("curve").set_value(True).run()
    table = page.dataframe[0].value
    titles = list(table["Method"])
    assert titles[:2] == ["Noisy", zoo.card(zoo.PHOTO_DENOISER).title]
    assert {"Total variation", "Non-local means", "Wavelet"} <= set(titles)
    assert (table["PSNR, dB"][1:] > table["PSNR, dB"][0]).all()
    assert len(page.get("plotly_chart")) == 1
    tiles = pickers(page)["Methods"]["choices"]
    assert [tile["label"] for tile in tiles] == titles
    page.query_params["method"] = "noisy"
    page.run()
    assert pickers(page)["Methods"]["chosen"] == "noisy"


@pytest.mark.parametrize(
    ("sample", "figures"),
    [("Leaves, ISO 4000", ["PSNR, dB", "SSIM"]), ("Cat at high ISO", [])],
)
def test_a_noisy_photo_has_every_method_and_figures_where_there_is_a_reference(
    denoise_page, monkeypatch, sample, figures
):
    monkeypatch.setattr(methods, "FAST_PIXELS", 64 * 64)
    monkeypatch.setattr(methods, "TABLE_SIDE", 64)
    page = denoise_page(
        mode="My photo is noisy", methods="true", luma="0", **{"denoise-high-iso": sample}
    )
    assert "On the middle 64 × 64 pixels." in said(page.caption)
    table = page.dataframe[0].value
    assert list(table) == ["Method", *figures, "Time, ms"]
    titles = [zoo.card(name).title for name in (zoo.CAMERA_DENOISER, zoo.PHOTO_DENOISER)]
    assert list(table["Method"])[:3] == ["Noisy", *titles]
    tiles = pickers(page)["Methods"]["choices"]
    assert [tile["label"] for tile in tiles] == list(table["Method"])
    assert "curve" not in [toggle.key for toggle in page.toggle]
    # The chosen network is as its sliders say, not as the comparison would set it.
    kept = page.session_state[methods._RESULTS][1]
    with_all = page.slider("luma").set_value(1.0).run().session_state[methods._RESULTS][1]
    assert (kept[1].image != with_all[1].image).any()
    np.testing.assert_array_equal(kept[2].image, with_all[2].image)


def test_of_a_damage_that_is_no_noise_the_first_row_is_the_damaged_image(denoise_page):
    page = upload(
        denoise_page(damage="Salt and pepper", methods="true"),
        "denoise-upload",
        ("small.png", png(40, 30)),
    )
    assert page.dataframe[0].value["Method"][0] == "Damaged"


def test_the_curve_has_a_line_for_every_method():
    figure = curve_figure({"Noisy": [1.0] * 8, "Ours": [2.0] * 8})
    assert [line.name for line in figure.data] == ["Noisy", "Ours"]
    assert figure.data[1].x == CURVE_SIGMAS
