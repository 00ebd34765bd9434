"""An architecture and its settings as a Keras script that runs on its own.

The layers are written down from their Keras calls, which `cae_core.build` makes its layers from,
and their shapes from the arithmetic; around them stands the text of an ordinary Keras script, one
template per part, in the order in which the script has them. What Keras lacks (layers,
losses, colour conversion) is copied from the source of the modules that the application itself
uses, which are read and not imported: importing this module does not import Keras.
"""

from __future__ import annotations

import ast
import functools
import json
import re
import textwrap
from dataclasses import dataclass
from pathlib import Path
from string import Template
from typing import Any

from cae_core.architecture.formulas import Shape, format_shape
from cae_core.architecture.layers import KerasCall, Mark, Skip
from cae_core.architecture.notation import Architecture
from cae_core.architecture.report import Report, Row, analyze
from cae_core.data.registry import DATASETS
from cae_core.errors import TrainingError
from cae_core.training.config import LOSS_TITLES, TrainConfig
from cae_core.training.tasks import (
    ColorizeChroma,
    ColorizeRGB,
    Denoise,
    Reconstruct,
    Task,
    check_fit,
    check_loss,
)

LINE_LENGTH = 100
PUBLIC_DATASETS = ("cifar10", "mnist", "fashion_mnist")  # those that keras.datasets has
MAX_PATCH_SIDE = 256  # the photographs are 300 pixels high and more

# The arguments that the script leaves out where they have these values: Keras's defaults.
_DEFAULTS: dict[str, dict[str, Any]] = {
    "Conv2D": {"strides": 1, "padding": "valid", "activation": "linear"},
    "Conv2DTranspose": {"strides": 1, "padding": "valid", "activation": "linear"},
    "MaxPooling2D": {"padding": "valid"},
    "AveragePooling2D": {"padding": "valid"},
    "UpSampling2D": {"interpolation": "nearest"},
    "Dense": {"activation": "linear"},
    "SubPixelUpsampling": {"factor": 2},
    "ResidualBlock": {"kernel": 3, "stride": 1, "activation": "relu"},
}
# How many arguments are written without their names: filters and kernel size; elsewhere one.
_UNNAMED = {"Conv2D": 2, "Conv2DTranspose": 2, "BatchNormalization": 0}


def generate_script(
    architecture: Architecture,
    *,
    task: Task | None = None,
    config: TrainConfig | None = None,
    dataset: str = "cifar10",
) -> str:
    """Writes the Keras script that trains an architecture as `cae_core.train` does.

    The script needs Keras with a backend, NumPy and Pillow, and nothing of this package. It has
    the same layers under the same names, the same loss, optimiser, schedule, noise and test
    figures, and it keeps the best epoch's weights too; the random start and the order of the
    images are its own.

    Args:
        architecture: The network; its input and output must fit the task and the data set.
        task: What to learn; by default `Reconstruct`.
        config: Epochs, batch, loss, learning rate, seed; by default ``TrainConfig()``.
        dataset: ``cifar10``, ``mnist`` or ``fashion_mnist`` are loaded with Keras. For every
            other name the script cuts patches from the photographs of scikit-image, in place
            of images that only this machine has; ``--data`` gives it others.

    Returns:
        The script's text.

    Raises:
        TrainingError: Where the network does not fit the images, or it or the loss the task.

    Example:
        >>> script = generate_script(Architecture.parse("conv8 pool | up conv3:sigmoid"))
        >>> print([line for line in script.splitlines() if "MaxPooling2D" in line][0].strip())
        x = layers.MaxPooling2D(2, name="layer_2_pool")(x)  # 16x16x8
    """
    task = task or Reconstruct()
    config = config or TrainConfig()
    if type(task) not in _TASK_TEXTS:
        raise TypeError(f"No script for the task {type(task).__name__}")
    image_shape = _image_shape(architecture, dataset, task)
    check_fit(architecture, image_shape, task)
    check_loss(config.loss, task)
    calls = [layer.keras_call() for layer in architecture.layers if not isinstance(layer, Mark)]
    own_classes = {call.layer_class for call in calls if call.is_own}
    parts = [
        *(source for name, source in _sources("models.layers").items() if name in own_classes),
        _build_function(architecture, task),
        *_task_definitions(task),
        *_data_functions(image_shape, dataset),
        *_training_functions(task, config),
        _result_functions(image_shape, task, config),
        _MAIN,
    ]
    body = "\n\n\n".join(part.strip("\n") for part in parts)
    head = [
        _docstring(architecture, image_shape, task, dataset),
        _imports(body),
        _constants(image_shape, task, config),
    ]
    return "\n\n".join(part.strip("\n") for part in head) + f"\n\n\n{body}\n"


