"""Exercises 1, 2.2 and 3: a training and pairs of trainings, bet on before they are looked at."""

from __future__ import annotations

import plotly.graph_objects as go
import streamlit as st

from cae_core.architecture.editing import adapted
from cae_core.architecture.notation import Architecture
from cae_core.architecture.report import analyze
from cae_core.data.registry import DATASETS, is_available
from cae_core.errors import CAEError, JobError
from cae_core.formats import counted, format_duration, format_mse, format_psnr
from cae_core.jobs.job import TRAINING, EndReason, JobRequest, JobStatus
from cae_core.studies.latent_size import latent_size_answer
from cae_core.studies.sweep import read_table
from cae_core.studies.tables import LATENT_SIZE, table_path
from cae_core.training.config import TrainConfig
from cae_core.training.runs import RunSummary
from cae_core.training.tasks import Reconstruct
from cae_ui.common.address import reject, values_in_address
from cae_ui.common.architecture_text import TEXT_KEY
from cae_ui.common.charts import (
    COLORS,
    TEAL,
    Points,
    framed,
    latent_size_figure,
    loss_axis,
    show_chart,
)
from cae_ui.common.pixels import show_samples
from cae_ui.common.resources import (
    available_jobs,
    is_own,
    job_queue,
    machine_speed,
    named_dataset,
    visible_jobs,
)
from cae_ui.common.visitor import visitor
from cae_ui.common.wording import attempt, dataset_title, marked, plain, show_error
from cae_ui.homework.exercises import COLOUR_PAIR, EPOCHS, HOMEWORK_TEXT, PAIRS, Pair, Side
from cae_ui.homework.guesses import (
    ALL_PAIRS,
    HIGHEST_PSNR,
    MOST_EPOCHS,
    PAIR,
    PAIR_EPOCHS,
    PSNR_GUESS,
    bet_name,
    guess_input,
    keep_values,
    trained_name,
)

REFRESH_SECONDS = 0.5
_JOB_PARAMETER = "job"  # the Trainer's


def homework_dataset() -> str:
    """The homework's data set where this server has it, else the one that needs no download."""
    return "cifar10" if is_available("cifar10") else "photo_patches"


def show_first_training() -> None:
    """Exercise 1: its settings in one press, a guess, and what became of it."""
    guess = guess_input(
        PSNR_GUESS,
        st.number_input,
        "Your guess: PSNR on the test images after the last epoch, in dB",
        0.0,
        HIGHEST_PSNR,
        None,
        step=0.5,
        placeholder="10 is noise, 40 looks the same",
        width=480,
    )
    st.button(
        f"Set up: homework network, {dataset_title(homework_dataset())}, {EPOCHS} epochs",
        icon=":material/tune:",
        on_click=_set_up,
    )
    status = first_training()
    summary = None if status is None else _summary(status)
    if status is None or summary is None:
        st.caption("Then press **Train** below. The error is plotted while it falls.")
        return
    bet = "" if guess is None else f"You guessed {guess:.1f} dB. "
    is_open = status.id == st.query_params.get(_JOB_PARAMETER)
    where = "below, and in your report" if is_open else "in your report"
    st.markdown(f"{bet}{measured(summary)} Its plot is {where}.")


def measured(summary: RunSummary) -> str:
    """What a training came to, as a sentence."""
    return (
        f"After {counted(len(summary.history), 'epoch')} the test error is "
        f"**{format_mse(summary.test['mse'])}** (MSE), the PSNR "
        f"**{format_psnr(summary.test['psnr'])}**."
    )


def first_training() -> JobStatus | None:
    """The training that exercise 1 and the report show; None while there is none with a run.

    That which the address names. Where it names another one, the visitor's newest of as many
    epochs as the exercise asks for, or else his newest; one side of a pair may be trained as
    exercise 1 is, and is none of its.
    """
    named = _status(st.query_params.get(_JOB_PARAMETER))
    if named is not None and _is_first(named.request):
        return None if named.run_folder is None else named
    paired = {status.id for name in ALL_PAIRS for status in pair_jobs(name)}
    found = [
        status
        for status in visible_jobs()
        if status.run_folder is not None and _is_first(status.request) and status.id not in paired
    ]
    return min(found, key=lambda status: status.request.config.epochs != EPOCHS, default=None)


def _is_first(request: JobRequest) -> bool:
    """Whether a training is what exercise 1 asks for, of whatever length."""
    return str(request.architecture) == HOMEWORK_TEXT and isinstance(request.task, Reconstruct)


def _set_up() -> None:
    """Puts the settings of exercise 1 into the Trainer's widgets; for use in a callback."""
    st.session_state[TEXT_KEY] = HOMEWORK_TEXT
    st.session_state["data"] = homework_dataset()
    st.session_state["task"] = Reconstruct.name
    st.session_state["epochs"] = EPOCHS


