"""Runs as folders: whole or not there, and refused with a reason where damaged."""

from __future__ import annotations

import csv
import dataclasses
import io
import json
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import cae_core
from cae_core.architecture.notation import Architecture
from cae_core.data.registry import Dataset
from cae_core.errors import RunError
from cae_core.training import runs
from cae_core.training.config import TrainConfig
from cae_core.training.history import history_csv
from cae_core.training.loop import train
from cae_core.training.progress import EpochRecord
from cae_core.training.runs import Run, RunSummary, samples_image
from cae_core.training.tasks import Denoise

# Keras 3.15 saves TensorFlow variables in a way that NumPy 2.4 announces the end of.
pytestmark = pytest.mark.filterwarnings(
    "ignore:__array__ implementation doesn't accept a copy keyword:DeprecationWarning"
)

FILES = ("settings.json", "history.csv", "test.json", "model.weights.h5", "samples.npy")


@pytest.fixture(scope="module")
def run():
    """A run with everything in it that a folder must keep: moving means, a range of sigmas."""
    rng = np.random.default_rng(0)
    train_part, validation, test = (
        rng.integers(0, 256, (count, 8, 8, 1), np.uint8) for count in (40, 10, 6)
    )
    return train(
        Architecture.parse("8x8x1 conv4 bn pool | up res4 conv1:sigmoid"),
        Dataset("noise", train_part, validation, test),
        task=Denoise((0.05, 0.2), clip=True),
        config=TrainConfig(epochs=2, batch_size=16, learning_rate=0.01, seed=9),
    )


@pytest.fixture(scope="module")
def saved(run, tmp_path_factory):
    """The run's folder, which tests only read or copy."""
    with pytest.warns(DeprecationWarning, match="copy keyword"):
        return run.save(tmp_path_factory.mktemp("runs") / "first")


@pytest.fixture
def damaged(saved, tmp_path):
    """A copy of the folder, to be damaged."""
    return Path(shutil.copytree(saved, tmp_path / "copy"))


# There and back


def test_a_saved_run_is_loaded_as_it_was(run, saved):
    loaded = Run.load(saved)
    # The fields that can be compared: settings, history, test figures, duration.
    assert loaded == run
    assert loaded.task == Denoise((0.05, 0.2), clip=True)
    np.testing.assert_array_equal(loaded.samples, run.samples)
    assert loaded.samples.dtype == np.uint8


def test_a_loaded_model_has_the_same_weights_and_returns_the_same_images(run, saved):
    model = Run.load(str(saved)).model
    assert len(model.weights) > len(model.trainable_weights)
    for ours, theirs in zip(model.get_weights(), run.model.get_weights(), strict=True):
        np.testing.assert_array_equal(ours, theirs)
    images = np.random.default_rng(1).random((5, 8, 8, 1), dtype=np.float32)
    np.testing.assert_array_equal(
        model.predict(images, verbose=0), run.model.predict(images, verbose=0)
    )


def test_whether_a_run_was_stopped_is_kept(run, tmp_path):
    folder = dataclasses.replace(run, stopped=True).save(tmp_path / "stopped")
    assert Run.load(folder).stopped
    assert RunSummary.load(folder).stopped


def test_infinite_psnr_is_kept(run, tmp_path):
    perfect = run.test | {"mse": 0.0, "psnr": float("inf")}
    folder = dataclasses.replace(run, test=perfect).save(tmp_path / "perfect")
    assert Run.load(folder).test == perfect


def test_a_summary_says_the_same_as_the_run(run, saved):
    summary = RunSummary.load(saved)
    for item in dataclasses.fields(RunSummary):
        assert getattr(summary, item.name) == getattr(run, item.name), item.name


def test_a_summary_is_read_without_keras(saved):
    script = (
        "import sys; from cae_core.training.runs import RunSummary; RunSummary.load(sys.argv[1]); "
        "print('keras' in sys.modules)"
    )
    result = subprocess.run(  # noqa: S603 - our own script
        [sys.executable, "-c", script, str(saved)],
        cwd=Path(cae_core.__file__).parents[1],
        capture_output=True,
        text=True,
        check=True,
    )
    assert result.stdout == "False\n"


def test_the_folder_holds_what_other_programs_can_read(run, saved):
    settings = json.loads((saved / "settings.json").read_text())
    assert settings["architecture"] == str(run.architecture)
    assert settings["task"] == {"task": "denoise", "sigma": [0.05, 0.2], "clip": True}
    assert json.loads((saved / "test.json").read_text()) == run.test
    with Image.open(saved / "samples.png") as image:
        assert image.format == "PNG"
        # Eight images of eight pixels side by side, in three rows, one pixel between them.
        assert image.size == (8 * 8 + 7, 3 * 8 + 2)
        np.testing.assert_array_equal(np.asarray(image)[:8, :8], run.samples[0, 0, ..., 0])


# Writing


def test_missing_folders_on_the_way_are_made(run, tmp_path):
    target = tmp_path / "a" / "b" / "c"
    assert run.save(target) == target
    assert {path.name for path in target.parent.iterdir()} == {"c"}


@pytest.mark.parametrize("make", [Path.mkdir, Path.touch], ids=["folder", "file"])
def test_nothing_that_exists_is_overwritten(run, tmp_path, make):
    target = tmp_path / "taken"
    make(target)
    with pytest.raises(RunError, match=r"new folder\. Received: .*taken, which exists\. Choose"):
        run.save(target)
    assert [path.name for path in tmp_path.iterdir()] == ["taken"]
    assert target.is_file() or list(target.iterdir()) == []