def _image_shape(architecture: Architecture, dataset: str, task: Task) -> tuple[int, int, int]:
    """The shape of the data set's images; patches are cut to what the network takes."""
    if dataset in DATASETS:
        return DATASETS[dataset].image_shape
    shape = architecture.input_shape
    if isinstance(task, ColorizeRGB | ColorizeChroma):
        shape = (*shape[:2], 3)
    if max(shape[:2]) > MAX_PATCH_SIDE or shape[2] not in (1, 3):
        raise TrainingError(
            f"A script cuts patches of at most {MAX_PATCH_SIDE} pixels a side and 1 or 3 channels. "
            f"Received: an architecture for {format_shape(architecture.input_shape)}. "
            "Choose a smaller input."
        )
    return shape


# --- Head ------------------------------------------------------------------------------------

_DOCSTRING = Template('''
"""Convolutional autoencoder on $title, task: $task.

$architecture

$facts

To run it (Python 3.11 or newer):

    pip install $packages
    python autoencoder.py
    python autoencoder.py --data my_images.npz --epochs 5 --out results

The .npz file for --data holds uint8 arrays of $shape images: x_train, x_test and, if you
like, x_validation. Written by CAE Lab; needs nothing of it.
"""
''')


def _docstring(
    architecture: Architecture, image_shape: tuple[int, int, int], task: Task, dataset: str
) -> str:
    """What the script is, and how to run it."""
    report = analyze(architecture, output_shape=task.output_shape(image_shape))
    # A name that is not ours, such as a folder's, is left out: it might end the docstring.
    title = DATASETS[dataset].title if dataset in DATASETS else "images"
    packages = "keras tensorflow pillow" + ("" if dataset in PUBLIC_DATASETS else " scikit-image")
    return _DOCSTRING.substitute(
        title=title,
        task=str(task),
        architecture=_wrapped(str(architecture), indent="    "),
        facts=_wrapped(_facts(report)),
        packages=f"{packages} matplotlib",
        shape=format_shape(image_shape),
    )


def _facts(report: Report) -> str:
    """The network's figures as a sentence."""
    shape = format_shape(report.architecture.input_shape)
    return (
        f"Input {shape} = {report.input_size:,} numbers, {report.verdict}; "
        f"{report.parameters:,} parameters."
    )


def _wrapped(text: str, indent: str = "") -> str:
    """Text in lines that fit."""
    return textwrap.fill(
        text,
        LINE_LENGTH - 4,
        initial_indent=indent,
        subsequent_indent=indent,
        break_on_hyphens=False,
    )


def _imports(body: str) -> str:
    """The modules that the rest of the script uses."""
    lines = ["import argparse", "import csv"]
    lines += ["import math"] if "math." in body else []
    lines += ["import sys", "from pathlib import Path"]
    lines += ["from typing import Any"] if re.search(r"\bAny\b", body) else []
    lines += ["", "import keras", "import numpy as np", "from keras import layers, ops"]
    return "\n".join([*lines, "from PIL import Image"])


def _constants(image_shape: tuple[int, int, int], task: Task, config: TrainConfig) -> str:
    """The settings, for the reader to change."""
    lines = [
        f"IMAGE_SHAPE = {image_shape}  # height, width, channels",
        f"EPOCHS = {config.epochs}",
        f"BATCH_SIZE = {config.batch_size}",
        f"LEARNING_RATE = {config.learning_rate}",
    ]
    if config.patience is not None:
        lines.append(
            f"PATIENCE = {config.patience}  # epochs without a lower validation loss, then it ends"
        )
    if isinstance(task, Denoise):
        low, high = task.sigma_range
        meaning = "standard deviation of the noise, for images in [0, 1]"
        if low == high:
            lines.append(f"SIGMA = {low}  # {meaning}")
        else:
            lines.append(f"SIGMA = ({low}, {high})  # lowest and highest {meaning}")
    return "\n".join([*lines, f"SEED = {config.seed}"])


# --- Source of this package ------------------------------------------------------------------


