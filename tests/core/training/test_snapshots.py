"""Snapshots: few, small, and checked when they are read."""

import numpy as np
import pytest

from cae_core.errors import RecordError
from cae_core.training.snapshots import LARGEST, MOST, Room, Snapshots, moments


def snapshots(**changes):
    """Two moments of two images of 4x4."""
    arrays = {
        "epochs": np.array([0.0, 1.5]),
        "images": np.zeros((2, 4, 4, 1), np.uint8),
        "outputs": np.zeros((2, 2, 4, 4, 1), np.uint8),
        "latents": np.zeros((2, 2, 3), np.float16),
        "kernels": np.zeros((2, 3, 3, 1, 0), np.float16),
    }
    return Snapshots(**arrays | changes)


def test_they_are_read_as_they_were_written(tmp_path):
    assert Snapshots.load(tmp_path) is None
    snapshots().save(tmp_path)
    found = Snapshots.load(tmp_path)
    for name, array in vars(snapshots()).items():
        np.testing.assert_array_equal(getattr(found, name), array)


@pytest.mark.parametrize(
    "changes",
    [
        {"epochs": np.array([1.0, 1.0])},
        {"epochs": np.array([0.0, np.nan])},
        {"epochs": np.array(1.0)},
        {"outputs": np.zeros((2, 2, 4, 5, 1), np.uint8)},
        {"outputs": np.zeros((2, 2, 4, 4, 1))},
        {"latents": np.full((2, 2, 3), np.inf, np.float16)},
        {"latents": np.zeros((2, 1, 3), np.float16)},
        {"latents": np.zeros((2, 2, 0), np.float16)},
        {"kernels": np.zeros((1, 3, 3, 1, 0), np.float16)},
        {"kernels": np.zeros((2, 3), np.float16)},
    ],
)
def test_what_cannot_be_shown_is_refused(tmp_path, changes):
    snapshots(**changes).save(tmp_path)
    with pytest.raises(RecordError, match=r"snapshots\.npz"):
        Snapshots.load(tmp_path)


@pytest.mark.parametrize("steps", [1, 2, 30, 100_000])
def test_the_moments_lead_from_start_to_end_closer_together_at_first(steps):
    found = moments(steps)
    assert (found[0], found[-1]) == (0, steps)
    assert len(found) <= MOST
    gaps = np.diff(found)
    assert np.all(gaps >= 1)
    assert np.all(np.diff(gaps) >= 0) or steps == 30


@pytest.mark.parametrize("image", [64, 3072, 200_000, 10_000_000])
@pytest.mark.parametrize("latent", [2, 8192, 1_000_000])
@pytest.mark.parametrize("kernel", [0, 27, 200_000])
def test_no_network_has_more_bytes_than_allowed(image, latent, kernel):
    room = Room.of(image, latent, kernel)
    size = room.images * (image + 2 * latent) + 2 * room.kernels * kernel
    assert room.moments == 0 or room.moments * size + room.images * image <= LARGEST
    assert room.moments <= MOST
    assert room.moments or image + 2 * latent > LARGEST / 3
