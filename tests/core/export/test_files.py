"""Exports: what another program reads out of the file is what Keras calculates."""

from __future__ import annotations

import dataclasses
import importlib.util
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

from cae_core.architecture.layers import ACTIVATIONS, LAYER_KINDS
from cae_core.architecture.notation import Architecture
from cae_core.architecture.presets import PRESETS
from cae_core.data.registry import Dataset
from cae_core.errors import ArchitectureError
from cae_core.export import files as exports
from cae_core.export import onnx as onnx_export
from cae_core.export.files import ZIP_FILES, ExportError, save_keras, save_onnx, save_zip
from cae_core.export.script import generate_script
from cae_core.models.builder import build, split
from cae_core.training.config import TrainConfig
from cae_core.training.loop import train
from cae_core.training.runs import Run
from cae_core.training.tasks import Denoise
from tests.core.random_architectures import Flavour, random_architecture

# Together these hold every kind of layer, with the sizes at which frameworks differ.
TEXTS = {
    "convolution": "19x20x3 conv4k2 conv4k3s2 conv5k4s3:valid | conv3k5",
    "stride above kernel": "9x10x3 conv4k2s3 | conv3k1",
    "strided 1x1 convolution": "9x10x3 conv4k1s2 | conv3k1s3",
    "transposed convolution": "5x6x3 deconv4 deconv4k4 | deconv4k5s3:valid deconv3k4s1",
    "transposed, stride above kernel": "5x6x3 deconv4k2s3 | deconv3k2s4:valid",
    "pooling": "17x16x3 pool pool3s2:same avgpool3s2:same | avgpool2s1 conv3",
    "pooling, stride above window": "57x58x3 pool2s3:same pool3s4:same | avgpool1s2:same pool1s3",
    "nearest upsampling": "5x6x3 up2 conv3 | up3",
    "bilinear upsampling": "5x6x3 up2:bilinear conv3 | up3:bilinear",
    "batch normalisation": "5x6x3 bn conv4 bn relu | conv3 flatten bn",
    "dense": "4x5x3 flatten dense10 | dense60:linear reshape4x5x3",
    "vectors and maps": "4x6x3 conv2 flatten | reshape3x4x4 flatten reshape2x2x12",
    "reshaped map": "4x6x3 conv2 reshape6x4x2 | conv3",
    "padding and cropping": "5x6x3 pad2 conv4 | crop3",
    "padding before pooling": "7x8x3 conv4:linear pad1 pool pad3 pool:same | pad3 avgpool:same",
    "skips": "6x8x3 conv4 @a pool conv5 | up cat@a conv3 @b conv3 add@b",
    "skips of vectors": "4x5x3 flatten dense6 @a dense6 | add@a cat@a dense4",
    "pixel shuffle": "6x8x3 unshuffle2 conv8 | shuffle2 conv18 unshuffle2 shuffle3",
    "blur": "5x6x3 blur | conv3 blur",
    "sub-pixel upsampling": "5x6x3 subpixel4 | subpixel3s3",
    "residual blocks": "9x10x3 res3 res4 res4s2 res4k1s2 | res3k2s3:tanh",
    **{name: f"5x6x3 conv4:{name} conv4:linear {name} | conv3:linear" for name in ACTIVATIONS},
}
# Some presets share their network; the ResNets are left out because they are large.
SMALL_PRESETS = {
    preset.text: name for name, preset in PRESETS.items() if not name.startswith("resnet")
}


def with_random_weights(architecture):
    """A model in which no weight has its usual start: gains, biases, moving means too."""
    model = build(architecture)
    rng = np.random.default_rng(1)
    for variable in model.variables:
        if variable.path.endswith(("kernel", "direction")):
            continue
        variable.assign(rng.uniform(0.3, 0.9, variable.shape))
    return model


def make_images(architecture, count=3):
    return np.random.default_rng(0).random((count, *architecture.input_shape), np.float32)


def assert_runs_as_in_keras(model, images, path):
    """The ONNX file of a model gives, for several batch sizes, what Keras gives."""
    onnxruntime = pytest.importorskip("onnxruntime", reason="onnxruntime is not installed")
    session = onnxruntime.InferenceSession(save_onnx(model, path))
    for batch in (images, images[:1]):
        (returned,) = session.run(["output"], {"image": batch})
        expected = model.predict(batch, verbose=0)
        assert returned.dtype == np.float32
        assert returned.shape == expected.shape
        # Networks without a sigmoid at the end reach some tens here.
        np.testing.assert_allclose(returned, expected, rtol=1e-4, atol=1e-4)


needs_onnx = pytest.mark.skipif(
    importlib.util.find_spec("onnx") is None, reason="the package onnx is not installed"
)


# ONNX


