"""The laboratory from a shell: ``python -m cae_core latent|train``.

A subcommand is two functions: ``_add_<name>`` declares its options, ``_<name>`` does the work
and returns the exit code. To add one, write both and call the first in `_parser`.

Results go to stdout, progress and errors to stderr. Exit codes: 0 done, 2 a user's mistake, said
in one line, 130 stopped with Ctrl-C. Importing this module does not import Keras.
"""

from __future__ import annotations

import argparse
import contextlib
import dataclasses
import json
import os
import shutil
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

from cae_core.architecture import Architecture, format_shape
from cae_core.arithmetic import Report, Row, analyze
from cae_core.config import LOSSES, OPTIMIZERS, SCHEDULES, TrainConfig
from cae_core.datasets import DATASET_NAMES, DATASETS, is_available, load_dataset
from cae_core.errors import CAEError, RunError, TrainingError
from cae_core.presets import PRESETS, SOURCES, Preset, get_preset
from cae_core.progress import Progress
from cae_core.tasks import TASKS, Denoise, Reconstruct, Task, check_fit, check_loss

if TYPE_CHECKING:
    from cae_core.runs import Run

PROGRAM = "python -m cae_core"
DEFAULT_DATASET = "photo_patches"  # the one that needs no download
USER_MISTAKE, INTERRUPTED = 2, 130


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs one command.

    Args:
        arguments: What stands behind ``python -m cae_core``; by default the process's own.

    Returns:
        The exit code.

    Raises:
        SystemExit: For options that do not exist (code 2), and after ``--help`` (code 0).

    Example:
        >>> main(["latent", "conv8 pool | up conv3:sigmoid"])  # doctest: +ELLIPSIS
        conv8 pool | up conv3:sigmoid
        input 32x32x3 = 3,072 numbers
        ...
        latent 16x16x8 = 2,048 numbers, 1.5x smaller than the input
        ...
        0
    """
    options = _parser().parse_args(arguments)
    try:
        return options.run(options)
    except CAEError as error:
        _complain(str(error))
        return USER_MISTAKE
    except KeyboardInterrupt:
        _complain("Stopped. Nothing was saved.")
        return INTERRUPTED


def _complain(message: str) -> None:
    """One line on stderr, whatever the message quotes."""
    print(" ".join(message.split()), file=sys.stderr)


class _Parser(argparse.ArgumentParser):
    """A parser that says what is wrong in one line, without the usage above it."""

    def __init__(self, **settings: Any) -> None:
        super().__init__(formatter_class=argparse.RawDescriptionHelpFormatter, **settings)

    def error(self, message: str) -> NoReturn:
        """Ends the program with the message and where to read more."""
        _complain(f"{self.prog}: {message}. For help: {self.prog} --help")
        self.exit(USER_MISTAKE)


def _parser() -> argparse.ArgumentParser:
    """The whole command line."""
    parser = _Parser(
        prog=PROGRAM,
        description="Convolutional autoencoders, calculated and trained from a shell.",
        epilog=_NOTATION + _MAIN_EXAMPLES,
    )
    parser.set_defaults(run=lambda _: _help(parser))
    commands = parser.add_subparsers(title="commands", metavar="COMMAND")
    _add_latent(commands)
    _add_train(commands)
    return parser


def _help(parser: argparse.ArgumentParser) -> int:
    """What the program says when it is called without a command."""
    parser.print_help()
    return 0


_NOTATION = """\
An ARCHITECTURE is a line in quotes, a token per layer, '|' behind the layer that makes the code:
  "conv8 pool conv12 pool conv16 | up conv12 up conv3:sigmoid"
  conv32k5s2   32 channels, kernel 5, stride 2; kernel 3, stride 1, padding same, ReLU unless said
  conv3:sigmoid, conv16:valid, up:bilinear   another activation, padding, interpolation
  pool avgpool up deconv16 bn res16 flatten dense100 reshape8x8x16 shuffle unshuffle blur pad crop
  @a ... cat@a or add@a   a skip connection from one place to another
