"""Training: the same numbers for the same seed, honest figures, an end to everything."""

from __future__ import annotations

import dataclasses
import gc
import weakref

import numpy as np
import pytest

from cae_core.architecture.notation import Architecture
from cae_core.data.registry import Dataset
from cae_core.errors import TrainingError
from cae_core.models.builder import build, split
from cae_core.training import callbacks, snapshot_taker
from cae_core.training.callbacks import BestEpoch, Reporter
from cae_core.training.config import TrainConfig
from cae_core.training.evaluation import Samples, evaluate
from cae_core.training.loop import make_optimizer, train
from cae_core.training.progress import Progress
from cae_core.training.snapshot_taker import SnapshotTaker
from cae_core.training.snapshots import LARGEST, MOST
from cae_core.training.tasks import ColorizeChroma, Denoise, Reconstruct, Variational

SMALL = Architecture.parse("8x8x1 conv4 pool | up conv1:sigmoid")


def blobs(count, shape, seed):
    """Images that can be learnt: one brightness each, rising from left to right."""
    height, width, channels = shape
    rng = np.random.default_rng(seed)
    brightness = rng.integers(0, 200, (count, 1, 1, channels))
    slope = np.linspace(0, 55, width)[None, None, :, None]
    return np.broadcast_to(brightness + slope, (count, height, width, channels)).astype(np.uint8)


def toy(train_count=64, *, shape=(8, 8, 1), test_seed=2):
    return Dataset(
        "toy", blobs(train_count, shape, 0), blobs(12, shape, 1), blobs(12, shape, test_seed)
    )


def losses(run):
    return [(record.loss, record.validation_loss) for record in run.history]


def assert_same_weights(first, second):
    for a, b in zip(first.get_weights(), second.get_weights(), strict=True):
        np.testing.assert_array_equal(a, b)


# The same seed, the same numbers

CONFIG = TrainConfig(epochs=2, batch_size=16, seed=3)
TASK = Denoise(0.2)


@pytest.fixture(scope="module")
def usual():
    """A training that others are compared with."""
    return train(SMALL, toy(), task=TASK, config=CONFIG)


@pytest.mark.heavy
def test_the_same_seed_gives_the_same_numbers_however_closely_it_is_watched(usual):
    again = train(
        SMALL,
        toy(),
        task=TASK,
        config=CONFIG,
        on_progress=lambda progress: None,
        should_stop=lambda: False,
    )
    assert losses(again) == losses(usual)
    assert again.test == usual.test
    assert_same_weights(again.model, usual.model)
    np.testing.assert_array_equal(again.samples, usual.samples)
    assert not again.stopped


@pytest.mark.heavy
def test_another_seed_gives_other_numbers(usual):
    other = train(SMALL, toy(), task=TASK, config=dataclasses.replace(CONFIG, seed=4))
    assert losses(other) != losses(usual)
    assert (other.model.get_weights()[0] != usual.model.get_weights()[0]).any()
    assert (other.samples[1] != usual.samples[1]).any()


# Learning


@pytest.mark.heavy
def test_the_loss_of_a_network_that_can_hand_the_image_through_falls_to_almost_nothing():
    architecture = Architecture.parse("8x8x1 conv8k1:linear | conv1k1:linear")
    config = TrainConfig(epochs=20, batch_size=8, learning_rate=0.03)
    run = train(architecture, toy(), config=config)
    assert [record.epoch for record in run.history] == list(range(1, 21))
    assert run.history[0].loss > 1e-3
    assert run.history[-1].loss < 1e-4
    assert run.history[-1].validation_loss < 1e-4
    assert run.test["psnr"] > 40


@pytest.mark.heavy
@pytest.mark.parametrize("text", ["conv8 bn pool conv8 bn | up", "conv8 pool res8 | up"])
def test_after_a_short_training_batch_normalisation_is_tested_as_it_was_trained(text):
    network = Architecture.parse(f"8x8x1 {text} conv1:sigmoid")
    run = train(network, toy(256), config=TrainConfig(epochs=8, batch_size=32))  # 64 steps
    assert run.test["mse"] < 2 * run.history[-1].loss


