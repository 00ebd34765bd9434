"""The chosen network beside other denoisers: images, figures, PSNR at every noise level."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial

import numpy as np
import plotly.graph_objects as go
import streamlit as st

from cae_core import zoo
from cae_core.formats import format_psnr, format_sigma, format_size
from cae_core.images.metrics import psnr, ssim_of
from cae_core.images.operations import middle, to_uint8
from cae_core.photos.classical import denoise_classical
from cae_ui.common.charts import COLORS, framed, show_chart
from cae_ui.common.compare_slider import compare_slider
from cae_ui.common.file_names import words
from cae_ui.common.network_choice import RUN_PREFIX
from cae_ui.common.photo_input import FAST_PIXELS
from cae_ui.common.picker import Choice, kept_choice, pick_tile
from cae_ui.common.section import section
from cae_ui.common.wording import number_columns
from cae_ui.denoise.damages import other_methods
from cae_ui.denoise.result import cleaned, denoised, original_label
from cae_ui.denoise.scene import NoiseOptions, Scene, with_noise

BOTTLENECK = "homework-denoise"
CLASSICAL_TITLES = {"tv": "Total variation", "nlm": "Non-local means", "wavelet": "Wavelet"}
CURVE_SIGMAS = (5, 10, 15, 25, 35, 50, 75, 100)
TABLE_SIDE, CURVE_SIDE, PIECE = 640, 192, 112
Method = Callable[[np.ndarray, float], np.ndarray]  # a noisy image and its sigma
_RESULTS = "methods-results"


@dataclass(frozen=True)
class Result:
    """A method's output for the noisy image; the first of several is that image itself.

    Attributes:
        title: The method.
        image: uint8, (H, W) or (H, W, 3).
        psnr: PSNR in dB; None where there is nothing to compare with.
        ssim: SSIM, likewise.
        seconds: How long it took.
    """

    title: str
    image: np.ndarray
    psnr: float | None
    ssim: float | None
    seconds: float


@section
def show_methods(scene: Scene) -> None:
    """Other denoisers on the same image: images, figures, times, and PSNR at every noise level."""
    if scene.model is None:
        return
    st.header("Compared with other methods")
    _compare_methods(scene, scene.model)
    if scene.clean is not None and scene.damage is None:
        _draw_curves(scene.clean, scene.model)


@section
def _compare_methods(scene: Scene, model: str) -> None:
    """The scene's image denoised by every method, on demand."""
    if not st.toggle("Denoise this image with all methods", key="methods", bind="query-params"):
        return
    height, width = scene.noisy.shape[:2]
    tried, reference = scene, scene.reference
    if height * width > FAST_PIXELS:  # some take ten times as long as the network
        height, width = (min(TABLE_SIDE, side) for side in (height, width))
        tried = replace(scene, noisy=_middle(scene.noisy, height, width))
        if reference is not None:
            reference = _middle(reference, height, width)
        st.caption(f"On the middle {format_size(width, height)} pixels.")
    results = _kept_results(scene, tried, reference, model)
    _show_images(results)
    _show_table(results)
    if scene.clean is None:
        st.caption(
            "All methods but the camera denoiser, which estimates the noise at every place, are "
            f"given sigma {format_sigma(scene.input_sigma)}."
        )
        if reference is not None:
            st.caption(f"PSNR and SSIM against the {original_label(scene).lower()}.")
    elif scene.damage is None:
        st.caption("All methods are given the same sigma as the network.")


@section
def _draw_curves(clean: np.ndarray, model: str) -> None:
    """PSNR against sigma for every method, on demand."""
    if not st.toggle("Draw PSNR at every noise level", key="curve", bind="query-params"):
        return
    side = min(CURVE_SIDE, *clean.shape[:2])
    curves = _curves(_middle(clean, side, side), model)
    show_chart(curve_figure(curves), key="curves")
    st.caption(
        f"On the middle {format_size(side, side)} pixels of this image. Every method is given the "
        "true sigma; the noise is not clipped."
    )