A PRESET is the name of a network from the literature: latent --list.
"""

_MAIN_EXAMPLES = """
examples:
  python -m cae_core latent homework
  python -m cae_core train homework --epochs 2 --out runs/first
  python -m cae_core train --help
"""


# --- latent ----------------------------------------------------------------------------------


def _add_latent(commands: Any) -> None:
    """Declares the options of ``latent``."""
    parser = commands.add_parser(
        "latent",
        help="the size of the code, layer by layer, without training",
        description="Calculates the size of every layer's output, the code's among them, with\n"
        "parameters, multiply-accumulates (MACs) and the receptive field (field).",
        epilog=_NOTATION + _LATENT_EXAMPLES,
    )
    _add_architecture(parser, nargs="?")
    parser.add_argument("--list", action="store_true", help="list the presets and end")
    parser.add_argument(
        "--input",
        type=_shape,
        metavar="HxWxC",
        help="height, width and channels of the picture; default: the architecture's, 32x32x3",
    )
    parser.add_argument(
        "--batch",
        type=_positive,
        default=128,
        metavar="N",
        help="pictures per batch, for the memory that the layers' outputs take; default: 128",
    )
    parser.add_argument(
        "--formulas", action="store_true", help="show every calculation with its numbers put in"
    )
    parser.add_argument("--json", action="store_true", help="print JSON instead of a table")
    parser.set_defaults(run=_latent)


_LATENT_EXAMPLES = """
examples:
  python -m cae_core latent                                list the presets
  python -m cae_core latent homework --formulas
  python -m cae_core latent "conv16 pool conv8 | up conv1:sigmoid" --input 28x28x1
  python -m cae_core latent strided-bn --json

