"""Images on a page: pixels that stay crisp, and uploads that may be anything."""

from __future__ import annotations

import base64
import html
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import streamlit as st

from cae_core.data.patches import sample_photograph
from cae_core.errors import ImageError
from cae_core.images.decoding import IMAGE_SUFFIXES
from cae_core.images.operations import encode_png, fit_within, image_grid, open_image
from cae_ui.common.messages import plain

SAMPLE_PHOTOS = {
    "Cat": "chelsea.png",
    "Coffee": "coffee.png",
    "Astronaut": "astronaut.png",
    "Rocket": "rocket.jpg",
}
# What is worked on while a slider moves: about a screen's worth.
OVERVIEW_SIDE = 640
UPLOAD_TYPES = [suffix.lstrip(".") for suffix in IMAGE_SUFFIXES]


def show_pixels(image: np.ndarray, caption: str, *, label: str = "") -> None:
    """A small image as wide as its column, every pixel a sharp square.

    Args:
        image: (H, W, C) in [0, 1] or uint8; sent at its own size and enlarged by the browser.
        caption: What stands under it.
        label: What a screen reader says; the caption if not given.
    """
    data = base64.b64encode(encode_png(image)).decode()
    st.html(
        f'<figure style="margin:0"><img src="data:image/png;base64,{data}" '
        f'alt="{html.escape(label or caption)}" '
        'style="width:100%;image-rendering:pixelated;border-radius:4px;display:block">'
        f'<figcaption style="font-size:0.85rem;opacity:0.75;padding-top:0.25rem">'
        f"{html.escape(caption)}</figcaption></figure>"
    )


def show_samples(
    samples: np.ndarray,
    shown_caption: str,
    original_caption: str = "Original (validation images)",
) -> None:
    """Rows of sample images: originals, what the network is shown, what it returns.

    Args:
        samples: (3, N, H, W, C) uint8.
        shown_caption: What the middle row is; left out where the row equals the first.
        original_caption: What the first row is.
    """
    original, shown, returned = samples
    columns = len(original)
    show_pixels(image_grid(original, columns), original_caption)
    if not np.array_equal(original, shown):
        show_pixels(image_grid(shown, columns), shown_caption)
    show_pixels(image_grid(returned, columns), "What the network returns")


@dataclass(frozen=True)
class Photo:
    """A photo that was chosen, and is decoded when asked for.

    Attributes:
        name: The file's name, or the sample photo's.
        identity: Differs from that of every other photo.
        open: Decodes it: float32 (H, W, 3) in [0, 1], or an ImageError.
    """

    name: str
    identity: str
    open: Callable[[], np.ndarray]


def photo_choice(key: str, *, in_address: bool = False) -> Photo:
    """An uploaded photo, or one of the samples.

    Args:
        key: Begins the widgets' keys.
        in_address: Whether the choice of a bundled one is kept in the address.
    """
    upload = st.file_uploader(
        "Your photo", type=UPLOAD_TYPES, key=f"{key}-upload", help="Any size up to 40 megapixels."
    )
    if upload is not None:
        return Photo(upload.name, upload.file_id, lambda: open_image(upload.getvalue()))
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
    return Photo(name, name, lambda: sample_photograph(SAMPLE_PHOTOS[name]))


def overview(photo: Photo) -> tuple[np.ndarray, tuple[int, int]]:
    """A photo no larger than what is tried on, and its full size.

    Kept in the session: decoding and reducing a large upload takes longer than a network's work
    on the result, and a slider must not do it. The whole is not kept, for many sessions share a
    server.
    """
    kept = st.session_state.get("overview")
    if kept is None or kept[0] != photo.identity:
        whole = photo.open()
        kept = (photo.identity, fit_within(whole, OVERVIEW_SIDE), whole.shape[:2])
        st.session_state["overview"] = kept
    return kept[1], kept[2]


def photo_input(key: str) -> tuple[np.ndarray, str] | None:
    """A chosen photo, decoded.

    Returns:
        The photo, float32 (H, W, 3) in [0, 1], and its name; None where it cannot be opened,
        which is said on the page.
    """
    photo = photo_choice(key)
    try:
        return photo.open(), photo.name
    except ImageError as error:
        st.error(plain(error), icon=":material/broken_image:")
        return None
