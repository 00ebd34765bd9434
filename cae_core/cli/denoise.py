"""``denoise``: takes the noise off images and saves them beside the originals."""

from __future__ import annotations

import argparse
import math
import time
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from cae_core import zoo
from cae_core.cli.arguments import PROGRAM
from cae_core.cli.images import (
    Show,
    Work,
    add_place_arguments,
    add_reading_arguments,
    read,
    remarks_on,
    work_on_images,
)
from cae_core.cli.places import write_whole
from cae_core.cli.terminal import quiet_tensorflow
from cae_core.errors import ZooError
from cae_core.images.encoding import encode_like
from cae_core.photos.denoising import denoise
from cae_core.photos.noise_level import estimate_sigma

_WORK = Work("denoise", "denoised")


def add_parser(commands: Any) -> None:
    """Declares the command and its options."""
    parser = commands.add_parser(
        "denoise",
        help="take the noise off images",
        description="Takes the noise off images of any size and saves each as PNG beside the "
        f"original,\nphoto.jpg as photo{_WORK.ending}.png. How much noise it has is estimated for "
        "every image,\nunless --sigma says it. Ctrl-C stops; what is saved stays.",
        epilog=_EXAMPLES,
    )
    add_place_arguments(parser, _WORK)
    noise = parser.add_mutually_exclusive_group()
    noise.add_argument(
        "--sigma",
        type=_sigma,
        metavar="S",
        help="standard deviation of the noise from 0 to 1; 25/255 is the 25 of papers; "
        "default: estimated, and said",
    )
    noise.add_argument(
        "--strength",
        type=_strength,
        metavar="X",
        help="multiplies the estimated sigma: 0.5 keeps more detail, 1.5 smooths more; default: 1",
    )
    parser.add_argument(
        "--model",
        default=zoo.PHOTO_DENOISER,
        metavar="NAME",
        help=f"another trained network, see {PROGRAM} zoo; only the default one is told sigma, "
        f"the others are applied as they are; default: {zoo.PHOTO_DENOISER}",
    )
    add_reading_arguments(parser)
    parser.set_defaults(run=run)


_EXAMPLES = f"""
examples:
  {PROGRAM} denoise photo.jpg                         saves photo{_WORK.ending}.png
  {PROGRAM} denoise photo.jpg --strength 0.5          keeps more of the grain
  {PROGRAM} denoise photo.jpg --sigma 25/255 --out clean.png
  {PROGRAM} denoise photos more/*.jpg --out clean     a folder and some files

A line per image says where it was saved, its width and height, sigma and the seconds it took,
for the first one with those for loading the network. The exit code is 0, or 2 if an image could
not be opened; the others are saved all the same.
"""


def run(options: argparse.Namespace) -> int:
    """Denoises one image after the other; returns the exit code."""
    _check_model(options)
    return work_on_images(options, _WORK, partial(_denoise_file, options))


def _check_model(options: argparse.Namespace) -> None:
    """Refuses a network that does not denoise, and a sigma for one that is not told any."""
    card = zoo.card(options.model)
    if card.noise_range is None:
        raise ZooError(
            "A network that denoises was trained on noise. "
            f"Received: {card.name} ({card.title}). Choose another: {PROGRAM} zoo"
        )
    is_given = options.sigma is not None or options.strength is not None
    if is_given and card.name != zoo.PHOTO_DENOISER:
        raise ZooError(
            f"--sigma and --strength belong to {zoo.PHOTO_DENOISER}, which is told the noise. "
            f"Received: --model {card.name}. Leave them out, or choose the other network."
        )


# --- One image -----------------------------------------------------------------------------


def _denoise_file(options: argparse.Namespace, source: Path, target: Path, show: Show) -> str:
    """Denoises and saves one image; the line that says so."""
    begun = time.perf_counter()
    show(begun, 0, 1)
    opened = read(options, source)
    image = opened.pixels
    sigma, said = _chosen_sigma(options, image)
    with quiet_tensorflow():
        import keras  # noqa: F401 - here, so that it is quiet, and not before an image is there
    clean = denoise(image, sigma, options.model, on_progress=partial(show, time.perf_counter()))
    write_whole("image", target, encode_like(opened, clean))
    height, width = clean.shape[:2]
    seconds = time.perf_counter() - begun
    done = f"saved in {target}: {width} x {height} pixels, {said}, {seconds:.1f} s"
    return done + remarks_on(options, opened)


def _chosen_sigma(options: argparse.Namespace, image: np.ndarray) -> tuple[float, str]:
    """The sigma that the network is told, and how that is said."""
    if options.model != zoo.PHOTO_DENOISER:
        return 0.0, f"{options.model} as it is, which is told no sigma"
    how = ""
    sigma = options.sigma
    if sigma is None:
        estimated = estimate_sigma(image)
        strength = 1.0 if options.strength is None else options.strength
        sigma = min(1.0, strength * estimated)
        how = " estimated" if strength == 1 else f" = {strength:g} x the estimated {estimated:.3f}"
    said = f"sigma {sigma:.3f}{how} ({255 * sigma:.1f}/255)"
    noise_range = zoo.card(options.model).noise_range
    if noise_range and sigma > noise_range[1]:
        said += f", beyond the {noise_range[1]:.3f} that the network has learnt"
    return sigma, said


# --- Options ---------------------------------------------------------------------------------


def _sigma(text: str) -> float:
    """``0.1``, or ``25/255``."""
    try:
        numerator, slash, denominator = text.partition("/")
        sigma = float(numerator) / (float(denominator) if slash else 1.0)
    except (ValueError, ZeroDivisionError):
        sigma = math.nan
    if not 0 <= sigma <= 1:  # also true for NaN
        raise argparse.ArgumentTypeError(
            f"a sigma is a number from 0 to 1 such as 0.1, or 25/255 for 25 of 255, not {text!r}"
        )
    return sigma


def _strength(text: str) -> float:
    """A number above 0."""
    try:
        strength = float(text)
    except ValueError:
        strength = math.nan
    if not 0 < strength < math.inf:  # also true for NaN
        raise argparse.ArgumentTypeError(
            f"a strength is a number above 0 such as 0.5 or 1.5, not {text!r}"
        )
    return strength