@functools.cache
def _sources(module: str) -> dict[str, str]:
    """The classes, functions and constants of a module as they stand there, by name."""
    text = _text(module)
    lines = text.splitlines()
    found = {}
    for node in ast.parse(text).body:
        first = node.lineno
        if isinstance(node, ast.ClassDef | ast.FunctionDef):
            name = node.name
            first = min([first, *(decorator.lineno for decorator in node.decorator_list)])
        elif isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
            name = node.targets[0].id
        else:
            continue
        found[name] = "\n".join(lines[first - 1 : node.end_lineno])
    return found


def _text(module: str) -> str:
    """The source of a module of `cae_core`, by its dotted name."""
    path = Path(__file__).parents[1] / f"{module.replace('.', '/')}.py"
    return path.read_text(encoding="utf-8")


# --- The network -----------------------------------------------------------------------------


_BUILD = Template('''
def build_autoencoder():
    """The network: $shown (B, $shape) in [0, 1] in, $returned (B, $output) out."""
    inputs = x = keras.Input($input_shape, name="image")
$layers
    return keras.Model(inputs, x, name="autoencoder")
''')


def _build_function(architecture: Architecture, task: Task) -> str:
    """The function that builds the network, a line or three per layer."""
    report = analyze(architecture)
    read_later = {layer.name for layer in architecture.layers if isinstance(layer, Skip)}
    lines = ["", "# Encoder"]
    for row in report.rows:
        if not isinstance(row.layer, Mark):
            lines += _layer_lines(row)
        elif row.layer.name in read_later:
            lines.append(f"{_skip(row.layer)} = x")
        if row.index == len(architecture.encoder):
            lines.append(f'x = layers.Identity(name="latent")(x)  # the latent: {_latent(report)}')
            lines += ["", "# Decoder"]
    text = _TASK_TEXTS[type(task)]
    return _BUILD.substitute(
        shown=text.shown_name,
        returned=text.returned_name,
        input_shape=text.input_shape,
        shape=_comma_separated(architecture.input_shape),
        output=_comma_separated(report.output_shape),
        layers=textwrap.indent("\n".join(lines), "    "),
    )


def _latent(report: Report) -> str:
    """The size of the latent."""
    numbers = f"{report.latent_size:,} numbers"
    is_vector = len(report.latent_shape) == 1
    return numbers if is_vector else f"{format_shape(report.latent_shape)} = {numbers}"


def _comma_separated(shape: Shape) -> str:
    """A shape as NumPy would say it."""
    return ", ".join(str(side) for side in shape)


def _skip(layer: Mark | Skip) -> str:
    """The variable that holds a remembered tensor."""
    return f"skip_{layer.name}"


def _layer_lines(row: Row) -> list[str]:
    """One layer and the shape of its output, in one line if it fits."""
    layer = row.layer
    call = layer.keras_call()
    function = call.layer_class if call.is_own else f"layers.{call.layer_class}"
    arguments = ", ".join([*_arguments(call), f'name="{layer.keras_name(row.index)}"'])
    read = f"[x, {_skip(layer)}]" if isinstance(layer, Skip) else "x"
    shape = format_shape(row.output_shape)
    line = f"x = {function}({arguments})({read})  # {shape}"
    if len(line) + 4 <= LINE_LENGTH:
        return [line]
    return [f"x = {function}(  # {shape}", f"    {arguments}", f")({read})"]


def _arguments(call: KerasCall) -> list[str]:
    """The arguments that differ from Keras's defaults, the main sizes without their names."""
    defaults = dict(_DEFAULTS.get(call.layer_class, {}))
    if "pool_size" in call.arguments:
        defaults["strides"] = call.arguments["pool_size"]
    written = []
    for place, (name, value) in enumerate(call.arguments.items()):
        # json.dumps writes text with the double quotes that formatters want.
        said = json.dumps(value) if isinstance(value, str) else repr(value)
        if place < _UNNAMED.get(call.layer_class, 1):
            written.append(said)
        elif name not in defaults or value != defaults[name]:
            written.append(f"{name}={said}")
    return written


# --- The task --------------------------------------------------------------------------------