@needs_onnx
@pytest.mark.parametrize("text", TEXTS.values(), ids=TEXTS)
def test_onnxruntime_calculates_what_keras_does_for_every_kind_of_layer(text, tmp_path):
    architecture = Architecture.parse(text)
    model = with_random_weights(architecture)
    assert_runs_as_in_keras(model, make_images(architecture), tmp_path / "network.onnx")


def test_the_texts_above_hold_every_kind_of_layer():
    layers = [layer for text in TEXTS.values() for layer in Architecture.parse(text).layers]
    assert {type(layer) for layer in layers} == set(LAYER_KINDS.values())


@needs_onnx
@pytest.mark.parametrize("name", SMALL_PRESETS.values())
def test_onnxruntime_calculates_what_keras_does_for_every_preset(name, tmp_path):
    architecture = PRESETS[name].architecture
    model = with_random_weights(architecture)
    assert_runs_as_in_keras(model, make_images(architecture, 2), tmp_path / "network.onnx")


@needs_onnx
@pytest.mark.parametrize("seed", range(20))
def test_onnxruntime_calculates_what_keras_does_for_random_networks(seed, tmp_path):
    architecture = random_architecture(seed, Flavour())
    # Their usual weights, so that numbers stay small through many layers.
    assert_runs_as_in_keras(
        build(architecture), make_images(architecture), tmp_path / "network.onnx"
    )


@needs_onnx
def test_a_network_without_a_fixed_image_size_stays_so(tmp_path):
    architecture = Architecture.parse("conv4 @a conv5s2 pool3s2:same | up4 cat@a deconv3s1:gelu")
    model = build(architecture, input_shape=(None, None, 3))
    for shape in ((8, 12, 3), (24, 20, 3)):
        images = np.random.default_rng(0).random((2, *shape), np.float32)
        assert_runs_as_in_keras(model, images, tmp_path / "network.onnx")


@needs_onnx
def test_a_pooling_that_onnxruntime_cannot_pad_for_every_size_is_refused(tmp_path):
    model = build(Architecture.parse("pool2s3:same | conv3"), input_shape=(None, None, 3))
    with pytest.raises(ArchitectureError, match="only where the images have one size"):
        save_onnx(model, tmp_path / "network.onnx")


@needs_onnx
def test_an_encoder_that_hands_skipped_tensors_on_has_numbered_outputs(tmp_path):
    onnxruntime = pytest.importorskip("onnxruntime", reason="onnxruntime is not installed")
    architecture = Architecture.parse("6x8x3 conv4 @a pool conv5 | up cat@a conv3")
    encoder, _ = split(build(architecture))
    session = onnxruntime.InferenceSession(save_onnx(encoder, tmp_path / "encoder.onnx"))
    images = make_images(architecture)
    returned = session.run(["output_0", "output_1"], {"image": images})
    for ours, keras_own in zip(returned, encoder.predict(images, verbose=0), strict=True):
        np.testing.assert_allclose(ours, keras_own, atol=1e-5)


@needs_onnx
def test_the_file_is_a_valid_graph_whose_batch_is_open(tmp_path):
    import onnx

    model = build(PRESETS["pixel-shuffle"].architecture)
    read = onnx.load(save_onnx(model, tmp_path / "deep" / "network.onnx"))
    onnx.checker.check_model(read, full_check=True)
    (given,), (taken,) = read.graph.output, read.graph.input
    for tensor in (given, taken):
        sides = tensor.type.tensor_type.shape.dim
        assert sides[0].dim_param == "batch"
        assert [side.dim_value for side in sides[1:]] == [32, 32, 3]


@needs_onnx
def test_a_decoder_alone_or_a_foreign_layer_is_refused(tmp_path):
    _, decoder = split(build(Architecture.parse("conv4 pool conv4 | up conv3")))
    with pytest.raises(ArchitectureError, match="Only a whole model or its encoder"):
        save_onnx(decoder, tmp_path / "decoder.onnx")
    foreign = keras.Sequential([keras.Input((8, 8, 3)), keras.layers.GaussianNoise(0.1)])
    with pytest.raises(ArchitectureError, match="Received: GaussianNoise"):
        save_onnx(foreign, tmp_path / "foreign.onnx")
    assert list(tmp_path.iterdir()) == []


@needs_onnx
def test_more_weights_than_the_format_holds_are_refused(tmp_path, monkeypatch):
    model = build(Architecture.parse("conv4 | conv3"))
    monkeypatch.setattr(exports, "LARGEST_ONNX_BYTES", 4 * model.count_params() - 1)
    with pytest.raises(ExportError, match="at most 2 GB"):
        save_onnx(model, tmp_path / "network.onnx")


