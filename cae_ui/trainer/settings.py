"""The settings of a training: width, task and configuration, with their values in the address."""

from __future__ import annotations

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from cae_core.architecture.notation import Architecture
from cae_core.architecture.presets import Preset
from cae_core.data.dataset import DatasetPreview
from cae_core.errors import CAEError
from cae_core.formats import format_sigma
from cae_core.jobs.job import RATE_TEST, JobRequest
from cae_core.training.config import (
    LOSS_TITLES,
    OPTIMIZER_TITLES,
    PRECISION_TITLES,
    SCHEDULE_TITLES,
    TrainConfig,
)
from cae_core.training.tasks import (
    TASKS,
    Denoise,
    Reconstruct,
    Task,
    check_fit,
    preset_task,
    settings_of,
)
from cae_ui.common.resources import available_jobs
from cae_ui.common.section import section
from cae_ui.common.visitor import visitor
from cae_ui.common.wording import plain
from cae_ui.trainer.data import own_images
from cae_ui.trainer.learning_rate import (
    chosen_test,
    find_button,
    is_test_chosen,
    learning_rate_input,
    show_test,
    start_test,
)

BATCH_SIZES = [16, 32, 64, 100, 128, 256, 512]
WIDTHS = [0.25, 0.5, 0.75, 1.0, 1.5, 2.0, 3.0, 4.0]


def take_over(preset: Preset) -> None:
    """Sets the widgets to the settings of a preset's source; for use in a callback."""
    st.session_state["data"] = preset.dataset
    st.session_state["task"] = preset_task(preset).name
    if preset.sigma:
        st.session_state["sigma"] = round(preset.sigma * 255)
    if preset.beta:
        st.session_state["beta"] = preset.beta
    st.session_state["epochs"] = preset.epochs
    st.session_state["batch"] = preset.batch_size
    st.session_state["loss"] = preset.loss


def width_input() -> float:
    """The factor of all channel counts."""
    return st.select_slider(
        "Channel multiplier",
        WIDTHS,
        1.0,
        key="width",
        bind="query-params",
        help="Multiplies the channels of every convolution except the last.",
    )


@section
def task_input() -> Task:
    """The task that the network is trained on."""
    name = st.segmented_control(
        "Task",
        list(TASKS),
        format_func=lambda name: TASKS[name].title,
        default=Reconstruct.name,
        required=True,
        wrap=True,
        key="task",
        bind="query-params",
        help="  \n".join(f"**{kind.title}**: {plain(kind.summary)}" for kind in TASKS.values()),
    )
    if name == Denoise.name:
        return _noise_input()
    kind = TASKS[str(name)]
    return kind(**{field: _setting_input(kind, field) for field in settings_of(kind)})


def _setting_input(kind: type[Task], field: str) -> float:
    """The slider of a task's setting."""
    setting = settings_of(kind)[field]
    return st.slider(
        setting.title,
        setting.low,
        setting.high,
        kind.__dataclass_fields__[field].default,
        setting.step,
        key=field,
        bind="query-params",
        help=f"{setting.help}.",
    )


def _noise_input() -> Denoise:
    """Denoising at a fixed sigma, or at a range from which every image gets its own."""
    if st.toggle("Draw sigma from a range", key="range", bind="query-params"):
        low, high = st.slider(
            "Noise sigma, of 255", 0, 255, (0, 50), key="sigmas", bind="query-params"
        )
        st.caption(f"Sigma from {format_sigma(low / 255)} to {format_sigma(high / 255)}.")
        return Denoise(sigma=(low / 255, high / 255))
    sigma = st.slider("Noise sigma, of 255", 1, 255, 25, key="sigma", bind="query-params")
    st.caption(f"Standard deviation {format_sigma(sigma / 255)}.")
    return Denoise(sigma=sigma / 255)


@section
def config_input(
    architecture: Architecture, data: DatasetPreview | None, task: Task
) -> TrainConfig:
    """Epochs, and under "More settings" the rest of a training's configuration.

    The other arguments are for the learning-rate range test beside the learning rate.

    Args:
        architecture: The network.
        data: The images; None while there are none.
        task: The task.
    """
    epochs = st.slider("Epochs", 1, 50, 5, key="epochs", bind="query-params")
    with st.expander("More settings", expanded=is_test_chosen(), key="more-settings"):
        left, right = st.columns(2)
        loss = _choice(left, "Loss", "loss", LOSS_TITLES)
        optimizer = _choice(right, "Optimiser", "optimizer", OPTIMIZER_TITLES)
        schedule = _choice(
            left,
            "Schedule",
            "schedule",
            SCHEDULE_TITLES,
            help="Cosine: a short rise of the learning rate, then a long fall along a cosine. One "
            "cycle: a rise over the first third, then a fall. Constant: no change.",
        )
        patience = right.number_input(
            "Patience, in epochs",
            0,
            50,
            0,
            key="patience",
            bind="query-params",
            help="The training ends early after so many epochs without a lower validation loss; 0 "
            "trains all epochs.",
        )
        batch_size = st.select_slider(
            "Batch size", BATCH_SIZES, 128, key="batch", bind="query-params"
        )
        precision = _choice(
            left,
            "Precision",
            "precision",
            PRECISION_TITLES,
            help="bfloat16 computes with 16 bits instead of 32, which makes wide networks faster "
            "on processors that support it. Automatic uses it there.",
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


def _choice(
    column: DeltaGenerator, label: str, key: str, titles: dict[str, str], help: str | None = None
) -> str:
    """A list of titled values, kept in the address under `key`."""
    return column.selectbox(
        label,
        list(titles),
        format_func=titles.__getitem__,
        key=key,
        bind="query-params",
        help=help,
    )


def _find_learning_rate(
    row: DeltaGenerator,
    architecture: Architecture,
    data: DatasetPreview | None,
    task: Task,
    config: TrainConfig,
) -> None:
    """The button that starts a learning-rate range test, and under it the test."""
    request = None
    if available_jobs() and data is not None and _fits(architecture, data, task):
        request = JobRequest(architecture, task, config, data.name, RATE_TEST, visitor())
    test = chosen_test()
    is_busy = test is not None and not test.has_ended
    with row:
        is_wanted = find_button(disabled=is_busy or request is None)
    if is_wanted and request is not None and not is_busy:
        start_test(request, own_images(), test)
    if test is not None:
        show_test(test, request)


def _fits(architecture: Architecture, data: DatasetPreview, task: Task) -> bool:
    """Whether the network fits data and task."""
    try:
        check_fit(architecture, data.image_shape, task)
    except CAEError:
        return False
    return True
