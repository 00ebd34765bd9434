"""The learning-rate range test: rates, smoothing, where it ends, what it suggests."""

from __future__ import annotations

import dataclasses
import itertools
from types import SimpleNamespace

import numpy as np
import pytest

from cae_core.architecture.notation import Architecture
from cae_core.data.registry import Dataset
from cae_core.errors import TrainingError
from cae_core.training import learning_rate
from cae_core.training.config import TrainConfig
from cae_core.training.learning_rate import SMOOTHING, LearningRateTest, find_learning_rate, suggest
from cae_core.training.loop import train
from cae_core.training.tasks import ColorizeChroma, Denoise

SMALL = Architecture.parse("8x8x1 conv4 pool | up conv1:sigmoid")
# Deep enough that Adam's useful rates lie below 0.01.
DEEP = Architecture.parse("8x8x1 conv16 conv16 conv16 | conv16 conv16 conv1:linear")
CONFIG = TrainConfig(batch_size=16, seed=3)


def toy(count=64):
    """Images of one brightness each, rising from left to right."""
    rng = np.random.default_rng(0)
    brightness = rng.integers(0, 200, (count, 1, 1, 1)) + np.linspace(0, 55, 8)[None, None, :, None]
    images = np.broadcast_to(brightness, (count, 8, 8, 1)).astype(np.uint8)
    return Dataset("toy", images, images[:12], images[12:24])


@pytest.fixture(scope="module")
def usual():
    """A test that others are compared with."""
    return find_learning_rate(SMALL, toy(), task=Denoise(0.1), config=CONFIG, steps=40)


# The course of a test


def test_the_rates_rise_by_a_constant_factor_from_lowest_to_highest():
    test = find_learning_rate(SMALL, toy(), config=CONFIG, lowest=1e-6, highest=1e-3, steps=13)
    np.testing.assert_allclose(test.rates, 1e-6 * 10 ** (np.arange(13) / 4), rtol=1e-9)
    assert len(test.losses) == 13
    assert np.isfinite(test.losses).all()


@pytest.mark.heavy
def test_the_losses_are_the_bias_corrected_running_mean_of_those_that_training_has():
    # Steps so small that the network stays as it began: the batches' losses are known.
    config = dataclasses.replace(CONFIG, optimizer="sgd")
    test = find_learning_rate(SMALL, toy(), config=config, lowest=1e-12, highest=1e-11, steps=10)
    slow = dataclasses.replace(config, learning_rate=1e-12, schedule="constant", epochs=1)
    # Four steps see every image once, as an epoch of a training does.
    weights = SMOOTHING ** np.arange(4)[::-1]
    by_hand = [0.0] * 4
    previous = 0.0
    for i in range(4):
        total = test.losses[i] * (1 - SMOOTHING ** (i + 1))
        by_hand[i] = (total - SMOOTHING * previous) / (1 - SMOOTHING)
        previous = total
    assert np.mean(by_hand) == pytest.approx(
        train(SMALL, toy(), config=slow).history[0].loss, rel=1e-4
    )
    assert test.losses[3] == pytest.approx(np.average(by_hand, weights=weights), rel=1e-6)


@pytest.mark.heavy
def test_the_same_seed_gives_the_same_numbers_whatever_else_is_set_or_watched(usual):
    other = dataclasses.replace(CONFIG, learning_rate=0.9, schedule="one_cycle", epochs=7)
    again = find_learning_rate(
        SMALL,
        toy(),
        task=Denoise(0.1),
        config=other,
        steps=40,
        on_progress=lambda progress: None,
        should_stop=lambda: False,
    )
    assert again == usual


@pytest.mark.heavy
def test_another_seed_gives_other_losses(usual):
    other = dataclasses.replace(CONFIG, seed=4)
    again = find_learning_rate(SMALL, toy(), task=Denoise(0.1), config=other, steps=40)
    assert again.rates[0] == usual.rates[0]
    assert again.losses != usual.losses


@pytest.mark.heavy
def test_a_loss_that_explodes_ends_the_test_early():
    test = find_learning_rate(DEEP, toy(), config=CONFIG)
    assert len(test.rates) == len(test.losses) < 100
    assert test.losses[-1] > 4 * min(test.losses)
    best_so_far = np.minimum.accumulate(test.losses)
    assert (test.losses[:-1] <= 4 * best_so_far[:-1]).all()


@pytest.mark.heavy
def test_more_steps_than_batches_go_through_the_images_again_in_another_order():
    # One batch holds all images, so that their order does not matter, but the noise does.
    config = TrainConfig(batch_size=64, seed=3)
    test = find_learning_rate(SMALL, toy(20), task=Denoise(0.3), config=config, steps=30)
    assert len(set(test.losses)) == 30


def test_a_loss_that_is_no_number_from_the_start_is_refused():
    tripled = " ".join(f"@m{i} relu add@m{i} add@m{i}" for i in range(49))
    architecture = Architecture.parse(f"8x8x1 {tripled} | conv1:linear")
    with pytest.raises(TrainingError, match=r"finite number in the first step\. Received: inf"):
        find_learning_rate(architecture, toy(), config=CONFIG)


