"""Colour for any image: lightness kept, sizes kept, edges kept, odd images and settings."""

import keras
import numpy as np
import pytest
from skimage import data
from skimage.color import rgb2lab

import cae_core as cae
from cae_core import zoo
from cae_core.data.samples import sample_photograph
from cae_core.images.color import lightness_of, rgb_within_gamut
from cae_core.images.encoding import encode_jpeg
from cae_core.models.ab_bins import TEMPERATURE
from cae_core.models.colorizer import build_colorizer
from cae_core.photos.colorizing import (
    WORKING,
    AbGuess,
    colorize,
    full_size_ab,
    grey_of,
    guess_ab,
    guess_probabilities,
    is_coloured,
    merged,
)

PHOTO = data.astronaut()[20:220, 100:330]
DEFAULT = WORKING[zoo.card(zoo.DEFAULT_COLORIZER).network]


def lightness(image):
    return rgb2lab(np.asarray(image, np.float64))[..., 0]


# Lightness and size


@pytest.mark.parametrize("shape", [(1, 1), (1, 37), (53, 1), (17, 31), (200, 230)])
def test_any_size_comes_back_with_its_lightness(shape):
    height, width = shape
    photo = PHOTO[:height, :width]
    image = cae.colorize(photo)
    assert image.shape == photo.shape
    assert image.dtype == np.float32
    assert 0 <= image.min() <= image.max() <= 1
    np.testing.assert_allclose(lightness(image), lightness(photo / 255), atol=0.05)


def test_a_photo_larger_than_the_working_size_keeps_its_lightness():
    photo = np.kron(PHOTO, np.ones((4, 4, 1), np.uint8))
    assert min(photo.shape[:2]) > 2 * DEFAULT.side
    image = colorize(photo)
    np.testing.assert_allclose(lightness(image), lightness(photo / 255), atol=0.05)


def test_a_very_long_image_is_worked_on_small():
    guess = guess_ab(np.full((3, 9000), 50, np.float32))
    assert max(guess.lightness.shape) <= 8 * DEFAULT.side


@pytest.mark.parametrize("level", [0, 128, 255])
def test_an_image_of_one_grey_stays_bright_as_it_is(level):
    image = colorize(np.full((40, 56), level, np.uint8))
    expected = float(lightness(np.full((1, 1, 3), level / 255))[0, 0])
    np.testing.assert_allclose(lightness(image), expected, atol=0.05)


def test_grey_as_one_channel_and_as_three_gives_the_same():
    grey = PHOTO[..., 0]
    first, second, third = (
        colorize(image) for image in (grey, grey[..., None], np.dstack([grey] * 3))
    )
    np.testing.assert_array_equal(first, second)
    np.testing.assert_array_equal(first, third)


def test_only_the_lightness_of_a_colour_image_is_looked_at():
    np.testing.assert_allclose(colorize(grey_of(PHOTO)), colorize(PHOTO), atol=0.02)


# Settings


def test_no_saturation_is_grey_and_more_is_more_colourful():
    spread = [
        float(np.ptp(colorize(PHOTO, saturation=saturation), axis=2).mean())
        for saturation in (0, 0.5, 1)
    ]
    assert spread[0] < 1e-3 < spread[1] < spread[2]


@pytest.mark.parametrize("temperature", [0.0, -1.0, 1.01, float("nan")])
def test_a_temperature_out_of_range_is_refused(temperature):
    with pytest.raises(cae.ImageError, match=r"above 0 and at most 1\. Received: "):
        colorize(PHOTO, temperature=temperature)


@pytest.mark.parametrize("saturation", [-0.1, 4.1, float("nan")])
def test_a_saturation_out_of_range_is_refused(saturation):
    with pytest.raises(cae.ImageError, match=r"from 0 to 4\. Received: "):
        colorize(PHOTO, saturation=saturation)


@pytest.mark.parametrize("bad", [np.full((4, 4), np.nan), np.zeros((4, 4, 2)), np.zeros(5)])
def test_what_is_no_image_is_refused(bad):
    with pytest.raises(cae.ImageError, match="Received: "):
        colorize(bad)


# Networks


