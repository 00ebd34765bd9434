"""The result: noisy and clean image compared, their figures, downloads, the whole photo."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from functools import partial

import numpy as np
import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from cae_core import zoo
from cae_core.data.samples import HIGH_ISO, HIGH_ISO_TERMS
from cae_core.formats import (
    PSNR_DECIMALS,
    SSIM_DECIMALS,
    format_duration,
    format_psnr,
    format_size,
    format_ssim,
)
from cae_core.images.decoding import OpenedImage
from cae_core.images.metrics import psnr, ssim_of
from cae_core.long_work import OnProgress, ShouldStop
from cae_core.photos.camera_denoising import denoise_camera
from cae_core.photos.denoising import denoise, put_grain_back
from cae_ui.common.full_size import full_size_photo, full_size_result, is_shown_whole
from cae_ui.common.image_views import View, pixels, show_views
from cae_ui.common.network_choice import network
from cae_ui.common.outdated import ends_if_outdated
from cae_ui.common.photo_input import NOISY_PHOTOS, reduced
from cae_ui.common.photo_output import show_downloads
from cae_ui.common.pixels import show_image
from cae_ui.common.resources import freeze_garbage_collector
from cae_ui.common.section import section
from cae_ui.common.whole_photo import (
    WholePart,
    WholeRequest,
    kept_whole,
    show_other_work,
    show_whole,
    whole_input,
)
from cae_ui.common.wording import plain, show_change
from cae_ui.denoise.damages import repaired
from cae_ui.denoise.scene import Scene, part_of

MADE = "denoised"
LEFT = "Left as it is"


@section
def show_result(scene: Scene) -> tuple[Scene, np.ndarray]:
    """The noisy and the denoised image under the comparison slider, figures, downloads.

    Returns:
        The scene, of the whole photo where that was denoised without being asked for; and the
        denoised image, of the noisy one's shape.
    """
    # In every run, because elements that change their place would be drawn anew.
    place = st.empty()
    if not _is_network_ready():
        _show_while_starting(scene, place)
    photo = scene.photo
    full_size = scene.opened.full_size
    request = WholeRequest(
        photo, full_size, scene.settings, scene.made, scene.described,
        partial(_denoise_on_request, scene),
    )  # fmt: skip
    whole = kept_whole(request)
    if whole is not None:
        show_whole(whole, photo, reduced(photo), scene.made, partial(_show_part, scene), scene.box)
        return scene, _denoised_in_time(scene)[0]
    show_other_work(request)
    if is_shown_whole(full_size):
        clean, seconds = full_size_result(
            photo, scene.settings, partial(_show_preview, scene), partial(_denoise_whole, scene)
        )
        scene = scene.of(full_size_photo(photo))
    else:
        clean, seconds = _denoised_in_time(scene)
    _show_views(scene, clean)
    if scene.model is None:
        return scene, clean
    size = format_size(clean.shape[1], clean.shape[0])
    _show_figures(scene, clean, f"{format_duration(seconds)} for {size} pixels")
    if scene.is_whole:
        made = {scene.made: clean}
        if scene.clean is not None:
            made[scene.spoilt] = scene.noisy
        show_downloads(photo, scene.opened, made)
    else:
        whole_input(request, scene.verb, is_part=scene.box is not None)
    return scene, clean


def _denoised_in_time(
    scene: Scene, on_progress: OnProgress | None = None
) -> tuple[np.ndarray, float]:
    """The scene's image denoised, and the seconds that it took."""
    started = time.perf_counter()
    clean = denoised(scene, scene.noisy, on_progress, ends_if_outdated)
    return clean, time.perf_counter() - started


def _show_preview(scene: Scene, last: tuple[np.ndarray, float] | None) -> DeltaGenerator:
    """Shows an image while the whole photo is denoised.

    The photo reduced, where noise is added. Of one that came with its noise, which a reduction
    would remove, the last result, or itself.
    """
    if scene.clean is not None:
        return _show_views(scene, denoised(scene, scene.noisy, should_stop=ends_if_outdated))
    if last is not None and scene.model is not None:
        return _show_views(scene, last[0], "As before")
    return _show_views(scene, scene.noisy, "Not yet denoised")


def _denoise_whole(
    scene: Scene, opened: OpenedImage, on_progress: OnProgress
) -> tuple[np.ndarray, float]:
    """The whole photo denoised without being asked for, and the seconds that it took."""
    return _denoised_in_time(scene.of(opened), on_progress)


def _denoise_on_request(
    scene: Scene,
    whole: OpenedImage,
    keep: Callable[[np.ndarray], None],
    on_progress: OnProgress,
) -> np.ndarray:
    """A large photo denoised in its own memory."""
    if scene.clean is not None:
        scene.put_noise_into(whole.pixels)
    keep(whole.pixels)
    return denoised(scene, whole.pixels, on_progress, overwrite=True)


def _show_views(scene: Scene, clean: np.ndarray, label: str | None = None) -> DeltaGenerator:
    """The images in pairs under the comparison slider; returns a place beside the buttons.

    A photo of which nothing is removed is one pair, of the same image.
    """
    noisy = (scene.noisy, _label(scene))
    if scene.model is None:
        views: dict[str, View] = {LEFT: (noisy, (lambda: clean, LEFT))}
        return show_views(views, scene.opened, key="denoised", choice="show").beside
    made = scene.made.capitalize()
    views = {
        made: (noisy, (lambda: clean, label or made)),
        "Taken out": (
            noisy,
            (lambda: _removed(scene.noisy, clean, _gain(scene)), "Taken out, amplified"),
        ),
    }
    original = scene.reference
    if original is not None:
        views["Original"] = ((clean, made), (lambda: original, original_label(scene)))
    return show_views(views, scene.opened, key="denoised", choice="show").beside


