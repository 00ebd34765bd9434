"""Images to files: PNG without loss, JPEG small."""

import io

import numpy as np
import pytest
from PIL import Image

from cae_core.errors import ImageError
from cae_core.images.decoding import OpenedImage, open_image
from cae_core.images.encoding import encode_jpeg, encode_like, encode_png
from cae_core.images.operations import to_uint8
from tests.core.images.making_files import noise


@pytest.mark.parametrize("shape", [(5, 4), (5, 4, 1), (5, 4, 3)])
@pytest.mark.parametrize("as_float", [False, True])
def test_png_keeps_every_pixel(shape, as_float):
    pixels = noise(*shape)
    data = encode_png(pixels / 255 if as_float else pixels)
    assert Image.open(io.BytesIO(data)).mode == ("RGB" if shape[2:] == (3,) else "L")
    expected = np.broadcast_to(pixels.reshape(5, 4, -1), (5, 4, 3))
    np.testing.assert_array_equal(to_uint8(open_image(data)), expected)


def test_a_slice_of_an_image_can_be_encoded():
    flipped = noise(10, 10, 3)[::2, ::-1]
    np.testing.assert_array_equal(to_uint8(open_image(encode_png(flipped))), flipped)


@pytest.mark.parametrize("shape", [(16, 16), (16, 16, 1), (16, 16, 3)])
def test_jpeg_keeps_a_smooth_image(shape):
    data = encode_jpeg(np.full(shape, 0.4))
    assert data.startswith(b"\xff\xd8")
    np.testing.assert_allclose(open_image(data), 0.4, atol=0.01)


def test_a_lower_jpeg_quality_makes_a_smaller_file():
    pixels = noise(32, 32, 3)
    assert len(encode_jpeg(pixels, quality=10)) < len(encode_jpeg(pixels, quality=95))


@pytest.mark.parametrize(
    ("shape", "quality"),
    [((4, 4), 0), ((4, 4), 96), ((4, 4), -1), ((4, 4), 50.5), ((4, 4), "high"), ((1, 65_501), 90)],
)
def test_a_quality_out_of_range_or_too_long_a_side_is_refused(shape, quality):
    with pytest.raises(ImageError, match="Received:"):
        encode_jpeg(np.zeros(shape, np.uint8), quality=quality)


def test_what_is_too_long_for_a_jpeg_is_refused_for_an_opened_image_too():
    opened = OpenedImage(np.zeros((1, 65_501), np.float32), None, (1, 65_501))
    with pytest.raises(ImageError, match="at most 65,500 pixels on a side"):
        encode_like(opened, opened.pixels, ".jpg")
    assert encode_like(opened, opened.pixels, ".tif")
