"""Other damages than Gaussian noise: in goes the damaged image, out the whole one.

Each is a class and a function, which the generated script takes over.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from cae_core.formats import format_share
from cae_core.training.tasks.base import Task, TaskScript, register_task, setting


@register_task
@dataclass(frozen=True)
class SaltAndPepper(Task):
    """Some pixels black or white as input, the clean image as target.

    Args:
        share: Share of the pixels that are hit, half of them black, half of them white.

    Example:
        >>> str(SaltAndPepper(share=0.2))
        'salt_and_pepper share 0.2'
    """

    name: ClassVar[str] = "salt_and_pepper"
    title: ClassVar[str] = "Salt and pepper"
    summary: ClassVar[str] = "some pixels black or white, the clean image out"
    share: float = setting(
        0.1, title="Share of the pixels", low=0.0, high=0.9, step=0.01, help="Pixels that are hit"
    )

    @property
    def input_caption(self) -> str:
        """Caption with the share."""
        return f"With {format_share(self.share)} of the pixels black or white"

    @property
    def short_caption(self) -> str:
        """The share."""
        return f"{format_share(self.share)} black or white"

    def corrupt(self, images: Any, seed: Any) -> Any:
        """The images with salt and pepper."""
        return salted(images, self.share, seed)

    def script(self) -> TaskScript:
        """`salted`, its share a constant."""
        return TaskScript(
            input="salted(images, SHARE, seed)",
            constants=f"SHARE = {self.share}  # of the pixels that turn black or white",
        )


@register_task
@dataclass(frozen=True)
class ShotNoise(Task):
    """Photon noise as input, the clean image as target: brighter pixels have more of it.

    The counts of photons are drawn from a normal distribution with a Poisson distribution's mean
    and variance, as `keras.random` has no Poisson; from ten photons on the two look alike.

    Args:
        photons: Mean number of photons in a white pixel.

    Example:
        >>> ShotNoise(photons=50)
        ShotNoise(photons=50)
    """

    name: ClassVar[str] = "shot_noise"
    title: ClassVar[str] = "Shot noise"
    summary: ClassVar[str] = "photon noise (Poisson) in, the clean image out"
    photons: float = setting(
        30.0,
        title="Photons in white",
        low=1.0,
        high=1000.0,
        step=1.0,
        help="Fewer photons, more noise: its standard deviation is the root of value / photons",
    )

    @property
    def input_caption(self) -> str:
        """Caption with the number of photons."""
        return f"With the noise of {self.photons:g} photons in white"

    @property
    def short_caption(self) -> str:
        """The number of photons."""
        return f"{self.photons:g} photons"

    def corrupt(self, images: Any, seed: Any) -> Any:
        """The images as that many photons show them."""
        return counted(images, self.photons, seed)

    def script(self) -> TaskScript:
        """`counted`, its number of photons a constant."""
        return TaskScript(
            input="counted(images, PHOTONS, seed)",
            constants=f"PHOTONS = {self.photons}  # in a white pixel",
        )


@register_task
@dataclass(frozen=True)
class RemoveJpeg(Task):
    """The image after strong JPEG compression as input, the image itself as target.

    Args:
        quality: Quality of the JPEG file, as programs name it.

    Example:
        >>> RemoveJpeg(quality=20).input_caption
        'As JPEG of quality 20'
    """

    name: ClassVar[str] = "remove_jpeg"
    title: ClassVar[str] = "JPEG blocks"
    summary: ClassVar[str] = "JPEG's blocks and rings in, the clean image out"
    quality: float = setting(
        15.0,
        title="JPEG quality",
        low=1.0,
        high=95.0,
        step=1.0,
        help="JPEG's tables at this quality, without its halving of the colours",
    )

    @property
    def input_caption(self) -> str:
        """Caption with the quality."""
        return f"As JPEG of quality {self.quality:g}"

    @property
    def short_caption(self) -> str:
        """The quality."""
        return f"JPEG, quality {self.quality:g}"

    def corrupt(self, images: Any, seed: Any) -> Any:
        """The images through JPEG's quantisation."""
        return jpeg_quantised(images, self.quality)

    def script(self) -> TaskScript:
        """`jpeg_quantised`, its quality a constant."""
        return TaskScript(
            input="jpeg_quantised(images, QUALITY)",
            constants=f"QUALITY = {self.quality}  # of JPEG, from 1 to 95",
        )


