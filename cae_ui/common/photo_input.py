"""A photo to work on, opened: an upload that may be anything, or a sample photo."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from cae_core.data.samples import HIGH_ISO
from cae_core.images.conversion import Box
from cae_core.images.decoding import OpenedImage, read_image
from cae_ui.common.resources import image_memory, largest_photo
from cae_ui.common.wording import plain

SAMPLE_PHOTOS = {
    "Cat": "chelsea.png",
    "Coffee": "coffee.png",
    "Astronaut": "astronaut.png",
    "Rocket": "rocket.jpg",
}
# Without colours from the start, and what scikit-image states for them.
GREY_PHOTOS = {"Photographer": "camera.png", "Coins": "coins.png"}
GREY_PHOTO_TERMS = {
    "Photographer": "Taken by Lav Varshney, CC0",
    "Coins": "An old photograph of Greek coins from Pompeii, Brooklyn Museum, no known copyright "
    "restrictions",
}
# Photographs that a camera took at high ISO.
NOISY_PHOTOS = {
    f"{name.capitalize()}, {camera.split(', ')[1]}": name for name, camera in HIGH_ISO.items()
}
# The sample photos as a camera would have saved them in the dark.
HIGH_ISO_PHOTOS = {f"{name} at high ISO": file for name, file in SAMPLE_PHOTOS.items()}
# What is worked on while a slider moves: about a screen's worth.
FAST_PIXELS = 640 * 640
STRETCH = "stretch"


@dataclass(frozen=True)
class Photo:
    """A chosen photo, not yet decoded.

    Attributes:
        name: Name of the file or of the sample photo.
        identity: Text that no other photo has.
        source: The content of its file, or the path.
        reference: The path of the same photo with hardly any noise, where there is one.
    """

    name: str
    identity: str
    source: Callable[[], bytes | Path]
    reference: Path | None = None

    def read(
        self,
        *,
        longest_side: int | None = None,
        most_pixels: int | None = None,
        box: Box | None = None,
    ) -> OpenedImage:
        """The photo, reduced, or a part of it, once there is memory for it.

        Raises:
            ImageError: It cannot be opened.
        """
        how = {"longest_side": longest_side, "most_pixels": most_pixels, "box": box}
        return self.reader(admission=admitted, **how)()

    def reader(self, **how: object) -> Callable[[], OpenedImage]:
        """Function that reads the whole photo, in any thread.

        Its caller holds memory for the photo.

        Args:
            **how: Arguments of `read_image`.
        """
        is_stretched, max_pixels = _is_stretched(), largest_photo()
        reading: Callable[..., OpenedImage] = read_image

        def read() -> OpenedImage:
            return reading(self.source(), stretch=is_stretched, max_pixels=max_pixels, **how)

        return read

    @property
    def is_sample(self) -> bool:
        """Whether it is one of the app's own."""
        return self.identity in SAMPLE_PHOTOS | GREY_PHOTOS | NOISY_PHOTOS | HIGH_ISO_PHOTOS

    @property
    def is_high_iso(self) -> bool:
        """Whether it is one of the app's own with simulated noise."""
        return self.identity in HIGH_ISO_PHOTOS

    @property
    def key(self) -> tuple[str, bool]:
        """Equal for photos with the same pixels."""
        return self.identity, _is_stretched()


def overview(photo: Photo, longest_side: int | None = None) -> OpenedImage:
    """As `reduced`, with remarks on what is not kept of the photo's file.

    Args:
        photo: See `reduced`.
        longest_side: See `reduced`.

    Raises:
        ImageError: The photo cannot be opened.
    """
    opened = reduced(photo, longest_side)
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


def reduced(photo: Photo, longest_side: int | None = None) -> OpenedImage:
    """A photo, a large one reduced.

    Kept in the session: decoding and reducing a large upload takes longer than a network's work
    on the result, and a slider must not do it. The whole is not kept, for many sessions share a
    server.

    Args:
        photo: The photo.
        longest_side: What it is reduced to, in pixels; by default to `FAST_PIXELS` in all.

    Raises:
        ImageError: The photo cannot be opened.
    """
    key = (photo.key, longest_side)
    kept = st.session_state.get("overview")
    if kept is None or kept[0] != key:
        most_pixels = FAST_PIXELS if longest_side is None else None
        read = photo.read(longest_side=longest_side, most_pixels=most_pixels)
        kept = st.session_state["overview"] = (key, read)
    opened: OpenedImage = kept[1]
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
    place: DeltaGenerator | None = None  # seldom needed, and would move what comes below

    def say() -> None:
        nonlocal place
        if place is None:
            place = st.empty()
        place.info(
            "Other images are being worked on. This one waits until there is memory for it.",
            icon=":material/hourglass_empty:",
        )

    with image_memory().reserve(size, is_long=is_long, on_wait=say):
        if place is not None:
            place.empty()
        yield
