"""``python -m cae_core``: see `cae_core.cli`."""

import os
import sys
from io import TextIOWrapper

from cae_core.cli import main


def run() -> int:
    """Runs the command line on whatever terminal or pipe there is; returns the exit code."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):
            # A terminal without Unicode shows a formula with question marks, not a traceback.
            stream.reconfigure(errors="replace")
    try:
        code = main()
        sys.stdout.flush()
    except BrokenPipeError:
        # The reader, `head` for one, has seen enough. Python flushes once more at its end.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    return code


if __name__ == "__main__":
    sys.exit(run())
