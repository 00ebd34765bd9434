"""Shot noise is made Gaussian, removed, and transformed back."""

import numpy as np
import pytest

from cae_core.photos.shot_noise import denoise_shot_noise


def with_shot_noise(image, photons):
    return np.random.default_rng(0).poisson(image * photons).astype(np.float32) / photons


@pytest.mark.parametrize("value", [0.1, 0.5, 0.9])
def test_the_noise_has_the_given_sigma_at_every_brightness_and_the_mean_stays(value):
    noisy = with_shot_noise(np.full((200, 200), value), 100)

    def mean(image, sigma):
        assert image.std() == pytest.approx(sigma, rel=0.05)
        return np.full_like(image, image.mean())

    result = denoise_shot_noise(noisy, 100, mean)
    np.testing.assert_allclose(result, value, atol=0.003)
    assert result.dtype == np.float32


def test_the_image_is_only_written_to_where_it_may_be():
    image = np.full((300, 2, 3), 0.5, np.float32)
    denoise_shot_noise(image, 50, lambda image, _: image.copy())
    assert (image == 0.5).all()
    result = denoise_shot_noise(image, 50, lambda image, _: image, overwrite=True)
    assert np.shares_memory(result, image)
    np.testing.assert_allclose(result, 0.5, atol=0.01)
