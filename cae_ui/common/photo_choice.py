"""Widgets that choose a photo: uploads, which may be anything, and sample photos."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any, NamedTuple

import numpy as np
import streamlit as st

from cae_core.data.samples import (
    high_iso_photograph,
    noisy_photograph_paths,
    photograph_path,
)
from cae_core.errors import CAEError, ImageError
from cae_core.formats import format_bytes
from cae_core.images.decoding import IMAGE_SUFFIXES
from cae_core.images.operations import middle, resize, to_uint8
from cae_ui.common.address import is_back_or_forward
from cae_ui.common.image_views import pixels
from cae_ui.common.kept_uploads import YourPhotos, most_bytes, remove_photos, your_photos
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
from cae_ui.common.wording import plain

MOST_PHOTOS = 20
# The others are let through to a sentence that says what to do with them.
UPLOAD_TYPES = [*(suffix.lstrip(".") for suffix in IMAGE_SUFFIXES), "heic", "heif", "dng"]
_TILE, _TILE_PIXELS = 72, 144  # side of a thumbnail in CSS pixels, and for a fine screen
_LONGEST_LABEL = 12
_A_SAMPLE = "sample"  # in place of an upload's number
_UPLOAD = "upload"  # in the address: the number of an upload
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
        in_address: Keeps the choice in the address.
    """
    is_new = _is_new(key)
    upload = st.file_uploader("Your photo", **_upload_options(key))
    yours = your_photos([] if upload is None else [upload], MOST_PHOTOS, is_new=is_new)
    return _choice(key, yours, f"{key}-photo", SAMPLE_PHOTOS, is_new=is_new, in_address=in_address)


@section
def photos_choice(
    key: str, samples: Mapping[str, str] = SAMPLE_PHOTOS, name: str = "photo"
) -> tuple[Photo, list[Photo]]:
    """As `photo_choice`, for any number of uploads at once.

    Args:
        key: Beginning of the widgets' keys.
        samples: The sample photos that are offered.
        name: Name of the choice among them in the address, behind the key.

    Returns:
        The chosen photo, and all of the visitor's.
    """
    is_new = _is_new(key)
    uploads = st.file_uploader("Your photos", accept_multiple_files=True, **_upload_options(key))
    if len(uploads) > MOST_PHOTOS:
        st.caption(
            f":material/info: The first {MOST_PHOTOS} of {len(uploads)} photos are worked on."
        )
    yours = your_photos(uploads[:MOST_PHOTOS], MOST_PHOTOS, is_new=is_new)
    photo = _choice(key, yours, f"{key}-{name}", samples, is_new=is_new, in_address=True)
    return photo, list(yours.photos.values())


def _is_new(key: str) -> bool:
    """Whether the widget for uploads, which is not yet there in this run, was not in the last."""
    return f"{key}-upload" not in st.session_state


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


def _choice(
    key: str,
    yours: YourPhotos,
    named: str,
    samples: Mapping[str, str],
    *,
    is_new: bool,
    in_address: bool,
) -> Photo:
    """Thumbnails of uploads, and the sample photos; what was chosen last counts.

    Args:
        key: Beginning of the widgets' keys.
        yours: The visitor's photos.
        named: Key of the choice of a sample photo.
        samples: Their files by name.
        is_new: Whether the widgets have just come.
        in_address: Keeps the choice in the address.
    """
    chosen_key, photos = f"{key}-chosen", yours.photos
    chosen = yours.new[0] if yours.new else st.session_state.get(chosen_key, _A_SAMPLE)
    if chosen not in photos and chosen != _A_SAMPLE:  # it was taken away
        chosen = next(iter(photos), _A_SAMPLE)
    if in_address and (is_new or is_back_or_forward()):
        chosen = _asked_for(chosen, photos, named, samples)
    st.session_state[chosen_key] = chosen
    photo = photos.get(chosen)
    if in_address:
        _put_into_address(None if photo is None else chosen)
    if len(photos) > 1 or yours.earlier or (photos and photo is None):
        pick_tile(
            f"{key}-upload",
            np.stack([thumbnail(each).image for each in photos.values()]),
            [Choice(number, _short(each.name), each.name) for number, each in photos.items()],
            None if photo is None else chosen,
            label="Your photos",
            side=_TILE,
            on_pick=partial(st.session_state.__setitem__, chosen_key),
        )
    _show_kept(key, yours, chosen)
    _sample_input(key, named, samples, photo, in_address=in_address)
    if photo is not None:
        return photo
    return _sample(st.session_state[named])


def _asked_for(
    chosen: str, photos: Mapping[str, Photo], named: str, samples: Mapping[str, str]
) -> str:
    """What the address names, or what was chosen before.

    Args:
        chosen: What was chosen.
        photos: The visitor's photos by number.
        named: Name of the choice of a sample photo.
        samples: The sample photos.
    """
    sample, number = st.query_params.get(named), st.query_params.get(_UPLOAD)
    if number is None and sample not in samples and is_back_or_forward():
        sample = next(iter(samples))  # which an address leaves out
    if sample in samples:
        if chosen in photos:  # else the control for samples reads it
            st.session_state[named] = sample
        return _A_SAMPLE
    return str(number) if number in photos else chosen


def _put_into_address(number: str | None) -> None:
    """Puts the number of a photo of the visitor's into the address, or takes it out."""
    if number is None:
        st.query_params.pop(_UPLOAD, None)
    elif st.query_params.get(_UPLOAD) != number:
        st.query_params[_UPLOAD] = number


def _show_kept(key: str, yours: YourPhotos, chosen: str) -> None:
    """How long photos are kept that no widget lists, and buttons that take them away."""
    if yours.not_kept:
        st.caption(
            f":material/info: Of your photos the last {MOST_PHOTOS} and "
            f"{format_bytes(most_bytes())} are kept when you leave this page. "
            f"Not among them: {plain(', '.join(yours.not_kept))}."
        )
    if not yours.earlier:
        return
    st.caption("Kept in memory until you close or reload the page.")
    single = yours.earlier[0] if len(yours.earlier) == 1 else chosen
    with st.container(horizontal=True):
        if single in yours.earlier:
            name = plain(_short(yours.photos[single].name))
            _remove_input(f"{key}-remove", f"Remove {name}", [single])
        if len(yours.earlier) > 1:
            label = f"Remove all {len(yours.earlier)} kept photos"
            _remove_input(f"{key}-remove-all", label, yours.earlier)


def _remove_input(key: str, label: str, numbers: Sequence[str]) -> None:
    """A button that takes photos of the visitor's away."""
    st.button(
        label, icon=":material/delete:", type="tertiary", key=key,
        on_click=remove_photos, args=(numbers,),
    )  # fmt: skip


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
