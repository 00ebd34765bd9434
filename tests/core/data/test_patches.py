"""Patches of images: no pixel in two parts, the same for the same seed, within bounds."""

from functools import partial

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cae_core.data import cutting, patches
from cae_core.data.cutting import blocks_of, split_indices
from cae_core.data.patches import PatchSettings, Source, dataset_from_sources
from cae_core.errors import DatasetError
from cae_core.images.decoding import OpenedImage
from cae_core.images.operations import as_image

PARTS = ("train", "validation", "test")


def make_images(count, height=64, width=64, seed=0):
    """Make `count` different float32 images of noise."""
    rng = np.random.default_rng(seed)
    return list(rng.random((count, height, width, 3), dtype=np.float32))


def opened(image, longest, shortest):
    """An array as if it were a file's."""
    pixels = as_image(image)
    return OpenedImage(pixels, None, pixels.shape[:2])


def patches_from_images(images, **settings):
    """A data set of arrays in place of files."""
    sources = [
        Source(f"image {index}", partial(opened, image))
        for index, image in enumerate(images, start=1)
    ]
    return dataset_from_sources(sources, PatchSettings(**settings), "images")


def parts_of(dataset):
    return [getattr(dataset, part) for part in PARTS]


def sizes_of(dataset):
    return [len(part) for part in parts_of(dataset)]


# Disjoint parts


def numbered_blocks(height, width, first=0):
    """Make an image whose red is the number of the block, constant in it; green is noise."""
    image = np.zeros((height, width, 3), np.uint8)
    image[..., 1] = np.random.default_rng(first).integers(0, 256, (height, width))
    for number, block in enumerate(blocks_of(height, width, cutting.BLOCK_SIDE * 32)):
        image[..., 0][block] = first + number
    return image


def assert_no_block_is_shared(parts):
    numbers = []
    for part in parts:
        red = part[..., 0].reshape(len(part), -1)
        # One number in a patch, at every scale: it was cropped before it was scaled.
        assert (red == red[:, :1]).all()
        numbers.append(set(red[:, 0].tolist()))
    assert all(numbers)
    assert not numbers[0] & numbers[1]
    assert not numbers[0] & numbers[2]
    assert not numbers[1] & numbers[2]


@given(
    height=st.integers(1, 2000),
    width=st.integers(1, 2000),
    side=st.integers(24, 200),
)
def test_blocks_cover_an_image_without_overlap(height, width, side):
    covered = np.zeros((height, width), np.uint8)
    for block in blocks_of(height, width, side):
        covered[block] += 1
    assert (covered == 1).all()


@given(
    count=st.integers(0, 500),
    validation_fraction=st.floats(0.01, 0.9),
    test_fraction=st.floats(0.01, 0.9),
    seed=st.integers(0, 100),
)
def test_a_split_has_every_index_once_and_no_empty_part(
    count, validation_fraction, test_fraction, seed
):
    parts = split_indices(count, validation_fraction, test_fraction, np.random.default_rng(seed))
    assert sorted(np.concatenate(parts).tolist()) == list(range(count))
    assert all(len(part) for part in parts) == (count >= 3)


