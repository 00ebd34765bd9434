import csv
import os
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from cae_core.architecture.layers import LAYER_KINDS
from cae_core.architecture.notation import Architecture
from cae_core.architecture.presets import PRESETS
from cae_core.data.registry import load_dataset
from cae_core.errors import TrainingError
from cae_core.export.script import generate_script
from cae_core.models import layers
from cae_core.training.config import LOSSES, OPTIMIZERS, SCHEDULES, TrainConfig
from cae_core.training.tasks import ColorizeChroma, ColorizeRGB, Denoise, Reconstruct

SMALL = Architecture.parse("8x8x3 conv4 pool | up conv3:sigmoid")
TO_RGB = Architecture.parse("8x8x1 conv4 pool | up conv3:linear")  # leaves [0, 1]
TO_CHROMA = Architecture.parse("8x8x1 conv4 pool | up conv2:tanh")
# Every task, and a network for it that takes images of 8x8x3.
TASKS = [
    (Reconstruct(), SMALL),
    (Denoise(0.3), SMALL),
    (Denoise((0.1, 0.5), clip=True), SMALL),
    (ColorizeRGB(), TO_RGB),
    (ColorizeChroma(), TO_CHROMA),
]
# Chrominance may be negative: not every loss is for it.
TASKS_AND_LOSSES = [
    (task, architecture, loss)
    for task, architecture in TASKS
    for loss in (("mse", "mae") if task == ColorizeChroma() else LOSSES)
]
EVERY_KIND = Architecture.parse(
    "16x16x1 conv8:valid pad @first conv8k5:leaky_relu add@first pool3s2:same unshuffle bn tanh "
    "conv8k1s2 up conv32k1 @latent | shuffle deconv8k5:valid:elu crop avgpool2s1 up:bilinear "
    "res8k5s2:elu res8 cat@first subpixel4s3 blur crop12 deconv4 avgpool deconv4s1 conv8k9:linear "
    "flatten dense20:linear dense256 reshape16x16x1 sigmoid"
)
# ResNet-34 takes long to build, and its residual blocks are among every kind.
ARCHITECTURES = {
    preset.id: preset.architecture for preset in PRESETS.values() if "resnet" not in preset.id
} | {"every kind": EVERY_KIND}


@pytest.fixture
def keras_registry():
    """The registered classes afterwards as before: scripts register copies of our layers."""
    import keras

    # Imported first, so that its classes are in what is kept.
    from cae_core.models import layers as keras_layers  # noqa: F401

    registry = keras.saving.get_custom_objects()
    before = dict(registry)
    yield
    registry.clear()
    registry.update(before)


def run(command, **settings):
    """A finished process and what it printed."""
    return subprocess.run(command, capture_output=True, text=True, check=False, **settings)  # noqa: S603


def executed(script):
    """The names that a script defines; its main is not run."""
    namespace = {"__name__": "script"}
    exec(compile(script, "script.py", "exec"), namespace)  # noqa: S102 - our own text
    return namespace


def tiny_arrays(shape=(8, 8, 3)):
    """Images that a network can learn something from: one grey level each."""
    random = np.random.default_rng(0)
    levels = {"x_train": 40, "x_test": 12}
    return {
        name: np.broadcast_to(
            random.integers(0, 256, (count, 1, 1, 1), dtype=np.uint8), (count, *shape)
        ).copy()
        for name, count in levels.items()
    }


def described(model):
    """Every layer's name, output shape and settings, the random start left out."""
    start = {"kernel_initializer", "seed"}
    return [
        (
            layer.name,
            layer.output.shape,
            {key: value for key, value in layer.get_config().items() if key not in start},
        )
        for layer in model.layers
    ]


def test_the_test_architecture_has_every_kind_of_layer():
    assert {type(layer) for layer in EVERY_KIND.layers} == set(LAYER_KINDS.values())