# What is suggested


@pytest.mark.heavy
def test_the_suggestion_trains_better_than_a_rate_100_times_smaller_or_larger():
    test = find_learning_rate(DEEP, toy(), config=CONFIG)
    assert test.suggestion is not None
    assert test.suggestion <= 0.01

    def error(factor):
        rate = factor * test.suggestion
        config = dataclasses.replace(CONFIG, learning_rate=rate, schedule="constant", epochs=6)
        try:
            return train(DEEP, toy(), config=config).test["mse"]
        except TrainingError:  # the loss was no longer a number
            return float("inf")

    suggested = error(1)
    assert suggested < error(1 / 100) / 2
    assert suggested < error(100) / 2


def test_a_tenth_of_the_rate_at_the_lowest_loss_is_suggested_to_two_digits():
    rates = np.geomspace(1e-4, 1, 41)
    losses = 1 + (np.log10(rates) + 1.234) ** 2
    test = suggest(list(rates), list(losses))
    assert test.suggestion == float(f"{rates[np.argmin(losses)] / 10:.2g}") == 0.0063
    assert (
        test.reason == "A tenth of 0.063, where the smoothed loss was lowest before it rose again."
    )


def test_a_loss_that_still_falls_at_the_end_is_told():
    test = suggest([0.001, 0.01, 0.1], [1.0, 0.5, 0.2])
    assert test.suggestion == 0.01
    assert "still falling" in test.reason


@pytest.mark.parametrize("losses", [[1.0, 0.99, 1.2], [1.0, 1.0, 1.0], [1.0, 2.0, 5.0]])
def test_a_loss_that_hardly_falls_suggests_nothing(losses):
    test = suggest([0.001, 0.01, 0.1], losses)
    assert test.suggestion is None
    assert "fell by less than 5 %" in test.reason


# Progress and ends


@pytest.mark.heavy
def test_progress_counts_the_steps_up_to_the_last():
    reports = []
    find_learning_rate(SMALL, toy(), config=CONFIG, steps=12, on_progress=reports.append)
    assert [progress.batch for progress in reports] == sorted({p.batch for p in reports})
    assert {progress.batches for progress in reports} == {12}
    assert reports[-1].fraction == 1
    assert reports[-1].seconds_left == 0
    assert all(np.isfinite(progress.loss) for progress in reports)


def test_the_first_step_which_compiles_does_not_count_for_speed_and_time_left(monkeypatch):
    # A minute for the first step, a second for every other one.
    looks = itertools.chain([0], itertools.count(60))
    clock = SimpleNamespace(monotonic=lambda: float(next(looks)))
    monkeypatch.setattr(learning_rate, "time", clock)
    reports = []
    find_learning_rate(SMALL, toy(), config=CONFIG, steps=12, on_progress=reports.append)
    assert [progress.batch for progress in reports] == list(range(2, 13))
    assert [progress.seconds_left for progress in reports] == list(range(10, -1, -1))
    assert {progress.images_per_second for progress in reports} == {16}


def test_a_stopped_test_shows_its_curve_and_suggests_nothing(usual):
    answers = iter([False, False, True])
    test = find_learning_rate(
        SMALL, toy(), task=Denoise(0.1), config=CONFIG, steps=40, should_stop=lambda: next(answers)
    )
    assert (test.rates, test.losses) == (usual.rates[:3], usual.losses[:3])
    assert test.suggestion is None
    assert test.reason == "The test was stopped after 3 of 40 steps."
    assert (test.stopped, usual.stopped) == (True, False)
    assert LearningRateTest.from_json(test.to_json()) == test


@pytest.mark.parametrize(
    "arguments",
    [
        {"lowest": 0},
        {"lowest": float("nan")},
        {"highest": 1.5},
        {"lowest": 0.1, "highest": 0.1},
        {"lowest": 0.1, "highest": 0.01},
        {"steps": 9},
        {"steps": 10_001},
        {"steps": 50.0},
        {"steps": True},
    ],
)
def test_values_out_of_range_are_refused(arguments):
    with pytest.raises(TrainingError) as caught:
        find_learning_rate(SMALL, toy(), **arguments)
    (name, value), *_ = arguments.items()
    assert f"{name}={value!r}" in str(caught.value)


def test_what_cannot_be_trained_cannot_be_tested_either():
    with pytest.raises(TrainingError, match="The output must be 8x8x1"):
        find_learning_rate(Architecture.parse("8x8x1 conv4 pool | conv1"), toy())
    color = np.zeros((4, 8, 8, 3), np.uint8)
    network = Architecture.parse("8x8x1 conv4 | conv2:tanh")
    with pytest.raises(TrainingError, match="Choose mse or mae"):
        find_learning_rate(
            network,
            Dataset("color", color, color, color),
            task=ColorizeChroma(),
            config=TrainConfig(loss="bce"),
        )
