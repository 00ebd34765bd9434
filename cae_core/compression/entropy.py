"""Whole numbers in few bits: two-sided geometric distributions and an entropy coder.

Every number is coded as if drawn from a distribution around 0 of one of `SCALES` widths. The
coder is that of constriction: asymmetric numeral systems, Duda, "Asymmetric numeral systems:
entropy coding combining speed of Huffman coding with compression rate of arithmetic coding", 2013.
The probabilities come from additions, multiplications and divisions alone, which all processors
round alike: encoder and decoder have the same ones on any two machines.
"""

from __future__ import annotations

import functools
from collections.abc import Sequence
from typing import Any

import constriction
import numpy as np

from cae_core.errors import CompressionError

SCALES = 77
"""Widths of distributions, numbered from 1."""

# 2 to the power of 0, 1/4, 1/2 and 3/4: written out, since `**` differs between machines.
QUARTERS = (1.0, 1.189207115002721, 1.4142135623730951, 1.681792830507429)
_SMALLEST = 2.0**-10


def quarter_octave(index: int) -> float:
    """2 to the power of index / 4, the same on every machine.

    Example:
        >>> quarter_octave(8), quarter_octave(-4)
        (4.0, 0.5)
    """
    return QUARTERS[index % 4] * 2.0 ** (index // 4)


def limit(scale: int) -> int:
    """The largest magnitude that a distribution holds."""
    width = _SMALLEST * quarter_octave(scale - 1)
    return 8 + 8 * int(np.ceil(width))


@functools.cache
def _probabilities(scale: int) -> np.ndarray:
    """Probabilities of -limit to limit, float64 (2 · limit + 1,).

    P(0) = 1 - t and P(±k) = t^(2k-1) · (1 - t²) / 2 with t = width / (1 + width).
    """
    width = _SMALLEST * quarter_octave(scale - 1)
    t = width / (1 + width)
    powers = np.cumprod(np.full(limit(scale), t * t))  # t^2, t^4, ...
    side = powers / t * (1 - t * t) / 2
    return np.concatenate([side[::-1], [1 - t], side])


@functools.cache
def _model(scale: int) -> Any:
    """The distribution as the coder takes it."""
    probabilities = _probabilities(scale).astype(np.float32)
    return constriction.stream.model.Categorical(probabilities, perfect=False)


@functools.cache
def bit_weights() -> np.ndarray:
    """Bits by scale, float32 (SCALES + 1, 3): of a number, of one that is not 0, of a magnitude.

    Numbers together take the first times how many they are, plus the second times how many are not
    0, plus the third times the sum of their magnitudes. Row 0 is for zeros alone, at no bits.
    """
    rows = [(0.0, 0.0, 0.0)]
    for scale in range(1, SCALES + 1):
        width = _SMALLEST * quarter_octave(scale - 1)
        t = width / (1 + width)
        zero, power = np.log2(1 - t), np.log2(t)
        rows.append((-zero, zero + power - np.log2((1 - t * t) / 2), -2 * power))
    return np.array(rows, np.float32)


def least_scales(magnitudes: np.ndarray) -> np.ndarray:
    """The narrowest distributions that hold some magnitudes.

    Example:
        >>> least_scales(np.array([0, 16, 17, limit(SCALES)])).tolist()
        [1, 1, 42, 77]
    """
    limits = [limit(scale) for scale in range(1, SCALES + 1)]
    return 1 + np.searchsorted(limits, magnitudes)


def best_scale(numbers: np.ndarray) -> int:
    """The distribution in which numbers take the fewest bits.

    Args:
        numbers: Whole numbers of at most `limit(SCALES)` in magnitude.

    Example:
        >>> best_scale(np.zeros(100, int)), best_scale(np.array([3, -2, 4, 0]))
        (1, 49)
    """
    magnitudes = np.abs(numbers)
    bits = bit_weights() @ [numbers.size, np.count_nonzero(numbers), magnitudes.sum()]
    least = int(least_scales(magnitudes.max(initial=0)))
    return least + int(np.argmin(bits[least:]))


def pack(sections: Sequence[tuple[np.ndarray, int]]) -> bytes:
    """Codes several sequences of whole numbers in one string of bytes.

    Args:
        sections: Numbers and the scale of their distribution, in the order in which
            `Unpacker.read` gives them back.

    Returns:
        A multiple of 4 bytes.

    Example:
        >>> packed = pack([(np.array([1, 0, 0]), 20), (np.array([-7]), 50)])
        >>> unpacker = Unpacker(packed)
        >>> unpacker.read(3, 20), unpacker.read(1, 50), unpacker.is_empty
        (array([1, 0, 0], dtype=int32), array([-7], dtype=int32), True)
    """
    coder = constriction.stream.stack.AnsCoder()
    for numbers, scale in reversed(sections):  # a stack: what is read first is put on it last
        if numbers.size:
            symbols = numbers.ravel().astype(np.int32) + limit(scale)
            coder.encode_reverse(symbols, _model(scale))
    words: np.ndarray = coder.get_compressed()
    return words.astype("<u4").tobytes()


class Unpacker:
    """Reads what `pack` has coded.

    Args:
        packed: The bytes.

    Raises:
        CompressionError: No coder ends so.
    """

    def __init__(self, packed: bytes) -> None:
        try:
            words = np.frombuffer(packed, "<u4").astype(np.uint32)
            self._coder = constriction.stream.stack.AnsCoder(words)
        except ValueError as error:
            raise CompressionError(
                "The packed numbers of a .cae file are whole words of 4 bytes, the last of which "
                f"is not 0. Received: {len(packed):,} bytes that are not. Get the file again."
            ) from error

    def read(self, count: int, scale: int) -> np.ndarray:
        """The next numbers, int32 (count,).

        Args:
            count: How many.
            scale: That of their distribution.
        """
        if not count:
            return np.zeros(0, np.int32)
        symbols: np.ndarray = self._coder.decode(_model(scale), count)
        return symbols - np.int32(limit(scale))

    @property
    def is_empty(self) -> bool:
        """Whether all is read, and nothing else was there."""
        return bool(self._coder.is_empty())
