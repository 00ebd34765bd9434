"""Latents as whole numbers, and the spread of these numbers."""

import numpy as np

from cae_core.compression.entropy import SCALES, bit_table, limit
from cae_core.compression.quantisation import (
    LARGEST_CELL_SCALE,
    cells_of,
    channel_steps,
    dequantise,
    fit_scales,
    quantise,
    scales_of,
)


def test_a_number_comes_back_within_a_step_of_its_channel():
    latents = np.random.default_rng(0).normal(3, 5, (200, 4)).astype(np.float32)
    steps = channel_steps(8, np.array([0, 4, -4, 2]))
    offsets = np.rint(3 / steps).astype(int)

    numbers = quantise(latents, steps, offsets)

    assert (steps[1] * 2, steps[2] / 2) == (steps[0], steps[0])
    assert (np.abs(dequantise(numbers, steps, offsets) - latents) <= 0.6 * steps + 1e-5).all()


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
    assert np.abs(of_cells).max() <= LARGEST_CELL_SCALE
    bits = bit_table()[chosen, np.abs(numbers)]
    assert np.isfinite(bits).all()
    alone = bit_table()[scales_of(of_channels, np.zeros_like(cell_of)), np.abs(numbers)]
    assert bits.sum() < 0.97 * alone.sum()


def test_zeros_alone_have_no_scale():
    of_channels, of_cells = fit_scales(np.zeros((6, 3), np.int32), np.arange(6), 6)
    assert not of_channels.any()
    assert not of_cells.any()
