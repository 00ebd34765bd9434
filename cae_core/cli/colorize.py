"""``colorize``: guesses the colours of grey images and saves them beside the originals."""

from __future__ import annotations

import argparse
import time
from functools import partial
from pathlib import Path
from typing import Any

from cae_core import zoo
from cae_core.cli.arguments import PROGRAM
from cae_core.cli.images import (
    Show,
    Work,
    add_place_arguments,
    add_reading_arguments,
    ending_of,
    read,
    remarks_on,
    work_on_images,
)
from cae_core.cli.places import write_whole
from cae_core.cli.terminal import harmless, quiet_tensorflow
from cae_core.formats import format_size
from cae_core.images.encoding import encode_like
from cae_core.models.ab_bins import TEMPERATURE
from cae_core.photos.colorizing import check_settings, colorize, learns_rgb

_WORK = Work("colorize", "colorized")


def add_parser(commands: Any) -> None:
    """Declares the command and its options."""
    parser = commands.add_parser(
        "colorize",
        help="guess the colours of grey images",
        description="Guesses the colours of images of any size and saves each beside the "
        f"original,\nphoto.jpg as photo{_WORK.ending}.png, or as --format or --out say. Lightness "
        "is kept; colours\nare guesses. Of an image in colour only the lightness is used. Ctrl-C "
        "stops; what is saved stays.",
        epilog=_EXAMPLES,
    )
    add_place_arguments(parser, _WORK)
    parser.add_argument(
        "--temperature",
        type=float,
        default=TEMPERATURE,
        metavar="T",
        help="above 0 to 1: from the most probable colour, vivid and at times wrong, to the mean "
        f"of all, brownish; default: {TEMPERATURE}",
    )
    parser.add_argument(
        "--saturation",
        type=float,
        metavar="X",
        help="multiplies the chroma, from 0 (grey) to 4; default: 1, or less where more than a "
        "tenth of the pixels would leave the gamut of sRGB",
    )
    parser.add_argument(
        "--model",
        default=zoo.DEFAULT_COLORIZER,
        metavar="NAME",
        help=f"another trained network, see {PROGRAM} zoo; default: {zoo.DEFAULT_COLORIZER}",
    )
    add_reading_arguments(parser)
    parser.set_defaults(run=run)


_EXAMPLES = f"""
examples:
  {PROGRAM} colorize photo.jpg                        saves photo{_WORK.ending}.png
  {PROGRAM} colorize photo.jpg --temperature 0.1      the most probable colours
  {PROGRAM} colorize photos --out colour --saturation 0.8
  {PROGRAM} colorize scan.tif --out scan-colour.tif   a TIFF file, 16 bits a channel stay

A line per image says where it was saved, its width and height and the seconds it took, for the
first one with those for loading the network. The exit code is 0, 1 if some of
several images could not be saved, which are listed at the end, 2 if nothing could be.
"""


def run(options: argparse.Namespace) -> int:
    """Colorizes one image after the other; returns the exit code."""
    learns_rgb(options.model)  # refuses a network that does not colorize
    check_settings(options.temperature, options.saturation)
    return work_on_images(options, _WORK, partial(_colorize_file, options))


def _colorize_file(options: argparse.Namespace, source: Path, target: Path, show: Show) -> str:
    """Colorizes and saves one image; the line that says so."""
    begun = time.perf_counter()
    show(begun, 0, 1)
    opened = read(options, source)
    with quiet_tensorflow():
        import keras  # noqa: F401 - here, so that it is quiet, and not before an image is there
    result = colorize(
        opened.pixels, options.model, temperature=options.temperature, saturation=options.saturation
    )
    ending = ending_of(target)
    write_whole("image", target, encode_like(opened, result, ending))
    height, width = result.shape[:2]
    seconds = time.perf_counter() - begun
    done = f"saved in {harmless(target)}: {format_size(width, height)} pixels, {seconds:.1f} s"
    return done + remarks_on(options, opened, ending)
