"""``denoise``: takes the noise off images and saves them beside the originals."""

from __future__ import annotations

import argparse
import math
import time
from dataclasses import replace
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
    ending_of,
    read,
    remarks_on,
    work_on_images,
)
from cae_core.cli.places import write_whole
from cae_core.cli.terminal import harmless, quiet_tensorflow
from cae_core.errors import ZooError
from cae_core.formats import format_size
from cae_core.images.encoding import encode_like
from cae_core.photos.camera_denoising import LARGEST_STRENGTH, denoise_camera
from cae_core.photos.denoising import denoise, put_grain_back
from cae_core.photos.noise_kind import Choice, choose_denoiser, noise_of

_WORK = Work("denoise", "denoised")


def add_parser(commands: Any) -> None:
    """Declares the command and its options."""
    parser = commands.add_parser(
        "denoise",
        help="take the noise off images",
        description="Takes the noise off images of any size and saves each beside the original,\n"
        f"photo.jpg as photo{_WORK.ending}.png, or as --format or --out say. How much noise it has "
        "is\nestimated for every image, unless --sigma says it. Ctrl-C stops; what is saved stays.",
        epilog=_EXAMPLES,
    )
    add_place_arguments(parser, _WORK)
    noise = parser.add_mutually_exclusive_group()
    noise.add_argument(
        "--sigma",
        type=_sigma,
        metavar="S",
        help="standard deviation of white noise from 0 to 1; 25/255 is the 25 of papers; "
        "default: estimated, and said",
    )
    noise.add_argument(
        "--strength",
        type=_strength,
        metavar="X",
        help="multiplies the estimated noise, from 0 (nothing is removed) to "
        f"{LARGEST_STRENGTH:g}: 0.5 keeps more detail, 1.5 smooths more; default: 1",
    )
    parser.add_argument(
        "--color",
        type=_strength,
        metavar="X",
        help="the same against the colour noise of a camera, beside --strength against its "
        "luminance noise; default: as --strength",
    )
    parser.add_argument(
        "--grain",
        type=_grain,
        default=0.0,
        metavar="X",
        help="share of what was removed that is put back, from 0 to 1; default: 0",
    )
    parser.add_argument(
        "--model",
        metavar="NAME",
        help=f"a trained network, see {PROGRAM} zoo; default: {zoo.PHOTO_DENOISER} for white noise "
        f"or a given sigma, {zoo.CAMERA_DENOISER} for a camera's noise",
    )
    add_reading_arguments(parser)
    parser.set_defaults(run=run)


_EXAMPLES = f"""
examples:
  {PROGRAM} denoise photo.jpg                         saves photo{_WORK.ending}.png
  {PROGRAM} denoise photo.jpg --strength 0.5          keeps more of the grain
  {PROGRAM} denoise photo.jpg --strength 0.5 --color 1    but takes all colour noise off
  {PROGRAM} denoise photo.jpg --sigma 25/255 --out clean.png
  {PROGRAM} denoise scan.tif --out clean.tif          a TIFF file, 16 bits a channel stay
  {PROGRAM} denoise photos more/*.jpg --out clean     a folder and some files
  {PROGRAM} denoise photos --format jpeg              saves JPEG files

A line per image says where it was saved, its width and height, its noise and the seconds it took,
for the first one with those for loading the network. The exit code is 0, 1 if some of
several images could not be saved, which are listed at the end, 2 if nothing could be.
"""


def run(options: argparse.Namespace) -> int:
    """Denoises one image after the other; returns the exit code."""
    _check_model(options)
    return work_on_images(options, _WORK, partial(_denoise_file, options))


def _check_model(options: argparse.Namespace) -> None:
    """Refuses a network that does not denoise, and options of another one."""
    if options.color is not None and (
        options.sigma is not None or options.model not in (None, zoo.CAMERA_DENOISER)
    ):
        received = "--sigma" if options.sigma is not None else f"--model {options.model}"
        raise ZooError(
            f"--color belongs to {zoo.CAMERA_DENOISER}. Received: {received}. "
            "Leave one of the two out."
        )
    if options.model is None:
        return
    card = zoo.card(options.model)
    if card.noise_range is None:
        raise ZooError(
            "A network that denoises was trained on noise. "
            f"Received: {card.name} ({card.title}). Choose another: {PROGRAM} zoo"
        )
    takes_strength = card.name in {zoo.PHOTO_DENOISER, zoo.CAMERA_DENOISER}
    if options.sigma is not None and card.name != zoo.PHOTO_DENOISER:
        raise ZooError(
            f"--sigma belongs to {zoo.PHOTO_DENOISER}, which takes it as an input. "
            f"Received: --model {card.name}. Leave it out, or choose the other network."
        )
    if options.strength is not None and not takes_strength:
        raise ZooError(
            f"--strength belongs to {zoo.PHOTO_DENOISER} and {zoo.CAMERA_DENOISER}. "
            f"Received: --model {card.name}. Leave it out, or choose another network."
        )