def test_no_pixel_of_an_image_is_in_two_parts(monkeypatch):
    """An image whose pixels say where they are, cut at scale 1."""
    monkeypatch.setattr(cutting, "SCALES", (1.0,))
    rows, columns = np.mgrid[:500, :500]
    located = np.stack([rows % 256, columns % 256, rows // 256 * 2 + columns // 256], axis=-1)
    dataset = patches_from_images([located.astype(np.uint8)])
    seen = []
    for part in parts_of(dataset):
        red, green, blue = part.reshape(-1, 3).astype(int).T
        where = (blue // 2 * 256 + red) * 500 + blue % 2 * 256 + green
        seen.append(set(where.tolist()))
    assert len(seen[0]) > 0.6 * 500 * 500
    assert not seen[0] & seen[1]
    assert not seen[0] & seen[2]
    assert not seen[1] & seen[2]


def test_few_images_are_split_by_blocks_and_the_notes_say_so():
    dataset = patches_from_images([numbered_blocks(500, 400), numbered_blocks(300, 450, first=99)])
    assert_no_block_is_shared(parts_of(dataset))
    assert any("blocks" in note for note in dataset.notes)


def test_from_ten_images_on_whole_images_are_split():
    rng = np.random.default_rng(0)
    numbered = [rng.integers(0, 256, (120, 150, 3), np.uint8) for _ in range(20)]
    for number, image in enumerate(numbered):
        image[..., 0] = number
    dataset = patches_from_images(numbered)
    assert_no_block_is_shared(parts_of(dataset))
    images_in = [len(np.unique(part[..., 0])) for part in parts_of(dataset)]
    assert images_in == [16, 2, 2]
    assert dataset.notes == ()


def test_only_training_patches_are_mirrored():
    brighter_to_the_right = np.linspace(0, 1, 640, dtype=np.float32)[:, None]  # (640, 1)
    ramp = np.broadcast_to(brighter_to_the_right, (640, 640, 3))
    dataset = patches_from_images([ramp], validation_fraction=0.2, test_fraction=0.2)
    rising = [(p[..., -1, 0].astype(int) > p[..., 0, 0]).mean() for p in parts_of(dataset)]
    assert 0.4 < rising[0] < 0.6
    assert rising[1:] == [1, 1]


def test_photo_patches_are_cut_from_parts_of_the_photographs_that_share_no_block():
    """Cut numbered blocks of the photographs' sizes: no number appears in two parts."""
    sizes = [(512, 512), (300, 451), (400, 600), (427, 640), (500, 741)]
    numbered = [numbered_blocks(*size, first=35 * index) for index, size in enumerate(sizes)]
    rng = np.random.default_rng(0)
    parts = cutting.split_blocks(numbered, 32, 0.1, 0.1, rng)
    cut = cutting.cut_parts(parts, (4000, 500, 500), 32, rng)
    assert_no_block_is_shared(cut)
    areas = [sum(block.shape[0] * block.shape[1] for block in part) for part in parts]
    np.testing.assert_allclose(np.array(areas) / sum(areas), [0.8, 0.1, 0.1], atol=0.03)


# Images of one's own


def test_images_of_the_size_of_a_patch_are_used_as_they_are():
    rng = np.random.default_rng(0)
    small = [rng.integers(0, 256, (32, 32, 3), np.uint8) for _ in range(30)]
    small.append(np.zeros((32, 32, 3), np.uint8))  # flat, and yet the user's
    dataset = patches_from_images(small)
    cut = sorted(patch.tobytes() for part in parts_of(dataset) for patch in part)
    assert cut == sorted(image.tobytes() for image in small)


def test_thumbnails_give_patches_side_by_side_from_their_middle():
    image = np.random.default_rng(0).integers(0, 256, (40, 70, 3), np.uint8)
    cut = cutting._cut_patches([image], 10, 32, np.random.default_rng(0), mirror=True)
    expected = [image[4:36, 3:35], image[4:36, 35:67]]
    assert {p.tobytes() for p in cut} == {p.tobytes() for p in expected}


def test_the_same_seed_cuts_the_same_patches():
    images = make_images(12)
    first, again, other = (patches_from_images(images, seed=seed) for seed in (1, 1, 2))
    for part in PARTS:
        np.testing.assert_array_equal(getattr(first, part), getattr(again, part))
    assert first.test.tobytes() != other.test.tobytes()


def test_small_images_for_training_keep_the_other_parts_in_proportion():
    small = [np.random.default_rng(0).integers(0, 256, (32, 32, 3), np.uint8) for _ in range(8)]
    large = [np.random.default_rng(1).integers(0, 256, (400, 400, 3), np.uint8)]
    parts = cutting.cut_parts((small, large, large), (800, 100, 100), 32, np.random.default_rng(0))
    assert [len(part) for part in parts] == [8, 1, 1]


def test_the_number_of_patches_is_bounded():
    dataset = patches_from_images(make_images(10, 128, 128), max_patches=100)
    assert sizes_of(dataset) == [80, 10, 10]
    little = patches_from_images(make_images(10, 64, 64))
    assert sum(sizes_of(little)) <= patches.OVERLAP * 10 * 4


def test_another_size_of_patch_is_possible():
    dataset = patches_from_images(make_images(10, 200, 200), patch=64, max_patches=50)
    assert dataset.image_shape == (64, 64, 3)


def test_images_beyond_what_memory_may_hold_are_left_out_with_a_note(monkeypatch):
    monkeypatch.setattr(patches, "MAX_KEPT_PIXELS", 15 * 64 * 64)
    dataset = patches_from_images(make_images(40))
    assert dataset.source.startswith("Patches of 15 images")
    assert dataset.notes == ("Left out 25 images: the others are as many as are worked on here.",)


def test_an_image_that_comes_twice_is_used_once():
    images = make_images(12)
    dataset = patches_from_images([*images, images[3].copy()])
    assert len(dataset.notes) == 1
    assert "equals another image" in dataset.notes[0]


def test_images_smaller_than_a_patch_are_skipped_with_a_note():
    dataset = patches_from_images([*make_images(10), *make_images(1, 20, 90)])
    assert dataset.notes == ("Skipped image 11: 20 × 90 is smaller than a patch.",)


@pytest.mark.parametrize(
    ("images", "message"),
    [
        ([], "at least one image"),
        (make_images(12, 20, 20), "smaller than a patch"),
        (make_images(2), "Give at least 10, or one of at least 192 × 192 pixels"),
        ([np.zeros((40, 40, 3), np.uint8)] * 20, "equals another image.*Give at least 10"),
    ],
    ids=["none", "too small", "too few", "all alike"],
)
def test_too_little_material_is_refused_with_a_remedy(images, message):
    with pytest.raises(DatasetError, match=message):
        patches_from_images(images)


def test_one_image_of_the_size_in_the_remedy_is_enough():
    assert sum(sizes_of(patches_from_images(make_images(1, 192, 192)))) > 100


@pytest.mark.parametrize(
    "settings",
    [{"patch": 7}, {"patch": 32.5}, {"max_patches": 2}, {"seed": -1}, {"test_fraction": 1}],
)
def test_settings_of_the_cutting_out_of_range_are_refused(settings):
    with pytest.raises(DatasetError, match="Received: "):
        patches_from_images(make_images(10), **settings)
