"""Shared by `denoise` and `colorize`: image files and folders in, image files out."""

from __future__ import annotations

import argparse
import contextlib
import glob
import re
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from cae_core.cli.arguments import path_argument
from cae_core.cli.places import check_new_file, is_folder
from cae_core.cli.terminal import (
    DONE,
    INTERRUPTED,
    PARTLY_DONE,
    USER_MISTAKE,
    Bar,
    complain,
)
from cae_core.errors import CAEError, ImageError, PlaceError
from cae_core.images.decoding import (
    IMAGE_SUFFIXES,
    MOST_MEGAPIXELS,
    OpenedImage,
    read_image,
)
from cae_core.images.encoding import lost_as
from cae_core.images.guards import MAX_PIXELS

# Shows progress: called with the time the work began, the tiles done, and their number.
Show = Callable[[float, int, int], None]


@dataclass(frozen=True)
class Work:
    """Names what a command does to images.

    Attributes:
        verb: Such as "denoise".
        participle: Such as "denoised"; ``-denoised`` ends the names of what is saved.
    """

    verb: str
    participle: str

    @property
    def ending(self) -> str:
        """Suffix of the names of saved images."""
        return f"-{self.participle}"

    def has_made(self, file: Path) -> bool:
        """Whether a file is called as those that the command saves, numbered ones too."""
        return re.search(rf"{self.ending}(-\d+)?$", file.stem) is not None


# Of file names, by format; the first is given, the others are taken from --out.
_ENDINGS = {"png": (".png",), "jpeg": (".jpg", ".jpeg", ".jfif"), "tiff": (".tif", ".tiff")}
_NO_MEMORY = (
    "An image is worked on in the memory that there is. Received: one that needs more. "
    "Close other programs, or shrink the image first."
)


def add_place_arguments(parser: argparse.ArgumentParser, work: Work) -> None:
    """Declares the inputs, --out, --format and --force."""
    parser.add_argument(
        "inputs",
        nargs="+",
        type=path_argument,
        metavar="INPUT",
        help="an image, a pattern such as 'photos/*.jpg', or a folder whose images are taken, "
        f"without its subfolders and without those whose name ends in {work.ending}",
    )
    parser.add_argument(
        "--out",
        type=path_argument,
        metavar="FILE|FOLDER",
        help="where to save: a file for one image, whose name ends in .png, .jpg or .tif, or a "
        "folder; default: beside each original",
    )
    parser.add_argument(
        "--format",
        choices=list(_ENDINGS),
        help="of the files that are saved under names of their own; default: png. PNG and TIFF "
        "keep 16 bits a channel and transparency, JPEG does not",
    )
    parser.add_argument("--force", action="store_true", help="write over images that exist already")


def add_reading_arguments(parser: argparse.ArgumentParser, *, has_limit: bool = True) -> None:
    """Declares how images are read: --stretch, and --max-megapixels where a larger one can be."""
    parser.add_argument(
        "--stretch",
        action="store_true",
        help="bring the largest 12-bit number to white in a file of 16 bits whose values all are "
        "12-bit numbers (and so for 8, 10 and 14)",
    )
    if has_limit:
        parser.add_argument(
            "--max-megapixels",
            type=_megapixels,
            default=MAX_PIXELS // 10**6,
            metavar="N",
            help=f"the largest image that is opened, up to {MOST_MEGAPIXELS}; a megapixel takes "
            f"about 60 MB of memory; default: {MAX_PIXELS // 10**6}",
        )
    else:
        parser.set_defaults(max_megapixels=None)


def read(options: argparse.Namespace, source: Path) -> OpenedImage:
    """Opens an image as the options say."""
    if options.max_megapixels is None:
        return read_image(source, stretch=options.stretch)
    max_pixels = options.max_megapixels * 10**6
    try:
        return read_image(source, stretch=options.stretch, max_pixels=max_pixels)
    except ImageError as error:
        # Caused by nothing else: not by Pillow, which opens none that is larger still.
        if f"at most {max_pixels:,} pixels" in str(error) and error.__cause__ is None:
            raise ImageError(f"{error} Or allow a larger one with --max-megapixels.") from error
        raise


def remarks_on(options: argparse.Namespace, opened: OpenedImage, ending: str = ".png") -> str:
    """Lines about what the saved image does not have of the opened one; empty for none."""
    remarks = ""
    not_kept = (*lost_as(opened, ending), *opened.left_out)
    if not_kept:
        remarks += f"\n  not kept: {', '.join(not_kept)}"
    if opened.used_bits < opened.bits and not options.stretch:
        remarks += (
            f"\n  its values are {opened.used_bits}-bit numbers in {opened.bits} bits: --stretch "
            "brings them to white"
        )
    return remarks


def ending_of(target: Path) -> str:
    """The ending of a file to save, as `save_like` takes it.

    Example:
        >>> ending_of(Path("PHOTO.JPEG"))
        '.jpg'
    """
    suffix = target.suffix.lower()
    return next(endings[0] for endings in _ENDINGS.values() if suffix in endings)