def test_without_the_package_the_remedy_is_its_installation(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "onnx", None)
    model = build(Architecture.parse("conv4 | conv3"))
    with pytest.raises(ExportError, match="Install it with: pip install onnx"):
        save_onnx(model, tmp_path / "network.onnx")


# Keras


@pytest.mark.parametrize("text", [TEXTS["residual blocks"], TEXTS["skips"], TEXTS["pixel shuffle"]])
def test_a_keras_file_opens_as_the_same_network(text, tmp_path):
    architecture = Architecture.parse(text)
    model = with_random_weights(architecture)
    path = save_keras(model, tmp_path / "deep" / "network.keras")
    images = make_images(architecture)
    again = keras.models.load_model(path)
    np.testing.assert_array_equal(
        again.predict(images, verbose=0), model.predict(images, verbose=0)
    )
    # What was opened can be written as ONNX like the model that build made.
    if importlib.util.find_spec("onnx") is not None:
        assert_runs_as_in_keras(again, images, tmp_path / "network.onnx")


@pytest.mark.parametrize(("save", "suffix"), [(save_onnx, ".onnx"), (save_keras, ".keras")])
def test_another_ending_is_refused_with_the_right_name(save, suffix, tmp_path):
    model = build(Architecture.parse("conv4 | conv3"))
    with pytest.raises(ExportError, match=rf"Received: net.h5. Write net\{suffix}."):
        save(model, tmp_path / "net.h5")
    assert list(tmp_path.iterdir()) == []


def test_every_writer_is_for_a_layer_that_build_makes():
    models = [build(Architecture.parse(text)) for text in TEXTS.values()]
    made = {type(layer).__name__ for model in models for layer in model.layers}
    assert made == {*onnx_export._WRITERS, "InputLayer"}


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


@pytest.fixture
def unpacked(run, tmp_path):
    """The folder that comes out of the run's archive."""
    with zipfile.ZipFile(save_zip(run, tmp_path / "packed" / "first.zip")) as archive:
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


@needs_onnx
def test_a_zip_holds_one_folder_with_every_file_that_is_promised(run, tmp_path):
    path = save_zip(run, tmp_path / "deep" / "first.zip")
    with zipfile.ZipFile(path) as archive:
        names = archive.namelist()
        assert archive.testzip() is None
    assert names == sorted(f"first/{name}" for name in ZIP_FILES)
    # The promise is not older than what a run holds.
    own = {file.name for file in run.save(tmp_path / "saved").iterdir()}
    assert own | {"README.txt", "autoencoder.py", "autoencoder.keras", "autoencoder.onnx"} == set(
        ZIP_FILES
    )


def test_two_zips_of_a_run_have_the_same_names_and_the_older_one_is_replaced(run, tmp_path):
    path = save_zip(run, tmp_path / "first.zip")
    before = members(path)
    assert save_zip(run, path) == path
    assert list(members(path)) == list(before)
    assert [file.name for file in tmp_path.iterdir()] == ["first.zip"]


def test_a_zip_names_no_place_on_the_machine_that_made_it(run, tmp_path):
    places = [str(tmp_path), tempfile.gettempdir(), str(Path.home())]
    for name, content in members(save_zip(run, tmp_path / "first.zip")).items():
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
    assert "Images   holidays\nTraining   2 epochs" in text
    assert f"MSE {run.test['mse']:.5f}" in text
    assert "on 6 images" in text
    assert max(map(len, text.splitlines())) <= 100


@needs_onnx
def test_what_the_readme_says_works_without_this_package(run, unpacked, tmp_path):
    pytest.importorskip("onnxruntime", reason="onnxruntime is not installed")
    text = (unpacked / "README.txt").read_text()
    with_keras, without_keras = re.findall(r"^To use .*\n\n((?:    .+\n)+)", text, re.MULTILINE)
    images = make_images(run.architecture)
    np.save(tmp_path / "images.npy", images)
    # Taken out of their indentation by a block of their own.
    latent = (
        "import importlib.util, numpy as np\n"
        "assert importlib.util.find_spec('cae_core') is None\n"
        "images = np.load('../images.npy')\n"
        f"if True:\n{with_keras}    np.save('../keras.npy', output)\n"
        f"if True:\n{without_keras}    np.save('../onnx.npy', output)\n"
    )
    (unpacked / "use.py").write_text(latent)
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


def test_without_the_package_onnx_the_rest_is_there_and_the_readme_says_why(
    run, tmp_path, monkeypatch
):
    monkeypatch.setitem(sys.modules, "onnx", None)
    text = without("autoencoder.onnx", save_zip(run, tmp_path / "first.zip"))
    assert "autoencoder.onnx   not here: ONNX files are written with the package onnx." in text
    assert "onnxruntime" not in text


@needs_onnx
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