def test_padding_is_to_the_side_that_the_network_reduces_to_one_number():
    network = build_colorizer()
    coarsest = keras.Model(network.input, network.get_layer("coarsest_1_first").output)
    side = WORKING[zoo.COLORIZER].stride
    assert coarsest(np.zeros((1, side, 2 * side, 1), "float32")).shape[1:3] == (1, 2)
    assert network(np.zeros((1, side, side, 1), "float32")).shape[1:3] == (side // 2, side // 2)


@pytest.mark.parametrize("working", WORKING.values(), ids=WORKING)
def test_a_guess_has_a_distribution_for_every_cell_of_the_image(working):
    image = keras.Input((None, None, 1))
    network = keras.Model(image, keras.layers.AveragePooling2D(working.cell)(image))
    lightness = np.random.default_rng(0).uniform(0, 100, (33, 70)).astype(np.float32)
    guess = guess_probabilities(network, lightness, working)
    assert guess.logits.shape == (-(-33 // working.cell), -(-70 // working.cell), 1)
    assert guess.vividness == working.vividness


COLORIZERS = [
    name
    for name in zoo.names()
    if zoo.card(name).network in zoo.AB_NETWORKS
    or isinstance(zoo.card(name).task, cae.ColorizeRGB | cae.ColorizeChroma)
]


@pytest.mark.parametrize("name", COLORIZERS)
def test_every_colorizer_of_the_zoo_colours_a_photo(name):
    image = colorize(PHOTO, name)
    assert image.shape == PHOTO.shape
    assert np.ptp(image, axis=2).mean() > 0.01
    keeps_lightness = name != "colorize-rgb"
    difference = np.abs(lightness(image) - lightness(PHOTO / 255)).max()
    assert (difference < 0.05) == keeps_lightness


@pytest.mark.heavy
def test_a_run_of_ones_own_colours_a_photo():
    data_set = cae.load_dataset("photo_patches", limit=64)
    architecture = cae.Architecture.parse("32x32x1 conv4 pool | up conv2:tanh")
    run = cae.train(
        architecture, data_set, task=cae.ColorizeChroma(), config=cae.TrainConfig(epochs=1)
    )
    run.model.layers[-1].bias.assign([-0.3, -0.3])  # green and blue, which are negative
    image = colorize(PHOTO, run)
    ab = rgb2lab(image)[..., 1:].mean(axis=(0, 1))
    assert (ab < -1).all()
    np.testing.assert_allclose(lightness(image), lightness(PHOTO / 255), atol=0.05)


def test_a_network_that_does_not_colorize_is_refused():
    with pytest.raises(zoo.ZooError, match=r"learnt to colorize\. Received: photo-denoiser"):
        colorize(PHOTO, "photo-denoiser")


# Edges


def test_colours_stop_where_lightness_has_an_edge():
    bright = np.full((64, 64), 30, np.float32)
    bright[:, 27:] = 80
    # Two colours at an eighth of the size, their border not where the edge is.
    small = np.zeros((32, 32, 2), np.float32)
    small[:, 14:, 0] = 40
    ab = full_size_ab(small, bright)[..., 0]
    assert ab[:, :24].mean() < 6
    assert ab[:, 30:].mean() > 34
    # From one to the other in a step, where plain enlargement takes some pixels.
    assert (ab[:, 27] - ab[:, 26]).min() > 20


def test_a_tall_image_is_merged_in_bands_without_a_seam():
    rng = np.random.default_rng(0)
    lightness = (100 * rng.random((600, 40))).astype(np.float32)
    small = rng.normal(0, 20, (150, 10, 2)).astype(np.float32)
    expected, was_reduced = rgb_within_gamut(lightness, full_size_ab(small, lightness))
    out = np.zeros((600, 40, 3), np.float32)
    rgb, reduced = merged(lightness, small, out=out)
    assert rgb is out
    np.testing.assert_allclose(rgb, expected, atol=1e-4)
    assert np.mean(reduced != was_reduced) < 1e-3


def test_an_image_is_coloured_where_its_lightness_does_not_explain_its_colours():
    photo = sample_photograph("chelsea.png")
    grey = photo.mean(axis=2, keepdims=True)
    cyanotype = np.concatenate([grey**1.5, grey, grey**0.7], axis=2)
    noise = np.random.default_rng(0).normal(0, 2 / 255, photo.shape)
    for toned in (grey * [1, 0.85, 0.65], cyanotype, np.repeat(grey, 3, axis=2)):
        assert not is_coloured(np.clip(toned + noise, 0, 1))
    pale = grey + 0.4 * (photo - grey)
    for coloured in (photo, pale, sample_photograph("coffee.png"), sample_photograph("rocket.jpg")):
        assert is_coloured(coloured)


@pytest.mark.parametrize("saved", [False, True], ids=["whole", "JPEG"])
@pytest.mark.parametrize("sigma", [15, 25, 50])
def test_noise_gives_a_toned_print_no_colours(sigma, saved):
    grey = sample_photograph("coffee.png")[:300, :400].mean(axis=2, keepdims=True)
    toned = np.concatenate([grey**0.8, grey, grey**1.35], axis=2)
    noise = np.random.default_rng(0).standard_normal(toned.shape)
    noisy = np.clip(toned + sigma / 255 * noise, 0, 1).astype(np.float32)
    assert not is_coloured(cae.open_image(encode_jpeg(noisy, 85)) if saved else noisy)
    photo = sample_photograph("coffee.png")[:300, :400]
    noisy = np.clip(photo + sigma / 255 * noise, 0, 1).astype(np.float32)
    assert is_coloured(noisy)


@pytest.mark.parametrize(
    "bands",
    [
        ((0, 35, 149), (255, 255, 255), (237, 41, 57)),
        ((0, 0, 0), (221, 0, 0), (255, 206, 0)),
        ((0, 87, 183), (255, 215, 0)),
    ],
)
def test_a_flag_is_coloured_though_each_of_its_colours_has_a_lightness_of_its_own(bands):
    flag = np.repeat(np.array(bands) / 255, 12, axis=0)[:, None].repeat(30, axis=1)
    assert is_coloured(flag.astype(np.float32))


def test_a_print_in_two_tones_is_not_coloured():
    shadows, lights = np.array([20, 20, 60]) / 255, np.array([255, 240, 200]) / 255
    share = np.linspace(0, 1, 900).reshape(30, 30, 1)
    assert not is_coloured(((1 - share) * shadows + share * lights).astype(np.float32))


def test_chrominance_of_the_images_own_size_stays_as_it_is():
    ab = np.random.default_rng(0).normal(size=(5, 6, 2)).astype(np.float32)
    np.testing.assert_array_equal(full_size_ab(ab, np.zeros((5, 6), np.float32)), ab)


def test_a_guess_of_one_colour_has_no_temperature():
    ab = np.ones((2, 2, 2), np.float32)
    guess = AbGuess(np.zeros((2, 2), np.float32), ab=ab)
    np.testing.assert_array_equal(guess.at(0.1), guess.at(TEMPERATURE))


def test_lightness_of_a_photo_is_scikit_images():
    np.testing.assert_allclose(
        lightness_of((PHOTO / 255).astype(np.float32)), lightness(PHOTO / 255), atol=2e-3
    )
