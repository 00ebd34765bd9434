"""From a decoded Pillow image of any mode to float colours in sRGB, and their opacity."""

from __future__ import annotations

import io
import itertools
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
from PIL import Image, ImageCms

from cae_core.errors import ImageError
from cae_core.images.deep import Deep
from cae_core.images.profiles import Transform, float_transform

Box = tuple[int, int, int, int]
"""Left, top, right and bottom, in pixels."""

_BYTE, _WORD = 255, 65535
# Bits of the values that cameras and scanners put into files of 16 bits.
_NARROW = (8, 10, 12, 14)
# Large images are converted in strips of about this many pixels, so that the intermediate copies
# stay small beside the result.
_STRIP_PIXELS = 1_000_000
# A profile that changes no colour by more than this is sRGB under some name, and not applied.
_SAME = 2 / 255


@dataclass(frozen=True)
class Decoded:
    """A decoded, upright image.

    Attributes:
        image: The image; of 16 bits a channel in colour, the upper bytes.
        deep: Both bytes of colours of 16 bits a channel; None for an image of another kind.
        profile: Content of its colour profile; empty for sRGB.
        received: Words for its file in an error message.
        white: Value of white in 16 bits.
    """

    image: Image.Image
    deep: Deep | None
    profile: bytes
    received: str
    white: int = _WORD

    @property
    def size(self) -> tuple[int, int]:
        """Width and height in pixels."""
        return self.image.size

    @property
    def bits(self) -> int:
        """8, or 16 for more than 8 bits a channel."""
        return 16 if self.deep is not None or self.image.mode.startswith(("I;16", "F")) else 8

    @cached_property
    def used_bits(self) -> int:
        """Bits that the values need, fewer than 16 where nobody stretched 12-bit data to white."""
        if self.deep is None and not self.image.mode.startswith("I;16"):
            return self.bits
        largest = max(int(self._words(box).max()) for box in strips((0, 0, *self.image.size)))
        return next((bits for bits in _NARROW if 0 < largest < 1 << bits), 16)

    def stretched(self) -> Decoded:
        """The image with white at the largest number of `used_bits` bits."""
        return replace(self, white=(1 << self.used_bits) - 1) if self.bits == 16 else self

    @property
    def is_grey(self) -> bool:
        """True for modes without colours."""
        mode = self.image.mode
        return mode in ("1", "L", "LA", "La", "F") or mode.startswith("I;16")

    def colours(self, box: Box) -> tuple[np.ndarray, np.ndarray | None]:
        """The pixels in a box.

        Returns:
            sRGB, float32 in [0, 1], (h, w, 1) where all are grey, else (h, w, 3); and opacity,
            float32 (h, w), or None.
        """
        if self.image.mode == "F":
            values, opacity = _floats(self.image.crop(box), self.received), None
        elif self.bits == 16:
            values, opacity = self._deep_colours(box)
        else:
            return self._byte_colours(box)
        is_grey = bool((values == values[..., :1]).all())
        if is_grey:
            values = values[..., :1]
        transform = self._float_transform(values.shape[2])
        return transform(values) if transform else values, opacity

    def _words(self, box: Box) -> np.ndarray:
        """uint16 (h, w, C), alpha left out."""
        if self.deep is None:
            return np.asarray(self.image.crop(box))[..., np.newaxis]
        words = self.deep.values(box)
        return words[..., :1] if words.shape[2] == 2 else words[..., :3]

    def _deep_colours(self, box: Box) -> tuple[np.ndarray, np.ndarray | None]:
        """Colours of 16 bits a channel, and their opacity."""
        words = self._words(box)
        opacity = None
        transparent = self.image.info.get("transparency")
        if isinstance(transparent, int | tuple):
            opacity = (words != np.asarray(transparent)).any(axis=2).astype(np.float32)
        elif self.deep is not None and self.deep.upper.mode in ("LA", "RGBA"):
            opacity = self.deep.values(box)[..., -1] / np.float32(_WORD)
        return np.minimum(words / np.float32(self.white), 1), opacity

    def _byte_colours(self, box: Box) -> tuple[np.ndarray, np.ndarray | None]:
        """Colours of 8 bits a channel, in sRGB, and their opacity."""
        colour, alpha = _split_alpha(self.image.crop(box))
        opacity = None if alpha is None else np.asarray(alpha, np.float32) / np.float32(_BYTE)
        plain = np.asarray(colour if colour.mode == "L" else colour.convert("RGB"))
        is_grey = colour.mode == "L" or bool((plain == plain[..., :1]).all())
        if self._byte_transform is not None and colour.mode != "L":
            plain = np.asarray(self._byte_transform.apply(colour))
        values = np.atleast_3d(plain).astype(np.float32)  # (h, w) -> (h, w, 1)
        values /= _BYTE
        if is_grey:  # a profile may leave a trace of colour in it, by rounding
            values = values.mean(axis=2, keepdims=True)
        transform = self._float_transform(1) if colour.mode == "L" else None
        return transform(values) if transform else values, opacity

    def _float_transform(self, channels: int) -> Transform | None:
        """The conversion of floats from the profile to sRGB, if one is needed."""
        return self._grey_transform if channels == 1 else self._rgb_transform

    @cached_property
    def _grey_transform(self) -> Transform | None:
        """For greys, of an image that is grey or in colour."""
        if self.is_grey:
            return _needed(float_transform(self.profile, 1), 1)
        in_colour = self._rgb_transform
        if in_colour is None:
            return None
        return lambda values: in_colour(values.repeat(3, axis=2)).mean(axis=2, keepdims=True)

    @cached_property
    def _rgb_transform(self) -> Transform | None:
        """For colours of 16 bits a channel; one with tables takes its 8 upper bits."""
        exact = float_transform(self.profile, 3)
        if exact is not None or self._byte_transform is None:
            return _needed(exact, 3)
        table = self._byte_transform

        def rounded(values: np.ndarray) -> np.ndarray:
            pixels = Image.fromarray(np.rint(values * _BYTE).astype(np.uint8))
            return np.asarray(table.apply(pixels)) / np.float32(_BYTE)

        return rounded

    @property
    def is_rounded(self) -> bool:
        """True where the profile left 8 of 16 bits."""
        has_table = float_transform(self.profile, 3) is None and self._byte_transform is not None
        return self.deep is not None and has_table

    @cached_property
    def _byte_transform(self) -> ImageCms.ImageCmsTransform | None:
        """LittleCMS's conversion from the profile to sRGB, if one is needed."""
        if not self.profile or self.image.mode == "LAB" or self.image.mode.startswith(("I", "F")):
            return None
        mode = _split_alpha(self.image.crop((0, 0, 1, 1)))[0].mode
        try:
            transform = ImageCms.buildTransform(
                ImageCms.ImageCmsProfile(io.BytesIO(self.profile)),
                ImageCms.createProfile("sRGB"),
                mode,
                "RGB",
                ImageCms.Intent.RELATIVE_COLORIMETRIC,
                ImageCms.Flags.BLACKPOINTCOMPENSATION,
            )
        except (ImageCms.PyCMSError, OSError, TypeError, ValueError):
            # A broken profile, or one for another kind of colour, is ignored: the pixels are
            # whole, and without a profile sRGB is what they are meant to be.
            return None
        if mode == "RGB" and _hardly_changes(transform):
            return None
        return transform


