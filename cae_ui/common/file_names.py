"""Names of downloads: what is in them, and of which photo, network or run it is."""

from __future__ import annotations

import re
import unicodedata
from pathlib import PurePath

from cae_core.architecture.report import Report
from cae_core.jobs.job import JobStatus

_LONGEST = 40
_LONGEST_STEM = 150  # bytes; file systems take 255 with the rest of the name
# Control characters, those that turn the direction of what follows, halves of characters, and what
# Windows, macOS or Linux take for a part of a path or a pattern.
_IN_NO_NAME = re.compile(
    r'[\x00-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069\ud800-\udfff/\\:*?"<>|]'
)


def words(*parts: str) -> str:
    """Texts as one part of a file's name that every system takes: letters and digits, hyphens.

    Example:
        >>> words("Mine, the 2nd", "Überall/anders"), words("…")
        ('mine-the-2nd-uberall-anders', 'unnamed')
    """
    text = unicodedata.normalize("NFKD", " ".join(parts)).encode("ascii", "ignore").decode().lower()
    return re.sub(r"[^a-z0-9]+", "-", text)[:_LONGEST].strip("-") or "unnamed"


def run_name(status: JobStatus) -> str:
    """The beginning of the names of a run's files: its name, or data and task, and its time.

    Example:
        >>> from pathlib import Path
        >>> import cae_core as cae
        >>> from cae_core.jobs.job import JobRequest
        >>> arch = cae.Architecture.parse("conv8 | conv3")
        >>> request = JobRequest(arch, cae.Denoise(0.1), cae.TrainConfig(), "cifar10")
        >>> run_name(JobStatus("20261126-054921-123456-abcdef", "finished", request, Path()))
        'cifar10-denoise-20261126-054921'
    """
    request = status.request
    name = words(status.name) if status.name else words(request.dataset, request.task.name)
    return f"{name}-{status.id[:15]}"


def photo_name(photo: str, made: str, ending: str = ".png") -> str:
    """The name of an image file that was made of a photo: the photo's own and what was done.

    What no file system takes is left out.

    Args:
        photo: The name of the photo or its file.
        made: What was done to it, or the network that did it.
        ending: Ending of the file's name.

    Example:
        >>> photo_name("IMG_1234 (Ferien) Ü.JPG", "denoised"), photo_name('"8:30?".png', "denoised")
        ('IMG_1234 (Ferien) Ü-denoised.png', '830-denoised.png')
    """
    stem = _IN_NO_NAME.sub("", PurePath(photo).stem).encode()[:_LONGEST_STEM]
    return f"{stem.decode(errors='ignore').strip(' .') or 'unnamed'}-{made}{ending}"


def network_name(report: Report) -> str:
    """The beginning of the names of a network's files: its input and its latent.

    Example:
        >>> import cae_core as cae
        >>> network_name(cae.analyze(cae.Architecture.parse("conv8 pool | up conv3")))
        'autoencoder-32x32x3-latent-16x16x8'
    """
    shapes = report.architecture.input_shape, report.latent_shape
    return "autoencoder-{}-latent-{}".format(*("x".join(map(str, shape)) for shape in shapes))
