"""Colours of 16 bits a channel, of which Pillow's modes hold 8.

Its decoders read all 16 and keep one byte of each channel, by the name of the raw mode the upper or
the lower one. Decoded twice, an image has both, and filters, interlacing and compression are
Pillow's work as for any other.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from PIL import Image, ImageFile

from cae_core.images import tiff

# Pillow's raw modes by the one that takes the other byte of each channel. ";16N" is the byte order
# of this machine.
_NATIVE = "B" if sys.byteorder == "little" else "L"
_OTHER_BYTE = {
    f"{colours};16{order}": f"{colours};16{other}"
    for colours in ("RGB", "RGBA", "RGBX")
    for order, other in (("L", "B"), ("B", "L"), ("N", _NATIVE))
}
_GREY_ALPHA = "LA;16B"


@dataclass(frozen=True)
class Deep:
    """Both bytes of the channels of an image.

    Attributes:
        upper: The upper bytes; RGB, RGBA or LA.
        lower: The lower bytes, in the same mode.
    """

    upper: Image.Image
    lower: Image.Image

    def values(self, box: tuple[int, int, int, int]) -> np.ndarray:
        """The numbers in a box (left, top, right, bottom): uint16 (h, w, 2, 3 or 4)."""
        upper, lower = (np.asarray(image.crop(box)) for image in (self.upper, self.lower))
        return upper.astype(np.uint16) << 8 | lower

    def map(self, change: Callable[[Image.Image], Image.Image]) -> Deep:
        """The same change of both."""
        return Deep(change(self.upper), change(self.lower))


def is_deep(image: ImageFile.ImageFile) -> bool:
    """Whether an opened image that isn't loaded yet has colours of 16 bits a channel."""
    raw_modes = {_raw_mode(tile) for tile in image.tile}
    return raw_modes == {_GREY_ALPHA} or (len(raw_modes) == 1 and raw_modes <= _OTHER_BYTE.keys())


def load_deep(image: ImageFile.ImageFile, again: Callable[[], ImageFile.ImageFile]) -> Deep | None:
    """Decodes colours of 16 bits a channel.

    Args:
        image: An opened image that isn't loaded yet.
        again: Opens it once more.

    Returns:
        Its channels; None for an image of another kind, which is as it was.
    """
    if not is_deep(image):
        return None
    raw_mode = _raw_mode(image.tile[0])
    if raw_mode == _GREY_ALPHA:
        # Grey and alpha, two bytes each: as four channels of one byte.
        _set_raw_mode(image, "RGBA")
        image.load()
        grey, grey_low, alpha, alpha_low = image.split()
        return Deep(Image.merge("LA", (grey, alpha)), Image.merge("LA", (grey_low, alpha_low)))
    lower = again()
    _set_raw_mode(lower, _OTHER_BYTE[raw_mode])
    image.load()
    lower.load()
    return Deep(image, lower)


def load_planar(
    directory: tiff.Directory, again: Callable[[int], ImageFile.ImageFile]
) -> Deep | None:
    """Decodes RGB of 16 bits whose channels are stored one after the other.

    Args:
        directory: The image's place in its TIFF file.
        again: Opens one of its channels as an image of greys.

    Returns:
        Its channels; None for an image of another kind.

    Raises:
        ValueError: Channels that aren't red, green, blue and alpha.
    """
    bits = directory.values.get(tiff.BITS, ())
    if not directory.is_planar or max(bits, default=1) <= 8:
        return None
    modes = {3: "RGB", 4: "RGBA"}
    if set(bits) != {16} or directory.first(tiff.PHOTOMETRIC) != 2 or len(bits) not in modes:
        raise ValueError("separate channels other than red, green and blue of 16 bits")
    planes = [np.asarray(again(channel)).astype(np.uint16) for channel in range(len(bits))]
    upper, lower = (
        Image.merge(
            modes[len(bits)],
            [Image.fromarray((plane >> shift & 255).astype(np.uint8)) for plane in planes],
        )
        for shift in (8, 0)
    )
    return Deep(upper, lower)


def _raw_mode(tile: Any) -> str:
    """The raw mode of a tile, which stands first in its arguments or alone."""
    args = tile.args
    return args if isinstance(args, str) else str(args[0]) if args else ""


def _set_raw_mode(image: ImageFile.ImageFile, raw_mode: str) -> None:
    """Has the decoder unpack all tiles in another way."""
    image.tile = [
        tile._replace(args=(raw_mode, *tile.args[1:]) if isinstance(tile.args, tuple) else raw_mode)
        for tile in image.tile
    ]