@register_task
@dataclass(frozen=True)
class Inpaint(Task):
    """The image with grey squares of 4x4 pixels over it as input, the whole image as target.

    Args:
        hidden: Share of the image that is hidden.

    Source: He et al., "Masked Autoencoders Are Scalable Vision Learners", CVPR 2022, for a
    random choice of squares.

    Example:
        >>> Inpaint(hidden=0.5).input_caption
        'With 50 % hidden'
    """

    name: ClassVar[str] = "inpaint"
    title: ClassVar[str] = "Hidden squares"
    summary: ClassVar[str] = "inpainting: squares of 4x4 pixels hidden, the whole image out"
    hidden: float = setting(
        0.25,
        title="Hidden share",
        low=0.0,
        high=0.9,
        step=0.05,
        help="Of the squares of 4x4 pixels, which are drawn anew for every image",
    )

    @property
    def input_caption(self) -> str:
        """Caption with the share."""
        return f"With {format_share(self.hidden)} hidden"

    def corrupt(self, images: Any, seed: Any) -> Any:
        """The images with grey squares."""
        return masked(images, self.hidden, seed)

    def script(self) -> TaskScript:
        """`masked`, its share a constant."""
        return TaskScript(
            input="masked(images, HIDDEN, seed)",
            constants=f"HIDDEN = {self.hidden}  # share of the squares of 4x4 pixels",
        )


@register_task
@dataclass(frozen=True)
class Upscale(Task):
    """The image at half its height and width, enlarged again, as input; itself as target.

    Source: Dong et al., "Image Super-Resolution Using Deep Convolutional Networks", TPAMI 2016,
    whose network gets the enlarged image as well.

    Example:
        >>> Upscale().input_shape((32, 32, 3))
        (32, 32, 3)
    """

    name: ClassVar[str] = "upscale"
    title: ClassVar[str] = "Upscale 2x"
    summary: ClassVar[str] = "half the size, enlarged bicubically, in; the sharp image out"

    @property
    def input_caption(self) -> str:
        """Caption with the factor."""
        return "From half the size"

    def corrupt(self, images: Any, seed: Any) -> Any:
        """The images at half their size, enlarged."""
        return halved_and_enlarged(images)

    def script(self) -> TaskScript:
        """`halved_and_enlarged`."""
        return TaskScript(input="halved_and_enlarged(images)")


# What the methods do, as functions that the generated script takes over

MASK_SIDE = 4  # pixels of a hidden square
BLOCK = 8  # pixels of JPEG's blocks
# Y, Cb, Cr of RGB, Rec. 601; ITU-T T.871.
YCC_FROM_RGB = (
    (0.299, 0.587, 0.114),
    (-0.168736, -0.331264, 0.5),
    (0.5, -0.418688, -0.081312),
)
# The usual quantisation tables, ITU-T T.81, annex K.1.
LUMINANCE_STEPS = (
    (16, 11, 10, 16, 24, 40, 51, 61),
    (12, 12, 14, 19, 26, 58, 60, 55),
    (14, 13, 16, 24, 40, 57, 69, 56),
    (14, 17, 22, 29, 51, 87, 80, 62),
    (18, 22, 37, 56, 68, 109, 103, 77),
    (24, 35, 55, 64, 81, 104, 113, 92),
    (49, 64, 78, 87, 103, 121, 120, 101),
    (72, 92, 95, 98, 112, 100, 103, 99),
)
COLOUR_STEPS = (
    (17, 18, 24, 47, 99, 99, 99, 99),
    (18, 21, 26, 66, 99, 99, 99, 99),
    (24, 26, 56, 99, 99, 99, 99, 99),
    (47, 66, 99, 99, 99, 99, 99, 99),
    (99, 99, 99, 99, 99, 99, 99, 99),
    (99, 99, 99, 99, 99, 99, 99, 99),
    (99, 99, 99, 99, 99, 99, 99, 99),
    (99, 99, 99, 99, 99, 99, 99, 99),
)


def salted(images: Any, share: float, seed: Any) -> Any:
    """Turns a share of the pixels black or white.

    Args:
        images: float32 (B, H, W, C).
        share: Of the pixels, from 0 to 1.
        seed: An integer or a `keras.random.SeedGenerator`.
    """
    import keras
    from keras import ops

    drawn = keras.random.uniform((*ops.shape(images)[:3], 1), seed=seed)  # (B, H, W, 1)
    peppered = ops.where(drawn < share / 2, 0.0, images)
    return ops.where(drawn > 1 - share / 2, 1.0, peppered)


