"""A visitor's own runs: opened, renamed, deleted; the controls of others' are not his."""

import shutil

import pytest

import cae_core as cae
from cae_core.jobs import JobQueue
from cae_core.jobs.job import REQUEST, JobStatus
from cae_ui.common import resources
from cae_ui.trainer.own_runs import MOST_DAMAGED
from tests.app.finding import SMALL, labelled, labels_of, press, refuse, said, the_job


@pytest.fixture
def hosted(monkeypatch):
    """A server for others: visitors do not see each other's runs."""
    monkeypatch.delenv("CAE_SHARED_RUNS")
    monkeypatch.setattr(resources, "is_hosted", lambda: True)


@pytest.fixture
def others_run(finished, tmp_path):
    """Puts a finished run of another visitor on the server; returns its id."""

    def put(owner="another's secret", **settings):
        job_id = finished(**settings)
        request = tmp_path / "runs" / job_id / REQUEST
        request.write_text(request.read_text().replace('"owner": ""', f'"owner": "{owner}"'))
        assert JobStatus.read(request.parent).request.owner == owner
        return job_id

    return put


CONTROLS = {"Stop", "Resume", "Rename", "Delete for good", "Delete it with all its files"}


def test_a_run_can_be_opened_renamed_and_deleted_from_the_list(trainer_page, finished, monkeypatch):
    job_id = finished()
    page = press(trainer_page(), "Open this run")
    assert page.query_params["job"] == job_id
    labelled(page.text_input, "New name").set_value("Mine").run()
    assert the_job().name == "Mine"
    assert page.selectbox("own-run").options == ["Mine"]
    with monkeypatch.context() as patch:
        patch.setattr(JobQueue, "delete", refuse)
        press(page, "Delete for good")
    assert "cannot be written to" in said(page.error)
    assert page.query_params["job"] == job_id  # it is there, and open
    press(page, "Delete for good")
    assert resources.job_queue().jobs() == []
    assert "job" not in page.query_params
    assert "My runs" not in page.header.values


@pytest.mark.parametrize("shared", ["0", "1"])
def test_another_visitors_run_has_no_controls_and_is_listed_where_the_host_says_so(
    trainer_page, denoise_page, others_run, monkeypatch, shared
):
    monkeypatch.setenv("CAE_SHARED_RUNS", shared)
    theirs = others_run(task=cae.Denoise(0.1))
    others_run()
    page = trainer_page(job=theirs)  # by its address, which they gave him
    assert page.metric
    assert not {*labels_of(page.button), *labels_of(page.text_input)} & {*CONTROLS, "Name"}
    assert "My runs" not in page.header.values
    assert ("Compare runs" in page.header.values) == (shared == "1")
    offered = [name for name in denoise_page().selectbox("model").options if "trained here" in name]
    assert len(offered) == int(shared)


def test_what_a_visitor_starts_is_his_and_nobody_elses(trainer_page, hosted):
    page = press(trainer_page(arch=SMALL), "Train")
    assert labelled(page.button, "Stop")
    assert "My runs" in page.header.values
    other = trainer_page(job=page.query_params["job"])
    assert "Stop" not in labels_of(other.button)
    assert "My runs" not in other.header.values


@pytest.mark.parametrize(
    ("is_hosted", "days", "kept"),
    [(False, None, ""), (True, None, ", at most 30 days"), (False, "3", ", at most 3 days")],
)
def test_the_page_says_how_long_a_run_is_kept(
    trainer_page, finished, monkeypatch, is_hosted, days, kept
):
    monkeypatch.setattr(resources, "is_hosted", lambda: is_hosted)
    if days is not None:
        monkeypatch.setenv("CAE_KEEP_RUNS_DAYS", days)
    assert f"is kept until you delete it{kept}." in said(trainer_page(job=finished()).caption)


def test_a_new_name_leaves_the_choice_where_it_was(trainer_page, finished):
    # By their time: another test may have trained the second one before.
    first, second = sorted([finished(), finished(SMALL, cae.Denoise(0.1))])
    page = trainer_page()
    assert page.selectbox("own-run").value == second
    page.selectbox("own-run").set_value(first).run()
    (compared,) = [each for each in page.multiselect if each.label == "Runs"]
    compared.set_value([first]).run()
    labelled(page.text_input, "New name").set_value("Mine").run()
    assert page.selectbox("own-run").value == first
    assert [each.value for each in page.multiselect if each.label == "Runs"] == [[first]]
    press(page, "Delete for good")
    assert [status.id for status in resources.job_queue().jobs()] == [second]


def test_the_open_run_is_the_only_one_that_leaves_the_address_when_it_is_deleted(
    trainer_page, finished
):
    first, second = finished(), finished(SMALL, cae.Denoise(0.1))
    page = trainer_page(job=first)
    page.selectbox("own-run").set_value(second).run()
    press(page, "Delete for good")
    assert page.query_params["job"] == first
    assert [status.id for status in resources.job_queue().jobs()] == [first]


def test_a_run_that_another_tab_deleted_is_a_sentence(trainer_page, finished):
    page = trainer_page(job=finished())
    resources.job_queue().delete(the_job().id)
    labelled(page.text_input, "New name").set_value("Mine").run()
    assert "Received: one that is not here." in said(page.error)
    assert "My runs" not in page.header.values


def test_damaged_runs_are_named_and_can_be_deleted_one_by_one(trainer_page, finished, tmp_path):
    job_id = finished()
    folder = tmp_path / "runs" / job_id
    for number in range(MOST_DAMAGED + 2):
        copy = folder.with_name(f"{job_id[:-6]}{number:06x}")
        shutil.copytree(folder, copy)
        part = copy / "status.json" if number % 2 else copy / "run" / "test.json"
        part.write_text("half")
    page = trainer_page()
    assert "2 more cannot be read." in said(page.caption)
    assert job_id not in said(page.caption)
    assert str(tmp_path) not in said(page.caption)
    for _ in range(MOST_DAMAGED + 2):
        damaged = [button for button in page.button if button.label == "Delete the damaged run"]
        page = damaged.pop().click().run()
    assert "Received: " not in said(page.caption)
    assert [path.name for path in (tmp_path / "runs").glob("2*")] == [job_id]


def test_a_damaged_run_of_another_visitor_is_not_his_to_delete(
    trainer_page, others_run, tmp_path, hosted
):
    (tmp_path / "runs" / others_run() / "status.json").write_text("half")
    (tmp_path / "runs" / others_run(task=cae.Denoise(0.1)) / "run" / "test.json").unlink()
    page = trainer_page()
    assert "My runs" not in page.header.values
