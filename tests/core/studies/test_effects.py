"""Effects and verdicts: exact where errors are products, uncertain where seeds disagree."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cae_core.studies.effects import (
    Measured,
    effect_sentences,
    effects,
    headlines,
    measured,
    ratio_of,
    verdict,
)
from cae_core.studies.latent_size import latent_size_correlation
from cae_core.studies.plan import Plan, Planned
from cae_core.studies.sweep import Result, Trial

FACTORS = {"channels": (4, 8, 16), "kernel": (3, 5), "loss": ("mse", "mae")}
WORTH = {4: 1.0, 8: 0.7, 16: 0.5, 3: 1.0, 5: 1.3, "mse": 1.0, "mae": 0.9}


def trainings(plan, error_of):
    """Made-up results of a plan's settings with every seed."""
    return [
        Measured(setting, Result("", 1, seed=seed, mse=error_of(setting, seed)))
        for seed in plan.seeds
        for setting in plan.settings()
    ]


def product(setting, seed):
    return 0.01 * (1 + seed) * math.prod(WORTH[value] for value in setting.values())


@given(
    st.sampled_from(["grid", "one-at-a-time", "random"]),
    st.sets(st.integers(0, 5), max_size=3),
)
def test_effects_are_exact_where_errors_are_products_whatever_the_order_and_what_failed(
    order, failed
):
    plan = Plan({**FACTORS, "seed": (0, 1, 2)}, order, draws=9)
    done = [each for at, each in enumerate(trainings(plan, product)) if at not in failed]
    found = effects(done)
    assert found
    first = {}
    for setting, _ in done:
        for name, value in setting.items():
            first.setdefault(name, value)
    for effect in found:
        assert effect.first == first[effect.factor]
        assert effect.ratio.mean == pytest.approx(WORTH[effect.value] / WORTH[effect.first])
        if effect.ratio.seeds > 1:
            assert effect.ratio.low == pytest.approx(effect.ratio.mean)
    if not failed and order != "random":
        assert len(found) == sum(len(values) - 1 for values in FACTORS.values())
        assert {effect.ratio.seeds for effect in found} == {3}


def test_what_no_training_can_tell_apart_has_no_effect():
    plan = Plan({"channels": (4, 8), "kernel": (3, 5)}, "listed")
    assert effects(trainings(plan, product)) == []
    assert effects([]) == []


def test_one_seed_gives_no_interval_and_seeds_that_disagree_a_wide_one():
    assert ratio_of([math.log(0.5)]) == (pytest.approx(0.5), None, None, 1)
    agreed, split = ratio_of([-0.1, -0.11, -0.09]), ratio_of([-0.4, 0.2, -0.1])
    assert agreed.is_settled
    assert not split.is_settled
    assert agreed.mean == pytest.approx(split.mean)
    assert "one seed" in str(ratio_of([0.0]))


@pytest.mark.parametrize(
    ("errors", "word"),
    [
        (lambda setting, seed: setting["kernel"] + 0.01 * seed, "holds"),
        (lambda setting, seed: 1 / setting["kernel"] + 0.001 * seed, "does not hold"),
        (lambda setting, seed: 1 + (setting["kernel"] == 3 + 2 * (seed % 2)), "undecided"),
    ],
)
def test_a_verdict_on_two_settings_is_what_the_interval_over_the_seeds_says(errors, word):
    plan = Plan({"kernel": (3, 5), "seed": (0, 1, 2, 3)})
    found = verdict(trainings(plan, errors), plan.settings())
    assert found.word == word
    assert found.sentence.startswith(f"{word.capitalize()}: kernel 3 has a lower error than")


def test_a_verdict_needs_a_seed_with_which_both_are_trained():
    plan = Plan({"kernel": (3, 5)})
    done = trainings(plan, product)
    assert verdict(done[:1], plan.settings()).word == "not yet tested"
    assert verdict(done, plan.settings()).word == "undecided"


def planned(plan):
    trials = [Trial("", 1, seed=seed) for seed in plan.seeds for _ in plan.settings()]
    settings = [setting for _ in plan.seeds for setting in plan.settings()]
    return [
        Planned(setting, Trial(str(at), 1, seed=trial.seed))
        for at, (setting, trial) in enumerate(zip(settings, trials, strict=True))
    ]


def test_results_that_are_missing_or_no_number_are_left_out():
    wanted = planned(Plan({"kernel": (3, 5, 7)}))
    errors = [0.1, math.nan]
    results = {
        trial: Result("", 1, mse=mse) for (_, trial), mse in zip(wanted, errors, strict=False)
    }
    assert [setting for setting, _ in measured(wanted, results)] == [{"kernel": 3}]
    assert headlines(wanted, {}) == []


def test_seeds_of_one_network_are_one_point_of_the_correlation():
    results = [
        Result(str(size), 1, seed=seed, latent_size=size, mse=(1 + seed / 100) / size)
        for size in (8, 16, 32, 64, 128, 256)
        for seed in (0, 1, 2)
    ]
    found = latent_size_correlation(results)
    assert found.networks == 6
    assert found.rho < found.high < 0
    assert latent_size_correlation(results[:12]) is None
    same = [Result(str(at), 1, latent_size=8, mse=at / 10) for at in range(9)]
    assert latent_size_correlation(same) is None


def test_conclusions_are_sentences_on_correlation_and_factors():
    plan = Plan({"latent": (16, 64, 256, 512, 1024), "seed": (0, 1)})
    wanted = planned(plan)
    results = {
        trial: Result(
            trial.network,
            1,
            seed=trial.seed,
            latent_size=setting["latent"],
            mse=1 / setting["latent"],
        )
        for setting, trial in wanted
    }
    (headline,) = headlines(wanted, results)
    assert headline.startswith("Rank correlation of latent size and error: −1.00")
    said = effect_sentences(effects(measured(wanted, results)))
    assert (
        "Latent 64: the error is 0.250 times (95 % interval 0.250 to 0.250) that with 16." in said
    )