def counted(images: Any, photons: float, seed: Any) -> Any:
    """Images as a number of photons shows them.

    Args:
        images: float32 (B, H, W, C) in [0, 1].
        photons: In a white pixel.
        seed: An integer or a `keras.random.SeedGenerator`.
    """
    import keras
    from keras import ops

    noise = keras.random.normal(ops.shape(images), seed=seed)
    return images + ops.sqrt(ops.maximum(images, 0.0) / photons) * noise


def masked(images: Any, hidden: float, seed: Any) -> Any:
    """Hides a share of the squares of an image under medium grey.

    Args:
        images: float32 (B, H, W, C).
        hidden: Share of the squares, from 0 to 1.
        seed: An integer or a `keras.random.SeedGenerator`.
    """
    import keras
    from keras import ops

    batch, height, width = ops.shape(images)[:3]
    squares = (batch, -(-height // MASK_SIDE), -(-width // MASK_SIDE), 1)
    drawn = keras.random.uniform(squares, seed=seed)
    # (B, H/4, W/4, 1) -> (B, H, W, 1)
    drawn = ops.repeat(ops.repeat(drawn, MASK_SIDE, axis=1), MASK_SIDE, axis=2)
    return ops.where(drawn[:, :height, :width] < hidden, 0.5, images)


def halved_and_enlarged(images: Any) -> Any:
    """Images at half their height and width (means of 2x2 pixels), enlarged bicubically."""
    from keras import ops

    height, width = ops.shape(images)[1:3]
    small = ops.average_pool(images, 2, padding="same")
    return ops.image.resize(small, (height, width), interpolation="bicubic")


def jpeg_steps(table: Any, quality: float) -> np.ndarray:
    """A table of quantisation steps at a quality, as libjpeg scales it: float32 (8, 8)."""
    scale = 5000 / quality if quality < 50 else 200 - 2 * quality
    steps = np.floor((np.array(table, np.float32) * scale + 50) / 100)
    return np.clip(steps, 1, 255).astype(np.float32)


def cosines() -> np.ndarray:
    """The orthonormal discrete cosine transform of 8 numbers, float32 (8, 8)."""
    frequency, place = np.mgrid[:BLOCK, :BLOCK]
    waves = np.cos(np.pi * (2 * place + 1) * frequency / (2 * BLOCK)) * np.sqrt(2 / BLOCK)
    waves[0] /= np.sqrt(2)
    return waves.astype(np.float32)


def jpeg_quantised(images: Any, quality: float) -> Any:
    """Rounds the cosine coefficients of 8x8 blocks as JPEG does, at full colour resolution.

    Args:
        images: float32 (B, H, W, C) in [0, 1], grey or RGB.
        quality: From 1 to 95.
    """
    from keras import ops

    height, width, channels = ops.shape(images)[1:]
    mixed = np.array(YCC_FROM_RGB, np.float32) if channels == 3 else np.eye(channels)
    tables = [LUMINANCE_STEPS, COLOUR_STEPS, COLOUR_STEPS] if channels == 3 else [LUMINANCE_STEPS]
    steps = np.stack([jpeg_steps(table, quality) for table in tables])  # (C, 8, 8)
    transform, mixed = cosines(), mixed.astype(np.float32)
    down, right = -height % BLOCK, -width % BLOCK
    padded = ops.pad(images, ((0, 0), (0, down), (0, right), (0, 0)), mode="symmetric")
    levels = ops.matmul(padded, mixed.T) * 255.0 - 128.0 * mixed.sum(axis=1)
    rows, columns = (height + down) // BLOCK, (width + right) // BLOCK
    # (B, 8r, 8c, C) -> (B, r, 8, c, 8, C) -> (B, r, c, C, 8, 8)
    blocks = ops.reshape(levels, (-1, rows, BLOCK, columns, BLOCK, channels))
    blocks = ops.transpose(blocks, (0, 1, 3, 5, 2, 4))
    waves = ops.matmul(ops.matmul(transform, blocks), transform.T)
    rounded = ops.round(waves / steps) * steps
    blocks = ops.matmul(ops.matmul(transform.T, rounded), transform)
    # (B, r, c, C, 8, 8) -> (B, 8r, 8c, C)
    levels = ops.transpose(blocks, (0, 1, 4, 2, 5, 3))
    levels = ops.reshape(levels, (-1, height + down, width + right, channels))
    levels = levels + 128.0 * mixed.sum(axis=1)
    output = ops.matmul(levels, np.linalg.inv(mixed).astype(np.float32).T) / 255.0
    return ops.clip(output[:, :height, :width], 0.0, 1.0)
