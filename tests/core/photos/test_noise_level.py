"""The noise level of an image: right within a tenth, and the same however it is turned."""

import numpy as np
import pytest
from threadpoolctl import threadpool_info, threadpool_limits

from cae_core.data.samples import PHOTOGRAPHS, sample_photograph
from cae_core.errors import ImageError
from cae_core.images.decoding import open_image
from cae_core.images.encoding import encode_jpeg
from cae_core.images.operations import to_uint8
from cae_core.photos.noise_level import SMALLEST_SIDE, estimate_sigma

LUMA = np.array([0.299, 0.587, 0.114], np.float32)
ORIENTATIONS = {
    "mirrored": np.fliplr,
    "upside down": np.flipud,
    "turned": np.rot90,
}


def heavy(value):
    """A case that is tried with the heavy tests only."""
    return pytest.param(value, marks=pytest.mark.heavy)


def heavy_case(*values):
    """The same for a case of several values."""
    return pytest.param(*values, marks=pytest.mark.heavy)


SOME = [*PHOTOGRAPHS[:2], *map(heavy, PHOTOGRAPHS[2:])]
# Every photograph has one of these.
LEVELS = (0.1, 0.06, 0.2)
NOISY = [
    pytest.param(file, LEVELS[number % len(LEVELS)], marks=() if number < 2 else pytest.mark.heavy)
    for number, file in enumerate(PHOTOGRAPHS)
]


def scene(height=160, width=160):
    """An image without noise: shading, edges, and stripes in one corner, three colours."""
    y, x = np.mgrid[0:height, 0:width]
    plane = 0.3 + 0.3 * x / width
    plane = np.where((x - width / 2) ** 2 + (y - height / 2) ** 2 < (height / 3) ** 2, 0.6, plane)
    corner = (x < width / 3) & (y < height / 3)
    plane = np.where(corner, plane + 0.1 * np.sin(1.3 * x + 0.4 * y), plane)
    return np.stack([plane, 0.8 * plane + 0.1, 1 - plane], axis=2).astype(np.float32)


def with_noise(clean, sigma, seed=0):
    noise = np.random.default_rng(seed).standard_normal(clean.shape, dtype=np.float32)
    return clean + np.float32(sigma) * noise


def crop(photo, side=256):
    top, left = (photo.shape[0] - side) // 2, (photo.shape[1] - side) // 2
    return photo[top : top + side, left : left + side]


# How good it is


@pytest.mark.parametrize("sigma", [0.01, 0.06, 0.2, 1.0])
@pytest.mark.parametrize("grey", [False, True], ids=["colour", "grey"])
def test_the_estimate_is_within_a_tenth_on_a_drawn_scene(sigma, grey):
    clean = scene() @ LUMA if grey else scene()
    assert estimate_sigma(with_noise(clean, sigma)) == pytest.approx(sigma, rel=0.1)


@pytest.mark.parametrize(("file", "sigma"), NOISY)
def test_the_estimate_is_within_a_tenth_on_photographs_in_colour(file, sigma):
    noisy = with_noise(crop(sample_photograph(file)), sigma)
    assert estimate_sigma(noisy) == pytest.approx(sigma, rel=0.1)


@pytest.mark.parametrize("file", SOME)
def test_the_estimate_is_within_a_seventh_on_grey_photographs(file):
    noisy = with_noise(crop(sample_photograph(file)) @ LUMA, 0.1)
    assert estimate_sigma(noisy) == pytest.approx(0.1, rel=0.15)


@pytest.mark.parametrize(("file", "sigma"), NOISY)
def test_clipping_and_rounding_to_bytes_hide_little_of_the_noise(file, sigma):
    noisy = to_uint8(with_noise(crop(sample_photograph(file)), sigma))
    assert estimate_sigma(noisy) == pytest.approx(sigma, rel=0.15)