@pytest.mark.heavy
def test_a_denoiser_returns_less_noise_than_it_was_shown():
    architecture = Architecture.parse("8x8x1 conv8k5 | conv1k5:linear")
    config = TrainConfig(epochs=8, batch_size=8, learning_rate=0.02)
    run = train(architecture, toy(), task=Denoise(0.3), config=config)
    assert run.test["mse"] < 0.3**2 / 3


@pytest.mark.heavy
def test_a_batch_larger_than_the_data_is_one_step_and_the_largest_seed_works():
    reports = []
    config = TrainConfig(epochs=2, batch_size=4096, seed=2**31 - 1)
    three = blobs(3, (8, 8, 1), 0)
    run = train(
        SMALL, Dataset("three", three, three, three), config=config, on_progress=reports.append
    )
    assert {progress.batches for progress in reports} == {1}
    assert run.samples.shape == (3, 3, 8, 8, 1)  # fewer images than samples are shown
    assert np.isfinite(run.test["mse"])
    initial = build(SMALL, seed=config.seed)
    assert (run.model.get_weights()[0] != initial.get_weights()[0]).any()


@pytest.mark.heavy
def test_every_image_is_seen_once_an_epoch_the_last_part_of_a_batch_too():
    # 11 batches, the last of two images; the steps are taken in groups of 8.
    data = toy(72)
    # Hardly any step: the mean loss of the epoch is that of the network at the start.
    config = TrainConfig(epochs=1, batch_size=7, learning_rate=1e-9)
    reports = []
    run = train(SMALL, data, config=config, on_progress=reports.append)
    for part, measured in (
        (data.train, run.history[0].loss),
        (data.validation, run.history[0].validation_loss),
    ):
        images = part / np.float32(255)
        outputs = build(SMALL, seed=config.seed).predict(images, verbose=0)
        assert measured == pytest.approx(np.mean((outputs - images) ** 2), rel=1e-4)
    assert (reports[-1].batch, reports[-1].batches) == (11, 11)


# Validation


def test_validation_sees_the_same_noise_every_epoch_and_training_new_noise():
    config = TrainConfig(epochs=4, batch_size=16, learning_rate=1e-12, schedule="constant")
    run = train(SMALL, toy(), task=Denoise(0.5), config=config)
    training = {record.loss for record in run.history}
    validation = [record.validation_loss for record in run.history]
    assert len(training) == 4
    np.testing.assert_allclose(validation, validation[0], rtol=1e-6)


# Progress


@pytest.fixture(scope="module")
def watched():
    """A training of 3 epochs of 18 batches, and all that it reported."""
    reports = []
    config = TrainConfig(epochs=3, batch_size=4)
    run = train(SMALL, toy(70), task=Denoise(0.1), config=config, on_progress=reports.append)
    return run, reports


@pytest.mark.heavy
def test_the_fraction_done_rises_to_one(watched):
    _, reports = watched
    fractions = [progress.fraction for progress in reports]
    assert fractions == sorted(fractions)
    assert 0 < fractions[0] < 1
    assert fractions[-1] == 1
    assert reports[-1].seconds_left == 0


def test_every_report_counts_epochs_and_batches_from_one_to_their_number(watched):
    _, reports = watched
    for progress in reports:
        assert (progress.epochs, progress.batches) == (3, 18)
        assert 1 <= progress.epoch <= 3
        assert 1 <= progress.batch <= 18
        assert np.isfinite(progress.loss)
        assert progress.images_per_second > 0
        assert progress.seconds_left >= 0
    seconds = [progress.seconds for progress in reports]
    assert seconds == sorted(seconds)


