"""Sessions: a learning rate that knows the time, and checkpoints between them."""

from types import SimpleNamespace

import keras
import numpy as np
import pytest

from cae_core.recipes.time_budget import (
    WARMUP_STEPS,
    SessionHistory,
    TimeBudgetedRate,
    fit_session,
)
from cae_core.training.callbacks import Checkpoint
from cae_core.training.history import read_history
from cae_core.zoo.cards import WEIGHTS

PEAK, MINUTES = 0.5, 10


class Session:
    """A callback with a clock and a model of its own; time passes when it is told so."""

    def __init__(self, steps_per_execution=1):
        self.now = 100.0
        self.model = SimpleNamespace(
            optimizer=SimpleNamespace(learning_rate=None), stop_training=False
        )
        self.rate = TimeBudgetedRate(PEAK, MINUTES, steps_per_execution, clock=lambda: self.now)
        self.rate.set_model(self.model)

    def rates(self, batches):
        found = []
        for batch in range(batches):
            self.rate.on_train_batch_begin(batch)
            found.append(self.model.optimizer.learning_rate)
        return found


def test_the_rate_rises_evenly_to_its_peak_and_stays_there_while_no_time_passes():
    rates = np.array(Session().rates(WARMUP_STEPS + 10))
    expected = PEAK * np.minimum(np.arange(1, WARMUP_STEPS + 11) / WARMUP_STEPS, 1)
    np.testing.assert_allclose(rates, expected)


def test_the_warm_up_counts_steps_and_not_calls_of_the_graph():
    (first, *_, last) = Session(steps_per_execution=10).rates(WARMUP_STEPS // 10)
    assert first == pytest.approx(PEAK / WARMUP_STEPS)
    assert last == pytest.approx(PEAK * (1 - 9 / WARMUP_STEPS))


def test_the_rate_falls_with_the_time_to_nothing_at_its_end():
    session = Session(steps_per_execution=WARMUP_STEPS)
    session.rates(2)
    found = []
    for share in (0.25, 0.5, 1.0, 1.5):
        session.now = 100 + share * MINUTES * 60
        found += session.rates(1)
    assert found == pytest.approx([0.75 * PEAK, 0.5 * PEAK, 0, 0])


def test_a_session_ends_with_the_epoch_in_which_its_time_is_over():
    session = Session()
    session.now += 60 * MINUTES - 1
    session.rate.on_epoch_end(0)
    assert not session.model.stop_training
    session.now += 1
    session.rate.on_epoch_end(1)
    assert session.model.stop_training


def trained(seed, steps):
    """A small model after some steps of Adam."""
    keras.utils.set_random_seed(seed)
    model = keras.Sequential([keras.Input((3,)), keras.layers.Dense(2)])
    model.compile("adam", "mse")
    model.optimizer.build(model.trainable_variables)
    for _ in range(steps):
        model.train_on_batch(np.ones((4, 3)), np.zeros((4, 2)))
    return model


def test_the_next_session_begins_with_the_weights_and_moments_of_the_last(tmp_path):
    last, following = trained(1, steps=3), trained(2, steps=0)
    checkpoint = Checkpoint(tmp_path / "checkpoint.npz")
    checkpoint.restore(following)  # nothing there yet
    checkpoint.set_model(last)
    checkpoint.on_epoch_end(0)
    checkpoint.restore(following)
    expected = [*last.weights, *last.optimizer.variables]
    found = [*following.weights, *following.optimizer.variables]
    assert len(expected) > len(last.weights)
    for ours, theirs in zip(found, expected, strict=True):
        np.testing.assert_array_equal(ours.numpy(), theirs.numpy())


def epochs(model, folder, scores):
    """A session in whose epochs a model's bias is its score."""
    history = SessionHistory(
        model, folder, counted="images", per_epoch=8, measure=dict, score=lambda row: row["score"]
    )
    for epoch, score in enumerate(scores):
        model.layers[-1].bias.assign([score, score])
        history.on_epoch_end(epoch, {"score": score})


def test_the_best_weights_of_all_sessions_are_kept(tmp_path):
    model = trained(1, steps=0)
    for scores, best in (((0.5, 0.75, 0.25), 0.75), ((0.5, 0.625), 0.75), ((0.5, 1.0), 1.0)):
        epochs(model, tmp_path, scores)
        model.load_weights(tmp_path / WEIGHTS)
        np.testing.assert_array_equal(model.layers[-1].bias.numpy(), best)
    rows = read_history(tmp_path)
    assert [row["images"] for row in rows] == [8, 16, 24, 32, 40, 48, 56]
    assert [row["score"] for row in rows] == [0.5, 0.75, 0.25, 0.5, 0.625, 0.5, 1.0]


class Ones(keras.utils.PyDataset):
    """Two batches of ones."""

    def __len__(self):
        return 2

    def __getitem__(self, index):
        return np.ones((4, 3)), np.zeros(4)


def session(folder, seed, minutes):
    """A model after a session of one epoch."""
    keras.utils.set_random_seed(seed)
    model = keras.Sequential([keras.Input((3,)), keras.layers.Dense(2)])
    history = SessionHistory(
        model, folder, counted="images", per_epoch=8, measure=dict, score=lambda row: -row["loss"]
    )
    optimizer = keras.optimizers.Adam(use_ema=True, ema_momentum=0.5)
    fit_session(
        model, optimizer, Ones(), history, folder, minutes=minutes, peak=0.1, steps_per_execution=1
    )
    return model


def test_a_session_without_time_left_changes_nothing_of_the_last_one(tmp_path):
    first = session(tmp_path, seed=1, minutes=1e-9)
    second = session(tmp_path, seed=2, minutes=1e-9)
    for ours, theirs in zip(second.get_weights(), first.get_weights(), strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=1e-5)
    assert [row["images"] for row in read_history(tmp_path)] == [8, 16]
