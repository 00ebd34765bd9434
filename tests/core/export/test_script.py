"""The generated script does what the application does, on its own."""

import os
import re
import subprocess
import sys
from pathlib import Path

import keras
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
from cae_core.models.builder import build
from cae_core.training.config import LOSSES, OPTIMIZERS, SCHEDULES, TrainConfig
from cae_core.training.evaluation import evaluate
from cae_core.training.loop import make_optimizer
from cae_core.training.losses import LOSS_FUNCTIONS, TargetLoss
from cae_core.training.tasks import (
    ColorizeChroma,
    ColorizeRGB,
    Denoise,
    Inpaint,
    Reconstruct,
    RemoveJpeg,
    Variational,
    preset_task,
)

SMALL = Architecture.parse("8x8x3 conv4 pool | up conv3:sigmoid")
TO_AB = Architecture.parse("8x8x1 conv4 pool | up conv2:tanh")
# Every task, and a network for it that takes images of 8x8x3.
TASKS = [
    (Reconstruct(), SMALL),
    (Denoise(0.3), SMALL),
    (Denoise((0.1, 0.5), clip=True), SMALL),
    (ColorizeRGB(), Architecture.parse("8x8x1 conv4 pool | up conv3:linear")),  # leaves [0, 1]
    (ColorizeChroma(), TO_AB),
    (RemoveJpeg(20.0), SMALL),
    (Inpaint(0.5), SMALL),
    (Variational(0.5), Architecture.parse("8x8x3 conv4 pool normal2 | up conv3:sigmoid")),
]
HOMEWORK = PRESETS["homework"].architecture
EVERY_KIND = Architecture.parse(
    "16x16x1 conv8:valid pad @first conv8k5:leaky_relu add@first pool3s2:same unshuffle bn tanh "
    "sepconv8 dwconv5 dropout0.1 rounding6 conv8d2 "
    "conv8k1s2 up conv32k1 @latent normal32 | "
    "shuffle deconv8k5:valid:elu crop avgpool2s1 up:bilinear res8k5s2:elu res8 cat@first "
    "subpixel4s3 blur crop12 deconv4o1 avgpool deconv4s1 "
    "conv8k9:linear "
    "flatten dense20:linear dense256 reshape16x16x1 "
    "pca9 unpca pca9m4 unpca:tied sigmoid"
)


@pytest.fixture(autouse=True)
def keras_registry():
    """The registered classes afterwards as before: scripts register copies of our layers."""
    registry = keras.saving.get_custom_objects()
    before = dict(registry)
    yield
    registry.clear()
    registry.update(before)


def executed(script):
    """The names that a script defines; its main is not run."""
    names = {"__name__": "script"}
    exec(script, names)  # noqa: S102 - our own text
    return names


def names_of(architecture=SMALL, dataset="mine", **settings):
    """The names that the script of an architecture defines."""
    return executed(generate_script(architecture, dataset=dataset, **settings))


def one_shade_each(shape):
    """Images that a network can learn something from, by the names of an .npz file."""
    random = np.random.default_rng(0)
    shades = {
        name: random.integers(0, 256, (count, 1, 1, 1), np.uint8)
        for name, count in (("x_train", 40), ("x_test", 12))
    }
    return {name: np.tile(values, (1, *shape)) for name, values in shades.items()}


def random_images(count, seed):
    """uint8 (count, 8, 8, 3)."""
    return np.random.default_rng(seed).integers(0, 256, (count, 8, 8, 3), np.uint8)


# The text


def test_scripts_pass_ruff_check_and_are_formatted(tmp_path):
    datasets = {(32, 32, 3): "cifar10", (28, 28, 1): "mnist"}
    networks = [(EVERY_KIND, Variational())]
    networks += [(preset.architecture, preset_task(preset)) for preset in PRESETS.values()]
    texts = [
        generate_script(network, task=task, dataset=datasets.get(network.input_shape, "mine"))
        for network, task in networks
    ]
    for number, (task, network) in enumerate(TASKS):
        config = TrainConfig(
            loss=task.losses[-1],
            schedule=SCHEDULES[number % 3],
            optimizer=OPTIMIZERS[number % 3],
            patience=3 if number % 2 else None,
        )
        texts.append(generate_script(network, task=task, config=config, dataset="mine"))
    for number, text in enumerate(texts):
        (tmp_path / f"script_{number}.py").write_text(text)
    for command in (["check", "--extend-select=E501"], ["format", "--check"]):
        options = ["--line-length=100", "--isolated", "--no-cache", tmp_path]
        ruff = [sys.executable, "-m", "ruff", *command, *options]
        result = subprocess.run(ruff, capture_output=True, text=True, check=False)  # noqa: S603
        assert result.returncode == 0, result.stdout


