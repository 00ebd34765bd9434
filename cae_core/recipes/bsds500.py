"""Photographs of BSDS500 to train and to validate denoisers and codecs on, none of CBSD68's.

The folder has ``train``, ``test`` and ``val`` (JPEG), and ``cbsd68.txt``, which names the
photographs of ``val`` that are the benchmark. Importing this module does not import Keras.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import numpy as np

from cae_core.data import cbsd68
from cae_core.images.decoding import open_image
from cae_core.images.operations import to_uint8


def training_paths(folder: Path) -> list[Path]:
    """The photographs of ``train`` and ``test``.

    Args:
        folder: BSDS500.
    """
    return [path for part in ("train", "test") for path in sorted((folder / part).glob("*.jpg"))]


def validation_paths(folder: Path) -> list[Path]:
    """The photographs of ``val`` that are not in CBSD68.

    Args:
        folder: BSDS500.
    """
    benchmark = {Path(line).stem for line in (folder / cbsd68.LIST).read_text().split()}
    return [path for path in sorted((folder / "val").glob("*.jpg")) if path.stem not in benchmark]


def read_photographs(paths: Iterable[Path]) -> list[np.ndarray]:
    """Opens photographs, uint8 (H, W, 3) each."""
    return [to_uint8(open_image(path)) for path in paths]
