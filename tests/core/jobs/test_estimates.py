"""The estimate of a training's time: measured once, monotone, refused where it is too long."""

import pytest

from cae_core.architecture.notation import Architecture
from cae_core.errors import JobError
from cae_core.jobs.estimates import Calibration, calibrate_apart
from cae_core.jobs.limits import Limits
from cae_core.training.config import TrainConfig

SMALL = Architecture.parse("conv8 pool | up conv3:sigmoid")
LARGE = Architecture.parse("conv64 conv64 pool | up conv64 conv3:sigmoid")


@pytest.mark.heavy
def test_a_machine_is_measured_and_the_measure_read_back(tmp_path):
    path = tmp_path / "speed.json"
    assert Calibration.load(path) is None
    calibrate_apart(str(path))
    speed = Calibration.load(path)
    assert speed.seconds_per_image > 0
    assert speed.seconds_per_mac >= 0
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize("number", ["1e308", "-1", "0"])
def test_a_time_that_no_machine_needs_is_measured_again(tmp_path, number):
    path = tmp_path / "speed.json"
    path.write_text(f'{{"seconds_per_image": {number}, "seconds_per_mac": 1e-11}}')
    assert Calibration.load(path) is None


def test_more_work_takes_longer():
    speed = Calibration(1e-4, 1e-11)
    base = speed.seconds(SMALL, 1_000, 2)
    assert speed.seconds(SMALL, 1_000, 4) > base
    assert speed.seconds(SMALL, 2_000, 2) > base
    assert speed.seconds(LARGE, 1_000, 2) > base


def test_a_training_that_takes_too_long_is_refused_before_it_starts():
    limits = Limits(minutes=5)
    limits.check(SMALL, TrainConfig(), seconds=299)
    with pytest.raises(JobError, match=r"at most 5 minutes\. Received: one of about 10 minutes"):
        limits.check(SMALL, TrainConfig(), seconds=600)


def test_a_limit_of_less_than_one_whole_thing_is_one():
    assert Limits.from_environment({"CAE_MAX_WAITING": "0.5"}).waiting == 1