@dataclass(frozen=True)
class _TaskText:
    """What a task's script says.

    Attributes:
        rows: Titles of the rows of test images.
        row_names: Their values, from ``images``, ``shown`` and ``returned``.
        shown_name: What the network takes.
        returned_name: What it returns.
        input_shape: The network's input shape, from ``IMAGE_SHAPE``.
        shown: The network's input, from float32 ``images``; ``{noise}`` is a layer that adds it.
        target: The desired output, from ``{images}``, an expression for the float32 images.
        image: The image that ``output`` stands for.
    """

    rows: str
    row_names: str = "images / 255, shown, returned"
    shown_name: str = "images"
    returned_name: str = "images"
    input_shape: str = "IMAGE_SHAPE"
    shown: str = "images"
    target: str = "{images}"
    image: str = "ops.clip(output, 0.0, 1.0)"


_GREY_ROWS = "images / 255, shown.repeat(3, axis=-1), returned"
_TASK_TEXTS = {
    Reconstruct: _TaskText("original, reconstruction", "images / 255, returned"),
    Denoise: _TaskText("original, noisy, denoised", shown="{noise}(images)"),
    ColorizeRGB: _TaskText(
        "original, grey, colorized",
        _GREY_ROWS,
        shown_name="grey images",
        input_shape="(*IMAGE_SHAPE[:2], 1)",
        shown="grey(images)",
    ),
    ColorizeChroma: _TaskText(
        "original, lightness, colorized",
        _GREY_ROWS,
        shown_name="lightness",
        returned_name="chrominance",
        input_shape="(*IMAGE_SHAPE[:2], 1)",
        shown="lightness(images)",
        target="chrominance({images})",
        image="colorized(output, images)",
    ),
}

_GREY_FUNCTION = '''
def grey(images):
    """What the network is shown, luma: (B, H, W, 3) -> (B, H, W, 1)."""
    return ops.sum(images * np.array(LUMA, "float32"), axis=-1, keepdims=True)
'''

_CHROMA_FUNCTIONS = '''
def lightness(images):
    """What the network is shown, L*: (B, H, W, 3) -> (B, H, W, 1) in [0, 1]."""
    return lab_from_rgb(images)[..., :1] / 100.0


def chrominance(images):
    """What it shall return, a* and b*: (B, H, W, 3) -> (B, H, W, 2) in [-1, 1]."""
    return lab_from_rgb(images)[..., 1:] / AB_SCALE


def colorized(output, images):
    """The images' lightness with the network's chrominance: (B, H, W, 3) in [0, 1]."""
    lab = [lab_from_rgb(images)[..., :1], output * AB_SCALE]
    return ops.clip(rgb_from_lab(ops.concatenate(lab, axis=-1)), 0.0, 1.0)
'''


def _task_definitions(task: Task) -> list[str]:
    """What makes the network's input and target from images."""
    if isinstance(task, Denoise):
        return [_noise_layer(task), _sources("training.callbacks")["SameValidationNoise"]]
    constants = _sources("training.tasks")
    if isinstance(task, ColorizeRGB):
        return [constants["LUMA"], _GREY_FUNCTION]
    if isinstance(task, ColorizeChroma):
        # All of both but the docstrings and the imports.
        numbers = _sources("images.color")
        matrices = "\n".join(numbers[name] for name in ("XYZ_FROM_RGB", "RGB_FROM_XYZ", "WHITE"))
        color = _text("images.color_ops").partition("import RGB_FROM_XYZ, WHITE, XYZ_FROM_RGB\n")[2]
        return [matrices, color, constants["AB_SCALE"], _CHROMA_FUNCTIONS]
    return []


_NOISE = Template('''
class AddNoise(layers.Layer):
    """Adds Gaussian noise, drawn anew for every batch, in training and in testing."""

    def __init__(self, seed):
        super().__init__()
        self.random = keras.random.SeedGenerator(seed)

    def call(self, images):
        noise = keras.random.normal(ops.shape(images), seed=self.random)
$lines
''')


def _noise_layer(task: Denoise) -> str:
    """The layer that makes the network's input from an image."""
    low, high = task.sigma_range
    lines, sigma = [], "SIGMA"
    if low != high:
        lines = [
            "# One sigma for each image: (B, 1, 1, 1) broadcasts over (B, H, W, C).",
            "shape = (ops.shape(images)[0], 1, 1, 1)",
            "sigma = keras.random.uniform(shape, *SIGMA, seed=self.random)",
        ]
        sigma = "sigma"
    noisy = f"images + {sigma} * noise"
    lines.append(f"return ops.clip({noisy}, 0.0, 1.0)" if task.clip else f"return {noisy}")
    return _NOISE.substitute(lines=textwrap.indent("\n".join(lines), " " * 8))


