"""The studies: what they train, and what their tables are taken to say."""

import dataclasses
import zlib

import numpy as np
import pytest
from scipy import stats

from cae_core.architecture.notation import Architecture
from cae_core.architecture.report import analyze
from cae_core.studies.claims import CLAIMS, SEEDS, WORDS, claims_trials, verdicts
from cae_core.studies.latent_size import latent_size_answer, latent_size_trials, rank_correlation
from cae_core.studies.sweep import Result, read_table
from cae_core.studies.tables import CLAIMS_STUDY, LATENT_SIZE, table_path

EVERY = [*latent_size_trials(), *claims_trials()]


def test_every_network_of_a_study_gives_images_back():
    for network in {trial.network for trial in EVERY}:
        report = analyze(Architecture.parse(network))
        assert (network, report.problems) == (network, ())
        assert (network, report.output_shape) == (network, (32, 32, 3))


def test_the_latent_size_study_varies_all_that_the_homework_names():
    trials = latent_size_trials()
    assert len({trial.network for trial in trials}) == len(trials) >= 40
    sizes = {analyze(Architecture.parse(trial.network)).latent_size for trial in trials}
    assert (min(sizes), max(sizes)) == (16, 8192)
    text = " ".join(trial.network for trial in trials)
    for part in ("k5", "s2", "pool", "avgpool", ":valid", "bn", "dense", "res"):
        assert part in text


def test_every_claim_is_tested_with_three_seeds():
    assert len(SEEDS) >= 3
    trials = claims_trials()
    assert len(set(trials)) == len(trials)
    for claim in CLAIMS:
        for contrast in claim.contrasts:
            for network, epochs in (contrast.better, contrast.worse):
                seeds = {t.seed for t in trials if (t.network, t.epochs) == (network, epochs)}
                assert seeds == set(SEEDS)
            assert contrast.better != contrast.worse


def results(error_of):
    """A table of made-up errors."""
    return [Result(**dataclasses.asdict(trial), mse=error_of(trial)) for trial in claims_trials()]


def better_first(claim):
    """Errors with which a claim's first sides win."""
    wins = {contrast.better for contrast in claim.contrasts}
    return lambda trial: 0.1 if (trial.network, trial.epochs) in wins else 0.2


def by_name(found):
    return {verdict.claim.name: verdict for verdict in found}


def test_a_claim_holds_where_every_seed_of_every_pair_agrees():
    claim = next(claim for claim in CLAIMS if claim.name == "dense")
    verdict = by_name(verdicts(results(better_first(claim))))["dense"]
    assert verdict.word == "holds"
    assert verdict.is_complete
    assert all(item.ratio == pytest.approx(2) for item in verdict.evidence)


def test_a_claim_does_not_hold_where_every_pair_says_the_opposite():
    claim = next(claim for claim in CLAIMS if claim.name == "dense")
    error_of = better_first(claim)
    verdict = by_name(verdicts(results(lambda trial: 1 - error_of(trial))))["dense"]
    assert verdict.word == "does not hold"
    assert verdict.reason.startswith("No: ")


def test_a_claim_depends_where_a_seed_or_a_pair_differs():
    claim = next(claim for claim in CLAIMS if claim.name == "dense")
    error_of = better_first(claim)
    odd = (claim.contrasts[0].worse, SEEDS[1])

    def error(trial):
        is_odd = ((trial.network, trial.epochs), trial.seed) == odd
        return 0.01 if is_odd else error_of(trial)

    verdict = by_name(verdicts(results(error)))["dense"]
    assert verdict.word == "depends"
    assert "Seeds differ: " in verdict.reason
    assert "Yes: " in verdict.reason


def test_a_claim_without_its_trainings_is_not_yet_tested():
    assert {verdict.word for verdict in verdicts([])} == {"not yet tested"}
    claim = CLAIMS[0]
    whole = results(better_first(claim))
    (needed, epochs) = claim.contrasts[-1].worse
    lacking = [r for r in whole if (r.network, r.epochs, r.seed) != (needed, epochs, SEEDS[0])]
    verdict = by_name(verdicts(lacking))[claim.name]
    assert verdict.word == "not yet tested"
    assert len(verdict.evidence) == len(claim.contrasts) - 1


def test_a_claim_whose_seeds_all_differ_is_undecided():
    verdict = by_name(verdicts(results(lambda trial: 0.1 + hash_of(trial))))["shallow"]
    assert {item.holds for item in verdict.evidence} == {None}
    assert verdict.word == "undecided"


def hash_of(trial):
    """Errors whose order changes from seed to seed."""
    order = sorted({(t.network, t.epochs) for t in claims_trials()})
    place = order.index((trial.network, trial.epochs))
    return place if trial.seed % 2 else -place * 1e-3


def test_every_word_is_explained():
    assert {verdict.word for verdict in verdicts([])} <= set(WORDS)


def test_the_rank_correlation_is_spearmans_and_inside_its_interval():
    rng = np.random.default_rng(0)
    first = rng.normal(size=40)
    second = -first + rng.normal(size=40)
    found = rank_correlation(list(first), list(second))
    assert found.rho == pytest.approx(stats.spearmanr(first, second).statistic, abs=5e-4)
    assert found.low < found.rho < found.high < 0
    assert found.networks == 40


def test_numbers_that_have_nothing_to_do_with_each_other_have_an_interval_around_zero():
    rng = np.random.default_rng(1)
    found = rank_correlation(list(rng.normal(size=50)), list(rng.normal(size=50)))
    assert found.low < 0 < found.high


def latent_sizes(error_of):
    """A table of made-up errors of the latent-size study."""
    found = []
    for trial in latent_size_trials():
        size = analyze(Architecture.parse(trial.network)).latent_size
        found.append(
            Result(**dataclasses.asdict(trial), latent_size=size, mse=error_of(size, trial))
        )
    return tuple(found)


def test_the_answer_is_what_the_whole_table_says():
    smaller_is_worse = latent_sizes(lambda size, trial: 1 / size + len(trial.group) * 1e-6)
    answer = latent_size_answer(smaller_is_worse)
    assert answer.correlation.rho < -0.9
    assert answer.latent_size == 1024
    assert answer.count == sum(result.latent_size == 1024 for result in smaller_is_worse)
    assert 1 < answer.spread < 1.1
    assert answer.best.latent_size == 8192
    constant = latent_size_answer(
        latent_sizes(lambda size, trial: 1 + zlib.crc32(trial.network.encode()) % 997)
    )
    assert abs(constant.correlation.rho) < 0.5


def test_there_is_no_answer_before_the_table_is_whole():
    assert latent_size_answer(latent_sizes(lambda size, trial: 1 / size)[1:]) is None


@pytest.mark.parametrize(
    ("study", "trials"),
    [(LATENT_SIZE, latent_size_trials()), (CLAIMS_STUDY, claims_trials())],
)
def test_a_kept_table_belongs_to_its_study(study, trials):
    kept = [result.trial for result in read_table(table_path(study))]
    assert len(set(kept)) == len(kept) > 0
    assert set(kept) <= set(trials)
