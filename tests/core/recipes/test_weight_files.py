"""Weights in a third of the bytes."""

import h5py
import numpy as np
import pytest

import cae_core as cae
from cae_core.recipes.weight_files import HALF_BITS, SIGNIFICANT_BITS, round_to_half

NETWORK = cae.Architecture.parse("conv128 pool conv128 | up conv3:sigmoid")


def numbers_in(path):
    """The arrays of a weights file by name; its bytes tell the time of its writing too."""
    found = {}

    def note(name, item):
        if isinstance(item, h5py.Dataset):
            found[name] = item[()]

    with h5py.File(path) as file:
        file.visititems(note)
    return found


def test_a_rounded_file_is_a_third_as_large_and_loads_nearly_the_same_numbers(tmp_path):
    model, path = cae.build(NETWORK), tmp_path / "model.weights.h5"
    model.save_weights(path)
    size = path.stat().st_size
    round_to_half(path)
    assert path.stat().st_size < 0.45 * size
    again = cae.build(NETWORK, seed=9)
    again.load_weights(path)
    for ours, before in zip(again.get_weights(), model.get_weights(), strict=True):
        if before.ndim == 1:
            np.testing.assert_array_equal(ours, before)
        # The last term: float16's smallest numbers are 6e-8 apart.
        np.testing.assert_allclose(ours, before, rtol=2.0**-SIGNIFICANT_BITS, atol=6e-8)
        assert len(np.unique(np.frexp(ours)[0])) <= 2 * 2**SIGNIFICANT_BITS


def test_statistics_are_left_as_they_are(tmp_path):
    model = cae.build(cae.Architecture.parse("conv4 bn | conv3:sigmoid"))
    path = tmp_path / "model.weights.h5"
    statistics = model.get_layer("layer_2_bn")
    statistics.set_weights([np.full(4, 1e6), *statistics.get_weights()[1:]])
    model.save_weights(path)
    round_to_half(path)
    model.load_weights(path)
    assert (statistics.get_weights()[0] == 1e6).all()


def test_rounding_twice_is_rounding_once(tmp_path):
    model, path = cae.build(NETWORK), tmp_path / "model.weights.h5"
    model.save_weights(path)
    round_to_half(path)
    once = numbers_in(path)
    round_to_half(path)
    twice = numbers_in(path)
    assert twice.keys() == once.keys()
    for name, numbers in twice.items():
        assert numbers.dtype == once[name].dtype
        np.testing.assert_array_equal(numbers, once[name])


def test_with_all_bits_a_weight_is_rounded_as_float16_rounds_it(tmp_path):
    model, path = cae.build(NETWORK), tmp_path / "model.weights.h5"
    kernels = [w.astype(np.float16).astype(np.float32) for w in model.get_weights() if w.ndim > 1]
    model.save_weights(path)
    round_to_half(path, HALF_BITS)
    model.load_weights(path)
    for kept, expected in zip([w for w in model.get_weights() if w.ndim > 1], kernels, strict=True):
        np.testing.assert_allclose(kept, expected, rtol=2**-11, atol=1e-7)


def test_numbers_too_large_for_half_are_refused(tmp_path):
    model, path = cae.build(NETWORK), tmp_path / "model.weights.h5"
    model.set_weights([weights * 1e6 for weights in model.get_weights()])
    model.save_weights(path)
    before = path.read_bytes()
    with pytest.raises(ValueError, match="too large for float16"):
        round_to_half(path)
    assert path.read_bytes() == before
