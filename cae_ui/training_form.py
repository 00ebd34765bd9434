"""What to train: data, task and settings as widgets whose values are in the URL."""

from __future__ import annotations

import streamlit as st

from cae_core.architecture import Architecture
from cae_core.config import TrainConfig
from cae_core.datasets import DATASETS, Dataset, is_available
from cae_core.errors import CAEError, DatasetError
from cae_core.jobs import JobRequest
from cae_core.presets import Preset
from cae_core.tasks import Denoise, Reconstruct, Task, check_fit
from cae_ui.download import offer_download
from cae_ui.messages import plain
from cae_ui.pictures import UPLOAD_TYPES
from cae_ui.resources import job_queue, named_dataset, uploaded_dataset
from cae_ui.training_views import JOB_PARAMETER

UPLOADS = "uploads"
BATCH_SIZES = [16, 32, 64, 100, 128, 256, 512]
LEARNING_RATES = [0.0003, 0.0005, 0.001, 0.002, 0.003, 0.004, 0.006, 0.01, 0.02]
WIDTHS = [0.25, 0.5, 0.75, 1.0, 1.5, 2.0, 3.0, 4.0]


def dataset_input() -> Dataset | None:
    """A choice of data sets; None while there is none to train on, which is said."""
    titles = {name: info.title for name, info in DATASETS.items()} | {UPLOADS: "My own pictures"}
    name = st.selectbox(
        "Pictures", list(titles), format_func=titles.__getitem__, key="data", bind="query-params"
    )
    try:
        if name == UPLOADS:
            return _uploads_input()
        if not is_available(name):
            offer_download(name)
            return None
        data = named_dataset(name)
    except DatasetError as error:
        st.error(plain(error), icon=":material/error:")
        return None
    _describe(data, DATASETS[name].description)
    return data


def task_input() -> Task:
    """What the network shall learn."""
    name = st.segmented_control(
        "Task",
        [Reconstruct.name, Denoise.name],
        format_func={Reconstruct.name: "Reconstruct", Denoise.name: "Remove noise"}.__getitem__,
        default=Reconstruct.name,
        required=True,
        key="task",
        bind="query-params",
    )
    if name == Reconstruct.name:
        return Reconstruct()
    sigma = st.slider("Noise sigma, of 255", 1, 255, 25, key="sigma", bind="query-params")
    st.caption(f"Standard deviation {sigma}/255 = {sigma / 255:.3f} of the range from 0 to 1.")
    return Denoise(sigma=sigma / 255)


def config_input() -> TrainConfig:
    """Epochs, batch, learning rate and seed."""
    epochs = st.slider("Epochs", 1, 50, 5, key="epochs", bind="query-params")
    with st.expander("More settings"):
        batch_size = st.select_slider(
            "Batch size", BATCH_SIZES, 128, key="batch", bind="query-params"
        )
        learning_rate = st.select_slider(
            "Learning rate",
            LEARNING_RATES,
            0.004,
            key="lr",
            bind="query-params",
            help="The largest step of Adam; it rises shortly and then falls along a cosine.",
        )
        seed = st.number_input(
            "Seed",
            0,
            2**31 - 1,
            0,
            key="seed",
            bind="query-params",
            help="The same seed on the same machine gives the same numbers.",
        )
    return TrainConfig(
        epochs=epochs, batch_size=batch_size, learning_rate=learning_rate, seed=int(seed)
    )


def width_input() -> float:
    """The multiplier of all channel counts."""
    return st.select_slider(
        "Channels, times",
        WIDTHS,
        1.0,
        key="width",
        bind="query-params",
        help="Multiplies the channels of every convolution but the last.",
    )


def start_button(
    architecture: Architecture, data: Dataset | None, task: Task, config: TrainConfig
) -> None:
    """The button that queues a training, or the reason why it cannot be pressed."""
    fits = data is not None
    if data is not None:
        try:
            check_fit(architecture, data.image_shape, task)
        except CAEError as error:
            fits = False
            st.error(plain(error), icon=":material/error:")

    pressed = st.button(
        "Train", type="primary", icon=":material/play_arrow:", disabled=not fits, width="stretch"
    )
    if pressed and data is not None:
        request = JobRequest(architecture, task, config, data.name)
        own = data if st.session_state["data"] == UPLOADS else None
        st.query_params[JOB_PARAMETER] = job_queue().submit(request, own)


def take_over(preset: Preset) -> None:
    """Sets the widgets to what a preset's source did; for use in a callback."""
    st.session_state["data"] = preset.dataset
    st.session_state["task"] = Denoise.name if preset.sigma else Reconstruct.name
    if preset.sigma:
        st.session_state["sigma"] = round(preset.sigma * 255)
    st.session_state["epochs"] = preset.epochs
    st.session_state["batch"] = preset.batch_size


def _uploads_input() -> Dataset | None:
    """Several pictures or a zip archive."""
    files = st.file_uploader(
        "Pictures, or a zip archive of pictures",
        type=[*UPLOAD_TYPES, "zip"],
        accept_multiple_files=True,
        key="own-pictures",
    )
    if not files:
        st.info("They are cut into patches of 32 x 32 and stay on this server.")
        return None
    data = uploaded_dataset([(file.name, file.getvalue()) for file in files])
    _describe(data, "Patches of your pictures.")
    return data


def _describe(data: Dataset, description: str) -> None:
    """Sizes and notes of a data set."""
    st.caption(
        f"{description} {len(data.train):,} to train, {len(data.validation):,} to validate, "
        f"{len(data.test):,} to test."
    )
    for note in data.notes:
        st.caption(f":material/info: {plain(note)}")
