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
    return status.request.task.label


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


def differing(labels: Mapping[str, str], length: int = 40) -> dict[str, str]:
    """Labels for a legend: where one is long, without the words that all begin or end with.

    Args:
        labels: The labels, of which no two are equal.
        length: The longest that is short enough.

    Example:
        >>> same = "conv8 pool conv12 pool"
        >>> differing({"a": f"{same} conv16 | up", "b": f"{same} conv32 | up"}, 20)
        {'a': '… pool conv16 | up', 'b': '… pool conv32 | up'}
    """
    if max(map(len, labels.values()), default=0) <= length or len(labels) < 2:
        return dict(labels)
    words = {key: label.split(" ") for key, label in labels.items()}
    lists = list(words.values())
    start = _common(lists)
    end = _common([each[start:][::-1] for each in lists])
    # A word of what is common stays, to know the place by; so does what is no longer than "…".
    start, end = max(0, start - 1), max(0, end - 1)
    return {
        key: " ".join(
            [
                *(["…"] if start > 1 else each[:start]),
                *each[start : len(each) - end],
                *(["…"] if end > 1 else each[len(each) - end :]),
            ]
        )
        for key, each in words.items()
    }


def _common(lists: list[list[str]]) -> int:
    """How many words all lists begin with."""
    return next(
        (count for count, words in enumerate(zip(*lists, strict=False)) if len({*words}) > 1),
        min(map(len, lists)),
    )
