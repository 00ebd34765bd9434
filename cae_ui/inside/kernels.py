"""The kernels of a layer as images."""

from __future__ import annotations

import numpy as np
import streamlit as st

from cae_core.formats import counted, format_size
from cae_core.images.operations import to_uint8
from cae_ui.common.picker import Choice, pick_tile
from cae_ui.common.pixels import show_tiles
from cae_ui.inside.colors import scale_legend, signed_colors
from cae_ui.inside.digits import signed
from cae_ui.inside.feature_maps import CHANNEL_KEY
from cae_ui.inside.opened import tile_factor

MOST_SLICES = 64


def show_kernels(kernels: np.ndarray, channel: int, *, reads_image: bool) -> None:
    """The kernels of a layer: all of one that reads the image, else those of one channel.

    Args:
        kernels: (height, width, input channels, output channels).
        channel: The chosen output channel.
        reads_image: Whether the layer's input is the image.
    """
    height, width, channels, count = kernels.shape
    limit = float(np.abs(kernels).max()) or 1.0
    side = tile_factor(width) * width
    st.header("Kernels", anchor=False)
    if channels in (1, 3) and (reads_image or min(height, width) > 7):
        shown = np.argsort(-np.square(kernels).sum(axis=(0, 1, 2)), kind="stable")[:MOST_SLICES]
        images = _kernel_images(kernels, limit)[shown]
        choices = [Choice(str(each), str(each), f"Kernel of channel {each}") for each in shown]
        pick_tile(
            CHANNEL_KEY, images, choices, str(channel), label="Kernels", side=side, key="kernels"
        )
        what = " in colour: grey is 0" if channels == 3 else ": dark is 0, blue below, amber above"
        st.caption(
            f"What each channel looks for in the image, {format_size(height, width)} weights"
            f"{what}; the largest is {signed(limit)}. {_ordered(count, len(shown), 'kernel')} "
            "The image does not change them."
        )
        return
    kernel = kernels[..., channel % count]
    order = np.argsort(-np.square(kernel).sum(axis=(0, 1)), kind="stable")[:MOST_SLICES]
    images = np.moveaxis(signed_colors(kernel, limit), 2, 0)[order]
    show_tiles(images, [str(each) for each in order], side // 2, "Kernel of input channel")
    st.html(scale_legend(limit, is_signed=True))
    st.caption(
        f"Channel {channel}: {format_size(height, width)} weights for every channel of its input. "
        f"{_ordered(channels, len(order), 'channel')} The image does not change them."
    )


def _ordered(count: int, shown: int, noun: str) -> str:
    """In which order something is shown, and how much of it.

    Example:
        >>> _ordered(8, 8, "kernel"), _ordered(100, 64, "kernel")
        ('The largest first.', 'The largest first: 64 of 100 kernels, 36 are left out.')
    """
    if count == shown:
        return "The largest first."
    return f"The largest first: {shown} of {counted(count, noun)}, {count - shown:,} are left out."


def _kernel_images(kernels: np.ndarray, limit: float) -> np.ndarray:
    """Kernels on an image as images: (h, w, 1 or 3, N) -> uint8 (N, h, w, 3)."""
    images = np.moveaxis(kernels, 3, 0)
    if images.shape[3] == 1:
        return signed_colors(images[..., 0], limit)
    return to_uint8(0.5 + images.astype(np.float32) / (2 * limit))