@section
def _kept_results(
    scene: Scene, tried: Scene, reference: np.ndarray | None, model: str
) -> list[Result]:
    """The results for the tried part of a scene, kept in the session until that changes."""
    wanted = scene.photo.key, scene.settings, scene.box, tried.noisy.shape
    kept = st.session_state.get(_RESULTS)
    if kept is None or kept[0] != wanted:
        kept = st.session_state[_RESULTS] = wanted, _results(tried, reference, model)
    results: list[Result] = kept[1]
    return results


def _results(scene: Scene, reference: np.ndarray | None, model: str) -> list[Result]:
    """The noisy image and the result of every method."""
    if scene.clean is None:
        methods = _methods(model, zoo.CAMERA_DENOISER)
        chosen = next(iter(methods))
        methods[chosen] = lambda image, _: denoised(scene, image)  # as its sliders say
    elif scene.damage is None:
        methods = _methods(model)
    else:
        methods = other_methods(scene.damage)
        if model.startswith(RUN_PREFIX):
            methods = {"Trained here": lambda image, _: denoised(scene, image)} | methods
    results = [_result(scene, reference, scene.spoilt.capitalize(), lambda image, _: image)]
    place = st.empty()
    for title, method in methods.items():
        place.caption(f"{title} …")
        results.append(_result(scene, reference, title, method))
    place.empty()
    return results


def _result(scene: Scene, reference: np.ndarray | None, title: str, method: Method) -> Result:
    """One method's output for the noisy image, with its figures."""
    started = time.perf_counter()
    image = method(scene.noisy, scene.input_sigma)
    seconds = time.perf_counter() - started
    shown = to_uint8(np.clip(image, 0.0, 1.0))
    if reference is None:
        return Result(title, shown, None, None, seconds)
    return Result(title, shown, psnr(image, reference), ssim_of(image, reference), seconds)


def _show_images(results: list[Result]) -> None:
    """A piece of every result, and the one that is clicked beside the first method's."""
    _, first, *others = results
    by_name = {words(result.title): result for result in results}
    # The method that is best after the first one, so that there is something to see.
    best = max(others, key=lambda result: result.psnr or 0.0)
    chosen = by_name[kept_choice("method", list(by_name), words(best.title))]
    before = first if chosen is not first else results[0]
    compare_slider(
        before.image,
        chosen.image,
        before_label=before.title,
        after_label=chosen.title,
        key="methods-slider",
        height=480,
    )
    height, width = (min(PIECE, side) for side in first.image.shape[:2])
    pick_tile(
        "method",
        np.stack([np.atleast_3d(_middle(result.image, height, width)) for result in results]),
        [Choice(name, result.title, _described(result)) for name, result in by_name.items()],
        words(chosen.title),
        label="Methods",
        side=PIECE,
    )
    st.caption("A click on a method puts its result on the right.")


def _described(result: Result) -> str:
    """A method with its PSNR, where there is one."""
    return result.title if result.psnr is None else f"{result.title}, {format_psnr(result.psnr)}"


def _show_table(results: list[Result]) -> None:
    """The figures of the noisy image and of every method, a row each."""
    rows = []
    for result in results:
        figures = {"PSNR, dB": result.psnr, "SSIM": result.ssim}
        known = {heading: value for heading, value in figures.items() if value is not None}
        rows.append({"Method": result.title, **known, "Time, ms": 1000 * result.seconds})
    columns = {"Time, ms": st.column_config.NumberColumn(format="%.0f")}
    st.dataframe(
        rows,
        hide_index=True,
        width="stretch",
        column_config=number_columns("PSNR, dB", "SSIM") | columns,
    )


def _methods(model: str, *more: str) -> dict[str, Method]:
    """The chosen network, more networks of the zoo and the classical methods, by title."""
    chosen = zoo.card(model).title if model in zoo.names() else "Trained here"
    found: dict[str, Method] = {chosen: partial(cleaned, model=model)}
    for name in (*more, zoo.PHOTO_DENOISER, BOTTLENECK):
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
    """A copy of the part in the middle of an image."""
    return np.ascontiguousarray(middle(image, height, width))


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