def strips(box: Box, multiple: int = 1) -> Iterator[Box]:
    """A box in strips from top to bottom; their heights are multiples of some number of rows."""
    left, top, right, bottom = box
    rows = max(1, _STRIP_PIXELS // (max(1, right - left) * multiple)) * multiple
    for start in range(top, bottom - multiple + 1, rows):
        yield left, start, right, min(start + rows, bottom)


def _floats(strip: Image.Image, received: str) -> np.ndarray:
    """Float pixels as they are; their white is 1."""
    values = np.asarray(strip)
    if not (values.min() >= 0 and values.max() <= 1):  # also false for NaN
        raise ImageError(
            "A float image must have finite values in [0, 1]. "
            f"Received: {received} with values from {values.min():g} to {values.max():g}. "
            "Divide by the value of white before saving."
        )
    return values[:, :, np.newaxis]


def _split_alpha(image: Image.Image) -> tuple[Image.Image, Image.Image | None]:
    """Separate an 8-bit image of any mode into L, RGB, CMYK or LAB, and its alpha."""
    grey = image.mode in ("1", "L", "LA", "La")
    if image.mode == "La":  # premultiplied; Pillow has no direct way from it to others
        image = image.convert("LA")
    if image.has_transparency_data:
        with_alpha = image.convert("LA" if grey else "RGBA")
        return with_alpha.convert("L" if grey else "RGB"), with_alpha.getchannel("A")
    if image.mode in ("CMYK", "LAB"):
        return image, None
    return image.convert("L" if grey else "RGB"), None


def _needed(transform: Transform | None, channels: int) -> Transform | None:
    """None for a conversion that changes next to nothing: sRGB's pixels stay exact."""
    if transform is None:
        return None
    levels = np.linspace(0, 1, 9, dtype=np.float32)
    grid = np.array(list(itertools.product(levels, repeat=channels)), np.float32)[np.newaxis]
    return transform if np.abs(transform(grid) - grid).max() > _SAME else None


def _hardly_changes(transform: ImageCms.ImageCmsTransform) -> bool:
    """Recognize sRGB under any name, so that its pixels stay exact."""
    levels = np.linspace(0, 255, 9).astype(np.uint8)
    colours = np.stack(np.meshgrid(levels, levels, levels), axis=-1).reshape(9, 81, 3)
    converted = np.asarray(transform.apply(Image.fromarray(colours)))
    return bool(np.abs(converted.astype(int) - colours).max() <= 2)