def test_the_reports_carry_the_history_so_far(watched):
    run, reports = watched
    for progress in reports:
        assert progress.history == run.history[: len(progress.history)]
        assert len(progress.history) in (progress.epoch - 1, progress.epoch)
    assert reports[-1].history == run.history
    assert [record.epoch for record in run.history] == [1, 2, 3]
    ends = [progress for progress in reports if progress.batch == progress.batches]
    assert {len(progress.history) for progress in ends} >= {1, 2, 3}


def test_a_long_trace_is_thinned_to_means_of_pairs_and_keeps_its_newest_point(monkeypatch):
    monkeypatch.setattr(callbacks, "REPORT_INTERVAL_SECONDS", 0)
    monkeypatch.setattr(callbacks, "LONGEST_TRACE", 4)
    reports = []
    config = TrainConfig(epochs=1, batch_size=1)
    reporter = Reporter(config, 10, lambda: None, reports.append, should_stop=None)
    reporter.on_train_begin()
    reporter.on_epoch_begin(0)
    for batch in range(10):  # the loss of each batch is its number, their mean half of it
        reporter.on_train_batch_end(batch, {"loss": batch / 2})
    assert max(len(progress.trace) for progress in reports) == 4
    assert [progress.trace[-1][1] for progress in reports] == pytest.approx(range(10))
    np.testing.assert_allclose(reports[4].trace, [(0.15, 0.5), (0.35, 2.5), (0.5, 4)])


def test_the_trace_grows_and_its_points_lie_within_the_training(watched):
    _, reports = watched
    trace = reports[-1].trace
    assert trace
    at = [point for point, _ in trace]
    assert at == sorted(at)
    assert at[0] > 0
    assert at[-1] <= 3
    assert all(np.isfinite(loss) for _, loss in trace)
    for progress in reports:
        assert progress.trace == trace[: len(progress.trace)]


def test_the_sample_images_are_targets_inputs_and_outputs(watched):
    run, reports = watched
    with_samples = [progress for progress in reports if progress.samples is not None]
    # The first report and the end of every epoch.
    assert len(with_samples) >= 3
    for progress in with_samples:
        assert progress.samples.shape == (3, 8, 8, 8, 1)
        assert progress.samples.dtype == np.uint8
        np.testing.assert_array_equal(progress.samples[0], toy().validation[:8])
        np.testing.assert_array_equal(progress.samples[1], run.samples[1])
    targets, inputs, outputs = run.samples.astype(int)
    noise = (inputs - targets)[(targets > 80) & (targets < 175)] / 255
    assert noise.std() == pytest.approx(0.1, rel=0.25)
    expected = run.model.predict(inputs / np.float32(255), verbose=0) * 255
    # Here the input is rounded and cut to 0 to 255, in the training it was not.
    assert np.abs(outputs - expected).mean() < 1
    np.testing.assert_array_equal(with_samples[-1].samples, run.samples)


@pytest.mark.heavy
def test_print_will_do_to_watch_grey_images_of_28_pixels_train(capsys):
    architecture = Architecture.parse("28x28x1 conv4 pool conv4 pool | up conv4 up conv1:sigmoid")
    data = toy(40, shape=(28, 28, 1))
    run = train(architecture, data, config=TrainConfig(epochs=2), on_progress=print)
    lines = capsys.readouterr().out.splitlines()
    assert lines[-1] == "epoch 2/2  testing"
    assert lines[-2].startswith("epoch 2/2  batch 1/1  loss 0.")
    assert "validation 0." in lines[-2]
    assert lines[-2].endswith("0 s left")
    assert (run.task, run.dataset, run.test["images"]) == (Reconstruct(), "toy", 12)
    assert run.samples.shape == (3, 8, 28, 28, 1)
    assert run.seconds > 0


def test_the_first_report_can_be_written_before_there_is_a_loss():
    progress = Progress(1, 2, 0, 10, None, 0.0, 0.0, 60.0)
    assert progress.fraction == 0
    assert str(progress) == "epoch 1/2  batch 0/10  0 images/s  60 s left"


# Ends


