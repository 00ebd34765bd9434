"""A network trained on the visitor's own noisy image, live, beside the trained ones."""

from __future__ import annotations

import hashlib
import threading
import time

import numpy as np
import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from cae_core.errors import CAEError
from cae_core.formats import format_duration, format_psnr
from cae_core.images.metrics import psnr
from cae_core.images.operations import to_uint8
from cae_core.photos.self_training import SelfProgress, train_on_photo
from cae_ui.common.compare_slider import compare_slider
from cae_ui.common.pixels import show_image
from cae_ui.common.stoppable_work import stoppable_work
from cae_ui.common.wording import show_error
from cae_ui.denoise.scene import Scene

_RESULT = "self-trained"  # checksum of the last image that was trained on, and its result
_STEPS_PER_IMAGE = 100


@st.cache_resource(show_spinner=False)
def _turn() -> threading.Lock:
    """Held by the training of one visitor at a time: it takes all cores."""
    return threading.Lock()


def show_self_training(scene: Scene, clean: np.ndarray) -> None:
    """Trains a small network on the scene's noisy image at a press, and compares the two.

    Args:
        scene: The scene.
        clean: What the chosen network makes of it.
    """
    st.header("One noisy image is enough")
    st.markdown(
        "A small network can learn from this image alone: pixels are hidden from it, and it has "
        "to guess them from their neighbours. Noise cannot be guessed, so it learns the image "
        "([Noise2Self](https://arxiv.org/abs/1901.11365)). A camera's noise, alike in neighbouring "
        "pixels, is partly learnt along."
    )
    place = st.empty()
    # Before a first training nothing is compared: every moved slider comes along here.
    kept = st.session_state.get(_RESULT)
    if kept is None or kept[0] != _digest(scene.noisy):
        if not place.button("Train on this image", icon=":material/model_training:"):
            return
        try:
            result = _trained(scene, place)
        except CAEError as error:
            show_error(error)
            return
        finally:
            place.empty()
        kept = st.session_state[_RESULT] = _digest(scene.noisy), result
    _show(scene, clean, kept[1])


def _digest(image: np.ndarray) -> bytes:
    """A checksum of an image's numbers."""
    return hashlib.sha256(np.ascontiguousarray(image).data).digest()


def _trained(scene: Scene, place: DeltaGenerator) -> np.ndarray:
    """Trains with a bar of progress; any other press on the page ends it.

    Raises:
        CAEError: Another visitor's image is trained on, or this one cannot be.
    """
    if not _turn().acquire(blocking=False):
        raise CAEError(
            "One image at a time is trained on. Received: a second one, of another visitor. "
            "Try again in a minute."
        )
    started = time.monotonic()
    try:
        with (
            place.container(),
            stoppable_work("The network starts …", key="stop-self-training") as bar,
        ):
            image = st.empty()

            def report(progress: SelfProgress) -> None:
                left = (time.monotonic() - started) * (progress.steps / progress.done - 1)
                bar.progress(
                    progress.done / progress.steps,
                    f"Step {progress.done} of {progress.steps}, "
                    f"about {format_duration(round(left))} left",
                )
                if progress.done % _STEPS_PER_IMAGE == 0:
                    with image:
                        show_image(to_uint8(progress.denoised()), "As the network has it now")

            return train_on_photo(scene.noisy, on_progress=report)
    finally:
        _turn().release()


def _show(scene: Scene, clean: np.ndarray, result: np.ndarray) -> None:
    """The image as both networks have it, and what each has gained."""
    compare_slider(
        to_uint8(clean),
        to_uint8(result),
        before_label="Chosen network",
        after_label="Trained on this image alone",
        key="self-trained",
        height=560,
    )
    if scene.clean is None:
        return
    with st.container(horizontal=True, gap="medium"):
        for label, image in (
            ("noisy", scene.noisy),
            ("chosen network", clean),
            ("this image alone", result),
        ):
            st.metric(f"PSNR, {label}", format_psnr(psnr(image, scene.clean)), width="content")
