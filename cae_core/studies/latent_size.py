"""Is the size of the latent correlated with the error? Exercise 2 of the ACML homework.

Trained by ``python -m cae_core sweep --study latent-size``. Importing this module does not import
Keras.
"""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np
from scipy import stats

from cae_core.formats import format_mse, true_minus
from cae_core.studies.sweep import Result, Trial

_EPOCHS = 3


def _with_latent(template: str, *channels: int) -> tuple[str, ...]:
    """Networks with different numbers of channels in the latent."""
    return tuple(template.format(count) for count in channels)


ARCHITECTURES: dict[str, tuple[str, ...]] = {
    "homework network, other latent": _with_latent(
        "conv8 pool conv12 pool conv{} | up conv12 up conv3:sigmoid", 1, 2, 4, 8, 16, 32, 64, 128
    ),
    "32 channels, other latent": _with_latent(
        "conv32 pool conv32 pool conv{} | up conv32 up conv3:sigmoid", 1, 4, 16, 64, 128
    ),
    "one pooling": _with_latent("conv8 pool conv{} | up conv3:sigmoid", 4, 16, 32),
    "three poolings": _with_latent(
        "conv8 pool conv12 pool conv16 pool conv{} | up conv12 up conv8 up conv3:sigmoid",
        16,
        64,
        256,
    ),
    "four poolings": _with_latent(
        "conv8 pool conv12 pool conv16 pool conv16 pool conv{} | "
        "up conv16 up conv12 up conv8 up conv3:sigmoid",
        4,
        64,
        256,
    ),
    "dense latent": _with_latent(
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
    "channels, same latent": tuple(
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
    "more layers, same latent": (
        "conv8 conv8 pool conv12 conv12 pool conv16 | up conv12 conv12 up conv8 conv3:sigmoid",
        "conv8 res8 pool conv12 res12 pool conv16 | up conv12 res12 up conv8 res8 conv3:sigmoid",
    ),
}
"""Networks of the study by what they vary, most of them starting from the homework network."""


def latent_size_trials() -> list[Trial]:
    """The trainings of the study on CIFAR-10, all images, the same settings for all.

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
        rho: Correlation coefficient, from -1 to 1.
        low: Lower end of the interval.
        high: Upper end of the interval.
        networks: Number of networks.
    """

    rho: float
    low: float
    high: float
    networks: int


FEWEST_NETWORKS = 5  # for a rank correlation with an interval


def rank_correlation(first: Sequence[float], second: Sequence[float]) -> Correlation:
    """Rank correlation of two measures of the same networks.

    The interval is Fisher's, with the standard error for ranks (Bonett & Wright, "Sample size
    requirements for estimating Pearson, Kendall and Spearman correlations", Psychometrika 2000).
    Where all ranks agree, which would leave it no width, it is that of one swapped pair.

    Args:
        first: Values of one measure, at least `FEWEST_NETWORKS`, not all the same.
        second: Values of the other measure, in the same order.

    Example:
        >>> errors = [9, 11, 10, 8, 6, 7, 3, 5, 4, 2, 0, 1]
        >>> rank_correlation(list(range(12)), errors)
        Correlation(rho=-0.944, low=-0.988, high=-0.757, networks=12)
    """
    count = len(first)
    rho = float(np.corrcoef(stats.rankdata(first), stats.rankdata(second))[0, 1])
    most = 1 - 12 / (count * (count**2 - 1))
    inside = min(max(rho, -most), most)
    half = stats.norm.ppf(0.975) * math.sqrt((1 + inside**2 / 2) / (count - 3))
    low, high = (math.tanh(math.atanh(inside) + side * half) for side in (-1, 1))
    return Correlation(round(rho, 3), round(min(low, rho), 3), round(max(high, rho), 3), count)


def latent_size_correlation(results: Iterable[Result]) -> Correlation | None:
    """Rank correlation of latent size and test error.

    Args:
        results: Results; the seeds of a setting count as one network, with their mean error.

    Returns:
        None for fewer than `FEWEST_NETWORKS` networks, or latents or errors of one size.
    """
    errors = defaultdict[Trial, list[float]](list)
    sizes = {}
    for result in results:
        setting = replace(result.trial, seed=0)
        errors[setting].append(result.mse)
        sizes[setting] = result.latent_size
    means = [float(np.mean(errors[setting])) for setting in sizes]
    if len(sizes) < FEWEST_NETWORKS or len(set(sizes.values())) < 2 or len(set(means)) < 2:
        return None
    return rank_correlation(list(sizes.values()), means)


@dataclass(frozen=True)
class LatentSizeAnswer:
    """The study's answer to the question of the homework.

    Attributes:
        correlation: Rank correlation of latent size and test error over all architectures.
        epochs: Epochs of every training.
        latent_size: The most frequent latent size.
        count: Number of architectures with that size.
        spread: The largest error among those over the smallest.
        best: The result with the lowest error.
    """

    correlation: Correlation
    epochs: int
    latent_size: int
    count: int
    spread: float
    best: Result

    @property
    def sentence(self) -> str:
        """The answer as a page shows it, the network between backticks."""
        network = self.best.network
        return f"{true_minus(str(self)).replace(network, f'`{network}`')}."

    def __str__(self) -> str:
        found = self.correlation
        return (
            f"Over {found.networks} architectures, {self.epochs} epochs each on all training "
            f"images, the rank correlation of latent size and error is {found.rho:.2f} (95 % "
            f"interval {found.low:.2f} to {found.high:.2f}; -1 would be: the larger the latent, "
            f"always the smaller the error). But among the {self.count} with {self.latent_size:,} "
            f"numbers in the latent the largest error is {self.spread:.1f} times the smallest: "
            f"what stands around the latent matters as well. The lowest error, "
            f"{format_mse(self.best.mse)}, has {self.best.network}"
        )


def latent_size_answer(results: tuple[Result, ...]) -> LatentSizeAnswer | None:
    """The answer; None while trainings of the study are missing.

    Args:
        results: Results in the study's table.
    """
    trials = set(latent_size_trials())
    found = [result for result in results if result.trial in trials]
    if len(found) < len(trials):
        return None
    size, count = Counter(result.latent_size for result in found).most_common(1)[0]
    errors = [result.mse for result in found if result.latent_size == size]
    return LatentSizeAnswer(
        rank_correlation([result.latent_size for result in found], [r.mse for r in found]),
        _EPOCHS,
        size,
        count,
        max(errors) / min(errors),
        min(found, key=lambda result: result.mse),
    )
