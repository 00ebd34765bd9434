"""PCA by blocks as a codec."""

import numpy as np
import pytest

from cae_core.compression.block_pca import decode_by_pca, encode_by_pca
from cae_core.data.samples import sample_photograph
from cae_core.images.metrics import psnr
from cae_core.images.operations import to_uint8


def test_finer_steps_take_more_bytes_and_are_nearer_to_the_photo():
    photo = to_uint8(sample_photograph("chelsea.png")[60:140, 100:210])
    files = [encode_by_pca(photo, step) for step in (12, 20, 28)]
    sizes = [len(file) for file in files]
    errors = [psnr(decode_by_pca(file) / 255, photo / 255) for file in files]
    assert sizes == sorted(set(sizes))
    assert errors == sorted(set(errors))
    assert sizes[1] < photo.nbytes / 20
    assert errors[1] > 26


@pytest.mark.parametrize("size", [(1, 1), (16, 16), (17, 40)])
def test_any_size_comes_back(size):
    image = np.random.default_rng(0).integers(255, size=(*size, 3), dtype=np.uint8)
    assert np.abs(decode_by_pca(encode_by_pca(image, 40)) - image.astype(float)).max() < 8
