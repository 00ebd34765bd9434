"""What came out of denoising: images compared, figures of all methods, the whole photo."""

from __future__ import annotations

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial

import numpy as np
import plotly.graph_objects as go
import streamlit as st

from cae_core import zoo
from cae_core.images.metrics import psnr, ssim_of
from cae_core.images.operations import encode_png
from cae_core.photos.classical import denoise_classical
from cae_ui.common.compare_slider import compare_slider
from cae_ui.common.image_input import Photo
from cae_ui.common.whole_photo import show_whole_photo
from cae_ui.denoise.form import (
    ADD_NOISE,
    NoiseOptions,
    Scene,
    as_pixels,
    cleaned,
    describe,
    is_network_ready,
    removed,
    start_network,
    with_noise,
)

BOTTLENECK = "homework-denoise"
CLASSICAL_TITLES = {"tv": "Total variation", "nlm": "Non-local means", "wavelet": "Wavelet"}
CURVE_SIGMAS = (5, 10, 15, 25, 35, 50, 75, 100)
CURVE_SIDE = 192
COLORS = ("#0f766e", "#f59e0b", "#6366f1", "#dc2626", "#0ea5e9", "#a3a3a3")


def show_result(scene: Scene, model: str) -> np.ndarray:
    """Noisy and clean under the comparison slider, and how close each is to the original.

    Returns:
        The clean image, float32 (H, W, 3).
    """
    # There in every run: elements below that change their place would be drawn anew.
    place = st.empty()
    if not is_network_ready():
        _show_while_starting(scene, place)
    started = time.perf_counter()
    clean = cleaned(scene.noisy, scene.told, model)
    seconds = time.perf_counter() - started
    noisy = (scene.noisy, describe(scene))
    # An image and its label, and the same of what it is compared with, made when it is looked at.
    shown = {
        "Denoised": (noisy, (lambda: clean, "Denoised")),
        "Taken out": (
            noisy,
            (lambda: removed(scene.noisy, clean, _gain(scene)), "Taken out, amplified"),
        ),
    }
    if scene.clean is not None:
        original = scene.clean
        shown["Original"] = ((clean, "Denoised"), (lambda: original, "Original"))
    view = st.segmented_control(
        "Show", list(shown), default="Denoised", required=True, key="show", bind="query-params",
        label_visibility="collapsed",
    )  # fmt: skip
    (before, before_label), (make_after, after_label) = shown.get(str(view), shown["Denoised"])
    _compare(before, make_after(), before_label, after_label)
    _show_figures(scene, clean, seconds)
    return clean


def _show_while_starting(scene: Scene, place: st.delta_generator.DeltaGenerator) -> None:
    """The noisy photo, for the first visitor waits until TensorFlow is loaded."""
    with place.container():
        st.image(as_pixels(scene.noisy), describe(scene), width="stretch")
        start_network()
    place.empty()


def _compare(before: np.ndarray, after: np.ndarray, before_label: str, after_label: str) -> None:
    """The page's comparison slider."""
    compare_slider(
        as_pixels(before),
        as_pixels(after),
        before_label=before_label,
        after_label=after_label,
        key="denoised",
        height=560,
    )


def _gain(scene: Scene) -> float:
    """Amplification at which noise of that level fills most of the grey scale."""
    return 0.25 / max(scene.told, 1 / 255)


def _show_figures(scene: Scene, clean: np.ndarray, seconds: float) -> None:
    """Figures against the original, where there is one."""
    took = f"{1000 * seconds:,.0f} ms for {clean.shape[1]} x {clean.shape[0]} pixels"
    if scene.clean is None:
        st.caption(f"{took}. There is no original to compare with.")
        return
    before, after = psnr(scene.noisy, scene.clean), psnr(clean, scene.clean)
    gained = f"{after - before:+.2f} dB" if np.isfinite(after - before) else None
    with ThreadPoolExecutor(2) as threads:  # SciPy's filters leave Python free
        similar_before, similar = threads.map(
            partial(ssim_of, reference=scene.clean), (scene.noisy, clean)
        )
    with st.container(horizontal=True, gap="medium"):
        st.metric("PSNR, noisy", f"{before:.2f} dB", width="content")
        st.metric("PSNR, denoised", f"{after:.2f} dB", gained, width="content")
        st.metric(
            "SSIM, denoised", f"{similar:.3f}", f"{similar - similar_before:+.3f}", width="content"
        )
    st.caption(f"{took}. Noise as it is, output cut to [0, 1]; PSNR over all three channels.")


