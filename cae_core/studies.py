"""The questions that the sources leave open, as tables of trainings and what they say.

Two studies, each made by one command (``python -m cae_core sweep --study NAME``), its table kept
in ``studies/``:

- `LATENT_SIZE`: is the size of the code correlated with the error? Section D's exercise 2.
- `CLAIMS`: what section A's author saw on samples that he calls far too small.

Importing this module does not import Keras.
"""

from __future__ import annotations

import functools
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import numpy as np
from scipy import stats

from cae_core.sweep import Result, Trial, read_table

FOLDER = Path(__file__).resolve().parent.parent / "studies"
LATENT_SIZE, CLAIMS_STUDY = "latent-size", "claims"
STUDY_NAMES = (LATENT_SIZE, CLAIMS_STUDY)
_BOOTSTRAPS = 9_999


def table_path(study: str) -> Path:
    """Where a study's table is kept."""
    return FOLDER / f"{study}.csv"


def pca_path(dataset: str) -> Path:
    """Where the errors of a data set's best linear autoencoders are kept."""
    return FOLDER / f"pca-{dataset}.json"


DATASETS_WITH_CODES = ("cifar10", "mnist", "fashion_mnist")
"""Data sets on which the zoo has networks whose code sizes are compared."""


# --- Section D, exercise 2 -----------------------------------------------------------------

_EPOCHS = 3


def _with_code(template: str, *channels: int) -> tuple[str, ...]:
    """Networks that differ in the channels of their code."""
    return tuple(template.format(count) for count in channels)


ARCHITECTURES: dict[str, tuple[str, ...]] = {
    "homework network, other code": _with_code(
        "conv8 pool conv12 pool conv{} | up conv12 up conv3:sigmoid", 1, 2, 4, 8, 16, 32, 64, 128
    ),
    "32 channels, other code": _with_code(
        "conv32 pool conv32 pool conv{} | up conv32 up conv3:sigmoid", 1, 4, 16, 64, 128
    ),
    "one pooling": _with_code("conv8 pool conv{} | up conv3:sigmoid", 4, 16, 32),
    "three poolings": _with_code(
        "conv8 pool conv12 pool conv16 pool conv{} | up conv12 up conv8 up conv3:sigmoid",
        16,
        64,
        256,
    ),
    "four poolings": _with_code(
        "conv8 pool conv12 pool conv16 pool conv16 pool conv{} | "
        "up conv16 up conv12 up conv8 up conv3:sigmoid",
        4,
        64,
        256,
    ),
    "dense code": _with_code(
        "conv8 pool conv12 pool conv16 flatten dense{}:linear | "
        "dense1024 reshape8x8x16 up conv12 up conv3:sigmoid",
        16,
        64,
        256,
        1024,
    ),
    "kernel": tuple(
        f"conv8{k} pool conv12{k} pool conv16{k} | up conv12{k} up conv3{k}:sigmoid"
        for k in ("k1", "k5", "k7")
    ),
    "channels, same code": tuple(
        f"conv{first} pool conv{second} pool conv16 | up conv{second} up conv3:sigmoid"
        for first, second in ((4, 6), (16, 24), (32, 48))
    ),
    "stride in place of pooling": (
        "conv8s2 conv12s2 conv16 | up conv12 up conv3:sigmoid",
        "conv8 conv8s2 conv12 conv12s2 conv16 | up conv12 up conv3:sigmoid",
        "conv8s2 conv12s2 conv16 | deconv12s2 deconv3s2:sigmoid",
        "conv8 avgpool conv12 avgpool conv16 | up conv12 up conv3:sigmoid",
    ),
    "padding": (
        "conv8s2:valid conv16s2:valid | deconv12s2:valid deconv3k4s2:valid:sigmoid",
        "conv8s2 conv16s2 | deconv12s2 deconv3k4s2:sigmoid",
        "conv8:valid conv12s2:valid conv16s2:valid | "
        "deconv12s2:valid deconv8k4s2:valid deconv3k5s1:valid:sigmoid",
    ),
    "batch normalisation": (
        "conv8 bn pool conv12 bn pool conv16 bn | up conv12 bn up conv3:sigmoid",
        "conv32 bn pool conv32 bn pool conv16 bn | up conv32 bn up conv3:sigmoid",
        "conv8s2 bn conv12s2 bn conv16 bn | up conv12 bn up conv3:sigmoid",
    ),
    "enlarging": (
        "conv8 pool conv12 pool conv16 | up2:bilinear conv12 up2:bilinear conv3:sigmoid",
        "conv8 pool conv12 pool conv16 | conv48 shuffle conv12 shuffle conv3:sigmoid",
    ),
    "more layers, same code": (
        "conv8 conv8 pool conv12 conv12 pool conv16 | up conv12 conv12 up conv8 conv3:sigmoid",
        "conv8 res8 pool conv12 res12 pool conv16 | up conv12 res12 up conv8 res8 conv3:sigmoid",
    ),
}
"""Networks of the study by what they vary, most of them starting from the homework network."""


