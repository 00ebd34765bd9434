"""``decompress``: gives the image of a .cae file."""

from __future__ import annotations

import argparse
import contextlib
import sys
from typing import Any

from cae_core.cli.arguments import PROGRAM, path_argument
from cae_core.cli.compress import SUFFIX
from cae_core.cli.places import beside, check_new_file, write_whole
from cae_core.cli.terminal import DONE, Bar, harmless, quiet_tensorflow
from cae_core.compression.codec import decompress
from cae_core.compression.container import read_container, read_file
from cae_core.errors import PlaceError
from cae_core.formats import format_size
from cae_core.images.encoding import encode_png


def add_parser(commands: Any) -> None:
    """Declares the command and its options."""
    parser = commands.add_parser(
        "decompress",
        help=f"give the image of a {SUFFIX} file",
        description=f"Saves the image of a {SUFFIX} file as PNG beside it, photo{SUFFIX} as "
        "photo.png.\nThe file names the network that made it, which is part of the laboratory.",
        epilog=_EXAMPLES,
    )
    parser.add_argument(
        "input", type=path_argument, metavar=f"FILE{SUFFIX}", help="a compressed image"
    )
    parser.add_argument(
        "-o",
        "--out",
        type=path_argument,
        metavar="FILE.png",
        help="where to save; default: beside the compressed image",
    )
    parser.add_argument("--force", action="store_true", help="write over an image that exists")
    parser.set_defaults(run=run)


_EXAMPLES = f"""
examples:
  {PROGRAM} decompress photo{SUFFIX}                  saves photo.png
  {PROGRAM} decompress photo{SUFFIX} -o restored.png
"""


def run(options: argparse.Namespace) -> int:
    """Decompresses one image; returns the exit code."""
    target = options.out or beside(options.input, ".png")
    if target.suffix.lower() != ".png":
        named = target if target.name else target / options.input.name  # such as . and /
        raise PlaceError(
            "A decompressed image is saved as PNG, which loses nothing. "
            f"Received: --out {target}. Write {beside(named, '.png')}."
        )
    content = read_file(options.input)
    read_container(content)  # no .cae file: said first, whatever stands where it would be saved
    check_new_file("image", target, may_exist=options.force)
    with quiet_tensorflow():
        import keras  # noqa: F401 - here, so that it is quiet
    with contextlib.closing(Bar(sys.stderr)) as bar:
        image = decompress(
            content, lambda done, parts: bar.show(done / parts, f"{done:,} of {parts:,} parts")
        )
        bar.clear()
    write_whole("image", target, encode_png(image))
    height, width = image.shape[:2]
    print(
        f"saved in {harmless(target)}: {format_size(width, height)} pixels from "
        f"{len(content):,} bytes, {8 * len(content) / (height * width):.3f} bits per pixel"
    )
    return DONE
