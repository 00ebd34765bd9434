"""``sweep``: many architectures, the same training for all, a table of what came out."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

import numpy as np

from cae_core.architecture.notation import Architecture
from cae_core.cli.arguments import NOTATION, PROGRAM, data_argument, path_argument
from cae_core.cli.places import check_place
from cae_core.cli.terminal import DONE, aligned, harmless, note, quiet_tensorflow
from cae_core.data.registry import DATASET_NAMES, load_dataset
from cae_core.errors import TrainingError
from cae_core.studies import claims, latent_size, tables
from cae_core.studies.pca import save_pca_line
from cae_core.studies.sweep import Result, Trial, read_table, run_sweep
from cae_core.training.config import TrainConfig
from cae_core.training.tasks import Reconstruct, check_fit

DEFAULT_DATASET, DEFAULT_EPOCHS = "photo_patches", 3
_FEWEST_FOR_CORRELATION = 8


def add_parser(commands: Any) -> None:
    """Declares the command and its options."""
    parser = commands.add_parser(
        "sweep",
        help="train many architectures and compare them",
        description="Trains architectures one after another, every one in the same way, and adds a "
        "line for each to a table.\nWhat is in the table already is not trained again: stop with "
        "Ctrl-C and go on later with the same command.",
        epilog=NOTATION + _EXAMPLES,
    )
    parser.add_argument("networks", nargs="*", metavar="ARCHITECTURE", help="what to train")
    parser.add_argument(
        "--study",
        choices=tables.STUDY_NAMES,
        help="latent-size: is the size of the latent correlated with the error, on CIFAR-10; "
        "claims: what a source claims, with three seeds (each takes an hour and more)",
    )
    parser.add_argument("--out", type=path_argument, metavar="FILE", help="the table, a CSV file")
    parser.add_argument(
        "--data",
        type=data_argument,
        metavar="NAME|FOLDER",
        help=f"{', '.join(DATASET_NAMES)}, or a folder of images; default: {DEFAULT_DATASET}",
    )
    parser.add_argument("--limit", type=int, help="training images; default: all")
    parser.add_argument("--epochs", type=int, help=f"default: {DEFAULT_EPOCHS}")
    parser.add_argument("--seeds", type=int, help="trainings of each; default: 1")
    parser.set_defaults(run=run)


_EXAMPLES = f"""
examples:
  {PROGRAM} sweep "conv8 pool conv4 | up conv3:sigmoid" "conv8 pool conv16 | up conv3:sigmoid"
  {PROGRAM} sweep --out mine.csv --data cifar10 --seeds 3 "conv8 pool | up conv3:sigmoid"
  {PROGRAM} sweep --study latent-size
"""


def run(options: argparse.Namespace) -> int:
    """Trains what is missing and prints the table; returns the exit code."""
    trials = _trials(options)
    path = options.out or (tables.table_path(options.study) if options.study else Path("sweep.csv"))
    # A setting out of range, a place that can't be written, another's file: found before anything
    # is trained.
    check_place("table", path)
    read_table(path)
    for trial in trials:
        TrainConfig(epochs=trial.epochs, seed=trial.seed)
    shape = load_dataset(trials[0].dataset, limit=trials[0].images or None).image_shape
    for trial in trials:
        check_fit(Architecture.parse(trial.network), shape, Reconstruct())

    def report(result: Result) -> None:
        note(f"{_place(result, trials)}/{len(trials)}  {result.network}  MSE {result.mse:.5f}")

    with quiet_tensorflow():
        import cae_core.training.loop  # noqa: F401 - what it says on its first import is kept quiet
    results = run_sweep(trials, path, on_result=report)
    if options.study == tables.LATENT_SIZE:
        _add_lines()
    print("\n".join(map(harmless, _table(results))))
    print(
        "\n".join(["", *_conclusions(options.study, results), f"The table is in {harmless(path)}."])
    )
    return DONE


def _trials(options: argparse.Namespace) -> list[Trial]:
    """The trainings that the options ask for."""
    if (options.study is None) == (not options.networks):
        raise TrainingError(
            "A sweep takes architectures, or a study by its name. "
            f"Received: {'both' if options.study else 'neither'}. See {PROGRAM} sweep --help."
        )
    settings = ("data", "limit", "epochs", "seeds")
    given = [f"--{name}" for name in settings if getattr(options, name) is not None]
    if options.study and given:
        raise TrainingError(
            "A study has its own images, epochs and seeds. "
            f"Received: --study {options.study} with {', '.join(given)}. Leave them out."
        )
    if options.study == tables.LATENT_SIZE:
        return latent_size.latent_size_trials()
    if options.study == tables.CLAIMS_STUDY:
        return claims.claims_trials()
    seeds = 1 if options.seeds is None else options.seeds
    if seeds < 1:
        raise TrainingError(
            f"--seeds is a number of trainings from 1 on. Received: {seeds}. Use 3, for example."
        )
    epochs = DEFAULT_EPOCHS if options.epochs is None else options.epochs
    data = options.data or DEFAULT_DATASET
    return [
        Trial(network, epochs, seed, data, options.limit or 0)
        for network in options.networks
        for seed in range(seeds)
    ]


def _add_lines() -> None:
    """Computes the errors of the best linear autoencoders where they are missing."""
    for dataset in tables.DATASETS_WITH_LATENTS:
        if not tables.pca_path(dataset).exists():
            note(f"PCA of {dataset}")
            save_pca_line(dataset, str(tables.pca_path(dataset)))


def _place(result: Result, trials: list[Trial]) -> int:
    """A result's place among the trials, counted from 1."""
    return trials.index(result.trial) + 1


def _table(results: list[Result]) -> list[str]:
    """The results, the best first."""
    rows = [("MSE", "PSNR", "SSIM", "latent", "parameters", "epochs", "seed", "network")]
    rows += [
        (
            f"{result.mse:.5f}",
            f"{result.psnr:.2f}",
            f"{result.ssim:.4f}",
            f"{result.latent_size:,}",
            f"{result.parameters:,}",
            str(result.epochs),
            str(result.seed),
            result.network,
        )
        for result in sorted(results, key=lambda result: result.mse)
    ]
    return aligned(rows, right=set(range(len(rows[0]) - 1)))


def _conclusions(study: str | None, results: list[Result]) -> list[str]:
    """Prints the conclusions that the table allows."""
    if study == tables.CLAIMS_STUDY:
        return [
            f"{verdict.claim.statement} {verdict.word.capitalize()}. {verdict.reason}"
            for verdict in claims.verdicts(results)
        ]
    if study == tables.LATENT_SIZE:
        answer = latent_size.latent_size_answer(tuple(results))
        return [] if answer is None else [str(answer)]
    errors: dict[str, list[float]] = {}
    for result in results:
        errors.setdefault(result.network, []).append(result.mse)
    sizes = {result.network: result.latent_size for result in results}
    if len(set(sizes.values())) < _FEWEST_FOR_CORRELATION:
        return []
    # A network counts once, however many seeds it was trained with.
    found = latent_size.rank_correlation(
        list(sizes.values()), [float(np.mean(errors[network])) for network in sizes]
    )
    return [
        f"Rank correlation of latent size and error: {found.rho:.2f}, 95 % interval "
        f"{found.low:.2f} to {found.high:.2f} ({found.networks} networks)."
    ]
