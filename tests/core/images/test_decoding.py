"""Image files of every kind: which pixels they give, and that damage never goes unnoticed."""

from __future__ import annotations

import os
import re
import struct
import warnings
from functools import partial
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image, ImageCms, ImageFile

from cae_core.errors import ImageError
from cae_core.images.decoding import open_image, read_image
from cae_core.images.encoding import encode_png
from cae_core.images.opening import HAS_AVIF
from cae_core.images.operations import resize, to_uint8
from tests.core.images.making_files import (
    changed_png,
    exif,
    file_of,
    grey_tiff,
    noise,
    palette,
    png_chunk,
    png_file,
    png_header,
)
from tests.core.meeting import Meeting, run_together

LOSSLESS = ("PNG", "BMP", "TIFF", "WEBP")
INDEXED = ("PNG", "BMP", "TIFF", "GIF")


def opened_or_refused(data: bytes | str) -> np.ndarray | None:
    """A valid array, or None where one sentence says why there is none."""
    try:
        opened = open_image(data)
    except ImageError as error:
        assert "Received:" in str(error)
        assert "\n" not in str(error)
        return None
    assert opened.dtype == np.float32
    assert opened.shape[2:] == (3,)
    assert opened.min() >= 0
    assert opened.max() <= 1
    return opened


# What opens. A case is a file, the pixels that it gives (0..255, or 0..1 for floats), and how
# far from these they may be, of 255.

EXACT = 1e-3
BITS, GREYS, COLOURS = noise(9, 13, high=2).astype(bool), noise(9, 13), noise(7, 5, 3)
BROWN = (200, 100, 50)
TWO = ((10, 20, 30), (200, 150, 100))
DEEP = noise(5, 4, high=65536, dtype=np.uint16)
FLOATS = np.random.default_rng(0).random((5, 4), np.float32)


def grey(values):
    """(H, W) -> (H, W, 1), which stands for three equal channels."""
    return np.asarray(values)[..., np.newaxis]


def plain_cases():
    """Every format, in every mode that it has."""
    for kind in LOSSLESS:
        yield f"colours {kind}", file_of(COLOURS, kind), COLOURS, EXACT
    for compression in ("tiff_lzw", "tiff_adobe_deflate"):
        yield compression, file_of(COLOURS, "TIFF", compression=compression), COLOURS, EXACT
    for progressive in (False, True):
        brown = Image.new("RGB", (16, 16), BROWN)
        data = file_of(brown, "JPEG", quality=95, progressive=progressive)
        yield f"JPEG progressive={progressive}", data, BROWN, 3
    for kind in INDEXED:
        yield f"1 bit {kind}", file_of(BITS, kind), 255 * grey(BITS), EXACT
        yield f"greys {kind}", file_of(GREYS, kind), grey(GREYS), EXACT
        yield f"palette {kind}", file_of(palette(*TWO), kind), [TWO], EXACT
    for size in ((1, 1), (1, 300), (300, 1)):
        for kind in (*INDEXED, "JPEG", "WEBP"):
            yield f"{size} {kind}", file_of(Image.new("RGB", size, "white"), kind), 255, 2
    # No ink is white, all black ink is black, pure cyan has no red.
    for ink, expected in (((0, 0, 0, 0), 255), ((0, 0, 0, 255), 0)):
        image = Image.new("CMYK", (16, 16), ink)
        yield f"CMYK {ink}", file_of(image, "TIFF"), expected, EXACT
        # Marked by Adobe as stored upside down.
        yield f"Adobe JPEG {ink}", file_of(image, "JPEG", quality=95), expected, 5
    cyan = Image.new("CMYK", (16, 16), (255, 0, 0, 0))
    yield "cyan", file_of(cyan, "JPEG", quality=95), (0, 255, 255), 5
    ycbcr = Image.new("RGB", (4, 4), BROWN).convert("YCbCr")
    yield "YCbCr", file_of(ycbcr, "TIFF"), BROWN, 2
    for lab, rgb in (
        ((255, 128, 128), 255),
        ((0, 128, 128), 0),
        # Lab (53.24, 80.09, 67.20) with a D65 white is sRGB red; about (54, 81, 70) in D50.
        ((138, 128 + 81, 128 + 70), (255, 0, 0)),
    ):
        image = Image.merge("LAB", [Image.new("L", (4, 4), value) for value in lab])
        yield f"Lab {lab}", file_of(image, "TIFF"), rgb, 8
    red, blue = (Image.new("RGB", (16, 16), colour) for colour in ("red", "blue"))
    phone = file_of(red, "MPO", save_all=True, append_images=[blue])
    yield "a phone's second image", phone, (255, 0, 0), 5
    yield "a film behind a JPEG", file_of(red, "JPEG") + noise(3_000_000).tobytes(), (255, 0, 0), 5