def latent_size_trials() -> list[Trial]:
    """The trainings of the study on CIFAR-10, all pictures, the same settings for all.

    Example:
        >>> len(latent_size_trials()) >= 40
        True
    """
    return [
        Trial(network, _EPOCHS, group=group)
        for group, networks in ARCHITECTURES.items()
        for network in networks
    ]


class Correlation(NamedTuple):
    """Spearman's rank correlation with its 95 % confidence interval.

    Attributes:
        rho: From -1 (the more of one, the less of the other) over 0 to 1.
        low: Lower end of the interval.
        high: Upper end.
        networks: How many it is from.
    """

    rho: float
    low: float
    high: float
    networks: int


def rank_correlation(first: list[float], second: list[float]) -> Correlation:
    """Rank correlation of two measures of the same networks.

    The interval is from bootstrapped networks (bias-corrected and accelerated; Efron, "Better
    bootstrap confidence intervals", JASA 1987), with a fixed seed.

    Args:
        first: One measure, at least 4 values.
        second: The other, as many.

    Example:
        >>> errors = [9, 11, 10, 8, 6, 7, 3, 5, 4, 2, 0, 1]
        >>> rank_correlation(list(range(12)), errors)
        Correlation(rho=-0.944, low=-1.0, high=-0.846, networks=12)
    """
    x, y = np.asarray(first, float), np.asarray(second, float)
    found = stats.bootstrap(
        (x, y), _rho, paired=True, n_resamples=_BOOTSTRAPS, rng=np.random.default_rng(0)
    ).confidence_interval
    low, high = (round(float(end), 3) for end in (found.low, found.high))
    return Correlation(round(float(_rho(x, y)), 3), low, high, len(x))


def _rho(x: np.ndarray, y: np.ndarray, axis: int = -1) -> np.ndarray:
    """Spearman's correlation of many samples at once: Pearson's of the ranks, (..., n) -> (...)."""
    ranks = [stats.rankdata(values, axis=axis) for values in (x, y)]
    a, b = (rank - rank.mean(axis=axis, keepdims=True) for rank in ranks)
    return (a * b).sum(axis=axis) / np.sqrt((a * a).sum(axis=axis) * (b * b).sum(axis=axis))


@dataclass(frozen=True)
class LatentSizeAnswer:
    """What the study says to the homework's question.

    Attributes:
        correlation: Of code size and test error, over all architectures.
        epochs: How long each was trained.
        code_size: The size that most of them have.
        count: How many have it.
        spread: The largest error among those over the smallest.
        best: The trial with the lowest error.
    """

    correlation: Correlation
    epochs: int
    code_size: int
    count: int
    spread: float
    best: Result

    def __str__(self) -> str:
        found = self.correlation
        return (
            f"Over {found.networks} architectures, {self.epochs} epochs each on all training "
            f"pictures, the rank correlation of code size and error is {found.rho:.2f} (95 % "
            f"interval {found.low:.2f} to {found.high:.2f}; -1 would be: the larger the code, "
            f"always the smaller the error). But among the {self.count} with {self.code_size:,} "
            f"numbers in the code the largest error is {self.spread:.1f} times the smallest: what "
            f"stands around the code matters as well. The lowest error, {self.best.mse:.5f}, has "
            f"{self.best.network}"
        )


