"""Images that were made of a photo, as downloads."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from pathlib import PurePath

import numpy as np
import streamlit as st

from cae_core.images.decoding import OpenedImage
from cae_core.images.encoding import JPEG_QUALITY, LONGEST_JPEG, encode_like, lost_as
from cae_ui.common.downloads import show_download
from cae_ui.common.file_names import photo_name
from cae_ui.common.photo_input import Photo
from cae_ui.common.wording import plain

FORMATS = {".png": "PNG", ".jpg": "JPEG", ".tif": "TIFF"}
AS_ORIGINAL = "original"
"""A choice in place of a format: that of the photo's file, or PNG where that is another."""

_OF_ORIGINAL = {
    ".jpg": ".jpg",
    ".jpeg": ".jpg",
    ".jfif": ".jpg",
    ".tif": ".tif",
    ".tiff": ".tif",
}


def show_downloads(photo: Photo, opened: OpenedImage, images: Mapping[str, np.ndarray]) -> None:
    """Images as files, in a format that can be chosen.

    Args:
        photo: The photo.
        opened: The photo as its file has it.
        images: What was made of it, by what was done, such as "denoised".
    """
    with st.container(horizontal=True, vertical_alignment="center"):
        place = st.container(horizontal=True, width="content")
        ending, quality = format_input(photo, opened)
        with place:
            for made, image in images.items():
                show_download(
                    made.capitalize(),
                    partial(encode_like, opened, image, ending, quality),
                    photo_name(photo.name, made, ending),
                )
    say_lost(photo, opened, ending)


def say_lost(photo: Photo, opened: OpenedImage, ending: str) -> None:
    """Says what a download lacks of a photo's file beside what `overview` has said.

    Args:
        photo: The photo.
        opened: The photo as its file has it.
        ending: Ending of the download's name, see `lost_as`.
    """
    lost = lost_as(opened, ending)
    if lost and not photo.is_sample:
        st.caption(
            f":material/info: Not kept in {plain(FORMATS.get(ending, ending))}: "
            f"{plain(', '.join(lost))}."
        )


def format_input(photo: Photo, opened: OpenedImage) -> tuple[str, int]:
    """The format of downloads as the ending of their names, and the quality of a JPEG.

    TIFF is offered for what came as one, and for what has more than 8 bits a channel.

    Args:
        photo: The photo.
        opened: The photo as its file has it.
    """
    endings = [".png"]
    if max(opened.full_size) <= LONGEST_JPEG:
        endings.append(".jpg")
    if opened.bits == 16 or PurePath(photo.name).suffix.lower() in (".tif", ".tiff"):
        endings.append(".tif")
    ending = st.segmented_control(
        "Format of downloads", endings, format_func=FORMATS.__getitem__, default=".png",
        required=True, key="format", label_visibility="collapsed",
    )  # fmt: skip
    return str(ending), _quality_input("JPEG quality", "jpeg-quality", str(ending))


def zip_format_input() -> tuple[str, int]:
    """As `format_input`, the format of several photos in a zip; `AS_ORIGINAL` for that of each."""
    choices = FORMATS | {AS_ORIGINAL: "As the original"}
    ending = st.segmented_control(
        "Format in the zip", list(choices), format_func=choices.__getitem__, default=".png",
        required=True, key="zip-format", wrap=True,
    )  # fmt: skip
    return str(ending), _quality_input("JPEG quality in the zip", "zip-quality", str(ending))


def ending_for(name: str, full_size: tuple[int, int], ending: str) -> str:
    """The ending of the name of a photo's result in a zip.

    Args:
        name: Name of the photo.
        full_size: Its height and width; a JPEG has no longer sides than `LONGEST_JPEG`.
        ending: A choice of `zip_format_input`.
    """
    if ending == AS_ORIGINAL:
        ending = _OF_ORIGINAL.get(PurePath(name).suffix.lower(), ".png")
    return ".png" if ending == ".jpg" and max(full_size) > LONGEST_JPEG else ending


def _quality_input(label: str, key: str, ending: str) -> int:
    """The quality of a JPEG; a slider where there may be one."""
    if ending not in (".jpg", AS_ORIGINAL):
        return JPEG_QUALITY
    return st.slider(label, 50, 95, JPEG_QUALITY, key=key, width=220)
