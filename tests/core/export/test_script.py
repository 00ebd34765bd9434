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
# Networks for tasks on images of 8x8x3.
TASKS = [
    (Reconstruct(), SMALL),
    (Denoise(0.3), SMALL),
    (Denoise((0.1, 0.5), clip=True), SMALL),
    (ColorizeRGB(), TO_RGB),
    (ColorizeChroma(), TO_CHROMA),
]


EVERY_KIND = Architecture.parse(
    "16x16x1 conv8:valid pad @first conv8k5:leaky_relu add@first pool3s2:same unshuffle bn tanh "
    "conv8k1s2 up conv32k1 @latent | shuffle deconv8k5:valid:elu crop avgpool2s1 up:bilinear "
    "res8k5s2:elu res8 cat@first subpixel4s3 blur crop12 deconv4 avgpool deconv4s1 conv8k9:linear "
    "flatten dense20:linear dense256 reshape16x16x1 "
    "pca9 unpca pca9m4 unpca:tied sigmoid"
)
ARCHITECTURES = {preset.id: preset.architecture for preset in PRESETS.values()} | {
    "every kind": EVERY_KIND
}


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
    start = {"kernel_initializer", "seed", "source"}
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


@pytest.mark.parametrize("name", ["homework", "every kind"])
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
    for number, (task, architecture) in enumerate(TASKS):
        config = TrainConfig(
            loss=task.losses[-1],
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
    program = (
        "import sys, cae_core as cae\n"
        "cae.generate_script(cae.get_preset('pixel-shuffle').architecture)\n"
        "print(sorted({'keras', 'tensorflow', 'skimage'} & set(sys.modules)))"
    )

    result = run([sys.executable, "-c", program])

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

    for name in ("class ", "noise", "ssim", "mae", "lab_from_rgb", "luma"):
        assert name not in script


@pytest.mark.parametrize("steps", [1, 10, 1000])
@pytest.mark.parametrize("name", ["cosine", "one_cycle"])
def test_the_learning_rate_follows_the_apps_schedule(name, steps):
    from cae_core.training.loop import learning_rate_schedule

    config = TrainConfig(learning_rate=0.01, schedule=name)
    made = executed(generate_script(SMALL, config=config, dataset="mine"))

    schedule = made["learning_rate_schedule"](steps)
    expected = learning_rate_schedule(config, steps)

    at = [0, steps // 20, steps // 3, steps // 2, steps - 1]
    assert [float(schedule(step)) for step in at] == [float(expected(step)) for step in at]


def test_an_architecture_for_other_images_is_refused():
    with pytest.raises(TrainingError, match=r"must be the images' 32x32x3.*Received:.*8x8x3"):
        generate_script(SMALL, dataset="cifar10")


def test_images_that_no_photograph_holds_are_refused():
    architecture = Architecture.parse("512x512x3 conv4 | conv3")
    with pytest.raises(TrainingError, match=r"at most 256 pixels a side.*Received:.*512x512x3"):
        generate_script(architecture, dataset="mine")


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


def coloured_noise(count, seed):
    """Images without any order: uint8 (count, 8, 8, 3)."""
    return np.random.default_rng(seed).integers(0, 256, (count, 8, 8, 3), dtype=np.uint8)


@pytest.mark.parametrize(
    ("task", "architecture", "loss"),
    [*((Reconstruct(), SMALL, loss) for loss in LOSSES), (ColorizeChroma(), TO_CHROMA, "mse")],
)
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


@pytest.mark.parametrize(("task", "architecture"), TASKS[1:])
def test_the_test_figures_are_those_of_the_app(task, architecture):
    from cae_core.training.evaluation import evaluate

    config = TrainConfig(seed=7)
    made = executed(generate_script(architecture, task=task, config=config, dataset="mine"))
    model = made["build_autoencoder"]()
    images = coloured_noise(300, seed=2)  # more than one batch

    mse, psnr = made["evaluate"](model, images)

    expected = evaluate(model, images, task, seed=7)
    assert mse == pytest.approx(expected["mse"], rel=1e-5)
    assert psnr == pytest.approx(expected["psnr"], rel=1e-5)


def test_the_psnr_of_an_image_without_any_error_is_infinite_as_in_the_app():
    from cae_core.training.evaluation import evaluate

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


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_the_optimizer_is_that_of_the_app(name):
    import keras

    from cae_core.training.loop import make_optimizer

    config = TrainConfig(optimizer=name, schedule="constant")
    script = generate_script(SMALL, config=config, dataset="mine")

    made = re.search(r"optimizer=(.*), loss=loss", script)[1]

    values = {"keras": keras, "learning_rate": config.learning_rate}
    made, expected = eval(made, values), make_optimizer(config, steps=3)  # noqa: S307 - our text
    assert type(made) is type(expected)
    # Keras counts optimisers in their names.
    assert made.get_config() | {"name": ""} == expected.get_config() | {"name": ""}


@pytest.mark.parametrize("patience", [None, 1])
def test_the_best_epochs_weights_are_kept_and_patience_ends_early(patience):
    config = TrainConfig(epochs=4, batch_size=8, schedule="constant", patience=patience)
    # The more white is learnt, the worse the validation's black comes back.
    white, black = np.full((40, 8, 8, 3), 255, np.uint8), np.zeros((12, 8, 8, 3), np.uint8)

    made, model, history = trained(config, white, black)

    losses = history.history["val_loss"]
    assert losses == sorted(losses)
    assert len(losses) == (4 if patience is None else 1 + patience)
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


def test_a_script_trains_saves_and_prints_the_saved_models_error(tmp_path, keras_registry):
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
    assert "on 12 test images" in output
    head, *epochs = (tmp_path / "made" / "history.csv").read_text().splitlines()
    assert head == "epoch,loss,validation_loss"
    assert len(epochs) == 2
    # Three rows of ten images, enlarged three times: original, noisy, denoised.
    with Image.open(tmp_path / "made" / "images.png") as image:
        assert image.size == (10 * 8 * 3, 3 * 8 * 3)


def test_a_script_for_photo_patches_needs_no_data(tmp_path, monkeypatch, capsys):
    architecture = Architecture.parse("conv2k4s4 | up4 conv3k1:sigmoid")
    config = TrainConfig(batch_size=1000)
    made = executed(generate_script(architecture, config=config, dataset="photo_patches"))
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "argv", ["autoencoder.py", "--epochs", "1"])

    made["main"]()

    output = capsys.readouterr().out
    assert "20,000 training and 2,500 validation images" in output
    assert "on 2,500 test images" in output
    assert 0 < printed_mse(output) < 0.25
    # Two rows of ten images, enlarged three times: original, reconstruction.
    with Image.open(tmp_path / "results" / "images.png") as image:
        assert image.size == (10 * 32 * 3, 2 * 32 * 3)


def test_own_layers_are_copied_as_they_stand():
    source = Path(layers.__file__).read_text()

    script = generate_script(EVERY_KIND, dataset="mine")

    classes = source[source.index("@keras.saving") :].strip().split("\n\n\n")
    classes = [text for text in classes if "class FastBatchNormalization" not in text]
    assert len(classes) == 8
    assert all(text in script for text in classes)
