"""The chrominance in detail: the a*b* plane, and both channels as images."""

from __future__ import annotations

import numpy as np
import plotly.graph_objects as go
import streamlit as st

from cae_core.images.color import rgb_within_gamut
from cae_ui.colorize.scene import Scene
from cae_ui.common.charts import framed, show_chart
from cae_ui.common.pixels import show_image
from cae_ui.common.section import section

PLANE_LIMIT = 110
PLANE_CELLS = 110
CHANNEL_RANGE = 60.0


@section
def show_chrominance(scene: Scene) -> None:
    """The a*b* plane and both channels, guessed and true, once the toggle is on."""
    if not st.toggle("Look at the chrominance", key="inside", bind="query-params"):
        return
    guessed = ab_of(scene.colorized)
    pairs = {"Guessed": guessed}
    if scene.has_colour:
        pairs["True"] = ab_of(scene.photo)
    for column, (title, ab) in zip(st.columns(len(pairs)), pairs.items(), strict=True):
        with column:
            show_chart(plane_figure(ab, title), key=f"plane-{title}")
            for channel, name in enumerate(("a*, green to magenta", "b*, blue to yellow")):
                show_image(channel_image(ab, channel), f"{title}: {name}")
    st.caption(
        "The plane counts the pixels of every chrominance; brighter is more. The channels are "
        f"drawn in their own colours: grey is 0, the ends are ±{CHANNEL_RANGE:g}."
    )


@st.cache_data(max_entries=3, show_spinner=False)
def ab_of(image: np.ndarray) -> np.ndarray:
    """The a* and b* of an image, (H, W, 2)."""
    from skimage.color import rgb2lab

    return rgb2lab(image)[..., 1:]


def plane_figure(ab: np.ndarray, title: str) -> go.Figure:
    """The number of pixels of every chrominance, logarithmic, over the a*b* plane."""
    counts, edges, _ = np.histogram2d(
        ab[..., 1].ravel(),
        ab[..., 0].ravel(),
        PLANE_CELLS,
        [[-PLANE_LIMIT, PLANE_LIMIT]] * 2,
    )
    middles = (edges[:-1] + edges[1:]) / 2
    figure = go.Figure(
        go.Heatmap(
            x=middles,
            y=middles,
            z=np.where(counts > 0, np.log10(np.maximum(counts, 1)), np.nan),
            colorscale="Viridis",
            showscale=False,
            hovertemplate="a* %{x:.0f}, b* %{y:.0f}<extra></extra>",
        )
    )
    return framed(
        figure,
        height=320,
        margin={"t": 30},
        title={"text": title, "font": {"size": 14}},
        xaxis={"title": "a*", "range": [-PLANE_LIMIT, PLANE_LIMIT], "constrain": "domain"},
        yaxis={"title": "b*", "range": [-PLANE_LIMIT, PLANE_LIMIT], "scaleanchor": "x"},
    )


def channel_image(ab: np.ndarray, channel: int) -> np.ndarray:
    """One channel (0 is a*, 1 is b*) in its own colours at a lightness of 60, (H, W, 3)."""
    only = np.zeros((*ab.shape[:2], 2), np.float32)
    only[..., channel] = np.clip(ab[..., channel], -CHANNEL_RANGE, CHANNEL_RANGE)
    return rgb_within_gamut(np.full(ab.shape[:2], 60.0, np.float32), only)[0]
