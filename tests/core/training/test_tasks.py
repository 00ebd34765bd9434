"""Tasks: the damage is what its settings say, reproducible, and checked before anything runs."""

from __future__ import annotations

import argparse
import json
from dataclasses import dataclass
from typing import Any, ClassVar

import keras
import numpy as np
import pytest

from cae_core.architecture.notation import Architecture
from cae_core.cli import train
from cae_core.errors import TrainingError
from cae_core.export.script import generate_script
from cae_core.models.builder import build
from cae_core.training.evaluation import Corruption, evaluate
from cae_core.training.tasks import (
    TASKS,
    ColorizeChroma,
    ColorizeRGB,
    Denoise,
    Reconstruct,
    Task,
    TaskScript,
    Variational,
    check_fit,
    check_loss,
    register_task,
    task_from_dict,
    task_to_dict,
)

SHAPE = (32, 32, 3)


def damaged(task, images, seed=1):
    """What the training graph shows the network, for uint8 images."""
    inputs = keras.Input(images.shape[1:], dtype="uint8")
    model = keras.Model(inputs, Corruption(task, seed)(inputs))
    return model.predict(images, batch_size=len(images), verbose=0)


def make_images(value=128, count=64):
    return np.full((count, *SHAPE), value, np.uint8)


# Noise inside the graph


@pytest.mark.parametrize("sigma", [0.02, 1.0])
def test_the_noise_has_mean_zero_and_the_standard_deviation_asked_for(sigma):
    images = make_images()
    noise = damaged(Denoise(sigma), images) - images / 255
    # 196,608 numbers: five standard errors of the mean and of the deviation.
    error = 5 * sigma / np.sqrt(noise.size)
    assert abs(noise.mean()) < error
    assert noise.std() == pytest.approx(sigma, abs=error)


def test_every_image_and_every_channel_gets_noise_of_its_own():
    noise = damaged(Denoise(0.5), make_images(count=2))
    assert abs(np.corrcoef(noise[0].ravel(), noise[1].ravel())[0, 1]) < 0.1
    assert abs(np.corrcoef(noise[0, ..., 0].ravel(), noise[0, ..., 1].ravel())[0, 1]) < 0.2


def test_a_range_draws_one_sigma_for_each_image():
    low, high = 0.05, 0.4
    noise = damaged(Denoise((low, high)), make_images(count=256)) - 128 / 255
    halves = noise.reshape(256, 2, -1).std(axis=2)
    # Within an image the sigma is one: both halves agree (1,536 numbers each).
    np.testing.assert_allclose(halves[:, 0], halves[:, 1], rtol=0.15)
    sigmas = noise.reshape(256, -1).std(axis=1)
    assert sigmas.min() > low * 0.9
    assert sigmas.max() < high * 1.1
    # Uniform between the ends: mean and deviation of 256 draws.
    assert sigmas.mean() == pytest.approx((low + high) / 2, abs=0.035)
    assert sigmas.std() == pytest.approx((high - low) / np.sqrt(12), abs=0.02)


def test_the_noisy_image_is_not_clipped_by_default():
    noisy = damaged(Denoise(0.3), make_images(255))
    assert (noisy > 1).mean() == pytest.approx(0.5, abs=0.01)


@pytest.mark.parametrize("value", [0, 255])
def test_the_noisy_image_is_clipped_where_asked(value):
    noisy = damaged(Denoise(0.3, clip=True), make_images(value))
    assert noisy.min() >= 0
    assert noisy.max() <= 1
    assert (noisy == value / 255).mean() == pytest.approx(0.5, abs=0.01)


def test_the_same_seed_gives_the_same_noise_and_another_seed_another():
    task, images = Denoise((0.1, 0.2)), make_images(count=4)
    np.testing.assert_array_equal(damaged(task, images, seed=5), damaged(task, images, seed=5))
    assert (damaged(task, images, seed=5) != damaged(task, images, seed=6)).any()


