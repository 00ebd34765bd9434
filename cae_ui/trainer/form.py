"""What to train: data, task and settings as widgets whose values are in the URL."""

from __future__ import annotations

import streamlit as st
from streamlit.delta_generator import DeltaGenerator
from streamlit.runtime.uploaded_file_manager import UploadedFile

from cae_core.architecture.editing import fit_to
from cae_core.architecture.notation import Architecture
from cae_core.architecture.presets import Preset
from cae_core.data.dataset import Dataset, DatasetPreview
from cae_core.data.registry import DATASETS, is_available
from cae_core.errors import CAEError, DatasetError
from cae_core.jobs.limits import memory_estimate_mb
from cae_core.jobs.queue import RATE_TEST, JobRequest
from cae_core.training.config import LOSS_TITLES, OPTIMIZERS, PRECISIONS, SCHEDULES, TrainConfig
from cae_core.training.tasks import (
    TASKS,
    ColorizeChroma,
    ColorizeRGB,
    Denoise,
    Reconstruct,
    Task,
    check_fit,
)
from cae_ui.common.architecture_state import TEXT_KEY, change
from cae_ui.common.download import offer_download
from cae_ui.common.image_input import UPLOAD_TYPES
from cae_ui.common.messages import plain
from cae_ui.common.resources import job_queue, machine_speed, named_dataset, uploaded_dataset
from cae_ui.common.training_charts import JOB_PARAMETER, duration
from cae_ui.trainer.learning_rate import (
    chosen_test,
    find_button,
    is_test_chosen,
    learning_rate_input,
    show_test,
    start_test,
)

UPLOADS = "uploads"
OWN_IMAGES = "own-images"
BATCH_SIZES = [16, 32, 64, 100, 128, 256, 512]
OPTIMIZER_TITLES = {"adam": "Adam", "adamw": "AdamW", "sgd": "SGD, momentum 0.9"}
SCHEDULE_TITLES = {"cosine": "Cosine", "one_cycle": "One cycle", "constant": "Constant"}
PRECISION_TITLES = {"auto": "Automatic", "float32": "float32", "bfloat16": "bfloat16"}
WIDTHS = [0.25, 0.5, 0.75, 1.0, 1.5, 2.0, 3.0, 4.0]


def dataset_input() -> DatasetPreview | None:
    """A choice of data sets; None while there is none to train on, which is said."""
    titles = {name: info.title for name, info in DATASETS.items()} | {UPLOADS: "My own images"}
    name = st.selectbox(
        "Images", list(titles), format_func=titles.__getitem__, key="data", bind="query-params"
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
    titles = {
        Reconstruct.name: "Reconstruct",
        Denoise.name: "Remove noise",
        ColorizeRGB.name: "Grey to RGB",
        ColorizeChroma.name: "Lightness to colour",
    }
    name = st.segmented_control(
        "Task",
        list(titles),
        format_func=titles.__getitem__,
        default=Reconstruct.name,
        required=True,
        wrap=True,
        key="task",
        bind="query-params",
    )
    if name == Denoise.name:
        return _noise_input()
    return TASKS[str(name)]()


def _noise_input() -> Denoise:
    """A fixed sigma, or a range that one is drawn from for every image."""
    if st.toggle("Draw sigma from a range", key="range", bind="query-params"):
        low, high = st.slider(
            "Noise sigma, of 255", 0, 255, (0, 50), key="sigmas", bind="query-params"
        )
        st.caption(f"From {low / 255:.3f} to {high / 255:.3f} of the range from 0 to 1.")
        return Denoise(sigma=(low / 255, high / 255))
    sigma = st.slider("Noise sigma, of 255", 1, 255, 25, key="sigma", bind="query-params")
    st.caption(f"Standard deviation {sigma}/255 = {sigma / 255:.3f} of the range from 0 to 1.")
    return Denoise(sigma=sigma / 255)


def config_input(
    architecture: Architecture, data: DatasetPreview | None, task: Task
) -> TrainConfig:
    """Epochs, loss, batch, learning rate and what else a training needs to know.

    Args:
        architecture: The network to find a learning rate for.
        data: Its images.
        task: What it is to learn.
    """
    epochs = st.slider("Epochs", 1, 50, 5, key="epochs", bind="query-params")
    with st.expander("More settings", expanded=is_test_chosen(), key="more-settings"):
        left, right = st.columns(2)
        loss = left.selectbox(
            "Loss",
            list(LOSS_TITLES),
            format_func=LOSS_TITLES.__getitem__,
            key="loss",
            bind="query-params",
        )
        optimizer = right.selectbox(
            "Optimiser",
            OPTIMIZERS,
            format_func=OPTIMIZER_TITLES.__getitem__,
            key="optimizer",
            bind="query-params",
        )
        schedule = left.selectbox(
            "Schedule",
            SCHEDULES,
            format_func=SCHEDULE_TITLES.__getitem__,
            key="schedule",
            bind="query-params",
            help="How the learning rate changes: a short rise and a long fall, a rise over a "
            "third and a fall, or not at all.",
        )
        patience = right.number_input(
            "End early after",
            0,
            50,
            0,
            key="patience",
            bind="query-params",
            help="Epochs without a better validation loss; 0 trains all of them.",
        )
        batch_size = st.select_slider(
            "Batch size", BATCH_SIZES, 128, key="batch", bind="query-params"
        )
        precision = left.selectbox(
            "Precision",
            PRECISIONS,
            format_func=PRECISION_TITLES.__getitem__,
            key="precision",
            bind="query-params",
            help="bfloat16 computes in half as many bits, which makes wide networks faster on "
            "processors that have it. Automatic uses it there.",
        )
        seed = right.number_input(
            "Seed",
            0,
            2**31 - 1,
            0,
            key="seed",
            bind="query-params",
            help="The same seed on the same machine gives the same numbers.",
        )
        row = st.container(horizontal=True, vertical_alignment="bottom")
        with row:
            learning_rate = learning_rate_input()
        config = TrainConfig(
            epochs=epochs,
            batch_size=batch_size,
            learning_rate=learning_rate,
            schedule=schedule,
            optimizer=optimizer,
            loss=loss,
            precision=precision,
            patience=int(patience) or None,
            seed=int(seed),
        )
        _find_learning_rate(row, architecture, data, task, config)
    return config


def _find_learning_rate(
    row: DeltaGenerator,
    architecture: Architecture,
    data: DatasetPreview | None,
    task: Task,
    config: TrainConfig,
) -> None:
    """The button that starts a learning-rate test, and under it the test."""
    request = None
    if data is not None and _fits(architecture, data, task):
        request = JobRequest(architecture, task, config, data.name, RATE_TEST)
    test = chosen_test()
    is_busy = test is not None and not test.has_ended
    with row:
        is_wanted = find_button(disabled=is_busy or request is None)
    if is_wanted and request is not None and not is_busy:
        start_test(request, _own(), test)
    if test is not None:
        show_test(test, request)


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
    architecture: Architecture, data: DatasetPreview | None, task: Task, config: TrainConfig
) -> None:
    """The button that queues a training, or the reason why it cannot be pressed."""
    fits = data is not None and _explain_fit(architecture, data, task)
    speed = machine_speed()
    seconds = None
    if fits and data is not None:
        if speed is not None:
            seconds = speed.seconds(architecture, data.counts[0], config.epochs)
        memory = memory_estimate_mb(architecture, config)
        took = "" if seconds is None else f"About {duration(seconds)} and "
        st.caption(f"{took}{memory:,.0f} MB on this server.")
    pressed = st.button(
        "Train", type="primary", icon=":material/play_arrow:", disabled=not fits, width="stretch"
    )
    if pressed and data is not None:
        request = JobRequest(architecture, task, config, data.name)
        try:
            job_id = job_queue().submit(request, _own(), seconds=seconds)
            st.query_params[JOB_PARAMETER] = job_id
        except CAEError as error:
            st.error(plain(error), icon=":material/error:")