@functools.lru_cache(maxsize=2)
def latent_size_answer(results: tuple[Result, ...]) -> LatentSizeAnswer | None:
    """The answer, once every training of the study is in its table; None before.

    Args:
        results: Lines of the table.
    """
    trials = set(latent_size_trials())
    found = [result for result in results if result.trial in trials]
    if len(found) < len(trials):
        return None
    size, count = Counter(result.code_size for result in found).most_common(1)[0]
    errors = [result.mse for result in found if result.code_size == size]
    return LatentSizeAnswer(
        rank_correlation([result.code_size for result in found], [r.mse for r in found]),
        _EPOCHS,
        size,
        count,
        max(errors) / min(errors),
        min(found, key=lambda result: result.mse),
    )


# --- Section A's claims --------------------------------------------------------------------

SEEDS = (0, 1, 2)
_PICTURES = 8_000
# Epochs: as many steps as one epoch of the whole set; twice and four times as many.
SHORT, TWICE, LONG = 6, 12, 24

_SHALLOW_POOL = "conv32 pool conv32 | up conv32 conv3:sigmoid"
_SHALLOW_POOL_CONV = "conv32 conv32 pool conv32 | up conv32 conv3:sigmoid"
_SHALLOW_STRIDED = "conv32 conv32s2 conv32 | up conv32 conv3:sigmoid"
_TWO_CONVOLUTIONS = "conv32 conv32s2 | up conv32 conv3:sigmoid"
_ONE_CONVOLUTION = "conv32s2 | up conv32 conv3:sigmoid"
_STRIDED = "conv32 conv32s2 conv32 | up conv32 conv3k1:sigmoid"
_STRIDED_BN = "conv32 bn conv32s2 conv32 bn | up conv32 bn conv3k1:sigmoid"
_DEEP = "conv32 conv32s2 conv32 conv32s2 conv32 | up conv32 up conv32 conv3:sigmoid"
_DEEP_BN = (
    "conv32 bn conv32s2 conv32 bn conv32s2 conv32 bn | up conv32 bn up conv32 bn conv3:sigmoid"
)
_DEEPER = (
    "conv32 conv32s2 conv32 conv32s2 conv32 conv32s2 conv32 | "
    "up conv32 up conv32 up conv32 conv3:sigmoid"
)
_CODE_16 = "conv32 conv32s2 conv4 | up conv32 conv3:sigmoid"
_CODE_8 = "conv32 conv32s2 conv32s2 conv16 | up conv32 up conv32 conv3:sigmoid"
_CODE_4 = "conv32 conv32s2 conv32s2 conv32s2 conv64 | up conv32 up conv32 up conv32 conv3:sigmoid"
_CODE_4_POOL = (
    "conv32 pool conv32 pool conv32 pool conv64 | up conv32 up conv32 up conv32 conv3:sigmoid"
)
_CODE_8_POOL = "conv32 conv32 pool conv32 pool conv16 | up conv32 up conv32 conv3:sigmoid"
_DENSE_BETWEEN = (
    "conv32 conv32s2 conv32s2 conv16 flatten dense1024 | "
    "dense1024 reshape8x8x16 up conv32 up conv32 conv3:sigmoid"
)
_DENSE_ONLY = "flatten dense1024 | dense3072:sigmoid reshape32x32x3"


class Contrast(NamedTuple):
    """Two trainings of which a claim says that the first does better.

    Attributes:
        label: What is held the same, or what is special about this pair.
        better: Architecture text and epochs.
        worse: The other's.
    """

    label: str
    better: tuple[str, int]
    worse: tuple[str, int]


@dataclass(frozen=True)
class Claim:
    """A claim of section A and the pairs of trainings that test it.

    Attributes:
        name: A short name.
        statement: What the author says.
        contrasts: In each the claim wants the first to have the lower test error.
    """

    name: str
    statement: str
    contrasts: tuple[Contrast, ...]