def show_pairs() -> None:
    """Exercise 2.2: a pair of the visitor's choice, and the study that trained many networks."""
    name = guess_input(
        PAIR,
        st.selectbox,
        "What differs",
        list(PAIRS),
        format_func=lambda name: PAIRS[name].title,
    )
    if _show_pair(name, PAIRS[name]):
        _show_study()


def show_colour() -> None:
    """Exercise 3: both ways to colorize."""
    _show_pair("colour", COLOUR_PAIR)


def _show_pair(name: str, pair: Pair) -> bool:
    """The bet, the two trainings, and who won; whether both have ended."""
    for side in pair.sides:
        architecture = _fitted(side)
        latent = analyze(architecture).latent_size
        st.markdown(f"- **{side.title}**: `{architecture}`, {latent:,} numbers in the latent")
    bet = guess_input(
        bet_name(name),
        st.segmented_control,
        "Which has the lower test error?",
        [side.title for side in pair.sides],
    )
    jobs = pair_jobs(name)
    if not jobs:
        _offer_training(name, pair, bet)
        return False
    if not all(status.has_ended for status in jobs):
        st.fragment(_show_progress, run_every=REFRESH_SECONDS)(name, pair)
        return False
    runs = pair_summaries(name, pair)
    if len(runs) == len(pair.sides):
        st.markdown(outcome(runs, bet))
        _show_runs(name, runs, jobs)
    elif any(status.reason == EndReason.PERSON for status in jobs):
        ends = zip(pair.sides, jobs, strict=True)
        said = " ".join(f"{side.title}: {plain(status.message)}" for side, status in ends)
        st.info(f"{said} Train them again to see who wins.", icon=":material/stop_circle:")
    else:
        show_error("; ".join(status.message for status in jobs if status.run_folder is None))
    st.button(
        "Train them again",
        icon=":material/replay:",
        key=f"again-{name}",
        help="The trainings there are stay among your runs.",
        on_click=keep_values,
        args=(trained_name(name), []),
    )
    return len(runs) == len(pair.sides)


def pair_jobs(name: str) -> list[JobStatus]:
    """The two trainings of a pair that the address names; none before."""
    ids = values_in_address(trained_name(name), "no trainings")
    found = [status for status in map(_status, ids) if status is not None]
    if len(found) == 2:
        return found
    if ids and available_jobs() is not None:
        reject(trained_name(name))
    return []


def pair_summaries(name: str, pair: Pair) -> dict[str, RunSummary]:
    """The figures of a pair's trainings by side; of those that have a run."""
    found = {}
    for side, status in zip(pair.sides, pair_jobs(name), strict=False):
        summary = _summary(status)
        if summary is not None:
            found[side.title] = summary
    return found


def _fitted(side: Side) -> Architecture:
    """A side's network for its task."""
    shape, network = (32, 32, 3), Architecture.parse(side.network)
    if isinstance(side.task, Reconstruct):
        return network
    task = side.task
    return adapted(
        network, task.input_shape(shape), task.output_shape(shape), task.output_activation
    )


def _offer_training(name: str, pair: Pair, bet: str | None) -> None:
    """Epochs, and the button that queues both trainings once there is a bet."""
    dataset = homework_dataset()
    epochs = guess_input(PAIR_EPOCHS, st.slider, "Epochs of both", 1, MOST_EPOCHS)
    count, speed = DATASETS[dataset].sizes[0], machine_speed()
    took = ""
    if speed is not None:
        seconds = sum(speed.seconds(_fitted(side), count, epochs) for side in pair.sides)
        took = f", about {format_duration(round(seconds))} on this server"
    st.caption(f"On {dataset_title(dataset)}, with the same settings and seed{took}.")
    st.button(
        "Train both" if bet else "Bet first, then train both",
        type="primary",
        icon=":material/play_arrow:",
        disabled=bet is None or available_jobs() is None,
        on_click=_train,
        args=(name, pair, dataset, epochs),
    )


def _train(name: str, pair: Pair, dataset: str, epochs: int) -> None:
    """Queues both trainings of a pair; for use in a callback."""
    try:
        ids = [_submit(side, dataset, epochs) for side in pair.sides]
    except CAEError as error:
        show_error(error)
        return
    keep_values(trained_name(name), ids)


def _submit(side: Side, dataset: str, epochs: int) -> str:
    """Queues a training; returns its id."""
    architecture, speed = _fitted(side), machine_speed()
    config = TrainConfig(epochs=epochs)
    request = JobRequest(architecture, side.task, config, dataset, owner=visitor())
    count = named_dataset(dataset).counts[0]
    seconds = None if speed is None else speed.seconds(architecture, count, epochs)
    return job_queue().submit(request, seconds=seconds)


