"""The result: noisy and clean image compared, their figures, downloads, the whole photo."""

from __future__ import annotations

import sys
import time
from concurrent.futures import ThreadPoolExecutor
from functools import partial

import numpy as np
import streamlit as st

from cae_core import zoo
from cae_core.formats import format_duration, format_gain, format_psnr, format_ssim
from cae_core.images.decoding import OpenedImage
from cae_core.images.encoding import encode_like
from cae_core.images.metrics import psnr, ssim_of
from cae_core.long_work import OnProgress
from cae_core.photos.camera_denoising import denoise_camera
from cae_core.photos.denoising import denoise
from cae_ui.common.file_names import photo_name
from cae_ui.common.image_views import View, pixels, show_views
from cae_ui.common.network_choice import network
from cae_ui.common.photo_input import Photo
from cae_ui.common.pixels import show_image
from cae_ui.common.resources import freeze_garbage_collector
from cae_ui.common.whole_photo import show_whole_photo
from cae_ui.common.wording import plain
from cae_ui.denoise.scene import ADD_NOISE, Scene, add_noise


def show_result(scene: Scene) -> np.ndarray:
    """The noisy and the denoised image under the comparison slider, and their figures.

    Returns:
        The denoised image, of the noisy one's shape.
    """
    # In every run, because elements that change their place would be drawn anew.
    place = st.empty()
    if not _is_network_ready():
        _show_while_starting(scene, place)
    started = time.perf_counter()
    clean = denoised(scene, scene.noisy)
    seconds = time.perf_counter() - started
    noisy = (scene.noisy, _label(scene))
    views: dict[str, View] = {
        "Denoised": (noisy, (lambda: clean, "Denoised")),
        "Taken out": (
            noisy,
            (lambda: _removed(scene.noisy, clean, _gain(scene)), "Taken out, amplified"),
        ),
    }
    if scene.clean is not None:
        original = scene.clean
        views["Original"] = ((clean, "Denoised"), (lambda: original, "Original"))
    show_views(views, scene.opened, key="denoised", choice="show")
    _show_figures(scene, clean, seconds)
    return clean


def _show_while_starting(scene: Scene, place: st.delta_generator.DeltaGenerator) -> None:
    """The noisy image, while the first visitor waits for TensorFlow to start."""
    with place.container():
        show_image(pixels(scene.noisy, scene.opened), plain(_label(scene)))
        _start_network()
    place.empty()


def _gain(scene: Scene) -> float:
    """Amplification at which noise of the scene's sigma fills most of the grey scale."""
    return 0.25 / max(scene.input_sigma, 1 / 255)


def _show_figures(scene: Scene, clean: np.ndarray, seconds: float) -> None:
    """Time of the network, and PSNR and SSIM where there is an original to compare with."""
    took = f"{format_duration(seconds)} for {clean.shape[1]:,} x {clean.shape[0]:,} pixels"
    if scene.clean is None:
        st.caption(f"{took}. There is no original to compare with.")
        return
    before, after = psnr(scene.noisy, scene.clean), psnr(clean, scene.clean)
    gained = format_gain(after - before) if np.isfinite(after - before) else None
    with ThreadPoolExecutor(2) as threads:  # SciPy's filters leave Python free
        similar_before, similar = threads.map(
            partial(ssim_of, reference=scene.clean), (scene.noisy, clean)
        )
    with st.container(horizontal=True, gap="medium"):
        st.metric("PSNR, noisy", format_psnr(before), width="content")
        st.metric("PSNR, denoised", format_psnr(after), gained, width="content")
        st.metric(
            "SSIM, denoised",
            format_ssim(similar),
            f"{similar - similar_before:+.3f}",
            width="content",
        )
    channels = "in grey" if clean.ndim == 2 else "over all three channels"
    st.caption(f"{took}. PSNR {channels}; the output is cut to [0, 1].")


def show_downloads(scene: Scene, clean: np.ndarray) -> None:
    """The denoised and the noisy image as PNG files, with what else the photo's file has.

    Made in every run, not on demand: a press while the page reruns would ask for an image that is
    gone.
    """
    with st.container(horizontal=True):
        for label, image in (("Denoised", clean), ("Noisy", scene.noisy)):
            st.download_button(
                label,
                encode_like(scene.opened, image),
                photo_name(scene.name, label.lower(), *image.shape[:2]),
                icon=":material/download:",
                on_click="ignore",
            )


def show_whole(scene: Scene, photo: Photo, mode: str) -> None:
    """The whole photo, where the scene is a reduction or a part of it."""
    if scene.is_whole:
        return

    def work(whole: OpenedImage, advance: OnProgress) -> np.ndarray:
        if mode == ADD_NOISE:
            add_noise(whole.pixels, scene.sigma, scene.options)
        return denoised(scene, whole.pixels, advance, overwrite=True)

    settings = (
        mode, scene.model, scene.input_sigma, scene.sigma, scene.options,
        scene.luma, scene.color, scene.grain,
    )  # fmt: skip
    show_whole_photo(photo, scene.opened.full_size, settings, "Denoise", "denoised", work)


def _is_network_ready() -> bool:
    """Whether TensorFlow and a network are in memory."""
    return "keras" in sys.modules and zoo.is_loaded()


@st.cache_resource(show_spinner="Starting the network, once for all visitors …")
def _start_network() -> None:
    """Starts TensorFlow and loads the photo denoiser."""
    denoise(np.zeros((64, 64, 3), np.float32), 0.1)
    freeze_garbage_collector()


def denoised(
    scene: Scene,
    image: np.ndarray,
    on_progress: OnProgress | None = None,
    *,
    overwrite: bool = False,
) -> np.ndarray:
    """An image denoised with the scene's network and settings: the scene's, or the whole photo.

    Args:
        scene: The scene.
        image: As `Scene.noisy`.
        on_progress: Called with the tiles done and their number.
        overwrite: Whether the image's memory may be used for the result.
    """
    if scene.model is None:
        return np.clip(image, 0.0, 1.0)
    has_grain = scene.grain > 0
    is_free = overwrite and not has_grain
    if scene.model == zoo.CAMERA_DENOISER:
        clean = denoise_camera(
            image, scene.luma, scene.color, overwrite=is_free, on_progress=on_progress
        )
    else:
        clean = cleaned(image, scene.input_sigma, scene.model, on_progress, overwrite=is_free)
    if has_grain:
        clean += np.float32(scene.grain) * (np.clip(image, 0.0, 1.0) - clean)
    return clean


def cleaned(
    image: np.ndarray,
    sigma: float,
    model: str,
    on_progress: OnProgress | None = None,
    *,
    overwrite: bool = False,
) -> np.ndarray:
    """An image denoised by a network of `denoiser_input`."""
    return denoise(image, sigma, network(model), overwrite=overwrite, on_progress=on_progress)


def _removed(noisy: np.ndarray, clean: np.ndarray, gain: float) -> np.ndarray:
    """The removed noise, amplified, around middle grey."""
    return 0.5 + gain * (noisy - clean)


def _label(scene: Scene) -> str:
    """Label of the noisy image."""
    if scene.clean is None:
        return scene.name  # the slider's labels are no Markdown
    return f"Noisy, sigma {255 * scene.sigma:.0f}"
