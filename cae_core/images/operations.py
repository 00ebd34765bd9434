"""Arrays of images: checked, converted between bytes and floats, resized, laid out in a grid.

Inside the core an image is float32, (H, W, 3), sRGB, in [0, 1].
"""

from collections.abc import Iterator
from types import EllipsisType

import numpy as np
from PIL import Image

from cae_core.errors import ImageError
from cae_core.formats import format_size
from cae_core.images.guards import MAX_PIXELS

# Rounding in float arithmetic may leave a pixel this far outside [0, 1].
_ROUNDING = 1e-5
# Numbers of a large image that are rounded to bytes at a time.
_STRIP_VALUES = 1 << 20


def as_image(array: np.ndarray, name: str = "image", *, unclipped: bool = False) -> np.ndarray:
    """Check an array that should be one image, and bring it into the core's form.

    Args:
        array: Height × width, × 1 or × 3; uint8, or float in [0, 1].
        name: Name of the array in the error message.
        unclipped: True lets values outside [0, 1] pass, as in an image with noise.

    Returns:
        float32 array of shape (height, width, 3), in [0, 1] unless unclipped; the array itself
        where it is that already.

    Raises:
        ImageError: Another shape or type, values outside [0, 1], NaN or infinity.

    Example:
        >>> as_image(np.full((2, 3), 255, np.uint8)).shape
        (2, 3, 3)
    """
    values = _as_float(array, name, unclipped=unclipped)
    values = np.atleast_3d(values)  # H×W -> H×W×1
    return values if values.shape[2] == 3 else values.repeat(3, axis=2)


def to_uint8(image: np.ndarray) -> np.ndarray:
    """Turn float values in [0, 1] into bytes, for display and for files.

    Args:
        image: Float array of any shape; values outside [0, 1] are clipped, because a
            network's output may overshoot. uint8 passes unchanged.

    Returns:
        uint8 array of the same shape, rounded to the nearest of 0 to 255.

    Raises:
        ImageError: The values are neither float nor uint8, or contain NaN.

    Example:
        >>> to_uint8(np.array([-0.1, 0.5, 1.0]))
        array([  0, 128, 255], dtype=uint8)
    """
    values = np.asarray(image)
    if values.dtype == np.uint8:
        return values
    if not np.issubdtype(values.dtype, np.floating):
        raise ImageError(
            f"Pixels must be uint8 or float. Received: {describe(values)}. "
            "Divide whole numbers by their white first."
        )
    pixels = np.empty(values.shape, np.uint8)
    for rows in _strips(values):
        if np.isnan(values[rows]).any():
            raise ImageError(
                f"Pixels must be numbers. Received: {describe(values)} with NaN in it. "
                "Look for a division by zero or a diverged training."
            )
        pixels[rows] = np.rint(np.clip(values[rows], 0.0, 1.0) * 255.0)
    return pixels