def test_writing_a_script_does_not_import_keras():
    program = (
        "import sys, cae_core as cae\n"
        "cae.generate_script(cae.get_preset('pixel-shuffle').architecture)\n"
        "print(sorted({'keras', 'tensorflow', 'skimage'} & set(sys.modules)))"
    )
    command = [sys.executable, "-c", program]
    result = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603
    assert (result.stdout, result.stderr) == ("[]\n", "")


def test_a_script_has_of_the_other_tasks_layers_and_losses_nothing():
    script = generate_script(HOMEWORK)
    for name in ("class ", "noise", "ssim", "mae", "lab_from_rgb", "luma"):
        assert name not in script
    script = generate_script(PRESETS["pixel-shuffle"].architecture)
    assert re.findall(r"^class (\w+)", script, re.MULTILINE) == ["Blur", "SubPixelUpsampling"]


def test_own_layers_are_copied_as_they_stand():
    source = Path(layers.__file__).read_text()
    script = generate_script(EVERY_KIND, task=Variational(), dataset="mine")
    classes = source[source.index("@keras.saving") :].strip().split("\n\n\n")
    (missing,) = [text for text in classes if text not in script]
    assert "class FastBatchNormalization" in missing


def test_every_layer_line_ends_with_its_output_shape_and_the_latent_is_marked():
    lines = generate_script(HOMEWORK).splitlines()
    conv = 'x = layers.Conv2D(8, 3, padding="same", activation="relu", name="layer_1_conv")(x)'
    assert f"    {conv}  # 32x32x8" in lines
    latent = 'x = layers.Identity(name="latent")(x)'
    assert f"    {latent}  # the latent: 8x8x16 = 1,024 numbers" in lines


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


def test_the_name_of_a_folder_cannot_become_code():
    script = generate_script(SMALL, dataset='"""\nimport os  # ')
    assert script == generate_script(SMALL, dataset="mine")


def test_images_that_a_script_cannot_have_are_refused():
    with pytest.raises(TrainingError, match=r"must be the images' 32x32x3.*Received:.*8x8x3"):
        generate_script(SMALL, dataset="cifar10")
    large = Architecture.parse("512x512x3 conv4 | conv3")
    with pytest.raises(TrainingError, match=r"at most 256 pixels a side.*Received:.*512x512x3"):
        generate_script(large, dataset="mine")


# The network


def test_the_test_architecture_has_every_kind_of_layer():
    assert {type(layer) for layer in EVERY_KIND.layers} == set(LAYER_KINDS.values())


def described(model):
    """Every layer's name, output shape and settings, the random start left out."""
    start = {"seed", "source"}
    start |= {f"{part}_initializer" for part in ("kernel", "depthwise", "pointwise")}
    return [
        (
            layer.name,
            layer.output.shape,
            {key: value for key, value in layer.get_config().items() if key not in start},
        )
        for layer in model.layers
    ]


def test_the_script_builds_the_model_that_build_makes():
    model = build(EVERY_KIND)
    of_script = names_of(EVERY_KIND, task=Variational())["build_autoencoder"]()
    assert described(of_script) == described(model)
    assert of_script.count_params() == model.count_params()


# The images


def test_the_split_is_that_of_the_app(tmp_path, monkeypatch):
    np.savez(tmp_path / "cifar10.npz", **one_shade_each((32, 32, 3)))
    monkeypatch.setenv("CAE_DATA_DIR", str(tmp_path))
    script = names_of(HOMEWORK, "cifar10", config=TrainConfig(seed=4))
    parts = script["load_data"](tmp_path / "cifar10.npz")
    data = load_dataset("cifar10", seed=4)
    for part, expected in zip(parts, (data.train, data.validation, data.test), strict=True):
        np.testing.assert_array_equal(part, expected)


def test_a_validation_part_in_the_file_is_used(tmp_path):
    arrays = one_shade_each((8, 8, 3))
    np.savez(tmp_path / "own.npz", **arrays, x_validation=arrays["x_test"][:3])
    x_train, x_validation, _ = names_of()["load_data"](tmp_path / "own.npz")
    assert len(x_train) == 40
    np.testing.assert_array_equal(x_validation, arrays["x_test"][:3])