The exit code is 0, with warnings too, and 2 if the architecture cannot work.
"""


def _latent(options: argparse.Namespace) -> int:
    """Prints the arithmetic of an architecture, or the list of presets."""
    if options.list or options.architecture is None:
        print(_json_of_presets() if options.json else _list_of_presets())
        return 0
    architecture, _ = _architecture(options.architecture, options.input)
    report = analyze(architecture, batch_size=options.batch)
    if options.json:
        print(json.dumps(_report_as_data(report), indent=2))
    else:
        print("\n".join(_report_lines(report, with_formulas=options.formulas)))
    if report.problems:
        others = len(report.problems) - 1
        _complain(report.problems[0] + (f" ({others} more in the table.)" if others else ""))
        return USER_MISTAKE
    return 0


def _list_of_presets() -> str:
    """The presets, a line each, under the documents they are from."""
    lines = ["Presets, with the size of the code and how much smaller than the input it is:"]
    for section, source in SOURCES.items():
        lines += ["", f"{section}: {source}"]
        rows = []
        for preset in (preset for preset in PRESETS.values() if preset.section == section):
            report = analyze(preset.architecture)
            rows.append(
                (
                    f"  {preset.id}",
                    preset.title,
                    f"{report.latent_size:,}",
                    f"{report.compression_ratio:.2f}x",
                    preset.dataset,
                )
            )
        lines += _aligned(rows, right={2, 3})
    return "\n".join([*lines, "", f"One in full: {PROGRAM} latent homework"])


def _json_of_presets() -> str:
    """The presets as a JSON list."""
    return json.dumps([dataclasses.asdict(preset) for preset in PRESETS.values()], indent=2)


def _report_lines(report: Report, *, with_formulas: bool) -> list[str]:
    """The table of layers and what it says."""
    shape = report.architecture.input_shape
    table = _aligned(
        [
            ("#", "layer", "output", "numbers", "parameters", "MACs", "field"),
            *(_cells(row) for row in report.rows),
        ],
        right={0, 3, 4, 5, 6},
    )
    width = max(len(line) for line in table)
    lines = [
        " ".join(map(str, report.architecture.encoder))
        + " | "
        + " ".join(map(str, report.architecture.decoder)),
        f"input {format_shape(shape)} = {report.input_size:,} numbers",
        "",
        table[0],
    ]
    for row, line in zip(report.rows, table[1:], strict=True):
        lines.append(line)
        if row.problem:
            lines.append(f"    PROBLEM: {row.problem}")
        if with_formulas:
            lines += [f"    {said}" for said in _calculations(row)]
        if row.index == len(report.architecture.encoder):
            code = f"the code: {report.latent_size:,} numbers "
            lines.append(f"---- {code}".ljust(width, "-"))
    if report.output_problem:
        lines.append(f"    PROBLEM: {report.output_problem}")
    megabytes = report.activation_bytes / 1e6
    is_sound = not any(row.problem for row in report.rows)
    return [
        *lines,
        "",
        report.verdict if is_sound else f"Without the layers that cannot work: {report.verdict}",
        f"{report.parameters:,} parameters, {report.macs:,} multiply-accumulates for one picture, "
        f"{megabytes:,.1f} MB of outputs for a batch of {report.batch_size}",
        *(f"WARNING: {warning}" for warning in report.warnings),
    ]


def _cells(row: Row) -> tuple[str, ...]:
    """One layer as a row of the table."""
    return (
        str(row.index),
        row.token,
        format_shape(row.output_shape),
        f"{row.size:,}",
        f"{row.parameters:,}",
        f"{row.macs:,}",
        format_shape(row.receptive_field),
    )


def _calculations(row: Row) -> list[str]:
    """How the figures of one layer come about."""
    lines = [f"size: {row.formula.text}"]
    if row.textbook is not None:
        lines.append(f"textbook: {row.textbook.text}")
    if row.textbook_note:
        lines.append(row.textbook_note)
    if row.parameters_formula:
        lines.append(f"parameters: {row.parameters_formula} = {row.parameters:,}")
    return lines


def _aligned(rows: Sequence[tuple[str, ...]], right: set[int]) -> list[str]:
    """Rows with their columns under each other, those in `right` at the right."""
    widths = [max(len(cell) for cell in column) for column in zip(*rows, strict=True)]
    return [
        "  ".join(
            cell.rjust(width) if column in right else cell.ljust(width)
            for column, (cell, width) in enumerate(zip(row, widths, strict=True))
        ).rstrip()
        for row in rows
    ]


def _report_as_data(report: Report) -> dict[str, Any]:
    """A report as plain data."""
    return {
        "architecture": str(report.architecture),
        "input_shape": report.architecture.input_shape,
        "input_size": report.input_size,
        "latent_shape": report.latent_shape,
        "latent_size": report.latent_size,
        "compression_ratio": report.compression_ratio,
        "output_shape": report.output_shape,
        "smallest": {"layer": report.smallest.index, "size": report.smallest.size},
        "parameters": report.parameters,
        "macs": report.macs,
        "batch_size": report.batch_size,
        "activation_bytes": report.activation_bytes,
        "receptive_field": report.receptive_field,
        "verdict": report.verdict,
        "warnings": report.warnings,
        "problems": report.problems,
        "layers": [
            {
                "index": row.index,
                "part": row.part,
                "token": row.token,
                "input_shape": row.input_shape,
                "output_shape": row.output_shape,
                "size": row.size,
                "formula": row.formula.text,
                "textbook": row.textbook.text if row.textbook else None,
                "textbook_note": row.textbook_note,
                "parameters": row.parameters,
                "parameters_formula": row.parameters_formula,
                "macs": row.macs,
                "activation_bytes": row.activation_bytes,
                "receptive_field": row.receptive_field,
                "problem": row.problem,
            }
            for row in report.rows
        ],
    }


# --- train -----------------------------------------------------------------------------------


def _add_train(commands: Any) -> None:
    """Declares the options of ``train``."""
    defaults = TrainConfig()
    parser = commands.add_parser(
        "train",
        help="train an architecture, test it and save the run",
        description="Trains an architecture, tests it once at the end and saves the run.\n"
        "Ctrl-C ends the training early and keeps what was learnt, a second Ctrl-C aborts it.",
        epilog=_NOTATION + _train_examples(),
    )
    _add_architecture(parser)
    parser.add_argument(
        "--data",
        metavar="NAME|FOLDER",
        help=f"{', '.join(DATASET_NAMES)}, or a folder of pictures, which are cut into patches; "
        f"default: {DEFAULT_DATASET}, but for a preset with pictures of another size its own",
    )
    parser.add_argument(
        "--task",
        choices=list(TASKS),
        help="reconstruct: the picture in and out; denoise: noise in, the clean picture out; "
        "colorize_rgb: grey in, colour out; colorize_chroma: lightness in, chrominance out; "
        "default: the preset's, else reconstruct",
    )
    parser.add_argument(
        "--sigma",
        type=_sigma,
        metavar="S|LOW,HIGH",
        help="for denoise: standard deviation of the noise from 0 to 1 (25 of 255 is 0.098), or a "
        f"range from which each picture draws one; default: the preset's, else {Denoise().sigma}",
    )
    parser.add_argument(
        "--clip", action="store_true", help="for denoise: cut the noisy pictures to 0..1"
    )
    for option, kind, meaning, default in (
        (
            "--epochs",
            int,
            "passes over the training pictures",
            f"the preset's, else {defaults.epochs}",
        ),
        ("--batch", int, "pictures per step", f"the preset's, else {defaults.batch_size}"),
        ("--learning-rate", float, "the largest step size", f"{defaults.learning_rate:g}"),
        (
            "--patience",
            int,
            "end early after so many epochs without a lower validation loss",
            "never",
        ),
        ("--seed", int, "of weights, order, noise and split", f"{defaults.seed}"),
    ):
        parser.add_argument(option, type=kind, metavar="N", help=f"{meaning}; default: {default}")
    for option, choices, meaning, default in (
        (
            "--loss",
            LOSSES,
            "mse, mae: mean squared or absolute error; bce: binary cross-entropy; ssim: "
            "1 - structural similarity",
            defaults.loss,
        ),
        ("--optimizer", OPTIMIZERS, "sgd has a momentum of 0.9", defaults.optimizer),
        (
            "--schedule",
            SCHEDULES,
            "cosine: the learning rate falls to 0 after a short rise; one_cycle: after a rise over "
            "a third of the training; constant: it stays",
            defaults.schedule,
        ),
    ):
        parser.add_argument(option, choices=choices, help=f"{meaning}; default: {default}")
    parser.add_argument(
        "--limit", type=int, metavar="N", help="at most so many training pictures, for a quick try"
    )
    parser.add_argument(
        "--out",
        type=Path,
        metavar="FOLDER",
        help="a new folder for the run; default: runs/<data>-<task>-<date>-<time>",
    )
    parser.add_argument(
        "--script",
        type=Path,
        metavar="FILE",
        help="write this training as a Keras script that runs on its own, too",
    )
    parser.add_argument(
        "--checkpoint",
        type=Path,
        metavar="FILE",
        help="an .npz file that holds the training's state after every epoch; where it is there, "
        "the training goes on from it: say the same options again",
    )
    parser.set_defaults(run=_train)


def _train_examples() -> str:
    """Examples, and the data sets with what they hold."""
    rows = [
        (f"  {name}", format_shape(info.image_shape), f"{info.sizes[0]:,}", info.description)
        for name, info in DATASETS.items()
    ]
    lines = [
        "",
        "data sets (size of a picture, training pictures):",
        *_aligned(rows, right={2}),
        "",
        "examples:",
        f"  {PROGRAM} train homework",
        f"  {PROGRAM} train strided-bn --task denoise --sigma 0.3 --data cifar10 --epochs 3",
        f"  {PROGRAM} train lesson-cnn --data fashion_mnist --limit 5000 --epochs 1",
        f'  {PROGRAM} train "conv16 pool conv8 | up conv3:sigmoid" --data my_photos '
        "--out runs/mine",
        f"  {PROGRAM} train homework --epochs 1 --script autoencoder.py",
        f"  {PROGRAM} train homework --loss ssim --patience 3 --checkpoint state.npz",
        f'  {PROGRAM} train "32x32x1 conv16 pool conv16 | up conv2:tanh" --task colorize_chroma',
        "",
    ]
    return "\n".join(lines)


def _train(options: argparse.Namespace) -> int:
    """Trains, prints the test figures, saves the run."""
    architecture, preset = _architecture(options.architecture)
    task = _task(options, preset)
    config = _config(options, preset)
    data_name = options.data or _default_dataset(preset)
    is_named = data_name in DATASETS
    label = data_name if is_named else Path(data_name).resolve().name
    # Whatever can be refused is refused before anything is downloaded or trained.
    if is_named:
        check_fit(architecture, DATASETS[data_name].image_shape, task)
    folder = _new_folder(options.out or _default_folder(label, task))
    if options.checkpoint is not None:
        _check_place("checkpoint", options.checkpoint)
    check_loss(config.loss, task)
    with _quiet_tensorflow():
        from cae_core.training import train

    bar = _Bar(sys.stderr)
    if is_named and not is_available(data_name):
        _note(f"{data_name} is not on this machine and is downloaded now. Ctrl-C stops that.")
    with contextlib.closing(bar):
        data = load_dataset(
            data_name,
            seed=config.seed,
            limit=options.limit,
            on_progress=partial(bar.show_loading, label, "MB" if is_named else "pictures"),
        )
    check_fit(architecture, data.image_shape, task)
    if options.script is not None:
        _write_script(options.script, architecture, task, config, data_name)
    if options.checkpoint is not None:
        options.checkpoint.parent.mkdir(parents=True, exist_ok=True)
    for note in data.notes:
        _note(note)
    _note(f"{data!r}; {task}; {config.epochs} epochs, batch {config.batch_size}")
    _note("Ctrl-C stops the training and keeps what was learnt.")
    with contextlib.closing(bar), _stop_on_interrupt() as stop_requested:
        run = train(
            architecture,
            data,
            task=task,
            config=config,
            on_progress=bar.show_training,
            should_stop=stop_requested,
            checkpoint=options.checkpoint,
        )
    print(_test_line(run, data.image_shape))
    print(f"saved in {run.save(folder)}")
    return 0


def _test_line(run: Run, image_shape: tuple[int, int, int]) -> str:
    """The test figures, and what they were measured on."""
    epochs, said = len(run.history), ""
    if epochs < run.config.epochs:
        ended = "stopped" if run.stopped else "ended early"
        said = f" ({ended} after {epochs} of {run.config.epochs} epochs)"
    return (
        f"test MSE {run.test['mse']:.5f}, MAE {run.test['mae']:.5f}, "
        f"PSNR {run.test['psnr']:.2f} dB on the {run.test['images']:,} test pictures "
        f"({format_shape(image_shape)}) of {run.dataset}, task {run.task}{said}"
    )


def _task(options: argparse.Namespace, preset: Preset | None) -> Task:
    """What to learn: as the options say, else as the preset does."""
    preset_sigma = preset.sigma if preset else None
    asks_for_noise = options.sigma is not None or options.clip
    name = options.task
    if name is None:
        is_noisy = asks_for_noise or preset_sigma is not None
        name = Denoise.name if is_noisy else Reconstruct.name
    if name != Denoise.name:
        if asks_for_noise:
            raise TrainingError(
                f"--sigma and --clip belong to --task {Denoise.name}. "
                f"Received: --task {name}. Leave them out, or choose the other task."
            )
        return TASKS[name]()
    sigma = options.sigma if options.sigma is not None else preset_sigma
    return Denoise(clip=options.clip) if sigma is None else Denoise(sigma, options.clip)


def _config(options: argparse.Namespace, preset: Preset | None) -> TrainConfig:
    """The settings: as the options say, else as the preset does."""
    settings: dict[str, Any] = {}
    if preset:
        settings = {"epochs": preset.epochs, "batch_size": preset.batch_size}
    given = {
        "epochs": options.epochs,
        "batch_size": options.batch,
        "learning_rate": options.learning_rate,
        "schedule": options.schedule,
        "optimizer": options.optimizer,
        "loss": options.loss,
        "patience": options.patience,
        "seed": options.seed,
    }
    return TrainConfig(
        **settings | {key: value for key, value in given.items() if value is not None}
    )


def _default_dataset(preset: Preset | None) -> str:
    """The data set that needs no download, where its pictures have the preset's size."""
    if preset and DATASETS[preset.dataset].image_shape != DATASETS[DEFAULT_DATASET].image_shape:
        return preset.dataset
    return DEFAULT_DATASET