def test_a_write_that_fails_leaves_nothing_behind(run, tmp_path, monkeypatch):
    def full_disk(image):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(runs, "encode_png", full_disk)
    with pytest.raises(OSError, match="No space left"):
        run.save(tmp_path / "first")
    assert list(tmp_path.iterdir()) == []
    monkeypatch.undo()
    assert Run.load(run.save(tmp_path / "first")) == run


# Damaged folders


def load_error(folder, load=Run.load):
    with pytest.raises(RunError) as caught:
        load(folder)
    message = str(caught.value)
    assert message.startswith("A run's folder holds settings.json, history.csv, test.json")
    assert "Received: one of which " in message
    assert str(folder) not in message
    assert message.endswith("Delete it, and train again.")
    return message


def test_a_folder_that_is_not_there_is_refused(tmp_path):
    load_error(tmp_path / "nothing")
    load_error(tmp_path)


@pytest.mark.parametrize("name", FILES)
def test_a_folder_without_one_of_its_files_is_refused(damaged, name):
    (damaged / name).unlink()
    assert f"{name} is missing" in load_error(damaged)


@pytest.mark.parametrize("name", FILES)
@pytest.mark.parametrize("kept", [0, 20])
def test_a_file_cut_short_is_refused(damaged, name, kept):
    path = damaged / name
    path.write_bytes(path.read_bytes()[:kept])
    load_error(damaged)


def test_weights_cut_short_near_their_end_are_refused(damaged):
    path = damaged / "model.weights.h5"
    path.write_bytes(path.read_bytes()[:-100])
    load_error(damaged)


@pytest.mark.parametrize(
    "change",
    [
        {"task": None},
        {"task": ["denoise"]},
        {"task": {"task": "sharpen"}},
        {"task": {"task": "denoise", "sigma": 7}},
        {"config": None},
        {"config": {"epochs": 0}},
        {"config": {"epochs": 1, "momentum": 0.9}},
        {"seconds": 1e308},
        {"seconds": -1},
        {"layers": "conv8 | conv3"},
        {"layers": {"input_shape": [8, 8, 1], "encoder": [], "decoder": []}},
    ],
    ids=str,
)
def test_settings_that_cannot_be_are_refused_without_loading_the_model(damaged, change):
    path = damaged / "settings.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | change))
    load_error(damaged, RunSummary.load)


@pytest.mark.parametrize("key", ["layers", "task", "config", "dataset", "seconds", "stopped"])
def test_settings_without_one_of_their_keys_are_refused(damaged, key):
    path = damaged / "settings.json"
    settings = json.loads(path.read_text())
    del settings[key]
    path.write_text(json.dumps(settings))
    assert repr(key) in load_error(damaged, RunSummary.load)


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("settings.json", "[]"),
        ("settings.json", "\x00"),
        ("test.json", "[]"),
        ("test.json", "3"),
        ("test.json", '{"mse": 0.1}'),
        ("history.csv", ""),
        ("history.csv", "epoch,loss,validation_loss,seconds\n1,0.1\n"),
        ("history.csv", "epoch,loss,validation_loss,seconds\n1,x,0.1,2\n"),
        ("history.csv", "time,error\n1,0.1\n"),
    ],
)
def test_a_file_with_something_else_in_it_is_refused(damaged, name, text):
    (damaged / name).write_text(text)
    load_error(damaged, RunSummary.load)


def test_a_weight_with_another_bit_is_refused_and_an_older_run_without_a_checksum_is_not(damaged):
    path = damaged / "model.weights.h5"
    content = bytearray(path.read_bytes())
    weight = Run.load(damaged).model.get_weights()[0].ravel()[0].tobytes()
    content[content.index(weight)] ^= 1
    path.write_bytes(content)
    assert "model.weights.h5 is missing, damaged" in load_error(damaged)
    settings = json.loads((damaged / "settings.json").read_text())
    del settings["weights"]
    (damaged / "settings.json").write_text(json.dumps(settings))
    assert Run.load(damaged)


@pytest.mark.filterwarnings("ignore:Skipping nested container:UserWarning")
def test_weights_of_another_network_are_refused(damaged):
    path = damaged / "settings.json"
    settings = json.loads(path.read_text())
    settings["layers"]["encoder"][0]["channels"] = 5
    path.write_text(json.dumps(settings))
    load_error(damaged)


class Trap:
    """Makes a file when it is unpickled."""

    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        return Path.touch, (self.path,)


def test_sample_images_are_never_unpickled(damaged, tmp_path):
    made = tmp_path / "made"
    np.save(damaged / "samples.npy", np.array([Trap(made)], dtype=object), allow_pickle=True)
    load_error(damaged)
    assert not made.exists()


# Tables and images


def test_the_table_of_losses_keeps_every_digit():
    history = (EpochRecord(1, 1 / 3, 0.1 + 0.2, 1e-9), EpochRecord(2, 1e-300, 12345.678, 3.0))
    rows = list(csv.DictReader(io.StringIO(history_csv(history))))
    assert [
        EpochRecord(
            int(row["epoch"]),
            float(row["loss"]),
            float(row["validation_loss"]),
            float(row["seconds"]),
        )
        for row in rows
    ] == list(history)


def test_the_sample_image_leaves_out_what_was_shown_where_that_is_the_original():
    samples = np.random.default_rng(0).integers(0, 256, (3, 4, 8, 8, 3), np.uint8)
    assert samples_image(samples).shape == (3 * 8 + 2, 4 * 8 + 3, 3)
    samples[1] = samples[0]
    image = samples_image(samples)
    assert image.shape == (2 * 8 + 1, 4 * 8 + 3, 3)
    np.testing.assert_array_equal(image[:8, :8], samples[0, 0])
    np.testing.assert_array_equal(image[9:, :8], samples[2, 0])