def test_grey_images_may_come_without_their_channel_but_not_in_another_size():
    checked = names_of(PRESETS["lesson-cnn"].architecture, "mnist")["checked"]
    assert checked(np.zeros((2, 28, 28), np.uint8)).shape == (2, 28, 28, 1)
    with pytest.raises(SystemExit, match=r"uint8 \(28, 28, 1\), not uint8 \(32, 32, 1\)"):
        checked(np.zeros((2, 32, 32, 1), np.uint8))
    with pytest.raises(SystemExit, match="not float64"):
        checked(np.zeros((2, 28, 28, 1)))


def test_photographs_are_cut_to_grey_patches_of_the_size_that_the_network_takes():
    parts = names_of(Architecture.parse("20x24x1 conv2 | conv1"))["load_data"]()
    assert [part.shape for part in parts] == [(n, 20, 24, 1) for n in (20_000, 2_500, 2_500)]
    assert all(part.dtype == np.uint8 and part.std() > 20 for part in parts)


# The training


@pytest.mark.parametrize(
    ("task", "network", "loss"),
    [*((Reconstruct(), SMALL, loss) for loss in LOSSES), (ColorizeChroma(), TO_AB, "mse")],
)
def test_the_loss_is_that_of_the_app(task, network, loss):
    images = random_images(5, seed=0)
    output = np.random.default_rng(1).random((5, *task.output_shape((8, 8, 3))), np.float32)
    script = names_of(network, task=task, config=TrainConfig(loss=loss))
    expected = TargetLoss(task, LOSS_FUNCTIONS[loss]).call(images, output)
    np.testing.assert_allclose(script["loss"](images, output), expected, rtol=1e-6)


@pytest.mark.parametrize(("optimizer", "schedule"), [*zip(OPTIMIZERS, SCHEDULES, strict=True)])
def test_optimizer_and_learning_rate_are_those_of_the_app(optimizer, schedule):
    config = TrainConfig(optimizer=optimizer, schedule=schedule, learning_rate=0.01)
    text = generate_script(SMALL, config=config, dataset="mine")
    names = executed(text)
    names["learning_rate"] = 0.01
    if schedule != "constant":
        names["learning_rate"] = names["learning_rate_schedule"](1000)
    made = eval(re.search(r"optimizer=(.*), loss=loss", text)[1], names)  # noqa: S307 - our text
    expected = make_optimizer(config, 1000)
    assert type(made) is type(expected)
    ours, apps = made.get_config(), expected.get_config()
    if schedule != "constant":
        rates = [each.pop("learning_rate")["config"] for each in (ours, apps)]
        assert rates[0] == pytest.approx(rates[1])
    assert ours | {"name": ""} == pytest.approx(apps | {"name": ""})  # Keras counts them in names


def trained(config, x_train, x_validation, *, task=None):
    """A script's names, its network after the script's training, and Keras's history."""
    script = names_of(task=task, config=config)
    keras.utils.set_random_seed(config.seed)
    model = script["build_autoencoder"]()
    history = script["train"](model, x_train, x_validation, config.epochs)
    return script, model, history.history


@pytest.mark.heavy
@pytest.mark.parametrize("patience", [None, 1])
def test_the_best_epochs_weights_are_kept_and_patience_ends_early(patience):
    config = TrainConfig(epochs=4, batch_size=8, schedule="constant", patience=patience)
    # The more white is learnt, the worse the validation's black comes back.
    white, black = np.full((40, 8, 8, 3), 255, np.uint8), np.zeros((12, 8, 8, 3), np.uint8)
    script, model, history = trained(config, white, black)
    losses = history["val_loss"]
    assert losses == sorted(losses)
    assert len(losses) == (4 if patience is None else 1 + patience)
    kept = np.mean(script["loss"](black, model.predict(black / np.float32(255), verbose=0)))
    assert kept == pytest.approx(losses[0], rel=1e-5)
    assert losses[0] < losses[1] * 0.999


@pytest.mark.heavy
def test_validation_has_the_same_noise_every_epoch_and_training_new_noise():
    config = TrainConfig(epochs=3, batch_size=40, learning_rate=1e-12, schedule="constant")
    images = random_images(40, 4), random_images(12, 5)
    _, _, history = trained(config, *images, task=Denoise(0.5))
    assert len(set(history["loss"])) == 3
    np.testing.assert_allclose(history["val_loss"], history["val_loss"][0], rtol=1e-6)


