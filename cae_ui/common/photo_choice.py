"""Widgets that choose a photo: uploads, which may be anything, and sample photos."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any, NamedTuple

import numpy as np
import streamlit as st
from streamlit.runtime.uploaded_file_manager import UploadedFile

from cae_core.data.samples import (
    high_iso_photograph,
    noisy_photograph_paths,
    photograph_path,
)
from cae_core.errors import CAEError, ImageError
from cae_core.images.decoding import IMAGE_SUFFIXES
from cae_core.images.operations import middle, resize, to_uint8
from cae_ui.common.address import is_back_or_forward
from cae_ui.common.image_views import pixels
from cae_ui.common.photo_input import (
    GREY_PHOTOS,
    HIGH_ISO_PHOTOS,
    NOISY_PHOTOS,
    SAMPLE_PHOTOS,
    Photo,
)
from cae_ui.common.picker import Choice, pick_tile
from cae_ui.common.resources import largest_photo
from cae_ui.common.section import section

MOST_PHOTOS = 20
# The others are let through to a sentence that says what to do with them.
UPLOAD_TYPES = [*(suffix.lstrip(".") for suffix in IMAGE_SUFFIXES), "heic", "heif", "dng"]
_TILE, _TILE_PIXELS = 72, 144  # side of a thumbnail in CSS pixels, and for a fine screen
_LONGEST_LABEL = 12
_A_SAMPLE = "sample"  # in place of an upload's identity
_THUMBNAILS = "thumbnails"


class Thumbnail(NamedTuple):
    """The middle of a photo, small.

    Attributes:
        image: uint8 (side, side, 3); crossed out where the photo cannot be opened.
        full_size: Height and width of the photo; None where it cannot be opened.
    """

    image: np.ndarray
    full_size: tuple[int, int] | None


@section
def photo_choice(key: str, *, in_address: bool = False) -> Photo:
    """Widgets that choose an uploaded photo or one of the sample photos.

    Args:
        key: Beginning of the widgets' keys.
        in_address: Keeps the choice of a sample photo in the address.
    """
    upload = st.file_uploader("Your photo", **_upload_options(key))
    uploaded = () if upload is None else (_uploaded(upload),)
    return _choice(key, uploaded, f"{key}-photo", SAMPLE_PHOTOS, in_address=in_address)


@section
def photos_choice(
    key: str, samples: Mapping[str, str] = SAMPLE_PHOTOS, name: str = "photo"
) -> tuple[Photo, list[Photo]]:
    """As `photo_choice`, for any number of uploads, of which one is chosen.

    Args:
        key: Beginning of the widgets' keys.
        samples: The sample photos that are offered.
        name: Name of the choice among them in the address, behind the key.

    Returns:
        The chosen photo, and all that were uploaded.
    """
    uploads = st.file_uploader("Your photos", accept_multiple_files=True, **_upload_options(key))
    uploaded = [_uploaded(upload) for upload in uploads[:MOST_PHOTOS]]
    if len(uploads) > MOST_PHOTOS:
        st.caption(
            f":material/info: The first {MOST_PHOTOS} of {len(uploads)} photos are worked on."
        )
    return _choice(key, uploaded, f"{key}-{name}", samples, in_address=True), uploaded


def _upload_options(key: str) -> dict[str, Any]:
    """Options of a widget for uploads, whose limit a wrong variable of the host may hide."""
    try:
        size = (
            f"Up to {largest_photo() / 1e6:.0f} megapixels, in a file of up to "
            f"{st.get_option('server.maxUploadSize')} MB."
        )
    except ImageError:  # said where a photo is opened
        size = None
    return {"type": UPLOAD_TYPES, "key": f"{key}-upload", "help": size}


def _uploaded(upload: UploadedFile) -> Photo:
    """An uploaded photo."""
    return Photo(upload.name, upload.file_id, upload.getvalue)


def _choice(
    key: str, uploaded: Sequence[Photo], named: str, samples: Mapping[str, str], *, in_address: bool
) -> Photo:
    """Thumbnails of uploads, and the sample photos; what was chosen last counts.

    Args:
        key: Beginning of the widgets' keys.
        uploaded: The uploads.
        named: Key of the choice of a sample photo.
        samples: Their files by name.
        in_address: Keeps the choice of a sample photo in the address.
    """
    by_identity = {photo.identity: photo for photo in uploaded}
    chosen_key, known_key = f"{key}-chosen", f"{key}-known"
    new = [each for each in by_identity if each not in st.session_state.get(known_key, ())]
    st.session_state[known_key] = tuple(by_identity)
    chosen = new[0] if new else st.session_state.get(chosen_key, next(iter(by_identity), None))
    if chosen not in by_identity and chosen != _A_SAMPLE:  # it was taken off the list
        chosen = next(iter(by_identity), None)
    asked_for = st.query_params.get(named) if in_address and is_back_or_forward() else None
    if chosen in by_identity and asked_for in samples:  # an upload's address names no sample
        st.session_state[named], chosen = asked_for, _A_SAMPLE
    st.session_state[chosen_key] = chosen
    photo = by_identity.get(str(chosen))
    if len(uploaded) > 1 or (uploaded and photo is None):
        pick_tile(
            f"{key}-upload",
            np.stack([thumbnail(each).image for each in uploaded]),
            [Choice(each.identity, _short(each.name), each.name) for each in uploaded],
            None if photo is None else photo.identity,
            label="Your photos",
            side=_TILE,
            on_pick=partial(st.session_state.__setitem__, chosen_key),
        )
    _sample_input(key, named, samples, photo, in_address=in_address)
    if photo is not None:
        return photo
    return _sample(st.session_state[named])


def _sample(name: str) -> Photo:
    """A sample photo."""
    if name in NOISY_PHOTOS:
        noisy, mean = noisy_photograph_paths(NOISY_PHOTOS[name])
        return Photo(name, name, lambda: noisy, mean)
    if name in HIGH_ISO_PHOTOS:
        return Photo(name, name, partial(high_iso_photograph, HIGH_ISO_PHOTOS[name]))
    return Photo(name, name, partial(photograph_path, (SAMPLE_PHOTOS | GREY_PHOTOS)[name]))


def _sample_input(
    key: str, named: str, samples: Mapping[str, str], photo: Photo | None, *, in_address: bool
) -> None:
    """The choice of a sample photo; without one where an uploaded photo is shown."""
    label, options = "or one of these", list(samples)
    if photo is None:
        st.segmented_control(
            label, options, default=options[0], required=True, key=named, wrap=True,
            bind="query-params" if in_address else None,
        )  # fmt: skip
        return

    def choose() -> None:
        name = st.session_state[instead]
        if name is not None:
            st.session_state[named] = name
            st.session_state[f"{key}-chosen"] = _A_SAMPLE

    instead = f"{named}-instead"
    st.segmented_control(label, options, key=instead, wrap=True, on_change=choose)


def thumbnail(photo: Photo) -> Thumbnail:
    """The thumbnail of a photo, made once."""
    kept: dict[object, Thumbnail] = st.session_state.setdefault(_THUMBNAILS, {})
    if photo.key not in kept:
        kept[photo.key] = _thumbnail(photo)
    return kept[photo.key]


def _thumbnail(photo: Photo) -> Thumbnail:
    """The middle of a photo, decoded for it."""
    try:
        opened = photo.read(longest_side=2 * _TILE_PIXELS)
    except CAEError:  # said where the photo is chosen, or worked on
        rows, columns = np.mgrid[:_TILE_PIXELS, :_TILE_PIXELS]
        crossed = np.minimum(abs(rows - columns), abs(rows + columns - _TILE_PIXELS)) < 3
        grey = np.where(crossed, np.uint8(210), np.uint8(110))
        return Thumbnail(np.repeat(grey[..., np.newaxis], 3, axis=2), None)
    shown = pixels(opened.pixels, opened)
    side = min(shown.shape[:2])
    square = resize(middle(shown, side, side), _TILE_PIXELS, _TILE_PIXELS)
    planes = np.broadcast_to(np.atleast_3d(square), (_TILE_PIXELS, _TILE_PIXELS, 3))
    return Thumbnail(to_uint8(planes), opened.full_size)


def _short(name: str) -> str:
    """The end of a file's name, where photos of one camera differ."""
    return name if len(name) <= _LONGEST_LABEL else f"…{name[1 - _LONGEST_LABEL :]}"
