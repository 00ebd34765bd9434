"""Images from strangers: what opens, with which pixels, and what is refused."""

import io
import os
import re
import struct
import threading
import warnings
import zlib
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image, ImageCms, ImageFile

from cae_core.errors import ImageError
from cae_core.images import decoding
from cae_core.images import guards as image_files
from cae_core.images.guards import MAX_FILE_BYTES
from cae_core.images.operations import (
    MAX_PIXELS,
    as_image,
    encode_jpeg,
    encode_png,
    enlarge_nearest,
    fit_within,
    image_grid,
    open_image,
    resize,
    to_uint8,
)

HANG_SECONDS = 2.0


def file_of(image: Image.Image, file_format: str, **options) -> bytes:
    """Give the content of a file that Pillow writes."""
    file = io.BytesIO()
    image.save(file, file_format, **options)
    return file.getvalue()


def opened_or_refused(source: bytes | str) -> np.ndarray | None:
    """Open an image in a thread; it must end soon, with a valid array or an ImageError."""
    outcome: list[np.ndarray | BaseException] = []

    def work() -> None:
        try:
            outcome.append(open_image(source))
        except BaseException as error:  # noqa: BLE001 (handed to the test's own thread)
            outcome.append(error)

    thread = threading.Thread(target=work, daemon=True)
    thread.start()
    thread.join(HANG_SECONDS)
    assert outcome, f"still busy after {HANG_SECONDS} s"
    result = outcome[0]
    if isinstance(result, ImageError):
        assert "Received:" in str(result)
        assert "\n" not in str(result)
        return None
    if isinstance(result, BaseException):
        raise result
    assert result.dtype == np.float32
    assert result.ndim == 3
    assert result.shape[2] == 3
    assert result.min() >= 0
    assert result.max() <= 1
    return result


def assert_refused(source, words: str = "Received:") -> None:
    """Expect one short message that contains some words."""
    with pytest.raises(ImageError, match=words) as caught:
        open_image(source)
    message = str(caught.value)
    assert "Received:" in message
    assert "\n" not in message


def noise(*shape: int, high: int = 256, dtype=np.uint8) -> np.ndarray:
    """Give random pixels, the same ones each time."""
    return np.random.default_rng(0).integers(0, high, shape, dtype=dtype)


def png_chunk(kind: bytes, content: bytes) -> bytes:
    """Give one PNG chunk with its checksum."""
    return (
        struct.pack(">I", len(content))
        + kind
        + content
        + struct.pack(">I", zlib.crc32(kind + content))
    )


def png_file(header: bytes, *chunks: bytes) -> bytes:
    """Put a PNG file together from its header's content and further chunks."""
    return (
        b"\x89PNG\r\n\x1a\n"
        + png_chunk(b"IHDR", header)
        + b"".join(chunks)
        + png_chunk(b"IEND", b"")
    )


def png_header(width: int, height: int, depth: int, colour_type: int) -> bytes:
    """Give the content of a PNG header."""
    return struct.pack(">IIBBBBB", width, height, depth, colour_type, 0, 0, 0)


def tiff_file(tags: dict[int, tuple[int, int, int]], data: bytes, order: str = "<") -> bytes:
    """Put a TIFF file together: tag -> (type, count, value), pixel data at byte 8."""
    directory = struct.pack(order + "H", len(tags))
    for tag, (kind, count, value) in sorted(tags.items()):
        is_short = kind == 3 and count == 1
        packed = struct.pack(order + ("Hxx" if is_short else "L"), value)
        directory += struct.pack(order + "HHL", tag, kind, count) + packed
    start = struct.pack(order + "HL", 42, 8 + len(data))
    return (b"II" if order == "<" else b"MM") + start + data + directory + bytes(4)


def grey_tiff(values: np.ndarray, bits: int, photometric: int = 1, sample_format: int = 1) -> bytes:
    """Give a greyscale TIFF of raw samples, which need not be of a kind that Pillow writes."""
    height, width = values.shape
    data = values.tobytes()
    return tiff_file(
        {
            256: (4, 1, width),
            257: (4, 1, height),
            258: (3, 1, bits),
            259: (3, 1, 1),
            262: (3, 1, photometric),
            273: (4, 1, 8),
            277: (3, 1, 1),
            278: (4, 1, height),
            279: (4, 1, len(data)),
            339: (3, 1, sample_format),
        },
        data,
    )


# --- formats and modes ----------------------------------------------------------------


@pytest.mark.parametrize(
    ("file_format", "options"),
    [
        ("PNG", {}),
        ("BMP", {}),
        ("TIFF", {}),
        ("TIFF", {"compression": "tiff_lzw"}),
        ("TIFF", {"compression": "tiff_adobe_deflate"}),
        ("WEBP", {"lossless": True}),
    ],
)
def test_a_lossless_format_gives_back_its_pixels(file_format, options):
    pixels = noise(7, 5, 3)
    opened = open_image(file_of(Image.fromarray(pixels), file_format, **options))
    assert opened.dtype == np.float32
    assert opened.flags.writeable
    np.testing.assert_array_equal(opened, pixels.astype(np.float32) / np.float32(255))


@pytest.mark.parametrize("progressive", [False, True])
def test_a_jpeg_gives_back_its_colours(progressive):
    image = Image.new("RGB", (16, 16), (200, 100, 50))
    opened = open_image(file_of(image, "JPEG", quality=95, progressive=progressive))
    np.testing.assert_allclose(opened * 255, np.full((16, 16, 3), (200, 100, 50)), atol=3)


def test_a_phone_photo_with_a_second_image_opens_with_the_first():
    red, blue = (Image.new("RGB", (16, 16), colour) for colour in ("red", "blue"))
    data = file_of(red, "MPO", save_all=True, append_images=[blue])
    assert Image.open(io.BytesIO(data)).format == "MPO"
    np.testing.assert_allclose(open_image(data)[0, 0], [1, 0, 0], atol=0.02)


def test_a_path_opens_as_text_and_as_path(tmp_path):
    path = tmp_path / "image.png"
    path.write_bytes(encode_png(noise(3, 4, 3)))
    np.testing.assert_array_equal(open_image(str(path)), open_image(path))
    np.testing.assert_array_equal(open_image(path), open_image(path.read_bytes()))


