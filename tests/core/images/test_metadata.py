"""What a file says beside its pixels: kept in what is saved, or named."""

import io
import struct

import numpy as np
import pytest
import tifffile
from PIL import ExifTags, Image, PngImagePlugin, TiffImagePlugin

from cae_core.images.decoding import OpenedImage, read_image
from cae_core.images.encoding import encode_like, lost_as
from tests.core.images.making_files import exif as turned
from tests.core.images.making_files import file_of, noise, png_file, png_header
from tests.core.images.test_decoding import wide_gamut_profile

EXPOSURE = 33434
LATITUDE = 2


def camera_exif():
    """Metadata of a photo that a camera held upright took."""
    exif = Image.Exif()
    exif[ExifTags.Base.Make], exif[ExifTags.Base.Orientation] = "Camera", 6
    exif[ExifTags.Base.Rating], exif[ExifTags.Base.XPTitle] = 5, "title".encode("utf-16-le")
    exif.get_ifd(ExifTags.IFD.Exif)[EXPOSURE] = 0.5
    exif.get_ifd(ExifTags.IFD.Exif)[ExifTags.Base.ExifImageWidth] = 9
    exif.get_ifd(ExifTags.IFD.Exif)[ExifTags.Base.ColorSpace] = 65535
    exif.get_ifd(ExifTags.IFD.GPSInfo)[LATITUDE] = (47.0, 0.0, 0.0)
    return exif


@pytest.mark.parametrize("ending", [".png", ".tif", ".jpg"])
@pytest.mark.parametrize("deep", [False, True], ids=["8 bits", "16 bits"])
@pytest.mark.parametrize("kind", ["PNG", "TIFF", "JPEG", "WEBP"])
def test_what_tells_of_the_photo_is_kept_and_what_told_of_the_old_file_is_not(
    kind, deep, ending, tmp_path
):
    pixels = noise(6, 9)
    if deep:
        pixels = pixels.astype(np.uint16) * 257
        if kind in ("JPEG", "WEBP"):
            pytest.skip("This format has 8 bits.")
    options = {} if kind == "WEBP" else {"dpi": (300, 150)}
    data = file_of(pixels, kind, exif=camera_exif().tobytes(), **options)
    opened = read_image(data)
    assert opened.full_size == (9, 6)
    path = tmp_path / f"saved{ending}"
    path.write_bytes(encode_like(opened, opened.pixels, ending))
    with Image.open(path) as image:
        image.load()
        assert image.size == (6, 9)  # upright
        exif = image.getexif()
        if options:
            assert image.info["dpi"] == pytest.approx((300, 150), abs=0.1)
    assert exif[ExifTags.Base.Make] == "Camera"
    assert exif[ExifTags.Base.Rating] == 5
    assert bytes(exif[ExifTags.Base.XPTitle]).decode("utf-16-le") == "title"
    assert ExifTags.Base.Orientation not in exif
    details = exif.get_ifd(ExifTags.IFD.Exif)
    assert details[EXPOSURE] == pytest.approx(0.5)
    assert ExifTags.Base.ExifImageWidth not in details
    assert details[ExifTags.Base.ColorSpace] == 1  # sRGB
    assert exif.get_ifd(ExifTags.IFD.GPSInfo)[LATITUDE] == (47.0, 0.0, 0.0)


def test_metadata_behind_the_pixels_turns_a_png_upright():
    whole = file_of(noise(4, 6), "PNG", exif=camera_exif().tobytes())
    start = whole.index(b"eXIf") - 4
    length = 12 + int.from_bytes(whole[start : start + 4])
    end = whole.index(b"IEND") - 4
    moved = (
        whole[:start] + whole[start + length : end] + whole[start : start + length] + whole[end:]
    )
    assert read_image(moved).full_size == (6, 4)
    assert read_image(moved).exif == read_image(whole).exif != b""


@pytest.mark.parametrize("bits", [8, 16])
@pytest.mark.parametrize("channels", [1, 3])
def test_transparency_and_precision_are_kept(bits, channels):
    words = noise(5, 7, channels + 1, high=65536, dtype=np.uint16)
    levels = (words >> 8).astype(np.uint8)
    rows = b"".join(b"\0" + row.astype(">u2").tobytes() for row in words)
    if bits == 16:
        data = png_file(png_header(7, 5, 16, 4 if channels == 1 else 6), rows)
    else:
        data = file_of(levels, "PNG")
    opened = read_image(data)
    assert opened.pixels.shape == (5, 7) if channels == 1 else (5, 7, 3)
    for ending in (".png", ".tif"):
        again = read_image(encode_like(opened, 1 - opened.pixels, ending))
        assert opened.bits == again.bits == bits
        read = np.atleast_3d(again.pixels)  # a TIFF file has three equal channels for grey
        np.testing.assert_allclose(read - np.atleast_3d(1 - opened.pixels), 0, atol=1e-5)
        np.testing.assert_allclose(again.opacity, opened.opacity, atol=1e-5)
    exact = (words if bits == 16 else levels)[..., -1] / (65535 if bits == 16 else 255)
    np.testing.assert_allclose(opened.opacity, exact, atol=1e-5)


