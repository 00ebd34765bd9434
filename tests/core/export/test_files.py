"""Exports: what another program reads out of the file is what Keras calculates."""

from __future__ import annotations

import dataclasses
import io
import json
import os
import re
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path

import keras
import numpy as np
import pytest

from cae_core.architecture.notation import Architecture
from cae_core.data.registry import Dataset
from cae_core.export import files as exports
from cae_core.export.files import ZIP_FILES, ExportError, save_keras, save_onnx, save_zip
from cae_core.export.script import generate_script
from cae_core.models.builder import build
from cae_core.training.config import TrainConfig
from cae_core.training.loop import train
from cae_core.training.runs import Run
from cae_core.training.tasks import Denoise


def make_images(shape, count=3):
    return np.random.default_rng(0).random((count, *shape), np.float32)


# One network as one file


def test_more_weights_than_the_format_holds_are_refused(tmp_path, monkeypatch):
    model = build(Architecture.parse("conv4 | conv3"))
    monkeypatch.setattr(exports, "LARGEST_ONNX_BYTES", 4 * model.count_params() - 1)
    with pytest.raises(ExportError, match="at most 2 GB"):
        save_onnx(model, tmp_path / "network.onnx")


def test_without_the_package_the_remedy_is_its_installation(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "tf2onnx", None)
    model = build(Architecture.parse("conv4 | conv3"))
    with pytest.raises(ExportError, match="Install it with: pip install tf2onnx"):
        save_onnx(model, tmp_path / "network.onnx")


def test_a_keras_file_opens_as_the_same_network(tmp_path):
    # With layers of this project, which Keras finds by their registration.
    model = build(Architecture.parse("8x8x3 unshuffle conv8 @a bn res8s2 | up cat@a shuffle conv3"))
    images = make_images(model.input_shape[1:])
    again = keras.models.load_model(save_keras(model, tmp_path / "deep" / "network.keras"))
    expected = model.predict(images, verbose=0)
    np.testing.assert_array_equal(again.predict(images, verbose=0), expected)


@pytest.mark.parametrize(("save", "suffix"), [(save_onnx, ".onnx"), (save_keras, ".keras")])
def test_another_ending_is_refused_with_the_right_name(save, suffix, tmp_path):
    model = build(Architecture.parse("conv4 | conv3"))
    with pytest.raises(ExportError, match=rf"Received: net.h5. Write net\{suffix}."):
        save(model, tmp_path / "net.h5")
    assert list(tmp_path.iterdir()) == []


# A whole run as a zip archive


@pytest.fixture(scope="module")
def run():
    """A run of a network with layers that Keras does not have."""
    rng = np.random.default_rng(0)
    parts = [rng.integers(0, 256, (count, 8, 8, 1), np.uint8) for count in (40, 10, 6)]
    return train(
        Architecture.parse("8x8x1 conv4 bn unshuffle | shuffle conv1:sigmoid"),
        Dataset("holidays", *parts),
        task=Denoise(0.1),
        config=TrainConfig(epochs=2, batch_size=16),
    )


@pytest.fixture(scope="module")
def packed(run, tmp_path_factory):
    """The run's archive."""
    return save_zip(run, tmp_path_factory.mktemp("archives") / "deep" / "first.zip")


@pytest.fixture
def unpacked(packed, tmp_path):
    """The folder that comes out of the run's archive."""
    with zipfile.ZipFile(packed) as archive:
        archive.extractall(tmp_path)
    return tmp_path / "first"


def members(path):
    """The files of an archive, and of the archives in it, by name."""
    found = {}
    with zipfile.ZipFile(path) as archive:
        for name in archive.namelist():
            found[name] = archive.read(name)
            if zipfile.is_zipfile(io.BytesIO(found[name])):
                found |= {
                    f"{name}/{inner}": content
                    for inner, content in members(io.BytesIO(found[name])).items()
                }
    return found


def test_a_zip_holds_one_folder_with_every_file_that_is_promised(run, packed, tmp_path):
    with zipfile.ZipFile(packed) as archive:
        names = archive.namelist()
        assert archive.testzip() is None
    assert names == sorted(f"first/{name}" for name in ZIP_FILES)
    # The promise is not older than what a run holds.
    own = {file.name for file in run.save(tmp_path / "saved").iterdir()}
    assert own | {"README.txt", "autoencoder.py", "autoencoder.keras", "autoencoder.onnx"} == set(
        ZIP_FILES
    )