@pytest.mark.parametrize("size", [(1, 1), (1, 300), (300, 1)])
@pytest.mark.parametrize("file_format", ["PNG", "JPEG", "WEBP", "BMP", "TIFF", "GIF"])
def test_the_narrowest_images_open(size, file_format):
    opened = open_image(file_of(Image.new("RGB", size, "white"), file_format))
    assert opened.shape == (size[1], size[0], 3)
    np.testing.assert_allclose(opened, 1, atol=0.01)


@pytest.mark.parametrize("file_format", ["PNG", "BMP", "TIFF", "GIF"])
def test_a_one_bit_image_is_black_and_white(file_format):
    bits = noise(9, 13, high=2).astype(bool)
    opened = open_image(file_of(Image.fromarray(bits), file_format))
    np.testing.assert_array_equal(opened, np.repeat(bits[:, :, np.newaxis], 3, axis=2))


@pytest.mark.parametrize("file_format", ["PNG", "BMP", "TIFF", "GIF"])
def test_a_greyscale_image_has_three_equal_channels(file_format):
    greys = noise(9, 13)
    opened = open_image(file_of(Image.fromarray(greys), file_format))
    for channel in range(3):
        np.testing.assert_allclose(opened[:, :, channel], greys / 255, atol=1e-6)


@pytest.mark.parametrize("file_format", ["PNG", "BMP", "TIFF", "GIF"])
def test_a_palette_image_shows_the_colours_of_its_palette(file_format):
    image = Image.new("P", (2, 1))
    image.putpalette([10, 20, 30, 200, 150, 100])
    image.putpixel((1, 0), 1)
    opened = open_image(file_of(image, file_format))
    np.testing.assert_allclose(opened[0] * 255, [[10, 20, 30], [200, 150, 100]], atol=1e-4)


def test_cmyk_tiff_and_adobe_jpeg_agree_on_what_is_ink():
    # No ink is white, all black ink is black, pure cyan has no red.
    for ink, expected in [((0, 0, 0, 0), 1), ((0, 0, 0, 255), 0)]:
        image = Image.new("CMYK", (16, 16), ink)
        np.testing.assert_allclose(open_image(file_of(image, "TIFF")), expected, atol=1e-6)
        jpeg = file_of(image, "JPEG", quality=95)
        assert b"Adobe" in jpeg  # which marks the values as stored upside down
        np.testing.assert_allclose(open_image(jpeg), expected, atol=0.02)
    cyan = open_image(file_of(Image.new("CMYK", (16, 16), (255, 0, 0, 0)), "JPEG", quality=95))
    np.testing.assert_allclose(cyan[8, 8], [0, 1, 1], atol=0.02)


def test_ycbcr_is_converted():
    image = Image.new("RGB", (4, 4), (200, 100, 50)).convert("YCbCr")
    opened = open_image(file_of(image, "TIFF"))
    np.testing.assert_allclose(opened[0, 0] * 255, (200, 100, 50), atol=2)


@pytest.mark.parametrize(
    ("lightness", "a", "b", "expected"),
    [
        (255, 128, 128, (255, 255, 255)),
        (0, 128, 128, (0, 0, 0)),
        # Lab (53.24, 80.09, 67.20) with a D65 white is sRGB red; about (54, 81, 70) in D50.
        (138, 128 + 81, 128 + 70, (255, 0, 0)),
    ],
)
def test_lab_is_converted(lightness, a, b, expected):
    image = Image.merge("LAB", [Image.new("L", (4, 4), value) for value in (lightness, a, b)])
    opened = open_image(file_of(image, "TIFF"))
    np.testing.assert_allclose(opened[0, 0] * 255, expected, atol=8)


# --- transparency ---------------------------------------------------------------------


@pytest.mark.parametrize("file_format", ["PNG", "TIFF", "WEBP"])
def test_alpha_is_laid_over_white(file_format):
    alphas = np.array([0, 51, 128, 255], np.uint8)
    pixels = np.zeros((1, 4, 4), np.uint8)
    pixels[0, :, 0] = 200
    pixels[0, :, 3] = alphas
    options = {"lossless": True} if file_format == "WEBP" else {}
    opened = open_image(file_of(Image.fromarray(pixels), file_format, **options))
    alpha = alphas / 255
    np.testing.assert_allclose(opened[0, :, 0], 200 / 255 * alpha + 1 - alpha, atol=1e-6)
    np.testing.assert_allclose(opened[0, :, 1], 1 - alpha, atol=1e-6)


def test_grey_with_alpha_is_laid_over_white():
    pixels = np.array([[[100, 0], [100, 51], [100, 255]]], np.uint8)
    opened = open_image(file_of(Image.fromarray(pixels), "PNG"))
    expected = [1, 100 / 255 * 0.2 + 0.8, 100 / 255]
    np.testing.assert_allclose(opened[0, :, 1], expected, atol=1e-6)


@pytest.mark.parametrize("file_format", ["PNG", "GIF"])
def test_a_transparent_palette_entry_is_white(file_format):
    image = Image.new("P", (2, 1))
    image.putpalette([10, 20, 30, 200, 150, 100])
    image.putpixel((1, 0), 1)
    opened = open_image(file_of(image, file_format, transparency=0))
    np.testing.assert_allclose(opened[0] * 255, [[255, 255, 255], [200, 150, 100]], atol=1e-4)


def test_a_palette_with_half_transparent_entries_is_laid_over_white():
    image = Image.new("P", (2, 1))
    image.putpalette([0, 0, 0, 200, 150, 100])
    image.putpixel((1, 0), 1)
    opened = open_image(file_of(image, "PNG", transparency=bytes([51, 255])))
    np.testing.assert_allclose(opened[0] * 255, [[204] * 3, [200, 150, 100]], atol=1e-3)


@pytest.mark.parametrize(("depth", "packed"), [(1, b"\0\x40"), (2, b"\0\x10"), (4, b"\0\x01")])
def test_the_transparent_grey_of_a_low_depth_png_is_white(depth, packed):
    # Two pixels, 0 and 1 in the file's own depth; 0 is transparent.
    data = png_file(
        png_header(2, 1, depth, 0),
        png_chunk(b"tRNS", b"\0\0"),
        png_chunk(b"IDAT", zlib.compress(packed)),
    )
    expected = 1 / (2**depth - 1)
    np.testing.assert_allclose(open_image(data)[0, :, 0], [1, expected], atol=1e-6)
    # ... and 1 is transparent.
    data = data.replace(png_chunk(b"tRNS", b"\0\0"), png_chunk(b"tRNS", b"\0\1"))
    np.testing.assert_allclose(open_image(data)[0, :, 0], [0, 1], atol=1e-6)


