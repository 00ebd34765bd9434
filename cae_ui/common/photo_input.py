"""A photo to work on: an upload that may be anything, or a sample photo."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import streamlit as st

from cae_core.data.samples import photograph_path
from cae_core.errors import ImageError
from cae_core.images.conversion import Box
from cae_core.images.decoding import IMAGE_SUFFIXES, OpenedImage, read_image
from cae_ui.common.resources import image_memory, largest_photo
from cae_ui.common.wording import plain

SAMPLE_PHOTOS = {
    "Cat": "chelsea.png",
    "Coffee": "coffee.png",
    "Astronaut": "astronaut.png",
    "Rocket": "rocket.jpg",
}
# Longest side of what is worked on while a slider moves: about a screen's worth.
OVERVIEW_SIDE = 640
# The others are let through to a sentence that says what to do with them.
UPLOAD_TYPES = [*(suffix.lstrip(".") for suffix in IMAGE_SUFFIXES), "heic", "heif", "dng"]
STRETCH = "stretch"


@dataclass(frozen=True)
class Photo:
    """A chosen photo, not yet decoded.

    Attributes:
        name: Name of the file or of the sample photo.
        identity: Text that no other photo has.
        source: The content of its file, or the path.
    """

    name: str
    identity: str
    source: Callable[[], bytes | Path]

    def read(self, *, longest_side: int | None = None, box: Box | None = None) -> OpenedImage:
        """The photo, reduced, or a part of it, once there is memory for it.

        Raises:
            ImageError: It cannot be opened.
        """
        return self._opened(longest_side=longest_side, box=box, admission=admitted)

    def read_admitted(self) -> OpenedImage:
        """The whole photo, for a caller whom `admitted` has given memory for it.

        Raises:
            ImageError: It cannot be opened.
        """
        return self._opened()

    @property
    def is_sample(self) -> bool:
        """Whether it is one of the app's own."""
        return self.identity in SAMPLE_PHOTOS

    @property
    def key(self) -> tuple[str, bool]:
        """Equal for photos with the same pixels."""
        return self.identity, _is_stretched()

    def _opened(self, **how: object) -> OpenedImage:
        """`read_image` with what the page and the host have set."""
        reading: Callable[..., OpenedImage] = read_image
        return reading(self.source(), stretch=_is_stretched(), max_pixels=largest_photo(), **how)


def photo_choice(key: str, *, in_address: bool = False) -> Photo:
    """Widgets that choose an uploaded photo or one of the sample photos.

    Args:
        key: Beginning of the widgets' keys.
        in_address: Keeps the choice of a sample photo in the address.
    """
    try:
        size = f"Any size up to {largest_photo() / 1e6:.0f} megapixels."
    except ImageError:  # a wrong variable of the host: said where a photo is opened
        size = None
    upload = st.file_uploader("Your photo", type=UPLOAD_TYPES, key=f"{key}-upload", help=size)
    if upload is not None:
        return Photo(upload.name, upload.file_id, upload.getvalue)
    name = str(
        st.segmented_control(
            "or one of these",
            list(SAMPLE_PHOTOS),
            default=next(iter(SAMPLE_PHOTOS)),
            required=True,
            key=f"{key}-photo",
            bind="query-params" if in_address else None,
        )
    )
    return Photo(name, name, partial(photograph_path, SAMPLE_PHOTOS[name]))


def overview(photo: Photo, longest_side: int = OVERVIEW_SIDE) -> OpenedImage:
    """A photo reduced to at most so many pixels, with remarks on what is not kept of its file.

    Kept in the session: decoding and reducing a large upload takes longer than a network's work
    on the result, and a slider must not do it. The whole is not kept, for many sessions share a
    server.

    Raises:
        ImageError: The photo cannot be opened.
    """
    key = (photo.key, longest_side)
    kept = st.session_state.get("overview")
    if kept is None or kept[0] != key:
        kept = st.session_state["overview"] = (key, photo.read(longest_side=longest_side))
    opened: OpenedImage = kept[1]
    if opened.left_out and not photo.is_sample:
        st.caption(f":material/info: Not kept: {plain(', '.join(opened.left_out))}.")
    if opened.used_bits < opened.bits:
        st.toggle(
            f"Bring {opened.used_bits}-bit values to white",
            key=STRETCH,
            help=f"All values of this file of {opened.bits} bits are {opened.used_bits}-bit "
            "numbers, as some cameras and scanners write them: without this it is dark.",
        )
    return opened


def _is_stretched() -> bool:
    """Whether the toggle of `overview` is on."""
    return bool(st.session_state.get(STRETCH, False))


@contextmanager
def admitted(size: int, *, is_long: bool = False) -> Iterator[None]:
    """Holds memory for work on an image; says so while it has to wait for it.

    Args:
        size: Bytes that the work takes.
        is_long: For work of many seconds.

    Raises:
        ImageError: This server never has as much.
    """
    place = st.empty()

    def say() -> None:
        place.info(
            "Other images are being worked on. This one waits until there is memory for it.",
            icon=":material/hourglass_empty:",
        )

    with image_memory().reserve(size, is_long=is_long, on_wait=say):
        place.empty()
        yield
