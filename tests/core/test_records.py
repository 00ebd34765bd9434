"""Files that the app keeps: whole ones are read as they were written, damaged ones are refused."""

import json
from dataclasses import dataclass
from enum import Enum
from pathlib import Path

import numpy as np
import pytest

from cae_core.architecture.notation import Architecture
from cae_core.errors import CAEError, RecordError
from cae_core.jobs import estimates, job
from cae_core.jobs.estimates import Calibration
from cae_core.jobs.job import JobRequest, JobStatus, write_status
from cae_core.records import Measured, checked, read_json
from cae_core.studies.pca import load_pca_line
from cae_core.training import runs
from cae_core.training.config import TrainConfig
from cae_core.training.history import HISTORY, history_csv
from cae_core.training.learning_rate import suggest
from cae_core.training.progress import EpochRecord, Progress
from cae_core.training.runs import RunSummary, load_snapshots, load_test_images
from cae_core.training.snapshots import SNAPSHOTS, Snapshots
from cae_core.training.tasks import Denoise, task_to_dict
from tests.damages import FOLDER, damages, put

NETWORK = Architecture.parse("8x8x1 conv4 pool | up conv1:sigmoid")
HISTORY_OF_ONE = (EpochRecord(1, 0.5, 0.25, 2.0),)
EXAMPLE = Progress(1, 2, 3, 4, 0.5, 90.0, 2.0, 3.0, HISTORY_OF_ONE, ((0.5, 0.6), (1.0, 0.5)))


def write_job(folder):
    """Writes every file of a finished training that can be written without training."""
    run = folder / job.RUN
    run.mkdir(parents=True)
    request = JobRequest(NETWORK, Denoise(0.1), TrainConfig(epochs=2), "photo_patches")
    (folder / job.REQUEST).write_text(request.to_json())
    write_status(folder, job.FINISHED, "Took 2 s.", EXAMPLE)
    (folder / job.NAME).write_text("Mine")
    test = suggest([1e-3, 1e-2, 1e-1], [0.5, 0.2, 0.1])
    (folder / job.RATE_TEST_RESULT).write_text(test.to_json())
    settings = {
        "architecture": str(NETWORK),
        "layers": json.loads(NETWORK.to_json()),
        "task": task_to_dict(request.task),
        "config": vars(request.config),
        "dataset": "photo_patches",
        "seconds": 2.0,
        "stopped": False,
    }
    (run / runs.SETTINGS).write_text(json.dumps(settings))
    figures = {"mse": 0.1, "mae": 0.2, "psnr": float("inf"), "ssim": 0.5, "images": 6}
    (run / runs.TEST).write_text(json.dumps(figures))
    (run / HISTORY).write_text(history_csv(HISTORY_OF_ONE))
    samples = np.zeros((3, 2, 8, 8, 1), np.uint8)
    np.save(folder / job.SAMPLES, samples)
    np.savez(run / runs.TEST_IMAGES, errors=np.ones(6), extremes=np.stack([samples, samples]))
    Snapshots(
        epochs=np.array([0.0, 2.0]),
        images=samples[0],
        outputs=samples[:2],
        latents=np.zeros((2, 2, 4, 4, 3), np.float16),
        kernels=np.zeros((2, 3, 3, 1, 4), np.float16),
    ).save(run)
    (folder / "speed.json").write_text(json.dumps(vars(Calibration(1e-4, 1e-11))))
    (folder / "pca-mnist.json").write_text(json.dumps({1: 0.1, 2: 0.05}))


def read_job(folder):
    """Reads all of it, as the pages do; the values by file."""
    status = JobStatus.read(folder)
    return {
        job.REQUEST: status.request,
        job.STATUS: status.progress,
        job.NAME: status.name,
        job.SAMPLES: status.samples(),
        job.RATE_TEST_RESULT: status.learning_rate_test(),
        f"{job.RUN}/{runs.SETTINGS}": RunSummary.load(folder / job.RUN),
        f"{job.RUN}/{runs.TEST_IMAGES}": load_test_images(folder / job.RUN),
        f"{job.RUN}/{SNAPSHOTS}": load_snapshots(folder / job.RUN),
        "speed.json": Calibration.load(folder / "speed.json"),
        "pca-mnist.json": load_pca_line(folder / "pca-mnist.json"),
    }


def test_a_whole_job_is_read_as_it_was_written(tmp_path):
    write_job(tmp_path / "job")
    found = read_job(tmp_path / "job")
    assert found[job.STATUS] == EXAMPLE
    assert found[job.NAME] == "Mine"
    assert found[f"{job.RUN}/{runs.SETTINGS}"].task == Denoise(0.1)
    assert found["speed.json"] == Calibration(1e-4, 1e-11)
    assert found["pca-mnist.json"] == {1: 0.1, 2: 0.05}


