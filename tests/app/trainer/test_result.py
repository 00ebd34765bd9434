"""The result of a training: figures, images, files to take away, a name."""

import io
import zipfile

import pytest

from cae_core.export.files import ZIP_FILES
from cae_core.jobs import JobQueue
from cae_core.training.runs import Run
from cae_ui.common import resources
from cae_ui.trainer import result
from tests.app.finding import SMALL, labelled, press, refuse, said, the_job

EVERYTHING = "Everything, as a zip"


def test_no_network_is_loaded_before_somebody_asks_for_a_file_of_it(
    trainer_page, finished, offered, monkeypatch
):
    loaded = []
    load = result.loaded_run

    def noting(status):
        loaded.append(status.run_folder)
        return load(status)

    monkeypatch.setattr(result, "loaded_run", noting)
    trainer_page(job=finished())
    assert loaded == []
    labels = {"Keras script", "Losses", "Images", ".keras", "ONNX", EVERYTHING}
    assert offered.keys() >= {*labels, "Download the result"}
    for label in ("Keras script", "Losses", "Images", "Download the result"):
        assert offered[label][0]()
    assert loaded == []
    offered[".keras"][0]()
    assert loaded == [the_job().run_folder]


def test_downloads_say_what_they_are_and_of_which_run(trainer_page, finished, offered, tmp_path):
    job_id = finished()
    trainer_page(job=job_id)
    run = f"photo-patches-reconstruct-{job_id[:15]}"
    names = {label: name for label, (_, name) in offered.items()}
    assert names["Losses"] == f"{run}-losses.csv"
    assert names["Download the result"] == f"Cat-{run}.png"
    make, name = offered[EVERYTHING]
    assert name == f"{run}.zip"
    with zipfile.ZipFile(io.BytesIO(make())) as archive:
        assert {*archive.namelist()} <= {f"{name[:-4]}/{file}" for file in ZIP_FILES}
        archive.extractall(tmp_path)
    unpacked = Run.load(tmp_path / name[:-4])
    assert unpacked == Run.load(the_job().run_folder)
    assert str(unpacked.architecture) == SMALL


def test_a_training_that_is_not_finished_offers_nothing_to_take_away(trainer_page, offered):
    press(trainer_page(arch=SMALL, epochs="1"), "Train")
    assert offered == {}


def test_the_worst_and_best_images_are_shown_with_the_spread_of_the_error(trainer_page, finished):
    page = trainer_page(job=finished(), extremes="true")
    assert len(page.get("plotly_chart")) == 2
    images = said(page.get("html"))
    assert images.index("the largest error first") < images.index("the smallest error first")


def test_a_finished_training_can_be_replayed(trainer_page, finished):
    page = trainer_page(job=finished(), replay="true")
    assert "Kernels of the first layer" in said(page.markdown)


def test_a_run_can_be_named_and_deleted(trainer_page, finished, monkeypatch):
    page = trainer_page(job=finished(), arch=SMALL, epochs="2")
    labelled(page.text_input, "Name").set_value("Mine").run()
    assert the_job().name == "Mine"
    folder = the_job().folder
    with monkeypatch.context() as patch:
        patch.setattr(JobQueue, "delete", refuse)
        press(page, "Delete it with all its files")
    assert page.query_params["job"] == folder.name
    press(page, "Delete it with all its files")
    assert not folder.exists()
    assert "job" not in page.query_params
    assert page.query_params["epochs"] == "2"


@pytest.mark.parametrize("act", ["rename", "delete"])
def test_a_run_that_another_tab_deleted_is_a_sentence(trainer_page, finished, act):
    job_id = finished()
    page = trainer_page(job=job_id, arch=SMALL)
    resources.job_queue().delete(job_id)
    if act == "rename":
        page.text_input(f"name-{job_id}").set_value("best").run()
    else:
        press(page, "Delete it with all its files")
    assert "Received: one that is not here" in said(page.error)