# --- Data ------------------------------------------------------------------------------------

_LOAD_PUBLIC = Template('''
def load_data(npz_path=None):
    """Training, validation and test images: uint8 (N, $shape), from 0 to 255."""
    x_validation = None
    if npz_path is None:
        (x_train, _), (x_test, _) = keras.datasets.$name.load_data()
    else:
        x_train, x_validation, x_test = read_npz(npz_path)
    if x_validation is None:
        x_train, x_validation = split_off_validation(x_train)
    return checked(x_train), checked(x_validation), checked(x_test)
''')

_LOAD_PHOTOGRAPHS = Template('''
def load_data(npz_path=None):
    """Training, validation and test images: uint8 (N, $shape), from 0 to 255."""
    if npz_path is None:
        return cut_photographs()
    x_train, x_validation, x_test = read_npz(npz_path)
    if x_validation is None:
        x_train, x_validation = split_off_validation(x_train)
    return checked(x_train), checked(x_validation), checked(x_test)
''')

_CUT_PHOTOGRAPHS = Template('''
def cut_photographs():
    """Patches of the photographs that come with scikit-image: 80 %, 10 % and 10 %.

    The photographs are divided into blocks, and each block belongs to one part, so that no pixel
    of a test patch is seen in training. CAE Lab cuts more finely (at three scales, few of the
    patches flat, some mirrored) or has images of its own: its figures differ a little.
    """
    from skimage import data

    height, width, _ = IMAGE_SHAPE
    photographs = [data.astronaut(), data.chelsea(), data.coffee(), data.rocket()]
    photographs.append(data.stereo_motorcycle()[0])
$grey    blocks = [
        block
        for photograph in photographs
        for band in np.array_split(photograph, max(1, len(photograph) // (3 * height)))
        for block in np.array_split(band, max(1, band.shape[1] // (3 * width)), axis=1)
    ]
    random = np.random.default_rng(SEED)
    random.shuffle(blocks)
    tenth = max(1, len(blocks) // 10)
    x_train = cut_patches(blocks[2 * tenth :], 20_000, random)
    x_validation = cut_patches(blocks[:tenth], 2_500, random)
    x_test = cut_patches(blocks[tenth : 2 * tenth], 2_500, random)
    return x_train, x_validation, x_test


def cut_patches(blocks, count, random):
    """Patches from random places of random blocks: uint8 (count, $shape)."""
    height, width, _ = IMAGE_SHAPE
    patches = np.empty((count, *IMAGE_SHAPE), "uint8")
    for patch in patches:
        block = blocks[random.integers(len(blocks))]
        top = random.integers(block.shape[0] - height + 1)
        left = random.integers(block.shape[1] - width + 1)
        patch[:] = block[top : top + height, left : left + width]
    return patches
''')

_GREY = """\
    photographs = [np.mean(p, axis=2, keepdims=True).astype("uint8") for p in photographs]
"""

_READ_DATA = '''
def read_npz(path):
    """The arrays x_train, x_validation (None if it is not there) and x_test of an .npz file."""
    with np.load(path) as arrays:
        return arrays["x_train"], arrays.get("x_validation"), arrays["x_test"]


def split_off_validation(x_train):
    """A tenth of the training images, drawn at random, becomes the validation part."""
    order = np.random.default_rng(SEED).permutation(len(x_train))
    count = max(1, round(0.1 * len(x_train)))
    return x_train[np.sort(order[count:])], x_train[np.sort(order[:count])]


def checked(images):
    """The images as uint8 (N, height, width, channels), or the end of the program."""
    if images.ndim == 3:  # grey images often come without their one channel
        images = images[..., np.newaxis]
    if images.dtype != np.uint8 or images.shape[1:] != IMAGE_SHAPE:
        sys.exit(f"Images must be uint8 {IMAGE_SHAPE}, not {images.dtype} {images.shape[1:]}.")
    return images
'''


def _data_functions(shape: tuple[int, int, int], dataset: str) -> list[str]:
    """Where the images come from."""
    said = _comma_separated(shape)
    if dataset in PUBLIC_DATASETS:
        return [_LOAD_PUBLIC.substitute(shape=said, name=dataset), _READ_DATA]
    grey = _GREY if shape[2] == 1 else ""
    return [
        _LOAD_PHOTOGRAPHS.substitute(shape=said),
        _CUT_PHOTOGRAPHS.substitute(shape=said, grey=grey),
        _READ_DATA,
    ]