def test_noise_is_drawn_anew_on_every_call():
    layer = Corruption(Denoise(0.1), seed=0)
    images = make_images(count=2)
    first, second = (keras.ops.convert_to_numpy(layer(images)) for _ in range(2))
    assert (first != second).mean() > 0.99


def test_no_noise_leaves_the_image_as_it_is():
    images = np.random.default_rng(0).integers(0, 256, (3, *SHAPE), np.uint8)
    for task in (Denoise(0.0), Reconstruct()):
        np.testing.assert_allclose(damaged(task, images), images / 255, rtol=0, atol=1e-7)


@pytest.mark.parametrize("task", [Reconstruct(), Denoise(0.5)], ids=str)
def test_the_target_is_the_clean_image_and_the_shapes_are_the_images(task):
    images = np.random.default_rng(0).random((2, *SHAPE), dtype=np.float32)
    np.testing.assert_array_equal(np.asarray(task.target(images)), images)
    assert task.input_shape(SHAPE) == task.output_shape(SHAPE) == SHAPE


# Noise on one array


def test_noise_on_an_array_has_the_largest_sigma_and_depends_on_its_seed_alone():
    image = np.full((100, 100, 3), 0.5, np.float32)
    task = Denoise((0.1, 0.2))
    noisy = task.add_noise(image, seed=3)
    assert noisy.dtype == np.float32
    assert (noisy - image).std() == pytest.approx(0.2, rel=0.03)
    np.testing.assert_array_equal(noisy, task.add_noise(image, seed=3))
    assert (noisy != task.add_noise(image, seed=4)).any()
    np.testing.assert_array_equal(image, 0.5)


def test_noise_on_an_array_is_clipped_only_where_asked():
    image = np.ones((50, 50), np.float32)
    assert Denoise(0.3).add_noise(image, seed=0).max() > 1
    assert Denoise(0.3, clip=True).add_noise(image, seed=0).max() == 1


# Settings


@pytest.mark.parametrize(
    "sigma",
    [
        -0.1,
        1.01,
        25,
        float("nan"),
        float("inf"),
        (0.3, 0.1),
        (-0.1, 0.2),
        (0.1, 2.0),
        (0.1, float("nan")),
        (0.1,),
        (0.1, 0.2, 0.3),
        "much",
        None,
    ],
)
def test_a_sigma_that_cannot_be_is_refused_with_rule_value_and_remedy(sigma):
    with pytest.raises(TrainingError) as caught:
        Denoise(sigma)
    message = str(caught.value)
    assert message.startswith("Sigma is a standard deviation from 0 to 1")
    assert f"Received: sigma={sigma!r}." in message
    assert "255" in message.split("Received")[1]
    assert "\n" not in message


@pytest.mark.parametrize("sigma", [0, 1, 0.5, (0.0, 1.0), (0.2, 0.2)])
def test_the_ends_of_the_range_are_allowed(sigma):
    low, high = Denoise(sigma).sigma_range
    assert 0 <= low <= high <= 1


@pytest.mark.parametrize(
    ("task", "text"),
    [
        (Reconstruct(), "reconstruct"),
        (Denoise(0.1), "denoise sigma 0.1"),
        (Denoise((0.1, 0.25), clip=True), "denoise sigma 0.1-0.25 clipped"),
    ],
)
def test_a_task_says_in_a_few_words_what_it_is(task, text):
    assert str(task) == text


@pytest.mark.parametrize(
    "task",
    [*(kind() for kind in TASKS.values()), Denoise(0.3, clip=True), Denoise((0.1, 0.5))],
    ids=str,
)
def test_a_task_survives_json(task):
    assert task_from_dict(json.loads(json.dumps(task_to_dict(task)))) == task


@pytest.mark.parametrize(
    "data",
    [
        {},
        {"task": "sharpen"},
        {"task": None},
        {"task": ["denoise"]},
        {"sigma": 0.1},
        {"task": "denoise", "strength": 1},
        {"task": "denoise", "name": "denoise"},
        {"task": "reconstruct", "sigma": 0.1},
        ["denoise"],
        "denoise",
        None,
    ],
)
def test_an_unknown_task_or_setting_is_refused_with_the_names_there_are(data):
    with pytest.raises(TrainingError, match=r"reconstruct, denoise.*Received: "):
        task_from_dict(data)


