"""The table of a training's losses: one line an epoch, in ``history.csv``."""

from __future__ import annotations

import csv
import dataclasses
import io
import itertools
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from cae_core.errors import RecordError
from cae_core.files import write_text
from cae_core.records import checked, read_text
from cae_core.training.progress import EpochRecord

HISTORY = "history.csv"
# Names of a training's curves: the mean of an epoch says how well it went in its middle.
MEAN_OF_THE_EPOCH, AFTER_THE_EPOCH = "Training, mean of the epoch", "Validation, after the epoch"
_COLUMNS = tuple(item.name for item in dataclasses.fields(EpochRecord))


def history_csv(records: Iterable[EpochRecord]) -> str:
    """The losses as a table with a header line.

    Example:
        >>> print(history_csv([EpochRecord(1, 0.5, 0.25, 2.0)]))
        epoch,loss,validation_loss,seconds
        1,0.5,0.25,2.0
        <BLANKLINE>
    """
    return _table(_COLUMNS, map(vars, records))


def write_history(folder: Path, rows: Sequence[Mapping[str, float]]) -> None:
    """Replaces a folder's ``history.csv``.

    Args:
        folder: The folder.
        rows: Numbers by the names of their columns, at least one row.
    """
    write_text(folder / HISTORY, _table(tuple(rows[0]), rows))


def read_history(folder: Path) -> list[dict[str, float]]:
    """Reads a folder's ``history.csv``.

    Returns:
        Numbers by the names of their columns; no rows before the first epoch.

    Raises:
        RecordError: It is not a table of numbers.
    """
    if not (folder / HISTORY).exists():
        return []
    names, *lines = _lines(folder)
    try:
        return [dict(zip(names, map(_number, line), strict=True)) for line in lines]
    except ValueError as error:
        raise RecordError(f"{HISTORY} is no table of numbers") from error


def read_records(folder: Path) -> tuple[EpochRecord, ...]:
    """The inverse of `history_csv`; empty where a training was stopped in its first epoch.

    Raises:
        RecordError: There is no such file, or it is not a table of such records.
    """
    if tuple(_lines(folder)[0]) != _COLUMNS:
        raise RecordError(f"{HISTORY} has other columns")
    try:
        return checked(tuple[EpochRecord, ...], read_history(folder))
    except RecordError as error:
        raise RecordError(f"{HISTORY} {error}") from error


def middles(ends: Sequence[float]) -> list[float]:
    """Where the means over a training's parts are drawn: the middle of each.

    Args:
        ends: The parts' ends, such as epochs; the first begins at 0.

    Example:
        >>> middles([1, 2, 3])
        [0.5, 1.5, 2.5]
    """
    return [(start + end) / 2 for start, end in itertools.pairwise([0, *ends])]


def _lines(folder: Path) -> list[list[str]]:
    """The header and the lines of a folder's table."""
    try:
        lines = list(csv.reader(io.StringIO(read_text(folder / HISTORY))))
    except csv.Error as error:  # a field of over 131,072 characters
        raise RecordError(f"{HISTORY} is no table of numbers") from error
    if not lines:
        raise RecordError(f"{HISTORY} is empty")
    return lines


def _table(columns: Sequence[str], rows: Iterable[Mapping[str, float]]) -> str:
    """Lines of numbers below the names of their columns."""
    lines = [columns, *([str(row[name]) for name in columns] for row in rows)]
    return "".join(",".join(line) + "\n" for line in lines)


def _number(text: str) -> float:
    """A whole number stays one, so that it is written again as it was."""
    return int(text) if text.isdecimal() else float(text)
