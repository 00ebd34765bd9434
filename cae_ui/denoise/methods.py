"""The chosen network beside other denoisers: figures of this image, PSNR at every noise level."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace
from functools import partial

import numpy as np
import plotly.graph_objects as go
import streamlit as st

from cae_core import zoo
from cae_core.images.metrics import psnr, ssim_of
from cae_core.photos.classical import denoise_classical
from cae_ui.common.charts import COLORS, framed, show_chart
from cae_ui.common.network_choice import RUN_PREFIX
from cae_ui.common.photo_input import FAST_PIXELS
from cae_ui.common.wording import number_columns
from cae_ui.denoise.damages import other_methods
from cae_ui.denoise.result import cleaned, denoised
from cae_ui.denoise.scene import NoiseOptions, Scene, with_noise

BOTTLENECK = "homework-denoise"
CLASSICAL_TITLES = {"tv": "Total variation", "nlm": "Non-local means", "wavelet": "Wavelet"}
CURVE_SIGMAS = (5, 10, 15, 25, 35, 50, 75, 100)
TABLE_SIDE, CURVE_SIDE = 640, 192


def show_methods(scene: Scene) -> None:
    """Other denoisers on the same image: figures and times, and PSNR at every noise level."""
    if scene.clean is None or scene.model is None:
        return
    model = scene.model
    st.header("Compared with other methods")
    if st.toggle("Denoise this image with all methods", key="methods", bind="query-params"):
        height, width = scene.clean.shape[:2]
        tried = scene
        if height * width > FAST_PIXELS:  # some take ten times as long as the network
            height, width = (min(TABLE_SIDE, side) for side in (height, width))
            tried = replace(
                scene,
                noisy=_middle(scene.noisy, height, width),
                clean=_middle(scene.clean, height, width),
            )
            st.caption(f"On the middle {width} x {height} pixels.")
        st.dataframe(
            _table(tried, model),
            hide_index=True,
            width="stretch",
            column_config=number_columns("PSNR, dB", "SSIM")
            | {
                "Time, ms": st.column_config.NumberColumn(format="%.0f"),
            },
        )
        if scene.damage is None:
            st.caption("All methods are given the same sigma as the network.")
    if scene.damage is not None:
        return
    if st.toggle("Draw PSNR at every noise level", key="curve", bind="query-params"):
        side = min(CURVE_SIDE, *scene.clean.shape[:2])
        curves = _curves(_middle(scene.clean, side, side), model)
        show_chart(curve_figure(curves), key="curves")
        st.caption(
            f"On the middle {side} x {side} pixels of this image. Every method is given the true "
            "sigma; the noise is not clipped."
        )


def _table(scene: Scene, model: str) -> list[dict[str, object]]:
    """Figures of the noisy image and of every method, a row each."""
    assert scene.clean is not None  # noqa: S101 - the caller has looked
    rows = [_row("Noisy", scene.noisy, scene.clean, 0.0)]
    place = st.empty()
    if scene.damage is None:
        methods = _methods(model)
    else:
        methods = other_methods(scene.damage)
        if model.startswith(RUN_PREFIX):
            methods = {"Trained here": lambda image, _: denoised(scene, image)} | methods
    for title, method in methods.items():
        place.caption(f"{title} …")
        started = time.perf_counter()
        result = method(scene.noisy, scene.input_sigma)
        rows.append(_row(title, result, scene.clean, time.perf_counter() - started))
    place.empty()
    return rows


def _row(title: str, image: np.ndarray, clean: np.ndarray, seconds: float) -> dict[str, object]:
    """The figures of one method."""
    return {
        "Method": title,
        "PSNR, dB": psnr(image, clean),
        "SSIM": ssim_of(image, clean),
        "Time, ms": 1000 * seconds,
    }


def _methods(model: str) -> dict[str, Callable[[np.ndarray, float], np.ndarray]]:
    """The chosen network, two networks of the zoo and the classical methods, by title."""
    chosen = zoo.card(model).title if model in zoo.names() else "Trained here"
    found: dict[str, Callable[[np.ndarray, float], np.ndarray]] = {
        chosen: partial(cleaned, model=model)
    }
    for name in (zoo.PHOTO_DENOISER, BOTTLENECK):
        if name in zoo.names() and name != model:
            found[zoo.card(name).title] = partial(cleaned, model=name)
    for method, title in CLASSICAL_TITLES.items():
        found[title] = partial(denoise_classical, method=method)
    return found


@st.cache_data(max_entries=8, show_spinner="Denoising at every noise level …")
def _curves(clean: np.ndarray, model: str) -> dict[str, list[float]]:
    """PSNR of every method at `CURVE_SIGMAS`."""
    curves: dict[str, list[float]] = {title: [] for title in ("Noisy", *_methods(model))}
    for sigma in CURVE_SIGMAS:
        noisy = with_noise(clean, sigma / 255, NoiseOptions())
        curves["Noisy"].append(psnr(noisy, clean))
        for title, method in _methods(model).items():
            curves[title].append(psnr(method(noisy, sigma / 255), clean))
    return curves


def _middle(image: np.ndarray, height: int, width: int) -> np.ndarray:
    """The part in the middle of an image."""
    top, left = (image.shape[0] - height) // 2, (image.shape[1] - width) // 2
    return np.ascontiguousarray(image[top : top + height, left : left + width])


def curve_figure(curves: dict[str, list[float]]) -> go.Figure:
    """PSNR against sigma, a line for every method; the first is the noisy image."""
    figure = go.Figure()
    for index, (title, values) in enumerate(curves.items()):
        is_input = index == 0
        figure.add_trace(
            go.Scatter(
                x=CURVE_SIGMAS,
                y=values,
                name=title,
                mode="lines+markers",
                line={
                    "color": "#888888" if is_input else COLORS[(index - 1) % len(COLORS)],
                    "dash": "dot" if is_input else "solid",
                    "width": 3 if index == 1 else 1.5,
                },
            )
        )
    return framed(
        figure,
        height=360,
        xaxis={"title": "Noise sigma, of 255"},
        yaxis={"title": "PSNR, dB"},
        legend_y=-0.2,
        hovermode="x unified",
    )
