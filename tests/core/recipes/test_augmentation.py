"""Training images that are moved and mirrored."""

import numpy as np
import pytest

from cae_core.recipes.augmentation import MovedBatches

IMAGES = np.random.default_rng(0).integers(0, 256, (12, 6, 8, 3), np.uint8)
TARGETS = np.arange(12)


def windows_of(image, margin):
    """Every place that a moved image may come from, mirrored ones too."""
    padded = np.pad(image, ((margin, margin), (margin, margin), (0, 0)), mode="symmetric")
    height, width = image.shape[:2]
    for top in range(2 * margin + 1):
        for left in range(2 * margin + 1):
            window = padded[top : top + height, left : left + width]
            yield window
            yield window[:, ::-1]


@pytest.mark.parametrize("margin", [0, 1, 2])
def test_every_image_is_a_window_of_its_original(margin):
    batches = MovedBatches(IMAGES, TARGETS, 4, margin=margin)
    for index in range(len(batches)):
        images, targets = batches[index]
        for image, target in zip(images, targets, strict=True):
            assert any(np.array_equal(image, w) for w in windows_of(IMAGES[target], margin))


def test_an_epoch_has_every_image_once_and_the_next_another_order():
    batches = MovedBatches(IMAGES, TARGETS, 4, margin=1)
    first = np.concatenate([batches[index][1] for index in range(len(batches))])
    batches.on_epoch_end()
    second = np.concatenate([batches[index][1] for index in range(len(batches))])
    assert sorted(first) == sorted(second) == list(TARGETS)
    assert list(first) != list(second)


def test_digits_are_never_mirrored():
    batches = MovedBatches(IMAGES, TARGETS, 12, margin=0, is_mirrored=False)
    images, targets = batches[0]
    np.testing.assert_array_equal(images, IMAGES[targets])


def test_a_seed_gives_the_same_batches():
    first, again = (MovedBatches(IMAGES, TARGETS, 4, margin=2, seed=3)[0] for _ in range(2))
    np.testing.assert_array_equal(first[0], again[0])
    other = MovedBatches(IMAGES, TARGETS, 4, margin=2, seed=4)[0]
    assert not np.array_equal(first[0], other[0])
