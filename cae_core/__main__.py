"""``python -m cae_core``: see `cae_core.cli`."""

import contextlib
import errno
import os
import sys
from io import TextIOWrapper

from cae_core.cli import main
from cae_core.cli.terminal import complain

_NOT_WRITTEN = 1


def run() -> int:
    """Runs the command line on whatever terminal or pipe there is; returns the exit code."""
    _open_closed_descriptors()
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):
            # A terminal without Unicode shows a formula with question marks, not a traceback.
            stream.reconfigure(errors="replace")
    try:
        code = main()
        if sys.stdout is not None:
            sys.stdout.flush()
    except OSError as error:
        # The reader, `head` for one, has seen enough; or there is no room for what is printed. A
        # file that can't be read or written has a name, and is a bug where it comes up to here.
        if error.filename is not None or error.errno not in (errno.EPIPE, errno.ENOSPC, errno.EIO):
            raise
        if error.errno != errno.EPIPE:
            with contextlib.suppress(OSError):
                complain(f"The output cannot be written: {error.strerror}.")
        _silence()
        return _NOT_WRITTEN
    return code


def _open_closed_descriptors() -> None:
    """Opens what the caller has closed (``>&-``): another file would get its number."""
    for descriptor in range(3):
        try:
            os.fstat(descriptor)
        except OSError:
            os.open(os.devnull, os.O_RDWR)


def _silence() -> None:
    """Lets what is still to be printed vanish: Python flushes once more at its end."""
    nothing = os.open(os.devnull, os.O_WRONLY)
    for descriptor in (1, 2):
        os.dup2(nothing, descriptor)


if __name__ == "__main__":
    sys.exit(run())