@pytest.mark.parametrize("name", ARCHITECTURES)
def test_the_script_builds_the_model_that_build_makes(name, keras_registry):
    from cae_core.models.builder import build

    architecture = ARCHITECTURES[name]

    made = executed(generate_script(architecture, dataset=dataset_for(architecture)))
    script_model = made["build_autoencoder"]()

    model = build(architecture)
    assert described(script_model) == described(model)
    assert script_model.count_params() == model.count_params()


def dataset_for(architecture):
    """A data set whose images an architecture takes."""
    named = {(32, 32, 3): "cifar10", (28, 28, 1): "mnist"}
    return named.get(architecture.input_shape, "my images")


def test_own_layers_are_in_the_script_only_where_they_are_used():
    assert "class " not in generate_script(PRESETS["homework"].architecture)

    script = generate_script(PRESETS["pixel-shuffle"].architecture)

    assert re.findall(r"^class (\w+)", script, re.MULTILINE) == ["Blur", "SubPixelUpsampling"]


def test_every_layer_line_ends_with_its_output_shape_and_the_latent_is_marked():
    lines = generate_script(PRESETS["homework"].architecture).splitlines()

    conv = 'x = layers.Conv2D(8, 3, padding="same", activation="relu", name="layer_1_conv")(x)'
    assert f"    {conv}  # 32x32x8" in lines
    latent = 'x = layers.Identity(name="latent")(x)'
    assert f"    {latent}  # the latent: 8x8x16 = 1,024 numbers" in lines


def test_scripts_pass_ruff_check_and_are_formatted(tmp_path):
    scripts = {
        f"{name}.py": generate_script(architecture, dataset=dataset_for(architecture))
        for name, architecture in ARCHITECTURES.items()
    }
    for number, (task, architecture, loss) in enumerate(TASKS_AND_LOSSES):
        config = TrainConfig(
            loss=loss,
            schedule=SCHEDULES[number % 3],
            optimizer=OPTIMIZERS[number % 3],
            patience=3 if number % 2 else None,
        )
        script = generate_script(architecture, task=task, config=config, dataset="mine")
        scripts[f"task_{number}.py"] = script
    for name, script in scripts.items():
        (tmp_path / name).write_text(script)

    ruff = [sys.executable, "-m", "ruff"]
    for command in (["check", "--extend-select=E501"], ["format", "--check"]):
        options = ["--line-length=100", "--isolated", "--no-cache"]
        result = run([*ruff, *command, *options, tmp_path])
        assert result.returncode == 0, result.stdout


def test_writing_a_script_does_not_import_keras():
    latent = (
        "import sys, cae_core as cae\n"
        "cae.generate_script(cae.get_preset('pixel-shuffle').architecture)\n"
        "print(sorted({'keras', 'tensorflow', 'skimage'} & set(sys.modules)))"
    )

    result = run([sys.executable, "-c", latent])

    assert (result.stdout, result.stderr) == ("[]\n", "")


def test_the_settings_stand_at_the_top():
    config = TrainConfig(epochs=7, batch_size=50, learning_rate=0.01, seed=5, schedule="constant")

    script = generate_script(SMALL, task=Denoise(0.25), config=config, dataset="mine")

    for constant in ("EPOCHS = 7", "BATCH_SIZE = 50", "LEARNING_RATE = 0.01", "SEED = 5"):
        assert f"\n{constant}\n" in script
    assert "\nSIGMA = 0.25  # " in script
    assert "CosineDecay" not in script
    assert "PATIENCE" not in script

    script = generate_script(SMALL, config=TrainConfig(patience=4), dataset="mine")

    assert "\nPATIENCE = 4  # " in script


def test_a_plain_reconstruction_has_nothing_of_the_other_tasks_and_losses():
    script = generate_script(PRESETS["homework"].architecture)

    for name in ("typing", "Any", "class", "noise", "ssim", "lab_from_rgb", "grey("):
        assert name not in script
    assert len(script.splitlines()) < 220


