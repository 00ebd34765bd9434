"""The learning rate: any rate in the address, and the range test that suggests one."""

import pytest

from cae_core.data.registry import load_dataset
from cae_core.errors import DatasetError, JobError
from cae_core.files import write_text
from cae_core.jobs import RATE_TEST, work
from cae_core.jobs.job import RATE_TEST_RESULT, RUNNING, write_status
from cae_core.jobs.limits import Limits
from cae_core.training import learning_rate
from cae_core.training.progress import Progress
from cae_ui.common import resources
from cae_ui.common.wording import rate_text
from cae_ui.trainer.data import OWN_IMAGES
from tests.app.finding import (
    SMALL,
    can_train,
    labelled,
    labels_of,
    press,
    progress_texts,
    said,
    the_job,
    upload,
    write,
)
from tests.app.images import png

FIND = "Find a learning rate"
OTHER_SETTINGS = "This test used other settings"


def the_test(page):
    """The status of the test that the address names."""
    return resources.job_queue().status(page.query_params["lr_test"], RATE_TEST)


def found(page):
    """The text of a finished test, apart from its chart."""
    (line,) = [text for text in page.markdown.values if "Took" in text]
    return line


@pytest.fixture
def tested_page(trainer_page, finished):
    """A page whose learning-rate test has ended with a suggestion."""
    return trainer_page(arch=SMALL, batch="16", lr="0.002", lr_test=finished(kind=RATE_TEST))


@pytest.mark.parametrize("rate", [0.0003, 0.0047, 1e-6])
def test_any_learning_rate_can_be_in_the_address(trainer_page, rate):
    page = press(trainer_page(arch=SMALL, lr=str(rate)), "Train")
    assert the_job().request.config.learning_rate == pytest.approx(rate)
    assert page.select_slider("lr").value == pytest.approx(rate)


@pytest.mark.parametrize("rate", ["0", "1.1", "nan", "x"])
def test_a_learning_rate_that_is_none_is_replaced_by_the_usual_one(trainer_page, rate):
    page = trainer_page(arch=SMALL, lr=rate)
    assert page.select_slider("lr").value == pytest.approx(0.004)
    assert can_train(page)


def test_a_test_runs_in_the_worker_and_its_suggestion_is_taken_over(trainer_page, worker):
    page = trainer_page(arch=SMALL, task="Remove noise", batch="16", seed="3", lr="0.002")
    press(page, FIND)
    assert progress_texts(page) == ["Waiting: it is next."]
    assert labelled(page.button, "Stop")
    assert labelled(page.button, FIND).disabled
    request = the_test(page).request
    assert (str(request.architecture), request.dataset) == (SMALL, "photo_patches")
    assert request.task.sigma == pytest.approx(25 / 255)
    assert (request.config.batch_size, request.config.seed) == (16, 3)

    worker.work()
    page.run()
    test = the_test(page).learning_rate_test()
    assert not progress_texts(page)
    assert len(page.get("plotly_chart")) == 1
    assert found(page).startswith(test.reason)
    assert page.select_slider("lr").value == pytest.approx(0.002)
    suggested = rate_text(test.suggestion)
    press(page, f"Use {suggested}")
    assert page.select_slider("lr").value == pytest.approx(test.suggestion)
    assert page.query_params["lr"] == f"{test.suggestion:g}"
    assert labelled(page.button, f"{suggested} is in use").disabled
    press(page, "Train")
    assert the_job().request.config.learning_rate == pytest.approx(test.suggestion)


@pytest.mark.heavy
def test_a_test_is_no_run(tested_page, trainer_page):
    assert resources.job_queue().jobs() == []
    assert not tested_page.metric
    # Nor does a training's address take it for one, nor the other way round.
    page = trainer_page(job=tested_page.query_params["lr_test"])
    assert "A training is on this server until" in said(page.error)
    training = press(page, "Train").query_params["job"]
    page = trainer_page(lr_test=training)
    assert "A learning-rate test is on this server until" in said(page.error)
    assert "lr_test" not in page.query_params
    assert not page.run().error


@pytest.mark.heavy
def test_a_test_is_still_there_after_a_change_of_pages(tested_page):
    test_id = tested_page.query_params["lr_test"]
    tested_page.switch_page("pages/latent_size.py")
    tested_page.query_params.clear()  # as the browser does
    tested_page.run()
    tested_page.switch_page("pages/trainer.py").run()
    assert found(tested_page)
    assert tested_page.query_params["lr_test"] == test_id


@pytest.mark.heavy
def test_a_test_of_other_settings_is_shown_as_one(tested_page):
    assert OTHER_SETTINGS not in said(tested_page.caption)
    # Settings that do not affect a test make no other test.
    tested_page.slider("epochs").set_value(9).run()
    tested_page.select_slider("lr").set_value(0.01).run()
    assert OTHER_SETTINGS not in said(tested_page.caption)
    tested_page.select_slider("batch").set_value(64).run()
    assert OTHER_SETTINGS in said(tested_page.caption)
    assert "batches of 16" in said(tested_page.caption)


