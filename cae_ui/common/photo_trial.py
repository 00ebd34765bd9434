"""A trained network tried on a photo of any size."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
import streamlit as st

from cae_core.architecture.notation import Architecture
from cae_core.errors import ImageError, RunError
from cae_core.formats import PSNR_DECIMALS, format_psnr, format_size
from cae_core.images.decoding import OpenedImage
from cae_core.images.encoding import encode_like
from cae_core.images.metrics import psnr
from cae_core.images.operations import as_image
from cae_core.jobs.job import JobStatus
from cae_core.long_work import OnProgress
from cae_core.photos.apply import apply_to_photo, plan_photo
from cae_core.training.tasks import LUMA, Task
from cae_ui.common.downloads import show_download
from cae_ui.common.file_names import photo_name, run_name
from cae_ui.common.image_views import View, show_views
from cae_ui.common.photo_choice import photo_choice
from cae_ui.common.photo_input import SAMPLE_PHOTOS, overview
from cae_ui.common.pixels import OUTPUT_CAPTION
from cae_ui.common.resources import loaded_run, run_version
from cae_ui.common.section import section
from cae_ui.common.whole_photo import (
    WholePart,
    WholeRequest,
    kept_whole,
    show_other_work,
    show_whole,
    whole_input,
)
from cae_ui.common.wording import plain, show_change, show_error

PREVIEW_SIDE = 1200
PHOTO_PATCHES = "photo_patches"


@dataclass(frozen=True)
class TrainedNetwork:
    """A trained network to try on a photo.

    Attributes:
        identity: Text that no other network, and no earlier version of this one, has.
        name: Part of the names of its files.
        model: The Keras model.
        architecture: Its architecture.
        task: Task it was trained on.
        dataset: Name of the data set it was trained on.
        seed: Seed of the noise that is added to the photo.
    """

    identity: str
    name: str
    model: Any
    architecture: Architecture
    task: Task
    dataset: str
    seed: int = 0


@section
def try_run_on_photo(status: JobStatus) -> None:
    """`try_on_photo` with the network of a finished training."""
    if status.run_folder is None:
        return
    st.header("Try it on your photo")
    try:
        run = loaded_run(status)
    except RunError as error:
        show_error(error)
        return
    try_on_photo(
        TrainedNetwork(
            f"{status.id} {run_version(status)}",
            run_name(status),
            run.model,
            run.architecture,
            run.task,
            run.dataset,
            run.config.seed,
        )
    )


def try_on_photo(network: TrainedNetwork) -> None:
    """A photo and the network's output under a slider, their PSNR, the output as a download."""
    chosen = photo_choice("try")
    try:
        opened = overview(chosen, PREVIEW_SIDE)
        photo = _taken(network, opened.pixels)
        damaged, result = _output(network, photo)
    except ImageError as error:
        show_error(error)
        return
    name = chosen.name
    request = WholeRequest(
        chosen, opened.full_size, network.identity, network.name, network.name,
        partial(_applied_whole, network),
    )  # fmt: skip
    show_other_work(request)
    show_views(
        _views(network.task, photo, damaged, result), opened,
        key="tried", choice="try-show", in_address=False,
    )  # fmt: skip
    plan = plan_photo(network.architecture, *photo.shape[:2])
    _show_figures(photo, damaged, result)
    size = f"{format_size(photo.shape[1], photo.shape[0])} pixels"
    how = f"{plain(name)}, {size}. The network was applied {plan}; PSNR is against the original."
    if network.dataset == PHOTO_PATCHES and name in SAMPLE_PHOTOS:
        how += " Parts of this photo were among the training patches: upload one of your own."
    st.caption(how)
    if photo.shape[:2] == opened.full_size:
        show_download(
            "Download the result",
            partial(encode_like, opened, result),
            photo_name(name, network.name),
        )
        return
    whole = kept_whole(request)
    if whole is not None:
        show_whole(whole, chosen, opened, network.name, partial(_show_part, network))
        return
    whole_input(request, "Work on")


def _show_part(network: TrainedNetwork, part: WholePart) -> None:
    """A part of a whole photo, as it went into the network, and of what came out."""
    view = ((part.before, "Input"), (lambda: part.after, OUTPUT_CAPTION))
    show_views({network.name: view}, part.opened, key="tried-whole", choice="tried-whole-show")


def _applied_whole(
    network: TrainedNetwork,
    whole: OpenedImage,
    keep: Callable[[np.ndarray], None],
    on_progress: OnProgress,
) -> np.ndarray:
    """The image that the network makes of a whole photo."""
    damaged, result = _applied(network, _taken(network, whole.pixels), on_progress)
    keep(damaged)
    return result


def _show_figures(photo: np.ndarray, damaged: np.ndarray, result: np.ndarray) -> None:
    """PSNR of the network's output, and of its input where that is not the photo."""
    after = psnr(result, photo)
    with st.container(horizontal=True, gap="medium"):
        if np.array_equal(damaged, photo):
            st.metric("PSNR, output", format_psnr(after), width="content")
            return
        before = psnr(damaged, photo)
        st.metric("PSNR, input", format_psnr(before), width="content")
        show_change("PSNR, output", format_psnr(after), after - before, PSNR_DECIMALS, "dB")


def _views(
    task: Task, photo: np.ndarray, damaged: np.ndarray, result: np.ndarray
) -> dict[str, View]:
    """The network's input and output, and where its input is not the photo the photo as well."""
    output = (lambda: result, OUTPUT_CAPTION)
    if np.array_equal(damaged, photo):
        return {"Output": ((photo, "Original"), output)}
    return {
        "Output": ((damaged, task.input_caption), output),
        "Original": ((result, OUTPUT_CAPTION), (lambda: photo, "Original")),
    }


def _taken(network: TrainedNetwork, pixels: np.ndarray) -> np.ndarray:
    """A photo with the channels that the network was trained on, (H, W, 1 or 3)."""
    photo = as_image(pixels)
    is_grey = network.architecture.input_shape[2] == 1 and not network.task.needs_color
    return photo @ np.array(LUMA, np.float32)[:, np.newaxis] if is_grey else photo


def _output(network: TrainedNetwork, photo: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The damaged photo, cut to [0, 1], and the image that the network makes of it.

    Kept in the session, so that a rerun of the page costs nothing.
    """
    key = (network.identity, photo.shape, hash(photo.tobytes()))
    kept = st.session_state.get("try-result")
    if kept is None or kept[0] != key:
        bar = st.progress(0.0, "The network works …")

        def advance(done: int, total: int) -> None:
            bar.progress(done / total, "The network works …")

        try:
            damaged, result = _applied(network, photo, advance)
        finally:
            bar.empty()
        visible = np.broadcast_to(np.clip(damaged, 0, 1), photo.shape)
        st.session_state["try-result"] = kept = (key, (visible, result))
    return kept[1]


def _applied(
    network: TrainedNetwork, photo: np.ndarray, advance: OnProgress
) -> tuple[np.ndarray, np.ndarray]:
    """The damaged photo, and the image that the network makes of it."""
    # (H, W, C) -> (1, H, W, C) and back: tasks work on batches.
    damaged = np.asarray(network.task.corrupt(photo[np.newaxis], network.seed))[0]
    output = apply_to_photo(
        network.model, network.architecture, damaged, clip=False, on_progress=advance
    )
    return damaged, np.asarray(network.task.image(output[np.newaxis], photo[np.newaxis]))[0]
