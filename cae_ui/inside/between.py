"""The part "Between two images": on a straight line in the latent, and in pixels."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import streamlit as st

from cae_core.images.operations import image_grid, to_uint8
from cae_core.inspection.mixing import combined, interpolated
from cae_ui.common.pixels import show_pixels, show_tiles
from cae_ui.inside.opened import SECOND_KEY, Opened, image_input

SHARE_KEY, THIRD_KEY = "share", "plus"
STEPS = 9  # images of the strip
SIDE = 176  # CSS pixels


@st.fragment
def show_between(opened: Opened) -> None:
    """A second image, the way to it, and a sum of three."""
    st.markdown("**The second image**")
    second = opened.images[image_input(SECOND_KEY, opened.images, 1, "Second image")]
    share = st.slider(
        "Share of the second image, %", 0, 100, 50, key=SHARE_KEY, bind="query-params"
    )
    fade, decoded = _between(opened, second, np.array([share / 100], np.float32))
    _show_row(
        [
            (opened.image, opened.name),
            (fade[0], "Cross-fade in pixels"),
            (decoded[0], "Interpolated in the latent"),
            (second, "Second image"),
        ]
    )
    if opened.network.has_skips:
        st.caption(
            ":material/info: Skip connections carry more of the image around the latent. They are "
            "those of the first image all the way: only the latent is interpolated."
        )
    fades, strip = _strip(opened.identity, opened.image, second, opened)
    show_pixels(image_grid(fades, STEPS), "In pixels: two images lie over each other")
    show_pixels(
        image_grid(strip, STEPS), "In the latent: every step is an image that the decoder draws"
    )
    _show_sum(opened, second)


def _between(
    opened: Opened, second: np.ndarray, shares: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Cross-fades in pixels and images decoded from between two latents, (N, H, W, C) each."""
    first, last = opened.encoded(), opened.encoded(second)
    fades = interpolated(first.images[0], last.images[0], shares)
    latents = interpolated(first.latents[0], last.latents[0], shares)
    return fades, opened.network.decode(first.with_latents(latents, fades))


@st.cache_data(max_entries=64, show_spinner=False)
def _strip(
    identity: str, first: np.ndarray, second: np.ndarray, _opened: Opened
) -> tuple[np.ndarray, np.ndarray]:
    """`_between` in even steps, uint8; it doesn't change with the slider."""
    shares = np.linspace(0, 1, STEPS, dtype=np.float32)
    fades, decoded = _between(_opened, second, shares)
    return to_uint8(fades), to_uint8(decoded)


def _show_sum(opened: Opened, second: np.ndarray) -> None:
    """A - B + C, in pixels and in the latent."""
    st.header("A − B + C", anchor=False)
    st.caption("The image, without the second, with a third:")
    third = opened.images[image_input(THIRD_KEY, opened.images, 2, "Third image")]
    encoded = [opened.encoded(image) for image in (opened.image, second, third)]
    pixels = np.clip(combined(*(each.images for each in encoded)), 0, 1)
    latents = combined(*(each.latents for each in encoded))
    decoded = opened.network.decode(encoded[0].with_latents(latents, pixels))
    _show_row(
        [
            (opened.image, "A"),
            (second, "− B"),
            (third, "+ C"),
            (pixels[0], "In pixels, cut to [0, 1]"),
            (decoded[0], "In the latent"),
        ]
    )


def _show_row(images: Sequence[tuple[np.ndarray, str]]) -> None:
    """Images of one size beside each other, each with its caption."""
    factor = max(1, SIDE // images[0][0].shape[1])
    show_tiles(
        np.stack([to_uint8(image) for image, _ in images]),
        [caption for _, caption in images],
        factor * images[0][0].shape[1],
        "",
    )
