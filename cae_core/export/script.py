"""An architecture and its settings as a Keras script that runs on its own.

`script.py.template` is the script; its blocks and placeholders are filled here. The network's lines
are written from the Keras calls that `cae_core.build` makes its layers from. What the script needs
of this package (layers that Keras lacks, losses, what a task does) is copied from the source of
the modules that the application itself uses, which are read and not imported: importing this
module does not import Keras.
"""

from __future__ import annotations

import ast
import functools
import importlib.util
import json
import re
import textwrap
from pathlib import Path
from typing import Any

from cae_core.architecture.formulas import Shape, format_shape
from cae_core.architecture.layers import KerasCall, Mark, Pca, Skip, Unpca
from cae_core.architecture.notation import Architecture
from cae_core.architecture.report import Report, Row, analyze
from cae_core.data.registry import DATASETS
from cae_core.errors import TrainingError
from cae_core.export.templates import fill_template
from cae_core.training.config import LOSS_TITLES, TrainConfig
from cae_core.training.tasks import ImageShape, Reconstruct, Task, check_fit, check_loss

LINE_LENGTH = 100
PUBLIC_DATASETS = ("cifar10", "mnist", "fashion_mnist")  # those that keras.datasets has
MAX_PATCH_SIDE = 256  # the photographs are 300 pixels high and more

# The arguments that the script leaves out where they have these values: Keras's defaults.
_DEFAULTS: dict[str, dict[str, Any]] = {
    "Conv2D": {"strides": 1, "padding": "valid", "activation": "linear", "dilation_rate": 1},
    "Conv2DTranspose": {
        "strides": 1,
        "padding": "valid",
        "activation": "linear",
        "output_padding": None,
    },
    "SeparableConv2D": {"strides": 1, "padding": "valid", "activation": "linear"},
    "DepthwiseConv2D": {"strides": 1, "padding": "valid", "activation": "linear"},
    "MaxPooling2D": {"padding": "valid"},
    "AveragePooling2D": {"padding": "valid"},
    "UpSampling2D": {"interpolation": "nearest"},
    "Dense": {"activation": "linear"},
    "SubPixelUpsampling": {"factor": 2},
    "PrincipalProjection": {"even": None},
    "PrincipalReconstruction": {"tied": False},
    "ResidualBlock": {"kernel": 3, "stride": 1, "activation": "relu"},
}
# How many arguments are written without their names: filters and kernel size; elsewhere one.
_UNNAMED = {
    "Conv2D": 2,
    "Conv2DTranspose": 2,
    "SeparableConv2D": 2,
    "BatchNormalization": 0,
    "PrincipalReconstruction": 0,
}
_OPTIMIZERS = {
    "adam": "Adam(learning_rate)",
    "adamw": "AdamW(learning_rate)",
    "sgd": "SGD(learning_rate, momentum=0.9)",
}
# The part of all steps in which the learning rate rises, and of its peak where it begins: 1 / n.
_SCHEDULES = {"cosine": (20, 20), "one_cycle": (3, 25)}


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
        task: The task to train on; by default `Reconstruct`.
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
    shape = _image_shape(architecture, dataset, task)
    check_fit(architecture, shape, task)
    check_loss(config.loss, task, architecture)
    report = analyze(architecture)
    encoder, decoder = _network_lines(report)
    expressions = task.script()
    needed = (expressions.input, expressions.target, expressions.image, expressions.prepare)
    is_random = "seed" in expressions.input
    loss = f"{config.loss}_loss"
    warmup, start = _SCHEDULES.get(config.schedule, (0, 0))
    copies = _Copies()
    calls = [layer.keras_call() for layer in architecture.layers if not isinstance(layer, Mark)]
    own_layers = copies.take(
        "cae_core.models.layers", {call.layer_class for call in calls if call.is_own}
    )
    task_functions = copies.take(type(task).__module__, _names(", ".join(filter(None, needed))))
    values = {
        # A name that is not ours, such as a folder's, is left out: it might end the docstring.
        "title": DATASETS[dataset].title if dataset in DATASETS else "images",
        "task": str(task),
        "architecture": _wrapped(str(architecture), indent="    "),
        "facts": _wrapped(
            f"Input {format_shape(architecture.input_shape)} = {report.input_size:,} numbers, "
            f"{report.verdict}; {report.parameters:,} parameters."
        ),
        "image_size": format_shape(shape),
        "image_shape": shape,
        "shape": _comma_separated(shape),
        "epochs": config.epochs,
        "batch_size": config.batch_size,
        "learning_rate": config.learning_rate,
        "patience": config.patience,
        "waits": "epochs" if config.patience is None else "PATIENCE",
        "constants": expressions.constants,
        "prepare": expressions.prepare,
        "seed": config.seed,
        "own_layers": own_layers,
        "input_shape": _comma_separated(architecture.input_shape),
        "output_shape": _comma_separated(report.output_shape),
        "encoder": textwrap.indent("\n".join(encoder), "    "),
        "decoder": textwrap.indent("\n".join(decoder), "    "),
        "latent": _latent(report),
        "task_functions": task_functions,
        "input": expressions.input,
        "target": expressions.target,
        "image": expressions.image,
        "rows": "outputs" if expressions.input == "images" else "inputs, outputs",
        "dataset": dataset,
        "warmup": warmup,
        "start": start,
        "validation_noise": copies.take(
            "cae_core.training.callbacks", {"SameValidationNoise"} if is_random else set()
        ),
        "loss_functions": copies.take("cae_core.training.losses", {loss}),
        "loss_function": loss,
        "loss_title": LOSS_TITLES[config.loss],
        "minimised": task.loss_title(config.loss),
        "optimizer": _OPTIMIZERS[config.optimizer],
    }
    conditions = {
        "photographs": dataset not in PUBLIC_DATASETS,
        "schedule": warmup > 0,
        "math": warmup > 0 or "math." in own_layers + task_functions,
        "patience": config.patience is not None,
        "constants": bool(expressions.constants),
        "prepares": bool(expressions.prepare),
        "random": is_random,
    }
    # Where nothing is copied, empty lines are left over.
    return re.sub(r"\n{4,}", "\n\n\n", fill_template("script.py", conditions, values))