def test_a_training_that_is_asked_to_stop_keeps_what_it_has_learnt():
    asked, reports = [], []

    def stop_at_the_second_question():
        asked.append(True)
        return len(asked) == 2

    config = TrainConfig(epochs=1000, batch_size=1, learning_rate=0.01)
    run = train(
        SMALL,
        toy(),
        config=config,
        should_stop=stop_at_the_second_question,
        on_progress=reports.append,
    )
    assert run.stopped
    assert len(asked) == 2
    assert run.history == ()
    assert reports[-1].batch < reports[-1].batches
    assert reports[-1].fraction < 0.001
    initial = build(SMALL, seed=config.seed)
    assert (run.model.get_weights()[0] != initial.get_weights()[0]).any()
    assert run.test == evaluate(run.model, toy().test, Reconstruct(), seed=config.seed)


def test_a_loss_that_is_no_longer_a_number_ends_the_training_with_a_remedy():
    linear = Architecture.parse("8x8x1 " + "conv16:linear " * 8 + "| conv16:linear conv1:linear")
    config = TrainConfig(epochs=50, batch_size=4, learning_rate=1.0, schedule="constant")
    with pytest.raises(TrainingError) as caught:
        train(linear, toy(), config=config)
    message = str(caught.value)
    assert message.startswith("The loss must stay a finite number. Received: ")
    assert "in epoch " in message
    assert "Lower the learning rate (now 1), or end the network with :sigmoid." in message


def test_a_network_that_does_not_fit_is_refused_before_anything_is_trained():
    reports = []
    with pytest.raises(TrainingError, match="The output must be 8x8x1"):
        train(Architecture.parse("8x8x1 conv4 pool | conv1"), toy(), on_progress=reports.append)
    with pytest.raises(TrainingError, match="Begin its text with 8x8x1"):
        train(Architecture.parse("conv4 | conv3"), toy(), on_progress=reports.append)
    assert reports == []


# Settings


@pytest.mark.parametrize(
    "settings",
    [
        {"epochs": 0},
        {"epochs": 1001},
        {"epochs": 2.5},
        {"epochs": True},
        {"epochs": "10"},
        {"batch_size": 0},
        {"batch_size": 4097},
        {"seed": -1},
        {"seed": 2**31},
        {"seed": None},
        {"learning_rate": 0},
        {"learning_rate": -0.001},
        {"learning_rate": 1.5},
        {"learning_rate": float("nan")},
        {"learning_rate": float("inf")},
        {"schedule": "linear"},
        {"schedule": ""},
    ],
)
def test_settings_out_of_range_are_refused_with_their_name_and_value(settings):
    (name, value), *_ = settings.items()
    with pytest.raises(TrainingError) as caught:
        TrainConfig(**settings)
    assert str(caught.value).startswith(name)
    assert f"Received: {name}={value!r}." in str(caught.value)


def test_the_ends_of_every_range_are_allowed():
    TrainConfig(epochs=1, batch_size=1, learning_rate=1e-12, seed=0, schedule="constant")
    TrainConfig(epochs=1000, batch_size=4096, learning_rate=1, seed=2**31 - 1, schedule="cosine")


# The test part


@pytest.mark.heavy
def test_the_test_part_has_no_influence_on_the_training(usual):
    other = train(SMALL, toy(test_seed=7), task=TASK, config=CONFIG)
    assert losses(other) == losses(usual)
    assert_same_weights(other.model, usual.model)
    np.testing.assert_array_equal(other.samples, usual.samples)
    assert other.test["mse"] != usual.test["mse"]


def test_the_runs_test_figures_are_those_of_its_model_on_the_test_part(usual):
    assert usual.test == evaluate(usual.model, toy().test, TASK, seed=CONFIG.seed)


# Early ends, best epochs, going on


