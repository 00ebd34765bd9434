"""``train``: trains an architecture, tests it once at the end and saves the run."""

from __future__ import annotations

import argparse
import contextlib
import secrets
import sys
import tempfile
import time
import zipfile
from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cae_core.architecture.formulas import format_shape
from cae_core.architecture.notation import Architecture
from cae_core.architecture.presets import Preset
from cae_core.architecture.report import analyze
from cae_core.cli.arguments import (
    NOTATION,
    PROGRAM,
    add_architecture,
    add_fix,
    chosen_architecture,
    data_argument,
    fixed,
    path_argument,
)
from cae_core.cli.places import check_new_file, check_place, unwritable, write_whole
from cae_core.cli.terminal import (
    DONE,
    PARTLY_DONE,
    Bar,
    aligned,
    complain,
    harmless,
    note,
    quiet_tensorflow,
    stop_on_interrupt,
)
from cae_core.data.registry import DATASET_NAMES, DATASETS, check_name, is_available, load_dataset
from cae_core.errors import RunError, TrainingError
from cae_core.formats import counted, format_mse, format_psnr
from cae_core.training.config import LOSS_TITLES, OPTIMIZERS, PRECISIONS, SCHEDULES, TrainConfig
from cae_core.training.tasks import (
    TASKS,
    Denoise,
    Reconstruct,
    Task,
    check_fit,
    check_loss,
    preset_task,
    settings_of,
)

if TYPE_CHECKING:
    from cae_core.training.runs import Run

DEFAULT_DATASET = "photo_patches"  # the one that needs no download


def add_parser(commands: Any) -> None:
    """Declares the command and its options."""
    defaults = TrainConfig()
    parser = commands.add_parser(
        "train",
        help="train an architecture, test it and save the run",
        description="Trains an architecture, tests it once at the end and saves the run.\n"
        "Ctrl-C ends the training early and keeps what was trained, a second Ctrl-C aborts it.",
        epilog=NOTATION + _examples(),
    )
    add_architecture(parser)
    add_fix(parser)
    parser.add_argument(
        "--data",
        type=data_argument,
        metavar="NAME|FOLDER",
        help=f"{', '.join(DATASET_NAMES)}, or a folder of images, which are cut into patches; "
        f"default: {DEFAULT_DATASET}, but for a preset with images of another size its own",
    )
    parser.add_argument(
        "--task",
        choices=list(TASKS),
        help="; ".join(f"{name}: {task.summary}" for name, task in TASKS.items())
        + f"; default: the preset's, else {Reconstruct.name}",
    )
    parser.add_argument(
        "--sigma",
        type=_sigma,
        metavar="S|LOW,HIGH",
        help="for denoise: standard deviation of the noise from 0 to 1 (25 of 255 is 0.098), or a "
        f"range from which each image draws one; default: the preset's, else {Denoise().sigma}",
    )
    parser.add_argument(
        "--clip", action="store_true", help="for denoise: cut the noisy images to 0..1"
    )
    for task in TASKS.values():
        for name, setting in settings_of(task).items():
            parser.add_argument(
                f"--{name}",
                type=float,
                metavar="N",
                help=f"for {task.name}: {_lower(setting.title)}, {setting.low:g} to "
                f"{setting.high:g}; default: {task.__dataclass_fields__[name].default:g}",
            )
    for option, kind, meaning, default in (
        (
            "--epochs",
            int,
            "passes over the training images",
            f"the preset's, else {defaults.epochs}",
        ),
        ("--batch", int, "images per step", f"the preset's, else {defaults.batch_size}"),
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
            list(LOSS_TITLES),
            "; ".join(f"{name}: {title}" for name, title in LOSS_TITLES.items()),
            f"the preset's, else {defaults.loss}",
        ),
        (
            "--precision",
            PRECISIONS,
            "bfloat16: compute in half as many bits; auto: where processor and network gain by it",
            defaults.precision,
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
        "--limit", type=int, metavar="N", help="at most so many training images, for a quick try"
    )
    parser.add_argument(
        "--out",
        type=path_argument,
        metavar="FOLDER",
        help="a new folder for the run; default: runs/<data>-<task>-<date>-<time>",
    )
    parser.add_argument(
        "--script",
        type=path_argument,
        metavar="FILE",
        help="write this training as a Keras script that runs on its own, too",
    )
    parser.add_argument("--force", action="store_true", help="write over a script that exists")
    parser.add_argument(
        "--checkpoint",
        type=path_argument,
        metavar="FILE",
        help="an .npz file that holds the training's state after every epoch; where it is there, "
        "the training goes on from it: say the same options again",
    )
    parser.set_defaults(run=run)


