"""The data set to train on: one of the registry, downloaded if need be, or uploaded images."""

from __future__ import annotations

import streamlit as st
from streamlit.runtime.uploaded_file_manager import UploadedFile

from cae_core.data.dataset import Dataset, DatasetPreview
from cae_core.data.registry import DATASETS, is_available
from cae_core.errors import DatasetError
from cae_core.jobs.limits import Limits
from cae_ui.common.photo_input import UPLOAD_TYPES
from cae_ui.common.resources import available_jobs, named_dataset, run_retention, uploaded_dataset
from cae_ui.common.wording import UPLOADS, plain, show_error
from cae_ui.trainer.download import offer_download

OWN_IMAGES = "own-images"


def dataset_input() -> DatasetPreview | None:
    """A list of data sets; None while there is nothing to train on, for which the page says why."""
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
        show_error(error)
        return None
    _describe(data, DATASETS[name].description)
    return data


def _uploads_input() -> DatasetPreview | None:
    """The upload of several images or a zip archive, as a data set of patches."""
    files = st.file_uploader(
        "Images, or a zip archive of images",
        type=[*UPLOAD_TYPES, "zip"],
        accept_multiple_files=True,
        key=OWN_IMAGES,
    )
    if not files:
        queue = available_jobs()
        days = Limits().upload_days if queue is None else queue.limits.upload_days
        st.info(
            "They are cut into patches of 32 x 32 pixels and stay on this server: all of them "
            f"until the training has finished, or {days:g} days for its Resume where it ends "
            "early; up to 24 for validation and test, those that the results show, in the "
            f"run's files {run_retention()}."
        )
        return None
    data = _uploaded(files).preview()
    _describe(data, "Patches of your images.")
    return data


def _describe(data: DatasetPreview, description: str) -> None:
    """The description of a data set, the sizes of its parts, and its notes."""
    st.caption(
        "{} {:,} to train, {:,} to validate, {:,} to test.".format(description, *data.counts)
    )
    for note in data.notes:
        st.caption(f":material/info: {plain(note)}")


def own_images() -> Dataset | None:
    """The uploaded images, which travel with a job because the worker cannot load them by name."""
    files = st.session_state.get(OWN_IMAGES)
    return _uploaded(files) if st.session_state["data"] == UPLOADS and files else None


def _uploaded(files: list[UploadedFile]) -> Dataset:
    """Uploaded files as a data set."""
    return uploaded_dataset([(file.name, file.getvalue()) for file in files])