def test_the_transparent_colour_of_16_bit_pngs_is_white():
    rows = zlib.compress(b"\0" + struct.pack(">6H", 0x1234, 0x5678, 0x9ABC, 0x2000, 0, 0))
    transparent = png_chunk(b"tRNS", struct.pack(">3H", 0x1234, 0x5678, 0x9ABC))
    data = png_file(png_header(2, 1, 16, 2), transparent, png_chunk(b"IDAT", rows))
    np.testing.assert_allclose(open_image(data)[0], [[1, 1, 1], [0x20 / 255, 0, 0]], atol=1e-6)

    rows = zlib.compress(b"\0" + struct.pack(">2H", 0x1234, 0x1235))
    transparent = png_chunk(b"tRNS", struct.pack(">H", 0x1234))
    data = png_file(png_header(2, 1, 16, 0), transparent, png_chunk(b"IDAT", rows))
    np.testing.assert_allclose(open_image(data)[0, :, 0], [1, 0x1235 / 65535], atol=1e-6)


# --- more than 8 bits -----------------------------------------------------------------


@pytest.mark.parametrize("file_format", ["PNG", "TIFF"])
def test_16_bit_greys_are_scaled_and_not_clipped(file_format):
    values = np.array([[0, 1, 255, 256, 1000, 32768, 65534, 65535]], np.uint16)
    opened = open_image(file_of(Image.fromarray(values), file_format))
    np.testing.assert_allclose(opened[:, :, 0], values / 65535, atol=1e-6)
    np.testing.assert_array_equal(opened[:, :, 0], opened[:, :, 2])


def test_16_bit_greys_of_a_big_endian_tiff_are_the_same():
    values = noise(5, 4, high=65536, dtype=np.uint16)
    image = Image.frombytes("I;16B", (4, 5), values.astype(">u2").tobytes())
    data = file_of(image, "TIFF")
    np.testing.assert_allclose(open_image(data)[:, :, 0], values / 65535, atol=1e-6)


def test_16_bit_greys_stored_with_zero_as_white_are_turned_round():
    values = noise(5, 4, high=65536, dtype=np.uint16)
    opened = open_image(grey_tiff(values, bits=16, photometric=0))
    np.testing.assert_allclose(opened[:, :, 0], 1 - values / 65535, atol=1e-6)


def test_12_bit_greys_reach_white():
    packed = np.array([[0xFF, 0xF8, 0x00]], np.uint8)  # 0xFFF, 0x800
    data = grey_tiff(packed, bits=12)
    width = struct.pack("<HHLL", 256, 4, 1, 3)
    assert width in data
    opened = open_image(data.replace(width, struct.pack("<HHLL", 256, 4, 1, 2)))
    np.testing.assert_allclose(opened[0, :, 0], [1, 0x800 / 0xFFF], atol=1e-4)


@pytest.mark.parametrize("colour_type", [2, 6])
def test_16_bit_colour_keeps_8_bits(colour_type):
    channels = 3 if colour_type == 2 else 4
    values = noise(6, 5, channels, high=65536, dtype=np.uint16)
    values[:, :, 3:] = 65535  # opaque
    rows = b"".join(b"\0" + row.astype(">u2").tobytes() for row in values)
    data = png_file(png_header(5, 6, 16, colour_type), png_chunk(b"IDAT", zlib.compress(rows)))
    np.testing.assert_allclose(open_image(data), values[:, :, :3] / 65535, atol=1 / 255)


def test_float_tiffs_in_range_open_and_keep_their_precision():
    values = np.random.default_rng(0).random((5, 4), np.float32)
    opened = open_image(file_of(Image.fromarray(values), "TIFF"))
    np.testing.assert_array_equal(opened[:, :, 1], values)


@pytest.mark.parametrize("bad", [np.nan, np.inf, -0.5, 255.0])
def test_float_tiffs_without_a_known_white_are_refused(bad):
    values = np.full((5, 4), 0.5, np.float32)
    values[2, 2] = bad
    assert_refused(file_of(Image.fromarray(values), "TIFF"), "finite values in")


def test_32_bit_whole_numbers_are_refused():
    values = noise(5, 4, high=1000, dtype=np.int32)
    assert_refused(file_of(Image.fromarray(values), "TIFF"), "32-bit")


# --- orientation ----------------------------------------------------------------------

UPRIGHT = noise(4, 6, 3)
# What a camera stores so that the viewer's turn by the orientation gives UPRIGHT.
STORED = {
    1: UPRIGHT,
    2: UPRIGHT[:, ::-1],
    3: UPRIGHT[::-1, ::-1],
    4: UPRIGHT[::-1],
    5: UPRIGHT.transpose(1, 0, 2),
    6: np.rot90(UPRIGHT),
    7: np.rot90(UPRIGHT.transpose(1, 0, 2), 2),
    8: np.rot90(UPRIGHT, -1),
}


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("file_format", ["PNG", "TIFF", "WEBP"])
def test_every_orientation_is_turned_upright(file_format, orientation):
    exif = Image.Exif()
    exif[0x0112] = orientation
    options = {"lossless": True} if file_format == "WEBP" else {}
    stored = Image.fromarray(np.ascontiguousarray(STORED[orientation]))
    opened = open_image(file_of(stored, file_format, exif=exif.tobytes(), **options))
    np.testing.assert_array_equal(to_uint8(opened), UPRIGHT)


@pytest.mark.parametrize("orientation", range(1, 9))
def test_every_orientation_of_a_jpeg_is_turned_upright(orientation):
    exif = Image.Exif()
    exif[0x0112] = orientation
    stored = Image.fromarray(np.ascontiguousarray(STORED[orientation].repeat(8, 0).repeat(8, 1)))
    opened = open_image(file_of(stored, "JPEG", quality=95, subsampling=0, exif=exif.tobytes()))
    np.testing.assert_allclose(opened[4::8, 4::8] * 255, UPRIGHT, atol=8)