def _default_folder(label: str, task: Task) -> Path:
    """A folder named after what is trained, and when."""
    return Path("runs") / f"{label}-{task.name}-{time.strftime('%Y%m%d-%H%M%S')}"


def _new_folder(folder: Path) -> Path:
    """The folder, once it is sure that a run can be saved there after the training."""
    if folder.exists():
        raise RunError(
            f"A run is saved to a new folder. Received: {folder}, which exists. "
            "Choose another name, or delete it first."
        )
    _check_place("run", folder)
    return folder


def _check_place(what: str, path: Path) -> None:
    """Refuses a place where nothing can be made, before the work that is to be saved there."""
    nearest = next(place for place in path.absolute().parents if place.exists())
    if not (nearest.is_dir() and os.access(nearest, os.W_OK)):
        raise _unwritable(what, path, f"nothing can be made in {nearest}")


def _write_script(
    path: Path, architecture: Architecture, task: Task, config: TrainConfig, data_name: str
) -> None:
    """Writes the training as a script of its own."""
    from cae_core.codegen import generate_script

    text = generate_script(architecture, task=task, config=config, dataset=data_name)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    except OSError as error:
        raise _unwritable("script", path, str(error.strerror)) from error
    print(f"script in {path}")


def _unwritable(what: str, path: Path, reason: str) -> RunError:
    """The error for a place where nothing can be written."""
    return RunError(
        f"A {what} is saved where files can be made. Received: {path} ({reason}). "
        "Choose another place."
    )


