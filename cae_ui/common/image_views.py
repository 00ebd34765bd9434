"""A photo and what a network makes of it: pairs of images under the comparison slider."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import NamedTuple

import numpy as np
import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from cae_core.images.decoding import OpenedImage, over_white
from cae_core.images.operations import to_uint8
from cae_ui.common.compare_slider import compare_slider

View = tuple[tuple[np.ndarray, str], tuple[Callable[[], np.ndarray], str]]
"""Left and right image with their labels; the right one is made when its view is chosen."""


class Shown(NamedTuple):
    """The result of `show_views`.

    Attributes:
        name: Name of the chosen pair.
        beside: An empty place beside the buttons.
    """

    name: str
    beside: DeltaGenerator


_ROW = "views-of"  # shell.css keeps room there for a line of progress


def show_views(
    views: Mapping[str, View],
    opened: OpenedImage,
    *,
    key: str,
    choice: str,
    in_address: bool = True,
    height: int = 560,
) -> Shown:
    """Buttons that choose a pair of images, and the comparison slider with the pair.

    Args:
        views: The pairs by name; the first is chosen at first.
        opened: The photo, for its transparency.
        key: Key of the slider.
        choice: Key of the buttons, in the address too unless `in_address` is false.
        in_address: Keeps the choice in the address.
        height: CSS pixels that the images may be high.

    """
    first = next(iter(views))
    chosen = first
    with st.container(
        horizontal=True, vertical_alignment="center", gap="medium", key=f"{_ROW}-{key}"
    ):
        if len(views) > 1:
            chosen = str(
                st.segmented_control(
                    "Show", list(views), default=first, required=True, key=choice,
                    bind="query-params" if in_address else None, label_visibility="collapsed",
                    wrap=True,
                )
            )  # fmt: skip
        beside = st.empty()
    (before, before_label), (make_after, after_label) = views.get(chosen, views[first])
    compare_slider(
        pixels(before, opened),
        pixels(make_after(), opened),
        before_label=before_label,
        after_label=after_label,
        key=key,
        height=height,
    )
    return Shown(chosen, beside)


def pixels(image: np.ndarray, opened: OpenedImage) -> np.ndarray:
    """An image over white where the photo is transparent, as uint8: (H, W, 3), grey (H, W)."""
    shown = to_uint8(over_white(np.clip(image, 0.0, 1.0), opened.opacity))
    return shown[..., 0] if shown.ndim == 3 and shown.shape[2] == 1 else shown
