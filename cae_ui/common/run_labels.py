"""Labels of trainings in lists and charts: a training is known by its id, and no two look alike."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping

from cae_core.jobs.job import JobStatus
from cae_ui.common.wording import dataset_title


def run_labels(jobs: Iterable[JobStatus]) -> dict[str, str]:
    """Labels of trainings by id: the name, or architecture, task and data.

    Where that is not enough to tell them apart, the time is added.
    """
    listed = list(jobs)
    labels = {status.id: status.name or _description(status) for status in listed}
    seen = Counter(labels.values())
    return distinct(
        {
            job_id: f"{label} ({started(job_id)})" if seen[label] > 1 else label
            for job_id, label in labels.items()
        }
    )


def _description(status: JobStatus) -> str:
    """Architecture, task and data of a training."""
    request = status.request
    return f"{request.architecture}, {request.task}, {dataset_title(request.dataset)}"


def started(job_id: str) -> str:
    """The time at which a job was asked for.

    Example:
        >>> started("20261126-054921-123456-abcdef")
        '2026-11-26 05:49:21'
    """
    date, time = job_id[:8], job_id[9:15]
    return f"{date[:4]}-{date[4:6]}-{date[6:]} {time[:2]}:{time[2:4]}:{time[4:]}"


def distinct(labels: Mapping[str, str]) -> dict[str, str]:
    """Labels of which no two are equal: from the second on, equal ones are numbered.

    Example:
        >>> distinct({"x": "a", "y": "a", "z": "a (2)"})
        {'x': 'a', 'y': 'a (3)', 'z': 'a (2)'}
    """
    reserved, taken = set(labels.values()), set[str]()
    numbers = Counter[str]()
    found = {}
    for key, label in labels.items():
        unique = label
        while unique in taken or (unique != label and unique in reserved):
            numbers[label] += 1
            unique = f"{label} ({numbers[label] + 1})"
        taken.add(unique)
        found[key] = unique
    return found


def shortened(label: str, length: int = 40) -> str:
    """A label for a legend: both its ends, because equal networks differ in their task or time.

    Example:
        >>> shortened("conv8 pool | up conv3:sigmoid, denoise sigma 0.1", 20)
        'conv8 pool…sigma 0.1'
    """
    if len(label) <= length:
        return label
    end = (length - 1) // 2
    return f"{label[: length - 1 - end]}…{label[-end:]}"
