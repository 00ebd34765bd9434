"""The report of one's own homework."""

from cae_core.export.report import Section
from cae_core.formats import format_mse, format_psnr
from cae_core.training.runs import RunSummary
from cae_ui.common import resources
from cae_ui.homework.exercises import HOMEWORK_TEXT
from cae_ui.homework.report import _report
from tests.app.finding import SMALL, press


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
    said, _, _ = exercise.partition("<h2>")
    assert "I guessed a PSNR of 20.0 dB." in said
    assert f"After 1 epoch the test error is {format_mse(summary.test['mse'])} (MSE)" in said
    assert f"the PSNR {format_psnr(summary.test['psnr'])}." in said


def test_a_run_that_was_deleted_meanwhile_is_left_out(finished, open_page):
    job_id = finished()
    open_page("pages/trainer.py")
    status = resources.job_queue().status(job_id)
    resources.job_queue().delete(job_id)
    assert "<h3>" not in _report("", [], {"mine": status})