CLAIMS = (
    Claim(
        "dense",
        "Fully connected layers always hurt.",
        (
            Contrast(
                "the same convolutions, the same 1,024 numbers in the code",
                (_CODE_8, SHORT),
                (_DENSE_BETWEEN, SHORT),
            ),
            Contrast("the same, trained twice as long", (_CODE_8, TWICE), (_DENSE_BETWEEN, TWICE)),
            Contrast(
                "against dense layers alone, the same 1,024 numbers",
                (_CODE_8, SHORT),
                (_DENSE_ONLY, SHORT),
            ),
        ),
    ),
    Claim(
        "four-by-four",
        "Reducing the picture down to 4x4 destroys performance, whatever reduces it.",
        (
            Contrast("strides, 1,024 numbers: 8x8x16", (_CODE_8, SHORT), (_CODE_4, SHORT)),
            Contrast("the same, trained twice as long", (_CODE_8, TWICE), (_CODE_4, TWICE)),
            Contrast(
                "poolings, 1,024 numbers: 8x8x16", (_CODE_8_POOL, SHORT), (_CODE_4_POOL, SHORT)
            ),
            Contrast("strides, 1,024 numbers: 16x16x4", (_CODE_16, SHORT), (_CODE_4, SHORT)),
        ),
    ),
    Claim(
        "strides",
        "Strided convolutions work better than max pooling.",
        (
            Contrast(
                "as in the source: the pooling replaced by one more convolution",
                (_SHALLOW_STRIDED, SHORT),
                (_SHALLOW_POOL, SHORT),
            ),
            Contrast(
                "as many convolutions in both",
                (_SHALLOW_STRIDED, SHORT),
                (_SHALLOW_POOL_CONV, SHORT),
            ),
            Contrast(
                "down to 8x8x16, as many convolutions in both",
                (_CODE_8, SHORT),
                (_CODE_8_POOL, SHORT),
            ),
        ),
    ),
    Claim(
        "batch-normalisation",
        "Batch normalisation gives small but noticeable benefits.",
        (
            Contrast("the source's best network", (_STRIDED_BN, SHORT), (_STRIDED, SHORT)),
            Contrast("the same, trained twice as long", (_STRIDED_BN, TWICE), (_STRIDED, TWICE)),
            Contrast("a deeper network", (_DEEP_BN, SHORT), (_DEEP, SHORT)),
        ),
    ),
    Claim(
        "shallow",
        "Shallow autoencoders do better than deep ones.",
        (
            Contrast("one stride against two", (_SHALLOW_STRIDED, SHORT), (_DEEP, SHORT)),
            Contrast("one stride against three", (_SHALLOW_STRIDED, SHORT), (_DEEPER, SHORT)),
            Contrast("two against three, trained twice as long", (_DEEP, TWICE), (_DEEPER, TWICE)),
            Contrast("one against two, 1,024 numbers in both", (_CODE_16, SHORT), (_CODE_8, SHORT)),
        ),
    ),
    Claim(
        "three-convolutions",
        "Three convolutions in the encoder are the minimum for really good performance.",
        (
            Contrast(
                "three against two, the same 8,192 numbers in the code",
                (_SHALLOW_STRIDED, SHORT),
                (_TWO_CONVOLUTIONS, SHORT),
            ),
            Contrast(
                "three against one, the same 8,192 numbers in the code",
                (_SHALLOW_STRIDED, SHORT),
                (_ONE_CONVOLUTION, SHORT),
            ),
        ),
    ),
    Claim(
        "more-training",
        "Deeper networks need more training: with it they catch up.",
        (
            Contrast(
                "two strides trained four times as long as one, 1,024 numbers in both",
                (_CODE_8, LONG),
                (_CODE_16, SHORT),
            ),
            Contrast(
                "two strides trained twice as long as one, 32 channels everywhere, which leaves "
                "the deeper one a smaller code",
                (_DEEP, TWICE),
                (_SHALLOW_STRIDED, SHORT),
            ),
            Contrast(
                "three strides trained twice as long as two, 32 channels everywhere",
                (_DEEPER, TWICE),
                (_DEEP, SHORT),
            ),
        ),
    ),
)


def claims_trials() -> list[Trial]:
    """The trainings that the claims need, each once, with every seed."""
    sides = dict.fromkeys(
        side
        for claim in CLAIMS
        for contrast in claim.contrasts
        for side in (contrast.better, contrast.worse)
    )
    # The short trainings first, so that most pairs are settled early.
    ordered = sorted(sides, key=lambda side: side[1])
    return [_claim_trial(side, seed) for side in ordered for seed in SEEDS]


