"""The data set to train on: downloaded, uploaded, damaged."""

import pytest
import streamlit as st

from cae_core.data import uploads
from cae_core.errors import DatasetError
from cae_ui.common import resources
from cae_ui.trainer import data as trainer_data
from cae_ui.trainer import download
from cae_ui.trainer.data import OWN_IMAGES
from tests.app.finding import SMALL, can_train, labelled, press, progress_texts, said, upload
from tests.app.images import phone_photo, png, zip_of

OWN = "My own images"
TEN_IMAGES = [(f"{seed}.png", png(96, 96, seed=seed)) for seed in range(10)]


@pytest.fixture
def nothing_is_here(monkeypatch):
    monkeypatch.setattr(trainer_data, "is_available", lambda name: False)


# Downloads


@pytest.mark.usefixtures("nothing_is_here")
def test_a_data_set_that_is_not_here_is_offered_and_nothing_is_fetched(trainer_page, monkeypatch):
    fetched = []
    monkeypatch.setattr(download, "download", lambda name, **_: fetched.append(name))
    page = trainer_page(data="CIFAR-10")
    assert not can_train(page)
    assert "CIFAR-10 is not on this server yet." in said(page.info)
    assert fetched == []
    # The press starts the download in a thread and shows the page again.
    press(page, "Download CIFAR-10")
    download.downloads()["cifar10"].thread.join()
    assert fetched == ["cifar10"]


@pytest.mark.usefixtures("nothing_is_here")
def test_a_download_that_fails_says_why_and_can_be_tried_again(trainer_page, monkeypatch):
    def fail(name, **_):
        raise DatasetError("MNIST comes from its host. Received: no answer. Try again later.")

    monkeypatch.setattr(download, "download", fail)
    page = press(trainer_page(data="MNIST"), "Download MNIST")
    download.downloads()["mnist"].thread.join()
    assert "Received: no answer." in said(page.run().error)
    assert labelled(page.button, "Download MNIST")


@pytest.mark.usefixtures("nothing_is_here")
def test_a_running_download_shows_its_progress_and_can_be_cancelled(trainer_page, monkeypatch):
    was_cancelled = []

    def slow(name, *, on_progress, should_stop):
        on_progress(3 * 2**20, 6 * 2**20)
        # `should_stop` asks an event, which can also be waited for.
        was_cancelled.append(should_stop.__self__.wait(timeout=300))

    monkeypatch.setattr(download, "download", slow)
    page = press(trainer_page(data="MNIST"), "Download MNIST")
    assert progress_texts(page) == ["3.1 MB downloaded"]
    press(page, "Cancel the download")
    download.downloads()["mnist"].thread.join()
    assert was_cancelled == [True]


def test_a_damaged_data_file_is_named(trainer_page, monkeypatch, tmp_path):
    (tmp_path / "mnist.npz").write_bytes(b"not an archive")
    monkeypatch.setenv("CAE_DATA_DIR", str(tmp_path))
    resources.named_dataset.clear()
    page = trainer_page(data="MNIST")
    assert "Received" in said(page.error)
    assert not can_train(page)


# Uploads


def test_cutting_images_can_be_stopped_and_begun_again(trainer_page, monkeypatch):
    def stopped(files, *, on_progress):
        on_progress(1, len(files))
        # What a press on Stop does while the page works.
        trainer_data._stop(tuple(file.file_id for file in st.session_state[OWN_IMAGES]))
        st.rerun()

    monkeypatch.setattr(trainer_data, "load_uploads", stopped)
    page = upload(trainer_page(data=OWN), OWN_IMAGES, *TEN_IMAGES)
    assert "Stopped before your images were cut." in said(page.info)
    assert not can_train(page)
    monkeypatch.setattr(trainer_data, "load_uploads", uploads.load_uploads)
    press(page, "Cut them into patches")
    assert "Patches of your images." in said(page.caption)
    assert can_train(page)


@pytest.mark.heavy
def test_own_images_are_cut_into_patches_and_trained_on(trainer_page, worker):
    page = trainer_page(data=OWN, arch=SMALL, epochs="1", batch="16")
    assert not can_train(page)
    assert "stay on this server" in said(page.info)
    upload(page, OWN_IMAGES, *TEN_IMAGES, ("bad.png", b"no image"))
    assert "bad.png" in said(page.caption)  # left out
    assert "Patches of your images." in said(page.caption)
    press(page, "Train")
    worker.work()
    page.run()
    assert "Finished: 1 epoch." in said(page.success)
    assert "test images of your own images" in said(page.caption)


def test_an_unusable_upload_is_refused_with_one_message(trainer_page):
    page = trainer_page(data=OWN)
    for name, content in (
        ("bad.png", b"no image"),
        ("half.jpg", phone_photo(300, 200)[:400]),
        ("bad.zip", b"PK no archive"),
        ("empty.zip", zip_of([])),
        ("small.png", png(5, 5)),
    ):
        upload(page, OWN_IMAGES, (name, content))
        (error,) = page.error.values
        assert "Received" in error, name
        assert not can_train(page)


def test_a_zip_bomb_is_refused_before_it_is_unpacked(trainer_page, monkeypatch):
    monkeypatch.setattr(uploads, "MAX_UNZIPPED_BYTES", 2**20)
    bomb = zip_of([(f"{number}.png", bytes(2**20)) for number in range(3)])
    assert len(bomb) < 10_000
    page = upload(trainer_page(data=OWN), OWN_IMAGES, ("bomb.zip", bomb))
    (error,) = page.error.values
    assert "Received: 3 MB" in error
    assert not can_train(page)
