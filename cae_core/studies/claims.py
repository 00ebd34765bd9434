"""The claims of rtflynn/Cifar-Autoencoder, each tested by pairs of trainings.

Their author calls his own samples too small to be sure. Trained by
``python -m cae_core sweep --study claims``. Importing this module does not import Keras.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from cae_core.studies.sweep import Result, Trial, read_table
from cae_core.studies.tables import CLAIMS_STUDY, table_path

SEEDS = (0, 1, 2)
_IMAGES = 8_000
# Epochs with about as many steps as one of the whole data set; twice and four times as many.
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
_LATENT_16 = "conv32 conv32s2 conv4 | up conv32 conv3:sigmoid"
_LATENT_8 = "conv32 conv32s2 conv32s2 conv16 | up conv32 up conv32 conv3:sigmoid"
_LATENT_4 = "conv32 conv32s2 conv32s2 conv32s2 conv64 | up conv32 up conv32 up conv32 conv3:sigmoid"
_LATENT_4_POOL = (
    "conv32 pool conv32 pool conv32 pool conv64 | up conv32 up conv32 up conv32 conv3:sigmoid"
)
_LATENT_8_POOL = "conv32 conv32 pool conv32 pool conv16 | up conv32 up conv32 conv3:sigmoid"
_DENSE_BETWEEN = (
    "conv32 conv32s2 conv32s2 conv16 flatten dense1024 | "
    "dense1024 reshape8x8x16 up conv32 up conv32 conv3:sigmoid"
)
_DENSE_ONLY = "flatten dense1024 | dense3072:sigmoid reshape32x32x3"


class Contrast(NamedTuple):
    """A pair of trainings, of which a claim predicts the lower error.

    Attributes:
        label: The pair's difference or common ground, in words.
        better: Architecture text and epochs of the training with the predicted lower error.
        worse: Architecture text and epochs of the other one.
    """

    label: str
    better: tuple[str, int]
    worse: tuple[str, int]


@dataclass(frozen=True)
class Claim:
    """A claim and the pairs of trainings that test it.

    Attributes:
        name: A short name.
        statement: The claim as a sentence.
        contrasts: The pairs.
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
                "the same convolutions, the same 1,024 numbers in the latent",
                (_LATENT_8, SHORT),
                (_DENSE_BETWEEN, SHORT),
            ),
            Contrast(
                "the same, trained twice as long", (_LATENT_8, TWICE), (_DENSE_BETWEEN, TWICE)
            ),
            Contrast(
                "against dense layers alone, the same 1,024 numbers",
                (_LATENT_8, SHORT),
                (_DENSE_ONLY, SHORT),
            ),
        ),
    ),
    Claim(
        "four-by-four",
        "Reducing the image down to 4x4 destroys performance, whatever reduces it.",
        (
            Contrast("strides, 1,024 numbers: 8x8x16", (_LATENT_8, SHORT), (_LATENT_4, SHORT)),
            Contrast("the same, trained twice as long", (_LATENT_8, TWICE), (_LATENT_4, TWICE)),
            Contrast(
                "poolings, 1,024 numbers: 8x8x16", (_LATENT_8_POOL, SHORT), (_LATENT_4_POOL, SHORT)
            ),
            Contrast("strides, 1,024 numbers: 16x16x4", (_LATENT_16, SHORT), (_LATENT_4, SHORT)),
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
                (_LATENT_8, SHORT),
                (_LATENT_8_POOL, SHORT),
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
            Contrast(
                "one against two, 1,024 numbers in both", (_LATENT_16, SHORT), (_LATENT_8, SHORT)
            ),
        ),
    ),
    Claim(
        "three-convolutions",
        "Three convolutions in the encoder are the minimum for really good performance.",
        (
            Contrast(
                "three against two, the same 8,192 numbers in the latent",
                (_SHALLOW_STRIDED, SHORT),
                (_TWO_CONVOLUTIONS, SHORT),
            ),
            Contrast(
                "three against one, the same 8,192 numbers in the latent",
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
                (_LATENT_8, LONG),
                (_LATENT_16, SHORT),
            ),
            Contrast(
                "two strides trained twice as long as one, 32 channels everywhere, which leaves "
                "the deeper one a smaller latent",
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
    """All trainings of all claims, each once with every seed."""
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
    return Trial(network, epochs, seed=seed, images=_IMAGES)


class Evidence(NamedTuple):
    """Test errors of a pair of trainings.

    Attributes:
        contrast: The pair.
        better: MSE of the training with the predicted lower error, one per seed.
        worse: MSE of the other one.
    """

    contrast: Contrast
    better: tuple[float, ...]
    worse: tuple[float, ...]

    @property
    def holds(self) -> bool | None:
        """Whether the claim holds for every seed; None where the seeds disagree."""
        agrees = [ours < theirs for ours, theirs in zip(self.better, self.worse, strict=True)]
        return agrees[0] if len(set(agrees)) == 1 else None

    @property
    def ratio(self) -> float:
        """Mean error of `worse` over that of `better`; below 1 it contradicts the claim."""
        return float(np.mean(self.worse) / np.mean(self.better))


WORDS = {
    "holds": "every seed of every pair agrees",
    "does not hold": "every seed of every pair says the opposite",
    "depends": "some pairs agree, others don't or differ from seed to seed",
    "undecided": "the seeds of every pair differ",
    "not yet tested": "not all of its trainings are done",
}
"""The verdicts and their meanings."""


@dataclass(frozen=True)
class Verdict:
    """A claim and its evidence.

    Attributes:
        claim: The claim.
        evidence: Errors of the pairs whose trainings are all in the table.
    """

    claim: Claim
    evidence: tuple[Evidence, ...]

    @property
    def is_complete(self) -> bool:
        """Whether all trainings of the claim are in the table."""
        return len(self.evidence) == len(self.claim.contrasts)

    @property
    def word(self) -> str:
        """The verdict, a key of `WORDS`."""
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
        """The outcome of every pair, a sentence each."""
        return " ".join(
            f"{_SAYS[item.holds]} {item.contrast.label} (the other's error is {item.ratio:.2f} "
            "times the one that should be smaller)."
            for item in self.evidence
        )


_SAYS = {True: "Yes:", False: "No:", None: "Seeds differ:"}


def verdicts(results: list[Result] | None = None) -> list[Verdict]:
    """Verdicts on all claims.

    Args:
        results: Results of trainings; by default those in ``studies/``.
    """
    found = read_table(table_path(CLAIMS_STUDY)) if results is None else results
    errors = {result.trial: result.mse for result in found}
    return [Verdict(claim, tuple(_evidence(claim, errors))) for claim in CLAIMS]


def _evidence(claim: Claim, errors: dict[Trial, float]) -> list[Evidence]:
    """Evidence of the pairs whose trainings all have results."""
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
