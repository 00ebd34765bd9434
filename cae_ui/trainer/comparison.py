"""Runs beside each other: losses overlaid, figures in a table, latent size against error."""

from __future__ import annotations

from concurrent.futures import Future
from pathlib import Path

import numpy as np
import plotly.graph_objects as go
import streamlit as st

from cae_core.architecture.report import analyze
from cae_core.data.registry import DATASETS, is_available
from cae_core.errors import RunError
from cae_core.jobs.queue import JobStatus
from cae_core.studies.pca import load_pca_line, save_pca_line
from cae_core.training.runs import RunSummary
from cae_core.training.tasks import Reconstruct
from cae_ui.common.messages import plain
from cae_ui.common.resources import job_queue, runs_folder, worker
from cae_ui.common.training_charts import dataset_title

SHOWN_AT_FIRST = 5
COLORS = ("#0f766e", "#f59e0b", "#6366f1", "#dc2626", "#0ea5e9", "#a3a3a3", "#84cc16", "#d946ef")


def show_comparison() -> None:
    """The finished runs of this server, those that are chosen side by side."""
    runs = _finished_runs()
    if len(runs) < 2:
        return
    st.subheader("Compare runs")
    chosen = st.multiselect(
        "Runs",
        list(runs),
        default=list(runs)[:SHOWN_AT_FIRST],
        format_func=lambda job_id: _title(runs[job_id][0]),
        # A new run begins a new choice, so that it is among those shown.
        key=f"compared-{len(runs)}",
    )
    if not chosen:
        return
    titles = {job_id: _title(runs[job_id][0]) for job_id in chosen}
    summaries = {titles[job_id]: runs[job_id][1] for job_id in chosen}
    st.dataframe(_table(summaries), hide_index=True, width="stretch")
    st.plotly_chart(losses_figure(summaries), key="losses", config={"displayModeBar": False})
    _show_latent_sizes(summaries)


def _finished_runs() -> dict[str, tuple[JobStatus, RunSummary]]:
    """Every job with a whole run, the newest first; what cannot be read is said."""
    found = {}
    problems = job_queue().damaged()
    for status in job_queue().jobs():
        if status.run_folder is not None:
            try:
                found[status.id] = (status, RunSummary.load(status.run_folder))
            except RunError as error:
                problems.append(str(error))
    for problem in problems:
        st.caption(f":material/info: {plain(problem)}")
    return found


def _title(status: JobStatus) -> str:
    """What a run is called: its name, or its network and when it was started."""
    started = f"{status.id[9:11]}:{status.id[11:13]}:{status.id[13:15]}"
    return status.name or f"{status.request.architecture} ({started})"


def _table(summaries: dict[str, RunSummary]) -> list[dict[str, object]]:
    """One line a run."""
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
    for number, (title, summary) in enumerate(summaries.items()):
        figure.add_trace(
            go.Scatter(
                x=[record.epoch for record in summary.history],
                y=[record.validation_loss for record in summary.history],
                name=title if len(title) < 40 else title[:39] + "…",
                hovertext=title,
                mode="lines+markers",
                line={"color": COLORS[number % len(COLORS)]},
            )
        )
    figure.update_layout(
        height=300,
        margin={"l": 0, "r": 0, "t": 8, "b": 0},
        xaxis={"title": "Epoch"},
        yaxis={
            "title": "Validation loss",
            "type": "log",
            "tickformat": "~g",
        },
        legend={"orientation": "h", "y": -0.25},
    )
    return figure


def _show_latent_sizes(summaries: dict[str, RunSummary]) -> None:
    """Latent size against test error, with the best linear autoencoder of the same data."""
    datasets = {summary.dataset for summary in summaries.values()}
    dataset = st.selectbox(
        "Latent size against test error on",
        sorted(datasets),
        format_func=dataset_title,
        key="latent-sizes",
    )
    path = runs_folder() / f"pca-{dataset}.json"
    line = load_pca_line(path)
    points = {
        title: summary
        for title, summary in summaries.items()
        if summary.dataset == dataset and isinstance(summary.task, Reconstruct)
    }
    if not points:
        st.caption("Only runs that reconstruct are compared here.")
        return
    st.plotly_chart(
        latent_size_figure(points, line), key="latent-size-chart", config={"displayModeBar": False}
    )

    if line is None and dataset in DATASETS and is_available(dataset):
        _offer_line(dataset, path)
    st.caption(
        "A network is worth its latent where it lies below the line: PCA with as many components, "
        "fitted on the same training images, is the best that a linear network can do."
    )


@st.cache_resource(show_spinner=False)
def _lines_on_their_way() -> dict[str, Future[None]]:
    """PCA lines that the worker computes, by data set."""
    return {}


def _offer_line(dataset: str, path: Path) -> None:
    """A button that has the worker compute the line, and what becomes of it."""
    future = _lines_on_their_way().get(dataset)
    if future is not None and not future.done():
        st.fragment(_wait_for_line, run_every=2.0)(dataset)
        return
    if future is not None and (error := future.exception()) is not None:
        st.error(plain(error), icon=":material/error:")
    if st.button(
        "Draw the best linear autoencoder (PCA)",
        help="Takes some seconds in the worker, behind trainings that run or wait.",
    ):
        _lines_on_their_way()[dataset] = worker().submit(save_pca_line, dataset, str(path))
        st.rerun()


def _wait_for_line(dataset: str) -> None:
    """Says that the line is being computed, and draws the page again once it is."""
    if _lines_on_their_way()[dataset].done():
        st.rerun(scope="app")
    st.caption(":material/hourglass_top: The worker computes the line, behind waiting trainings.")


def latent_size_figure(
    summaries: dict[str, RunSummary], line: dict[int, float] | None
) -> go.Figure:
    """Numbers in the latent against test MSE, both logarithmic, with a trend from three runs on."""
    sizes = [analyze(summary.architecture).latent_size for summary in summaries.values()]
    errors = [summary.test["mse"] for summary in summaries.values()]
    figure = go.Figure(
        go.Scatter(
            x=sizes,
            y=errors,
            text=list(summaries),
            mode="markers",
            name="Runs",
            marker={"size": 10, "color": COLORS[0]},
        )
    )
    if line is not None:
        figure.add_trace(
            go.Scatter(
                x=list(line), y=list(line.values()), name="PCA", mode="lines",
                line={"color": COLORS[1], "dash": "dot"},
            )
        )  # fmt: skip
    if len(set(sizes)) >= 3:
        slope, start = np.polyfit(np.log(sizes), np.log(errors), 1)
        ends = np.array([min(sizes), max(sizes)])
        figure.add_trace(
            go.Scatter(
                x=ends, y=np.exp(start) * ends**slope, name="Trend", mode="lines",
                line={"color": COLORS[2], "width": 1},
            )
        )  # fmt: skip
    figure.update_layout(
        height=320,
        margin={"l": 0, "r": 0, "t": 8, "b": 0},
        xaxis={"title": "Numbers in the latent", "type": "log"},
        yaxis={"title": "Test MSE", "type": "log", "tickformat": "~g"},
        legend={"orientation": "h", "y": 1.12},
    )
    return figure
