"""One photo at one number of bytes by our codec, JPEG and WebP."""

import numpy as np
import pytest

from cae_core.compression.comparison import CAE, JPEG, WEBP, compare, largest_within
from cae_core.data.samples import sample_photograph
from cae_core.images.operations import to_uint8


@pytest.fixture(scope="module")
def cat():
    return to_uint8(sample_photograph("chelsea.png")[100:196, 100:228])


def test_others_have_no_more_bytes_and_the_figures_are_of_their_images(cat):
    ours, *others = compare(cat, quality=10, model="homework")

    assert [result.codec for result in (ours, *others)] == [CAE, JPEG, WEBP]
    for result in (ours, *others):
        assert result.size <= ours.size
        assert result.image.shape == cat.shape
        assert abs(result.bits_per_pixel * 96 * 128 - 8 * result.size) < 1e-6
        error = np.mean((result.image / 255 - cat / 255) ** 2)
        assert abs(result.psnr + 10 * np.log10(error)) < 1e-6
        assert 0 < result.ssim < 1


@pytest.mark.parametrize("codec", [JPEG, WEBP])
def test_the_largest_file_within_a_size_is_taken(codec, cat):
    sizes = [len(largest_within(cat, codec, size)) for size in (1, 3_000, 6_000, 10**6)]
    assert 0 < sizes[0] <= sizes[1] <= 3_000 < sizes[2] <= 6_000 < sizes[3]