def show_downloads(scene: Scene, clean: np.ndarray) -> None:
    """Both images as PNG files.

    Made in every run, not when asked for: a press while the page is being drawn anew would ask
    for an image that is gone.
    """
    with st.container(horizontal=True):
        for label, image in (("Denoised", clean), ("Noisy", scene.noisy)):
            st.download_button(
                label,
                encode_png(as_pixels(image)),
                f"{label.lower()}.png",
                icon=":material/download:",
                on_click="ignore",
            )


def _methods(model: str) -> dict[str, Callable[[np.ndarray, float], np.ndarray]]:
    """Every method that the chosen network is compared with, that network first."""
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


def show_methods(scene: Scene, model: str) -> None:
    """The same image through other denoisers: figures, times, and PSNR at every level."""
    if scene.clean is None:
        return
    st.subheader("Beside other methods")
    if st.toggle("Denoise this image with all of them", key="methods", bind="query-params"):
        st.dataframe(
            _table(scene, model),
            hide_index=True,
            width="stretch",
            column_config={
                "PSNR, dB": st.column_config.NumberColumn(format="%.2f"),
                "SSIM": st.column_config.NumberColumn(format="%.3f"),
                "Time, ms": st.column_config.NumberColumn(format="%.0f"),
            },
        )
        st.caption("All of them are told the sigma that the network is told.")
    if st.toggle("Draw PSNR at every noise level", key="curve", bind="query-params"):
        side = min(CURVE_SIDE, *scene.clean.shape[:2])
        curves = _curves(_middle(scene.clean, side), model)
        st.plotly_chart(curve_figure(curves), key="curves", config={"displayModeBar": False})
        st.caption(
            f"On the middle {side} x {side} pixels of this image; every method is told the "
            "true sigma; noise not clipped."
        )


def _table(scene: Scene, model: str) -> list[dict[str, object]]:
    """One line a method."""
    assert scene.clean is not None  # noqa: S101 - the caller has looked
    rows = [_row("As it is", scene.noisy, scene.clean, 0.0)]
    place = st.empty()
    for title, method in _methods(model).items():
        place.caption(f"{title} …")
        started = time.perf_counter()
        result = method(scene.noisy, scene.told)
        rows.append(_row(title, result, scene.clean, time.perf_counter() - started))
    place.empty()
    return rows


def _row(title: str, image: np.ndarray, clean: np.ndarray, seconds: float) -> dict[str, object]:
    """A method's figures."""
    return {
        "Method": title,
        "PSNR, dB": psnr(image, clean),
        "SSIM": ssim_of(image, clean),
        "Time, ms": 1000 * seconds,
    }


@st.cache_data(max_entries=8, show_spinner="Denoising at every noise level …")
def _curves(clean: np.ndarray, model: str) -> dict[str, list[float]]:
    """PSNR of every method at `CURVE_SIGMAS`."""
    curves: dict[str, list[float]] = {title: [] for title in ("As it is", *_methods(model))}
    for sigma in CURVE_SIGMAS:
        noisy = with_noise(clean, sigma / 255, NoiseOptions())
        curves["As it is"].append(psnr(noisy, clean))
        for title, method in _methods(model).items():
            curves[title].append(psnr(method(noisy, sigma / 255), clean))
    return curves


def curve_figure(curves: dict[str, list[float]]) -> go.Figure:
    """PSNR against sigma, a line a method."""
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
    figure.update_layout(
        height=360,
        margin={"l": 0, "r": 0, "t": 8, "b": 0},
        xaxis={"title": "Noise sigma, of 255"},
        yaxis={"title": "PSNR, dB"},
        hovermode="x unified",
        legend={"orientation": "h", "y": -0.2},
    )
    return figure


def _middle(image: np.ndarray, side: int) -> np.ndarray:
    """The square in the middle of an image."""
    top, left = ((length - side) // 2 for length in image.shape[:2])
    return np.ascontiguousarray(image[top : top + side, left : left + side])


def show_whole(scene: Scene, photo: Photo, mode: str, model: str) -> None:
    """The whole of a photo of which a reduction or a part is tried on."""
    if scene.is_whole:
        return

    def work(whole: np.ndarray, advance: Callable[[int, int], None]) -> np.ndarray:
        if mode == ADD_NOISE:
            whole = with_noise(whole, scene.sigma, scene.options)
        return cleaned(whole, scene.told, model, on_progress=advance)

    settings = (mode, model, scene.told, scene.sigma, scene.options)
    show_whole_photo(photo, scene.full_size, settings, "Denoise", "denoised", work)
