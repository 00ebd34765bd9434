"""Weights files in half the bytes. Importing this module does not import Keras."""

from __future__ import annotations

from pathlib import Path

import h5py
import numpy as np


def round_to_half(path: Path) -> None:
    """Rounds the float32 numbers of a weights file to float16; Keras loads it as before.

    Args:
        path: A file of Keras's `save_weights`.

    Raises:
        ValueError: Where a number is too large for float16.
    """
    with h5py.File(path, "r+") as file:
        names: list[str] = []
        file.visititems(
            lambda name, item: (
                names.append(name)
                if isinstance(item, h5py.Dataset) and item.dtype == np.float32
                else None
            )
        )
        for name in names:
            with np.errstate(over="ignore"):  # said below
                rounded = file[name][()].astype(np.float16)
            if not np.isfinite(rounded).all():
                raise ValueError(f"{name} of {path} has numbers too large for float16")
            del file[name]
            file[name] = rounded
    _repack(path)


def _repack(path: Path) -> None:
    """Writes a file anew: HDF5 keeps the room of what was deleted."""
    partial = path.with_suffix(".partial")
    with h5py.File(path) as old, h5py.File(partial, "w") as new:
        for name in old:
            old.copy(name, new)
        for name, value in old.attrs.items():
            new.attrs[name] = value
    partial.replace(path)