def _claim_trial(side: tuple[str, int], seed: int) -> Trial:
    network, epochs = side
    return Trial(network, epochs, seed=seed, pictures=_PICTURES)


class Evidence(NamedTuple):
    """What a contrast showed.

    Attributes:
        contrast: Which.
        better: Test errors (MSE) of what the claim wants to be better, a seed each.
        worse: Those of the other.
    """

    contrast: Contrast
    better: tuple[float, ...]
    worse: tuple[float, ...]

    @property
    def holds(self) -> bool | None:
        """Whether every seed agrees with the claim; None where they differ among themselves."""
        agrees = [ours < theirs for ours, theirs in zip(self.better, self.worse, strict=True)]
        return agrees[0] if len(set(agrees)) == 1 else None

    @property
    def ratio(self) -> float:
        """The worse one's mean error over the better one's; below 1 speaks against the claim."""
        return float(np.mean(self.worse) / np.mean(self.better))


WORDS = {
    "holds": "every seed of every pair agrees",
    "does not hold": "every seed of every pair says the opposite",
    "depends": "some pairs agree, others don't or differ from seed to seed",
    "undecided": "the seeds of every pair differ",
    "not yet tested": "not all of its trainings are done",
}
"""The verdicts and what they mean."""


@dataclass(frozen=True)
class Verdict:
    """A claim and what its contrasts say.

    Attributes:
        claim: Which.
        evidence: One per contrast whose trainings are all in the table.
    """

    claim: Claim
    evidence: tuple[Evidence, ...]

    @property
    def is_complete(self) -> bool:
        """Whether all its trainings are in the table."""
        return len(self.evidence) == len(self.claim.contrasts)

    @property
    def word(self) -> str:
        """The verdict in a word or two, one of `WORDS`."""
        if not self.is_complete:
            return "not yet tested"
        found = {item.holds for item in self.evidence}
        if found == {None}:
            return "undecided"
        if found == {True}:
            return "holds"
        return "does not hold" if found == {False} else "depends"

    @property
    def reason(self) -> str:
        """On what it depends, or by how much it holds, in a sentence or two."""
        return " ".join(
            f"{_SAYS[item.holds]} {item.contrast.label} (the other's error is {item.ratio:.2f} "
            "times the one that should be smaller)."
            for item in self.evidence
        )


def markdown_verdicts(found: list[Verdict]) -> str:
    """Claims with their verdicts as the README shows them.

    Args:
        found: Which.

    Example:
        >>> print(markdown_verdicts([]).splitlines()[0])
        | claim | verdict | the other's error, times |
    """
    lines = ["| claim | verdict | the other's error, times |", "|---|---|---|"]
    for verdict in found:
        ratios = ", ".join(f"{item.ratio:.2f}" for item in verdict.evidence) or "-"
        lines.append(f"| {verdict.claim.statement} | {verdict.word} | {ratios} |")
    return "\n".join(lines)


_SAYS = {True: "Yes:", False: "No:", None: "Seeds differ:"}


def verdicts(results: list[Result] | None = None) -> list[Verdict]:
    """Every claim with its verdict.

    Args:
        results: By default those of the table in ``studies/``.
    """
    found = read_table(table_path(CLAIMS_STUDY)) if results is None else results
    errors = {result.trial: result.mse for result in found}
    return [Verdict(claim, tuple(_evidence(claim, errors))) for claim in CLAIMS]


def _evidence(claim: Claim, errors: dict[Trial, float]) -> list[Evidence]:
    """The contrasts of a claim whose trainings are all there."""
    evidence = []
    for contrast in claim.contrasts:
        sides = [
            tuple(errors[trial] for trial in trials if trial in errors)
            for trials in (
                [_claim_trial(side, seed) for seed in SEEDS]
                for side in (contrast.better, contrast.worse)
            )
        ]
        if all(len(side) == len(SEEDS) for side in sides):
            evidence.append(Evidence(contrast, *sides))
    return evidence
