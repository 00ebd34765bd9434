"""The page Compress: one photo at one number of bytes by every codec."""

import json

import numpy as np
import pytest

import cae_core as cae
from cae_core.compression.codec import DEFAULT_QUALITY, LADDER
from cae_core.compression.comparison import at_same_size, codecs
from cae_core.compression.container import read_container
from cae_core.images.metrics import psnr
from cae_ui.common.photo_input import SAMPLE_PHOTOS
from cae_ui.compress import curves, result
from cae_ui.compress.samples import FIGURES, STORED, made_of, sample_image, stored_results
from tests.app.finding import labelled, said, upload
from tests.app.images import encoded, png, scene


def figures(page):
    """The table of codecs, a row each."""
    return page.dataframe[0].value.set_index("Codec")


def test_the_page_opens_with_a_photo_by_all_codecs_and_computes_nothing(
    compress_page, compared, monkeypatch
):
    monkeypatch.setattr(result, "at_same_size", None)
    monkeypatch.setattr(curves, "curve", None)
    page = compress_page(curves=curves.THIS_PHOTO)
    table = figures(page)
    assert set(table.index) == set(codecs())
    ours = table.loc["Network"]
    assert (table["Bytes"] <= ours["Bytes"]).all()
    (said_first,) = [text for text in page.markdown.values if "In " in text and "bytes" in text]
    assert f"{ours['PSNR, dB']:.2f} dB" in said_first
    assert "than JPEG" in said_first
    ((before, after, labels),) = compared
    assert labels[0] == f"Our network, {ours['PSNR, dB']:.2f} dB"
    assert before.shape == after.shape == (300, 451, 3)
    figure = json.loads(page.get("plotly_chart")[0].proto.spec)
    assert {trace["name"] for trace in figure["data"]} == set(codecs())
    assert labelled(page.get("download_button"), "Compressed, .cae")


def test_what_is_stored_was_made_with_todays_qualities_and_networks():
    figures = json.loads((STORED / FIGURES).read_text())
    assert figures["made_of"] == made_of()
    assert list(figures["results"]) == list(figures["curves"]) == list(SAMPLE_PHOTOS)
    for sample in SAMPLE_PHOTOS:
        ours, *others = stored_results(sample)
        container = read_container(ours.data)
        assert (container.network, ours.codec) == (LADDER[DEFAULT_QUALITY - 1][0], "Network")
        for each in (ours, *others):
            assert each.image.shape == (container.height, container.width, 3)
            assert each.psnr == pytest.approx(
                psnr(each.image / 255, sample_image(sample) / 255), abs=0.05
            )


@pytest.mark.heavy
def test_what_is_stored_is_what_the_codecs_make():
    image = sample_image("Cat")
    for made, stored in zip(
        at_same_size(image, DEFAULT_QUALITY), stored_results("Cat"), strict=True
    ):
        assert (made.codec, len(made.data)) == (stored.codec, pytest.approx(len(stored.data), 0.05))
        assert made.psnr == pytest.approx(stored.psnr, abs=0.2)
    ours = stored_results("Cat")[0]
    np.testing.assert_array_equal(cae.decompress(ours.data), ours.image)


@pytest.mark.heavy
@pytest.mark.parametrize(
    ("name", "photo"),
    [("mine *and* [yours](x).png", scene(90, 70)), ("grey.png", scene(90, 70).convert("L"))],
)
def test_an_upload_is_shown_as_our_file_gives_it(compress_page, compared, name, photo):
    page = upload(compress_page(quality="2"), "compress-upload", (name, encoded(photo, "PNG")))
    before, *_ = compared[-1]
    ours = cae.compress(np.asarray(photo), quality=2)
    np.testing.assert_array_equal(before, cae.decompress(ours))
    assert figures(page).loc["Network", "Bytes"] == len(ours)
    assert labelled(page.get("download_button"), "Compressed, .cae")
    assert "by Photo codec 1" in said(page.caption)
    page.slider("quality").set_value(9).run()
    assert figures(page).loc["Network", "Bytes"] > 2 * len(ours)
    assert "by Photo codec 4" in said(page.caption)


def test_a_broken_upload_gives_one_sentence_and_the_smallest_image_works(compress_page):
    page = upload(compress_page(), "compress-upload", ("broken.png", png(300, 200)[:1000]))
    assert "Received: " in said(page.error)
    upload(page, "compress-upload", ("dot.png", png(1, 1)))
    assert not page.error
    assert len(figures(page)) == len(codecs())


def test_a_chart_for_each_figure_has_a_line_for_every_codec(compress_page):
    page = upload(compress_page(curves="true"), "compress-upload", ("small.png", png(64, 48)))
    for chart, label in zip(page.get("plotly_chart"), ("PSNR, dB", "SSIM"), strict=True):
        figure = json.loads(chart.proto.spec)
        assert {trace["name"] for trace in figure["data"]} == set(codecs())
        assert figure["layout"]["yaxis"]["title"]["text"] == label
