"""The zoo as a table: measured and published figures, a row per network and condition.

Importing this module does not import Keras.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from cae_core import zoo
from cae_core.architecture.presets import SOURCES, get_preset
from cae_core.zoo.cards import Card
from cae_core.zoo.judge import ACCURACY, JUDGES

OURS = "Ours"
SOURCE_TITLES = {letter: f"{letter}: {source}" for letter, source in SOURCES.items()}
MEASURES = ("mse", "mae", "psnr", "ssim", ACCURACY)


@dataclass(frozen=True)
class Row:
    """A network under one condition, measured on its own data set's test images.

    Attributes:
        card: Card of the network.
        figure: One of the card's figures.
    """

    card: Card
    figure: dict[str, Any]

    @property
    def source(self) -> str:
        """Letter and title of the source, or `OURS`."""
        return SOURCE_TITLES.get(self.card.section, OURS)

    @property
    def dataset(self) -> str:
        """The card's data set, or the name of the test set where the card has none."""
        return self.card.dataset or str(self.figure["test_set"])

    @property
    def kind(self) -> str:
        """``reconstruct``, ``denoise``, ``colorize`` or ``judge``."""
        if "accuracy" in self.figure:
            return "judge"
        if self.card.noise_range is not None:
            return "denoise"
        task = self.card.task
        return "colorize" if task is None or task.needs_color else "reconstruct"

    @property
    def condition(self) -> str:
        """The condition of the measurement, for example its noise."""
        return str(self.figure["condition"])

    def measured(self, name: str) -> float | None:
        """A measured figure, one of `MEASURES`; None where it was not measured."""
        return self.figure.get(name)

    def published(self, name: str) -> float | None:
        """The source's figure of the same name; None where it has none."""
        value = self.card.published.get(name)
        return value if isinstance(value, int | float) else None

    @property
    def words(self) -> str:
        """The source's verdict in words; empty where it has none."""
        if self.condition == "clean-through":
            shown = get_preset("clean-through")
            is_shown = self.card.section and self.card.noise_range == (shown.sigma, shown.sigma)
            return str(shown.published["said"]) if is_shown else ""
        return str(self.card.published.get("said", ""))

    @property
    def judge_drop(self) -> float | None:
        """Judge's accuracy on the original images minus that on the network's outputs."""
        share = self.measured(ACCURACY)
        own = judge_own_accuracy(self.dataset)
        return None if share is None or own is None else own - share


def judge_own_accuracy(dataset: str) -> float | None:
    """Accuracy of a data set's judge on the original images; None without a judge."""
    name = JUDGES.get(dataset)
    if name not in zoo.names():
        return None
    return float(zoo.card(name).figures[0]["accuracy"])


def rows() -> list[Row]:
    """All networks under all conditions of their own test sets, those of the sources first.

    Example:
        >>> {row.card.name for row in rows()} == set(zoo.names())
        True
    """
    cards = sorted(map(zoo.card, zoo.names()), key=lambda card: (card.section or "Z", card.name))
    return [Row(card, figure) for card in cards for figure in _own_figures(card)]


def _own_figures(card: Card) -> list[dict[str, Any]]:
    """Figures of the card's first test set, without those of other methods."""
    first = card.figures[0]["test_set"]
    own = [row for row in card.figures if row["test_set"] == first and "task" in row]
    return own or [card.figures[0]]


def below_pca(dataset: str, line: dict[int, float]) -> list[Row]:
    """Networks with less test error than PCA with as many numbers, the smallest latent first.

    Args:
        dataset: Name of the data set.
        line: PCA's test error by number of components, see `cae_core.studies.pca`.
    """
    found = [
        row for row in points(dataset) if row.figure["mse"] < line.get(row.card.latent_size or 0, 0)
    ]
    return sorted(found, key=lambda row: row.card.latent_size or 0)


def points(dataset: str) -> list[Row]:
    """Rows with a latent size and a reconstruction error, for the rate-distortion plot."""
    return [
        row
        for row in rows()
        if row.dataset == dataset
        and row.kind == "reconstruct"
        and row.card.latent_size is not None
        and row.measured("mse") is not None
    ]
