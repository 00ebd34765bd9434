"""Arrays of images: checked, converted, resized, enlarged and laid out."""

import numpy as np
import pytest

from cae_core.errors import ImageError
from cae_core.images.operations import (
    as_image,
    fit_within,
    image_grid,
    resize,
    to_uint8,
)
from tests.core.images.making_files import noise

SHAPES = [(5, 4), (5, 4, 1), (5, 4, 3)]


# Bytes and floats


def test_to_uint8_rounds_and_clips():
    values = np.array([-1, 0, 0.499 / 255, 0.501 / 255, 254.6 / 255, 1, 2, np.inf])
    np.testing.assert_array_equal(to_uint8(values), [0, 0, 0, 1, 255, 255, 255, 255])
    assert to_uint8(values).dtype == np.uint8


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64])
def test_to_uint8_gives_back_every_byte(dtype):
    levels = np.arange(256)
    np.testing.assert_array_equal(to_uint8((levels / 255).astype(dtype)), levels)
    np.testing.assert_array_equal(to_uint8(levels.astype(np.uint8)), levels)


@pytest.mark.parametrize("bad", [np.array([np.nan]), np.array([1, 2]), np.array(["a"])])
def test_to_uint8_refuses_what_has_no_value_as_a_byte(bad):
    with pytest.raises(ImageError, match="Received:"):
        to_uint8(bad)


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("dtype", [np.uint8, np.float16, np.float32, np.float64])
def test_as_image_gives_float32_with_three_channels(shape, dtype):
    pixels = noise(*shape)
    given = pixels if dtype == np.uint8 else (pixels / 255).astype(dtype)
    checked = as_image(given)
    assert checked.dtype == np.float32
    expected = np.broadcast_to(pixels.reshape(5, 4, -1) / 255, (5, 4, 3))
    np.testing.assert_allclose(checked, expected, atol=1e-3 if dtype == np.float16 else 1e-6)


def test_as_image_mends_the_rounding_of_float_arithmetic():
    assert as_image(np.full((2, 2), 1 + 1e-7)).max() <= 1


@pytest.mark.parametrize(
    ("bad", "words"),
    [
        (np.zeros(4), r"shape \(4,\)"),
        (np.zeros((4, 4, 4)), r"shape \(4, 4, 4\)"),
        (np.zeros((4, 4, 2)), r"shape \(4, 4, 2\)"),
        (np.zeros((1, 4, 4, 3)), r"shape \(1, 4, 4, 3\)"),
        (np.zeros((0, 4, 3)), r"shape \(0, 4, 3\)"),
        (np.zeros((4, 4), int), "int64"),
        (np.zeros((4, 4), bool), "bool"),
        (np.zeros((4, 4), complex), "complex128"),
        (np.full((4, 4), 255.0), "255"),
        (np.full((4, 4), -0.1), "-0.1"),
        (np.full((4, 4), np.nan), "nan"),
        (np.full((4, 4), np.inf), "inf"),
        ([[1.0], [1.0, 0.5]], "list"),
        (None, "object"),
    ],
)
def test_as_image_refuses_and_names_what_it_received(bad, words):
    with pytest.raises(ImageError, match=f"The photo .*Received: .*{words}"):
        as_image(bad, name="photo")


# Sizes


@pytest.mark.parametrize("shape", SHAPES)
def test_resize_keeps_axes_and_channels_apart(shape):
    levels = np.array([0.1, 0.12345, 0.8], np.float32)[: shape[-1] if len(shape) == 3 else 1]
    flat = np.broadcast_to(levels, (5, 4, len(levels))).reshape(shape)
    resized = resize(flat, 3, 11)
    assert resized.dtype == np.float32
    assert resized.shape == (3, 11, *shape[2:])
    # No channel has anything of another, and no value was rounded to a byte.
    expected = np.broadcast_to(levels, (3, 11, len(levels))).reshape(resized.shape)
    np.testing.assert_allclose(resized, expected, atol=1e-6)


def test_resize_to_the_same_size_changes_nothing():
    pixels = np.random.default_rng(0).random((9, 7, 3), np.float32)
    np.testing.assert_allclose(resize(pixels, 9, 7), pixels, atol=1e-6)


def test_resize_does_not_alias():
    stripes = np.zeros((64, 64), np.float32)
    stripes[:, ::2] = 1
    np.testing.assert_allclose(resize(stripes, 16, 16)[:, 2:-2], 0.5, atol=0.05)


def test_resize_stays_within_range():
    edge = np.zeros((8, 8), np.float32)
    edge[:, 4:] = 1
    enlarged = resize(edge, 64, 64)
    assert (enlarged.min(), enlarged.max()) == (0, 1)


@pytest.mark.parametrize("size", [(0, 4), (4, -1), (2.5, 4), (True, 4), (10_000, 10_000)])
def test_resize_refuses_an_impossible_size(size):
    with pytest.raises(ImageError, match="Received:"):
        resize(np.zeros((4, 4)), *size)


@pytest.mark.parametrize(
    ("shape", "longest_side", "expected"),
    [
        ((100, 50), 10, (10, 5)),
        ((50, 100), 10, (5, 10)),
        ((50, 100), 100, (50, 100)),
        ((50, 100), 1000, (50, 100)),
        ((1, 1000), 10, (1, 10)),
    ],
)
def test_fit_within_only_shrinks_and_keeps_proportions(shape, longest_side, expected):
    fitted = fit_within(noise(*shape), longest_side)
    assert fitted.shape == expected
    assert fitted.dtype == np.float32


# Grids


@pytest.mark.parametrize(("dtype", "white"), [(np.uint8, 255), (np.float32, 1)])
@pytest.mark.parametrize("gap", [0, 2])
def test_a_grid_has_each_image_in_its_place_and_white_elsewhere(dtype, white, gap):
    batch = np.stack([np.full((2, 3, 3), level) for level in range(5)]).astype(dtype)
    grid = image_grid(batch, columns=3, gap=gap)
    assert grid.dtype == dtype
    assert grid.shape == (2 * 2 + gap, 3 * 3 + 2 * gap, 3)
    remaining = np.ones(grid.shape[:2], bool)
    for index in range(5):
        top, left = index // 3 * (2 + gap), index % 3 * (3 + gap)
        np.testing.assert_array_equal(grid[top : top + 2, left : left + 3], batch[index])
        remaining[top : top + 2, left : left + 3] = False
    assert (grid[remaining] == white).all()


@pytest.mark.parametrize(
    ("batch", "columns", "gap"),
    [
        (np.zeros((4, 4, 3)), 2, 1),
        (np.zeros((0, 4, 4, 3)), 2, 1),
        (np.zeros((4, 4, 4, 2)), 2, 1),
        (np.zeros((4, 4, 4, 3), int), 2, 1),
        (np.zeros((4, 4, 4, 3)), 0, 1),
        (np.zeros((4, 4, 4, 3)), 2, -1),
        (np.zeros((4, 4, 4, 3)), 2, 100_000),
    ],
)
def test_an_impossible_grid_is_refused(batch, columns, gap):
    with pytest.raises(ImageError, match="Received:"):
        image_grid(batch, columns, gap)
