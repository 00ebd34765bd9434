"""Large images in tiles: the result of the whole, the memory of a part.

A convolutional network looks only so far around a pixel. A tile that is read with that much
more on each side, the halo, gives the same pixels in its middle as the whole image would.
Two things must be kept for that: tiles begin at multiples of the network's total stride, so
that its poolings divide the image in the same places, and at the image's border a tile
ends where the image ends, so that zero padding is added there and nowhere else.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from cae_core.long_work import OnProgress, ShouldStop, stop_if


@dataclass(frozen=True)
class Span:
    """One tile along one axis, in pixels: what is read, and what of it is written.

    Attributes:
        start: First pixel that is read.
        stop: Pixel behind the last one that is read.
        write_start: First pixel that is written.
        write_stop: Pixel behind the last one that is written.
    """

    start: int
    stop: int
    write_start: int
    write_stop: int

    @property
    def read(self) -> slice:
        """Slice of the image that the tile is cut from."""
        return slice(self.start, self.stop)

    @property
    def crop(self) -> slice:
        """Slice of the tile's output that is kept."""
        return slice(self.write_start - self.start, self.write_stop - self.start)

    @property
    def write(self) -> slice:
        """Slice of the whole output that the kept part fills."""
        return slice(self.write_start, self.write_stop)


def plan_axis(length: int, tile: int, halo: int, multiple: int = 1) -> tuple[Span, ...]:
    """Splits one axis of an image into tiles.

    All tiles are read at one length, tile + 2 · halo: at the image's border the window is
    not cut short but moved inwards, so that a network meets one shape only. (Where `length` is
    no multiple of `multiple`, the last tile is longer by the rest.) An axis that fits into the
    window is a single tile.

    Args:
        length: Pixels along the axis.
        tile: Pixels by which the tiles advance; rounded up to a multiple of `multiple`.
        halo: Pixels that are read on each side beyond what is written; rounded up likewise.
        multiple: Every tile begins at a multiple of this.

    Returns:
        The tiles from first to last. What they write covers the axis exactly once; what they
        read contains what they write and the halo around it, as far as the image goes.

    Raises:
        ValueError: A length, tile or multiple below 1, or a negative halo.

    Example:
        >>> [(span.read, span.write) for span in plan_axis(10, tile=4, halo=1)]
        [(slice(0, 6, None), slice(0, 5, None)), (slice(4, 10, None), slice(5, 10, None))]
    """
    if min(length, tile, multiple) < 1 or halo < 0:
        raise ValueError(
            "A plan needs length, tile and multiple of at least 1 and a halo of at least 0. "
            f"Received: {length=}, {tile=}, {halo=}, {multiple=}."
        )
    tile, halo = round_up(tile, multiple), round_up(halo, multiple)
    window = tile + 2 * halo
    spans: list[Span] = []
    written = 0
    for start in range(0, max(0, length - window), tile):
        spans.append(Span(start, start + window, written, start + window - halo))
        written = spans[-1].write_stop
    last_start = max(0, length - window) // multiple * multiple
    return (*spans, Span(last_start, length, written, length))


def apply_in_tiles(
    function: Callable[[np.ndarray], np.ndarray],
    image: np.ndarray,
    *,
    tile: int = 256,
    halo: int,
    multiple: int = 1,
    on_progress: OnProgress | None = None,
    should_stop: ShouldStop | None = None,
) -> np.ndarray:
    """Applies a convolutional function to an image of any size, tile by tile.

    Args:
        function: Maps (1, h, w, C) to (1, h, w, C2), float32, for any h and w that are read.
        image: The image, (H, W, C), float32. For a network with stride, H and W should be
            multiples of its total stride.
        tile: Side of the tiles without their halo, in pixels.
        halo: How far around a pixel the function looks, in pixels.
        multiple: Total stride of the function.
        on_progress: Called with the tiles done and their number after each tile.
        should_stop: Asked before each tile; True stops the work.

    Returns:
        (H, W, C2), float32: what the function gives for the whole image.

    Raises:
        StoppedError: `should_stop()` said so.

    Example:
        >>> image = np.ones((5, 7, 3), np.float32)
        >>> apply_in_tiles(lambda tile: 2 * tile, image, tile=2, halo=0).shape
        (5, 7, 3)
    """
    height, width = image.shape[:2]
    tiles = list(
        itertools.product(
            plan_axis(height, tile, halo, multiple), plan_axis(width, tile, halo, multiple)
        )
    )
    result = np.empty((height, width, 0), np.float32)  # its channels come with the first tile
    for done, (rows, columns) in enumerate(tiles, start=1):
        stop_if(should_stop, "Work on the image", f"{done - 1} of {len(tiles)} tiles")
        part = image[rows.read, columns.read]
        output = np.asarray(function(part[np.newaxis]))  # (1, h, w, C2)
        if output.shape[:3] != (1, *part.shape[:2]):
            raise ValueError(
                "A function that is applied in tiles keeps height and width. "
                f"Received: {output.shape} for {(1, *part.shape)}."
            )
        if done == 1:
            result = np.empty((height, width, output.shape[3]), np.float32)
        result[rows.write, columns.write] = output[0, rows.crop, columns.crop]
        if on_progress is not None:
            on_progress(done, len(tiles))
    return result


def apply_padded(
    function: Callable[[np.ndarray], np.ndarray],
    image: np.ndarray,
    *,
    stride: int,
    tile: int,
    halo: int,
    on_progress: OnProgress | None = None,
    should_stop: ShouldStop | None = None,
) -> np.ndarray:
    """`apply_in_tiles` for a network with stride: mirrored borders make up for odd sides.

    Args:
        function: See `apply_in_tiles`.
        image: The image, (H, W, C), float32.
        stride: Total stride of the function, of which both sides become multiples.
        tile: Side of the tiles without their halo, in pixels.
        halo: How far around a pixel the function looks, in pixels.
        on_progress: Called with the tiles done and their number after each tile.
        should_stop: Asked before each tile; True stops the work.

    Returns:
        (H, W, C2), float32.

    Raises:
        StoppedError: `should_stop()` said so.

    Example:
        >>> image = np.ones((5, 7, 3), np.float32)
        >>> apply_padded(lambda tile: 2 * tile, image, stride=4, tile=8, halo=0).shape
        (5, 7, 3)
    """
    height, width = image.shape[:2]
    below, right = (round_up(side, stride) - side for side in (height, width))
    padded = np.pad(image, ((0, below), (0, right), (0, 0)), mode="symmetric")
    result = apply_in_tiles(
        function,
        padded,
        tile=tile,
        halo=halo,
        multiple=stride,
        on_progress=on_progress,
        should_stop=should_stop,
    )
    return result[:height, :width]


def round_up(value: int, multiple: int) -> int:
    """The smallest multiple of `multiple` that is at least `value`.

    Example:
        >>> round_up(33, 4), round_up(32, 4), round_up(0, 4)
        (36, 32, 0)
    """
    return -(-value // multiple) * multiple
