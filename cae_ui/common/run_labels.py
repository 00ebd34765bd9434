"""Labels of trainings in lists and charts: a training is known by its id, and no two look alike."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping

from cae_core.jobs.job import JobStatus
from cae_ui.common.wording import dataset_title


def run_labels(jobs: Iterable[JobStatus]) -> dict[str, str]:
    """Labels of trainings by id: the name or the architecture.

    Where that is the same, what differs is added: the task with its noise, the data, the time.
    """
    listed = list(jobs)
    labels = {status.id: status.name or str(status.request.architecture) for status in listed}
    for detail in (_task, _data, _time):
        details = defaultdict[str, set[str]](set)
        for status in listed:
            details[labels[status.id]].add(detail(status))
        for status in listed:
            if len(details[label := labels[status.id]]) > 1:
                labels[status.id] = f"{label}, {detail(status)}"
    return distinct(labels)


def _task(status: JobStatus) -> str:
    return str(status.request.task)


def _data(status: JobStatus) -> str:
    return dataset_title(status.request.dataset)


def _time(status: JobStatus) -> str:
    return started(status.id)


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
