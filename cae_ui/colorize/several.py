"""Several photos colorized at once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import partial

import numpy as np
import streamlit as st

from cae_core import zoo
from cae_core.formats import counted
from cae_core.images.decoding import OpenedImage
from cae_core.images.operations import as_image
from cae_core.long_work import OnProgress
from cae_ui.colorize.hints import hints_of
from cae_ui.colorize.result import MADE
from cae_ui.colorize.scene import color_whole
from cae_ui.colorize.settings import Settings, returns_rgb
from cae_ui.common.photo_input import Photo
from cae_ui.common.several_photos import show_several


def colorize_several(photos: Sequence[Photo], settings: Settings) -> None:
    """Colorizes all uploaded photos at a press, each with its hints; nothing for one photo."""
    is_hinted = not returns_rgb(settings.model)
    each = [replace(settings, hints=hints_of(photo) if is_hinted else ()) for photo in photos]
    hinted = sum(bool(one.hints) for one in each)
    if hinted and len(photos) > 1:
        st.caption(f"With the hints of {counted(hinted, 'photo')}.")
    by_identity = {photo.identity: one for photo, one in zip(photos, each, strict=True)}
    show_several(photos, tuple(each), "Colorize", MADE, partial(_colorize_one, by_identity))


def _colorize_one(
    settings: Mapping[str, Settings], photo: Photo, opened: OpenedImage, on_progress: OnProgress
) -> tuple[np.ndarray, str]:
    """The result of one photo, and the network that made it with how many hints."""
    chosen = settings[photo.identity]
    result = color_whole(as_image(opened.pixels), chosen, on_progress)
    name = chosen.model
    said = zoo.card(name).title if name in zoo.names() else "Network trained here"
    return result, f"{said}, {counted(len(chosen.hints), 'hint')}" if chosen.hints else said