@contextlib.contextmanager
def _quiet_tensorflow() -> Iterator[None]:
    """Keeps TensorFlow's notes on its build off the terminal while it is imported.

    A user who has set TF_CPP_MIN_LOG_LEVEL gets what was asked for. The variable alone does not
    help: TensorFlow 2.21 logs a note on oneDNN before it reads it, past Python, to descriptor 2.
    """
    if "TF_CPP_MIN_LOG_LEVEL" in os.environ:
        yield
        return
    # 3, for notes on the processor are logged as errors too; real ones come as exceptions.
    os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
    sys.stderr.flush()
    kept = os.dup(2)
    try:
        with Path(os.devnull).open("wb") as nothing:
            os.dup2(nothing.fileno(), 2)
        yield
    finally:
        os.dup2(kept, 2)
        os.close(kept)


@contextlib.contextmanager
def _stop_on_interrupt() -> Iterator[Callable[[], bool]]:
    """Makes the first Ctrl-C a request, which the result tells of; the second one aborts."""
    requested = threading.Event()

    def handle(signal_number: int, frame: object) -> None:
        if requested.is_set():
            raise KeyboardInterrupt
        requested.set()
        # Not print: the signal may have come in the middle of one.
        os.write(2, b"\nStopping after this batch. Ctrl-C again ends it without saving.\n")

    before = signal.signal(signal.SIGINT, handle)
    try:
        yield requested.is_set
    finally:
        signal.signal(signal.SIGINT, before)