def test_a_tiff_of_many_rows_is_read_by_others_with_its_resolution():
    pixels = noise(150, 9, 3).astype(np.uint16) * 257
    file = io.BytesIO()
    tifffile.imwrite(file, pixels, photometric="rgb", resolution=(300, 150), resolutionunit="INCH")
    opened = read_image(file.getvalue())
    content = encode_like(opened, opened.pixels, ".tif")
    np.testing.assert_array_equal(tifffile.imread(io.BytesIO(content)), pixels)
    assert read_image(content).dpi == pytest.approx((300, 150))


def test_a_jpeg_can_be_saved_as_one_again_which_lies_over_white():
    exif = camera_exif()
    opened = read_image(file_of(noise(6, 9, 3), "JPEG", exif=exif.tobytes(), quality=95))
    assert opened.is_jpeg
    again = read_image(encode_like(opened, opened.pixels, ".jpg"))
    assert again.is_jpeg and again.exif == opened.exif
    np.testing.assert_allclose(again.pixels, opened.pixels, atol=0.1)
    clear = read_image(file_of(np.zeros((8, 8, 4), np.uint8), "PNG"))
    assert not clear.is_jpeg
    for pixels in (clear.pixels, np.zeros((8, 8, 3), np.uint8)):
        assert read_image(encode_like(clear, pixels, ".jpg")).pixels.min() > 0.98


def test_what_cannot_be_kept_is_named():
    image = Image.fromarray(noise(6, 9, 3))
    assert read_image(file_of(image, "JPEG")).left_out == ()
    assert read_image(file_of(image, "JPEG", comment=b"words")).left_out == ("its comment",)
    frames = file_of(image, "GIF", save_all=True, append_images=[image.rotate(180)])
    assert read_image(frames).left_out == ("its other frames",)
    xmp = file_of(image, "WEBP", xmp=b"<x:xmpmeta/>")
    assert read_image(xmp).left_out == ("XMP metadata",)
    texts = PngImagePlugin.PngInfo()
    texts.add_text("Author", "somebody", zip=True)
    assert read_image(file_of(image, "PNG", pnginfo=texts)).left_out == ("the texts in its file",)
    iptc = TiffImagePlugin.ImageFileDirectory_v2()
    iptc[33723] = b"iptc"
    assert read_image(file_of(image, "TIFF", tiffinfo=iptc)).left_out == ("IPTC metadata",)


def test_damaged_metadata_is_named_and_dropped():
    data = file_of(noise(6, 9, 3), "JPEG", exif=b"Exif\0\0II*\0\xff\xff\xff\xff", quality=90)
    opened = read_image(data)
    assert opened.exif == b""
    assert opened.left_out == ("EXIF metadata, which cannot be read",)
    upright = file_of(noise(6, 9, 3), "JPEG", exif=turned(6))
    assert read_image(upright).left_out == ()


def test_a_tiff_has_its_metadata_for_other_programs_too():
    exif = camera_exif()
    del exif[ExifTags.Base.Orientation]
    opened = read_image(file_of(noise(150, 9, 3), "PNG", exif=exif.tobytes()))
    content = encode_like(opened, opened.pixels, ".tif")
    assert read_image(content).exif == opened.exif
    with tifffile.TiffFile(io.BytesIO(content)) as file:
        (page,) = file.pages
        np.testing.assert_array_equal(page.asarray(), noise(150, 9, 3))
        assert page.tags[ExifTags.Base.Make].value == "Camera"
        assert page.tags[ExifTags.IFD.Exif].value["ExposureTime"] == pytest.approx(0.5)
        codes = [tag.code for tag in page.tags.values()]
    assert codes == sorted(codes)


CLEAR = np.full((8, 8), 0.5, np.float32)
LONG_EXIF = Image.Exif()
LONG_EXIF[ExifTags.Base.ImageDescription] = "x" * 70_000


