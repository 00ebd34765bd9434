"""``compress``: makes a .cae file of an image."""

from __future__ import annotations

import argparse
from typing import Any

from cae_core.cli.arguments import PROGRAM, path_argument
from cae_core.cli.images import add_reading_arguments, read, remarks_on
from cae_core.cli.places import beside, check_new_file, write_whole
from cae_core.cli.terminal import DONE, harmless, quiet_tensorflow
from cae_core.compression.codec import DEFAULT_QUALITY, QUALITIES, compress
from cae_core.formats import format_size
from cae_core.images.decoding import over_white
from cae_core.images.operations import to_uint8

SUFFIX = ".cae"
_WHAT = "compressed image"


def add_parser(commands: Any) -> None:
    """Declares the command and its options."""
    parser = commands.add_parser(
        "compress",
        help="make a small file of an image, by a trained network",
        description="Compresses an image of any size by a trained network and saves it beside the "
        "original,\nphoto.jpg as photo.cae. What is transparent is laid over white, metadata is "
        "not kept; a line says so.",
        epilog=_EXAMPLES,
    )
    parser.add_argument("input", type=path_argument, metavar="INPUT", help="an image")
    parser.add_argument(
        "-o",
        "--out",
        type=path_argument,
        metavar=f"FILE{SUFFIX}",
        help="where to save; default: beside the original",
    )
    parser.add_argument(
        "--quality",
        type=int,
        default=DEFAULT_QUALITY,
        metavar="Q",
        help=f"from {QUALITIES[0]}, the fewest bytes, to {QUALITIES[-1]}; "
        f"default: {DEFAULT_QUALITY}",
    )
    parser.add_argument(
        "--model",
        metavar="NAME",
        help=f"a trained network, see {PROGRAM} zoo; default: one for photographs, "
        "chosen by the quality",
    )
    parser.add_argument("--force", action="store_true", help="write over a file that exists")
    add_reading_arguments(parser, has_limit=False)
    parser.set_defaults(run=run)


_EXAMPLES = f"""
examples:
  {PROGRAM} compress photo.jpg                      saves photo{SUFFIX}
  {PROGRAM} compress photo.jpg --quality 8 -o small{SUFFIX}
  {PROGRAM} compress photo.jpg --model homework     a convolutional network, on the whole image
  {PROGRAM} decompress photo{SUFFIX}
"""


def run(options: argparse.Namespace) -> int:
    """Compresses one image; returns the exit code."""
    target = options.out or beside(options.input, SUFFIX)
    check_new_file(_WHAT, target, may_exist=options.force)
    opened = read(options, options.input)
    image = to_uint8(over_white(opened.pixels, opened.opacity))
    with quiet_tensorflow():
        import keras  # noqa: F401 - here, so that it is quiet, and not before an image is there
    content = compress(image, options.model, options.quality)
    write_whole(_WHAT, target, content)
    height, width = image.shape[:2]
    print(
        f"saved in {harmless(target)}: {format_size(width, height)} pixels, "
        f"{len(content):,} bytes, {8 * len(content) / (height * width):.3f} bits per pixel"
        f"{remarks_on(options, opened, SUFFIX)}"
    )
    return DONE