def test_the_best_epochs_weights_are_kept():
    model = build(SMALL)
    best = BestEpoch(model, patience=None)
    best.on_epoch_end(0, {"val_loss": 0.5})
    kept = model.get_weights()
    model.set_weights([value + 1 for value in kept])
    best.on_epoch_end(1, {"val_loss": 0.7})
    best.restore()
    assert best.epoch == 1
    for a, b in zip(model.get_weights(), kept, strict=True):
        np.testing.assert_array_equal(a, b)


@pytest.mark.heavy
def test_the_tested_network_is_that_of_the_best_epoch():
    config = TrainConfig(epochs=8, batch_size=8, learning_rate=0.05, schedule="constant")
    run = train(SMALL, toy(), config=config)
    best = min(record.validation_loss for record in run.history)
    assert evaluate(run.model, toy().validation, Reconstruct())["mse"] == pytest.approx(
        best, rel=1e-4
    )


@pytest.mark.heavy
def test_a_training_that_ended_by_patience_is_not_trained_on(tmp_path):
    config = TrainConfig(
        epochs=100, batch_size=64, learning_rate=1e-9, schedule="constant", patience=2
    )
    checkpoint = tmp_path / "checkpoint.npz"
    first, again = (train(SMALL, toy(), config=config, checkpoint=checkpoint) for _ in range(2))
    assert again.history == first.history
    assert again.test == first.test


def test_patience_ends_a_training_that_no_longer_gets_better():
    config = TrainConfig(
        epochs=100, batch_size=64, learning_rate=1e-9, schedule="constant", patience=3
    )
    run = train(SMALL, toy(), config=config)
    assert 4 <= len(run.history) < 100
    assert not run.stopped


DRAWING = Architecture.parse("8x8x1 conv4 pool normal4 | up conv1:sigmoid")


@pytest.mark.parametrize(
    ("network", "task"),
    [
        pytest.param(SMALL, TASK, id="noise", marks=pytest.mark.heavy),
        pytest.param(DRAWING, Variational(), id="draws"),
    ],
)
def test_a_training_goes_on_from_its_checkpoint_as_if_it_had_never_ended(tmp_path, network, task):
    config = TrainConfig(epochs=4, batch_size=16, seed=3)
    whole = train(network, toy(), task=task, config=config)
    reports = []

    def after_two_epochs():
        return bool(reports) and reports[-1].epoch == 3

    checkpoint = tmp_path / "checkpoint.npz"
    train(
        network,
        toy(),
        task=task,
        config=config,
        on_progress=reports.append,
        should_stop=after_two_epochs,
        checkpoint=checkpoint,
    )
    first = reports[0].trace[0]
    resumed = train(
        network, toy(), task=task, config=config, on_progress=reports.append, checkpoint=checkpoint
    )
    assert len(resumed.history) == 4
    assert reports[-1].trace[0] == first
    np.testing.assert_allclose(losses(resumed), losses(whole), rtol=1e-5)
    for a, b in zip(resumed.model.get_weights(), whole.model.get_weights(), strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-4, atol=1e-6)
    np.testing.assert_array_equal(resumed.snapshots.epochs, whole.snapshots.epochs)
    # A rounding may fall to the other side.
    difference = resumed.snapshots.outputs - whole.snapshots.outputs.astype(int)
    assert np.abs(difference).max() <= 1


@pytest.mark.parametrize(
    ("known", "counted"), [(0.0, 1000.0), (5000.0, 5000.0)], ids=["epochs", "all-parts"]
)
def test_a_resumed_training_has_taken_the_time_of_all_its_parts(tmp_path, known, counted):
    checkpoint = tmp_path / "checkpoint.npz"
    train(SMALL, toy(), config=TrainConfig(epochs=1, batch_size=64), checkpoint=checkpoint)
    with np.load(checkpoint) as arrays:
        slow = dict(arrays)
    slow["history"][:, -1] = 1000  # seconds of its epoch
    np.savez(checkpoint, **slow)
    reports = []
    run = train(
        SMALL,
        toy(),
        config=TrainConfig(epochs=2, batch_size=64),
        checkpoint=checkpoint,
        seconds_before=known,
        on_progress=reports.append,
    )
    assert counted < reports[0].seconds <= run.seconds < counted + 600
    assert reports[-1].seconds_left < 600  # is told by the speed of this part


