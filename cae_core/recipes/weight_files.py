"""Smaller weights files: float16, compressed. Importing this module does not import Keras."""

from __future__ import annotations

from pathlib import Path

import h5py
import numpy as np

from cae_core.files import replacing

SIGNIFICANT_BITS = 6
"""Bits of a rounded weight: 5 raise the error of `baseline` and others by 1 to 2 %, 6 by 0.2 %."""
HALF_BITS = 11
"""Significant bits of float16; the photo denoisers, whose error is small, keep them all."""


def round_to_half(path: Path, bits: int = SIGNIFICANT_BITS) -> None:
    """Rounds the kernels of a Keras weights file to float16 and compresses them, in place.

    Fewer than float16's eleven significant bits make the file more compressible. Biases
    and batch statistics stay as they are: they are few, and may be large. Keras loads the file as
    before.

    Args:
        path: A file that `keras.Model.save_weights` wrote.
        bits: Significant bits that are kept, at most `HALF_BITS`.

    Raises:
        ValueError: For a weight that is too large for float16.
    """
    with (
        replacing(path) as partial,
        h5py.File(path) as old,
        h5py.File(partial, "w", libver="latest") as new,
    ):
        new.attrs.update(old.attrs)

        def copy(name: str, item: h5py.Group | h5py.Dataset) -> None:
            if not isinstance(item, h5py.Dataset):
                new.require_group(name)
            elif _is_kernel(item):
                rounded = _rounded(item[()], bits, f"{name} of {path}")
                new.create_dataset(
                    name,
                    data=rounded,
                    chunks=rounded.shape,  # in one piece, a tenth smaller than in many
                    compression="gzip",
                    compression_opts=9,
                    shuffle=True,
                )
            else:
                new[name] = item[()]
            new[name].attrs.update(item.attrs)

        old.visititems(copy)


def _is_kernel(item: h5py.Dataset) -> bool:
    """Whether an entry of a weights file is a kernel."""
    return item.ndim >= 2 and item.dtype in (np.float32, np.float16)


def _rounded(numbers: np.ndarray, bits: int, name: str) -> np.ndarray:
    """A kernel rounded to some significant bits, as float16."""
    mantissa, exponent = np.frexp(numbers.astype(np.float32))  # 0.5 <= |mantissa| < 1
    steps = 2**bits
    with np.errstate(over="ignore"):  # said in the next line
        rounded = np.ldexp(np.round(mantissa * steps) / steps, exponent).astype(np.float16)
    if not np.isfinite(rounded).all():
        raise ValueError(f"{name} has numbers too large for float16")
    return rounded
