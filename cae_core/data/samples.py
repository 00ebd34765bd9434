"""Images that are always there: what a network's card is checked against without a data set.

Colour: patches of the photographs that come with scikit-image. Grey: digits drawn here, with a
typeface in place of a hand, since handwritten ones would have to be fetched.
"""

from __future__ import annotations

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from cae_core.data.patches import photo_patches

SAMPLE_CHECK = "200 sample patches"
DRAWN_CHECK = "200 drawn digits"
COUNT = 200
_GREY_SIDE, _DIGIT_SIZE, _LARGEST_TILT, _LARGEST_SHIFT = 28, 25, 12, 2


def sample_check_name(shape: tuple[int, int, int]) -> str:
    """What the sample images of a shape are called on a card.

    Example:
        >>> sample_check_name((28, 28, 1))
        '200 drawn digits'
    """
    return SAMPLE_CHECK if shape[2] == 3 else DRAWN_CHECK


def sample_check_images(shape: tuple[int, int, int] = (32, 32, 3)) -> np.ndarray:
    """Sample images of a network's input shape.

    Args:
        shape: (32, 32, 3) or (28, 28, 1).

    Returns:
        uint8 (200, H, W, C).

    Example:
        >>> sample_check_images((28, 28, 1)).shape
        (200, 28, 28, 1)
    """
    if shape[2] == 3:
        return photo_patches(0, 0.1, 0.1).test[:COUNT]
    return drawn_digits(COUNT)


def drawn_digits(count: int) -> np.ndarray:
    """Digits in a typeface, tilted and moved a little: 0 to 9, then again.

    Args:
        count: How many; the same ones every time.

    Returns:
        White on black, uint8 (count, 28, 28, 1).

    Example:
        >>> digits = drawn_digits(20)
        >>> int(digits[:, 0].max()), int(digits.max()) > 200
        (0, True)
    """
    rng = np.random.default_rng(0)
    font = ImageFont.load_default(_DIGIT_SIZE)
    centre = _GREY_SIDE / 2
    images = []
    for index in range(count):
        image = Image.new("L", (_GREY_SIDE, _GREY_SIDE))
        place = tuple(centre + rng.uniform(-_LARGEST_SHIFT, _LARGEST_SHIFT, size=2))
        ImageDraw.Draw(image).text(
            place, str(index % 10), fill=255, font=font, anchor="mm", stroke_width=0.6
        )
        tilt = rng.uniform(-_LARGEST_TILT, _LARGEST_TILT)
        images.append(np.asarray(image.rotate(tilt, Image.Resampling.BICUBIC)))
    return np.stack(images)[..., np.newaxis]
