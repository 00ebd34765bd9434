"""The data set to train on: one of the registry, downloaded if need be, or uploaded images."""

from __future__ import annotations

from functools import partial

import streamlit as st
from streamlit.runtime.uploaded_file_manager import UploadedFile

from cae_core.data.dataset import Dataset, DatasetPreview
from cae_core.data.registry import DATASETS, is_available
from cae_core.data.uploads import load_uploads
from cae_core.errors import CAEError
from cae_core.formats import format_days
from cae_core.jobs.limits import Limits
from cae_ui.common.photo_choice import UPLOAD_TYPES
from cae_ui.common.photo_input import admitted
from cae_ui.common.resources import (
    available_jobs,
    keep_uploaded,
    named_dataset,
    run_retention,
    uploaded_datasets,
)
from cae_ui.common.section import section
from cae_ui.common.stoppable_work import stoppable_work
from cae_ui.common.wording import UPLOADS, plain, show_error
from cae_ui.trainer.download import offer_download

OWN_IMAGES = "own-images"
_STOPPED = "own-images-stopped"
# The images that are kept, their patches, and the image that is decoded.
_WORK_BYTES = 500_000_000


@section
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
    except CAEError as error:
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
            "They are cut into patches of 32 × 32 pixels and stay on this server: all of them "
            f"until the training has finished, or {format_days(days)} for its Resume where it ends "
            "early; up to 24 for validation and test, those that the results show, in the "
            f"run's files {run_retention()}."
        )
        return None
    data = _uploaded(files)
    if data is None:
        st.info("Stopped before your images were cut.")
        # The press runs the page anew, which cuts them.
        st.button("Cut them into patches", on_click=st.session_state.pop, args=(_STOPPED, None))
        return None
    preview = data.preview()
    _describe(preview, "Patches of your images.")
    return preview


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


def _uploaded(files: list[UploadedFile]) -> Dataset | None:
    """Uploaded files as a data set, cut once however often the page runs; None once stopped."""
    identity = tuple(file.file_id for file in files)
    kept = uploaded_datasets().get(identity)
    if kept is not None:
        return kept
    if st.session_state.get(_STOPPED) == identity:
        return None
    with (
        stoppable_work(
            "Cutting your images into patches …",
            key="stop-cutting",
            on_stop=partial(_stop, identity),
        ) as bar,
        admitted(_WORK_BYTES, is_long=True),
    ):
        data = load_uploads(
            [(file.name, file.getvalue()) for file in files],
            on_progress=lambda done, total: bar.progress(
                done / max(1, total), f"Image {min(done + 1, total):,} of {total:,}"
            ),
        )
    keep_uploaded(identity, data)
    return data


def _stop(identity: tuple[str, ...]) -> None:
    """Has the page leave some files alone."""
    st.session_state[_STOPPED] = identity
