"""Bits per pixel against error, a line for every codec: on the photo and on stored test sets."""

from __future__ import annotations

import numpy as np
import plotly.graph_objects as go
import streamlit as st

from cae_core.compression.comparison import NETWORK, Point, codecs, curve, stored_curves
from cae_ui.common.charts import COLORS, LOG_AXIS, framed, show_chart
from cae_ui.common.photo_input import SAMPLE_PHOTOS, Photo, admitted
from cae_ui.compress import samples
from cae_ui.compress.result import BYTES_PER_PIXEL

THIS_PHOTO = "This photo"
FIGURES = {"psnr": "PSNR, dB", "ssim": "SSIM"}


def show_curves(photo: Photo, image: np.ndarray) -> None:
    """PSNR and SSIM against bits per pixel, on a test set or on the photo.

    Args:
        photo: The photo.
        image: Its pixels, uint8 (H, W, 3) or (H, W).
    """
    st.header("At every number of bytes")
    stored = stored_curves()
    chosen = st.segmented_control(
        "Measured on", [*stored, THIS_PHOTO], default=next(iter(stored)), required=True,
        key="curves", bind="query-params", wrap=True,
    )  # fmt: skip
    if chosen != THIS_PHOTO:
        curves = stored[str(chosen)]
    elif photo.identity in SAMPLE_PHOTOS:
        curves = samples.stored_curves(photo.name)
    else:
        curves = _curves_of(image)
    for place, (name, label) in zip(st.columns(2), FIGURES.items(), strict=True):
        with place:
            show_chart(curve_figure(curves, name, label), key=f"curve-{name}")
    st.caption(
        "Further up is nearer to the original, further left is smaller. Of a test set the points "
        "are means over the middle 256 × 256 pixels of its photographs at one quality."
    )


def _curves_of(image: np.ndarray) -> dict[str, list[Point]]:
    """The curves of the photo, made codec by codec under a bar of progress."""
    bar = st.progress(0.0)
    found: dict[str, list[Point]] = {}
    with admitted(BYTES_PER_PIXEL * image.shape[0] * image.shape[1], is_long=True):
        for name in codecs():
            bar.progress(len(found) / len(codecs()), f"{name} at every quality …")
            found[name] = _kept_curve(image, name)
    bar.empty()
    return found


@st.cache_data(max_entries=20, show_spinner=False)
def _kept_curve(image: np.ndarray, name: str) -> list[Point]:
    """Keeps the last curves for all visitors."""
    return curve(image, name)


def curve_figure(curves: dict[str, list[Point]], name: str, label: str) -> go.Figure:
    """A figure against bits per pixel, a line for every codec.

    Args:
        curves: By codec.
        name: The figure, an attribute of `Point`.
        label: The figure in words.
    """
    figure = go.Figure()
    for color, (codec, points) in zip(COLORS, curves.items(), strict=False):
        figure.add_trace(
            go.Scatter(
                x=[point.bits_per_pixel for point in points],
                y=[getattr(point, name) for point in points],
                name=codec,
                mode="lines+markers",
                line={"color": color, "width": 3 if codec == NETWORK else 1.5},
            )
        )
    return framed(
        figure,
        height=340,
        xaxis={"title": "Bits per pixel", "dtick": "D2", **LOG_AXIS},
        yaxis={"title": label},
        legend_y=-0.25,
    )