def test_a_checkpoint_that_cannot_be_written_ends_a_training_unless_its_caller_wants_to_know(
    tmp_path,
):
    config = TrainConfig(epochs=3, batch_size=64)
    lost, said = tmp_path / "gone" / "it.npz", []
    with pytest.raises(FileNotFoundError):
        train(SMALL, toy(), config=config, checkpoint=lost)
    run = train(SMALL, toy(), config=config, checkpoint=lost, on_unwritten=said.append)
    assert len(run.history) == 3
    assert [type(error) for error in said] == [FileNotFoundError]


@pytest.mark.heavy
def test_another_networks_checkpoint_is_refused(tmp_path):
    config = TrainConfig(epochs=1, batch_size=64)
    train(SMALL, toy(), config=config, checkpoint=tmp_path / "it.npz")
    other = Architecture.parse("8x8x1 conv5 pool | up conv1:sigmoid")
    with pytest.raises(TrainingError, match="of this network and its settings"):
        train(other, toy(), config=config, checkpoint=tmp_path / "it.npz")


@pytest.mark.heavy
@pytest.mark.parametrize(
    "optimizer",
    ["sgd", *(pytest.param(name, marks=pytest.mark.heavy) for name in ("adam", "adamw"))],
)
def test_every_optimizer_learns(optimizer):
    rate = 0.3 if optimizer == "sgd" else 0.02
    config = TrainConfig(epochs=6, batch_size=8, learning_rate=rate, optimizer=optimizer)
    run = train(SMALL, toy(), config=config)
    assert run.history[-1].loss < 0.7 * run.history[0].loss
    kind = {"adam": "Adam", "adamw": "AdamW", "sgd": "SGD"}[optimizer]
    assert type(make_optimizer(config, 48)).__name__ == kind


@pytest.mark.parametrize(
    ("schedule", "expected"),
    [
        # Shares of the training, and of the highest rate.
        ("constant", {0: 1, 0.5: 1, 1: 1}),
        ("cosine", {0: 1 / 20, 0.025: 0.525, 0.05: 1, 0.525: 0.5, 1: 0}),
        ("one_cycle", {0: 1 / 25, 1 / 6: 0.52, 1 / 3: 1, 2 / 3: 0.5, 1: 0}),
    ],
)
def test_the_learning_rate_rises_and_falls_as_its_schedule_says(schedule, expected):
    config = TrainConfig(learning_rate=0.3, schedule=schedule)
    optimizer = make_optimizer(config, 600)
    found = []
    for share in expected:
        optimizer.iterations.assign(round(600 * share))
        found.append(float(optimizer.learning_rate))
    np.testing.assert_allclose(found, 0.3 * np.array([*expected.values()]), atol=1e-3)


@pytest.mark.parametrize(
    "loss",
    ["mse", *(pytest.param(name, marks=pytest.mark.heavy) for name in ("ssim", "mae", "bce"))],
)
def test_every_loss_is_learnt_and_tested_with_the_same_figures(loss):
    config = TrainConfig(epochs=4, batch_size=8, learning_rate=0.02, loss=loss)
    run = train(SMALL, toy(), config=config)
    assert run.history[-1].loss < run.history[0].loss
    assert run.test == evaluate(run.model, toy().test, Reconstruct())


@pytest.mark.heavy
def test_chrominance_is_not_measured_by_losses_of_the_positive():
    data = toy(16, shape=(8, 8, 3))
    network = Architecture.parse("8x8x1 conv4 | conv2:tanh")
    with pytest.raises(TrainingError, match="Choose mse or mae"):
        train(network, data, task=ColorizeChroma(), config=TrainConfig(loss="bce"))
    run = train(network, data, task=ColorizeChroma(), config=TrainConfig(epochs=1))
    assert run.samples.shape == (3, 8, 8, 8, 3)


