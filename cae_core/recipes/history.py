"""The table of a training's progress in a network's folder, ``history.csv``.

Importing this module does not import Keras.
"""

from __future__ import annotations

import csv
from collections.abc import Sequence
from pathlib import Path

from cae_core.training.runs import HISTORY


def read_history(folder: Path) -> list[dict[str, float]]:
    """Rows of a folder's history; an empty list before the first epoch."""
    path = folder / HISTORY
    if not path.exists():
        return []
    with path.open(newline="") as file:
        return [{name: float(value) for name, value in row.items()} for row in csv.DictReader(file)]


def write_history(folder: Path, rows: Sequence[dict[str, float]]) -> None:
    """Replaces a folder's history.

    Args:
        folder: A network's folder.
        rows: At least one; all with the keys of the first, which become the columns.
    """
    with (folder / HISTORY).open("w", newline="") as file:
        writer = csv.DictWriter(file, rows[0])
        writer.writeheader()
        writer.writerows({name: f"{value:.10g}" for name, value in row.items()} for row in rows)