# --- Training and results --------------------------------------------------------------------

_OPTIMIZERS = {
    "adam": "Adam(learning_rate)",
    "adamw": "AdamW(learning_rate)",
    "sgd": "SGD(learning_rate, momentum=0.9)",
}

_TRAINING = Template('''
def loss(images, output):
    """$title of every image, between output and target; images are uint8."""
    target = $target
$loss_lines


def train(autoencoder, x_train, x_validation, epochs):
    """Trains the network in place and returns Keras's history.

    The images stay uint8, a quarter of their size as float32, and are scaled batch by batch
    inside the model$too.
    The weights of the epoch with the lowest validation loss are kept.
    """
    images = keras.Input(IMAGE_SHAPE, dtype="uint8")
    images = layers.Rescaling(1 / 255)(images)
$noise    trainer = keras.Model(images, autoencoder($shown))
$rate
    trainer.compile(optimizer=keras.optimizers.$optimizer, loss=loss)
    best_epoch = keras.callbacks.EarlyStopping(patience=$patience, restore_best_weights=True)
    return trainer.fit(
        x_train,
        x_train,
        validation_data=(x_validation, x_validation),
        batch_size=BATCH_SIZE,
        epochs=epochs,
        callbacks=[$callbacks],
    )
''')

_DECAYING_RATE = """\
    steps = epochs * math.ceil(len(x_train) / BATCH_SIZE)
    learning_rate = learning_rate_schedule(steps)"""

_CONSTANT_RATE = """\
    learning_rate = LEARNING_RATE"""

_SCHEDULE = Template('''
def learning_rate_schedule(steps):
    """Up to LEARNING_RATE in the first $part of all steps, then down to 0 along half a cosine."""
    warmup_steps = steps // $divisor
    return keras.optimizers.schedules.CosineDecay(
        initial_learning_rate=LEARNING_RATE / $start,
        decay_steps=steps - warmup_steps,
        warmup_target=LEARNING_RATE,
        warmup_steps=warmup_steps,
    )
''')

_SCHEDULES = {
    "cosine": [_SCHEDULE.substitute(part="20th", divisor=20, start=20)],
    "one_cycle": [_SCHEDULE.substitute(part="third", divisor=3, start=25)],
    "constant": [],
}


def _training_functions(task: Task, config: TrainConfig) -> list[str]:
    """Schedule, loss, optimiser and fit."""
    parts = list(_SCHEDULES[config.schedule])
    if config.loss == "ssim":
        window = _sources("images.metrics")
        parts += [
            f"{window['SSIM_WINDOW']}\n{window['SSIM_SIGMA']}",
            window["ssim"].replace("    from keras import ops\n\n", ""),
        ]
    text = _TASK_TEXTS[type(task)]
    is_noisy = isinstance(task, Denoise)
    same_noise = "SameValidationNoise(add_noise.random, SEED * 10 + 1)"
    training = _TRAINING.substitute(
        title=LOSS_TITLES[config.loss],
        target=text.target.format(images='ops.cast(images, "float32") / 255.0'),
        loss_lines=_loss_lines(config.loss),
        too=", which adds their noise as well" if is_noisy else "",
        noise="    add_noise = AddNoise(SEED * 10)\n" if is_noisy else "",
        shown=text.shown.format(noise="add_noise"),
        rate=_CONSTANT_RATE if config.schedule == "constant" else _DECAYING_RATE,
        optimizer=_OPTIMIZERS[config.optimizer],
        patience="epochs" if config.patience is None else "PATIENCE",
        callbacks=f"{same_noise}, best_epoch" if is_noisy else "best_epoch",
    )
    return [*parts, training]


def _loss_lines(loss: str) -> str:
    """What a function of `cae_core.training.losses` does with `output` and `target`."""
    source = _sources("training.losses")["ssim_loss" if loss == "ssim" else loss]
    return source.split('"""')[2].strip("\n")  # all behind the docstring


