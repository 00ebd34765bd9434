"""Latents as whole numbers, the spread of these numbers, and their bytes."""

import numpy as np
import pytest

from cae_core.compression.entropy import SCALES, bit_weights, limit
from cae_core.compression.quantisation import (
    cells_of,
    channel_steps,
    fit_scales,
    pack_latents,
    quantise,
    scales_of,
    unpack_latents,
)
from cae_core.errors import CompressionError

GAINS = np.array([0, 4, -4, 2])
LATENTS = np.random.default_rng(0).normal(3, 5, (10, 20, 4)).astype(np.float32)


def test_a_number_comes_back_within_a_step_of_its_channel():
    back = unpack_latents(pack_latents(LATENTS, 8, GAINS, 4), (10, 20), 4, 4)

    steps = channel_steps(8, GAINS)
    assert (steps[1] * 2, steps[2] / 2) == (steps[0], steps[0])
    assert (np.abs(back - LATENTS) <= 0.6 * steps + 1e-5).all()


@pytest.mark.parametrize(
    "change",
    [
        lambda packed: packed[:4],
        lambda packed: b"\x40" + packed[1:],  # a step above 63
        lambda packed: packed[:1] + b"\0" + packed[2:],  # scale 0
        lambda packed: packed[:4] + b"\xff" + packed[5:],  # scale 255
        lambda packed: packed[:5] + bytes(range(1, 9)) * 500,
        lambda packed: packed + b"\1\0\0\0",
    ],
)
def test_bytes_that_hold_no_such_latents_are_refused(change):
    packed = pack_latents(LATENTS, 8, GAINS, 4)
    with pytest.raises(CompressionError, match="within their limits"):
        unpack_latents(change(packed), (10, 20), 4, 4)


def test_what_is_out_of_reach_is_cut():
    numbers = quantise(np.array([[1e9, -1e9]], np.float32), np.ones(2), np.zeros(2, int))
    assert numbers.tolist() == [[limit(SCALES), -limit(SCALES)]]


def test_scales_follow_channels_and_cells_and_hold_every_number():
    rng = np.random.default_rng(0)
    cell_of, count = cells_of(12, 20, 4)
    channels, cells = 2.0 ** np.arange(7, -3, -1), 2.0 ** rng.integers(-2, 3, count)
    numbers = np.rint(rng.laplace(0, channels * cells[cell_of][:, np.newaxis])).astype(np.int32)
    numbers[:, 4] = 0
    numbers[7, 9] = 2_000  # one where all others are small

    of_channels, of_cells = fit_scales(numbers, cell_of, count)
    chosen = scales_of(of_channels, of_cells[cell_of])

    assert of_channels[4] == 0
    assert np.abs(of_cells).max() > 0
    assert (np.abs(numbers) <= np.vectorize(limit)(np.maximum(chosen, 1))).all()
    alone = scales_of(of_channels, np.zeros_like(cell_of))
    assert bits_of(numbers, chosen) < 0.97 * bits_of(numbers, alone)


def bits_of(numbers, scales):
    magnitudes = np.abs(numbers)
    parts = np.stack([np.ones_like(magnitudes), magnitudes > 0, magnitudes], axis=-1)
    return (parts * bit_weights()[scales]).sum()


def test_zeros_alone_have_no_scale():
    of_channels, of_cells = fit_scales(np.zeros((6, 3), np.int32), np.arange(6), 6)
    assert not of_channels.any()
    assert not of_cells.any()
