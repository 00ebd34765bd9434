"""A photo to work on: an upload that may be anything, or a sample photo."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import streamlit as st

from cae_core.data.samples import sample_photograph
from cae_core.errors import ImageError
from cae_core.images.decoding import IMAGE_SUFFIXES, open_image
from cae_core.images.operations import fit_within
from cae_ui.common.wording import show_error

SAMPLE_PHOTOS = {
    "Cat": "chelsea.png",
    "Coffee": "coffee.png",
    "Astronaut": "astronaut.png",
    "Rocket": "rocket.jpg",
}
# Longest side of what is worked on while a slider moves: about a screen's worth.
OVERVIEW_SIDE = 640
UPLOAD_TYPES = [suffix.lstrip(".") for suffix in IMAGE_SUFFIXES]


@dataclass(frozen=True)
class Photo:
    """A chosen photo, not yet decoded.

    Attributes:
        name: Name of the file or of the sample photo.
        identity: Text that no other photo has.
        open: Decodes it to float32 (H, W, 3) in [0, 1]; raises ImageError where that fails.
    """

    name: str
    identity: str
    open: Callable[[], np.ndarray]


def photo_choice(key: str, *, in_address: bool = False) -> Photo:
    """Widgets that choose an uploaded photo or one of the sample photos.

    Args:
        key: Beginning of the widgets' keys.
        in_address: Keeps the choice of a sample photo in the address.
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
    """A photo reduced to at most `OVERVIEW_SIDE` pixels, and the (height, width) of the whole.

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
    """A chosen photo, decoded; an error is shown where that fails.

    Returns:
        The photo, float32 (H, W, 3) in [0, 1], and its name; None where it cannot be opened.
    """
    photo = photo_choice(key)
    try:
        return photo.open(), photo.name
    except ImageError as error:
        show_error(error)
        return None
