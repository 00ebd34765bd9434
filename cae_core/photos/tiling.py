"""Large images in tiles: the result of the whole, the memory of a part.

A convolutional network looks only so far around a pixel. A tile that is read with that much
more on each side, the halo, gives the same pixels in its middle as the whole image would.
Two things must be kept for that: tiles begin at multiples of the network's total stride, so
that its poolings divide the image in the same places, and at the image's border a tile
ends where the image ends, so that zero padding is added there and nowhere else.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial

import numpy as np

from cae_core.long_work import OnProgress, ShouldStop, stop_if

_ASKED_AGAIN = 0.05  # seconds between two looks whether work that waits is still wanted


class Turns:
    """One tile at a time, of the image with the fewest tiles left.

    A network uses all cores for one tile: several at once, of one network or of two, would take
    more memory and end no earlier. A small image does not wait for a large one to end.

    Example:
        >>> turns = Turns()
        >>> with turns.taken(tiles_left=3, stop_if_unwanted=lambda: None):
        ...     pass  # no other tile is computed here
    """

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._waiting: list[tuple[int, int]] = []  # tiles left, number of the request
        self._requests = 0
        self._is_taken = False

    @contextmanager
    def taken(self, tiles_left: int, stop_if_unwanted: Callable[[], None]) -> Iterator[None]:
        """Waits for a turn and holds it.

        Args:
            tiles_left: Of the image, this one included.
            stop_if_unwanted: Called again and again while this waits, and when its turn has come;
                what it raises ends the waiting.
        """
        with self._changed:
            self._requests += 1
            request = tiles_left, self._requests
            self._waiting.append(request)
        try:
            stop_if_unwanted()
            while not self._takes(request):
                stop_if_unwanted()
        finally:
            with self._changed:
                self._waiting.remove(request)
        try:
            yield
        finally:
            with self._changed:
                self._is_taken = False
                self._changed.notify_all()

    def _takes(self, request: tuple[int, int]) -> bool:
        """Whether the turn is this request's; waits a little where it is not."""
        with self._changed:
            is_next = not self._is_taken and min(self._waiting) == request
            if is_next:
                self._is_taken = True
            else:
                self._changed.wait(_ASKED_AGAIN)
            return is_next


_turns = Turns()


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
    padded: tuple[int, int] | None = None,
    overwrite: bool = False,
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
        padded: Height and width that the image is continued to by its mirror image, at the
            bottom and on the right; by default its own.
        overwrite: Lets the result take the image's memory, where it has as many channels.
        on_progress: Called with the tiles done and their number after each tile.
        should_stop: Asked before each tile and while it waits for its turn; True stops the work.

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
    padded_height, padded_width = padded or (height, width)
    bands = plan_axis(padded_height, tile, halo, multiple)
    across = plan_axis(padded_width, tile, halo, multiple)
    number, done = len(bands) * len(across), 0
    result = np.empty((height, width, 0), np.float32)  # its channels come with the first tile
    finished: tuple[slice, np.ndarray] | None = None  # a band of the result, not yet written
    for rows in bands:
        strip = _copied(image, rows, padded_width)
        if finished is not None:  # the strip has a copy of the rows that both bands read
            result[finished[0]] = finished[1]
        for columns in across:
            part = strip[:, columns.read]
            after = f"{done} of {number} tiles"
            with _turns.taken(
                number - done, partial(stop_if, should_stop, "Work on the image", after)
            ):
                output = np.asarray(function(part[np.newaxis]))  # (1, h, w, C2)
            if output.shape[:3] != (1, *part.shape[:2]):
                raise ValueError(
                    "A function that is applied in tiles keeps height and width. "
                    f"Received: {output.shape} for {(1, *part.shape)}."
                )
            if not done:
                shape = (height, width, output.shape[3])
                result = (
                    image if overwrite and image.shape == shape else np.empty(shape, np.float32)
                )
            if columns is across[0]:
                band_height = rows.write_stop - rows.write_start
                band = np.empty((band_height, padded_width, output.shape[3]), np.float32)
            band[:, columns.write] = output[0, rows.crop, columns.crop]
            done += 1
            if on_progress is not None:
                on_progress(done, number)
        inside = slice(rows.write_start, min(rows.write_stop, height))
        finished = inside, band[: max(0, inside.stop - inside.start), :width]
    if finished is not None:
        result[finished[0]] = finished[1]
    return result


def _copied(image: np.ndarray, rows: Span, padded_width: int) -> np.ndarray:
    """A copy of the rows that a tile reads, of an image that is continued by its mirror image."""
    height, width = image.shape[:2]
    indices = np.arange(rows.start, rows.stop) % (2 * height)
    strip = image[np.minimum(indices, 2 * height - 1 - indices)]
    if padded_width == width:
        return strip
    return np.pad(strip, ((0, 0), (0, padded_width - width), (0, 0)), mode="symmetric")


def apply_padded(
    function: Callable[[np.ndarray], np.ndarray],
    image: np.ndarray,
    *,
    stride: int,
    tile: int,
    halo: int,
    overwrite: bool = False,
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
        overwrite: See `apply_in_tiles`.
        on_progress: Called with the tiles done and their number after each tile.
        should_stop: Asked before each tile and while it waits for its turn; True stops the work.

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
    return apply_in_tiles(
        function,
        image,
        tile=tile,
        halo=halo,
        multiple=stride,
        padded=(round_up(height, stride), round_up(width, stride)),
        overwrite=overwrite,
        on_progress=on_progress,
        should_stop=should_stop,
    )


def round_up(value: int, multiple: int) -> int:
    """The smallest multiple of `multiple` that is at least `value`.

    Example:
        >>> round_up(33, 4), round_up(32, 4), round_up(0, 4)
        (36, 32, 0)
    """
    return -(-value // multiple) * multiple
