"""Colour profiles as floats: the curves and the matrix that littleCMS applies to bytes."""

import io
import struct

import numpy as np
import pytest
from PIL import Image, ImageCms

from cae_core.images.decoding import read_image
from cae_core.images.profiles import float_transform
from tests.core.images.making_files import file_of, png_file, png_header
from tests.core.images.test_decoding import SRGB, wide_gamut_profile


def grey_profile(curve: bytes) -> bytes:
    """A profile of greys with a tone curve."""
    white = b"XYZ \0\0\0\0" + struct.pack(">3l", 63190, 65536, 54061)
    curve += bytes(-len(curve) % 4)
    table = struct.pack(">L", 2)
    table += struct.pack(">4sLL", b"wtpt", 156, len(white))
    table += struct.pack(">4sLL", b"kTRC", 156 + len(white), len(curve))
    head = bytearray(128)
    head[8:12], head[12:24], head[36:40] = b"\2\x10\0\0", b"mntrGRAYXYZ ", b"acsp"
    head[68:80] = white[8:]
    struct.pack_into(">L", head, 0, 156 + len(white) + len(curve))
    return bytes(head) + table + white + curve


def points(*heights: int) -> bytes:
    return struct.pack(f">4sLL{len(heights)}H", b"curv", 0, len(heights), *heights)


def parametric(kind: int, *constants: float) -> bytes:
    numbers = [round(65536 * constant) for constant in constants]
    return struct.pack(f">4sLHH{len(numbers)}l", b"para", 0, kind, 0, *numbers)


CURVES = {
    "linear": points(),
    "gamma 1": points(256),
    "gamma 1.8": points(461),
    "table": points(0, 9000, 30000, 65535),
    "power": parametric(0, 2.2),
    "power of a line": parametric(1, 2.0, 0.8, 0.2),
    "with an offset": parametric(2, 2.0, 0.8, 0.1, 0.19),
    "sRGB's": parametric(3, 2.4, 1 / 1.055, 0.055 / 1.055, 1 / 12.92, 0.04045),
    "with two": parametric(4, 2.0, 0.9, 0.1, 0.392, 0.2, 0.0, 0.0),
}


def by_littlecms(profile: bytes, pixels: np.ndarray) -> np.ndarray:
    """Bytes converted to sRGB by littleCMS, in [0, 1]."""
    image = Image.fromarray(pixels)
    transform = ImageCms.buildTransform(
        ImageCms.ImageCmsProfile(io.BytesIO(profile)),
        ImageCms.createProfile("sRGB"),
        image.mode,
        "RGB",
        ImageCms.Intent.RELATIVE_COLORIMETRIC,
    )
    return np.asarray(transform.apply(image)) / 255


@pytest.mark.parametrize("curve", CURVES.values(), ids=CURVES)
def test_greys_are_converted_as_littlecms_does(curve):
    profile = grey_profile(curve)
    # Near black littleCMS interpolates over the steep beginning of a curve.
    levels = np.arange(10, 256, 5, dtype=np.uint8)[np.newaxis]
    transform = float_transform(profile, 1)
    assert transform is not None
    ours = transform(levels.astype(np.float32) / 255)
    np.testing.assert_allclose(ours, by_littlecms(profile, levels)[..., 0], atol=1.5 / 255)


@pytest.mark.parametrize("profile", [SRGB, wide_gamut_profile()], ids=["sRGB", "P3"])
def test_colours_are_converted_as_littlecms_does(profile):
    pixels = np.random.default_rng(0).integers(0, 256, (20, 20, 3), dtype=np.uint8)
    transform = float_transform(profile, 3)
    assert transform is not None
    ours = transform(pixels.astype(np.float32) / 255)
    np.testing.assert_allclose(ours, by_littlecms(profile, pixels), atol=2 / 255)


@pytest.mark.parametrize("broken", [b"", b"x", bytes(200), SRGB[:150]])
def test_a_broken_profile_is_no_conversion(broken):
    assert float_transform(broken, 1) is None
    assert float_transform(broken, 3) is None


def test_a_profile_is_applied_to_16_bits_as_to_8():
    words = np.linspace(0, 65535, 40).astype(np.uint16).reshape(5, 8)
    grey = grey_profile(points(256))
    twin = np.rint(words / 257).astype(np.uint8)
    for deep, flat, profile in (
        (file_of(words, "PNG", icc_profile=grey), file_of(twin, "PNG", icc_profile=grey), grey),
        (deep_png(words, wide_gamut_profile()), flat_png(twin, wide_gamut_profile()), None),
    ):
        opened = read_image(deep)
        assert opened.bits == 16
        np.testing.assert_allclose(opened.pixels, read_image(flat).pixels, atol=3 / 255)
        if profile is not None:  # linear light: much brighter in sRGB
            assert opened.pixels.mean() > 0.65


def deep_png(words, profile):
    """Red of 16 bits, with a profile."""
    colours = np.stack([words, words // 2, words // 3], axis=2)
    rows = b"".join(b"\0" + row.astype(">u2").tobytes() for row in colours)
    chunk = icc_chunk(profile)
    return png_file(png_header(words.shape[1], words.shape[0], 16, 2), rows, chunk)


def flat_png(levels, profile):
    colours = np.stack([levels, levels // 2, levels // 3], axis=2)
    return file_of(colours, "PNG", icc_profile=profile)


def icc_chunk(profile):
    """The chunk of a PNG file with a profile, as Pillow writes it."""
    data = file_of(np.zeros((1, 1, 3), np.uint8), "PNG", icc_profile=profile)
    start = data.index(b"iCCP") - 4
    return data[start : start + 12 + int.from_bytes(data[start : start + 4])]
