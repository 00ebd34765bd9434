"""``sweep``: many architectures, the same training for all, a table of what came out."""

from __future__ import annotations

import argparse
from functools import partial
from pathlib import Path
from typing import Any

from cae_core.cli.arguments import NOTATION, PROGRAM, data_argument, path_argument
from cae_core.cli.places import check_place
from cae_core.cli.terminal import DONE, PARTLY_DONE, aligned, harmless, note, quiet_tensorflow
from cae_core.data.dataset import Dataset
from cae_core.data.registry import DATASET_NAMES, load_dataset
from cae_core.errors import TrainingError
from cae_core.formats import counted
from cae_core.jobs.cluster import cluster_pool
from cae_core.jobs.estimates import known_or_measured_speed, price_of
from cae_core.studies import claims, effects, latent_size, tables
from cae_core.studies.pca import save_pca_line
from cae_core.studies.plan import (
    FACTORS,
    NETWORK,
    ORDERS,
    SEED,
    Factor,
    Misfit,
    Plan,
    Planned,
    Value,
    parse_values,
    setting_text,
)
from cae_core.studies.sweep import Result, Trial, read_table, run_sweep

DEFAULT_DATASET, DEFAULT_EPOCHS = "photo_patches", 3


def add_parser(commands: Any) -> None:
    """Declares the command and its options."""
    parser = commands.add_parser(
        "sweep",
        help="train many networks and compare them",
        description="Trains networks one after another, every one in the same way, and adds a line "
        "for each to a table.\nWhat is in the table already is not trained again: stop with Ctrl-C "
        "and go on later with the same command.",
        epilog=NOTATION + _FACTORS + _EXAMPLES,
    )
    parser.add_argument("networks", nargs="*", metavar="ARCHITECTURE", help="what to train")
    parser.add_argument(
        "--vary",
        action="append",
        default=[],
        metavar="NAME=VALUES",
        help="what varies, once for each: a list (4,8,16), a range of whole numbers (1..3), or a "
        "number of values with one ratio (64..4096:7)",
    )
    parser.add_argument(
        "--order",
        choices=ORDERS,
        help="; ".join(f"{name}: {meaning}" for name, meaning in ORDERS.items()),
    )
    parser.add_argument("--draws", type=int, help="settings of the order random; default: 20")
    parser.add_argument(
        "--dry-run", action="store_true", help="say what would be trained and what it costs"
    )
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
    parser.add_argument(
        "--seeds", type=int, help="trainings of each, as --vary seed=0..; default: 1"
    )
    parser.set_defaults(run=run)


def _factor_line(name: str, factor: Factor) -> str:
    """A factor, its possible values and its default in one line."""
    values = "|".join(factor.choices) or f"{factor.low:g} to {factor.high:,g}"
    return f"  {name:14} {values} (default {factor.default})"


_FACTORS = """
What can vary, of a family of networks and of the training:
""" + "\n".join(_factor_line(name, factor) for name, factor in FACTORS.items() if name != NETWORK)
_EXAMPLES = f"""

examples:
  {PROGRAM} sweep "conv8 pool conv4 | up conv3:sigmoid" "conv8 pool conv16 | up conv3:sigmoid"
  {PROGRAM} sweep --out mine.csv --data cifar10 --seeds 3 "conv8 pool | up conv3:sigmoid"
  {PROGRAM} sweep --vary channels=4,8,16 --vary latent=64..1024:3 --vary seed=1..3 --dry-run
  {PROGRAM} sweep --vary depth=1..4 --vary kernel=3,5 --order one-at-a-time
  {PROGRAM} sweep --study latent-size
"""


def run(options: argparse.Namespace) -> int:
    """Trains what is missing and prints the table; returns the exit code."""
    planned, misfits, data = _planned(options)
    path = options.out or (tables.table_path(options.study) if options.study else Path("sweep.csv"))
    # A place that can't be written, another's file: found before anything is trained.
    check_place("table", path)
    known = {result.trial for result in read_table(path)}
    for misfit in misfits:
        note(f"Left out: {setting_text(misfit.setting)}. {misfit.reason}")
    if not planned:
        raise TrainingError(
            "A sweep has a network that fits its images. Received: none, for the reasons above. "
            "Choose other values."
        )
    trials = [trial for _, trial in planned]
    pool = cluster_pool()
    if options.dry_run:
        missing = [trial for trial in trials if trial not in known]
        return _say_price(missing, data, 1 if pool is None else max(1, pool.workers()))
    if pool is not None:
        note(f"On the cluster's {counted(pool.workers(), 'worker')}.")
    failures: list[str] = []

    def report(result: Result) -> None:
        note(f"{_place(result.trial, trials)}  {_named(result)}  MSE {result.mse:.5f}")

    def report_failure(trial: Trial, reason: str) -> None:
        failures.append(f"{_named(trial)}: {reason}")
        note(f"{_place(trial, trials)}  {failures[-1]}")

    sweep = partial(run_sweep, trials, path, on_result=report, on_failure=report_failure)
    if pool is None:
        with quiet_tensorflow():
            import cae_core.training.loop  # noqa: F401 - its first import is kept quiet
        results = sweep()
    else:
        results = sweep(executor=pool.executor, at_once=pool.at_once)
    if options.study == tables.LATENT_SIZE:
        _add_lines()
    said = [*_table(results), "", *_conclusions(options.study, planned, results)]
    said += [f"Failed: {failure}" for failure in failures]
    if failures:
        said.append("The same command tries again what failed.")
    print("\n".join(map(harmless, [*said, f"The table is in {path}."])))
    return PARTLY_DONE if failures else DONE