@pytest.mark.parametrize("steps", [1, 10, 1000])
@pytest.mark.parametrize("name", ["cosine", "one_cycle"])
def test_the_learning_rate_follows_the_apps_schedule(name, steps):
    from cae_core.training.loop import _learning_rate

    config = TrainConfig(learning_rate=0.01, schedule=name)
    made = executed(generate_script(SMALL, config=config, dataset="mine"))

    schedule, expected = made["learning_rate_schedule"](steps), _learning_rate(config, steps)

    at = [0, steps // 20, steps // 3, steps // 2, steps - 1]
    assert [float(schedule(step)) for step in at] == [float(expected(step)) for step in at]


def test_an_architecture_for_other_images_is_refused():
    with pytest.raises(TrainingError, match=r"must be the images' 32x32x3.*Received:.*8x8x3"):
        generate_script(SMALL, dataset="cifar10")


def test_images_that_no_photograph_holds_are_refused():
    architecture = Architecture.parse("512x512x3 conv4 | conv3")
    with pytest.raises(TrainingError, match=r"at most 256 pixels a side.*Received:.*512x512x3"):
        generate_script(architecture, dataset="mine")


@pytest.mark.parametrize("task", [ColorizeRGB(), ColorizeChroma()])
def test_colorizing_grey_images_is_refused(task):
    architecture = Architecture.parse("28x28x1 conv4 | conv3:sigmoid")
    with pytest.raises(TrainingError, match=r"colour.*Received:.*28x28x1.*data set in colour"):
        generate_script(architecture, task=task, dataset="mnist")


@pytest.mark.parametrize("task", [ColorizeRGB(), ColorizeChroma()])
def test_colorizing_with_a_network_for_colour_is_refused_and_the_remedy_named(task):
    with pytest.raises(TrainingError, match=r"Begin its text with 8x8x1"):
        generate_script(SMALL, task=task, dataset="mine")


@pytest.mark.parametrize("loss", ["bce", "ssim"])
def test_a_loss_that_cannot_measure_chrominance_is_refused(loss):
    with pytest.raises(TrainingError, match=f"Received: loss='{loss}'. Choose mse or mae"):
        generate_script(
            TO_CHROMA, task=ColorizeChroma(), config=TrainConfig(loss=loss), dataset="mine"
        )


def test_a_task_without_a_script_is_a_bug():
    class Sharpen:
        pass

    with pytest.raises(TypeError, match="Sharpen"):
        generate_script(SMALL, task=Sharpen(), dataset="mine")


def test_the_name_of_a_folder_cannot_become_code():
    hostile = '"""\nimport os  # '

    script = generate_script(SMALL, dataset=hostile)

    assert script == generate_script(SMALL, dataset="mine")
    assert "import os" not in script


def test_the_split_is_that_of_the_app(tmp_path, monkeypatch):
    arrays = tiny_arrays((32, 32, 3))
    np.savez(tmp_path / "cifar10.npz", **arrays)
    monkeypatch.setenv("CAE_DATA_DIR", str(tmp_path))
    script = generate_script(PRESETS["homework"].architecture, config=TrainConfig(seed=4))

    parts = executed(script)["load_data"](tmp_path / "cifar10.npz")

    data = load_dataset("cifar10", seed=4)
    for part, expected in zip(parts, (data.train, data.validation, data.test), strict=True):
        np.testing.assert_array_equal(part, expected)


def test_a_validation_part_in_the_file_is_used(tmp_path):
    arrays = tiny_arrays()
    np.savez(tmp_path / "own.npz", **arrays, x_validation=arrays["x_test"][:3])
    made = executed(generate_script(SMALL, dataset="mine"))

    x_train, x_validation, _ = made["load_data"](tmp_path / "own.npz")

    assert len(x_train) == 40
    np.testing.assert_array_equal(x_validation, arrays["x_test"][:3])


def test_grey_images_may_come_without_their_channel_but_not_in_another_size(tmp_path):
    script = generate_script(PRESETS["lesson-cnn"].architecture, dataset="mnist")
    checked = executed(script)["checked"]

    assert checked(np.zeros((2, 28, 28), np.uint8)).shape == (2, 28, 28, 1)
    with pytest.raises(SystemExit, match=r"uint8 \(28, 28, 1\), not uint8 \(32, 32, 1\)"):
        checked(np.zeros((2, 32, 32, 1), np.uint8))
    with pytest.raises(SystemExit, match="not float64"):
        checked(np.zeros((2, 28, 28, 1)))


def test_photographs_are_cut_to_grey_patches_of_the_size_that_the_network_takes():
    architecture = Architecture.parse("20x24x1 conv2 | conv1")

    parts = executed(generate_script(architecture, dataset="my images"))["load_data"]()

    assert [part.shape for part in parts] == [(n, 20, 24, 1) for n in (20_000, 2_500, 2_500)]
    assert all(part.dtype == np.uint8 and part.std() > 20 for part in parts)


def noise_of(task):
    """Two draws of a script's noise on mid-grey images, as deviations from them."""
    made = executed(generate_script(SMALL, task=task, dataset="mine"))
    layer = made["AddNoise"](0)
    grey = np.full((200, 8, 8, 3), 0.5, np.float32)
    return [np.asarray(layer(grey)) - 0.5 for _ in range(2)]


def test_noise_has_its_sigma_and_is_drawn_anew_and_not_clipped():
    first, second = noise_of(Denoise(0.5))

    assert first.std() == pytest.approx(0.5, rel=0.02)
    assert abs(np.corrcoef(first.ravel(), second.ravel())[0, 1]) < 0.05
    assert first.min() < -0.5
    assert first.max() > 0.5


def test_clipped_noise_stays_in_the_range_of_images():
    first, _ = noise_of(Denoise(0.5, clip=True))

    assert first.min() == -0.5
    assert first.max() == 0.5


def test_a_range_of_sigmas_is_drawn_from_per_image():
    first, _ = noise_of(Denoise((0.1, 0.9)))

    sigmas = first.std(axis=(1, 2, 3))
    assert 0.05 < sigmas.min() < 0.2
    assert 0.8 < sigmas.max() < 1.0


def coloured_noise(count, seed):
    """Images without any order: uint8 (count, 8, 8, 3)."""
    return np.random.default_rng(seed).integers(0, 256, (count, 8, 8, 3), dtype=np.uint8)


@pytest.mark.parametrize(("task", "architecture", "loss"), TASKS_AND_LOSSES)
def test_the_loss_is_that_of_the_app(task, architecture, loss):
    from cae_core.training.losses import LOSS_FUNCTIONS, TargetLoss

    config = TrainConfig(loss=loss)
    made = executed(generate_script(architecture, task=task, config=config, dataset="mine"))
    images = coloured_noise(5, seed=0)
    output = np.random.default_rng(1).random((5, *task.output_shape((8, 8, 3))), np.float32)

    values = np.asarray(made["loss"](images, output))

    expected = np.asarray(TargetLoss(task, LOSS_FUNCTIONS[loss]).call(images, output))
    assert values.shape == (5,)
    np.testing.assert_allclose(values, expected, rtol=1e-6)


@pytest.mark.parametrize(("task", "architecture"), TASKS)
def test_the_test_figures_are_those_of_the_app(task, architecture):
    from cae_core.training.loop import evaluate

    config = TrainConfig(seed=7)
    made = executed(generate_script(architecture, task=task, config=config, dataset="mine"))
    model = made["build_autoencoder"]()
    images = coloured_noise(300, seed=2)  # more than one batch

    mse, psnr = made["evaluate"](model, images)

    expected = evaluate(model, images, task, seed=7)
    assert mse == pytest.approx(expected["mse"], rel=1e-5)
    assert psnr == pytest.approx(expected["psnr"], rel=1e-5)


@pytest.mark.parametrize(("task", "architecture"), [*TASKS[:1], *TASKS[3:]])
def test_the_network_is_shown_what_the_app_shows_it(task, architecture):
    made = executed(generate_script(architecture, task=task, dataset="mine"))
    images = coloured_noise(3, seed=3)

    shown, returned = made["reconstruct"](made["build_autoencoder"](), images)

    expected = np.asarray(task.corrupt(images / np.float32(255), seed=0))
    np.testing.assert_allclose(shown, expected, atol=1e-6)
    assert returned.shape == images.shape


def test_the_psnr_of_an_image_without_any_error_is_infinite_as_in_the_app():
    from cae_core.training.loop import evaluate

    architecture = Architecture.parse("8x8x3 conv4 | conv3")
    made = executed(generate_script(architecture, dataset="mine"))
    model = made["build_autoencoder"]()
    black = np.zeros((2, 8, 8, 3), np.uint8)  # without a bias yet, black comes back black

    assert made["evaluate"](model, black) == (0.0, np.inf)

    assert evaluate(model, black, Reconstruct())["psnr"] == np.inf


def trained(config, x_train, x_validation, *, task=None):
    """A script's names, its network after the script's training, and Keras's history."""
    import keras

    made = executed(generate_script(SMALL, task=task, config=config, dataset="mine"))
    keras.utils.set_random_seed(config.seed)
    model = made["build_autoencoder"]()
    history = made["train"](model, x_train, x_validation, config.epochs)
    return made, model, history


@pytest.mark.parametrize("optimizer", OPTIMIZERS)
def test_the_optimizer_is_that_of_the_app(optimizer):
    from cae_core.training.loop import make_optimizer

    config = TrainConfig(epochs=1, batch_size=16, optimizer=optimizer, schedule="constant")

    _, _, history = trained(config, coloured_noise(40, 4), coloured_noise(12, 5))

    # Keras counts optimisers in their names.
    made, expected = history.model.optimizer, make_optimizer(config, steps=3)
    assert type(made) is type(expected)
    assert made.get_config() | {"name": ""} == expected.get_config() | {"name": ""}


@pytest.mark.parametrize("patience", [None, 2])
def test_the_best_epochs_weights_are_kept_and_patience_ends_early(patience):
    config = TrainConfig(epochs=5, batch_size=8, schedule="constant", patience=patience)
    # The more white is learnt, the worse the validation's black comes back.
    white, black = np.full((40, 8, 8, 3), 255, np.uint8), np.zeros((12, 8, 8, 3), np.uint8)

    made, model, history = trained(config, white, black)

    losses = history.history["val_loss"]
    assert losses == sorted(losses)
    assert len(losses) == (5 if patience is None else 1 + patience)
    output = model.predict(black / np.float32(255), verbose=0)
    kept = float(np.mean(made["loss"](black, output)))
    assert kept == pytest.approx(losses[0], rel=1e-5)
    assert losses[0] < losses[1] * 0.999


def test_validation_sees_the_same_noise_every_epoch_and_training_new_noise():
    config = TrainConfig(epochs=3, batch_size=40, learning_rate=1e-12, schedule="constant")

    _, _, history = trained(config, coloured_noise(40, 4), coloured_noise(12, 5), task=Denoise(0.5))

    assert len(set(history.history["loss"])) == 3
    validation = history.history["val_loss"]
    np.testing.assert_allclose(validation, validation[0], rtol=1e-6)


def run_script(script, folder, *options):
    """Runs a script as a user would; returns what it printed."""
    path = folder / "autoencoder.py"
    path.write_text(script)
    result = run(
        [sys.executable, path.name, "--out", "made", *options],
        cwd=folder,
        env=os.environ | {"TF_CPP_MIN_LOG_LEVEL": "3", "PYTHONPATH": ""},
    )
    assert result.returncode == 0, result.stderr
    # Keras warns through `warnings` and through absl's log; TensorFlow's own notes may be there.
    assert "Warning:" not in result.stderr
    assert "WARNING:absl" not in result.stderr
    return result.stdout


def printed_mse(output):
    return float(re.search(r"test MSE ([\d.]+), PSNR [\d.]+ dB", output)[1])


def history_of(folder):
    with (folder / "made" / "history.csv").open(newline="") as file:
        return list(csv.DictReader(file))


def image_size(folder):
    """Width and height of the sheet of test images."""
    with Image.open(folder / "made" / "images.png") as image:
        return image.size


def test_a_reconstruction_script_trains_saves_and_prints_the_saved_models_error(tmp_path):
    import keras

    arrays = tiny_arrays()
    np.savez(tmp_path / "tiny.npz", **arrays)

    output = run_script(
        generate_script(SMALL, dataset="mine"), tmp_path, "--data", "tiny.npz", "--epochs", "1"
    )

    model = keras.models.load_model(tmp_path / "made" / "autoencoder.keras")
    clean = arrays["x_test"].astype(np.float32) / 255
    expected = np.mean((np.clip(model.predict(clean, verbose=0), 0, 1) - clean) ** 2)
    assert printed_mse(output) == pytest.approx(expected, abs=1e-6)
    assert "on 12 test images" in output
    (epoch,) = history_of(tmp_path)
    assert list(epoch) == ["epoch", "loss", "validation_loss"]
    assert 0 < float(epoch["validation_loss"]) < 1
    # Two rows of ten images, enlarged three times.
    assert image_size(tmp_path) == (10 * 8 * 3, 2 * 8 * 3)


def test_a_denoising_script_trains_saves_and_prints_the_saved_models_error(
    tmp_path, keras_registry
):
    import keras

    # With layers of our own, which the saved model has to bring along.
    architecture = Architecture.parse("8x8x1 unshuffle @a conv8 bn | conv4 cat@a shuffle conv1")
    arrays = tiny_arrays((8, 8, 1))
    np.savez(tmp_path / "tiny.npz", **{name: part[..., 0] for name, part in arrays.items()})
    script = generate_script(architecture, task=Denoise(0.3), dataset="mine")

    output = run_script(script, tmp_path, "--data", "tiny.npz", "--epochs", "2")

    made = executed(script)
    model = keras.models.load_model(tmp_path / "made" / "autoencoder.keras")
    mse, _ = made["evaluate"](model, arrays["x_test"])
    assert printed_mse(output) == pytest.approx(mse, abs=2e-6)
    assert len(history_of(tmp_path)) == 2
    # Three rows: original, noisy, denoised.
    assert image_size(tmp_path) == (10 * 8 * 3, 3 * 8 * 3)


def test_a_colorizing_script_trains_saves_and_prints_the_saved_models_error(tmp_path):
    import keras

    from cae_core.training.loop import evaluate

    images = coloured_noise(40, 6)
    np.savez(tmp_path / "tiny.npz", x_train=images, x_test=images[:12])
    config = TrainConfig(loss="mae", schedule="one_cycle", optimizer="adamw", patience=2)
    script = generate_script(TO_CHROMA, task=ColorizeChroma(), config=config, dataset="mine")

    output = run_script(script, tmp_path, "--data", "tiny.npz", "--epochs", "2")

    model = keras.models.load_model(tmp_path / "made" / "autoencoder.keras")
    assert model.output_shape == (None, 8, 8, 2)
    expected = evaluate(model, images[:12], ColorizeChroma())
    assert printed_mse(output) == pytest.approx(expected["mse"], abs=2e-6)
    # Three rows: original, lightness, colorized.
    assert image_size(tmp_path) == (10 * 8 * 3, 3 * 8 * 3)


def test_a_script_for_photo_patches_needs_no_data(tmp_path):
    architecture = Architecture.parse("conv2k4s4 | up4 conv3k1:sigmoid")
    config = TrainConfig(batch_size=1000)
    script = generate_script(architecture, config=config, dataset="photo_patches")

    output = run_script(script, tmp_path, "--epochs", "1")

    assert "20,000 training and 2,500 validation images" in output
    assert "on 2,500 test images" in output
    assert 0 < printed_mse(output) < 0.25
    assert (tmp_path / "made" / "autoencoder.keras").stat().st_size > 1000


def test_own_layers_are_copied_as_they_stand():
    source = Path(layers.__file__).read_text()

    script = generate_script(EVERY_KIND, dataset="mine")

    classes = source[source.index("@keras.saving") :].strip().split("\n\n\n")
    classes = [text for text in classes if "class FastBatchNormalization" not in text]
    assert len(classes) == 6
    assert all(text in script for text in classes)
