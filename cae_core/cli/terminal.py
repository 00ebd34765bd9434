"""Terminal output of all commands: messages, tables, the progress bar, Ctrl-C.

Results go to stdout, progress and errors to stderr.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import sys
import threading
import unicodedata
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from cae_core.long_work import ShouldStop
from cae_core.training.progress import Progress

DONE, PARTLY_DONE, USER_MISTAKE, INTERRUPTED = 0, 1, 2, 130
"""The exit codes."""


def harmless(text: object) -> str:
    r"""A text, a file's name perhaps, whose control characters are shown and not obeyed.

    Example:
        >>> print(harmless("\x1b[31mred\x07.png"))
        \x1b[31mred\x07.png
    """
    return "".join(
        character.encode("unicode_escape").decode("ascii")
        if unicodedata.category(character) in ("Cc", "Cf", "Cs", "Zl", "Zp")
        else character
        for character in str(text)
    )


def complain(message: str) -> None:
    """Prints an error on stderr, in one line whatever the message quotes."""
    print(harmless(" ".join(message.split())), file=sys.stderr)


def note(message: str) -> None:
    """Prints a remark on stderr."""
    print("\n".join(map(harmless, message.split("\n"))), file=sys.stderr)


def aligned(rows: Sequence[tuple[str, ...]], right: set[int]) -> list[str]:
    """Lays a table out in lines.

    Args:
        rows: The cells, as many in every row.
        right: Numbers of the columns whose cells stand at the right, counted from 0.

    Returns:
        A line per row, its columns under those of the others.

    Example:
        >>> aligned([("conv8", "224"), ("up", "0")], right={1})
        ['conv8  224', 'up       0']
    """
    widths = [max(len(cell) for cell in column) for column in zip(*rows, strict=True)]
    return [
        "  ".join(
            cell.rjust(width) if column in right else cell.ljust(width)
            for column, (cell, width) in enumerate(zip(row, widths, strict=True))
        ).rstrip()
        for row in rows
    ]


@contextlib.contextmanager
def quiet_tensorflow() -> Iterator[None]:
    """Keeps TensorFlow's notes on its build off the terminal while it is imported.

    A user who has set TF_CPP_MIN_LOG_LEVEL gets what was asked for. The variable alone does not
    help: TensorFlow 2.21 logs a note on oneDNN before it reads it, past Python, to descriptor 2.
    """
    if "TF_CPP_MIN_LOG_LEVEL" in os.environ:
        yield
        return
    # 3, for notes on the processor are logged as errors too; real ones come as exceptions.
    os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
    sys.stderr.flush()
    kept = os.dup(2)
    try:
        with Path(os.devnull).open("wb") as nothing:
            os.dup2(nothing.fileno(), 2)
        yield
    finally:
        os.dup2(kept, 2)
        os.close(kept)


@contextlib.contextmanager
def stop_on_interrupt() -> Iterator[ShouldStop]:
    """Makes the first Ctrl-C a request, which the result tells of; the second one aborts."""
    requested = threading.Event()

    def handle(signal_number: int, frame: object) -> None:
        if requested.is_set():
            raise KeyboardInterrupt
        requested.set()
        # Not print: the signal may have come in the middle of one.
        with contextlib.suppress(OSError):
            os.write(2, b"\nStopping after this batch. Ctrl-C again ends it without saving.\n")

    before = signal.signal(signal.SIGINT, handle)
    try:
        yield requested.is_set
    finally:
        signal.signal(signal.SIGINT, before)


class Bar:
    """Progress in one line that is written over, or in a few lines where that cannot be."""

    WIDTH = 24

    def __init__(self, stream: Any) -> None:
        self.stream = stream
        self.is_terminal = stream.isatty()
        self.is_open = False  # whether the cursor stands in a line of ours
        self.epochs_said = 0
        self.tenths_said = 0

    def show(self, fraction: float, said: str) -> None:
        """Shows the fraction done on a terminal; prints nothing elsewhere."""
        if self.is_terminal:
            self._rewrite(fraction, said)

    def show_training(self, progress: Progress) -> None:
        """Loss and time left; one line per epoch where there is no terminal."""
        if self.is_terminal:
            self._rewrite(progress.fraction, str(progress))
        elif len(progress.history) > self.epochs_said:
            self.epochs_said = len(progress.history)
            self._write(f"{progress}\n")

    def show_loading(self, name: str, unit: str, done: int, total: int | None) -> None:
        """Shows how much of the data is loaded; a line per tenth where there is no terminal."""
        scale = 1e6 if unit == "MB" else 1
        fraction = done / total if total else 0.0
        said = f"{name}: {done / scale:,.0f} of {(total or 0) / scale:,.0f} {unit}"
        if self.is_terminal:
            self._rewrite(fraction, said)
        elif int(fraction * 10) > self.tenths_said:
            self.tenths_said = int(fraction * 10)
            self._write(f"{harmless(said)}\n")

    def clear(self) -> None:
        """Takes the line away, so that something else can stand in its place."""
        if self.is_open:
            self._write("\r" + " " * self._columns() + "\r")
        self.is_open = False

    def close(self) -> None:
        """Leaves the line as it is."""
        if self.is_open:
            self._write("\n")
        self.is_open = False

    def _rewrite(self, fraction: float, said: str) -> None:
        """Writes over the line, cut to what the terminal holds so that it stays one."""
        said = harmless(said)
        done = round(self.WIDTH * fraction)
        line = f"[{'#' * done}{'.' * (self.WIDTH - done)}] {fraction:4.0%}  {said}"
        columns = self._columns()
        self._write(f"\r{line[:columns]:<{columns}}")
        self.is_open = True

    def _write(self, text: str) -> None:
        """Writes to the stream; one that nobody reads any more must not end the work."""
        with contextlib.suppress(OSError):
            self.stream.write(text)
            self.stream.flush()

    def _columns(self) -> int:
        """Characters that a line of the terminal holds without going on in the next one."""
        return shutil.get_terminal_size().columns - 1
