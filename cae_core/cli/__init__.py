"""The laboratory from a shell: ``python -m cae_core app|latent|train|denoise|...``.

A command is a module with two functions: ``add_parser`` declares its options, ``run`` does the
work and returns the exit code. To add one, write both and name the module in `_COMMANDS`.

Results go to stdout, progress and errors to stderr. Exit codes: 0 done, 1 done in part, 2 a user's
mistake, said in one line, 130 stopped with Ctrl-C. Importing this package does not import Keras.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence

from cae_core.cli import (
    app,
    colorize,
    compress,
    decompress,
    denoise,
    latent,
    make,
    sweep,
    train,
    zoo,
)
from cae_core.cli.arguments import NOTATION, PROGRAM, Parser
from cae_core.cli.terminal import DONE, INTERRUPTED, USER_MISTAKE, complain
from cae_core.errors import CAEError

_COMMANDS = (app, latent, train, denoise, colorize, compress, decompress, zoo, sweep, make)


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs one command.

    Args:
        arguments: What stands behind ``python -m cae_core``; by default the process's own.

    Returns:
        The exit code.

    Raises:
        SystemExit: For options that do not exist (code 2), and after ``--help`` (code 0).

    Example:
        >>> main(["latent", "conv8 pool | up conv3:sigmoid"])  # doctest: +ELLIPSIS
        conv8 pool | up conv3:sigmoid
        input 32x32x3 = 3,072 numbers
        ...
        latent 16x16x8 = 2,048 numbers, 1.5 times smaller than the input
        ...
        0
    """
    options = _parser().parse_args(arguments)
    try:
        code: int = options.run(options)
    except CAEError as error:
        complain(str(error))
        return USER_MISTAKE
    except KeyboardInterrupt:
        complain("Stopped. Nothing was saved.")
        return INTERRUPTED
    return code


def _parser() -> argparse.ArgumentParser:
    """The whole command line."""
    parser = Parser(
        prog=PROGRAM,
        description="Convolutional autoencoders, calculated, trained and used from a shell.",
        epilog=NOTATION + _EXAMPLES,
    )
    parser.set_defaults(run=lambda _: _help(parser))
    commands = parser.add_subparsers(title="commands", metavar="COMMAND")
    for command in _COMMANDS:
        command.add_parser(commands)
    return parser


def _help(parser: argparse.ArgumentParser) -> int:
    """Prints the help: the program was called without a command."""
    parser.print_help()
    return DONE


_EXAMPLES = """
examples:
  python -m cae_core app
  python -m cae_core latent homework
  python -m cae_core train homework --epochs 2 --out runs/first
  python -m cae_core denoise photo.jpg
  python -m cae_core colorize photo.jpg
  python -m cae_core compress photo.jpg
  python -m cae_core zoo
  python -m cae_core train --help
"""