def test_a_new_test_takes_the_place_of_the_last(tested_page):
    old = the_test(tested_page)
    press(tested_page, FIND)
    assert the_test(tested_page).id != old.id
    assert not old.folder.exists()


def test_a_discarded_test_is_gone_with_its_files(tested_page, trainer_page):
    other = trainer_page(arch=SMALL, lr_test=tested_page.query_params["lr_test"])
    folder = the_test(tested_page).folder
    press(tested_page, "Discard the test")
    assert not folder.exists()
    assert "lr_test" not in tested_page.query_params
    assert not tested_page.get("plotly_chart")
    assert not tested_page.error
    assert not labelled(tested_page.button, FIND).disabled
    # Another visitor who looked at it is told once.
    assert "Start a new learning-rate test." in said(other.run().error)
    assert not other.run().error
    assert can_train(other)


@pytest.mark.heavy
def test_own_images_are_tested_and_do_not_stay(trainer_page, worker):
    page = trainer_page(data="My own images", arch=SMALL, batch="16")
    assert labelled(page.button, FIND).disabled
    upload(page, OWN_IMAGES, *[(f"{seed}.png", png(96, 96, seed=seed)) for seed in range(10)])
    press(page, FIND)
    assert (the_test(page).folder / "data.npz").exists()
    worker.work()
    page.run()
    assert found(page)
    assert not (the_test(page).folder / "data.npz").exists()


def test_a_network_that_does_not_fit_cannot_be_tested(trainer_page):
    page = write(trainer_page(), "28x28x1 conv8 pool | up conv1:sigmoid")
    assert labelled(page.button, FIND).disabled
    assert not labelled(write(page, SMALL).button, FIND).disabled


def test_a_test_beyond_the_hosts_limits_is_refused_with_the_reason(trainer_page):
    page = trainer_page(arch=SMALL)
    resources.job_queue().limits = Limits(minutes=0.01)
    press(page, FIND)
    assert "A training on this server takes at most 0.01 minutes." in said(page.error)
    assert "lr_test" not in page.query_params


def test_a_test_waits_behind_a_training_and_can_be_taken_out_of_the_queue(trainer_page):
    press(trainer_page(arch=SMALL), "Train")
    page = press(trainer_page(arch=SMALL), FIND)
    assert progress_texts(page) == ["Waiting: 1 job before this one."]
    press(page, "Stop")
    assert "Stopped before it began." in page.run().caption.values
    assert not labelled(page.button, FIND).disabled


@pytest.mark.heavy
def test_a_running_test_can_be_stopped_and_shows_its_curve(trainer_page, worker, monkeypatch):
    page = press(trainer_page(arch=SMALL, batch="16"), FIND)

    def load_while_the_visitor_stops(name, *, seed):
        page.run()
        assert progress_texts(page) == ["Loading the images."]
        press(page, "Stop")
        assert labelled(page.button, "Stop").disabled
        return load_dataset(name, seed=seed)

    monkeypatch.setattr(work, "load_dataset", load_while_the_visitor_stops)
    worker.work()
    assert found(page.run()).startswith("The test was stopped after 1 of 100 steps. Took ")
    assert len(page.get("plotly_chart")) == 1
    assert not [label for label in labels_of(page.button) if label.startswith("Use")]


def test_a_running_test_says_how_far_it_is(trainer_page):
    page = press(trainer_page(arch=SMALL), FIND)
    at = Progress(1, 1, 40, 100, loss=0.1, images_per_second=9, seconds=4, seconds_left=6)
    write_status(the_test(page).folder, RUNNING, "Trying learning rates.", at)
    assert progress_texts(page.run()) == ["Step 40 of 100 · 6 s left"]


def test_a_test_that_finds_nothing_says_why(tested_page):
    nothing = learning_rate.suggest([0.001, 0.01, 0.1], [1.0, 0.99, 1.2])
    write_text(the_test(tested_page).folder / RATE_TEST_RESULT, nothing.to_json())
    assert "The loss fell by less than 5 %" in found(tested_page.run())
    assert not [label for label in labels_of(tested_page.button) if label.startswith("Use")]


def test_a_test_that_fails_says_why(trainer_page, worker, monkeypatch):
    def fail(name, **_):
        raise DatasetError("A data set is on this machine. Received: none. Fetch it.")

    monkeypatch.setattr(work, "load_dataset", fail)
    page = press(trainer_page(arch=SMALL), FIND)
    worker.work()
    assert page.run().error.values == ["A data set is on this machine. Received: none. Fetch it."]
    assert not labelled(page.button, FIND).disabled


def test_a_test_whose_process_dies_says_so_and_can_be_made_again(trainer_page, worker):
    page = press(trainer_page(arch=SMALL), FIND)
    worker.die(JobError("A job needs its worker process. Received: a killed one. Start again."))
    assert "Received: a killed one." in said(page.run().error)
    press(page, FIND)
    assert progress_texts(page) == ["Waiting: it is next."]
    assert not page.error


def test_a_damaged_test_is_said_and_can_be_discarded(tested_page):
    (the_test(tested_page).folder / RATE_TEST_RESULT).write_text("half")
    assert "Received" in said(tested_page.run().error)
    press(tested_page, "Discard the test")
    assert not tested_page.error