_RESULTS = Template('''
def reconstruct(autoencoder, pixels):
    """The network's inputs and the images that it makes of them, both float32."""
    inputs = keras.Input(IMAGE_SHAPE, dtype="uint8")
    images = layers.Rescaling(1 / 255)(inputs)
    shown = $shown
    output = autoencoder(shown)
    model = keras.Model(inputs, [shown, $image])
    return model.predict(pixels, batch_size=256, verbose=0)


def evaluate(autoencoder, x_test):
    """Test MSE, and PSNR in dB as the mean over the images."""
    _, returned = reconstruct(autoencoder, x_test)
    clean = x_test.astype("float32") / 255
    mse = np.mean((returned - clean) ** 2, axis=(1, 2, 3), dtype="float64")
    with np.errstate(divide="ignore"):  # infinite where nothing differs
        psnr = -10 * np.log10(mse)
    return mse.mean(), psnr.mean()


def save_history(history, folder):
    """The error of every epoch as a table, and as a plot where matplotlib is installed."""
    losses, validation_losses = history.history["loss"], history.history["val_loss"]
    epochs = range(1, len(losses) + 1)
    with open(folder / "history.csv", "w", newline="") as file:
        table = csv.writer(file)
        table.writerow(["epoch", "loss", "validation_loss"])
        table.writerows(zip(epochs, losses, validation_losses))
    try:
        from matplotlib.figure import Figure
    except ImportError:
        print("matplotlib is not installed: the error per epoch is in history.csv only.")
        return
    figure = Figure(figsize=(6, 4), layout="tight")
    axes = figure.subplots()
    axes.plot(epochs, losses, marker="o", label="training")
    axes.plot(epochs, validation_losses, marker="o", label="validation")
    axes.set_xlabel("epoch")
    axes.set_ylabel("$loss_title")
    axes.legend()
    figure.savefig(folder / "history.png", dpi=150)


def save_images(autoencoder, x_test, path):
    """Rows of test images, enlarged three times: $rows."""
    images = x_test[:10]
    $shown_name, returned = reconstruct(autoencoder, images)
    rows = [$row_names]
    # (rows, N, H, W, C) -> (rows * H, N * W, C)
    sheet = np.concatenate([np.concatenate(list(row), axis=1) for row in rows])
    sheet = np.round(np.clip(sheet, 0, 1) * 255).astype("uint8")
    sheet = sheet.repeat(3, axis=0).repeat(3, axis=1)
    Image.fromarray($sheet).save(path)
''')


def _result_functions(shape: tuple[int, int, int], task: Task, config: TrainConfig) -> str:
    """Test figures, error per epoch, images."""
    text = _TASK_TEXTS[type(task)]
    return _RESULTS.substitute(
        # The noise with which the application tests: see `cae_core.training.loop`.
        shown=text.shown.format(noise="AddNoise(SEED * 10 + 3)"),
        image=text.image,
        loss_title=LOSS_TITLES[config.loss],
        rows=text.rows,
        shown_name="shown" if "shown" in text.row_names else "_",
        row_names=text.row_names,
        sheet="sheet[..., 0]" if shape[2] == 1 else "sheet",
    )


_MAIN = '''
def parse_options():
    """The command line."""
    parser = argparse.ArgumentParser(description="Trains a convolutional autoencoder.")
    parser.add_argument("--data", type=Path, help=".npz file with x_train and x_test, uint8")
    parser.add_argument("--epochs", type=int, default=EPOCHS, help="default: %(default)s")
    parser.add_argument("--out", type=Path, default=Path("results"), help="folder for the results")
    return parser.parse_args()


def main():
    """Trains, tests once, and saves model, error per epoch and images."""
    options = parse_options()
    keras.utils.set_random_seed(SEED)
    x_train, x_validation, x_test = load_data(options.data)
    print(f"{len(x_train):,} training and {len(x_validation):,} validation images")
    autoencoder = build_autoencoder()
    autoencoder.summary()
    history = train(autoencoder, x_train, x_validation, options.epochs)
    mse, psnr = evaluate(autoencoder, x_test)
    print(f"test MSE {mse:.6f}, PSNR {psnr:.2f} dB on {len(x_test):,} test images")
    options.out.mkdir(parents=True, exist_ok=True)
    autoencoder.save(options.out / "autoencoder.keras")
    save_history(history, options.out)
    save_images(autoencoder, x_test, options.out / "images.png")
    print(f"Saved in {options.out}: model, error per epoch, images")


if __name__ == "__main__":
    main()
'''
