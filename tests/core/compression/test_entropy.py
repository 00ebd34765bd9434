"""Whole numbers in few bits."""

import hashlib

import numpy as np
import pytest

from cae_core.compression import entropy
from cae_core.compression.entropy import SCALES, Unpacker, best_scale, bit_weights, limit, pack
from cae_core.errors import CompressionError


def drawn(scale, count=5_000):
    """Numbers about as wide as a distribution, its largest ones among them."""
    width = 2 ** (-10 + (scale - 1) / 4)
    numbers = np.rint(np.random.default_rng(scale).laplace(0, width, count))
    numbers[:2] = -limit(scale), limit(scale)
    return np.clip(numbers, -limit(scale), limit(scale)).astype(np.int32)


def test_all_numbers_come_back_whatever_their_distribution():
    sections = [(drawn(scale), scale) for scale in range(1, SCALES + 1)]
    sections.insert(3, (np.zeros(0, np.int32), 5))

    unpacker = Unpacker(pack(sections))

    for numbers, scale in sections:
        np.testing.assert_array_equal(unpacker.read(len(numbers), scale), numbers)
    assert unpacker.is_empty


def bits_of(numbers, scale):
    magnitudes = np.abs(numbers)
    return bit_weights()[scale] @ [len(numbers), np.count_nonzero(numbers), magnitudes.sum()]


def test_numbers_take_the_bits_that_were_expected():
    for scale in (10, 30, 50, 77):
        numbers = drawn(scale)[2:]
        expected = bits_of(numbers, scale) / 8
        assert abs(len(pack([(numbers, scale)])) - expected) < 0.02 * expected + 12


@pytest.mark.parametrize("scale", [1, 20, 40, 77])
def test_the_best_scale_takes_the_fewest_bits_of_those_that_hold_the_numbers(scale):
    numbers = drawn(scale)
    sizes = {
        other: bits_of(numbers, other)
        for other in range(1, SCALES + 1)
        if np.abs(numbers).max() <= limit(other)
    }
    assert best_scale(numbers) == min(sizes, key=sizes.get)


def test_the_probabilities_are_those_that_files_were_written_with():
    """A file can be read as long as these bytes stay the same."""
    tables = b"".join(
        entropy._probabilities(scale).astype("<f4").tobytes() for scale in range(1, SCALES + 1)
    )
    packed = pack([(drawn(scale), scale) for scale in (5, 44, 61)])
    assert (hashlib.sha256(tables).hexdigest()[:16], hashlib.sha256(packed).hexdigest()[:16]) == (
        "95f5be7e91cc797b",
        "1d268783d669b02e",
    )


@pytest.mark.parametrize("packed", [b"123", b"\1\0\0\0\0\0\0\0"])
def test_bytes_that_no_coder_writes_are_refused(packed):
    with pytest.raises(CompressionError, match="whole words of 4 bytes"):
        Unpacker(packed)
