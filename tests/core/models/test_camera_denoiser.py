"""The camera denoiser's network: what holds whatever its weights are."""

import numpy as np
import pytest

from cae_core.models.camera_denoiser import LUMA, build_camera_denoiser
from cae_core.training import tasks


@pytest.fixture(scope="module")
def network():
    model = build_camera_denoiser()
    rng = np.random.default_rng(0)
    model.set_weights([rng.normal(0, 0.05, w.shape) for w in model.get_weights()])
    return model


def output(network, image, luma, color):
    strength = np.broadcast_to(np.array([luma, color], np.float32), (*image.shape[:3], 2))
    return network.predict_on_batch([image, strength])


def test_it_has_at_most_six_hundred_thousand_parameters(network):
    assert network.count_params() <= 600_000


def test_strength_0_returns_the_image_and_each_strength_has_its_part(network):
    image = np.random.default_rng(0).random((1, 32, 40, 3), np.float32)
    np.testing.assert_array_equal(output(network, image, 0, 0), image)
    weights = np.array(LUMA, np.float32)
    colors_only = output(network, image, 0, 1) - image
    assert np.abs(colors_only).max() > 0.01
    assert np.abs(colors_only @ weights).max() < 1e-4
    luma_only = output(network, image, 1, 0) - image
    assert np.abs(luma_only).max() > 0.01
    np.testing.assert_allclose(np.ptp(luma_only, axis=-1), 0, atol=1e-4)


def test_its_luma_is_that_of_the_tasks():
    assert LUMA == tasks.LUMA
