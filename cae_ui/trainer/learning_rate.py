"""The learning-rate range test on a page: started, watched, and its suggestion taken over."""

from __future__ import annotations

import numpy as np
import plotly.graph_objects as go
import streamlit as st

from cae_core.data.dataset import Dataset
from cae_core.errors import CAEError, JobError
from cae_core.jobs.queue import FAILED, QUEUED, RATE_TEST, JobRequest, JobStatus
from cae_core.training.config import TrainConfig
from cae_core.training.learning_rate import STEPS, LearningRateTest
from cae_ui.common.messages import plain
from cae_ui.common.resources import job_queue, machine_speed
from cae_ui.common.training_charts import (
    REFRESH_SECONDS,
    TRAINING_COLOR,
    VALIDATION_COLOR,
    dataset_title,
    duration,
)

RATE_KEY = "lr"  # also the query parameter
TEST_PARAMETER = "lr_test"
USUAL_RATE = 0.004
# 0.0000010, 0.0000011, ... 0.99, 1: read from text, so that each is the float it is written as.
RATES = [float(f"{digits}e{power}") for power in range(-7, -1) for digits in range(10, 100)] + [1.0]


def learning_rate_input() -> float:
    """A slider over every learning rate of two digits, so that any suggestion is one of them."""
    return st.select_slider(
        "Learning rate",
        RATES,
        USUAL_RATE,
        format_func="{:g}".format,
        key=RATE_KEY,
        bind="query-params",
        help="The largest step of the optimiser.",
    )


def is_test_chosen() -> bool:
    """Whether the address, or this visit before a change of pages, names a test."""
    return _chosen_id() is not None


def chosen_test() -> JobStatus | None:
    """The chosen test; None where there is none. One that is not here is said once."""
    test_id = _chosen_id()
    if test_id is None:
        return None
    try:
        status = job_queue().status(test_id, RATE_TEST)
    except JobError as error:
        _choose(None)
        st.error(plain(error), icon=":material/error:")
        return None
    _choose(test_id)
    return status


def _chosen_id() -> str | None:
    """The test's id in the address; a change of pages takes it from there, not from the session."""
    return st.query_params.get(TEST_PARAMETER) or st.session_state.get(TEST_PARAMETER)


def _choose(test_id: str | None) -> None:
    """Writes a test's id into address and session, or takes it out of both."""
    if test_id is None:
        st.query_params.pop(TEST_PARAMETER, None)
        st.session_state.pop(TEST_PARAMETER, None)
        return
    st.session_state[TEST_PARAMETER] = test_id
    if st.query_params.get(TEST_PARAMETER) != test_id:
        st.query_params[TEST_PARAMETER] = test_id


def find_button(*, disabled: bool) -> bool:
    """The button that asks for a test; True where it was pressed."""
    return st.button(
        "Find a learning rate",
        icon=":material/search_insights:",
        disabled=disabled,
        help=f"Trains a throwaway network for {STEPS} steps while the learning rate rises.",
    )


def start_test(request: JobRequest, own: Dataset | None, previous: JobStatus | None) -> None:
    """Queues a test and shows the page again with it, or says why it cannot be.

    Args:
        request: What to test.
        own: The images, where they are not a named data set's.
        previous: The test that this one takes the place of.
    """
    speed = machine_speed()
    seconds = None
    if speed is not None:
        seconds = speed.seconds(request.architecture, STEPS * request.config.batch_size, 1)
    try:
        _choose(job_queue().submit(request, own, seconds=seconds))
        if previous is not None:
            job_queue().delete(previous.id)
    except CAEError as error:
        st.error(plain(error), icon=":material/error:")
        return
    st.rerun()


def show_test(status: JobStatus, request: JobRequest | None) -> None:
    """A test as it stands, refreshed while it runs without running the page again.

    Args:
        status: The test.
        request: What a test would be of now.
    """
    if not status.has_ended:
        st.fragment(_show_progress, run_every=REFRESH_SECONDS)(status.id)
        return
    _show_end(status)
    if request is not None and not _is_same_test(status.request, request):
        st.caption(f":material/info: This was of other settings: {_described(status.request)}.")


def _show_progress(test_id: str) -> None:
    """How far a test is, and the button that stops it."""
    try:
        status = job_queue().status(test_id, RATE_TEST)
    except JobError:
        st.rerun(scope="app")  # discarded on another page: what is to be said is said there
    if status.has_ended:
        st.rerun(scope="app")
    with st.container(horizontal=True, vertical_alignment="center"):
        st.progress(status.progress.fraction if status.progress else 0.0, _progress_text(status))
        st.button(
            "Stop",
            icon=":material/stop_circle:",
            key="stop-lr-test",
            on_click=job_queue().stop,
            args=(status.id,),
            disabled=status.is_stopping,
        )


