"""What was made of a photo, in files: in memory it would stay as long as its visitor."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from cae_core.images.decoding import OpenedImage
from cae_core.images.encoding import JPEG_QUALITY, encode_like, lost_as, save_like
from cae_core.images.operations import to_uint8
from cae_ui.common.photo_output import FORMATS

_ROWS_AT_ONCE = 64


@dataclass(frozen=True)
class SavedResult:
    """A result for a photo.

    Attributes:
        opened: The photo without its pixels and its opacity.
        pixels: The result, uint8 as NumPy's file.
        opacity: The photo's opacity, likewise; None for an opaque one.
        files: The result as image files, by ending; others are made when they are asked for.
        lost: What a file of a format lacks of the photo's, by ending.
    """

    opened: OpenedImage
    pixels: Path
    opacity: Path | None
    files: Mapping[str, Path]
    lost: Mapping[str, tuple[str, ...]]

    def encoded(self, ending: str, quality: int = JPEG_QUALITY) -> bytes:
        """The result as the content of a file, which has as many bits a channel as `files` do.

        Args:
            ending: Ending of the file's name, one of `FORMATS`.
            quality: Of a JPEG.
        """
        if ending in self.files:
            return self.files[ending].read_bytes()
        opacity = None
        if self.opacity is not None:
            opacity = np.load(self.opacity) / np.float32(255)
        opened = replace(self.opened, opacity=opacity)
        return encode_like(opened, np.load(self.pixels), ending, quality)


def save_result(
    folder: Path,
    make: Callable[[], tuple[OpenedImage, np.ndarray]],
    on_save: Callable[[str], object] = lambda _: None,
) -> SavedResult:
    """Saves the result for a photo as PNG, and one of more than 8 bits a channel as TIFF, too.

    Args:
        folder: Where: a folder of its own.
        make: Function that opens the photo and makes the result, and keeps neither.
        on_save: Called with the name of a format before a file of it is written.
    """
    opened, result = make()
    pixels, opacity = folder / "result.npy", folder / "opacity.npy"
    keep(pixels, result)
    if opened.opacity is not None:
        keep(opacity, opened.opacity)
    if opened.bits == 8:  # the floats go before the file is made, which takes as much
        result = np.load(pixels, mmap_mode="r")
        opened = replace(opened, pixels=result)
    endings = (".png",) if opened.bits == 8 else (".png", ".tif")
    files = {ending: folder / f"result{ending}" for ending in endings}
    for ending, target in files.items():
        on_save(FORMATS[ending])
        with target.open("wb") as file:
            save_like(opened, result, file, ending)
    return SavedResult(
        replace(opened, pixels=np.empty((0, 0), np.float32), opacity=None),
        pixels,
        None if opened.opacity is None else opacity,
        files,
        {ending: lost_as(opened, ending) for ending in FORMATS},
    )


def keep(path: Path, image: np.ndarray) -> None:
    """Writes an image as bytes into NumPy's file, some rows at a time."""
    with path.open("wb") as file:
        header = {"descr": "|u1", "fortran_order": False, "shape": image.shape}
        np.lib.format.write_array_header_1_0(file, header)
        for top in range(0, len(image), _ROWS_AT_ONCE):
            file.write(to_uint8(image[top : top + _ROWS_AT_ONCE]).tobytes())