def test_every_damage_to_every_file_is_one_of_the_apps_own_errors_and_names_no_place(tmp_path):
    folder = tmp_path / "job"
    write_job(folder)
    wrong, refused, count = [], 0, 0
    for path in sorted(path for path in folder.rglob("*") if path.is_file()):
        content = path.read_bytes()
        for damage, damaged in damages(path).items():
            count += 1
            put(path, damaged)
            try:
                read_job(folder)
            except CAEError as error:
                refused += 1
                if str(tmp_path) in str(error) or len(str(error)) > 1_000:
                    wrong.append((path.name, damage, str(error)))
            except Exception as error:  # noqa: BLE001 - what this test looks for
                wrong.append((path.name, damage, repr(error)))
            if damaged == FOLDER:
                path.rmdir()
            path.write_bytes(content)
    assert wrong == []
    assert count > 400
    # The others change a number or a letter, or a file that is left out where it is damaged.
    assert refused > 0.8 * count
    read_job(folder)


@pytest.mark.parametrize(
    ("file", "change"),
    [
        (job.STATUS, {"state": "sleeping"}),
        (job.STATUS, {"progress": {"epoch": 1}}),
        (job.REQUEST, {"kind": "party"}),
        (job.REQUEST, {"task": {"task": "denoise", "sigma": "0.1"}}),
        (job.REQUEST, {"task": {"task": "denoise", "clip": "yes"}}),
        (f"{job.RUN}/{runs.TEST}", {"images": 6.0}),
        (f"{job.RUN}/{runs.SETTINGS}", {"seconds": float("nan")}),
        (job.RATE_TEST_RESULT, {"rates": [], "losses": []}),
        (job.RATE_TEST_RESULT, {"losses": [0.1]}),
        ("pca-mnist.json", {"many": 0.1}),
    ],
    ids=str,
)
def test_what_no_version_writes_is_refused(tmp_path, file, change):
    folder = tmp_path / "job"
    write_job(folder)
    path = folder / file
    path.write_text(json.dumps(json.loads(path.read_text()) | change))
    with pytest.raises(CAEError, match=Path(file).name):
        read_job(folder)


def test_a_layer_that_cannot_be_makes_the_run_a_damaged_one(tmp_path):
    folder = tmp_path / "job"
    write_job(folder)
    path = folder / job.RUN / runs.SETTINGS
    settings = json.loads(path.read_text())
    settings["layers"]["input_shape"] = [7, 7, 1]
    path.write_text(json.dumps(settings))
    with pytest.raises(CAEError, match=r"settings\.json is refused: The output must be 7x7x1"):
        RunSummary.load(folder / job.RUN)


def test_a_damaged_name_costs_nothing_but_the_name(tmp_path):
    folder = tmp_path / "job"
    write_job(folder)
    (folder / job.NAME).write_bytes(b"\xff")
    assert JobStatus.read(folder).name == ""
    (folder / job.NAME).write_text("two\nlines \u202e" + 99 * "x")
    assert JobStatus.read(folder).name == ("two lines " + 99 * "x")[: job.LONGEST_NAME]


def test_a_damaged_speed_is_one_that_is_not_measured_yet(tmp_path):
    path = tmp_path / "speed.json"
    for text in ("half", '{"seconds_per_image": -1, "seconds_per_mac": 0}', "{}"):
        path.write_text(text)
        assert estimates.Calibration.load(path) is None


# What a schema can say


class Colour(Enum):
    RED = "red"


@dataclass(frozen=True)
class Inner:
    size: int
    note: str = ""


@pytest.mark.parametrize(
    ("kind", "value", "expected"),
    [
        (int, 3, 3),
        (float, 3, 3),
        (Measured, float("inf"), float("inf")),
        (bool, True, True),
        (int | None, None, None),
        (float | tuple[float, float], [0.1, 0.2], (0.1, 0.2)),
        (tuple[Inner, ...], [{"size": 1}], (Inner(1),)),
        (dict[int, float], {"2": 0.5}, {2: 0.5}),
        (Colour, "red", Colour.RED),
    ],
    ids=str,
)
def test_a_value_that_fits_is_taken(kind, value, expected):
    assert checked(kind, value) == expected


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        (int, True),
        (int, 1.0),
        (int, 10**20),
        (float, float("nan")),
        (Measured, "nan"),
        (Measured, 10**400),
        (bool, 1),
        (str, None),
        (str, "\ud800"),
        (int | None, "1"),
        (tuple[float, float], [0.1]),
        (tuple[int, ...], {"0": 1}),
        (dict[int, float], {"-1": 0.5}),
        (dict[int, float], {"9" * 5_000: 0.5}),
        (Colour, "blue"),
        (Colour, []),
        (Inner, {}),
        (Inner, {"size": 1, "colour": "red"}),
        (Inner, [1]),
    ],
    ids=lambda value: str(value)[:30],
)
def test_a_value_that_does_not_fit_is_refused(kind, value):
    with pytest.raises(RecordError) as caught:
        checked(kind, value)
    assert len(str(caught.value)) < 200


def test_a_reason_names_file_and_place(tmp_path):
    path = tmp_path / "inner.json"
    path.write_text('{"size": [1]}')
    with pytest.raises(RecordError, match=r"^inner\.json has a value of type list as 'size'$"):
        read_json(Inner, path)
