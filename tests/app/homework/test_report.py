"""The report of one's own homework."""

import json
import shutil

import pytest

from cae_core.export.report import Section
from cae_core.formats import format_mse, format_psnr
from cae_core.training.runs import RunSummary
from cae_ui.common import resources
from cae_ui.homework.exercises import HOMEWORK_TEXT
from cae_ui.homework.report import _report
from tests.app.finding import SMALL, press, said


def test_the_report_has_the_guesses_the_runs_and_the_study(finished, tmp_path, open_page):
    job_id = finished()
    open_page("pages/trainer.py")
    status = resources.job_queue().status(job_id)
    text = _report("Ada", [Section("Exercise 2.1", ["I guessed 7."])], {"mine": status})
    summary = RunSummary.load(tmp_path / "runs" / job_id / "run")
    for part in (
        "Ada, 20",
        "I guessed 7.",
        SMALL,
        format_mse(summary.test["mse"]),
        "rank correlation",
    ):
        assert part in text
    assert text.count("data:image/png;base64,") == 1


def test_the_first_exercise_has_what_was_measured(trainer_page, finished, tmp_path):
    job_id = finished(HOMEWORK_TEXT)
    page = press(trainer_page(homework="report", psnr_guess="20"), "Make the report")
    summary = RunSummary.load(tmp_path / "runs" / job_id / "run")
    _, _, exercise = page.session_state["report-made"].partition("<h2>Exercise 1</h2>")
    words, _, _ = exercise.partition("<h2>")
    assert "I guessed a PSNR of 20.0 dB." in words
    assert f"After 1 epoch the test error is {format_mse(summary.test['mse'])} (MSE)" in words
    assert f"the PSNR {format_psnr(summary.test['psnr'])}." in words


@pytest.fixture
def two_first_trainings(finished, tmp_path):
    """Trainings of the homework network, of 10 epochs and, the newer one, of 3: their ids."""
    source = tmp_path / "runs" / finished(HOMEWORK_TEXT)
    ids = []
    for number, epochs in enumerate((10, 3)):
        folder = source.with_name(f"{source.name[:-4]}000{number}")
        shutil.copytree(source, folder)
        request = json.loads((folder / "request.json").read_text())
        request["config"]["epochs"] = epochs
        (folder / "request.json").write_text(json.dumps(request))
        test = json.loads((folder / "run" / "test.json").read_text())
        (folder / "run" / "test.json").write_text(json.dumps(test | {"mse": epochs / 1000}))
        ids.append(folder.name)
    shutil.rmtree(source)
    return ids


TEN, THREE = "0.010000", "0.003000"  # their test errors


@pytest.mark.parametrize(
    ("named", "expected"),
    [("first", TEN), ("second", THREE), ("none", TEN), ("pair", TEN)],
)
def test_the_report_answers_the_first_exercise_with_the_training_that_its_page_shows(
    trainer_page, two_first_trainings, named, expected
):
    first, second = two_first_trainings
    address = {
        "first": {"job": first},
        "second": {"job": second},
        "none": {},
        "pair": {"trained_stride": [second, second]},
    }[named]
    page = trainer_page(homework="1", **address)
    assert f"the test error is **{expected}**" in said(page.markdown)
    page.button_group("homework-step").set_value("report").run()
    press(page, "Make the report")
    _, _, exercise = page.session_state["report-made"].partition("<h2>Exercise 1</h2>")
    assert f"the test error is {expected}" in exercise.partition("<h2>")[0]


def test_a_side_of_a_pair_is_no_training_of_the_first_exercise(trainer_page, two_first_trainings):
    page = trainer_page(homework="1", trained_stride=two_first_trainings)
    assert "test error is" not in said(page.markdown)


def test_a_run_that_was_deleted_meanwhile_is_left_out(finished, open_page):
    job_id = finished()
    open_page("pages/trainer.py")
    status = resources.job_queue().status(job_id)
    resources.job_queue().delete(job_id)
    assert "<h3>" not in _report("", [], {"mine": status})