def _progress_text(status: JobStatus) -> str:
    """The line above the progress bar."""
    progress = status.progress
    if status.state == QUEUED:
        return f"Waiting: {status.position} before this one."
    if status.is_stopping:
        return "Stopping …"
    if progress is None:
        return status.message
    left = duration(progress.seconds_left)
    return f"Step {progress.batch} of {progress.batches} · {left} left"


def _show_end(status: JobStatus) -> None:
    """What a test found, or why it found nothing."""
    suggestion = None
    try:
        test = status.learning_rate_test()
    except JobError as error:
        st.error(plain(error), icon=":material/error:")
    else:
        if status.state == FAILED:
            st.error(plain(status.message), icon=":material/error:")
        elif test is None:
            st.caption(status.message)
        else:
            st.plotly_chart(
                rate_figure(test), key=f"rates-{status.id}", config={"displayModeBar": False}
            )
            st.markdown(f"{plain(test.reason)} {plain(status.message)}")
            suggestion = test.suggestion
    with st.container(horizontal=True):
        if suggestion is not None:
            is_used = st.session_state[RATE_KEY] == suggestion
            st.button(
                f"{shown_rate(suggestion)} is used" if is_used else f"Use {shown_rate(suggestion)}",
                icon=":material/check:",
                key="use-lr",
                disabled=is_used,
                on_click=_use,
                args=(suggestion,),
            )
        st.button(
            "Discard the test",
            icon=":material/close:",
            key="discard-lr-test",
            on_click=_discard,
            args=(status.id,),
        )


def _use(rate: float) -> None:
    """Sets the learning rate's field; for use in a callback."""
    st.session_state[RATE_KEY] = rate


def _discard(test_id: str) -> None:
    """Deletes a test that has ended, and forgets it; for use in a callback."""
    _choose(None)
    job_queue().delete(test_id)


def _is_same_test(tested: JobRequest, now: JobRequest) -> bool:
    """Whether two requests differ at most in what a test does not look at."""
    return (tested.architecture, tested.task, tested.dataset, _tested_settings(tested)) == (
        now.architecture,
        now.task,
        now.dataset,
        _tested_settings(now),
    )


def _tested_settings(request: JobRequest) -> TrainConfig:
    """The settings that a test looks at, all others at their defaults."""
    config = request.config
    return TrainConfig(
        batch_size=config.batch_size,
        loss=config.loss,
        optimizer=config.optimizer,
        seed=config.seed,
    )


def _described(request: JobRequest) -> str:
    """What a test was of, in one line."""
    config = request.config
    return (
        f"`{request.architecture}` on {dataset_title(request.dataset)}, {request.task}, "
        f"batches of {config.batch_size}, {config.optimizer}, {config.loss}, seed {config.seed}"
    )


def shown_rate(rate: float) -> str:
    """A learning rate as the field shows it, without an exponent.

    Example:
        >>> shown_rate(3.2e-05)
        '0.000032'
    """
    return np.format_float_positional(rate, trim="-")


def rate_figure(test: LearningRateTest) -> go.Figure:
    """Smoothed loss against learning rate, both logarithmic, the suggestion marked."""
    figure = go.Figure(
        go.Scatter(
            x=test.rates,
            y=test.losses,
            mode="lines",
            line={"color": TRAINING_COLOR},
            hovertemplate="%{x:.2g}: %{y:.4g}<extra></extra>",
        )
    )
    if test.suggestion is not None:
        # A trace, because Plotly's own vertical line misplaces its text on a logarithmic axis.
        figure.add_trace(
            go.Scatter(
                x=[test.suggestion, test.suggestion],
                y=[min(test.losses), max(test.losses)],
                mode="lines+text",
                text=["", shown_rate(test.suggestion)],
                textposition="top center",
                cliponaxis=False,
                line={"color": VALIDATION_COLOR, "dash": "dot"},
                hoverinfo="skip",
            )
        )
    figure.update_layout(
        height=240,
        margin={"l": 0, "r": 0, "t": 24, "b": 0},
        showlegend=False,
        xaxis={"title": "Learning rate", "type": "log", "dtick": 1, "exponentformat": "power"},
        yaxis={"title": "Smoothed loss", "type": "log", "tickformat": "~g"},
    )
    return figure