def _own() -> Dataset | None:
    """Images that the worker cannot load by name, and that travel with a job."""
    files = st.session_state.get(OWN_IMAGES)
    return _uploaded(files) if st.session_state["data"] == UPLOADS and files else None


def _uploaded(files: list[UploadedFile]) -> Dataset:
    """Uploaded files as a data set."""
    return uploaded_dataset([(file.name, file.getvalue()) for file in files])


def _fits(architecture: Architecture, data: DatasetPreview, task: Task) -> bool:
    """Whether the network fits; says nothing."""
    try:
        check_fit(architecture, data.image_shape, task)
    except CAEError:
        return False
    return True


def _explain_fit(architecture: Architecture, data: DatasetPreview, task: Task) -> bool:
    """Whether the network fits; else says why not, and offers the network that would."""
    try:
        check_fit(architecture, data.image_shape, task)
    except CAEError as error:
        st.error(plain(error), icon=":material/error:")
        _offer_fit(data, task)
        return False
    return True


def _offer_fit(data: DatasetPreview, task: Task) -> None:
    """A button that gives the network the input and output that data and task need."""

    def fitted(now: Architecture) -> Architecture:
        channels = task.output_shape(data.image_shape)[2]
        activation = "tanh" if isinstance(task, ColorizeChroma) else "sigmoid"
        return fit_to(now, task.input_shape(data.image_shape), channels, activation)

    try:
        check_fit(fitted(st.session_state[f"{TEXT_KEY}-readable"]), data.image_shape, task)
    except CAEError:
        return  # no network of these layers fits: the sentence above says what to do
    st.button(
        "Fit the network to images and task",
        icon=":material/fit_screen:",
        width="stretch",
        on_click=change,
        args=(TEXT_KEY, fitted),
    )


def take_over(preset: Preset) -> None:
    """Sets the widgets to what a preset's source did; for use in a callback."""
    st.session_state["data"] = preset.dataset
    st.session_state["task"] = Denoise.name if preset.sigma else Reconstruct.name
    if preset.sigma:
        st.session_state["sigma"] = round(preset.sigma * 255)
    st.session_state["epochs"] = preset.epochs
    st.session_state["batch"] = preset.batch_size


def _uploads_input() -> DatasetPreview | None:
    """Several images or a zip archive."""
    files = st.file_uploader(
        "Images, or a zip archive of images",
        type=[*UPLOAD_TYPES, "zip"],
        accept_multiple_files=True,
        key=OWN_IMAGES,
    )
    if not files:
        st.info("They are cut into patches of 32 x 32 and stay on this server.")
        return None
    data = _uploaded(files).preview()
    _describe(data, "Patches of your images.")
    return data


def _describe(data: DatasetPreview, description: str) -> None:
    """Sizes and notes of a data set."""
    st.caption(
        "{} {:,} to train, {:,} to validate, {:,} to test.".format(description, *data.counts)
    )
    for note in data.notes:
        st.caption(f":material/info: {plain(note)}")
