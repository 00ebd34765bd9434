"""The zoo as a table: measured beside published, a row for every network and condition.

Importing this module does not import Keras.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from cae_core import zoo
from cae_core.architecture.presets import SOURCES, get_preset
from cae_core.data.registry import DATASETS
from cae_core.training.tasks import Reconstruct
from cae_core.zoo.cards import Card
from cae_core.zoo.judge import ACCURACY, JUDGES

OURS = "Ours"
SOURCE_TITLES = {letter: f"{letter}: {source}" for letter, source in SOURCES.items()}
MEASURES = ("mse", "mae", "psnr", "ssim", ACCURACY)


@dataclass(frozen=True)
class Row:
    """A network under one condition, on the test part of what it was trained on.

    Attributes:
        card: The network's.
        figure: The card's figure.
    """

    card: Card
    figure: dict[str, Any]

    @property
    def source(self) -> str:
        """The source document's letter and title, or `OURS`."""
        return SOURCE_TITLES.get(self.card.section, OURS)

    @property
    def dataset(self) -> str:
        """What it was measured on: a data set's name, or a test set's where it is no data set."""
        name = self.card.data.split(":")[0]
        return name if name in DATASETS else str(self.figure["test_set"])

    @property
    def kind(self) -> str:
        """What it does: reconstruct, denoise, colorize or judge."""
        if "accuracy" in self.figure:
            return "judge"
        if self.card.noise_range is not None:
            return "denoise"
        return "reconstruct" if isinstance(self.card.task, Reconstruct) else "colorize"

    @property
    def condition(self) -> str:
        """What it was measured under."""
        return str(self.figure["condition"])

    def measured(self, name: str) -> float | None:
        """One of `MEASURES`; None where it was not measured."""
        return self.figure.get(name)

    def published(self, name: str) -> float | None:
        """What the source says of the same measure; None where it says nothing."""
        value = self.card.published.get(name)
        return value if isinstance(value, int | float) else None

    @property
    def words(self) -> str:
        """What the source says of it in words; empty where it says nothing."""
        if self.condition == "clean-through":
            shown = get_preset("clean-through")
            is_shown = self.card.section and self.card.noise_range == (shown.sigma, shown.sigma)
            return str(shown.published["said"]) if is_shown else ""
        return str(self.card.published.get("said", ""))

    @property
    def judge_drop(self) -> float | None:
        """By how much the judge's accuracy is lower than on the originals."""
        share = self.measured(ACCURACY)
        own = judge_own_accuracy(self.dataset)
        return None if share is None or own is None else own - share


def judge_own_accuracy(dataset: str) -> float | None:
    """The accuracy of a data set's judge on the originals; None where there is no judge."""
    name = JUDGES.get(dataset)
    if name not in zoo.names():
        return None
    return float(zoo.card(name).figures[0]["accuracy"])


def rows() -> list[Row]:
    """Every network, the sources' first, under every condition of its own test set.

    Example:
        >>> {row.card.name for row in rows()} == set(zoo.names())
        True
    """
    cards = sorted(map(zoo.card, zoo.names()), key=lambda card: (card.section or "Z", card.name))
    return [Row(card, figure) for card in cards for figure in _own_figures(card)]


def _own_figures(card: Card) -> list[dict[str, Any]]:
    """The figures on the card's first test set that are this network's own."""
    first = card.figures[0]["test_set"]
    own = [row for row in card.figures if row["test_set"] == first and "task" in row]
    return own or [card.figures[0]]


def points(dataset: str) -> list[Row]:
    """Reconstructions of a data set's test images: what latent size is compared with error for."""
    return [
        row
        for row in rows()
        if row.dataset == dataset
        and row.kind == "reconstruct"
        and row.card.latent_size is not None
        and row.measured("mse") is not None
    ]


def markdown_table(chosen: list[Row]) -> str:
    """Rows as the README shows them.

    Args:
        chosen: Which.

    Example:
        >>> print(markdown_table([]).splitlines()[0][:40])
        | network | data | condition | latent | pa
    """
    lines = [
        "| network | data | condition | latent | parameters | MSE | published | PSNR | judge | "
        "published |",
        "|---|---|---|---|---|---|---|---|---|---|",
    ]
    for row in chosen:
        cells = (
            f"`{row.card.name}`",
            row.dataset,
            row.condition,
            _text(row.card.latent_size, "{:,}"),
            f"{row.card.parameters:,}",
            _text(row.measured("mse"), "{:.6f}"),
            f'"{row.words}"' if row.words else _text(row.published("mse"), "{:.6f}"),
            _text(row.measured("psnr"), "{:.2f}"),
            _text(row.measured(ACCURACY), "{:.2%}"),
            _text(row.published(ACCURACY), "{:.2%}"),
        )
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines)


def _text(value: float | None, form: str) -> str:
    """A number, or a dash where there is none."""
    return "-" if value is None else form.format(value)
