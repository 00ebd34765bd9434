"""The result of a training: test figures, the worst and best images, downloads, name."""

from __future__ import annotations

import tempfile
from functools import partial
from pathlib import Path

import numpy as np
import plotly.graph_objects as go
import streamlit as st

from cae_core.errors import CAEError, RunError
from cae_core.export.files import save_keras, save_onnx, save_zip
from cae_core.export.script import generate_script
from cae_core.formats import counted, format_mse, format_psnr, format_ssim
from cae_core.images.metrics import psnr_from_mse
from cae_core.jobs.job import LONGEST_NAME, RUN, JobStatus
from cae_core.training.history import history_csv
from cae_core.training.runs import SAMPLES_IMAGE, RunSummary, load_test_images
from cae_ui.common.charts import TEAL, framed, show_chart
from cae_ui.common.downloads import show_download
from cae_ui.common.file_names import run_name
from cae_ui.common.network_choice import RUN_PREFIX
from cae_ui.common.pixels import show_samples
from cae_ui.common.resources import is_own, job_queue, loaded_run, run_retention, run_version
from cae_ui.common.section import section
from cae_ui.common.wording import attempt, dataset_title, plain, show_error
from cae_ui.inside.learning import show_replay
from cae_ui.inside.panel import show_panel
from cae_ui.trainer.training import JOB_PARAMETER

HISTOGRAM_BINS = 40


@section
def show_result(status: JobStatus) -> bool:
    """Test figures, images, downloads and name of a job; nothing while it has no run.

    Returns:
        Whether it has one that can be read.
    """
    if status.run_folder is None:
        return False
    try:
        summary = RunSummary.load(status.run_folder)
    except RunError as error:
        show_error(error)
        return False
    st.header("Test")
    _show_figures(summary)
    if st.toggle("Show the worst and best test images", key="extremes", bind="query-params"):
        _show_extremes(status, summary)
    if st.toggle("Replay the training", key="replay", bind="query-params"):
        try:
            show_replay(f"{RUN_PREFIX}{status.id}")
        except CAEError as error:
            show_error(error)
    _show_downloads(status, summary)
    if is_own(status):
        _show_name(status)
    st.header("Inside")
    try:
        show_panel(f"{RUN_PREFIX}{status.id}@{run_version(status)}")
    except CAEError as error:
        show_error(error)
        return False
    return True


def _show_figures(summary: RunSummary) -> None:
    """MSE, PSNR and SSIM on the test images."""
    test = summary.test
    with st.container(horizontal=True, gap="medium"):
        st.metric("Test MSE", format_mse(test["mse"]), width="content")
        st.metric("PSNR", format_psnr(test["psnr"]), width="content")
        st.metric("SSIM", format_ssim(test["ssim"]), width="content")
    st.caption(
        f"Measured on {counted(int(test['images']), 'test image')} of "
        f"{plain(dataset_title(summary.dataset))}, not used in training. The output is cut to "
        "[0, 1]; PSNR and SSIM are means over images."
    )


def _show_extremes(status: JobStatus, summary: RunSummary) -> None:
    """The histogram of the error over the test images, and its worst and best images."""
    try:
        errors, (worst, best) = load_test_images(status.folder / RUN)
    except RunError as error:
        show_error(error)
        return
    show_chart(error_histogram(errors), key=f"errors-{status.id}")
    caption = summary.task.input_caption
    st.markdown("**Worst**")
    show_samples(worst, caption, original_caption="Originals, the largest error first")
    st.markdown("**Best**")
    show_samples(best, caption, original_caption="Originals, the smallest error first")


def error_histogram(errors: np.ndarray) -> go.Figure:
    """Histogram of the PSNR of the test images."""
    decibels = psnr_from_mse(np.maximum(errors, 1e-10))
    figure = go.Figure(go.Histogram(x=decibels, nbinsx=HISTOGRAM_BINS, marker={"color": TEAL}))
    return framed(
        figure,
        height=220,
        xaxis={"title": "PSNR of a test image, dB"},
        yaxis={"title": "Images"},
        bargap=0.05,
    )


def _show_downloads(status: JobStatus, summary: RunSummary) -> None:
    """Script, losses, sample images and network of the run as files."""
    name = run_name(status)
    with st.container(horizontal=True):
        show_download(
            "Keras script", partial(_script, summary), f"{name}.py", icon=":material/code:"
        )
        show_download(
            "Losses",
            partial(history_csv, summary.history),
            f"{name}-losses.csv",
            mime="text/csv",
            icon=":material/table:",
        )
        images = status.folder / RUN / SAMPLES_IMAGE
        if images.is_file():  # the least of its files: the others are still there
            file = f"{name}-images.png"
            show_download("Images", images.read_bytes, file, icon=":material/image:")
        for label, suffix in ((".keras", ".keras"), ("ONNX", ".onnx")):
            show_download(
                label,
                partial(_model_file, status, suffix),
                f"{name}{suffix}",
                icon=":material/deployed_code:",
            )
        archive = f"{name}.zip"
        show_download(
            "Everything, as a zip",
            partial(_zip_file, status, archive),
            archive,
            icon=":material/folder_zip:",
        )


def _script(summary: RunSummary) -> str:
    """The Keras script of a run."""
    return generate_script(
        summary.architecture, task=summary.task, config=summary.config, dataset=summary.dataset
    )


def _model_file(status: JobStatus, suffix: str) -> bytes:
    """A run's network as the bytes of one file."""
    model = loaded_run(status).model
    with tempfile.TemporaryDirectory() as place:
        save = save_onnx if suffix == ".onnx" else save_keras
        return save(model, Path(place) / f"autoencoder{suffix}").read_bytes()


def _zip_file(status: JobStatus, name: str) -> bytes:
    """A run as the bytes of a zip archive with one folder, named like the archive."""
    run = loaded_run(status)
    with tempfile.TemporaryDirectory() as place:
        return save_zip(run, Path(place) / name).read_bytes()


def _show_name(status: JobStatus) -> None:
    """The fields that name and delete the run."""
    widget = f"name-{status.id}"

    def rename() -> None:
        attempt(job_queue().rename, status.id, st.session_state[widget])

    def delete() -> None:
        if attempt(job_queue().delete, status.id):
            st.query_params.pop(JOB_PARAMETER, None)

    with st.popover("Name or delete this run", icon=":material/edit:"):
        st.text_input(
            "Name", value=status.name, max_chars=LONGEST_NAME, key=widget, on_change=rename
        )
        st.caption(f"This run is kept {run_retention()}.")
        st.button("Delete it with all its files", icon=":material/delete:", on_click=delete)