def _image_shape(architecture: Architecture, dataset: str, task: Task) -> ImageShape:
    """The shape of the data set's images; patches are cut to the network's input."""
    if dataset in DATASETS:
        return DATASETS[dataset].image_shape
    shape = architecture.input_shape
    if task.needs_color:
        shape = (*shape[:2], 3)
    if max(shape[:2]) > MAX_PATCH_SIDE or shape[2] not in (1, 3):
        raise TrainingError(
            f"A script cuts patches of at most {MAX_PATCH_SIDE} pixels a side and 1 or 3 channels. "
            f"Received: an architecture for {format_shape(architecture.input_shape)}. "
            "Choose a smaller input."
        )
    return shape


def _wrapped(text: str, indent: str = "") -> str:
    """Text in lines that fit."""
    return textwrap.fill(
        text,
        LINE_LENGTH - 4,
        initial_indent=indent,
        subsequent_indent=indent,
        break_on_hyphens=False,
    )


def _comma_separated(shape: Shape) -> str:
    """A shape as NumPy writes it, without the brackets."""
    return ", ".join(str(side) for side in shape)


# --- Source of this package ------------------------------------------------------------------


class _Copies:
    """Definitions copied from modules, each once, with all that they need of this package."""

    def __init__(self) -> None:
        self.taken: set[str] = set()

    def take(self, module: str, names: set[str]) -> str:
        """The source of what a module defines or imports under some names, constants first.

        Names that it does not know are left out: they are Keras's, NumPy's or Python's own.
        """
        sources: list[str] = []
        for name in sorted(names):
            self._add(module, name, sources)
        definitions = [text for text in sources if re.match(r"@|class |def ", text)]
        constants = "\n".join(text for text in sources if text not in definitions)
        return "\n\n\n".join(text for text in [constants, *definitions] if text)

    def _add(self, module: str, name: str, sources: list[str]) -> None:
        """Adds a definition behind those that it needs."""
        definitions, imports = _module(module)
        if name in imports:
            self._add(imports[name], name, sources)
        elif name in definitions and name not in self.taken:
            self.taken.add(name)
            text = definitions[name]
            for needed in sorted(_names(text)):
                self._add(module, needed, sources)
            # The script imports Keras at its top.
            sources.append(
                re.sub(r"(?m)^ +(from (keras|cae_core)\b|import keras$).*\n\n?", "", text)
            )


