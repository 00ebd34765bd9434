"""Labels of trainings: no two are equal, and what differs is said."""

from dataclasses import replace
from pathlib import Path

import cae_core as cae
from cae_core.jobs.job import FINISHED, JobRequest, JobStatus
from cae_ui.common.run_labels import differing, distinct, run_labels
from tests.app.finding import SMALL

REQUEST = JobRequest(cae.Architecture.parse(SMALL), cae.Reconstruct(), cae.TrainConfig(), "mnist")


def job(number, name="", **changes):
    job_id = f"20261126-0549{number:02d}-000000-abcdef"
    return JobStatus(job_id, FINISHED, replace(REQUEST, **changes), Path(), name=name)


def labels(*jobs):
    return list(run_labels(jobs).values())


def test_a_label_says_as_much_as_tells_runs_apart():
    assert labels(job(1)) == [SMALL]
    assert labels(job(1), job(2, "Mine")) == [SMALL, "Mine"]
    weak, strong = cae.Denoise(0.1), cae.Denoise(0.3)
    assert labels(job(1, task=weak), job(2, task=strong)) == [
        f"{SMALL}, Remove noise, sigma 0.1",
        f"{SMALL}, Remove noise, sigma 0.3",
    ]
    assert labels(job(1), job(2, dataset="cifar10")) == [f"{SMALL}, MNIST", f"{SMALL}, CIFAR-10"]
    assert labels(job(1, "Mine"), job(2, "Mine")) == [
        "Mine, 2026-11-26 05:49:01",
        "Mine, 2026-11-26 05:49:02",
    ]


def test_labels_that_time_does_not_tell_apart_are_numbered():
    one = job(1)
    other = replace(one, id=one.id.replace("abcdef", "fedcba"))
    assert labels(one, other) == [SMALL, f"{SMALL} (2)"]
    many = distinct(dict.fromkeys(range(500), "a") | {"x": "a (2)"})
    assert len(set(many.values())) == 501
    assert many["x"] == "a (2)"


def test_a_legend_says_what_differs_wherever_it_stands():
    begin, end = "conv8 " * 20, "up conv3:sigmoid, Remove noise, sigma 0.1"
    middles = {"a": f"{begin}conv4 | {end}", "b": f"{begin}conv16 | {end}"}
    assert differing(middles) == {"a": "… conv8 conv4 | …", "b": "… conv8 conv16 | …"}
    ends = {"a": f"{begin}| {end}", "b": f"{begin}| {end[:-1]}2", "c": "Mine"}
    assert differing(ends) == ends  # one begins in another way
    del ends["c"]
    assert differing(ends) == {"a": "… sigma 0.1", "b": "… sigma 0.2"}
    longer = {"a": f"{begin}conv3", "b": f"{begin}conv3 conv3 conv3"}
    assert differing(longer) == {"a": "… conv3", "b": "… conv3 conv3 conv3"}
    short = {"a": "conv8 | up", "b": "conv8 | deconv3"}
    assert differing(short) == short
