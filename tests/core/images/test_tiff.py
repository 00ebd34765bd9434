"""TIFF files with several images, and with channels one after the other."""

import io

import numpy as np
import pytest
import tifffile
from PIL import Image

from cae_core.errors import ImageError
from cae_core.images.decoding import open_image, read_image
from tests.core.images.making_files import file_of, noise

COLOURS = noise(40, 60, 3, high=65536, dtype=np.uint16)
LARGE, SMALL = noise(40, 60, 3), noise(10, 15, 3)


def tiff_of(*images, **options):
    """A TIFF file of images with options of their own each."""
    file = io.BytesIO()
    with tifffile.TiffWriter(file, **options) as writer:
        for pixels, described in images:
            writer.write(pixels, photometric=described.pop("photometric", "rgb"), **described)
    return file.getvalue()


@pytest.mark.parametrize(
    "described",
    [
        {"planarconfig": "contig"},
        {"planarconfig": "contig", "compression": "zlib", "predictor": 2},
        {"planarconfig": "separate"},
        {"planarconfig": "separate", "compression": "zlib", "predictor": 2, "rowsperstrip": 7},
        {"planarconfig": "separate", "tile": (16, 16)},
    ],
    ids=lambda described: "-".join(map(str, described.values())),
)
@pytest.mark.parametrize("options", [{}, {"byteorder": ">"}, {"bigtiff": True}], ids=str)
def test_16_bits_are_read_however_channels_are_stored(described, options):
    is_planar = described["planarconfig"] == "separate"
    pixels = np.moveaxis(COLOURS, -1, 0) if is_planar else COLOURS
    opened = read_image(tiff_of((pixels, dict(described)), **options))
    np.testing.assert_allclose(opened.pixels * 65535, COLOURS, atol=0.01)
    assert opened.bits == 16


def test_other_planar_files_of_16_bits_are_refused():
    inks = noise(4, 40, 60, high=65536, dtype=np.uint16)
    data = tiff_of((inks, {"planarconfig": "separate", "photometric": "separated"}))
    with pytest.raises(ImageError, match="separate channels other than red, green and blue"):
        open_image(data)


@pytest.mark.parametrize("is_marked", [True, False])
def test_the_image_is_taken_and_not_its_thumbnail_on_the_first_page(is_marked):
    thumbnail = {"subfiletype": 1} if is_marked else {}
    data = tiff_of((SMALL, thumbnail), (LARGE, {}))
    opened = read_image(data)
    np.testing.assert_array_equal(opened.pixels, open_image(file_of(LARGE, "PNG")))
    assert opened.left_out == ()


def test_the_image_is_found_where_the_first_page_only_names_it():
    data = tiff_of((SMALL, {"subfiletype": 1, "subifds": 1}), (LARGE, {"subfiletype": 0}))
    np.testing.assert_array_equal(open_image(data), open_image(file_of(LARGE, "PNG")))


def test_other_pages_are_named():
    pages = tiff_of((LARGE, {}), (noise(40, 60, 3), {}), (SMALL[:, :5], {}))
    assert read_image(pages).left_out == ("2 other pages",)


def test_a_raw_file_is_refused():
    sensor = noise(40, 60, high=4096, dtype=np.uint16)
    data = tiff_of((SMALL, {"subfiletype": 1, "subifds": 1}), (sensor, {"photometric": "cfa"}))
    with pytest.raises(ImageError, match=r"a camera's raw file. Export it as TIFF or JPEG"):
        open_image(data)


def test_a_planar_image_is_turned_upright():
    stored = np.moveaxis(COLOURS, -1, 0)
    orientation = (274, 3, 1, 6, True)  # tag, a short number, one of it: to be turned right
    data = tiff_of((stored, {"planarconfig": "separate", "extratags": [orientation]}))
    np.testing.assert_allclose(open_image(data) * 65535, np.rot90(COLOURS, -1), atol=0.01)


def test_a_page_of_another_shape_is_no_image_of_a_thumbnail():
    data = tiff_of((SMALL, {}), (noise(60, 40, 3), {}))
    np.testing.assert_array_equal(open_image(data), open_image(file_of(SMALL, "PNG")))


def test_a_file_that_pillow_wrote_with_pages_opens_as_before():
    first, second = Image.fromarray(LARGE), Image.fromarray(255 - LARGE)
    data = file_of(first, "TIFF", save_all=True, append_images=[second])
    np.testing.assert_array_equal(open_image(data), open_image(file_of(LARGE, "PNG")))