@pytest.mark.parametrize("orientation", [1, 6, 8])
def test_16_bit_greys_are_turned_upright(orientation):
    exif = Image.Exif()
    exif[0x0112] = orientation
    values = STORED[orientation][:, :, 0].astype(np.uint16) * 257
    for file_format in ("PNG", "TIFF"):
        opened = open_image(file_of(Image.fromarray(values), file_format, exif=exif.tobytes()))
        np.testing.assert_array_equal(to_uint8(opened)[:, :, 0], UPRIGHT[:, :, 0])


@pytest.mark.parametrize(
    "damage", [b"", b"Exif\0\0", b"Exif\0\0II*\0\xff\xff\xff\xff", b"\xff" * 50]
)
def test_damaged_exif_does_not_keep_a_photo_closed(damage):
    data = file_of(Image.new("RGB", (8, 8), "white"), "JPEG", exif=damage)
    np.testing.assert_allclose(open_image(data), 1, atol=0.01)


# --- animations -----------------------------------------------------------------------


@pytest.mark.parametrize("file_format", ["GIF", "WEBP", "PNG", "TIFF"])
def test_the_first_of_several_frames_opens(file_format):
    frames = [Image.new("RGB", (8, 8), colour) for colour in ("red", "lime", "blue")]
    options = {"lossless": True} if file_format == "WEBP" else {}
    data = file_of(frames[0], file_format, save_all=True, append_images=frames[1:], **options)
    np.testing.assert_array_equal(open_image(data), np.broadcast_to([1, 0, 0], (8, 8, 3)))


