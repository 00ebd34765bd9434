"""Finished runs compared: figures in a table, losses in a chart, latent size against error."""

from __future__ import annotations

from concurrent.futures import Future
from pathlib import Path

import numpy as np
import plotly.graph_objects as go
import streamlit as st

from cae_core.architecture.report import analyze
from cae_core.data.registry import DATASETS, is_available
from cae_core.errors import RecordError
from cae_core.jobs.job import JobStatus
from cae_core.studies.pca import load_pca_line, save_pca_line
from cae_core.training.config import LOSS_TITLES
from cae_core.training.runs import RunSummary
from cae_core.training.tasks import Reconstruct
from cae_ui.common.charts import (
    COLORS,
    INDIGO,
    LOG_AXIS,
    TEAL,
    Points,
    framed,
    latent_size_figure,
    show_chart,
)
from cae_ui.common.resources import runs_folder, worker
from cae_ui.common.run_labels import distinct, run_labels, shortened
from cae_ui.common.wording import dataset_title, show_error

SHOWN_AT_FIRST = 5


def show_comparison(runs: dict[str, tuple[JobStatus, RunSummary]]) -> None:
    """Finished runs by id, the chosen ones compared; nothing while there is one."""
    if len(runs) < 2:
        return
    st.subheader("Compare runs")
    labels = run_labels(job for job, _ in runs.values())
    # A new run begins a new choice, so that it is among those shown.
    key = f"compared-{next(iter(runs))}"
    kept = st.session_state.setdefault(f"{key}-ids", list(runs)[:SHOWN_AT_FIRST])
    # Set every time: the browser knows a choice by its label, which a new name changes.
    st.session_state[key] = [job_id for job_id in kept if job_id in runs]

    def remember() -> None:
        st.session_state[f"{key}-ids"] = st.session_state[key]

    chosen = st.multiselect(
        "Runs", list(runs), format_func=labels.__getitem__, key=key, on_change=remember
    )
    if not chosen:
        return
    # By label, of which no two are equal.
    summaries = {labels[job_id]: runs[job_id][1] for job_id in chosen}
    st.dataframe(_table(summaries), hide_index=True, width="stretch")
    show_chart(losses_figure(summaries), key="losses")
    _show_latent_sizes(summaries)


def _table(summaries: dict[str, RunSummary]) -> list[dict[str, object]]:
    """The figures of every run, a row each."""
    return [
        {
            "Run": title,
            "Data": dataset_title(summary.dataset),
            "Task": str(summary.task),
            "Latent": analyze(summary.architecture).latent_size,
            "Parameters": analyze(summary.architecture).parameters,
            "Epochs": len(summary.history),
            "Test MSE": round(summary.test["mse"], 5),
            "PSNR, dB": round(summary.test["psnr"], 2),
            "SSIM": round(summary.test["ssim"], 3),
            "Seconds": round(summary.seconds),
        }
        for title, summary in summaries.items()
    ]


def losses_figure(summaries: dict[str, RunSummary]) -> go.Figure:
    """Validation losses against epochs."""
    figure = go.Figure()
    legend = distinct({title: shortened(title) for title in summaries})
    for number, (title, summary) in enumerate(summaries.items()):
        figure.add_trace(
            go.Scatter(
                x=[record.epoch for record in summary.history],
                y=[record.validation_loss for record in summary.history],
                name=legend[title],
                hovertext=title,
                mode="lines+markers",
                line={"color": COLORS[number % len(COLORS)]},
            )
        )
    return framed(
        figure,
        height=300,
        xaxis={"title": "Epoch"},
        yaxis={"title": _loss_title(summaries), **LOG_AXIS},
        legend_y=-0.25,
    )


def _loss_title(summaries: dict[str, RunSummary]) -> str:
    """Title of the losses' axis, with the name of the loss where all runs have the same."""
    losses = {summary.config.loss for summary in summaries.values()}
    if len(losses) > 1:
        return "Validation loss, of different kinds"
    (loss,) = losses
    return f"Validation loss: {LOSS_TITLES[loss]}"


def _show_latent_sizes(summaries: dict[str, RunSummary]) -> None:
    """Latent size against test error, with PCA on the same data."""
    datasets = {summary.dataset for summary in summaries.values()}
    dataset = st.selectbox(
        "Latent size against test error on",
        sorted(datasets),
        format_func=dataset_title,
        key="latent-sizes",
    )
    path = runs_folder() / f"pca-{dataset}.json"
    line = _kept_line(path) if dataset in DATASETS else None
    reconstructions = {
        title: summary
        for title, summary in summaries.items()
        if summary.dataset == dataset and isinstance(summary.task, Reconstruct)
    }
    if not reconstructions:
        st.caption("Only runs with the task Reconstruct are compared here.")
        return
    points = run_points(reconstructions)
    figure = latent_size_figure([points], line, height=320)
    add_trend(figure, points)
    show_chart(figure, key="latent-size-chart")
    if line is None and dataset in DATASETS and is_available(dataset):
        _offer_line(dataset, path)
    st.caption(
        "A network beats every linear one of its latent size where it lies below the line: PCA "
        "with as many components, fitted on the same training images, is the best linear "
        "autoencoder."
    )


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


def run_points(summaries: dict[str, RunSummary]) -> Points:
    """Runs as points of latent size and test error."""
    return Points(
        "Runs",
        sizes=[analyze(summary.architecture).latent_size for summary in summaries.values()],
        errors=[summary.test["mse"] for summary in summaries.values()],
        labels=list(summaries),
        marker={"size": 10, "color": TEAL},
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