def transparent_cases():
    """What is transparent is white, what is half so half white."""
    alphas = np.array([0, 51, 128, 255], np.uint8)
    pixels = np.zeros((1, 4, 4), np.uint8)
    pixels[..., 0], pixels[..., 3] = 200, alphas
    ground = 255 - alphas[:, np.newaxis].astype(float)
    expected = ground + alphas[:, np.newaxis] / 255 * (200, 0, 0)
    for kind in ("PNG", "TIFF", "WEBP"):
        yield f"alpha {kind}", file_of(pixels, kind), expected, EXACT
    with_alpha = np.array([[[100, 0], [100, 51], [100, 255]]], np.uint8)
    yield "grey alpha", file_of(with_alpha, "PNG"), grey([[255, 224, 100]]), EXACT
    white = (255, 255, 255)
    for kind in ("PNG", "GIF"):
        data = file_of(palette(*TWO), kind, transparency=0)
        yield f"palette entry {kind}", data, [[white, TWO[1]]], EXACT
    half = file_of(palette((0, 0, 0), TWO[1]), "PNG", transparency=bytes([51, 255]))
    yield "half a palette entry", half, [[(204, 204, 204), TWO[1]]], 1e-2
    # Two pixels, 0 and 1 in the file's own depth; one of them is transparent.
    for depth, packed in ((1, b"\0\x40"), (2, b"\0\x10"), (4, b"\0\x01")):
        one = 255 / (2**depth - 1)
        for value, expected_greys in ((0, [255, one]), (1, [0, 255])):
            chunk = png_chunk(b"tRNS", bytes([0, value]))
            data = png_file(png_header(2, 1, depth, 0), packed, chunk)
            yield f"{value} of {depth} bits", data, grey([expected_greys]), EXACT
    chunk = png_chunk(b"tRNS", struct.pack(">3H", 0x1234, 0x5678, 0x9ABC))
    row = b"\0" + struct.pack(">6H", 0x1234, 0x5678, 0x9ABC, 0x2000, 0, 0)
    data = png_file(png_header(2, 1, 16, 2), row, chunk)
    yield "a colour of 16 bits", data, [[white, (0x2000 / 257, 0, 0)]], EXACT
    chunk = png_chunk(b"tRNS", struct.pack(">H", 0x1234))
    data = png_file(png_header(2, 1, 16, 0), b"\0" + struct.pack(">2H", 0x1234, 0x1235), chunk)
    yield "a grey of 16 bits", data, grey([[255, 0x1235 / 257]]), EXACT


def deep_cases():
    """More than 8 bits: all are kept."""
    steps = np.array([[0, 1, 255, 256, 1000, 32768, 65534, 65535]], np.uint16)
    for kind in ("PNG", "TIFF"):
        yield f"16-bit greys {kind}", file_of(steps, kind), grey(steps / 257), EXACT
    big_endian = Image.frombytes("I;16B", (4, 5), DEEP.astype(">u2").tobytes())
    yield "big-endian greys", file_of(big_endian, "TIFF"), grey(DEEP / 257), EXACT
    yield "white is zero", grey_tiff(DEEP, 16, photometric=0), grey(255 - DEEP / 257), EXACT
    packed = np.array([[0xFF, 0xF8, 0x00]], np.uint8)  # 0xFFF, 0x800
    yield "12 bits", grey_tiff(packed, 12, width=2), grey([[255, 255 * 0x800 / 0xFFF]]), 0.02
    for colour_type, channels in ((2, 3), (6, 4)):
        values = noise(6, 5, channels, high=65536, dtype=np.uint16)
        values[..., 3:] = 65535  # opaque
        rows = b"".join(b"\0" + row.astype(">u2").tobytes() for row in values)
        data = png_file(png_header(5, 6, 16, colour_type), rows)
        yield f"16-bit colours {channels}", data, values[..., :3] / 257, EXACT
    yield "floats", file_of(FLOATS, "TIFF"), grey(255 * FLOATS), EXACT


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