@functools.cache
def _module(name: str) -> tuple[dict[str, str], dict[str, str]]:
    """A module's definitions as they stand there, and which module of ours it imports a name from.

    The module is read, not imported.
    """
    found = importlib.util.find_spec(name)
    assert found is not None  # noqa: S101 - modules of this package, or of an imported task
    assert found.origin is not None  # noqa: S101
    text = Path(found.origin).read_text(encoding="utf-8")
    lines = text.splitlines()
    tree = ast.parse(text)
    definitions = {}
    for node in tree.body:
        first = node.lineno
        if isinstance(node, ast.ClassDef | ast.FunctionDef):
            defined = node.name
            first = min([first, *(decorator.lineno for decorator in node.decorator_list)])
        elif isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
            defined = node.targets[0].id
        else:
            continue
        definitions[defined] = "\n".join(lines[first - 1 : node.end_lineno])
    imports = {
        alias.name: str(node.module)
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("cae_core.")
        for alias in node.names
    }
    return definitions, imports


def _names(text: str) -> set[str]:
    """The names that a piece of source reads or defines."""
    return {node.id for node in ast.walk(ast.parse(text)) if isinstance(node, ast.Name)}


# --- The network -----------------------------------------------------------------------------


def _network_lines(report: Report) -> tuple[list[str], list[str]]:
    """The lines that build encoder and decoder, one to three per layer."""
    architecture = report.architecture
    read_later = {layer.name for layer in architecture.layers if isinstance(layer, Skip)}
    encoder: list[str] = []
    decoder: list[str] = []
    for row in report.rows:
        lines = encoder if row.index <= len(architecture.encoder) else decoder
        if not isinstance(row.layer, Mark):
            lines += _layer_lines(row)
        elif row.layer.name in read_later:
            lines.append(f"{_skip(row.layer)} = x")
    return encoder, decoder


def _latent(report: Report) -> str:
    """The size of the latent."""
    numbers = f"{report.latent_size:,} numbers"
    is_vector = len(report.latent_shape) == 1
    return numbers if is_vector else f"{format_shape(report.latent_shape)} = {numbers}"


def _skip(layer: Mark | Skip) -> str:
    """The variable that holds a marked tensor."""
    return f"skip_{layer.name}"


def _layer_lines(row: Row) -> list[str]:
    """One layer and the shape of its output, in one line if it fits."""
    layer = row.layer
    call = layer.keras_call()
    function = call.layer_class if call.is_own else f"layers.{call.layer_class}"
    if isinstance(layer, Unpca):
        function = "projection.inverse"
    arguments = ", ".join([*_arguments(call), f'name="{layer.keras_name(row.index)}"'])
    read = f"[x, {_skip(layer)}]" if isinstance(layer, Skip) else "x"
    shape = format_shape(row.output_shape)
    if isinstance(layer, Pca):
        return [f"projection = {function}({arguments})", f"x = projection({read})  # {shape}"]
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
        text = json.dumps(value) if isinstance(value, str) else repr(value)
        if place < _UNNAMED.get(call.layer_class, 1):
            written.append(text)
        elif name not in defaults or value != defaults[name]:
            written.append(f"{name}={text}")
    return written