def test_the_worst_and_best_test_images_are_kept_with_all_errors(usual):
    assert usual.errors.shape == (12,)
    assert usual.errors.mean() == pytest.approx(usual.test["mse"])
    assert usual.extremes.shape == (2, 3, 8, 8, 8, 1)
    worst = toy().test[np.argmax(usual.errors)]
    np.testing.assert_array_equal(usual.extremes[0, 0, 0], worst)


@pytest.mark.heavy
def test_nothing_keeps_the_images_once_a_training_has_ended():
    """TensorFlow keeps what it read from; a worker that trains all day must not grow."""
    images = blobs(64, (8, 8, 1), seed=0)
    data = Dataset("few", images, images[:8].copy(), images[:8].copy())
    train(SMALL, data, config=TrainConfig(epochs=1, batch_size=16))
    kept = weakref.ref(images)
    del data, images
    gc.collect()
    assert kept() is None


# Snapshots


def test_snapshots_lead_from_the_random_weights_to_the_last_ones(usual):
    snapshots = usual.snapshots
    assert snapshots.epochs[0] == 0
    assert snapshots.epochs[-1] == CONFIG.epochs
    assert np.all(np.diff(snapshots.epochs) > 0)
    network = build(SMALL, seed=CONFIG.seed)
    inputs = Samples(network, TASK, usual.samples[0], CONFIG.seed).inputs
    encoder, _ = split(network)
    np.testing.assert_allclose(snapshots.latents[0], encoder(inputs), atol=1e-3)
    np.testing.assert_allclose(snapshots.outputs[0] / 255, network(inputs), atol=0.01)
    np.testing.assert_allclose(
        snapshots.kernels[0], network.get_layer("layer_1_conv").kernel, atol=1e-3
    )
    np.testing.assert_array_equal(snapshots.images, usual.samples[0])
    assert snapshots.outputs.shape[1:] == usual.samples[2].shape
    assert not np.array_equal(snapshots.kernels[0], snapshots.kernels[-1])


def taken(text, monkeypatch, share):
    """The snapshots of twenty epochs in which nothing is learnt."""
    monkeypatch.setattr(snapshot_taker, "LARGEST_SHARE", share)
    network = build(Architecture.parse(text, input_shape=(16, 16, 3)))
    samples = Samples(network, Reconstruct(), blobs(8, (16, 16, 3), 0), seed=0)
    taker = SnapshotTaker(samples, steps=2000, batches=100)
    taker.on_train_begin()
    for epoch in range(20):
        taker.on_epoch_begin(epoch)
        for batch in range(7, 107, 8):
            taker.on_train_batch_end(batch)
    return taker.snapshots()


def test_snapshots_that_take_too_much_of_the_time_are_left_out_but_for_the_first_and_the_last(
    monkeypatch,
):
    snapshots = taken("conv5 | conv3", monkeypatch, share=0.0)
    assert len(snapshots) == snapshot_taker.ALWAYS + 1
    assert snapshots.epochs[-1] == 20
    assert snapshots.epochs[-2] < 5


@pytest.mark.parametrize(
    ("text", "kernels"),
    [
        ("conv5 | conv3", (3, 3, 3, 5)),
        ("flatten dense9 | dense768 reshape16x16x3", (16, 16, 3, 9)),
        ("pool flatten dense9 | dense768 reshape16x16x3", (1, 1, 1, 0)),
        ("res4 | conv3", (1, 1, 1, 0)),
    ],
)
def test_snapshots_are_few_and_small_and_show_kernels_where_there_are_some(
    monkeypatch, text, kernels
):
    snapshots = taken(text, monkeypatch, share=1.0)
    assert 10 < len(snapshots) <= MOST
    assert (snapshots.epochs[0], snapshots.epochs[-1]) == (0, 20)
    assert sum(array.nbytes for array in vars(snapshots).values()) <= LARGEST
    assert snapshots.kernels.shape[1:] == kernels
    snapshots.check()