def test_a_long_animated_png_is_not_taken_for_a_chain_of_metadata():
    frames = [Image.new("RGB", (2, 2), (level % 256, level // 256, 0)) for level in range(1100)]
    data = file_of(frames[0], "PNG", save_all=True, append_images=frames[1:])
    assert data.count(b"fdAT") > 1000
    np.testing.assert_array_equal(open_image(data), np.zeros((2, 2, 3)))


# --- colour profiles ------------------------------------------------------------------


def wide_gamut_profile() -> bytes:
    """Give an RGB profile like sRGB but with red, green and blue moved outwards.

    littleCMS can only make sRGB from Python, so the three colorant tags of that profile
    are rewritten with those of Display P3 (SMPTE EG 432-1, adapted to D50).
    """
    profile = bytearray(ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes())
    p3 = {
        b"rXYZ": (0.51512, 0.24120, -0.00105),
        b"gXYZ": (0.29198, 0.69225, 0.04189),
        b"bXYZ": (0.15710, 0.06657, 0.78407),
    }
    (count,) = struct.unpack_from(">I", profile, 128)
    for index in range(count):
        tag, offset, _ = struct.unpack_from(">4sII", profile, 132 + 12 * index)
        if tag in p3:
            fixed = [round(value * 65536) for value in p3[tag]]
            struct.pack_into(">3i", profile, offset + 8, *fixed)
    return bytes(profile)


@pytest.mark.parametrize("file_format", ["PNG", "TIFF", "WEBP"])
def test_an_srgb_profile_leaves_the_pixels_exact(file_format):
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    options = {"lossless": True} if file_format == "WEBP" else {}
    pixels = noise(9, 9, 3)
    data = file_of(Image.fromarray(pixels), file_format, icc_profile=profile, **options)
    np.testing.assert_array_equal(to_uint8(open_image(data)), pixels)


def test_a_wide_gamut_photo_is_not_shown_dull():
    # Display P3 (0.8, 0.4, 0.4) is sRGB (0.8630, 0.3705, 0.3843): more saturated.
    pixels = np.full((4, 4, 3), (204, 102, 102), np.uint8)
    data = file_of(Image.fromarray(pixels), "PNG", icc_profile=wide_gamut_profile())
    linear = ((np.array([0.8, 0.4, 0.4]) + 0.055) / 1.055) ** 2.4
    p3_to_srgb = np.array(
        [[1.2249, -0.2247, 0.0], [-0.0420, 1.0419, 0.0], [-0.0197, -0.0786, 1.0979]]
    )  # CSS Color 4, sample latent
    expected = 1.055 * (p3_to_srgb @ linear) ** (1 / 2.4) - 0.055
    np.testing.assert_allclose(open_image(data)[0, 0], expected, atol=0.01)


def test_a_profile_is_applied_below_alpha_and_to_palettes():
    profile = wide_gamut_profile()
    plain = Image.new("RGB", (4, 4), (204, 102, 102))
    expected = open_image(file_of(plain, "PNG", icc_profile=profile))
    for mode in ("RGBA", "P"):
        opened = open_image(file_of(plain.convert(mode), "PNG", icc_profile=profile))
        np.testing.assert_array_equal(opened, expected)


@pytest.mark.parametrize("profile", [b"x", b"\0" * 200, wide_gamut_profile()[:150]])
@pytest.mark.parametrize("mode", ["L", "RGB", "RGBA"])
def test_a_broken_profile_is_ignored(profile, mode):
    image = Image.fromarray(noise(5, 5, 3)).convert(mode)
    data = file_of(image, "PNG", icc_profile=profile)
    np.testing.assert_array_equal(open_image(data), open_image(file_of(image, "PNG")))


@pytest.mark.parametrize("mode", ["L", "CMYK"])
def test_a_profile_for_another_kind_of_colour_is_ignored(mode):
    image = Image.fromarray(noise(5, 5, 3)).convert(mode)
    data = file_of(image, "TIFF", icc_profile=wide_gamut_profile())
    np.testing.assert_array_equal(open_image(data), open_image(file_of(image, "TIFF")))


# --- refused --------------------------------------------------------------------------


@pytest.mark.parametrize(
    "data",
    [
        b"plain text",
        b"<!DOCTYPE html><html><body>404</body></html>",
        b"%PDF-1.7\n",
        b"<svg xmlns='http://www.w3.org/2000/svg'/>",
        b"\0\0\0\x18ftypheic",
        b"\x80\x04\x95",  # a pickle
        b"\0" * 1000,
    ],
)
def test_what_is_no_image_is_refused(data, tmp_path):
    path = tmp_path / "fake.png"
    path.write_bytes(data)
    assert_refused(path, "fake.png")
    assert_refused(data, f"{len(data):,} bytes")


def test_a_format_that_is_not_offered_is_refused():
    image = Image.new("RGB", (4, 4))
    for file_format in ("PPM", "ICO", "TGA", "JPEG2000", "EPS"):
        assert_refused(file_of(image, file_format), "PNG, JPEG, WebP, BMP, TIFF or GIF")


def test_an_empty_file_is_refused(tmp_path):
    (tmp_path / "empty.png").touch()
    assert_refused(tmp_path / "empty.png", "0 bytes")
    assert_refused(b"", "0 bytes")


def test_a_missing_path_a_folder_and_an_impossible_path_are_refused(tmp_path):
    assert_refused(tmp_path / "missing.png", "missing.png")
    assert_refused(tmp_path, "not a regular file")
    assert_refused("a\0b.png", "null")
    assert_refused("x" * 5000, "name too long")


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="this system has no named pipes")
def test_a_named_pipe_is_refused_and_not_waited_for(tmp_path):
    os.mkfifo(tmp_path / "pipe.png")
    assert opened_or_refused(str(tmp_path / "pipe.png")) is None


def test_a_source_that_is_neither_bytes_nor_path_is_refused():
    assert_refused(np.zeros((4, 4, 3)), "ndarray")
    assert_refused(None, "NoneType")


def test_a_file_over_the_size_limit_is_refused(monkeypatch, tmp_path):
    assert MAX_FILE_BYTES >= 50_000_000
    monkeypatch.setattr(image_files, "MAX_FILE_BYTES", 1000)
    (tmp_path / "large.png").write_bytes(bytes(1001))
    assert_refused(tmp_path / "large.png", "at most 1,000 bytes")
    assert_refused(bytes(1001), "1,001 bytes")


@pytest.mark.parametrize("file_format", ["PNG", "JPEG", "WEBP", "BMP", "TIFF", "GIF"])
def test_too_many_pixels_are_refused_before_decoding(file_format, monkeypatch):
    def decode(*_):
        raise AssertionError("the pixels were decoded")

    data = file_of(Image.new("RGB", (30, 20)), file_format)
    monkeypatch.setattr(decoding, "MAX_PIXELS", 599)
    monkeypatch.setattr(ImageFile.ImageFile, "load", decode)
    assert_refused(data, "at most 599 pixels.*30 × 20")


@pytest.mark.parametrize("width", [8_001, 20_000, 2**31 - 1])
def test_a_png_header_with_huge_dimensions_is_refused(width):
    # Over this module's limit, over Pillow's limit for warnings, and for errors.
    data = png_file(png_header(width, 5_000, 8, 2), png_chunk(b"IDAT", zlib.compress(bytes(100))))
    assert_refused(data, f"at most {MAX_PIXELS:,} pixels")


def test_a_tiny_gif_with_a_huge_first_frame_is_refused():
    data = b"GIF89a" + struct.pack("<HHBBB", 65535, 65535, 0, 0, 0)
    data += b"," + struct.pack("<HHHHB", 0, 0, 65535, 65535, 0) + b"\x02\x02\x4c\x01\x00;"
    assert len(data) < 44
    assert_refused(data, f"at most {MAX_PIXELS:,} pixels")


def test_a_small_gif_cannot_grow_by_the_size_of_its_frame():
    data = b"GIF89a" + struct.pack("<HHBBB", 1, 1, 0, 0, 0)
    data += b"," + struct.pack("<HHHHB", 0, 0, 9000, 9000, 0) + b"\x02\x02\x4c\x01\x00;"
    assert_refused(data, f"at most {MAX_PIXELS:,} pixels")


def test_pillows_own_guards_stay_in_place():
    open_image(encode_png(noise(4, 4, 3)))
    assert Image.MAX_IMAGE_PIXELS == 1024 * 1024 * 1024 // 4 // 3
    assert ImageFile.LOAD_TRUNCATED_IMAGES is False


def test_opening_leaves_the_warning_filters_as_they_were():
    before = list(warnings.filters)
    open_image(encode_png(noise(4, 4, 3)))
    assert_refused(b"no image")
    assert warnings.filters == before


# --- damaged --------------------------------------------------------------------------

WHOLE = Image.fromarray(noise(48, 40, 3))


@pytest.mark.parametrize(
    ("file_format", "options"),
    [
        ("PNG", {}),
        ("JPEG", {}),
        ("JPEG", {"progressive": True}),
        ("BMP", {}),
        ("TIFF", {}),
        ("TIFF", {"compression": "jpeg"}),
        ("GIF", {}),
        ("WEBP", {}),
    ],
)
def test_a_truncated_file_is_refused_or_whole(file_format, options):
    # Some files end in bytes that no pixel needs; what opens must be the whole image.
    data = file_of(WHOLE, file_format, **options)
    whole = open_image(data)
    step = max(1, len(data) // 150)
    refused = 0
    for length in [*range(1, len(data), step), *range(len(data) - 20, len(data))]:
        opened = opened_or_refused(data[:length])
        if opened is None:
            refused += 1
        else:
            np.testing.assert_array_equal(opened, whole)
    assert refused >= 100


def test_a_truncated_jpeg_is_refused_with_one_sentence():
    data = file_of(WHOLE, "JPEG")
    assert_refused(data[: len(data) // 2], "complete and undamaged")


@pytest.mark.parametrize("file_format", ["PNG", "JPEG", "BMP", "TIFF", "GIF", "WEBP"])
def test_every_flipped_bit_of_a_header_opens_or_is_refused(file_format):
    data = file_of(Image.fromarray(noise(6, 5, 3)), file_format)
    for position in range(min(64, len(data))):
        for bit in range(8):
            flipped = bytearray(data)
            flipped[position] ^= 1 << bit
            opened_or_refused(bytes(flipped))


def test_a_png_with_a_flipped_bit_in_its_pixels_is_refused():
    data = bytearray(encode_png(noise(20, 20, 3)))
    data[len(data) // 2] ^= 1
    assert_refused(bytes(data), "checksum")


def test_concurrent_opening_gives_each_its_own_image():
    files = [encode_png(np.full((40, 40, 3), level, np.uint8)) for level in range(8)]
    results: dict[int, np.ndarray] = {}

    def work(level: int) -> None:
        for _ in range(10):
            results[level] = open_image(files[level])

    threads = [threading.Thread(target=work, args=(level,)) for level in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for level in range(8):
        np.testing.assert_array_equal(to_uint8(results[level]), level)


# --- traps for time and memory --------------------------------------------------------


def jpeg_with(segments: bytes) -> bytes:
    """Give a JPEG with further segments right after its start."""
    data = file_of(Image.new("RGB", (8, 8)), "JPEG")
    return data[:2] + segments + data[2:]


def test_a_jpeg_with_endless_exif_segments_is_refused():
    assert opened_or_refused(jpeg_with(b"\xff\xe1\0\x10Exif\0\0" + bytes(8))) is not None
    endless = (b"\xff\xe1\0\x10Exif\0\0" + bytes(8)) * 500_000
    assert opened_or_refused(jpeg_with(endless)) is None


def test_a_jpeg_with_endless_metadata_is_refused():
    segment = b"\xff\xe1\xff\xffExif\0\0" + bytes(65535 - 8)
    assert opened_or_refused(jpeg_with(segment * 300)) is None


def test_a_jpeg_with_endless_padding_is_refused():
    assert opened_or_refused(jpeg_with(b"\xff" * 20_000_000)) is None


def test_a_jpeg_with_endless_scans_is_refused():
    data = file_of(WHOLE, "JPEG", progressive=True)
    assert opened_or_refused(data) is not None
    last_scan = data[data.rindex(b"\xff\xda") : -2]
    assert opened_or_refused(data[:-2] + last_scan * 1000 + data[-2:]) is None


def test_a_phone_photo_with_a_film_behind_it_opens():
    film = noise(3_000_000).tobytes()
    assert film.count(b"\xff\xda") > 10
    data = file_of(WHOLE, "JPEG")
    np.testing.assert_array_equal(open_image(data + film), open_image(data))


def test_a_png_with_unpacking_text_or_profiles_is_refused():
    bomb = zlib.compress(bytes(100_000_000), 9)
    end = png_chunk(b"IEND", b"")
    pixels = png_chunk(b"IDAT", zlib.compress(bytes(4)))
    for kind, prefix in [(b"zTXt", b"key\0\0"), (b"iCCP", b"name\0\0"), (b"iTXt", b"k\0\1\0\0\0")]:
        data = png_file(png_header(1, 1, 8, 2), png_chunk(kind, prefix + bomb), pixels)
        opened_or_refused(data)
    chain = png_chunk(b"zTXt", b"key\0\0" + zlib.compress(bytes(1_000_000))) * 2_000
    assert opened_or_refused(png_file(png_header(1, 1, 8, 2), chain, pixels)) is None
    assert (
        opened_or_refused(png_file(png_header(1, 1, 8, 2), pixels).replace(end, chain + end))
        is None
    )


def test_a_gif_with_endless_comments_is_refused():
    data = file_of(Image.new("P", (4, 4)), "GIF")
    start = data.index(b",", 13)
    assert opened_or_refused(data[:start] + b"!\xfe\x01x\0" * 2_000_000 + data[start:]) is None


@pytest.mark.parametrize("big", [False, True])
@pytest.mark.parametrize("order", ["<", ">"])
def test_a_tiff_with_endless_tables_is_refused(order, big):
    count = 2_000_000
    prefix = b"II" if order == "<" else b"MM"
    table = bytes(4 * count)
    if big:
        # Pillow takes a file for BigTIFF by its third byte, whatever the order.
        header = prefix + b"\x2b\0" + struct.pack(order + "HHQ", 8, 0, 16 + len(table))
        directory = struct.pack(order + "Q", 1) + struct.pack(order + "HHQQ", 273, 4, count, 16)
    else:
        header = prefix + struct.pack(order + "HL", 42, 8 + len(table))
        directory = struct.pack(order + "H", 1) + struct.pack(order + "HHLL", 273, 4, count, 8)
    assert_refused(header + table + directory + bytes(8), "2,000,000 in tag 273")


def test_a_tiff_with_a_long_profile_opens():
    values = noise(4, 4, 3)
    data = file_of(Image.fromarray(values), "TIFF", icc_profile=bytes(1_000_000))
    np.testing.assert_array_equal(to_uint8(open_image(data)), values)


# --- files from a folder of bad images ----------------------------------------------


@pytest.fixture
def bad_images() -> Path:
    folder = os.environ.get("CAE_TEST_IMAGES")
    if not folder:
        pytest.skip("CAE_TEST_IMAGES names no folder of bad images.")
    return Path(folder)


def test_every_file_of_the_folder_opens_or_is_refused(bad_images):
    paths = [path for path in sorted(bad_images.rglob("*")) if path.is_file()]
    assert paths
    for path in paths:
        opened_or_refused(str(path))


def test_pngsuite_opens_but_for_the_files_that_are_corrupt_on_purpose(bad_images):
    # A name of PngSuite ends in colour type and bit depth: basn2c08.png.
    suite = [
        path
        for path in sorted(bad_images.glob("*.png"))
        if re.fullmatch(r"\w{4}[0-6][gcpa]\d\d", path.stem)
    ]
    if not suite:
        pytest.skip("PngSuite is not in the folder that CAE_TEST_IMAGES names.")
    for path in suite:
        opened = opened_or_refused(str(path))
        assert (opened is None) == path.name.startswith("x"), path.name


def test_pngsuite_interlaced_and_not_hold_the_same_image(bad_images):
    pairs = [
        (path, path.with_name(path.name.replace("basi", "basn")))
        for path in sorted(bad_images.glob("basi*.png"))
    ]
    if not pairs:
        pytest.skip("PngSuite is not in the folder that CAE_TEST_IMAGES names.")
    for interlaced, plain in pairs:
        np.testing.assert_array_equal(open_image(interlaced), open_image(plain))


def test_pngsuite_background_images_are_laid_over_white(bad_images):
    path = bad_images / "tbbn2c16.png"
    if not path.exists():
        pytest.skip("PngSuite is not in the folder that CAE_TEST_IMAGES names.")
    opened = {name: open_image(bad_images / f"{name}.png") for name in ("tp0n2c08", "tp1n3p08")}
    assert opened["tp0n2c08"][0, 0].max() < 0.6  # not transparent: a grey ground
    np.testing.assert_array_equal(opened["tp1n3p08"][0, 0], 1)
    for name in ("tbbn0g04", "tbbn2c16", "tbgn2c16", "tbwn0g16", "tbbn3p08", "tbyn3p08"):
        np.testing.assert_array_equal(open_image(bad_images / f"{name}.png")[0, 0], 1)


# --- random damage --------------------------------------------------------------------

VALID_FILES = [
    file_of(Image.fromarray(noise(6, 5, 3)), "PNG"),
    file_of(Image.fromarray(noise(6, 5, 3)).convert("P"), "PNG", transparency=3),
    file_of(Image.fromarray(noise(6, 5, 3)), "JPEG"),
    file_of(Image.fromarray(noise(6, 5, 3)).convert("CMYK"), "JPEG"),
    file_of(Image.fromarray(noise(6, 5, 3)), "WEBP"),
    file_of(Image.fromarray(noise(6, 5, 4)), "BMP"),
    file_of(Image.fromarray(noise(6, 5)), "TIFF"),
    file_of(Image.fromarray(noise(6, 5, 3)), "TIFF", compression="tiff_adobe_deflate"),
    file_of(Image.fromarray(noise(6, 5, 3)).convert("P"), "GIF"),
]
MAGIC = [b"", b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff", b"GIF89a", b"BM", b"II*\0", b"MM\0*", b"RIFF"]


@given(magic=st.sampled_from(MAGIC), rest=st.binary(max_size=200))
def test_random_bytes_open_or_are_refused(magic, rest):
    try:
        open_image(magic + rest)
    except ImageError as error:
        assert "Received:" in str(error)


def with_true_checksums(data: bytes) -> bytes:
    """Mend a PNG's checksums, so that damage reaches the decoder behind them."""
    mended, position = bytearray(data), 8
    while data.startswith(b"\x89PNG") and position + 12 <= len(data):
        end = position + 8 + int.from_bytes(data[position : position + 4])
        if end + 4 <= len(data):
            mended[end : end + 4] = struct.pack(">I", zlib.crc32(data[position + 4 : end]))
        position = end + 4
    return bytes(mended)


@settings(max_examples=400, suppress_health_check=[HealthCheck.too_slow])
@given(
    valid=st.sampled_from(VALID_FILES),
    changes=st.lists(
        st.tuples(st.floats(0, 1), st.binary(max_size=4), st.integers(0, 8)), min_size=1, max_size=4
    ),
    mend=st.booleans(),
)
def test_randomly_changed_files_open_or_are_refused(valid, changes, mend):
    data = bytearray(valid)
    for place, replacement, removed in changes:
        start = int(place * len(data))
        data[start : start + removed] = replacement
    changed = with_true_checksums(bytes(data)) if mend else bytes(data)
    try:
        opened = open_image(changed)
    except ImageError as error:
        assert "Received:" in str(error)
    else:
        assert opened.dtype == np.float32
        assert opened.min() >= 0
        assert opened.max() <= 1


# --- image to bytes -------------------------------------------------------------------


def test_to_uint8_rounds_and_clips():
    values = np.array([-1, 0, 0.499 / 255, 0.501 / 255, 254.6 / 255, 1, 2, np.inf])
    np.testing.assert_array_equal(to_uint8(values), [0, 0, 0, 1, 255, 255, 255, 255])
    assert to_uint8(values).dtype == np.uint8


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64])
def test_to_uint8_gives_back_every_byte(dtype):
    levels = np.arange(256)
    np.testing.assert_array_equal(to_uint8((levels / 255).astype(dtype)), levels)
    np.testing.assert_array_equal(to_uint8(levels.astype(np.uint8)), levels)


@pytest.mark.parametrize("bad", [np.array([np.nan]), np.array([1, 2]), np.array(["a"])])
def test_to_uint8_refuses_what_has_no_value_as_a_byte(bad):
    with pytest.raises(ImageError, match="Received:"):
        to_uint8(bad)


@pytest.mark.parametrize("shape", [(5, 4), (5, 4, 1), (5, 4, 3)])
@pytest.mark.parametrize("as_float", [False, True])
def test_png_keeps_every_pixel(shape, as_float):
    pixels = noise(*shape)
    data = encode_png(pixels / 255 if as_float else pixels)
    assert Image.open(io.BytesIO(data)).mode == ("RGB" if shape[2:] == (3,) else "L")
    expected = np.broadcast_to(pixels.reshape(5, 4, -1), (5, 4, 3))
    np.testing.assert_array_equal(to_uint8(open_image(data)), expected)


@pytest.mark.parametrize("shape", [(16, 16), (16, 16, 1), (16, 16, 3)])
def test_jpeg_keeps_a_smooth_image(shape):
    pixels = np.full(shape, 0.4)
    data = encode_jpeg(pixels)
    assert data.startswith(b"\xff\xd8")
    np.testing.assert_allclose(open_image(data), 0.4, atol=0.01)


def test_a_lower_jpeg_quality_makes_a_smaller_file():
    pixels = noise(32, 32, 3)
    assert len(encode_jpeg(pixels, quality=10)) < len(encode_jpeg(pixels, quality=95))


@pytest.mark.parametrize("quality", [0, 96, -1, 50.5, "high"])
def test_a_jpeg_quality_out_of_range_is_refused(quality):
    with pytest.raises(ImageError, match="Received:"):
        encode_jpeg(np.zeros((4, 4)), quality=quality)


def test_a_jpeg_with_too_long_a_side_is_refused():
    with pytest.raises(ImageError, match="Received:"):
        encode_jpeg(np.zeros((1, 65_501), np.uint8))


def test_a_slice_of_an_image_can_be_encoded():
    pixels = noise(10, 10, 3)
    flipped = pixels[::2, ::-1]
    np.testing.assert_array_equal(to_uint8(open_image(encode_png(flipped))), flipped)


# --- validation -----------------------------------------------------------------------


@pytest.mark.parametrize("shape", [(5, 4), (5, 4, 1), (5, 4, 3)])
@pytest.mark.parametrize("dtype", [np.uint8, np.float16, np.float32, np.float64])
def test_as_image_gives_float32_with_three_channels(shape, dtype):
    pixels = noise(*shape)
    given_pixels = pixels if dtype == np.uint8 else (pixels / 255).astype(dtype)
    checked = as_image(given_pixels)
    assert checked.dtype == np.float32
    assert checked.shape == (5, 4, 3)
    expected = np.broadcast_to(pixels.reshape(5, 4, -1) / 255, (5, 4, 3))
    np.testing.assert_allclose(checked, expected, atol=1e-3 if dtype == np.float16 else 1e-6)


def test_as_image_gives_a_copy():
    pixels = np.full((4, 4, 3), 0.5, np.float32)
    as_image(pixels)[...] = 0
    assert pixels.min() == 0.5


def test_as_image_mends_the_rounding_of_float_arithmetic():
    assert as_image(np.full((2, 2), 1 + 1e-7)).max() <= 1


@pytest.mark.parametrize(
    ("bad", "words"),
    [
        (np.zeros(4), r"shape \(4,\)"),
        (np.zeros((4, 4, 4)), r"shape \(4, 4, 4\)"),
        (np.zeros((4, 4, 2)), r"shape \(4, 4, 2\)"),
        (np.zeros((1, 4, 4, 3)), r"shape \(1, 4, 4, 3\)"),
        (np.zeros((0, 4, 3)), r"shape \(0, 4, 3\)"),
        (np.zeros((4, 4), int), "int64"),
        (np.zeros((4, 4), bool), "bool"),
        (np.zeros((4, 4), complex), "complex128"),
        (np.full((4, 4), 255.0), "255"),
        (np.full((4, 4), -0.1), "-0.1"),
        (np.full((4, 4), np.nan), "nan"),
        (np.full((4, 4), np.inf), "inf"),
        ([[1.0], [1.0, 0.5]], "list"),
        (None, "object"),
    ],
)
def test_as_image_refuses_and_names_what_it_received(bad, words):
    with pytest.raises(ImageError, match=f"The photo .*Received: .*{words}"):
        as_image(bad, name="photo")


# --- sizes ----------------------------------------------------------------------------


@pytest.mark.parametrize("shape", [(8, 6), (8, 6, 1), (8, 6, 3)])
def test_resize_keeps_axes_and_channels(shape):
    resized = resize(noise(*shape), 5, 11)
    assert resized.dtype == np.float32
    assert resized.shape == (5, 11, *shape[2:])


def test_resize_to_the_same_size_changes_nothing():
    pixels = np.random.default_rng(0).random((9, 7, 3), np.float32)
    np.testing.assert_allclose(resize(pixels, 9, 7), pixels, atol=1e-6)


def test_resize_does_not_round_to_bytes():
    pixels = np.full((8, 8, 3), 0.12345, np.float32)
    np.testing.assert_allclose(resize(pixels, 5, 3), 0.12345, atol=1e-6)


def test_resize_does_not_alias():
    stripes = np.zeros((64, 64), np.float32)
    stripes[:, ::2] = 1
    shrunk = resize(stripes, 16, 16)
    np.testing.assert_allclose(shrunk[:, 2:-2], 0.5, atol=0.05)


def test_resize_stays_within_range():
    edge = np.zeros((8, 8), np.float32)
    edge[:, 4:] = 1
    enlarged = resize(edge, 64, 64)
    assert enlarged.min() >= 0
    assert enlarged.max() <= 1


def test_resize_treats_channels_apart():
    pixels = np.zeros((8, 8, 3), np.float32)
    pixels[:, :, 1] = 1
    np.testing.assert_allclose(
        resize(pixels, 4, 4), np.broadcast_to([0, 1, 0], (4, 4, 3)), atol=1e-6
    )


@pytest.mark.parametrize("size", [(0, 4), (4, -1), (2.5, 4), (True, 4), (10_000, 10_000)])
def test_resize_refuses_an_impossible_size(size):
    with pytest.raises(ImageError, match="Received:"):
        resize(np.zeros((4, 4)), *size)


@pytest.mark.parametrize(
    ("shape", "longest_side", "expected"),
    [
        ((100, 50), 10, (10, 5)),
        ((50, 100), 10, (5, 10)),
        ((50, 100), 100, (50, 100)),
        ((50, 100), 1000, (50, 100)),
        ((1, 1000), 10, (1, 10)),
    ],
)
def test_fit_within_only_shrinks_and_keeps_proportions(shape, longest_side, expected):
    fitted = fit_within(noise(*shape), longest_side)
    assert fitted.shape == expected
    assert fitted.dtype == np.float32


def test_enlarge_nearest_makes_crisp_squares():
    pixels = noise(3, 2, 3)
    enlarged = enlarge_nearest(pixels, 4)
    assert enlarged.dtype == np.uint8
    assert enlarged.shape == (12, 8, 3)
    for row in range(12):
        for column in range(8):
            np.testing.assert_array_equal(enlarged[row, column], pixels[row // 4, column // 4])


@pytest.mark.parametrize("factor", [0, -1, 1.5, 10_000])
def test_enlarge_nearest_refuses_an_impossible_factor(factor):
    with pytest.raises(ImageError, match="Received:"):
        enlarge_nearest(np.zeros((4, 4)), factor)


# --- grids ----------------------------------------------------------------------------


@pytest.mark.parametrize(("dtype", "white"), [(np.uint8, 255), (np.float32, 1)])
def test_a_grid_has_each_image_in_its_place_and_white_between(dtype, white):
    batch = np.stack([np.full((2, 3, 3), level) for level in range(5)]).astype(dtype)
    batch = batch if dtype == np.uint8 else batch / dtype(10)
    grid = image_grid(batch, columns=3, gap=2)
    assert grid.dtype == dtype
    assert grid.shape == (2 * 2 + 2, 3 * 3 + 2 * 2, 3)
    remaining = np.ones(grid.shape[:2], bool)
    for index in range(5):
        top, left = index // 3 * 4, index % 3 * 5
        np.testing.assert_array_equal(grid[top : top + 2, left : left + 3], batch[index])
        remaining[top : top + 2, left : left + 3] = False
    assert (grid[remaining] == white).all()


def test_a_grid_without_gaps_is_a_mosaic():
    batch = noise(4, 2, 2, 1)
    grid = image_grid(batch, columns=2, gap=0)
    np.testing.assert_array_equal(grid[:2], np.concatenate([batch[0], batch[1]], axis=1))
    np.testing.assert_array_equal(grid[2:], np.concatenate([batch[2], batch[3]], axis=1))


@pytest.mark.parametrize(
    ("batch", "columns", "gap"),
    [
        (np.zeros((4, 4, 3)), 2, 1),
        (np.zeros((0, 4, 4, 3)), 2, 1),
        (np.zeros((4, 4, 4, 2)), 2, 1),
        (np.zeros((4, 4, 4, 3), int), 2, 1),
        (np.zeros((4, 4, 4, 3)), 0, 1),
        (np.zeros((4, 4, 4, 3)), 2, -1),
        (np.zeros((4, 4, 4, 3)), 2, 100_000),
    ],
)
def test_an_impossible_grid_is_refused(batch, columns, gap):
    with pytest.raises(ImageError, match="Received:"):
        image_grid(batch, columns, gap)
