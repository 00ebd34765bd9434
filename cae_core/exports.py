"""A trained network as one file that other programs open: ONNX or Keras.

Importing this module does not import Keras.
"""

from __future__ import annotations

import importlib.util
from pathlib import Path
from typing import TYPE_CHECKING

from cae_core.errors import CAEError
from cae_core.onnx_export import to_onnx

if TYPE_CHECKING:
    import keras

# What protobuf can write, less a little for all that is not weights.
LARGEST_ONNX_BYTES = 2**31 - 2**20
BYTES_PER_WEIGHT = 4


class ExportError(CAEError):
    """A model that cannot be saved as asked."""


def save_onnx(model: keras.Model, path: str | Path) -> Path:
    """Writes a model as an ONNX file, which needs neither Keras nor this package to run.

    Args:
        model: What `build` returned or a run holds; or the encoder of `split`.
        path: A name that ends in ``.onnx``; a file that is there is replaced.

    Returns:
        The path. The file takes and gives float32 (batch, height, width, channels) in [0, 1],
        the input called ``image``, the output ``output``; the batch may have any size.

    Raises:
        ExportError: For another ending, without the package onnx, or with more than 2 GB of
            weights.
        ArchitectureError: For a model that `build` does not make.

    Example:
        >>> import tempfile
        >>> from cae_core.architecture import Architecture
        >>> from cae_core.build import build
        >>> model = build(Architecture.parse("conv8 pool | up conv3:sigmoid"))
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     save_onnx(model, f"{folder}/network.onnx").name
        'network.onnx'
    """
    target = _target(path, ".onnx")
    if importlib.util.find_spec("onnx") is None:
        raise ExportError(
            "ONNX files are written with the package onnx. Received: a Python without it. "
            "Install it with: pip install onnx"
        )
    if model.count_params() * BYTES_PER_WEIGHT > LARGEST_ONNX_BYTES:
        raise ExportError(
            "An ONNX file holds at most 2 GB. "
            f"Received: a model of {model.count_params():,} parameters, 4 bytes each. "
            "Save it with save_keras."
        )
    target.write_bytes(to_onnx(model).SerializeToString())
    return target


def save_keras(model: keras.Model, path: str | Path) -> Path:
    """Writes a model as a Keras file, architecture and weights.

    ``keras.models.load_model(path)`` opens it; where the network has layers of this project
    (pixel shuffle, blur, residual blocks), after ``import cae_core.keras_layers``.

    Args:
        model: What `build` returned or a run holds, or a half of it made by `split`.
        path: A name that ends in ``.keras``; a file that is there is replaced.

    Returns:
        The path.

    Raises:
        ExportError: For another ending.

    Example:
        >>> import tempfile
        >>> from cae_core.architecture import Architecture
        >>> from cae_core.build import build
        >>> model = build(Architecture.parse("conv8 pool | up conv3:sigmoid"))
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     save_keras(model, f"{folder}/network.keras").name
        'network.keras'
    """
    target = _target(path, ".keras")
    model.save(target)
    return target


def _target(path: str | Path, suffix: str) -> Path:
    """The path, its ending checked, its folder made."""
    target = Path(path)
    if target.suffix != suffix:
        raise ExportError(
            f"The name of this kind of file ends in {suffix}. Received: {target.name}. "
            f"Write {target.stem}{suffix}."
        )
    target.parent.mkdir(parents=True, exist_ok=True)
    return target
