"""The study of latent size: its trainings, and the answer drawn from their errors."""

import dataclasses
import zlib

import numpy as np
import pytest
from scipy import stats

from cae_core.architecture.notation import Architecture
from cae_core.architecture.report import analyze
from cae_core.studies.latent_size import latent_size_answer, latent_size_trials, rank_correlation
from cae_core.studies.sweep import Result, read_table
from cae_core.studies.tables import LATENT_SIZE, table_path

TRIALS = latent_size_trials()
REPORTS = {trial: analyze(Architecture.parse(trial.network)) for trial in TRIALS}


def results(error_of):
    """A whole table of made-up errors."""
    return tuple(
        Result(
            **dataclasses.asdict(trial),
            latent_size=report.latent_size,
            mse=error_of(report.latent_size, trial),
        )
        for trial, report in REPORTS.items()
    )


def test_the_study_varies_all_that_the_homework_names():
    assert len({trial.network for trial in TRIALS}) == len(TRIALS) >= 40
    for report in REPORTS.values():
        assert (report.problems, report.output_shape) == ((), (32, 32, 3))
    sizes = {report.latent_size for report in REPORTS.values()}
    assert (min(sizes), max(sizes)) == (16, 8192)
    text = " ".join(trial.network for trial in TRIALS)
    for part in ("k5", "s2", "pool", "avgpool", ":valid", "bn", "dense", "res"):
        assert part in text


def test_a_kept_table_belongs_to_the_study():
    kept = [result.trial for result in read_table(table_path(LATENT_SIZE))]
    assert len(set(kept)) == len(kept) > 0
    assert set(kept) <= set(TRIALS)


def test_the_rank_correlation_is_spearmans_and_inside_its_interval():
    rng = np.random.default_rng(0)
    first = rng.normal(size=40)
    second = -first + rng.normal(size=40)
    found = rank_correlation(list(first), list(second))
    assert found.rho == pytest.approx(stats.spearmanr(first, second).statistic, abs=5e-4)
    assert found.low < found.rho < found.high < 0
    assert found.networks == 40


def test_independent_numbers_have_an_interval_around_zero():
    rng = np.random.default_rng(1)
    found = rank_correlation(list(rng.normal(size=50)), list(rng.normal(size=50)))
    assert found.low < 0 < found.high


def test_the_answer_is_what_the_whole_table_says():
    smaller_is_worse = results(lambda size, trial: 1 / size + len(trial.group) * 1e-6)
    answer = latent_size_answer(smaller_is_worse)
    assert answer.correlation.rho < -0.9
    assert answer.latent_size == 1024
    assert answer.count == sum(result.latent_size == 1024 for result in smaller_is_worse)
    assert 1 < answer.spread < 1.1
    assert answer.best.latent_size == 8192
    unrelated = results(lambda size, trial: 1 + zlib.crc32(trial.network.encode()) % 997)
    assert abs(latent_size_answer(unrelated).correlation.rho) < 0.5


def test_there_is_no_answer_before_the_table_is_whole():
    assert latent_size_answer(results(lambda size, trial: 1 / size)[1:]) is None
