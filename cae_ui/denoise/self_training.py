"""A network trained on the visitor's own noisy image, live, beside the trained ones."""

from __future__ import annotations

import hashlib
import threading
from dataclasses import dataclass
from functools import partial

import numpy as np
import streamlit as st

from cae_core.errors import CAEError
from cae_core.formats import format_psnr
from cae_core.images.encoding import encode_like
from cae_core.images.metrics import psnr
from cae_core.images.operations import to_uint8
from cae_core.photos.self_training import SelfProgress, train_on_photo
from cae_ui.common.background_work import BackgroundWork, show_background_work
from cae_ui.common.compare_slider import compare_slider
from cae_ui.common.downloads import show_download
from cae_ui.common.file_names import photo_name
from cae_ui.common.pixels import show_image
from cae_ui.common.section import section
from cae_ui.common.wording import attempt, show_error
from cae_ui.denoise.result import LEFT, original_label
from cae_ui.denoise.scene import Scene

_TASK = "self-training"  # key of the session's only training
_STEPS_PER_IMAGE = 100


@dataclass
class _Live:
    """The network's output at this moment.

    Attributes:
        image: uint8, of the image's shape; None before the first steps.
    """

    image: np.ndarray | None = None


@dataclass(frozen=True)
class _Task:
    """A training on an image, or what came of it.

    Attributes:
        digest: The image's checksum.
        work: The training.
        live: What it has reached.
    """

    digest: bytes
    work: BackgroundWork[np.ndarray]
    live: _Live


@st.cache_resource(show_spinner=False)
def _turn() -> threading.Lock:
    """Held by the training of one visitor at a time: it takes all cores."""
    return threading.Lock()


@section
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
    task: _Task | None = st.session_state.get(_TASK)
    # Before a first training nothing is compared: every moved slider comes along here.
    is_same = task is not None and task.digest == _digest(scene.noisy)
    if task is not None and is_same and task.work.result is not None:
        _show(scene, clean, task.work.result)
        return
    place = st.empty()
    if task is None or not is_same or not task.work.is_running:
        with place.container():
            _show_running(is_other=True)
            if task is not None and is_same and task.work.error is not None:
                show_error(task.work.error)
            if not st.button("Train on this image", icon=":material/model_training:"):
                return
        if not attempt(_begin, scene.noisy):
            return
    with place.container():
        _show_running(is_other=False)


def _show_running(*, is_other: bool) -> None:
    """The session's training while it goes on: the image as the network has it, and progress."""
    task: _Task | None = st.session_state.get(_TASK)
    if task is None or not task.work.is_running:
        return
    if is_other:
        st.info(
            "A network is being trained on another image, or on this one with other noise.",
            icon=":material/hourglass_top:",
        )
    show_background_work(task.work, "cancel-self-training", partial(_show_live, task.live))


def _show_live(live: _Live) -> None:
    """The image as the network has it, once there is one."""
    if live.image is not None:
        show_image(live.image, "As the network has it now")


def _begin(noisy: np.ndarray) -> None:
    """Begins a training on an image, in the place of the session's last one."""
    last: _Task | None = st.session_state.get(_TASK)
    if last is not None:
        last.work.cancel()
    live = _Live()
    st.session_state[_TASK] = _Task(
        _digest(noisy), BackgroundWork(partial(_trained, noisy, live, _turn())), live
    )


def _digest(image: np.ndarray) -> bytes:
    """A checksum of an image's numbers."""
    return hashlib.sha256(np.ascontiguousarray(image).data).digest()


def _trained(
    noisy: np.ndarray, live: _Live, turn: threading.Lock, work: BackgroundWork[np.ndarray]
) -> np.ndarray:
    """The output of a network for the image that alone it was trained on.

    Args:
        noisy: The image.
        live: Where to put what the network makes of it in between.
        turn: Held by the training of one visitor at a time.
        work: Where to report.

    Raises:
        CAEError: Another visitor's image is trained on, or this one cannot be.
    """
    if not turn.acquire(blocking=False):
        raise CAEError(
            "One image at a time is trained on. Received: a second one, of another visitor. "
            "Try again in a minute."
        )
    try:
        work.report(0.0, "The network starts …")

        def note(progress: SelfProgress) -> None:
            if progress.done % _STEPS_PER_IMAGE == 0:
                live.image = to_uint8(progress.denoised())
            work.report(progress.done / progress.steps)

        return train_on_photo(noisy, on_progress=note)
    finally:
        turn.release()


def _show(scene: Scene, clean: np.ndarray, result: np.ndarray) -> None:
    """The image as both networks have it, what each has gained, and the second one's result."""
    compare_slider(
        to_uint8(clean),
        to_uint8(result),
        before_label=LEFT if scene.model is None else "Chosen network",
        after_label="Trained on this image alone",
        key="self-trained",
        height=560,
    )
    reference = scene.reference
    if reference is not None:
        with st.container(horizontal=True, gap="medium"):
            for label, image in (
                (scene.spoilt, scene.noisy),
                ("chosen network", clean),
                ("this image alone", result),
            ):
                st.metric(f"PSNR, {label}", format_psnr(psnr(image, reference)), width="content")
    if reference is not None and scene.clean is None:
        st.caption(f"PSNR against the {original_label(scene).lower()}.")
    if scene.is_whole:
        show_download(
            "Trained on this image alone, PNG",
            partial(encode_like, scene.opened, result),
            photo_name(scene.photo.name, "self-trained"),
        )
