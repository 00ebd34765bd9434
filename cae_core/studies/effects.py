"""Conclusions from a sweep: the effect of each factor on the error, and a verdict on two settings.

Errors are compared as ratios, so their logarithms are averaged. Trainings with one seed are
compared with each other; what is uncertain is how much the outcome changes from seed to seed.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

import numpy as np
from scipy import stats

from cae_core.formats import true_minus
from cae_core.studies.latent_size import latent_size_correlation
from cae_core.studies.plan import NETWORK, Planned, Setting, Value, setting_text
from cae_core.studies.sweep import Result, Trial

_LEVEL = 0.95
_TINY = 1e-9


class Measured(NamedTuple):
    """A training of a plan with its result.

    Attributes:
        setting: The values of the factors.
        result: The result.
    """

    setting: Setting
    result: Result


class Ratio(NamedTuple):
    """One error over another, with its 95 % confidence interval.

    Attributes:
        mean: Geometric mean over the seeds.
        low: Lower end of the interval; None with fewer than two seeds.
        high: Upper end of the interval.
        seeds: Number of seeds.
    """

    mean: float
    low: float | None
    high: float | None
    seeds: int

    @property
    def is_settled(self) -> bool:
        """Whether the interval leaves 1 out."""
        return self.low is not None and self.high is not None and not self.low <= 1 <= self.high

    def __str__(self) -> str:
        if self.low is None:
            return f"{self.mean:.3f} times (one seed: no interval)"
        return f"{self.mean:.3f} times (95 % interval {self.low:.3f} to {self.high:.3f})"


class Effect(NamedTuple):
    """The error with a value of a factor over that with the factor's first value.

    Attributes:
        factor: Name of the factor.
        value: The value.
        first: The value that it is compared with.
        ratio: The ratio, all other factors being equal.
    """

    factor: str
    value: Value
    first: Value
    ratio: Ratio


def measured(planned: Iterable[Planned], results: Mapping[Trial, Result]) -> list[Measured]:
    """The trainings of a plan that have a result, which is a number above 0."""
    found = [Measured(setting, results[trial]) for setting, trial in planned if trial in results]
    return [each for each in found if 0 < each.result.mse < math.inf]


def ratio_of(logarithms: Sequence[float]) -> Ratio:
    """A ratio from its logarithms, one a seed: mean and Student's t interval.

    Example:
        >>> print(ratio_of([math.log(0.5), math.log(0.5), math.log(0.55)]))
        0.516 times (95 % interval 0.450 to 0.592)
    """
    values = np.asarray(logarithms, float)
    mean, count = float(values.mean()), len(values)
    if count < 2:
        return Ratio(math.exp(mean), None, None, count)
    half = stats.t.ppf((1 + _LEVEL) / 2, count - 1) * values.std(ddof=1) / math.sqrt(count)
    return Ratio(math.exp(mean), math.exp(mean - half), math.exp(mean + half), count)


def values_of(trainings: Iterable[Measured]) -> dict[str, list[Value]]:
    """The values of every factor in the order in which trainings have them, each once."""
    values: dict[str, list[Value]] = {}
    for setting, _ in trainings:
        for name, value in setting.items():
            if value not in values.setdefault(name, []):
                values[name].append(value)
    return values


def effects(trainings: Sequence[Measured]) -> list[Effect]:
    """The effect of every value of every factor that varies.

    For every seed, the logarithm of the error is fitted as a sum of one number a factor's value
    (least squares), whatever the plan's order is; in a full grid that is the mean over all pairs of
    settings that differ in this factor alone. A seed whose trainings cannot tell a value from
    another is left out.

    Args:
        trainings: Trainings with their results, the first values first.

    Example:
        >>> pairs = [(c, s, 1 / c * (1 + s)) for c in (4, 8) for s in (0, 1)]
        >>> done = [Measured({"channels": c}, Result("", 1, seed=s, mse=e)) for c, s, e in pairs]
        >>> [(e.factor, e.value, e.first, str(e.ratio)) for e in effects(done)]
        [('channels', 8, 4, '0.500 times (95 % interval 0.500 to 0.500)')]
    """
    values = values_of(trainings)
    columns = [(name, value) for name, known in values.items() for value in known[1:]]
    found: dict[tuple[str, Value], list[float]] = {column: [] for column in columns}
    for seed in dict.fromkeys(result.seed for _, result in trainings):
        of_seed = [each for each in trainings if each.result.seed == seed]
        # (trainings, 1 + columns): one for all, and whether a training has the column's value
        design = np.array(
            [[1.0, *(setting[name] == value for name, value in columns)] for setting, _ in of_seed]
        )
        errors = np.log([result.mse for _, result in of_seed])
        inverse = np.linalg.pinv(design)
        numbers, known_part = inverse @ errors, inverse @ design
        for at, column in enumerate(columns, start=1):
            if abs(known_part[at, at] - 1) < _TINY:  # no other sum of columns is the same
                found[column].append(float(numbers[at]))
    return [
        Effect(name, value, values[name][0], ratio_of(logarithms))
        for (name, value), logarithms in found.items()
        if logarithms
    ]


class Verdict(NamedTuple):
    """Whether the first of two settings has the lower error.

    Attributes:
        word: A key of `cae_core.studies.claims.WORDS`.
        ratio: The first one's error over the other's; None while no seed has both.
        sentence: The verdict in words.
    """

    word: str
    ratio: Ratio | None
    sentence: str


def verdict(trainings: Sequence[Measured], settings: Sequence[Setting]) -> Verdict:
    """The verdict on the claim that the first of two settings has the lower error.

    Args:
        trainings: Trainings with their results.
        settings: The two.
    """
    first, second = (
        {each.result.seed: each.result.mse for each in trainings if each.setting == setting}
        for setting in settings
    )
    both = [seed for seed in first if seed in second]
    names = [setting_text(setting) or "the first" for setting in settings]
    claim = f"{names[0]} has a lower error than {names[1]}"
    if not both:
        return Verdict("not yet tested", None, f"Not yet tested: {claim}.")
    ratio = ratio_of([math.log(first[seed] / second[seed]) for seed in both])
    word = "undecided"
    if ratio.is_settled:
        word = "holds" if ratio.mean < 1 else "does not hold"
    said = f"{word.capitalize()}: {claim}. Its error is {ratio} the other's over {len(both)} seeds."
    return Verdict(word, ratio, said)


def headlines(planned: Sequence[Planned], results: Mapping[Trial, Result]) -> list[str]:
    """The sweep's answers so far: rank correlation, and a verdict where it has two settings.

    Args:
        planned: Its trainings.
        results: The results that there are, by training.
    """
    done = measured(planned, results)
    said = []
    found = latent_size_correlation(result for _, result in done)
    if found is not None:
        said.append(
            true_minus(
                f"Rank correlation of latent size and error: {found.rho:.2f}, 95 % interval "
                f"{found.low:.2f} to {found.high:.2f} ({found.networks} networks)."
            )
        )
    settings = [dict(each) for each in dict.fromkeys(tuple(s.items()) for s, _ in planned)]
    if len(settings) == 2:
        said.append(verdict(done, settings).sentence)
    return said


def effect_sentences(found: Iterable[Effect]) -> list[str]:
    """Effects in words, a sentence each; whole networks, whose names are long, are left out."""
    return [
        f"{effect.factor.replace('_', ' ').capitalize()} {effect.value}: the error is "
        f"{effect.ratio} that with {effect.first}."
        for effect in found
        if effect.factor != NETWORK
    ]
