"""The network beside other denoisers."""

import pytest

from cae_core import zoo
from cae_ui.denoise.methods import CURVE_SIGMAS, curve_figure
from tests.app.finding import pickers, upload
from tests.app.images import png


@pytest.mark.heavy
def test_all_methods_are_measured_on_the_same_image_and_at_every_noise_level(denoise_page):
    page = upload(denoise_page(), "denoise-upload", ("small.png", png(96, 64)))
    page.toggle("methods").set_value(True)
    page.toggle("curve").set_value(True).run()
    table = page.dataframe[0].value
    methods = list(table["Method"])
    assert methods[:2] == ["Noisy", zoo.card(zoo.PHOTO_DENOISER).title]
    assert {"Total variation", "Non-local means", "Wavelet"} <= set(methods)
    assert (table["PSNR, dB"][1:] > table["PSNR, dB"][0]).all()
    assert len(page.get("plotly_chart")) == 1
    tiles = pickers(page)["Methods"]["choices"]
    assert [tile["label"] for tile in tiles] == methods
    page.query_params["method"] = "noisy"
    page.run()
    assert pickers(page)["Methods"]["chosen"] == "noisy"


def test_the_curve_has_a_line_for_every_method():
    figure = curve_figure({"Noisy": [1.0] * 8, "Ours": [2.0] * 8})
    assert [line.name for line in figure.data] == ["Noisy", "Ours"]
    assert figure.data[1].x == CURVE_SIGMAS
