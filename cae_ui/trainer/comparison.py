"""Finished runs compared: figures in a table, losses in a chart, latent size against error."""

from __future__ import annotations

import itertools
import math
from collections import defaultdict
from collections.abc import Mapping
from concurrent.futures import Future
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import plotly.graph_objects as go
import streamlit as st

from cae_core.architecture.report import analyze
from cae_core.data.registry import DATASETS, is_available
from cae_core.errors import RecordError
from cae_core.jobs.job import JobStatus
from cae_core.studies.pca import load_pca_line, save_pca_line
from cae_core.training.runs import RunSummary
from cae_core.training.tasks import Reconstruct
from cae_ui.common.address import reject, values_in_address
from cae_ui.common.charts import (
    COLORS,
    INDIGO,
    TEAL,
    Points,
    framed,
    latent_size_figure,
    loss_axis,
    show_chart,
)
from cae_ui.common.pca_line import BELOW_THE_LINE, why_pca_is_hard_to_beat
from cae_ui.common.resources import runs_folder, worker
from cae_ui.common.run_labels import differing, run_labels
from cae_ui.common.wording import dataset_title, number_columns, plain, show_error
from cae_ui.trainer.training import JOB_PARAMETER, open_job

SHOWN_AT_FIRST = 5
COMPARED_PARAMETER = "compared"
_NO_RUN = "none"
_NEWEST = "compared-newest"  # key of the choice that began with the newest run


def show_comparison(runs: dict[str, tuple[JobStatus, RunSummary]]) -> None:
    """Finished runs by id, the chosen ones compared; nothing while there is one."""
    if len(runs) < 2:
        return
    st.header("Compare runs")
    labels = run_labels(job for job, _ in runs.values())
    chosen = _choice(list(runs), labels)
    if not chosen:
        return
    compared = [Compared(job_id, labels[job_id], runs[job_id][1]) for job_id in chosen]
    st.dataframe(
        _table(compared),
        hide_index=True,
        width="stretch",
        column_config=number_columns(
            "Latent", "Parameters", "Epochs", "Seconds", "MSE", "PSNR, dB", "SSIM"
        ),
    )
    _show_losses(compared)
    _show_latent_sizes(compared, opened=_opened(), first_run=next(iter(runs)))


def _opened() -> str | None:
    """The id of the run that the page shows."""
    return st.query_params.get(JOB_PARAMETER)


def _choice(ids: list[str], labels: Mapping[str, str]) -> list[str]:
    """Ids of the runs to compare, as the address says; by default the newest and the open one."""
    newest = f"compared-{ids[0]}"
    if st.session_state.setdefault(_NEWEST, newest) != newest:
        # A new run begins a new choice, so that it is among those shown.
        st.session_state[_NEWEST] = newest
        st.query_params.pop(COMPARED_PARAMETER, None)
    asked_for = values_in_address(COMPARED_PARAMETER, "the newest runs and the open one")
    known = [job_id for job_id in asked_for if job_id in ids]
    is_none = asked_for == [_NO_RUN]
    if known != asked_for and not is_none:
        reject(COMPARED_PARAMETER, *known)
    # Set every time: the browser knows a choice by its label, which a new name changes.
    st.session_state[newest] = known if known or is_none else _first_choice(ids)

    def remember() -> None:
        st.query_params[COMPARED_PARAMETER] = st.session_state[newest] or [_NO_RUN]

    return st.multiselect(
        "Runs", ids, format_func=labels.__getitem__, key=newest, on_change=remember
    )


def _first_choice(ids: list[str]) -> list[str]:
    """The newest runs, the last of which gives its place to the open one where that is older."""
    opened = _opened()
    if opened in ids[SHOWN_AT_FIRST:]:
        return [*ids[: SHOWN_AT_FIRST - 1], opened]
    return ids[:SHOWN_AT_FIRST]


@dataclass(frozen=True)
class Compared:
    """A run that is compared.

    Attributes:
        id: Its job's id.
        label: Its label, which no other has.
        summary: Its settings and figures.
    """

    id: str
    label: str
    summary: RunSummary

    @property
    def measured(self) -> tuple[str, str, str]:
        """Data, task and loss: only where all are the same can losses be compared."""
        config = self.summary.config
        task = self.summary.task
        return self.summary.dataset, task.label, task.loss_title(config.loss)

    @property
    def is_reconstruction(self) -> bool:
        """Whether the task is to rebuild the image, as PCA does."""
        return isinstance(self.summary.task, Reconstruct)

    @property
    def data_and_task(self) -> str:
        """Data and task in words: only where both are the same can errors be compared."""
        title = dataset_title(self.summary.dataset)
        return title if self.is_reconstruction else f"{title}, {self.summary.task.label}"


def _table(compared: list[Compared]) -> list[dict[str, object]]:
    """The figures of every run, a row each."""
    rows = []
    for run in compared:
        summary, report = run.summary, analyze(run.summary.architecture)
        rows.append(
            {
                "Run": run.label,
                "Data": dataset_title(summary.dataset),
                "Task": summary.task.label,
                "Loss": summary.task.loss_title(summary.config.loss),
                "Latent": report.latent_size,
                "Parameters": report.parameters,
                "Epochs": len(summary.history),
                "MSE": summary.test["mse"],
                "PSNR, dB": summary.test["psnr"],
                "SSIM": summary.test["ssim"],
                "Seconds": summary.seconds,
            }
        )
    return rows