def work_on_images(
    options: argparse.Namespace, work: Work, process: Callable[[Path, Path, Show], str]
) -> int:
    """Processes one image after the other; one that fails does not stop the next.

    Args:
        options: With what `add_place_arguments` declared.
        work: Names of the operation, for messages and file names.
        process: Reads a file, saves the output in another, and returns the line to print.

    Returns:
        The exit code.
    """
    sources, failed = _sources(options.inputs, work)
    targets = _targets(sources, options.out, options.format, work)
    asked = len(sources) + len(failed)
    if asked == 1:  # one image's problem is the command's
        check_new_file("image", targets[0], may_exist=options.force)
    bar = Bar(sys.stderr)
    saved = 0
    try:
        with contextlib.closing(bar):
            for index, (source, target) in enumerate(zip(sources, targets, strict=True)):
                show = partial(_show, bar, sources, index)
                try:
                    check_new_file("image", target, may_exist=options.force)
                    said = process(source, target, show)
                except (CAEError, MemoryError) as error:
                    bar.clear()
                    complain(f"{source}: {_NO_MEMORY if isinstance(error, MemoryError) else error}")
                    failed.append(source)
                    continue
                saved += 1
                bar.clear()
                print(said, flush=True)
    except KeyboardInterrupt:  # a file is written whole or not at all, so it may come at any time
        complain(f"Stopped. {saved} of {asked} images were saved.")
        return INTERRUPTED
    if not failed:
        return DONE
    if asked == 1:
        return USER_MISTAKE
    complain(
        f"{saved} of {asked} images were saved; what is wrong is said above. "
        f"Not saved: {', '.join(map(str, failed))}"
    )
    return PARTLY_DONE if saved else USER_MISTAKE


def _megapixels(text: str) -> int:
    """A whole number from 1 to what Pillow opens."""
    if not text.isdecimal() or not 1 <= int(text) <= MOST_MEGAPIXELS:
        raise argparse.ArgumentTypeError(
            f"megapixels are a whole number from 1 to {MOST_MEGAPIXELS}, not {text!r}"
        )
    return int(text)


def _sources(inputs: Sequence[Path], work: Work) -> tuple[list[Path], list[Path]]:
    """The image files that are meant, each once, and the inputs of several that mean none."""
    found: dict[Path, None] = {}
    failed = []
    places = [place for given in inputs for place in _expanded(given, work)]
    for given in places:
        try:
            found |= dict.fromkeys(_files(given, work))
        except ImageError as error:
            if len(places) == 1:
                raise
            complain(f"{given}: {error}")
            failed.append(given)
    return list(found), failed


def _expanded(given: Path, work: Work) -> list[Path]:
    """The files that fit a pattern which no shell has expanded; for other inputs, the input."""
    if not _is_pattern(given):
        return [given]
    found = map(Path, sorted(glob.glob(str(given))))  # noqa: PTH207 - a pattern may be absolute
    return [place for place in found if not work.has_made(place)] or [given]


def _is_pattern(given: Path) -> bool:
    """Whether an input is a pattern and no file that is called so."""
    try:
        return bool(set("*?") & set(str(given))) and not given.exists()
    except OSError:  # a name that is too long: said where it is opened
        return False


def _files(given: Path, work: Work) -> list[Path]:
    """A file as it is, or the images of a folder, but for those that were saved here."""
    try:
        if _is_pattern(given):
            raise ImageError(
                f"A pattern fits at least one image. Received: {given}, which fits none to "
                f"{work.verb}. Check the path."
            )
        if not given.is_dir():
            return [given]
        files = sorted(
            file
            for file in given.iterdir()
            if file.suffix.lower() in IMAGE_SUFFIXES and not work.has_made(file) and file.is_file()
        )
    except OSError as error:
        raise ImageError(
            "An image or a folder of images is a place that can be read. "
            f"Received: {given} ({error.strerror}). Check the path."
        ) from error
    if not files:
        raise ImageError(
            f"A folder of images has images ({', '.join(IMAGE_SUFFIXES)}) directly in it. "
            f"Received: {given}, which has none to {work.verb}. Choose another folder."
        )
    return files


def _targets(sources: Sequence[Path], out: Path | None, kind: str | None, work: Work) -> list[Path]:
    """The file that each output is saved in: the one named by --out, or named after its input.

    Of several inputs for one name, photo.jpg and photo.png, the later ones get a number; so does an
    output whose name is that of another input.
    """
    if out is None or is_folder("image", out) or out.suffix.lower() not in IMAGE_SUFFIXES:
        # With --force, too, no output takes the place of an input that is read after it.
        taken = {str(source.absolute()).casefold() for source in sources}
        targets = []
        for source in sources:
            folder, stem = out or source.parent, f"{source.stem}{work.ending}"
            endings = ("", *(f"-{count}" for count in range(2, len(sources) + 1)))
            # Some file systems take Photo.png and photo.png for one.
            suffix = _ENDINGS[kind or "png"][0]
            names = (folder / f"{stem}{ending}{suffix}" for ending in endings)
            target = next(x for x in names if str(x.absolute()).casefold() not in taken)
            taken.add(str(target.absolute()).casefold())
            targets.append(target)
        return targets
    allowed = [ending for endings in _ENDINGS.values() for ending in endings]
    if out.suffix.lower() not in allowed:
        raise PlaceError(
            f"A {work.participle} image is saved as PNG, JPEG or TIFF. "
            f"Received: --out {out}. Write {out.with_suffix('.png')}."
        )
    if kind is not None and out.suffix.lower() not in _ENDINGS[kind]:
        raise PlaceError(
            "The name of a file says its format. "
            f"Received: --out {out} with --format {kind}. Leave one of the two out."
        )
    if len(sources) > 1:
        raise PlaceError(
            "Several images are saved to a folder. "
            f"Received: --out {out} for {len(sources)} images. Name a folder."
        )
    return [out]


def _show(
    bar: Bar, sources: Sequence[Path], index: int, begun: float, done: int, tiles: int
) -> None:
    """Shows how far all images are, at the one that is worked on."""
    said = sources[index].name
    if len(sources) > 1:
        said = f"{index + 1} of {len(sources)}: {said}"
    if tiles > 1:
        said += f", part {done} of {tiles} done"
    if tiles > 1 and len(sources) == 1:  # how large the others are is not known
        said += f", {(time.perf_counter() - begun) * (tiles / done - 1):.0f} s left"
    bar.show((index + done / tiles) / len(sources), said)