@pytest.mark.heavy
def test_the_script_weighs_the_divergence_as_the_app_does():
    task, network = TASKS[-1]
    script = names_of(network, task=task, config=TrainConfig(epochs=1, seed=7))
    images = random_images(20, seed=1)
    model = script["build_autoencoder"]()
    losses = script["train"](model, images, images, epochs=1).history
    twin = build(network)
    twin.set_weights(model.get_weights())
    task.prepare(twin)
    inputs = images.astype("float32") / 255
    expected = float(np.mean((np.asarray(twin(inputs, training=False)) - inputs) ** 2))
    (added,) = (float(loss) for loss in twin.losses)
    assert added > 0
    assert losses["val_loss"] == pytest.approx([expected + added], rel=1e-4)


# The results


@pytest.mark.heavy
@pytest.mark.parametrize(("task", "network"), TASKS[1:])
def test_the_test_figures_are_those_of_the_app(task, network):
    script = names_of(network, task=task, config=TrainConfig(seed=7))
    model = script["build_autoencoder"]()
    images = random_images(300, seed=2)  # more than one batch
    expected = evaluate(model, images, task, seed=7)
    figures = [expected["mse"], expected["psnr"]]
    assert script["evaluate"](model, images) == pytest.approx(figures, rel=1e-5)


def test_the_psnr_of_an_image_without_any_error_is_infinite():
    script = names_of(Architecture.parse("8x8x3 conv4 | conv3"))
    black = np.zeros((2, 8, 8, 3), np.uint8)  # without a bias yet, black comes back black
    assert script["evaluate"](script["build_autoencoder"](), black) == (0.0, np.inf)


def printed_mse(output):
    return float(re.search(r"test MSE ([\d.]+), PSNR [\d.]+ dB", output)[1])


def test_a_script_trains_on_its_own_and_prints_the_saved_models_error(tmp_path):
    # With layers of our own, which the saved model has to bring along.
    network = Architecture.parse("8x8x1 unshuffle @a conv8 bn | conv4 cat@a shuffle conv1")
    arrays = one_shade_each((8, 8, 1))
    np.savez(tmp_path / "tiny.npz", **{name: part[..., 0] for name, part in arrays.items()})
    script = generate_script(network, task=Denoise(0.3), dataset="mine")
    (tmp_path / "autoencoder.py").write_text(script)
    result = subprocess.run(
        [sys.executable, "autoencoder.py", "--data", "tiny.npz", "--epochs", "2"],
        cwd=tmp_path,
        env=os.environ | {"TF_CPP_MIN_LOG_LEVEL": "3", "PYTHONPATH": ""},
        capture_output=True,
        text=True,
        check=False,
    )
    assert result.returncode == 0, result.stderr
    # Keras warns through `warnings` and through absl's log; TensorFlow's own notes may be there.
    assert "Warning:" not in result.stderr
    assert "WARNING:absl" not in result.stderr
    names, results = executed(script), tmp_path / "results"
    model = keras.models.load_model(results / "autoencoder.keras")
    mse, _ = names["evaluate"](model, arrays["x_test"])
    assert printed_mse(result.stdout) == pytest.approx(mse, abs=2e-6)
    assert "on 12 test images" in result.stdout
    head, *epochs = (results / "history.csv").read_text().splitlines()
    assert head == "epoch,loss,validation_loss"
    assert len(epochs) == 2
    # Three rows of ten images, enlarged three times: original, input, output.
    with Image.open(results / "images.png") as image:
        assert image.size == (10 * 8 * 3, 3 * 8 * 3)


@pytest.mark.heavy
def test_a_script_for_photo_patches_needs_no_data(tmp_path, monkeypatch, capsys):
    network = Architecture.parse("conv2k4s4 | up4 conv3k1:sigmoid")
    script = names_of(network, "photo_patches", config=TrainConfig(batch_size=1000))
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "argv", ["autoencoder.py", "--epochs", "1"])
    script["main"]()
    output = capsys.readouterr().out
    assert "20,000 training and 2,500 validation images" in output
    assert "on 2,500 test images" in output
    assert 0 < printed_mse(output) < 0.25
    # Two rows of ten images, enlarged three times: original, output.
    with Image.open(tmp_path / "results" / "images.png") as image:
        assert image.size == (10 * 32 * 3, 2 * 32 * 3)


def test_the_script_names_no_file_that_it_may_not_be():
    script = generate_script(Architecture.parse("conv8 pool | up conv3:sigmoid"))
    assert "    python FILE --data" in script
    assert "autoencoder.py" not in script