# --- One image -----------------------------------------------------------------------------


def _denoise_file(options: argparse.Namespace, source: Path, target: Path, show: Show) -> str:
    """Denoises and saves one image; the line that says so."""
    begun = time.perf_counter()
    show(begun, 0, 1)
    opened = read(options, source)
    image = opened.pixels
    with quiet_tensorflow():
        import keras  # noqa: F401 - here, so that it is quiet, and not before an image is there
    on_progress = partial(show, time.perf_counter())
    strength = 1.0 if options.strength is None else options.strength
    choice = _choice(options, image)
    said = choice.reason
    if choice.name is None:
        clean = image
    elif choice.name == zoo.CAMERA_DENOISER:
        color = strength if options.color is None else options.color
        clean = denoise_camera(image, strength, color, on_progress=on_progress)
        said += _multiplied(strength)
        if color != strength:
            said += f", colour noise {color:g} x"
    else:
        sigma = min(1.0, strength * choice.sigma)
        clean = denoise(image, sigma, choice.name, on_progress=on_progress)
        if choice.name == zoo.PHOTO_DENOISER:
            said += _multiplied(strength) + _beyond_training(sigma)
    if options.color is not None and choice.name != zoo.CAMERA_DENOISER:
        said += ", --color not used: no camera noise"
    if options.grain and choice.name is not None:
        put_grain_back(clean, image, options.grain)
        said += f", grain {options.grain:g}"
    ending = ending_of(target)
    write_whole("image", target, encode_like(opened, clean, ending))
    height, width = clean.shape[:2]
    seconds = time.perf_counter() - begun
    done = (
        f"saved in {harmless(target)}: {format_size(width, height)} pixels, {said}, {seconds:.1f} s"
    )
    return done + remarks_on(options, opened, ending)


def _choice(options: argparse.Namespace, image: np.ndarray) -> Choice:
    """The network for an image, its sigma, and how that is said."""
    if options.sigma is not None:
        said = f"sigma {options.sigma:.3f} ({255 * options.sigma:.1f}/255)"
        return Choice(zoo.PHOTO_DENOISER, options.sigma, said)
    if options.model is None:
        choice = choose_denoiser(image)
        reason = choice.reason[0].lower() + choice.reason[1:].rstrip(".")
        return replace(choice, reason=f"{choice.name or 'unchanged'}, {reason}")
    if options.model == zoo.PHOTO_DENOISER:
        _, sigma = noise_of(image)
        said = f"sigma {sigma:.3f} estimated ({255 * sigma:.1f}/255)"
        return Choice(options.model, sigma, said)
    return Choice(options.model, 0.0, f"{options.model} as it is, which takes no sigma")


def _multiplied(strength: float) -> str:
    """A strength other than 1 as text."""
    return "" if strength == 1 else f", {strength:g} x"


def _beyond_training(sigma: float) -> str:
    """A remark for a sigma that the photo denoiser was not trained on."""
    noise_range = zoo.card(zoo.PHOTO_DENOISER).noise_range
    if noise_range is None or sigma <= noise_range[1]:
        return ""
    return f", beyond the {noise_range[1]:.3f} that the network was trained on"


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
    """A number from 0 to the largest strength."""
    return _number(text, LARGEST_STRENGTH, "strength is a number from 0 to {:g} such as 0.5 or 1.5")


def _grain(text: str) -> float:
    """A number from 0 to 1."""
    return _number(text, 1.0, "grain is a number from 0 to {:g} such as 0.2")


def _number(text: str, largest: float, rule: str) -> float:
    """A number from 0 to the largest one, which goes into the rule."""
    try:
        number = float(text)
    except ValueError:
        number = math.nan
    if not 0 <= number <= largest:  # also true for NaN
        raise argparse.ArgumentTypeError(f"a {rule.format(largest)}, not {text!r}")
    return number
