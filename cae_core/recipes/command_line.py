"""Parts of the recipes that networks have in their own folders: options, and the card's end.

Importing this module does not import Keras.
"""

from __future__ import annotations

import argparse
import dataclasses
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any

from cae_core.zoo.cards import Card


def session_parser(
    folder: Path, description: str | None, commands: Sequence[str], *, minutes: float, rate: float
) -> argparse.ArgumentParser:
    """The parser of a recipe that trains in sessions: the command, and the options of a session.

    Args:
        folder: The network's folder, called like the network; the default of ``--out``.
        description: Text of the help.
        commands: The commands, of which one is given.
        minutes: Default time budget.
        rate: Default of the highest learning rate.

    Example:
        >>> parser = session_parser(Path("net"), None, ("train", "card"), minutes=9, rate=1e-3)
        >>> options = parser.parse_args(["train", "--minutes", "1"])
        >>> options.command, options.minutes, options.rate, str(options.out), options.dtype
        ('train', 1.0, 0.001, 'net', 'float32')
    """
    parser = argparse.ArgumentParser(
        prog=f"python -m cae_core make {folder.name}",
        description=description,
        formatter_class=argparse.RawTextHelpFormatter,
    )
    parser.add_argument("command", choices=commands)
    parser.add_argument(
        "--minutes", type=float, default=minutes, help="time budget of this session"
    )
    parser.add_argument("--rate", type=float, default=rate, help="the highest learning rate")
    parser.add_argument("--out", type=Path, default=folder, help="folder of weights and history")
    parser.add_argument("--dtype", default="float32", choices=("float32", "mixed_bfloat16"))
    return parser


def save_measured(
    card: Card, folder: Path, measure: Callable[[], Iterable[dict[str, Any]]]
) -> Card:
    """Writes a card, measures its network, and writes the card with its figures.

    The card is there first, for what applies a network of the zoo asks its card which weights are
    right.

    Args:
        card: The card; its figures are replaced.
        folder: The network's folder, with its weights.
        measure: Returns the figures.

    Returns:
        The card with its figures.
    """
    card.save(folder)
    card = dataclasses.replace(card, figures=tuple(measure()))
    card.save(folder)
    return card