def test_a_zip_replaces_an_older_one_and_leaves_nothing_beside_it(run, packed, tmp_path):
    path = tmp_path / "first.zip"
    path.write_text("older")
    assert save_zip(run, path) == path
    assert list(members(path)) == list(members(packed))
    assert [file.name for file in tmp_path.iterdir()] == ["first.zip"]


def test_a_zip_names_no_place_on_the_machine_that_made_it(packed):
    places = [str(packed.parent), tempfile.gettempdir(), str(Path.home())]
    for name, content in members(packed).items():
        assert not name.startswith("/")
        assert ".." not in name
        assert not [place for place in places if place.encode() + b"/" in content], name


def test_an_unpacked_zip_is_the_run_again(run, unpacked):
    loaded = Run.load(unpacked)
    assert loaded == run
    np.testing.assert_array_equal(loaded.samples, run.samples)
    np.testing.assert_array_equal(loaded.extremes, run.extremes)
    for ours, theirs in zip(loaded.model.get_weights(), run.model.get_weights(), strict=True):
        np.testing.assert_array_equal(ours, theirs)
    assert json.loads((unpacked / "settings.json").read_text())["dataset"] == "holidays"


def test_the_script_in_a_zip_is_the_runs(run, unpacked):
    assert (unpacked / "autoencoder.py").read_text() == generate_script(
        run.architecture, task=run.task, config=run.config, dataset=run.dataset
    )


def test_the_readme_has_a_line_for_every_file_and_the_test_figures(run, unpacked):
    text = (unpacked / "README.txt").read_text()
    for file in unpacked.iterdir():
        (line,) = re.findall(rf"^{re.escape(file.name)}  +(.*)$", text, re.MULTILINE)
        assert line == ZIP_FILES[file.name]
    assert f"Network    {run.architecture}\n" in text
    assert "Images     holidays\nTraining   2 epochs" in text
    assert f"MSE {run.test['mse']:.6f}" in text
    assert "on 6 images" in text
    assert max(map(len, text.splitlines())) <= 100


@pytest.mark.heavy
def test_what_the_readme_says_works_without_this_package(run, unpacked, tmp_path):
    text = (unpacked / "README.txt").read_text()
    with_keras, without_keras = re.findall(r"^To use .*\n\n((?:    .+\n)+)", text, re.MULTILINE)
    images = make_images(run.architecture.input_shape)
    np.save(tmp_path / "images.npy", images)
    # Taken out of their indentation by a block of their own.
    program = (
        "import importlib.util, numpy as np\n"
        "assert importlib.util.find_spec('cae_core') is None\n"
        "images = np.load('../images.npy')\n"
        f"if True:\n{with_keras}    np.save('../keras.npy', output)\n"
        f"if True:\n{without_keras}    np.save('../onnx.npy', output)\n"
    )
    (unpacked / "use.py").write_text(program)
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    done = subprocess.run(
        [sys.executable, "use.py"],
        cwd=unpacked,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    expected = run.model.predict(images, verbose=0)
    np.testing.assert_allclose(np.load(tmp_path / "keras.npy"), expected, atol=1e-6)
    np.testing.assert_allclose(np.load(tmp_path / "onnx.npy"), expected, atol=1e-5)


def without(name, path):
    """The README of an archive that lacks one file, which it does."""
    found = members(path)
    assert {f"first/{each}" for each in ZIP_FILES} - set(found) == {f"first/{name}"}
    return found["first/README.txt"].decode()


def test_without_the_package_tf2onnx_the_rest_is_there_and_the_readme_says_why(
    run, tmp_path, monkeypatch
):
    monkeypatch.setitem(sys.modules, "tf2onnx", None)
    text = without("autoencoder.onnx", save_zip(run, tmp_path / "first.zip"))
    assert "autoencoder.onnx   not here: ONNX files are written with the package tf2onnx." in text
    assert "onnxruntime" not in text


def test_a_network_that_no_script_can_train_comes_without_one_and_the_readme_says_why(
    run, tmp_path
):
    large = Architecture.parse("300x300x1 conv4 bn unshuffle | shuffle conv1:sigmoid")
    path = save_zip(dataclasses.replace(run, architecture=large), tmp_path / "first.zip")
    text = without("autoencoder.py", path)
    assert "autoencoder.py     not here: A script cuts patches of at most 256 pixels" in text
    assert "python autoencoder.py" not in text
    assert "import cae_core.models.layers" in text


def test_a_zip_with_another_ending_is_refused(run, tmp_path):
    with pytest.raises(ExportError, match=r"Received: first.tar. Write first\.zip."):
        save_zip(run, tmp_path / "first.tar")
    assert list(tmp_path.iterdir()) == []