@pytest.mark.parametrize(
    ("has", "lost_in_jpeg"),
    [
        ({}, ()),
        ({"opacity": CLEAR}, ("transparency (white lies below)",)),
        ({"bits": 16}, ("all but 8 of its 16 bits a channel",)),
        ({"exif": camera_exif().tobytes()}, ()),
        ({"exif": LONG_EXIF.tobytes()}, ("EXIF metadata",)),
        ({"dpi": (300.0, 300.0)}, ()),
        ({"dpi": (90_000.0, 300.0)}, ("resolution",)),
    ],
    ids=["nothing", "opacity", "16 bits", "EXIF", "long EXIF", "resolution", "fine resolution"],
)
def test_each_format_loses_what_is_said_and_nothing_else(has, lost_in_jpeg):
    pixels = np.full((8, 8, 3), 0.3, np.float32)
    opened = OpenedImage(pixels, full_size=(8, 8), **({"opacity": None} | has))
    for ending in (".png", ".tif", ".jpg"):
        lost = lost_in_jpeg if ending == ".jpg" else ()
        assert lost_as(opened, ending) == lost
        again = read_image(encode_like(opened, pixels, ending))
        if lost:
            assert again.opacity is None and again.bits == 8
            assert again.exif == b"" and again.dpi is None
            continue
        assert again.bits == opened.bits
        assert (again.opacity is None) == (opened.opacity is None)
        assert Image.Exif.get(_loaded(again), 270) == Image.Exif.get(_loaded(opened), 270)
        assert bool(again.exif) == bool(opened.exif)
        if opened.dpi is not None:
            assert again.dpi == pytest.approx(opened.dpi, rel=1e-3)
    words = {"opacity": "transparency", "bits": "16 bits", "exif": "EXIF", "dpi": "resolution"}
    said = " ".join(lost_as(opened, ".cae"))
    assert [part in said for part in words.values()] == [part in has for part in words]


def _loaded(opened):
    """The metadata of an opened image."""
    exif = Image.Exif()
    exif.load(opened.exif)
    return exif


def test_12_bit_values_in_16_bits_are_noticed_and_stretched():
    values = np.linspace(0, 4095, 12).astype(np.uint16).reshape(3, 4)
    for kind in ("PNG", "TIFF"):
        data = file_of(values, kind)
        opened = read_image(data)
        assert (opened.bits, opened.used_bits) == (16, 12)
        assert opened.pixels.max() < 0.07
        stretched = read_image(data, stretch=True)
        np.testing.assert_allclose(stretched.pixels, values / 4095, atol=1e-6)
    full = read_image(file_of(values * 16, "PNG"), stretch=True)
    assert full.used_bits == 16
    np.testing.assert_allclose(full.pixels, values * 16 / 65535, atol=1e-6)


def test_a_bitmap_has_its_alpha_and_its_profile():
    pixels = noise(4, 5, 4)
    assert read_image(bitmap(pixels)).opacity is not None
    np.testing.assert_allclose(read_image(bitmap(pixels)).opacity, pixels[..., 3] / 255, atol=1e-6)
    pixels[..., 3] = 0  # as programs write it that know no transparency
    opened = read_image(bitmap(pixels))
    assert opened.opacity is None
    np.testing.assert_allclose(opened.pixels, pixels[..., :3] / 255, atol=1e-6)
    vivid = np.full((4, 5, 4), (204, 102, 102, 255), np.uint8)
    converted = read_image(bitmap(vivid, wide_gamut_profile())).pixels
    np.testing.assert_allclose(255 * converted, np.broadcast_to((220, 94.5, 98), (4, 5, 3)), atol=3)


def bitmap(pixels, profile=b""):
    """A BMP file of RGB and alpha with the newest header."""
    height, width = pixels.shape[:2]
    rows = pixels[::-1, :, [2, 1, 0, 3]].tobytes()
    kind = b"DEBM" if profile else b"BGRs"
    header = struct.pack("<LllHHLLllLL", 124, width, height, 1, 32, 0, len(rows), 0, 0, 0, 0)
    header += bytes(16) + kind + bytes(48)
    header += struct.pack("<4L", 4, 124 + len(rows), len(profile), 0)
    head = b"BM" + struct.pack("<LHHL", 138 + len(rows), 0, 0, 138)
    return head + header + rows + profile


def test_colours_of_a_png_that_are_not_applied_are_named():
    def opened(*chunks):
        info = PngImagePlugin.PngInfo()
        for name, values in chunks:
            info.add(name, struct.pack(f">{len(values)}I", *values))
        return read_image(file_of(Image.new("RGB", (8, 8)), "PNG", pnginfo=info)).left_out

    srgb = (31270, 32900, 64000, 33000, 30000, 60000, 15000, 6000)
    adobe = (31270, 32900, 64000, 33000, 21000, 71000, 15000, 6000)
    assert opened((b"gAMA", (45455,)), (b"cHRM", srgb)) == ()
    assert opened((b"gAMA", (100000,))) == ("its gamma of 1 (read as sRGB)",)
    assert opened((b"cHRM", adobe)) == ("its primary colours (read as sRGB's)",)