def _show_progress(name: str, pair: Pair) -> None:
    """The progress of both trainings, and Stop; reruns the page once they have ended."""
    jobs = pair_jobs(name)
    under_way = [status for status in jobs if not status.has_ended]
    if len(jobs) != 2 or not under_way:
        st.rerun(scope="app")
    for side, status in zip(pair.sides, jobs, strict=True):
        progress = status.progress
        done = 1.0 if status.has_ended else progress.fraction if progress else 0.0
        left = (
            f", {format_duration(round(progress.seconds_left))} left"
            if progress and done < 1
            else ""
        )
        st.progress(done, f"{side.title}: {plain(status.state)}{left}")
    if all(map(is_own, under_way)):
        st.button(
            "Stop both",
            icon=":material/stop_circle:",
            key=f"stop-{name}",
            on_click=_stop,
            args=([status.id for status in under_way],),
            disabled=all(status.is_stopping for status in under_way),
        )


def _stop(ids: list[str]) -> None:
    """Ends trainings; for use in a callback."""
    # The last first: one that waits is not to begin when the one before it has ended.
    for job_id in reversed(ids):
        attempt(job_queue().stop, job_id)


def _status(job_id: str | None) -> JobStatus | None:
    """A training of this server; None where there is none."""
    if job_id is None or available_jobs() is None:
        return None
    try:
        return job_queue().status(job_id, TRAINING)
    except JobError:
        return None


def _summary(status: JobStatus) -> RunSummary | None:
    """The figures of a training; None where it ended without, or they cannot be read."""
    try:
        return None if status.run_folder is None else RunSummary.load(status.run_folder)
    except CAEError as error:
        show_error(error)
        return None


def outcome(runs: dict[str, RunSummary], bet: str | None) -> str:
    """Which of two trainings has the lower test error, and whether it was bet on.

    None wins where one was stopped earlier than the other.
    """
    lengths = {title: len(summary.history) for title, summary in runs.items()}
    if len({*lengths.values()}) > 1:
        said = ", ".join(f"{title} {counted(each, 'epoch')}" for title, each in lengths.items())
        return f"They were not trained equally long ({said}): their errors say nothing of who wins."
    winner, loser = sorted(runs, key=lambda title: runs[title].test["mse"])
    best, other = (runs[title].test for title in (winner, loser))
    said = "" if bet is None else "You won. " if bet == winner else f"You bet on {bet}. "
    return (
        f"{said}**{winner}** has the lower test error: {format_mse(best['mse'])} against "
        f"{format_mse(other['mse'])} (PSNR {format_psnr(best['psnr'])} against "
        f"{format_psnr(other['psnr'])})."
    )


def _show_runs(name: str, runs: dict[str, RunSummary], jobs: list[JobStatus]) -> None:
    """The validation losses of both, and their images."""
    if len({summary.task.name for summary in runs.values()}) == 1:
        show_chart(losses_figure(runs), key=f"losses-{name}")
    else:
        st.caption(
            "Their losses are of different things, all colours of an image and its chrominance: "
            "the test errors above compare the images."
        )
    for column, (title, summary), status in zip(st.columns(2), runs.items(), jobs, strict=True):
        with column:
            st.markdown(f"**{title}**")
            try:
                samples = status.samples()
            except JobError as error:
                show_error(error)
                continue
            if samples is not None:
                show_samples(samples, summary.task.input_caption)


def losses_figure(runs: dict[str, RunSummary]) -> go.Figure:
    """The validation losses of trainings of one task, by title, against epochs."""
    figure = go.Figure()
    for (title, summary), color in zip(runs.items(), COLORS, strict=False):
        figure.add_trace(
            go.Scatter(
                x=[record.epoch for record in summary.history],
                y=[record.validation_loss for record in summary.history],
                name=title,
                mode="lines+markers",
                line={"color": color},
            )
        )
    losses = [loss for line in figure.data for loss in line.y]
    return framed(
        figure,
        height=260,
        xaxis={"title": "Epoch", "dtick": 1},
        yaxis=loss_axis("Validation loss", losses),
        legend_y=1.15,
        showlegend=True,
    )


def _show_study() -> None:
    """The homework's last question, answered by the study."""
    study = read_table(table_path(LATENT_SIZE))
    answer = latent_size_answer(tuple(study))
    if answer is None:
        return
    with st.expander("Is there a correlation between the size of the latent and the error?"):
        networks = Points(
            f"{len(study)} networks of the study",
            sizes=[result.latent_size for result in study],
            errors=[result.mse for result in study],
            labels=[result.network for result in study],
            marker={"size": 8, "color": TEAL},
        )
        show_chart(latent_size_figure([networks], None, height=320), key="homework-study")
        st.markdown(marked(answer.sentence))
        st.page_link("pages/zoo.py", label="The same with the zoo's networks and with PCA")
