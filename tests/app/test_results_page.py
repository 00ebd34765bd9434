"""What a finished training offers to take away."""

import gc
import io
import zipfile

import pytest
import streamlit as st

from cae_core.export.files import ZIP_FILES
from cae_core.training.runs import Run
from cae_ui.common import resources
from cae_ui.trainer import result as result_views
from tests.app.finding import press

SMALL = "conv4 pool | up conv3:sigmoid"
EVERYTHING = "Everything, as a zip"


@pytest.fixture
def finished_job(trainer_page, worker):
    """The id of a job that has ended well."""
    page = press(trainer_page(arch=SMALL, epochs="1"), "Train")
    worker.work()
    return page.query_params["job"]


@pytest.fixture
def offered(monkeypatch):
    """What the page's download buttons were given: label -> contents and name of the file."""
    found = {}
    show = st.download_button

    def noting(label, data, file_name, **settings):
        found[label] = (data, file_name)
        return show(label, data, file_name, **settings)

    monkeypatch.setattr(st, "download_button", noting)
    return found


@pytest.fixture
def loaded(monkeypatch):
    """The folders of the runs whose networks were loaded."""
    folders = []
    load = result_views.trained_run

    def noting(folder, modified):
        folders.append(folder)
        return load(folder, modified)

    monkeypatch.setattr(result_views, "trained_run", noting)
    return folders


def test_no_network_is_loaded_before_somebody_asks_for_a_file_of_it(
    trainer_page, finished_job, offered, loaded
):
    trainer_page(job=finished_job)
    made_later = {label for label, (data, _) in offered.items() if callable(data)}
    assert made_later == {".keras", "ONNX", EVERYTHING}
    assert loaded == []
    offered[".keras"][0]()
    (status,) = resources.job_queue().jobs()
    assert loaded == [str(status.run_folder)]


def test_everything_comes_as_a_zip_that_is_named_after_the_job(
    trainer_page, finished_job, offered, tmp_path
):
    trainer_page(job=finished_job)
    make, name = offered[EVERYTHING]
    assert name == f"autoencoder-{finished_job}.zip"
    with zipfile.ZipFile(io.BytesIO(make())) as archive:
        assert {*archive.namelist()} <= {f"{name[:-4]}/{file}" for file in ZIP_FILES}
        archive.extractall(tmp_path)
    unpacked = Run.load(tmp_path / name[:-4])
    (status,) = resources.job_queue().jobs()
    assert unpacked == Run.load(status.run_folder)
    assert str(unpacked.architecture) == SMALL


def test_a_training_that_is_not_finished_offers_nothing_to_take_away(trainer_page, offered):
    press(trainer_page(arch=SMALL, epochs="1"), "Train")
    assert offered == {}


def test_what_is_loaded_is_taken_out_of_the_garbage_collectors_work():
    gc.unfreeze()
    resources.freeze_garbage_collector()
    assert gc.get_freeze_count() > 1000
    gc.unfreeze()