# --- Progress --------------------------------------------------------------------------------


def _note(message: str) -> None:
    """A line on stderr for whoever watches."""
    print(message, file=sys.stderr)


class _Bar:
    """Progress in one line that is written over, or in a few lines where that cannot be."""

    WIDTH = 24

    def __init__(self, stream: Any) -> None:
        self.stream = stream
        self.is_terminal = stream.isatty()
        self.is_open = False  # whether the cursor stands in a line of ours
        self.epochs_said = 0
        self.tenths_said = 0

    def show_training(self, progress: Progress) -> None:
        """Loss and time left; one line per epoch where there is no terminal."""
        if self.is_terminal:
            self._rewrite(progress.fraction, str(progress))
        elif len(progress.history) > self.epochs_said:
            self.epochs_said = len(progress.history)
            print(progress, file=self.stream, flush=True)

    def show_loading(self, name: str, unit: str, done: int, total: int | None) -> None:
        """How much of the data is there; a line per tenth where there is no terminal."""
        scale = 1e6 if unit == "MB" else 1
        fraction = done / total if total else 0.0
        said = f"{name}: {done / scale:,.0f} of {(total or 0) / scale:,.0f} {unit}"
        if self.is_terminal:
            self._rewrite(fraction, said)
        elif int(fraction * 10) > self.tenths_said:
            self.tenths_said = int(fraction * 10)
            print(said, file=self.stream, flush=True)

    def close(self) -> None:
        """Leaves the line as it is."""
        if self.is_open:
            print(file=self.stream)
        self.is_open = False

    def _rewrite(self, fraction: float, said: str) -> None:
        """Writes over the line, cut to what the terminal holds so that it stays one."""
        done = round(self.WIDTH * fraction)
        line = f"[{'#' * done}{'.' * (self.WIDTH - done)}] {fraction:4.0%}  {said}"
        columns = shutil.get_terminal_size().columns - 1
        print(f"\r{line[:columns]:<{columns}}", end="", file=self.stream, flush=True)
        self.is_open = True