def _show_losses(compared: list[Compared]) -> None:
    """The validation losses, in a chart for all runs whose losses can be compared."""
    groups = defaultdict[tuple[str, str, str], list[Compared]](list)
    for run in compared:
        groups[run.measured].append(run)
    st.markdown("**Validation loss, epoch by epoch**")
    if len(groups) > 1:
        st.caption(
            "Losses of other images, tasks or kinds have other scales: each has a chart of its own."
        )
    for number, ((dataset, task, loss), group) in enumerate(groups.items()):
        st.caption(f"{plain(dataset_title(dataset))}, {task}")
        show_chart(losses_figure(group, loss), key=f"losses-{number}", on_choose=open_job)
    st.caption(":material/ads_click: Click a point to open its run.")


def losses_figure(group: list[Compared], loss: str) -> go.Figure:
    """Validation losses of runs against epochs.

    Args:
        group: Runs on the same images, with the same task and loss.
        loss: Title of the loss.
    """
    figure = go.Figure()
    legend = differing({run.id: run.label for run in group})
    for run, color in zip(group, itertools.cycle(COLORS), strict=False):
        history = run.summary.history
        figure.add_trace(
            go.Scatter(
                x=[record.epoch for record in history],
                y=[record.validation_loss for record in history],
                name=legend[run.id],
                hovertext=run.label,
                customdata=[run.id] * len(history),
                mode="lines+markers",
                line={"color": color},
            )
        )
    losses = [loss for line in figure.data for loss in line.y]
    epochs = max((len(run.summary.history) for run in group), default=0)
    framed(
        figure,
        height=280 + 20 * len(group),
        xaxis={
            "title": "Epoch",
            "range": [0, max(1, epochs) * 1.02],
            "dtick": math.ceil(max(1, epochs) / 10),
        },
        yaxis=loss_axis(loss, losses),
        showlegend=True,
    )
    # A line for each: in a row Plotly would cut what does not fit.
    return figure.update_layout(legend={"y": -0.25, "yanchor": "top", "x": 0})


def _show_latent_sizes(compared: list[Compared], opened: str | None, first_run: str) -> None:
    """Latent size against test error of the runs with one task on the same data.

    That of reconstructions is compared with PCA, too.

    Args:
        compared: The runs.
        opened: The run that the page shows, with whose data and task the chart opens.
        first_run: The newest run of all, which may change the choice of the data.
    """
    groups = defaultdict[str, list[Compared]](list)
    # A sorted list keeps its order: the open run's group is the first, then reconstructions.
    for run in sorted(compared, key=lambda run: (run.id != opened, not run.is_reconstruction)):
        groups[run.data_and_task].append(run)
    group = groups[
        st.selectbox(
            "Latent size against test error on",
            list(groups),
            key=f"latent-sizes-{first_run}-{opened}",
        )
    ]
    dataset, has_line = group[0].summary.dataset, group[0].is_reconstruction
    path = runs_folder() / f"pca-{dataset}.json"
    line = _kept_line(path) if has_line and dataset in DATASETS else None
    points = run_points(group)
    figure = latent_size_figure([points], line, height=320)
    add_trend(figure, points)
    show_chart(figure, key="latent-size-chart", on_choose=open_job)
    if not has_line:
        return
    if line is None and dataset in DATASETS and is_available(dataset):
        _offer_line(dataset, path)
    st.caption(BELOW_THE_LINE)
    if line is not None:
        st.caption(why_pca_is_hard_to_beat(group[0].summary.architecture, line))


def _kept_line(path: Path) -> dict[int, float] | None:
    """The PCA line that the worker computed; a damaged one is said, and can be computed again."""
    try:
        return load_pca_line(path)
    except RecordError as error:
        show_error(
            f"The line of the best linear autoencoder is kept on this server. Received: {error}. "
            "Draw it again."
        )
        return None


@st.cache_resource(show_spinner=False)
def pca_lines() -> dict[str, Future[None]]:
    """PCA lines that the worker is computing, by data set."""
    return {}


def _offer_line(dataset: str, path: Path) -> None:
    """The button that has the worker compute the PCA line, its progress or its error."""
    future = pca_lines().get(dataset)
    if future is not None and not future.done():
        st.fragment(_wait_for_line, run_every=2.0)(dataset)
        return
    if future is not None and (error := future.exception()) is not None:
        show_error(error)
    if st.button(
        "Draw the best linear autoencoder (PCA)",
        help="Takes some seconds, after the trainings that run or wait.",
    ):
        pca_lines()[dataset] = worker().submit(save_pca_line, dataset, str(path))
        st.rerun()


def _wait_for_line(dataset: str) -> None:
    """A note while the line is being computed; reruns the page once it is."""
    if pca_lines()[dataset].done():
        st.rerun(scope="app")
    st.caption(":material/hourglass_top: The line is computed after the trainings that wait.")


def run_points(compared: list[Compared]) -> Points:
    """Runs as points of latent size and test error."""
    return Points(
        "Runs",
        sizes=[analyze(run.summary.architecture).latent_size for run in compared],
        errors=[run.summary.test["mse"] for run in compared],
        labels=[run.label for run in compared],
        marker={"size": 10, "color": TEAL},
        ids=[run.id for run in compared],
    )


def add_trend(figure: go.Figure, points: Points) -> None:
    """Adds the line that fits three or more latent sizes best, on both logarithmic axes."""
    sizes, errors = np.array(points.sizes, float), np.array(points.errors, float)
    # A training that went wrong has no error; a logarithmic axis has no 0.
    has_place = (sizes > 0) & (errors > 0) & np.isfinite(errors)
    sizes, errors = sizes[has_place], errors[has_place]
    if len(np.unique(sizes)) < 3:
        return
    slope, start = np.polyfit(np.log(sizes), np.log(errors), 1)
    ends = np.array([sizes.min(), sizes.max()])
    figure.add_trace(
        go.Scatter(
            x=ends,
            y=np.exp(start) * ends**slope,
            name="Trend of the runs",
            mode="lines",
            line={"color": INDIGO, "width": 1},
        )
    )