def _planned(options: argparse.Namespace) -> tuple[list[Planned], list[Misfit], Dataset]:
    """The trainings that the options ask for, settings that do not fit, and the images."""
    if options.study is not None:
        settings = ("vary", "order", "draws", "data", "limit", "epochs", "seeds")
        given = [f"--{name}" for name in settings if getattr(options, name)]
        if options.networks or given:
            raise TrainingError(
                "A study has its own networks, images, epochs and seeds. Received: --study "
                f"{options.study} with {', '.join(given) or 'networks'}. Leave them out."
            )
        makers = {
            tables.LATENT_SIZE: latent_size.latent_size_trials,
            tables.CLAIMS_STUDY: claims.claims_trials,
        }
        trials = makers[options.study]()
        data = load_dataset(trials[0].dataset, limit=trials[0].images or None)
        return [Planned({}, trial) for trial in trials], [], data
    plan = _plan(options)
    data = load_dataset(plan.dataset, limit=plan.images or None)
    return *plan.trials(data.image_shape), data


def _plan(options: argparse.Namespace) -> Plan:
    """The plan that the options describe."""
    factors: dict[str, tuple[Value, ...]] = {}
    if options.networks:
        factors[NETWORK] = tuple(dict.fromkeys(options.networks))
    for given in options.vary:
        name, is_assigned, values = given.partition("=")
        if not is_assigned:
            raise TrainingError(
                f"What varies is written NAME=VALUES. Received: --vary {given}. "
                f"Write --vary {given}=4,8, for example."
            )
        factors[name.strip()] = parse_values(name.strip(), values)
    if options.seeds is not None:
        if options.seeds < 1 or SEED in factors:
            raise TrainingError(
                "--seeds is a number of trainings from 1 on, in place of --vary seed=... "
                f"Received: {options.seeds}{' and both' if SEED in factors else ''}. "
                "Use 3, for example."
            )
        factors[SEED] = tuple(range(options.seeds))
    if not factors:
        raise TrainingError(
            "A sweep takes architectures, or what varies, or a study by its name. "
            f"Received: neither. See {PROGRAM} sweep --help."
        )
    given = {"order": options.order, "draws": options.draws, "images": options.limit}
    return Plan(
        factors,
        epochs=DEFAULT_EPOCHS if options.epochs is None else options.epochs,
        dataset=options.data or DEFAULT_DATASET,
        **{name: value for name, value in given.items() if value is not None},
    )


def _say_price(missing: list[Trial], data: Dataset, at_once: int) -> int:
    """Prints what would be trained and what it costs, on machines like this one."""
    for trial in missing:
        print(harmless(_named(trial)))
    if missing:
        note("The speed of this machine is measured, where the app has not done so.")
        print(f"{price_of(missing, len(data.train), known_or_measured_speed(), at_once)}.")
    else:
        print("All of it is in the table.")
    return DONE


def _named(trial: Trial) -> str:
    """A training in one line: its network and what differs from the defaults."""
    parts = [trial.network]
    if trial.learning_rate != Trial.learning_rate:
        parts.append(f"learning rate {trial.learning_rate:g}")
    if trial.loss != Trial.loss:
        parts.append(f"loss {trial.loss}")
    return ", ".join([*parts, f"seed {trial.seed}"])


def _add_lines() -> None:
    """Computes the errors of the best linear autoencoders where they are missing."""
    for dataset in tables.DATASETS_WITH_LATENTS:
        if not tables.pca_path(dataset).exists():
            note(f"PCA of {dataset}")
            save_pca_line(dataset, str(tables.pca_path(dataset)))


def _place(trial: Trial, trials: list[Trial]) -> str:
    """A training's place among all, counted from 1."""
    return f"{trials.index(trial) + 1}/{len(trials)}"


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


def _conclusions(study: str | None, planned: list[Planned], results: list[Result]) -> list[str]:
    """The conclusions that the table allows, a line each."""
    if study == tables.CLAIMS_STUDY:
        return [
            f"{verdict.claim.statement} {verdict.word.capitalize()}. {verdict.reason}"
            for verdict in claims.verdicts(results)
        ]
    if study == tables.LATENT_SIZE:
        answer = latent_size.latent_size_answer(tuple(results))
        return [] if answer is None else [f"{answer}."]
    known = {result.trial: result for result in results}
    found = effects.effects(effects.measured(planned, known))
    return [*effects.headlines(planned, known), *effects.effect_sentences(found)]
