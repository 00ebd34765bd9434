"""One photo at one number of bytes by our network and by other codecs."""

import numpy as np
import pytest
from PIL import features

from cae_core.compression import comparison
from cae_core.compression.comparison import (
    AVIF,
    JPEG,
    NETWORK,
    PCA,
    WEBP,
    Coded,
    at_same_size,
    codecs,
    coded_within,
    verdict,
)
from cae_core.data.samples import sample_photograph
from cae_core.images.operations import to_uint8


@pytest.fixture(scope="module")
def cat():
    return to_uint8(sample_photograph("chelsea.png")[100:196, 100:228])


@pytest.mark.parametrize("is_grey", [False, True])
def test_others_have_no_more_bytes_and_the_figures_are_of_their_images(cat, is_grey):
    image = cat[:, :, 1] if is_grey else cat
    ours, *others = at_same_size(image, quality=10)

    assert [ours.codec, *(result.codec for result in others)] == list(codecs())
    for result in (ours, *others):
        assert len(result.data) <= len(ours.data)
        assert result.image.shape == image.shape
        assert abs(result.bits_per_pixel * 96 * 128 - 8 * len(result.data)) < 1e-6
        error = np.mean((result.image / 255 - image / 255) ** 2)
        assert abs(result.psnr + 10 * np.log10(error)) < 1e-6
        assert 0 < result.ssim < 1


@pytest.mark.parametrize("name", [JPEG, WEBP, PCA])
def test_the_largest_file_within_a_size_is_taken(name, cat):
    sizes = [len(coded_within(cat, name, size).data) for size in (1, 3_000, 6_000, 10**6)]
    assert 0 < sizes[0] <= sizes[1] <= 3_000 < sizes[2] <= 6_000 < sizes[3]


def test_avif_is_there_where_pillow_has_it(monkeypatch):
    assert (AVIF in codecs()) == features.check("avif")
    monkeypatch.setattr(comparison.features, "check", lambda name: False)
    assert list(codecs.__wrapped__()) == [NETWORK, JPEG, WEBP, PCA]


@pytest.mark.parametrize(
    ("figures", "said"),
    [
        (
            {NETWORK: (9, 30.0), JPEG: (8, 29.0), WEBP: (9, 28.0)},
            "In 9 bytes our network wins with 30.00 dB, 1.00 dB more than JPEG.",
        ),
        (
            {NETWORK: (9, 30.0), JPEG: (8, 31.0), WEBP: (9, 28.0)},
            "In 9 bytes JPEG wins with 31.00 dB; our network has 30.00 dB, 1.00 dB less than JPEG.",
        ),
        (
            {NETWORK: (9, 30.0), JPEG: (12, 31.0), WEBP: (10, 33.0)},
            "In 9 bytes our network wins with 30.00 dB; the smallest JPEG file has 12 bytes.",
        ),
    ],
)
def test_the_verdict_is_of_those_that_fit_and_says_where_jpeg_is(figures, said):
    dot = np.zeros((1, 1), np.uint8)
    results = [Coded(name, bytes(size), dot, psnr, 0.5) for name, (size, psnr) in figures.items()]
    assert verdict(results) == said