def test_a_setting_out_of_range_is_refused_from_plain_data_too():
    with pytest.raises(TrainingError, match="Received: sigma=2"):
        task_from_dict({"task": "denoise", "sigma": 2})


# Whether a network fits


def fit_error(text, image_shape=SHAPE, task=None):
    with pytest.raises(TrainingError) as caught:
        check_fit(Architecture.parse(text), image_shape, task or Reconstruct())
    return str(caught.value)


@pytest.mark.parametrize("task", [Reconstruct(), Denoise()], ids=str)
def test_a_network_that_fits_is_accepted(task):
    check_fit(Architecture.parse("conv8 pool | up conv3"), SHAPE, task)
    check_fit(Architecture.parse("28x28x1 conv8 pool | up conv1"), (28, 28, 1), task)


def test_an_input_of_another_shape_is_refused_with_both_shapes_and_the_text_to_begin_with():
    message = fit_error("conv8 pool | up conv3", (28, 28, 1), Denoise())
    assert "images' 28x28x1 for the task Remove noise" in message
    assert "Received: an architecture for 32x32x3." in message
    assert "Begin its text with 28x28x1" in message


@pytest.mark.parametrize(
    ("text", "received", "remedy"),
    [
        ("conv8 pool | conv3:sigmoid", "The output must be 32x32x3. Received: 16x16x3.", "up"),
        ("conv8 pool | up conv8", "Received: 32x32x8.", "conv3"),
        ("conv8 shuffle3 | conv7", "Layer 2 (shuffle3): ", "Received"),
    ],
)
def test_a_network_whose_layers_or_output_do_not_fit_is_refused(text, received, remedy):
    message = fit_error(text)
    assert received in message
    assert remedy in message.split(received)[1]


@pytest.mark.parametrize("task", [ColorizeRGB(), ColorizeChroma()], ids=str)
def test_colorizing_needs_colour_images_and_a_network_for_one_channel(task):
    message = fit_error("28x28x1 conv8 | conv3:sigmoid", (28, 28, 1), task)
    assert "Received: images of 28x28x1. Choose a data set in colour." in message
    assert "Begin its text with 32x32x1" in fit_error("conv8 | conv3", SHAPE, task)


@pytest.mark.parametrize("activation", ["relu", "sigmoid"])
def test_a_network_that_is_never_negative_is_refused_where_targets_are(activation):
    message = fit_error(f"32x32x1 conv8 | conv2:{activation}", SHAPE, ColorizeChroma())
    assert "runs from -1 to 1" in message
    assert f"ends in {activation}, which is never negative. End it with conv2:tanh." in message
    check_fit(Architecture.parse("32x32x1 conv8 | conv2:tanh"), SHAPE, ColorizeChroma())


@pytest.mark.parametrize(
    ("text", "task", "remedy"),
    [
        ("conv8 pool | up conv3", Variational(), "conv8 pool normal8 | up conv3"),
        (
            "flatten dense2:linear | dense3072 reshape32x32x3",
            Variational(),
            "flatten normal2 | dense3072 reshape32x32x3",
        ),
        ("normal4 conv8 | conv3", Variational(), "conv4k1:linear conv8 normal8 | conv3"),
        ("conv8 normal4 | conv3", Reconstruct(), "conv8 conv4k1:linear | conv3"),
        (
            "flatten normal2 | dense3072 reshape32x32x3",
            Denoise(),
            "flatten dense2:linear | dense3072 reshape32x32x3",
        ),
    ],
)
def test_a_normal_layer_ends_the_encoder_for_the_variational_task_and_for_no_other(
    text, task, remedy
):
    message = fit_error(text, task=task)
    assert "layer normal" in message
    assert f"Write {remedy}" in message
    check_fit(Architecture.parse(remedy), SHAPE, task)


