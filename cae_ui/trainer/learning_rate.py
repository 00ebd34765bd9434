"""The learning rate: its slider, and the range test that suggests one."""

from __future__ import annotations

import streamlit as st

from cae_core.data.dataset import Dataset
from cae_core.errors import CAEError, JobError
from cae_core.jobs.job import FAILED, RATE_TEST, JobRequest, JobStatus
from cae_core.training.config import TrainConfig
from cae_core.training.learning_rate import STEPS
from cae_ui.common.charts import rate_figure, show_chart
from cae_ui.common.job_progress import refreshed_job
from cae_ui.common.resources import available_jobs, is_own, job_queue, machine_speed
from cae_ui.common.wording import attempt, dataset_title, plain, rate_text, show_error
from cae_ui.trainer.training import REFRESH_SECONDS, show_progress

RATE_KEY = "lr"  # also the query parameter
TEST_PARAMETER = "lr_test"
USUAL_RATE = 0.004
# 0.0000010, 0.0000011, ... 0.99, 1: parsed from text, so that each equals its literal.
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
        help="The largest step size of the optimiser; the schedule begins and ends below it.",
    )


def is_test_chosen() -> bool:
    """Whether the address, or this session before a change of pages, names a test."""
    return _chosen_id() is not None


def chosen_test() -> JobStatus | None:
    """The chosen test; None where there is none. An error is shown once where it is gone."""
    test_id = _chosen_id()
    if test_id is None or available_jobs() is None:
        return None
    try:
        status = job_queue().status(test_id, RATE_TEST)
    except JobError as error:
        _choose(None)
        show_error(error)
        return None
    _choose(test_id)
    return status


def _chosen_id() -> str | None:
    """The id of the chosen test; a change of pages clears the address but not the session."""
    return st.query_params.get(TEST_PARAMETER) or st.session_state.get(TEST_PARAMETER)


def _choose(test_id: str | None) -> None:
    """Writes a test's id into address and session, or removes it from both."""
    if test_id is None:
        st.query_params.pop(TEST_PARAMETER, None)
        st.session_state.pop(TEST_PARAMETER, None)
        return
    st.session_state[TEST_PARAMETER] = test_id
    if st.query_params.get(TEST_PARAMETER) != test_id:
        st.query_params[TEST_PARAMETER] = test_id


def find_button(*, disabled: bool) -> bool:
    """The button that starts a test; True where it was pressed."""
    return st.button(
        "Find a learning rate",
        icon=":material/search_insights:",
        disabled=disabled,
        help=f"Trains a throwaway network for {STEPS} steps while the learning rate rises.",
    )


def start_test(request: JobRequest, own: Dataset | None, previous: JobStatus | None) -> None:
    """Queues a test and reruns the page, or shows why it is refused.

    Args:
        request: The test.
        own: Uploaded images; None for a named data set.
        previous: The test that this one replaces.
    """
    speed = machine_speed()
    seconds = None
    if speed is not None:
        seconds = speed.seconds(request.architecture, STEPS * request.config.batch_size, 1)
    try:
        _choose(job_queue().submit(request, own, seconds=seconds))
        if previous is not None and is_own(previous):
            job_queue().delete(previous.id)
    except CAEError as error:
        show_error(error)
        return
    st.rerun()


def show_test(status: JobStatus, request: JobRequest | None) -> None:
    """The present state of a test; while it runs, it is refreshed without a rerun of the page.

    Args:
        status: The test.
        request: The test that the present settings would start; None where they fit no data.
    """
    if not status.has_ended:
        st.fragment(_show_progress, run_every=REFRESH_SECONDS)(status.id)
        return
    _show_end(status)
    if request is not None and not _is_same_test(status.request, request):
        st.caption(f":material/info: This test used other settings: {_described(status.request)}.")


def _show_progress(test_id: str) -> None:
    """The progress of a test and the button that stops it."""
    status = refreshed_job(test_id, RATE_TEST, had_ended=False)
    show_progress(status, lambda progress: f"Step {progress.batch} of {progress.batches}")


def _show_end(status: JobStatus) -> None:
    """The curve and suggestion of a test, or the reason why there is none."""
    suggestion = None
    try:
        test = status.learning_rate_test()
    except JobError as error:
        show_error(error)
    else:
        if status.state == FAILED:
            show_error(status.message)
        elif test is None:
            st.caption(plain(status.message))
        else:
            show_chart(rate_figure(test), key=f"rates-{status.id}")
            st.markdown(f"{plain(test.reason)} {plain(status.message)}")
            suggestion = test.suggestion if test.suggestion in RATES else None
    with st.container(horizontal=True):
        if suggestion is not None:
            is_used = st.session_state[RATE_KEY] == suggestion
            st.button(
                f"{rate_text(suggestion)} is in use" if is_used else f"Use {rate_text(suggestion)}",
                icon=":material/check:",
                key="use-lr",
                disabled=is_used,
                on_click=_use,
                args=(suggestion,),
            )
        if is_own(status):
            st.button(
                "Discard the test",
                icon=":material/close:",
                key="discard-lr-test",
                on_click=_discard,
                args=(status.id,),
            )


def _use(rate: float) -> None:
    """Sets the slider of the learning rate; for use in a callback."""
    st.session_state[RATE_KEY] = rate


def _discard(test_id: str) -> None:
    """Deletes a test that has ended; for use in a callback."""
    _choose(None)
    attempt(job_queue().delete, test_id)


def _is_same_test(tested: JobRequest, now: JobRequest) -> bool:
    """Whether two requests are the same but for settings that do not affect a test."""
    return (tested.architecture, tested.task, tested.dataset, _tested_settings(tested)) == (
        now.architecture,
        now.task,
        now.dataset,
        _tested_settings(now),
    )


def _tested_settings(request: JobRequest) -> TrainConfig:
    """The settings that affect a test, all others at their defaults."""
    config = request.config
    return TrainConfig(
        batch_size=config.batch_size,
        loss=config.loss,
        optimizer=config.optimizer,
        seed=config.seed,
    )


def _described(request: JobRequest) -> str:
    """Architecture, data, task and settings of a test in one line."""
    config = request.config
    return (
        f"`{request.architecture}` on {plain(dataset_title(request.dataset))}, "
        f"{request.task.label}, batches of {config.batch_size}, {config.optimizer}, "
        f"{config.loss}, seed {config.seed}"
    )
