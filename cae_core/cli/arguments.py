"""The parser, and the options that several commands have."""

from __future__ import annotations

import argparse
import dataclasses
from pathlib import Path
from typing import Any, NoReturn

from cae_core.architecture.notation import Architecture
from cae_core.architecture.presets import Preset, get_preset
from cae_core.architecture.report import Report
from cae_core.cli.terminal import USER_MISTAKE, complain, note

PROGRAM = "python -m cae_core"


class Parser(argparse.ArgumentParser):
    """A parser that says what is wrong in one line, without the usage above it."""

    def __init__(self, **settings: Any) -> None:
        super().__init__(formatter_class=argparse.RawDescriptionHelpFormatter, **settings)

    def error(self, message: str) -> NoReturn:
        """Ends the program with the message and where to read more."""
        complain(f"{self.prog}: {message}. For help: {self.prog} --help")
        self.exit(USER_MISTAKE)


def path_argument(text: str) -> Path:
    """A path; the empty one, which a variable that isn't set leaves, would be this folder."""
    if not text.strip():
        raise argparse.ArgumentTypeError("a path has at least one character: it is empty")
    return Path(text)


def data_argument(text: str) -> str:
    """The name of a data set, or the path of a folder; nothing would be the default."""
    path_argument(text)
    return text


NOTATION = """\
An ARCHITECTURE is a line in quotes, a token per layer, '|' behind the layer that makes the latent:
  "conv8 pool conv12 pool conv16 | up conv12 up conv3:sigmoid"
  conv32k5s2   32 channels, kernel 5, stride 2; kernel 3, stride 1, padding same, ReLU unless said
  conv8d2      dilation 2; deconv8s2o1: output padding 1
  conv3:sigmoid, conv16:valid, up:bilinear   another activation, padding, interpolation
  pool avgpool up deconv16 sepconv16 dwconv3 bn dropout0.2 res16 flatten dense100 reshape8x8x16
  shuffle unshuffle blur pad crop
  normal2      2 normal distributions, at the end of the encoder: for --task variational
  rounding4    noise in training as large as rounding to 4 bits, at the end of the encoder
  @a ... cat@a or add@a   a skip connection from one place to another
A PRESET is the name of a network from the literature: latent --list.
"""


def add_architecture(parser: argparse.ArgumentParser, nargs: str | None = None) -> None:
    """Declares the architecture or preset that a command works on.

    Args:
        parser: The command's parser.
        nargs: As argparse takes it: ``"?"`` where the architecture may be left out.
    """
    parser.add_argument(
        "architecture",
        nargs=nargs,
        metavar="ARCHITECTURE|PRESET",
        help="an architecture in quotes, or the name of a preset",
    )


def add_fix(parser: argparse.ArgumentParser) -> None:
    """Declares --fix."""
    parser.add_argument(
        "--fix",
        action="store_true",
        help="where the layers do not fit each other, make the smallest change after which they "
        "do, and say which",
    )


def fixed(report: Report) -> Architecture:
    """The architecture of a report, after its first remedy where it has problems."""
    if not report.remedies:
        return report.architecture  # all is well, or the problem is said where it is used
    note(f"{report.problems[0]} {report.advice}")
    return report.remedies[0].architecture


def chosen_architecture(
    text: str, input_shape: tuple[int, int, int] | None = None
) -> tuple[Architecture, Preset | None]:
    """The architecture that was meant, and the preset if it is one's name.

    Args:
        text: An architecture's text, or a preset's name.
        input_shape: (H, W, C) in place of the architecture's own.

    Raises:
        ArchitectureError: For a text that cannot be read, or a name that no preset has.

    Example:
        >>> architecture, preset = chosen_architecture("homework", (64, 64, 3))
        >>> architecture.input_shape, preset.id
        ((64, 64, 3), 'homework')
    """
    if "|" in text or " " in text.strip():
        return Architecture.parse(text, input_shape), None
    preset = get_preset(text.strip())
    architecture = preset.architecture
    if input_shape is not None:
        architecture = dataclasses.replace(architecture, input_shape=input_shape)
    return architecture, preset
