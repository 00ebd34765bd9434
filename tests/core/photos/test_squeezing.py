"""A photo squeezed into bytes block by block, and rebuilt from them."""

import numpy as np
import pytest

import cae_core as cae
from cae_core.errors import ImageError
from cae_core.photos.squeezing import SqueezedPhoto, latent_image, rebuild_photo, squeeze_photo

NETWORK = "flatten dense8:linear | dense3072:sigmoid reshape32x32x3"


@pytest.fixture(scope="module")
def model():
    return cae.build(cae.Architecture.parse(NETWORK))


@pytest.fixture(scope="module")
def photo():
    return np.random.default_rng(0).random((64, 96, 3), dtype=np.float32)


def blocks_of(photo):
    """The blocks of 32 x 32 pixels, row by row."""
    return np.stack(
        [
            photo[top : top + 32, left : left + 32]
            for top in range(0, len(photo), 32)
            for left in range(0, photo.shape[1], 32)
        ]
    )


def test_every_number_is_within_half_a_step_of_what_the_encoder_gave(model, photo):
    squeezed = squeeze_photo(photo, model)
    encoder, _ = cae.split(model)
    latents = encoder.predict_on_batch(blocks_of(photo))
    assert squeezed.values.shape == (2, 3, 8)
    assert squeezed.values.min() == 0
    # The scale is kept in 16 bits: a thousandth of the range beside the rounding to 255 steps.
    tolerance = 0.5 * squeezed.step.astype(float) + 1e-3 * np.abs(latents).max()
    assert (np.abs(squeezed.latents() - latents) <= tolerance).all()
    assert squeezed.size == 2 * 3 * 8 + 8 * 4


def test_every_block_is_rebuilt_in_its_place_from_the_bytes_alone(model, photo):
    squeezed = squeeze_photo(photo, model)
    _, decoder = cae.split(model)
    expected = decoder.predict_on_batch(squeezed.latents())
    np.testing.assert_allclose(blocks_of(rebuild_photo(squeezed, model)), expected, atol=1e-5)


def test_numbers_that_are_equal_in_all_blocks_are_kept(model):
    squeezed = squeeze_photo(np.full((32, 64, 3), 0.5, np.float32), model)
    encoder, _ = cae.split(model)
    latents = encoder.predict_on_batch(np.full((2, 32, 32, 3), 0.5, np.float32))
    np.testing.assert_allclose(squeezed.latents(), latents, atol=1e-3 * np.abs(latents).max())


@pytest.mark.parametrize("size", [(33, 32), (32, 16)])
def test_sides_that_are_no_multiples_of_the_blocks_are_refused(model, size):
    with pytest.raises(ImageError, match=f"Received: {size[0]} × {size[1]} pixels"):
        squeeze_photo(np.zeros((*size, 3), np.float32), model)


def test_the_latent_is_drawn_one_pixel_a_number_tile_by_tile_the_widest_range_first():
    values = np.arange(1, 2 * 5 + 1, dtype=np.uint8).reshape(1, 2, 5)  # of two blocks
    step = np.array([1, 5, 3, 2, 4], np.float16)
    image = latent_image(SqueezedPhoto(values, step, step), block=6)
    assert image.shape == (6, 12, 2)
    grey, opacity = image[..., 0], image[..., 1]
    expected = [[2, 7, 5, 10, 3, 8, 4, 9], [1, 6, 0, 0, 0, 0, 0, 0]]
    np.testing.assert_array_equal(grey[2:4, 2:10], expected)
    assert (opacity > 0).sum() == values.size
    assert ((opacity > 0) == (grey > 0)).all()