def _strips(values: np.ndarray) -> Iterator[slice | EllipsisType]:
    """Slices of rows, so that intermediate copies stay small beside a large image."""
    if values.ndim == 0:
        yield ...
        return
    rows = max(1, _STRIP_VALUES * len(values) // max(1, values.size))
    yield from (slice(start, start + rows) for start in range(0, len(values), rows))


def resize(image: np.ndarray, height: int, width: int) -> np.ndarray:
    """Bring an image to another size, without aliasing and without 8-bit rounding.

    Bicubic, with the filter widened by the scale when shrinking; the slight overshoot
    at edges is clipped to [0, 1].

    Args:
        image: Height × width, × 1 or × 3; uint8, or float in [0, 1].
        height: New height in pixels.
        width: New width in pixels.

    Returns:
        float32 in [0, 1], with the input's number of axes and channels.

    Raises:
        ImageError: No such image, or a new size below 1 or over `MAX_PIXELS`.

    Example:
        >>> resize(np.ones((8, 8, 3), np.float32), 4, 2).shape
        (4, 2, 3)
    """
    values = _as_float(image, "image")
    height = _whole_number(height, "height")
    width = _whole_number(width, "width")
    _check_size(height, width)
    planes = np.atleast_3d(values)  # H×W×C
    result = np.empty((height, width, planes.shape[2]), np.float32)
    for channel in range(planes.shape[2]):
        plane = Image.fromarray(np.ascontiguousarray(planes[:, :, channel]))
        resized = plane.resize((width, height), Image.Resampling.BICUBIC)
        result[:, :, channel] = np.asarray(resized)
    np.clip(result, 0.0, 1.0, out=result)
    return result.reshape(height, width, *values.shape[2:])


def middle(image: np.ndarray, height: int, width: int) -> np.ndarray:
    """The part in the middle of an image, as a view of it.

    Args:
        image: (H, W, ...).
        height: Its height in pixels, at most the image's.
        width: Its width in pixels, at most the image's.

    Example:
        >>> middle(np.arange(12).reshape(3, 4), 1, 2)
        array([[5, 6]])
    """
    top, left = (image.shape[0] - height) // 2, (image.shape[1] - width) // 2
    return image[top : top + height, left : left + width]


def fit_within(image: np.ndarray, longest_side: int) -> np.ndarray:
    """Shrink an image, if it is too large, keeping its proportions.

    Args:
        image: Height × width, × 1 or × 3; uint8, or float in [0, 1].
        longest_side: The largest height and width allowed, in pixels.

    Returns:
        float32 in [0, 1], with the input's number of axes and channels; never larger
        than the input.

    Raises:
        ImageError: No such image, or a longest side below 1.

    Example:
        >>> fit_within(np.ones((100, 50, 3), np.float32), 10).shape
        (10, 5, 3)
    """
    values = _as_float(image, "image")
    longest_side = _whole_number(longest_side, "longest side")
    height, width = values.shape[:2]
    longest = max(height, width)
    if longest <= longest_side:
        return values
    return resize(
        values,
        max(1, round(height * longest_side / longest)),
        max(1, round(width * longest_side / longest)),
    )


def image_grid(images: np.ndarray, columns: int, gap: int = 1) -> np.ndarray:
    """Lay a batch of images out in rows, with white gaps, as one image.

    Args:
        images: Number × height × width × 1 or 3; uint8, or float with white at 1.
        columns: Images in a row; the last row is filled up with white.
        gap: Width of the gaps between images, in pixels; 0 for none.

    Returns:
        Array of the input's type, height × width × channels.

    Raises:
        ImageError: No such batch, no columns, a negative gap, or a result over
            `MAX_PIXELS`.

    Example:
        >>> image_grid(np.zeros((5, 8, 8, 3)), columns=3).shape
        (17, 26, 3)
    """
    batch = np.asarray(images)
    if batch.ndim != 4 or batch.shape[3] not in (1, 3) or 0 in batch.shape:
        raise ImageError(
            "A grid is made of a batch of shape (number, height, width, 1 or 3). "
            f"Received: {describe(batch)}. Stack images of one size with numpy.stack."
        )
    _check_dtype(batch, "images")
    columns = _whole_number(columns, "number of columns")
    gap = _whole_number(gap, "gap", smallest=0)
    number, height, width, channels = batch.shape
    rows = -(-number // columns)  # rounded up
    full_height = rows * (height + gap) - gap
    full_width = columns * (width + gap) - gap
    _check_size(full_height, full_width)
    white = 255 if batch.dtype == np.uint8 else 1
    grid = np.full((full_height, full_width, channels), white, batch.dtype)
    for index, image in enumerate(batch):
        row, column = divmod(index, columns)
        top, left = row * (height + gap), column * (width + gap)
        grid[top : top + height, left : left + width] = image
    return grid


def describe(array: np.ndarray) -> str:
    """Name an array's type and shape for an error message."""
    return f"{array.dtype} array of shape {array.shape}"


def _check_dtype(array: np.ndarray, name: str) -> None:
    """Refuse everything but uint8 and float."""
    if array.dtype != np.uint8 and not np.issubdtype(array.dtype, np.floating):
        raise ImageError(
            f"The {name} must be uint8, or float in [0, 1]. Received: {describe(array)}. "
            "Divide whole numbers by their white first."
        )


def check_shape(array: np.ndarray, name: str) -> np.ndarray:
    """Refuse an array that has not the shape and type of one image.

    Args:
        array: Should be height × width, × 1 or × 3; uint8 or float.
        name: Name of the array in the error message.

    Returns:
        The same array, its values not looked at.

    Raises:
        ImageError: Another shape or type.
    """
    try:
        pixels = np.asarray(array)
    except (TypeError, ValueError) as error:  # rows of unequal length
        raise ImageError(
            f"The {name} must be an array of numbers. Received: {type(array).__name__}. "
            "Give a numpy array."
        ) from error
    one_image = pixels.ndim == 2 or (pixels.ndim == 3 and pixels.shape[2] in (1, 3))
    if not one_image or pixels.size == 0:
        raise ImageError(
            f"The {name} must have the shape (height, width), (height, width, 1) or "
            f"(height, width, 3). Received: {describe(pixels)}. "
            "Take one image out of a batch, and lay alpha over white."
        )
    _check_dtype(pixels, name)
    return pixels


def _as_float(array: np.ndarray, name: str, *, unclipped: bool = False) -> np.ndarray:
    """Check one image and give it as float32 in [0, 1]: the array itself where it is that."""
    pixels = check_shape(array, name)
    if pixels.dtype == np.uint8:
        values = pixels.astype(np.float32)
        values /= 255
        return values
    smallest, largest = float(pixels.min()), float(pixels.max())
    if unclipped and np.isfinite(smallest) and np.isfinite(largest):
        return pixels.astype(np.float32, copy=False)
    if not (smallest >= -_ROUNDING and largest <= 1 + _ROUNDING):  # also false for NaN
        raise ImageError(
            f"The {name} must have finite values in [0, 1]. Received: {describe(pixels)} with "
            f"values from {smallest:g} to {largest:g}. Scale or clip it first."
        )
    values = pixels.astype(np.float32, copy=False)
    return values if smallest >= 0 and largest <= 1 else np.clip(values, 0, 1)


def _whole_number(value: int, name: str, smallest: int = 1) -> int:
    """Refuse a size that is no whole number, or too small."""
    if isinstance(value, bool) or not isinstance(value, int | np.integer) or value < smallest:
        raise ImageError(
            f"The {name} must be a whole number of at least {smallest}. Received: {value!r}. "
            "Give the number of pixels or images."
        )
    return int(value)


def _check_size(height: int, width: int) -> None:
    """Refuse to make an image that would not be opened."""
    if height * width > MAX_PIXELS:
        raise ImageError(
            f"An image may have at most {MAX_PIXELS:,} pixels. "
            f"Received: a request for {format_size(height, width)}. Ask for a smaller one."
        )