def _show_part(scene: Scene, part: WholePart) -> None:
    """A part of a whole photo that was denoised, as the scene is shown."""
    original = None if scene.clean is None else part_of(scene.photo, part.box).pixels
    of_part = replace(scene, opened=part.opened, noisy=part.before, clean=original)
    _show_views(of_part, part.after)
    if original is not None:
        _show_figures(of_part, part.after, "Of the part above")


def _show_while_starting(scene: Scene, place: st.delta_generator.DeltaGenerator) -> None:
    """The noisy image, while the first visitor waits for TensorFlow to start."""
    with place.container():
        show_image(pixels(scene.noisy, scene.opened), plain(_label(scene)))
        _start_network()
    place.empty()


def _gain(scene: Scene) -> float:
    """Amplification at which noise of the scene's sigma fills most of the grey scale."""
    return 0.25 / max(scene.input_sigma, 1 / 255)


@section
def _show_figures(scene: Scene, clean: np.ndarray, of: str) -> None:
    """PSNR and SSIM where there is something to compare with, and what they are of."""
    reference = scene.reference
    if reference is None:
        st.caption(f"{of}. There is no original to compare with.")
        return
    before, after = psnr(scene.noisy, reference), psnr(clean, reference)
    with ThreadPoolExecutor(2) as threads:  # SciPy's filters leave Python free
        similar_before, similar = threads.map(
            partial(ssim_of, reference=reference), (scene.noisy, clean)
        )
    with st.container(horizontal=True, gap="medium"):
        st.metric(f"PSNR, {scene.spoilt}", format_psnr(before), width="content")
        made, gain = scene.made, similar - similar_before
        show_change(f"PSNR, {made}", format_psnr(after), after - before, PSNR_DECIMALS, "dB")
        show_change(f"SSIM, {made}", format_ssim(similar), gain, SSIM_DECIMALS)
    channels = "in grey" if clean.ndim == 2 else "over all three channels"
    against = "" if scene.clean is not None else f", against the {original_label(scene).lower()}"
    st.caption(f"{of}. PSNR {channels}{against}; the output is cut to [0, 1].")
    if scene.photo.identity in NOISY_PHOTOS:
        camera = HIGH_ISO[NOISY_PHOTOS[scene.photo.identity]]
        st.caption(
            f"Part of a photo by a {camera}, of a scene that no network here was trained on. "
            f"{HIGH_ISO_TERMS}."
        )


def original_label(scene: Scene) -> str:
    """Label of what the result is compared with."""
    return "Original" if scene.clean is not None else "Mean of many shots"


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
    should_stop: ShouldStop | None = None,
    *,
    overwrite: bool = False,
) -> np.ndarray:
    """An image denoised with the scene's network and settings: the scene's, or the whole photo.

    Args:
        scene: The scene.
        image: As `Scene.noisy`.
        on_progress: Called with the tiles done and their number.
        should_stop: Asked before each tile and while it waits for its turn; True stops the work.
        overwrite: Whether the image's memory may be used for the result.
    """
    if scene.model is None or _removes_nothing(scene):
        return np.clip(image, 0.0, 1.0, out=image if overwrite else None)
    has_grain = scene.grain > 0
    is_free = overwrite and not has_grain
    if scene.model == zoo.CAMERA_DENOISER:
        clean = denoise_camera(
            image,
            scene.luma,
            scene.color,
            overwrite=is_free,
            on_progress=on_progress,
            should_stop=should_stop,
        )
    else:
        network = partial(
            cleaned,
            model=scene.model,
            overwrite=is_free,
            on_progress=on_progress,
            should_stop=should_stop,
        )
        if scene.damage is None:
            clean = network(image, scene.input_sigma)
        else:
            clean = repaired(
                image, scene.damage, scene.input_sigma, scene.model, network, overwrite=is_free
            )
    if has_grain:
        put_grain_back(clean, image, scene.grain)
    return clean


def _removes_nothing(scene: Scene) -> bool:
    """Whether the settings let the networks for photos return what they get."""
    if scene.model == zoo.CAMERA_DENOISER:
        return scene.luma == scene.color == 0
    return scene.model == zoo.PHOTO_DENOISER and scene.damage is None and scene.input_sigma == 0


def cleaned(
    image: np.ndarray,
    sigma: float,
    model: str,
    on_progress: OnProgress | None = None,
    should_stop: ShouldStop | None = None,
    *,
    overwrite: bool = False,
) -> np.ndarray:
    """An image denoised by a network of `denoiser_input`."""
    return denoise(
        image,
        sigma,
        network(model),
        overwrite=overwrite,
        on_progress=on_progress,
        should_stop=should_stop,
    )


def _removed(noisy: np.ndarray, clean: np.ndarray, gain: float) -> np.ndarray:
    """The removed noise, amplified, around middle grey."""
    return 0.5 + gain * (noisy - clean)


def _label(scene: Scene) -> str:
    """Label of the noisy image."""
    if scene.clean is None:
        return scene.photo.name  # the slider's labels are no Markdown
    if scene.damage is not None:
        return scene.damage.short_caption
    return f"Noisy, sigma {255 * scene.sigma:.0f}"