def _examples() -> str:
    """Examples, and the data sets with what they hold."""
    rows = [
        (f"  {name}", format_shape(info.image_shape), f"{info.sizes[0]:,}", info.description)
        for name, info in DATASETS.items()
    ]
    lines = [
        "",
        "data sets (size of an image, training images):",
        *aligned(rows, right={2}),
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


def run(options: argparse.Namespace) -> int:
    """Trains, prints the test figures, saves the run; returns the exit code."""
    architecture, preset = chosen_architecture(options.architecture)
    task = _task(options, preset)
    config = _config(options, preset)
    data_name = options.data or _default_dataset(preset)
    check_name(data_name)
    is_named = data_name in DATASETS
    label = data_name if is_named else Path(data_name).resolve().name
    # Whatever can be refused is refused before anything is downloaded or trained.
    if is_named:
        architecture = _fitting(options, architecture, DATASETS[data_name].image_shape, task)
    folder = _new_folder(options.out or _default_folder(label, task))
    if options.checkpoint is not None:
        _check_checkpoint(options.checkpoint)
    if options.script is not None:
        check_new_file("script", options.script, may_exist=options.force)
    check_loss(config.loss, task, architecture)
    with quiet_tensorflow():
        from cae_core.training.loop import train

    bar = Bar(sys.stderr)
    if is_named and not is_available(data_name):
        note(f"{data_name} is not on this machine and is downloaded now. Ctrl-C stops that.")
    with contextlib.closing(bar):
        data = load_dataset(
            data_name,
            seed=config.seed,
            limit=options.limit,
            on_progress=partial(bar.show_loading, label, "MB" if is_named else "images"),
        )
    architecture = _fitting(options, architecture, data.image_shape, task)
    if options.script is not None:
        _write_script(options.script, architecture, task, config, data_name)
    if options.checkpoint is not None:
        options.checkpoint.parent.mkdir(parents=True, exist_ok=True)
    for remark in data.notes:
        note(remark)
    note(f"{data!r}; {task}; {counted(config.epochs, 'epoch')}, batch {config.batch_size}")
    note("Ctrl-C stops the training and keeps what was learnt.")
    with contextlib.closing(bar), stop_on_interrupt() as stop_requested:
        trained = train(
            architecture,
            data,
            task=task,
            config=config,
            on_progress=bar.show_training,
            should_stop=stop_requested,
            checkpoint=options.checkpoint,
            on_unwritten=partial(_say_unwritten, bar, options.checkpoint),
        )
    return _save(trained, folder, _test_line(trained, data.image_shape))


def _say_unwritten(bar: Bar, path: Path, error: OSError) -> None:
    """Says that a checkpoint could not be written; the training goes on."""
    bar.clear()
    complain(
        "A checkpoint is saved where files can be made. "
        f"Received: {path} ({error.strerror or error}). "
        "Make room there: the training goes on, and tries again after every epoch."
    )


def _save(trained: Run, folder: Path, figures: str) -> int:
    """Saves a finished run, where its folder can't be made any more in another; the exit code.

    Its figures are printed after that: a closed output must not cost the run.
    """
    problem = _failure(trained, folder)
    if problem is None:
        print(harmless(figures))
        print(f"saved in {harmless(folder)}")
        return DONE
    refuge = next((place for place in _refuges(folder) if _failure(trained, place) is None), None)
    if refuge is None:
        refuge = _asked_refuge(trained, f"The run could not be saved in {folder}: {problem}")
    print(harmless(figures))
    saved = f"It is saved in {refuge}" if refuge else "Nor elsewhere: all there is are its figures."
    complain(f"The run could not be saved in {folder}: {problem} {saved}")
    return PARTLY_DONE


def _failure(trained: Run, folder: Path) -> Exception | None:
    """Saves a run; the error where that cannot be done."""
    try:
        trained.save(folder)
    except (OSError, RunError) as error:
        return error
    return None


def _refuges(folder: Path) -> Iterator[Path]:
    """Other places for a run: the system's temporary folder, this one, the person's own."""
    for find in (tempfile.gettempdir, Path.cwd, Path.home):
        with contextlib.suppress(OSError, RuntimeError):  # there is none
            yield Path(find()) / f"cae-lab-{secrets.token_hex(4)}" / folder.name


def _asked_refuge(trained: Run, problem: str) -> Path | None:
    """Asks for a folder until the run could be saved in one; None where nobody answers."""
    while sys.stdin is not None and sys.stdin.isatty():
        note(f"{problem} It is still in memory. Make room, or type another folder; empty ends.")
        answer = sys.stdin.readline().strip()
        if not answer:
            break
        failure = _failure(trained, Path(answer))
        if failure is None:
            return Path(answer)
        problem = f"Nor in {answer}: {failure}"
    return None


def _fitting(
    options: argparse.Namespace,
    architecture: Architecture,
    image_shape: tuple[int, int, int],
    task: Task,
) -> Architecture:
    """The architecture once it is sure that it fits images and task; with --fix made to fit."""
    if options.fix and architecture.input_shape == task.input_shape(image_shape):
        architecture = fixed(analyze(architecture, output_shape=task.output_shape(image_shape)))
    check_fit(architecture, image_shape, task)
    return architecture


def _test_line(run: Run, image_shape: tuple[int, int, int]) -> str:
    """The test figures, and what they were measured on."""
    epochs, said = len(run.history), ""
    if epochs < run.config.epochs:
        ended = "stopped" if run.stopped else "ended early"
        said = f" ({ended} after {epochs} of {counted(run.config.epochs, 'epoch')})"
    return (
        f"test MSE {format_mse(run.test['mse'])}, MAE {format_mse(run.test['mae'])}, "
        f"PSNR {format_psnr(run.test['psnr'])} on {counted(int(run.test['images']), 'test image')} "
        f"({format_shape(image_shape)}) of {run.dataset}, task {run.task}{said}"
    )


def _task(options: argparse.Namespace, preset: Preset | None) -> Task:
    """The task: as the options say, else the preset's."""
    usual = Reconstruct() if preset is None else preset_task(preset)
    asks_for_noise = options.sigma is not None or options.clip
    name = options.task or (Denoise.name if asks_for_noise else usual.name)
    if name != Denoise.name:
        if asks_for_noise:
            raise TrainingError(
                f"--sigma and --clip belong to --task {Denoise.name}. "
                f"Received: --task {name}. Leave them out, or choose the other task."
            )
        task = usual if name == usual.name else TASKS[name]()
        return replace(task, **_settings(options, type(task)))
    _settings(options, Denoise)
    denoise = usual if isinstance(usual, Denoise) else Denoise()
    return Denoise(denoise.sigma if options.sigma is None else options.sigma, options.clip)


def _settings(options: argparse.Namespace, task: type[Task]) -> dict[str, float]:
    """The settings of a task that are given, by name.

    Raises:
        TrainingError: For one that belongs to another task.
    """
    for other in TASKS.values():
        for name in settings_of(other).keys() - settings_of(task).keys():
            if getattr(options, name) is not None:
                raise TrainingError(
                    f"--{name} belongs to --task {other.name}. "
                    f"Received: --task {task.name}. Leave it out, or choose the other task."
                )
    given = {name: getattr(options, name) for name in settings_of(task)}
    return {name: value for name, value in given.items() if value is not None}


def _lower(title: str) -> str:
    """A title inside a sentence; names in capitals stay."""
    return title if title[:2].isupper() else title[0].lower() + title[1:]


def _config(options: argparse.Namespace, preset: Preset | None) -> TrainConfig:
    """The settings: as the options say, else the preset's."""
    settings: dict[str, Any] = {}
    if preset:
        settings = {
            "epochs": preset.epochs,
            "batch_size": preset.batch_size,
            "loss": preset.loss,
        }
    given = {
        "epochs": options.epochs,
        "batch_size": options.batch,
        "learning_rate": options.learning_rate,
        "schedule": options.schedule,
        "optimizer": options.optimizer,
        "loss": options.loss,
        "precision": options.precision,
        "patience": options.patience,
        "seed": options.seed,
    }
    return TrainConfig(
        **settings | {key: value for key, value in given.items() if value is not None}
    )


def _default_dataset(preset: Preset | None) -> str:
    """The data set that needs no download, where its images have the preset's size."""
    if preset and DATASETS[preset.dataset].image_shape != DATASETS[DEFAULT_DATASET].image_shape:
        return preset.dataset
    return DEFAULT_DATASET


def _default_folder(label: str, task: Task) -> Path:
    """A folder named after what is trained, and when."""
    return Path("runs") / f"{label}-{task.name}-{time.strftime('%Y%m%d-%H%M%S')}"


def _new_folder(folder: Path) -> Path:
    """The folder, once it is sure that a run can be saved there after the training."""
    check_place("run", folder)
    if folder.exists():
        raise RunError(
            f"A run is saved to a new folder. Received: {folder}, which exists. "
            "Choose another name, or delete it first."
        )
    return folder


def _check_checkpoint(path: Path) -> None:
    """Refuses a checkpoint that cannot be written, or a file that is none.

    Whether it is one of this network is seen once that is built.
    """
    check_place("checkpoint", path)
    if path.is_dir():
        raise unwritable("checkpoint", path, "it is a folder")
    if not path.exists():
        return
    try:
        with zipfile.ZipFile(path) as archive:
            is_checkpoint = {"weight_0.npy", "optimizer_0.npy"} <= {*archive.namelist()}
    except (OSError, zipfile.BadZipFile):
        is_checkpoint = False
    if not is_checkpoint:
        raise TrainingError(
            f"A checkpoint is a file that a training wrote, or a new one. Received: {path}, which "
            "is something else. Choose another place."
        )


def _write_script(
    path: Path, architecture: Architecture, task: Task, config: TrainConfig, data_name: str
) -> None:
    """Writes the training as a script of its own."""
    from cae_core.export.script import generate_script

    text = generate_script(architecture, task=task, config=config, dataset=data_name)
    write_whole("script", path, text.encode())
    print(f"script in {harmless(path)}")


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