def turned_cases():
    """Metadata turns an image upright, and keeps none closed."""
    for orientation, stored in STORED.items():
        for kind in ("PNG", "TIFF", "WEBP"):
            data = file_of(stored, kind, exif=exif(orientation))
            yield f"turned {orientation} {kind}", data, UPRIGHT, EXACT
        large = stored.repeat(8, 0).repeat(8, 1)
        data = file_of(large, "JPEG", quality=100, subsampling=0, exif=exif(orientation))
        yield f"turned {orientation} JPEG", data, UPRIGHT.repeat(8, 0).repeat(8, 1), 3
        deep = stored[..., 0].astype(np.uint16) * 257
        for kind in ("PNG", "TIFF"):
            data = file_of(deep, kind, exif=exif(orientation))
            yield f"turned {orientation} 16-bit {kind}", data, UPRIGHT[..., :1], EXACT
    whole = Image.new("RGB", (8, 8), "white")
    for damage in (b"", b"Exif\0\0", b"Exif\0\0II*\0\xff\xff\xff\xff", b"\xff" * 50):
        yield f"damaged exif {damage!r:.20}", file_of(whole, "JPEG", exif=damage), 255, 2


def moving_cases():
    """Of several frames the first."""
    first, *others = (Image.new("RGB", (8, 8), colour) for colour in ("red", "lime", "blue"))
    for kind in ("GIF", "WEBP", "PNG", "TIFF"):
        data = file_of(first, kind, save_all=True, append_images=others)
        yield f"frames {kind}", data, (255, 0, 0), EXACT
    first, *others = (Image.new("RGB", (2, 2), (i % 256, i // 256, 0)) for i in range(1100))
    data = file_of(first, "PNG", save_all=True, append_images=others)
    assert data.count(b"fdAT") > 1000  # and yet no chain of metadata
    yield "a long animation", data, 0, EXACT


SRGB = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()


def wide_gamut_profile() -> bytes:
    """An RGB profile like sRGB but with red, green and blue moved outwards.

    littleCMS can only make sRGB from Python, so the three colorant tags of that profile
    are rewritten with those of Display P3 (SMPTE EG 432-1, adapted to D50).
    """
    profile = bytearray(SRGB)
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


def profile_cases():
    """Colours of another space are converted; sRGB's stay exact; broken profiles are ignored."""
    p3 = wide_gamut_profile()
    for kind in ("PNG", "TIFF", "WEBP"):
        yield f"sRGB {kind}", file_of(COLOURS, kind, icc_profile=SRGB), COLOURS, EXACT
    # Display P3 (0.8, 0.4, 0.4) is sRGB (0.8630, 0.3705, 0.3843), by CSS Color 4: more saturated.
    expected = (220, 94.5, 98)
    vivid = Image.new("RGB", (4, 4), (204, 102, 102))
    for mode in ("RGB", "RGBA", "P"):
        yield f"P3 {mode}", file_of(vivid.convert(mode), "PNG", icc_profile=p3), expected, 2.5
    image = Image.fromarray(COLOURS)
    for mode in ("L", "RGB", "RGBA"):
        pixels = np.atleast_3d(np.asarray(image.convert(mode)))[..., :3]
        for broken in (b"x", b"\0" * 200, p3[:150]):
            data = file_of(image.convert(mode), "PNG", icc_profile=broken)
            yield f"broken profile {mode} {len(broken)}", data, pixels, EXACT
    for mode in ("L", "CMYK"):
        as_mode = image.convert(mode)
        pixels = np.atleast_3d(np.asarray(as_mode.convert("L" if mode == "L" else "RGB")))
        data = file_of(as_mode, "TIFF", icc_profile=p3)
        yield f"an RGB profile of {mode}", data, pixels, EXACT
    yield "a long profile", file_of(COLOURS, "TIFF", icc_profile=bytes(1_000_000)), COLOURS, EXACT


CASES = [
    *plain_cases(),
    *transparent_cases(),
    *deep_cases(),
    *turned_cases(),
    *moving_cases(),
    *profile_cases(),
]


@pytest.mark.parametrize(
    ("data", "expected", "tolerance"), [pytest.param(*case, id=name) for name, *case in CASES]
)
def test_a_file_gives_its_pixels(data, expected, tolerance):
    opened = opened_or_refused(data)
    expected = np.asarray(expected, np.float64)
    assert expected.ndim < 3 or opened.shape[:2] == expected.shape[:2]
    np.testing.assert_allclose(
        255 * opened, np.broadcast_to(expected, opened.shape), atol=tolerance
    )
    opened[:] = 0  # it is the caller's own


def test_opening_leaves_pillow_and_the_warnings_as_they_were():
    before = list(warnings.filters)
    open_image(encode_png(noise(4, 4, 3)))
    assert opened_or_refused(b"no image") is None
    assert warnings.filters == before
    assert Image.MAX_IMAGE_PIXELS == 1024 * 1024 * 1024 // 4 // 3
    assert ImageFile.LOAD_TRUNCATED_IMAGES is False


def test_images_are_decoded_one_at_a_time_and_each_caller_gets_its_own(monkeypatch):
    meeting, load = Meeting(), ImageFile.ImageFile.load

    def attended(image):
        meeting.attend()
        return load(image)

    monkeypatch.setattr(ImageFile.ImageFile, "load", attended)
    opened = {}

    def work(level):
        opened[level] = open_image(encode_png(np.full((4, 4, 3), level, np.uint8)))

    run_together(partial(work, 1), partial(work, 2))
    assert not meeting.took_place.is_set()
    for level, image in opened.items():
        np.testing.assert_array_equal(to_uint8(image), level)


# Damage

WHOLE = noise(48, 40, 3)


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


@pytest.mark.parametrize("file_format", ["PNG", "JPEG", "BMP", "TIFF", "GIF", "WEBP"])
def test_every_flipped_bit_of_a_header_opens_or_is_refused(file_format):
    data = file_of(noise(6, 5, 3), file_format)
    for position in range(min(64, len(data))):
        for bit in range(8):
            flipped = bytearray(data)
            flipped[position] ^= 1 << bit
            opened_or_refused(bytes(flipped))


SMALL = Image.fromarray(noise(6, 5, 3))
VALID_FILES = [
    file_of(SMALL, "PNG"),
    file_of(SMALL.convert("P"), "PNG", transparency=3),
    file_of(SMALL, "JPEG"),
    file_of(SMALL.convert("CMYK"), "JPEG"),
    file_of(SMALL, "WEBP"),
    file_of(noise(6, 5, 4), "BMP"),
    file_of(noise(6, 5), "TIFF"),
    file_of(SMALL, "TIFF", compression="tiff_adobe_deflate"),
    file_of(SMALL.convert("P"), "GIF"),
]
MAGIC = [b"", b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff", b"GIF89a", b"BM", b"II*\0", b"MM\0*", b"RIFF"]


@given(magic=st.sampled_from(MAGIC), rest=st.binary(max_size=200))
def test_random_bytes_open_or_are_refused(magic, rest):
    opened_or_refused(magic + rest)


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
    opened_or_refused(changed_png(bytes(data)) if mend else bytes(data))


# Files from a folder of bad images


@pytest.fixture
def bad_images() -> Path:
    folder = os.environ.get("CAE_TEST_IMAGES")
    if not folder or not (Path(folder) / "tbbn2c16.png").exists():
        pytest.skip("CAE_TEST_IMAGES names no folder of bad images with PngSuite in it.")
    return Path(folder)


def test_every_bad_image_opens_or_is_refused_and_of_pngsuite_only_the_corrupt_are(bad_images):
    for path in (path for path in sorted(bad_images.rglob("*")) if path.is_file()):
        opened = opened_or_refused(str(path))
        # A name of PngSuite ends in colour type and bit depth: basn2c08.png.
        if re.fullmatch(r"\w{4}[0-6][gcpa]\d\d\.png", path.name):
            assert (opened is None) == path.name.startswith("x"), path.name


def test_pngsuite_interlaced_and_not_hold_the_same_image(bad_images):
    for interlaced in sorted(bad_images.glob("basi*.png")):
        plain = interlaced.with_name(interlaced.name.replace("basi", "basn"))
        np.testing.assert_array_equal(open_image(interlaced), open_image(plain))


def test_pngsuite_background_images_are_laid_over_white(bad_images):
    assert open_image(bad_images / "tp0n2c08.png")[0, 0].max() < 0.6  # not transparent
    transparent = "tp1n3p08 tbbn0g04 tbbn2c16 tbgn2c16 tbwn0g16 tbbn3p08 tbyn3p08"
    for name in transparent.split():
        np.testing.assert_array_equal(open_image(bad_images / f"{name}.png")[0, 0], 1)


# A reduction, a part, greys


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "TIFF"])
@pytest.mark.parametrize("orientation", [1, 6])
def test_a_large_image_is_reduced_as_if_it_were_opened_first(kind, orientation):
    broad = np.kron(noise(15, 20, 3), np.ones((40, 40, 1), np.uint8))
    data = file_of(broad, kind, exif=exif(orientation))
    whole = read_image(data).pixels
    reduced = read_image(data, longest_side=50)
    assert max(reduced.pixels.shape) == 50
    assert reduced.full_size == whole.shape[:2]
    expected = resize(whole, *reduced.pixels.shape[:2])
    assert np.abs(reduced.pixels - expected).mean() < 0.02
    for more in ({"longest_side": 5000}, {"most_pixels": 480_000}):
        assert read_image(data, **more).pixels.shape == whole.shape
    by_pixels = read_image(data, most_pixels=1200)  # of 480,000: a twentieth of each side
    assert by_pixels.pixels.shape[:2] == tuple(side // 20 for side in whole.shape[:2])


def test_a_large_jpeg_is_decoded_at_a_fraction_of_its_size(monkeypatch):
    sizes, load = [], ImageFile.ImageFile.load

    def measured(image):
        sizes.append(image.size)
        return load(image)

    monkeypatch.setattr(ImageFile.ImageFile, "load", measured)
    read_image(file_of(Image.new("RGB", (1600, 800)), "JPEG"), longest_side=100)
    assert sizes[0] == (200, 100)


@pytest.mark.parametrize("orientation", [1, 6])
def test_a_part_is_the_part_of_the_upright_image(orientation):
    data = file_of(noise(30, 40, 4), "PNG", exif=exif(orientation))
    whole, part = read_image(data), read_image(data, box=(3, 5, 20, 25))
    np.testing.assert_array_equal(part.pixels, whole.pixels[5:25, 3:20])
    np.testing.assert_array_equal(part.opacity, whole.opacity[5:25, 3:20])
    assert part.full_size == whole.full_size


def test_the_thinnest_images_are_reduced():
    for size in ((1, 3000), (3000, 1)):
        reduced = read_image(file_of(Image.new("RGB", size, "white"), "PNG"), longest_side=100)
        assert sorted(reduced.pixels.shape) == [1, 100]
        assert reduced.pixels.min() == 1


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP", "TIFF", "GIF", "BMP"])
@pytest.mark.parametrize("mode", ["L", "RGB"])
def test_grey_images_are_grey_whatever_their_mode(kind, mode):
    image = Image.fromarray(noise(20, 30)).resize((300, 200)).convert(mode)
    assert read_image(file_of(image, kind)).pixels.shape == (200, 300)


def test_a_colour_at_the_end_of_a_large_grey_image_is_kept():
    pixels = np.full((1200, 1000, 3), 90, np.uint8)  # more than one strip
    pixels[-1, -1] = BROWN
    opened = read_image(file_of(pixels, "PNG")).pixels
    np.testing.assert_allclose(255 * opened[-1, -1], BROWN, atol=EXACT)
    np.testing.assert_allclose(255 * opened[:2], 90, atol=EXACT)


def test_a_grey_image_with_a_profile_in_colour_stays_grey():
    image = Image.fromarray(noise(9, 13)).convert("RGB")
    assert read_image(file_of(image, "PNG", icc_profile=wide_gamut_profile())).pixels.ndim == 2


@pytest.mark.skipif(not HAS_AVIF, reason="This Pillow reads no AVIF.")
def test_an_avif_opens():
    opened = open_image(file_of(Image.new("RGB", (16, 12), BROWN), "AVIF", quality=95))
    np.testing.assert_allclose(255 * opened, np.broadcast_to(BROWN, (12, 16, 3)), atol=4)


def test_memory_is_asked_for_before_an_image_is_decoded(monkeypatch):
    class FullError(Exception):
        pass

    def refuse(size):
        asked.append(size)
        raise FullError

    asked: list[int] = []
    data = file_of(noise(400, 500, 3), "JPEG")
    monkeypatch.setattr(ImageFile.ImageFile, "load", None)  # decoding would be a TypeError
    for options in ({}, {"longest_side": 50}):
        with pytest.raises(FullError):
            read_image(data, admission=refuse, **options)
    whole, reduced = asked
    assert whole - reduced > 400 * 500 * 12
