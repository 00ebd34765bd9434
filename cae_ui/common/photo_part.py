"""A part of a large photo, chosen by a frame that is dragged over a thumbnail of it."""

from __future__ import annotations

import streamlit as st

from cae_core.formats import format_size
from cae_core.images.conversion import Box
from cae_core.images.decoding import OpenedImage
from cae_core.images.operations import fit_within, to_uint8
from cae_ui.common.image_views import pixels
from cae_ui.common.picker import kept_place, pick_place

PLACE = "part-at"  # in the address: row and column of the thumbnail
_SMALL_SIDE = 200


def part_input(small: OpenedImage, longest_side: int) -> Box:
    """A thumbnail of a photo with a frame around a part, which can be dragged.

    Args:
        small: The photo, reduced.
        longest_side: Height and width of the part in pixels of the photo, where that has as many.

    Returns:
        The part, in pixels of the photo.
    """
    thumbnail = to_uint8(fit_within(pixels(small.pixels, small), _SMALL_SIDE))
    at = kept_place(PLACE, *thumbnail.shape[:2])
    shares = [(place + 0.5) / shown for place, shown in zip(at, thumbnail.shape[:2], strict=True)]
    left, top, right, bottom = box = part_around(small.full_size, longest_side, *shares)
    ends = [
        round(end / full * (shown - 1))
        for end, full, shown in zip(
            (top, left, bottom, right), small.full_size * 2, thumbnail.shape[:2] * 2, strict=True
        )
    ]
    pick_place(
        PLACE,
        thumbnail,
        label="The photo: drag the frame to where to look, or move it with the arrow keys",
        side=thumbnail.shape[1],
        chosen=at,
        box=(ends[0], ends[1], ends[2], ends[3]),
        can_drag=True,
    )
    st.caption(
        f"In the frame: {format_size(right - left, bottom - top)} of "
        f"{format_size(*small.full_size[::-1])} pixels. Drag it, or click where it should be."
    )
    return box


def part_around(
    full_size: tuple[int, int], longest_side: int, down: float = 0.5, across: float = 0.5
) -> Box:
    """The part of a photo around a point.

    Args:
        full_size: Height and width of the photo.
        longest_side: See `part_input`.
        down: The point, in shares of the photo's height.
        across: The point, in shares of the photo's width.

    Example:
        >>> part_around((1000, 2000), 640), part_around((1000, 2000), 640, 0.0, 1.0)
        ((680, 180, 1320, 820), (1360, 0, 2000, 640))
    """
    spans = []
    for share, full in zip((down, across), full_size, strict=True):
        length = min(longest_side, full)
        start = min(max(round(share * full - length / 2), 0), full - length)
        spans.append((start, start + length))
    (top, bottom), (left, right) = spans
    return left, top, right, bottom