def test_a_sky_that_is_all_white_does_not_hide_the_noise():
    clean = scene()
    clean[:100] = 1.2  # brighter than white, and nearly always clipped
    noisy = np.clip(with_noise(clean, 0.1), 0, 1)
    assert estimate_sigma(noisy) == pytest.approx(0.1, rel=0.1)


@pytest.mark.parametrize(
    ("value", "kept", "grey"),
    [
        (240, 0.3, False),
        (240, 0.8, True),
        *(pytest.param(value, 0.3, False, marks=pytest.mark.heavy) for value in (0, 60, 128, 255)),
    ],
)
def test_a_border_of_any_value_does_not_hide_the_noise(value, kept, grey):
    clean = sample_photograph("coffee.png")[:240, :320]
    noisy = to_uint8(with_noise(clean @ LUMA if grey else clean, 0.1))
    framed = np.full_like(noisy, value)
    height = round(240 * kept)
    framed[120 - height // 2 : 120 + height // 2] = noisy[:height]
    assert estimate_sigma(framed) == pytest.approx(0.1, rel=0.1)


def quiet(kind, shape):
    """An area of almost one value, in bytes: what a sky, paper or a drawing has no more of."""
    y, x = np.mgrid[0 : shape[0], 0 : shape[1]] / max(shape)
    rng = np.random.default_rng(1)
    plane = {
        "gradient": 90 + 60 * y + 30 * x,
        "steep gradient": 20 + 200 * x,
        "dithered": np.floor(127 + 0.8 * y + rng.random(shape[:2])),
        "grained": 150 + rng.standard_normal(shape[:2]),
        "lines": np.where((100 * x).astype(int) % 8 == 0, 30, 250),
    }[kind]
    area = plane if len(shape) == 2 else np.stack([plane, 0.9 * plane, 0.8 * plane + 20], axis=2)
    return (area / 255).astype(np.float32)


QUIET = ["gradient", "steep gradient", "dithered", "grained", "lines"]


@pytest.mark.parametrize("grey", [False, True], ids=["colour", "grey"])
@pytest.mark.parametrize("kind", QUIET)
@pytest.mark.parametrize(
    ("file", "sigma", "share"),
    [("coffee.png", 25, 0.3), heavy_case("chelsea.png", 5, 0.6), heavy_case("rocket.jpg", 50, 0.4)],
)
def test_an_area_of_almost_one_value_does_not_hide_the_noise(file, sigma, share, kind, grey):
    clean = crop(sample_photograph(file), 288)
    noisy = with_noise(clean @ LUMA if grey else clean, sigma / 255)
    height = round(share * len(noisy))
    noisy[:height] = quiet(kind, noisy.shape)[:height]
    assert estimate_sigma(to_uint8(noisy)) == pytest.approx(sigma / 255, rel=0.1)


@pytest.mark.parametrize("kind", QUIET)
@pytest.mark.parametrize("file", SOME)
def test_a_photograph_without_noise_beside_such_an_area_is_not_taken_for_noisy(file, kind):
    image = crop(sample_photograph(file), 288)
    image[:144] = quiet(kind, image.shape)[:144]
    assert estimate_sigma(to_uint8(image)) < 4 / 255
    assert estimate_sigma(to_uint8(image @ LUMA)) < 4 / 255


@pytest.mark.parametrize("kind", QUIET)
def test_such_an_area_alone_has_no_noise_to_speak_of(kind):
    assert estimate_sigma(to_uint8(quiet(kind, (200, 300, 3)))) < 1.6 / 255


def test_a_border_does_not_hide_the_noise_of_a_small_image():
    framed = np.full((36, 36), 128, np.uint8)
    framed[:16] = to_uint8(with_noise(np.full((16, 36), 0.5, np.float32), 0.1))
    assert estimate_sigma(framed) == pytest.approx(0.1, rel=0.25)


def test_a_smooth_drawing_has_no_noise():
    y, x = np.mgrid[0:160, 0:160]
    disc = np.clip(60 - np.hypot(x - 80, y - 80), 0, 1)  # its edge is smooth
    drawing = to_uint8(np.stack([disc, 0.5 + disc / 4, 1 - disc], axis=2).astype(np.float32))
    assert estimate_sigma(drawing) < 1 / 255
    assert estimate_sigma(drawing[..., 0]) < 1 / 255


def test_heavy_noise_is_found_although_most_of_it_was_clipped():
    noisy = np.clip(with_noise(np.full((128, 128, 3), 0.5), 0.5), 0, 1)
    assert noisy.std() < 0.4
    assert estimate_sigma(noisy) == pytest.approx(0.5, rel=0.1)


def test_noise_is_found_in_a_jpeg_that_has_lost_it_in_its_colours():
    saved = open_image(encode_jpeg(with_noise(scene(), 0.06), quality=90))
    assert estimate_sigma(saved) == pytest.approx(0.06, rel=0.25)


def sepia(luma):
    """A toned print of an image in grey, (H, W) -> (H, W, 3)."""
    return np.stack([luma**0.8, luma, luma**1.35], axis=2).astype(np.float32)


@pytest.mark.parametrize("saved", [False, True], ids=["whole", "JPEG"])
@pytest.mark.parametrize("sigma", [10, 20])
def test_a_toned_print_has_the_noise_of_its_grey(sigma, saved):
    grey = crop(sample_photograph("coffee.png")) @ LUMA
    noisy = np.clip(with_noise(grey, sigma / 255), 0, 1)
    print_ = to_uint8(sepia(noisy))
    if saved:
        print_ = open_image(encode_jpeg(print_, quality=90))
    expected = estimate_sigma(to_uint8(noisy))
    assert estimate_sigma(print_) == pytest.approx(expected, rel=0.15 if saved else 0.05)


@pytest.mark.parametrize("file", PHOTOGRAPHS)
def test_a_photograph_to_which_nothing_was_added_has_little_noise(file):
    assert estimate_sigma(sample_photograph(file)) < 4 / 255  # grain of film or sensor


@pytest.mark.parametrize("side", [8, 9, 16, 31, 43, 56])
def test_small_images_give_a_rough_estimate(side):
    flat = np.full((side, side, 3), 0.5, np.float32)
    estimates = [estimate_sigma(with_noise(flat, 0.1, seed)) for seed in range(8)]
    assert np.mean(estimates) == pytest.approx(0.1, rel=0.2)
    grey = [estimate_sigma(with_noise(flat[:, :, 0], 0.1, seed)) for seed in range(8)]
    assert np.mean(grey) == pytest.approx(0.1, rel=0.2)


def test_a_strip_is_estimated_from_the_rows_it_has():
    strip = np.full((8, 500, 3), 0.5)
    assert estimate_sigma(with_noise(strip, 0.1)) == pytest.approx(0.1, rel=0.1)


# What must not matter


@pytest.mark.parametrize("turn", ORIENTATIONS.values(), ids=ORIENTATIONS)
@pytest.mark.parametrize("grey", [False, True], ids=["colour", "grey"])
def test_orientation_does_not_matter(turn, grey):
    noisy = with_noise(scene() @ LUMA if grey else scene(), 0.1)
    assert estimate_sigma(turn(noisy)) == pytest.approx(estimate_sigma(noisy), rel=1e-4)


@pytest.mark.parametrize("turn", ORIENTATIONS.values(), ids=ORIENTATIONS)
def test_orientation_hardly_matters_where_patches_are_sampled(turn):
    noisy = with_noise(scene(300, 400), 0.1)
    assert estimate_sigma(turn(noisy)) == pytest.approx(estimate_sigma(noisy), rel=0.02)


@pytest.mark.parametrize(("factor", "grey"), [(1e-3, False), (100.0, True)])
def test_an_image_scaled_has_its_estimate_scaled(factor, grey):
    noisy = with_noise(scene() @ LUMA if grey else scene(), 0.1)
    assert estimate_sigma(factor * noisy) == pytest.approx(factor * estimate_sigma(noisy), rel=1e-3)


def test_brightness_does_not_matter():
    noisy = with_noise(scene(), 0.1)
    assert estimate_sigma(noisy + 3) == pytest.approx(estimate_sigma(noisy), rel=1e-3)


def test_the_estimate_is_the_same_every_time():
    noisy = with_noise(scene(300, 400), 0.1)
    assert estimate_sigma(noisy) == estimate_sigma(noisy)


def test_bytes_and_floats_of_one_image_agree():
    noisy = to_uint8(with_noise(scene(), 0.1))
    assert estimate_sigma(noisy) == pytest.approx(estimate_sigma(noisy / 255), rel=1e-4)


def test_a_grey_image_has_one_estimate_in_all_its_forms():
    noisy = with_noise(scene() @ LUMA, 0.1)
    estimate = estimate_sigma(noisy)
    assert estimate_sigma(noisy[:, :, np.newaxis]) == estimate
    assert estimate_sigma(np.stack([noisy] * 3, axis=2)) == estimate


def test_a_constant_channel_does_not_count():
    noisy = with_noise(scene(), 0.1)
    noisy[:, :, 2] = 0
    assert estimate_sigma(noisy) == pytest.approx(0.1, rel=0.05)


def test_the_image_is_not_changed():
    noisy = with_noise(scene(), 0.1)
    before = noisy.copy()
    estimate_sigma(noisy)
    np.testing.assert_array_equal(noisy, before)


# Images without noise


@pytest.mark.parametrize("value", [0, 127, 255])
@pytest.mark.parametrize("shape", [(8, 8), (50, 40, 1), (64, 64, 3)])
def test_a_constant_image_has_no_noise(value, shape):
    assert estimate_sigma(np.full(shape, value, np.uint8)) == 0


def test_an_image_of_three_colours_has_no_noise():
    assert estimate_sigma(np.full((64, 64, 3), [0.2, 0.5, 0.7])) == 0


def test_a_drawing_in_black_and_white_has_no_noise():
    drawing = np.full((128, 128, 3), 255, np.uint8)
    drawing[20:100:7, 10:110] = 0
    assert estimate_sigma(drawing) == pytest.approx(0, abs=1e-6)


# What is refused


@pytest.mark.parametrize("shape", [(1, 1), (7, 100, 3), (100, 7), (7, 7, 1)])
def test_an_image_too_small_to_tell_is_refused(shape):
    with pytest.raises(ImageError, match=rf"at least {SMALLEST_SIDE} × .*Received: .*set sigma"):
        estimate_sigma(np.zeros(shape))


@pytest.mark.parametrize(
    "bad",
    [
        np.zeros((0, 8)),
        np.zeros(64),
        np.zeros((16, 16, 4)),
        np.zeros((2, 16, 16, 3)),
        np.zeros((16, 16), np.int32),
        np.full((16, 16), np.nan),
        np.full((16, 16), np.inf),
        [[1, 2], [3]],
        None,
    ],
    ids=["empty", "row", "alpha", "batch", "integers", "nan", "infinity", "ragged", "nothing"],
)
def test_what_is_no_image_is_refused(bad):
    with pytest.raises(ImageError, match=r"Received: "):
        estimate_sigma(bad)


def test_one_thread_of_linear_algebra_works(monkeypatch):
    used = []
    eigenvalues = np.linalg.eigvalsh

    def note(matrix):
        used.extend(pool["num_threads"] for pool in threadpool_info() if pool["user_api"] == "blas")
        return eigenvalues(matrix)

    monkeypatch.setattr(np.linalg, "eigvalsh", note)
    with threadpool_limits(2, "blas"):
        estimate_sigma(np.random.default_rng(0).normal(0.5, 0.1, (64, 64, 3)))
    assert set(used) == {1}
