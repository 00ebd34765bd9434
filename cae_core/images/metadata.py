"""The metadata of an image file: those that a new file keeps, and those that it cannot."""

from __future__ import annotations

import math

from PIL import ExifTags, Image

# Tags of the first EXIF directory that tell of the photograph; the others tell how the old file
# stored it.
_KEPT = (
    ExifTags.Base.ImageDescription,
    ExifTags.Base.Make,
    ExifTags.Base.Model,
    ExifTags.Base.Software,
    ExifTags.Base.DateTime,
    ExifTags.Base.Artist,
    ExifTags.Base.Copyright,
    ExifTags.Base.DocumentName,
    ExifTags.Base.HostComputer,
    ExifTags.Base.Rating,
    ExifTags.Base.XPTitle,
    ExifTags.Base.XPComment,
    ExifTags.Base.XPAuthor,
    ExifTags.Base.XPKeywords,
    ExifTags.Base.XPSubject,
)
_DIRECTORIES = (ExifTags.IFD.Exif, ExifTags.IFD.GPSInfo)
# Sizes of the old image, which a turned one hasn't.
_OUTDATED = (ExifTags.Base.ExifImageWidth, ExifTags.Base.ExifImageHeight, ExifTags.IFD.Interop)
_SRGB = 1
_MOST_DPI = 100_000
# What other formats call their texts, by the key that Pillow keeps them under.
_LEFT_OUT = {
    "xmp": "XMP metadata",
    "XML:com.adobe.xmp": "XMP metadata",
    "photoshop": "IPTC metadata",
    "comment": "its comment",
}
# The same of a TIFF file, by tag.
_LEFT_OUT_TAGS = {33723: "IPTC metadata", 34377: "IPTC metadata"}
_EXIF_TEXT = "Raw profile type exif"
# What PNG's gAMA and cHRM chunks say of an sRGB image; tools round it to one or two digits.
_SRGB_GAMMA, _GAMMA_ROUNDED = 1 / 2.2, 0.01
_SRGB_CHROMATICITIES = (0.3127, 0.329, 0.64, 0.33, 0.3, 0.6, 0.15, 0.06)
_CHROMATICITIES_ROUNDED = 0.005


def exif_of(image: Image.Image) -> bytes:
    """The EXIF metadata that stays true of the upright image in sRGB; empty where there is none.

    Args:
        image: An opened image.
    """
    old, new = image.getexif(), Image.Exif()
    for tag in _KEPT:
        if tag in old:
            new[tag] = old[tag]
    for directory in _DIRECTORIES:
        values = {
            key: value for key, value in old.get_ifd(directory).items() if key not in _OUTDATED
        }
        if ExifTags.Base.ColorSpace in values:
            values[ExifTags.Base.ColorSpace] = _SRGB
        if values:
            new.get_ifd(directory).update(values)
    return new.tobytes() if len(new) or any(map(new.get_ifd, _DIRECTORIES)) else b""


def dpi_of(image: Image.Image) -> tuple[float, float] | None:
    """Pixels per inch across and down, where the file says so."""
    try:
        across, down = (float(value) for value in image.info["dpi"])
    except (LookupError, TypeError, ValueError, ArithmeticError):
        return None
    is_sane = all(math.isfinite(value) and 1 < value <= _MOST_DPI for value in (across, down))
    return (across, down) if is_sane else None


def left_out_of(image: Image.Image, pages: int) -> tuple[str, ...]:
    """The parts of an image that a PNG file of its first frame lacks, each in a few words.

    Args:
        image: An opened image.
        pages: Number of its pages, where it has such.

    Example:
        >>> left_out_of(Image.new("L", (1, 1)), 3)
        ('2 other pages',)
    """
    found = [words for key, words in _LEFT_OUT.items() if image.info.get(key)]
    if image.format == "TIFF":
        found += [words for tag, words in _LEFT_OUT_TAGS.items() if tag in image.getexif()]
    texts = (key for key, value in image.info.items() if isinstance(value, str))
    if image.format == "PNG" and any(key not in (*_LEFT_OUT, _EXIF_TEXT) for key in texts):
        found.append("the texts in its file")
    if image.format == "PNG" and not {"srgb", "icc_profile"} & image.info.keys():
        found += _colours_not_applied(image)
    if pages > 1:
        found.append("1 other page" if pages == 2 else f"{pages - 1:,} other pages")
    elif image.format == "MPO":
        found.append("the second image that a phone puts beside it")
    elif image.format != "TIFF" and getattr(image, "is_animated", False):
        found.append("its other frames")
    return tuple(dict.fromkeys(found))


def _colours_not_applied(image: Image.Image) -> list[str]:
    """Which of a PNG file's older chunks about colours differ from sRGB's: none is applied."""
    found = []
    gamma = image.info.get("gamma", _SRGB_GAMMA)
    if abs(gamma - _SRGB_GAMMA) > _GAMMA_ROUNDED:
        found.append(f"its gamma of {gamma:.3g} (read as sRGB)")
    told = image.info.get("chromaticity", _SRGB_CHROMATICITIES)
    pairs = zip(told, _SRGB_CHROMATICITIES, strict=False)
    if any(abs(ours - srgb) > _CHROMATICITIES_ROUNDED for ours, srgb in pairs):
        found.append("its primary colours (read as sRGB's)")
    return found
