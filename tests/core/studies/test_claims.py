"""The study of claims: its trainings, and the verdicts drawn from their errors."""

import dataclasses

import pytest

from cae_core.architecture.notation import Architecture
from cae_core.architecture.report import analyze
from cae_core.studies.claims import (
    CLAIMS,
    SEEDS,
    WORDS,
    Evidence,
    Verdict,
    claims_trials,
    verdicts,
)
from cae_core.studies.sweep import Result, read_table
from cae_core.studies.tables import CLAIMS_STUDY, table_path

CLAIM = CLAIMS[0]
# Errors of three seeds: of what should be better, and of the other.
YES, NO, MIXED = ((1, 1, 1), (2, 2, 2)), ((2, 2, 2), (1, 1, 1)), ((1, 1, 2), (2, 2, 1))


def verdict_on(*pairs):
    evidence = zip(CLAIM.contrasts, pairs, strict=False)
    return Verdict(CLAIM, tuple(Evidence(contrast, *errors) for contrast, errors in evidence))


def test_every_claim_is_tested_with_every_seed_by_networks_that_output_images():
    trials = claims_trials()
    assert len(set(trials)) == len(trials)
    for claim in CLAIMS:
        for contrast in claim.contrasts:
            assert contrast.better != contrast.worse
            for network, epochs in (contrast.better, contrast.worse):
                found = [t.seed for t in trials if (t.network, t.epochs) == (network, epochs)]
                assert sorted(found) == sorted(SEEDS)
                report = analyze(Architecture.parse(network))
                assert (report.problems, report.output_shape) == ((), (32, 32, 3))


def test_a_kept_table_belongs_to_the_study():
    kept = [result.trial for result in read_table(table_path(CLAIMS_STUDY))]
    assert len(set(kept)) == len(kept) > 0
    assert set(kept) <= set(claims_trials())


@pytest.mark.parametrize(
    ("pairs", "word"),
    [
        ((YES, YES, YES), "holds"),
        ((NO, NO, NO), "does not hold"),
        ((YES, NO, YES), "depends"),
        ((YES, MIXED, YES), "depends"),
        ((MIXED, MIXED, MIXED), "undecided"),
        ((YES, YES), "not yet tested"),
        ((), "not yet tested"),
    ],
)
def test_a_verdict_is_what_its_pairs_agree_on(pairs, word):
    assert len(CLAIM.contrasts) == 3
    assert verdict_on(*pairs).word == word
    assert word in WORDS


def test_a_reason_says_every_pairs_outcome_and_ratio():
    yes, no, mixed = verdict_on(YES, NO, MIXED).evidence
    assert (yes.ratio, no.ratio, mixed.ratio) == pytest.approx((2, 0.5, 1.25))
    reason = verdict_on(YES, NO, MIXED).reason
    assert [reason.count(word) for word in ("Yes: ", "No: ", "Seeds differ: ")] == [1, 1, 1]
    assert f"{yes.contrast.label} (the other's error is 2.00 times" in reason


def test_evidence_is_read_from_the_results_of_all_seeds():
    trials = claims_trials()
    results = [
        Result(**dataclasses.asdict(trial), mse=number + 1.0) for number, trial in enumerate(trials)
    ]
    errors = {result.trial: result.mse for result in results}
    for verdict in verdicts(results):
        assert verdict.is_complete
        for contrast, better, worse in verdict.evidence:
            for (network, epochs), found in ((contrast.better, better), (contrast.worse, worse)):
                expected = [errors[t] for t in trials if (t.network, t.epochs) == (network, epochs)]
                assert list(found) == expected
    network, epochs = CLAIM.contrasts[-1].worse
    lacking = [r for r in results if (r.network, r.epochs, r.seed) != (network, epochs, SEEDS[0])]
    assert len(verdicts(lacking)[0].evidence) == len(CLAIM.contrasts) - 1
