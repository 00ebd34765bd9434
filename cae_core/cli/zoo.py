"""``zoo``: the trained networks, and what is known of each."""

from __future__ import annotations

import argparse
import dataclasses
import json
import textwrap
from typing import Any

from cae_core import zoo
from cae_core.architecture.formulas import format_shape
from cae_core.cli.arguments import PROGRAM
from cae_core.cli.results import results_markdown
from cae_core.cli.terminal import DONE, aligned, complain
from cae_core.zoo.cards import Card
from cae_core.zoo.judge import ACCURACY

_WIDTH = 96
# What a figure is called and with how many digits it is said.
_MEASURES = {
    "psnr": ("PSNR", "{:.2f} dB"),
    "ssim": ("SSIM", "{:.4f}"),
    "mse": ("MSE", "{:.6f}"),
    "mae": ("MAE", "{:.5f}"),
    ACCURACY: ("judge", "{:.2%}"),
    "accuracy": ("accuracy", "{:.2%}"),
    "confidence": ("confidence", "{:.2%}"),
}


def add_parser(commands: Any) -> None:
    """Declares the command and its options."""
    parser = commands.add_parser(
        "zoo",
        help="the trained networks that come with the laboratory",
        description="Lists the trained networks that come with the laboratory, or prints the card "
        "of one:\nwhat it is for, how it was trained and on what, and how well it does.",
        epilog=_EXAMPLES,
    )
    parser.add_argument("name", nargs="?", metavar="NAME", help="the network; default: all")
    parser.add_argument(
        "--json", action="store_true", help="print JSON: a card, or the list of all cards"
    )
    parser.add_argument(
        "--markdown",
        action="store_true",
        help="print docs/results.md: all results, measured beside published, as Markdown",
    )
    parser.set_defaults(run=run)


_JUDGE = """\
The judge is an evaluation classifier, trained on the original images; a card gives its accuracy on
the network's outputs."""
_EXAMPLES = f"""
{_JUDGE}

examples:
  {PROGRAM} zoo
  {PROGRAM} zoo {zoo.PHOTO_DENOISER}
  {PROGRAM} zoo {zoo.PHOTO_DENOISER} --json
  {PROGRAM} denoise photo.jpg --model {zoo.PHOTO_DENOISER}
"""


def run(options: argparse.Namespace) -> int:
    """Prints one card, or the list of all networks; returns the exit code."""
    if options.name is not None:
        card = zoo.card(options.name)
        print(_as_json(dataclasses.asdict(card)) if options.json else _card_text(card))
        return DONE
    if options.markdown:
        print(results_markdown(), end="")
        return DONE
    cards = [zoo.card(name) for name in zoo.names()]
    for reason in zoo.unreadable_cards().values():
        complain(reason)
    if options.json:
        print(_as_json([dataclasses.asdict(card) for card in cards]))
    else:
        print(_list_text(cards))
    return DONE


def _as_json(data: Any) -> str:
    """Plain data as JSON."""
    return json.dumps(data, indent=2)


def _list_text(cards: list[Card]) -> str:
    """The networks, a line each."""
    rows = [("name", "title", "parameters", "first figure")]
    for card in cards:
        rows.append((card.name, card.title, f"{card.parameters:,}", first_figure(card)))
    return "\n".join([*aligned(rows, right={2}), "", f"One in full: {PROGRAM} zoo NAME"])


def first_figure(card: Card) -> str:
    """The card's first figure with its test set and condition; empty where there is none."""
    if not card.figures:
        return ""
    figure = card.figures[0]
    measured = [f"{label} {value}" for label, value in _measured(figure).items()]
    return f"{measured[0]} on {figure['test_set']}, {figure['condition']}"


def _measured(figure: dict[str, Any]) -> dict[str, str]:
    """Measured figures by their label: those with a label first, then other numbers."""
    numbers = {name: value for name, value in figure.items() if isinstance(value, int | float)}
    known = [name for name in _MEASURES if name in numbers]
    others = [name for name in numbers if name not in _MEASURES]
    labels = {name: _MEASURES.get(name, (name, "{:,}")) for name in known + others}
    return {label: form.format(numbers[name]) for name, (label, form) in labels.items()}


def _card_text(card: Card) -> str:
    """A card as a person reads it."""
    low, high = card.noise_range or (0.0, 0.0)
    facts = {
        "network": card.network if card.architecture else _module_of(card),
        "parameters": f"{card.parameters:,}",
        "latent": "" if card.latent_size is None else f"{card.latent_size:,} numbers",
        "noise": f"sigma {low:.3f} to {high:.3f} ({255 * low:.0f}/255 to {255 * high:.0f}/255)"
        if card.noise_range
        else "",
        "trained on": f"images of {format_shape(card.input_shape)}; {card.data}"
        if card.dataset
        else card.data,
        "licence": card.licence,
        "source": card.source,
        "recipe": card.recipe,
        "notes": card.recipe_notes,
        "took": f"{card.seconds / 60:,.1f} minutes",
        "sha256": card.sha256,
    }
    lines = [f"{card.title} ({card.name})", *textwrap.wrap(card.summary, _WIDTH), ""]
    for label, value in facts.items():
        if value:
            lines += _fact(label, value)
    lines += ["", *_figures_table(card)]
    if any(ACCURACY in figure for figure in card.figures):
        lines += ["", _JUDGE]
    return "\n".join(lines)


def _module_of(card: Card) -> str:
    """The module that registers a network which has no architecture text."""
    return f"cae_core/models/{card.network.replace('-', '_')}.py"


def _fact(label: str, value: str) -> list[str]:
    """A fact with its label before it, in as many lines as it needs."""
    return textwrap.wrap(
        value,
        _WIDTH,
        initial_indent=f"{label:<12}",
        subsequent_indent=" " * 12,
        break_on_hyphens=False,
        break_long_words=False,  # a path, a checksum
    )


def _figures_table(card: Card) -> list[str]:
    """All figures of a card, a line for each test set and condition."""
    measured = [_measured(figure) for figure in card.figures]
    labels = list(dict.fromkeys(label for row in measured for label in row))
    rows = [("test set", "condition", *labels)]
    for figure, values in zip(card.figures, measured, strict=True):
        cells = (values.get(label, "") for label in labels)
        rows.append((figure["test_set"], figure["condition"], *cells))
    return aligned(rows, right=set(range(2, 2 + len(labels))))
