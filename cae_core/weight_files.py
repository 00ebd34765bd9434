"""Weights files in half the bytes. Importing this module does not import Keras."""

from __future__ import annotations

from pathlib import Path

import h5py
import numpy as np


def round_to_half(path: Path) -> None:
    """Rounds the float32 kernels of a weights file to float16; Keras loads it as before.

    Biases and statistics, vectors, stay as they are: they are few, and may be large.

    Args:
        path: A file of Keras's `save_weights`.

    Raises:
        ValueError: Where a number is too large for float16.
    """
    partial = path.with_suffix(".partial")
    with h5py.File(path) as old, h5py.File(partial, "w") as new:
        new.attrs.update(old.attrs)

        def copy(name: str, item: h5py.Group | h5py.Dataset) -> None:
            if isinstance(item, h5py.Dataset):
                new[name] = _rounded(item[()], f"{name} of {path}")
            else:
                new.require_group(name)
            new[name].attrs.update(item.attrs)

        old.visititems(copy)
    partial.replace(path)


def _rounded(numbers: np.ndarray, name: str) -> np.ndarray:
    """A kernel in float16; anything else as it is."""
    if numbers.dtype != np.float32 or numbers.ndim < 2:
        return numbers
    with np.errstate(over="ignore"):  # said in the next line
        rounded = numbers.astype(np.float16)
    if not np.isfinite(rounded).all():
        raise ValueError(f"{name} has numbers too large for float16")
    return rounded