# --- Options that several commands have ------------------------------------------------------


def _add_architecture(parser: argparse.ArgumentParser, nargs: str | None = None) -> None:
    """Declares the architecture or preset that a command works on."""
    parser.add_argument(
        "architecture",
        nargs=nargs,
        metavar="ARCHITECTURE|PRESET",
        help="an architecture in quotes, or the name of a preset",
    )


def _architecture(
    text: str, input_shape: tuple[int, int, int] | None = None
) -> tuple[Architecture, Preset | None]:
    """The architecture that was meant, and the preset if it is one's name."""
    if "|" in text or " " in text.strip():
        return Architecture.parse(text, input_shape), None
    preset = get_preset(text.strip())
    architecture = preset.architecture
    if input_shape is not None:
        architecture = dataclasses.replace(architecture, input_shape=input_shape)
    return architecture, preset


def _shape(text: str) -> tuple[int, int, int]:
    """``28x28x1`` as numbers."""
    try:
        height, width, channels = (int(side) for side in text.lower().split("x"))
    except ValueError as error:
        raise argparse.ArgumentTypeError(
            f"a shape is height x width x channels, for example 28x28x1, not {text!r}"
        ) from error
    return height, width, channels


def _positive(text: str) -> int:
    """A whole number from 1 on."""
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"a whole number from 1 on is wanted, not {text!r}")
    return int(text)


def _sigma(text: str) -> float | tuple[float, float]:
    """``0.3``, or ``0.1,0.3`` for a range."""
    try:
        sigmas = [float(part) for part in text.split(",")]
        if len(sigmas) == 1:
            return sigmas[0]
        low, high = sigmas
    except ValueError as error:
        raise argparse.ArgumentTypeError(
            f"a sigma is a number such as 0.3, or a range such as 0.1,0.3, not {text!r}"
        ) from error
    return low, high