@pytest.mark.parametrize("beta", [0, -1.0, 1001, float("nan"), "1"])
def test_a_beta_out_of_range_is_refused(beta):
    with pytest.raises(TrainingError, match=r"beta is from 0.01 to 10. Received: beta="):
        Variational(beta)


def test_beta_is_the_divergences_weight_per_number_of_the_image():
    architecture = Architecture.parse("8x8x3 conv4 normal2 | conv3")
    network = build(architecture)
    Variational(beta=9.6).prepare(network)
    (layer,) = (layer for layer in network.layers if layer.name == "layer_2_normal")
    assert layer.divergence_weight == pytest.approx(9.6 / (8 * 8 * 3))


@pytest.mark.parametrize("loss", ["bce", "ssim"])
def test_a_loss_that_cannot_measure_negative_targets_is_refused(loss):
    with pytest.raises(TrainingError, match=f"Received: loss='{loss}'. Choose mse or mae"):
        check_loss(loss, ColorizeChroma(), SIGMOID)
    check_loss(loss, Reconstruct(), SIGMOID)


# A task of one's own


def salted(images, share, seed):
    """Sets a share of the numbers to 1."""
    chosen = keras.random.uniform(keras.ops.shape(images), seed=seed) < share
    return keras.ops.where(chosen, 1.0, images)


@dataclass(frozen=True)
class Desalt(Task):
    """White dots in the input, the clean image as target."""

    name: ClassVar[str] = "desalt"
    title: ClassVar[str] = "Remove dots"
    summary: ClassVar[str] = "white dots in, the clean image out"
    share: float = 0.1

    def corrupt(self, images: Any, seed: Any) -> Any:
        return salted(images, self.share, seed)

    def script(self) -> TaskScript:
        return TaskScript(input="salted(images, SHARE, seed)", constants=f"SHARE = {self.share}")


@pytest.fixture
def desalt():
    """The task, registered for one test."""
    yield register_task(Desalt)
    del TASKS["desalt"]


def test_a_registered_task_is_in_settings_command_line_and_script(desalt):
    assert task_from_dict({"task": "desalt", "share": 0.2}) == desalt(0.2)
    parser = argparse.ArgumentParser()
    train.add_parser(parser.add_subparsers())
    options = parser.parse_args(["train", "conv4 | conv3", "--task", "desalt"])
    assert options.task == "desalt"
    # The script damages images as the application does.
    architecture = Architecture.parse("8x8x3 conv4 | conv3")
    made: dict[str, Any] = {"__name__": "script"}
    exec(generate_script(architecture, task=desalt(0.3), dataset="mine"), made)  # noqa: S102
    images = np.random.default_rng(0).integers(0, 256, (5, 8, 8, 3), np.uint8)
    model = made["build_autoencoder"]()
    mse, _ = made["evaluate"](model, images)
    assert mse == pytest.approx(evaluate(model, images, desalt(0.3))["mse"], rel=1e-5)


def test_a_name_that_is_taken_is_refused(desalt):
    with pytest.raises(ValueError, match=r"name of its own. Received: 'desalt'"):
        register_task(Desalt)


SIGMOID = Architecture.parse("conv8 pool | up conv3:sigmoid")


@pytest.mark.parametrize(
    ("text", "remedy"),
    [
        ("conv8 pool | up conv3", "End it with conv3:sigmoid, or choose mse"),
        ("conv8 pool | up conv3:linear", "End it with conv3:sigmoid"),
        ("conv8 pool | up conv3:sigmoid bn", "End it with bn sigmoid"),
    ],
)
def test_binary_cross_entropy_is_refused_for_an_output_that_is_no_sigmoid(text, remedy):
    with pytest.raises(TrainingError, match=remedy):
        check_loss("bce", Reconstruct(), Architecture.parse(text))
    check_loss("mse", Reconstruct(), Architecture.parse(text))
    check_loss("bce", Reconstruct(), Architecture.parse("conv8 pool | up conv3:sigmoid crop1 pad1"))
