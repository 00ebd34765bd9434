"""A training on the page: from the press to its end, whichever end that is."""

import json

import pytest

import cae_core as cae
from cae_core.data.registry import load_dataset
from cae_core.errors import DatasetError, JobError
from cae_core.jobs import work
from cae_core.training.progress import EpochRecord, Progress
from cae_ui.common import resources
from cae_ui.trainer.training import loss_figure
from tests.app.finding import (
    SMALL,
    can_train,
    figure,
    labelled,
    labels_of,
    press,
    progress_texts,
    said,
    the_job,
)


def test_an_unknown_job_in_the_address_is_named_and_the_page_stays_usable(trainer_page):
    for job_id in ("20200101-000000-abcdef", "../../etc/passwd", ""):
        page = trainer_page(job=job_id)
        assert "Start a new training." in said(page.error)
        assert can_train(page)
        assert "The data" in page.header.values


def test_a_training_from_the_press_to_the_test_figures(trainer_page, worker):
    page = trainer_page(arch=SMALL, epochs="1")
    press(page, "Train")
    job_id = page.query_params["job"]
    assert labelled(page.button, "Stop")
    worker.work()
    page.run()
    assert "Finished: 1 epoch." in said(page.success)
    assert len(page.get("plotly_chart")) == 1
    images = said(page.get("html"))
    assert "Original validation images" in images
    assert "Output of the network" in images
    summary = json.loads((the_job().run_folder / "test.json").read_text())
    assert figure(page, "Test MSE") == f"{summary['mse']:.6f}"
    assert figure(page, "PSNR") == f"{summary['psnr']:.2f} dB"
    # Another visitor who opens the address sees the same.
    other = trainer_page(job=job_id)
    assert figure(other, "Test MSE") == figure(page, "Test MSE")


@pytest.mark.parametrize(
    ("loss", "title"), [("mse", "Mean squared error"), ("bce", "Binary cross-entropy")]
)
def test_the_axis_names_the_loss(trainer_page, loss, title):
    page = press(trainer_page(arch=SMALL, loss=title), "Train")
    assert the_job().request.config.loss == loss
    (chart,) = page.get("plotly_chart")
    assert json.loads(chart.proto.spec)["layout"]["yaxis"]["title"]["text"] == title


def test_losses_are_drawn_on_a_logarithmic_axis_over_all_planned_epochs():
    trace = ((0.5, 0.3), (1.0, 0.2))
    progress = Progress(
        1, 4, 2, 2, 0.2, 9, 1, 3, history=(EpochRecord(1, 0.25, 0.22, 1.0),), trace=trace
    )
    drawn = loss_figure(progress, 4, "Mean squared error")
    batches, epochs, validation = drawn.data
    assert (batches.x, batches.y) == ((0.5, 1.0), (0.3, 0.2))
    assert (epochs.x, epochs.y) == ((0.5,), (0.25,))  # a mean over the epoch: at its middle
    assert (validation.x, validation.y) == ((1,), (0.22,))
    assert not drawn.layout.annotations
    assert drawn.layout.yaxis.type == "log"
    assert drawn.layout.xaxis.range[1] > 4


def test_the_ticks_of_losses_that_lie_close_to_each_other_have_room():
    trace = ((0.5, 0.0099), (1.0, 0.0061))
    axis = loss_figure(Progress(1, 4, 2, 2, 0.2, 9, 1, 3, trace=trace), 4, "Loss").layout.yaxis
    low, high = axis.range
    assert 2 <= len(axis.tickvals) <= 8
    assert 10**low < 0.0061
    assert 10**high > 0.0099


def test_a_chart_without_losses_has_no_numbers_but_a_word():
    drawn = loss_figure(None, 4, "Mean squared error")
    assert drawn.layout.yaxis.showticklabels is False
    (note,) = drawn.layout.annotations
    assert note.text == "The losses come with the first batches"


@pytest.mark.heavy
def test_a_running_job_can_be_stopped_and_keeps_what_it_has_learned(
    trainer_page, worker, monkeypatch
):
    page = press(trainer_page(arch=SMALL, epochs="50"), "Train")

    def load_while_the_visitor_stops(name, *, seed):
        page.run()
        assert progress_texts(page) == ["Loading the images."]
        press(page, "Stop")
        return load_dataset(name, seed=seed)

    monkeypatch.setattr(work, "load_dataset", load_while_the_visitor_stops)
    worker.work()
    page.run()
    assert "the network trained so far is kept" in said(page.success)
    assert figure(page, "Test MSE")
    press(page, "Resume")
    assert progress_texts(page) == ["Waiting: it is next."]
    (chart,) = page.get("plotly_chart")
    assert json.loads(chart.proto.spec)["data"][0]["x"]  # the curve so far


def test_an_end_that_a_run_of_the_whole_page_meets_first_is_brought_into_the_window(
    trainer_page, worker
):
    def reveals():
        return [each.proto.body for each in page.get("html") if "scrollIntoView" in each.proto.body]

    page = press(trainer_page(arch=SMALL, epochs="1"), "Train")
    before = reveals()
    worker.work()
    page.run()
    first = reveals()
    assert len(first) == 1
    assert first != before
    assert page.run() and reveals() == first  # with the same token, which the browser minds once


def test_a_job_waits_behind_another_and_can_be_taken_out_of_the_queue(trainer_page):
    press(trainer_page(arch=SMALL), "Train")
    second = press(trainer_page(arch=SMALL), "Train")
    assert progress_texts(second) == ["Waiting: 1 job before this one."]
    press(second, "Stop")
    assert second.run().success.values == ["Stopped before it began."]
    assert "Stop" not in labels_of(second.button)


def test_a_job_that_fails_says_why(trainer_page, worker, monkeypatch):
    def fail(name, **_):
        raise DatasetError("A data set is on this machine. Received: none. Fetch it.")

    monkeypatch.setattr(work, "load_dataset", fail)
    page = press(trainer_page(arch=SMALL), "Train")
    worker.work()
    assert page.run().error.values == ["A data set is on this machine. Received: none. Fetch it."]
    assert not page.metric
    assert can_train(page)


def test_a_job_whose_process_dies_says_so(trainer_page, worker):
    page = press(trainer_page(arch=SMALL), "Train")
    worker.die(JobError("A job needs its worker process. Received: a killed one. Start again."))
    assert "Received: a killed one." in said(page.run().error)


def test_a_job_that_a_restart_interrupted_says_so(trainer_page):
    page = press(trainer_page(arch=SMALL), "Train")
    resources.job_queue.clear()  # the server starts again
    assert "The server was restarted." in said(page.run().error)


@pytest.mark.heavy
def test_the_noise_is_shown_with_the_images(trainer_page, finished):
    page = trainer_page(job=finished(SMALL, cae.Denoise(0.1)))
    assert "With noise of sigma 26 of 255" in said(page.get("html"))


@pytest.mark.parametrize("button", ["Resume", "Stop"])
def test_a_button_of_a_job_that_another_tab_deleted_is_a_sentence(trainer_page, button):
    page = press(trainer_page(arch=SMALL), "Train")
    if button == "Resume":
        press(page, "Stop")
        page.run()
    queue = resources.job_queue()
    queue.stop(the_job().id)
    queue.delete(the_job().id)
    press(page, button)
    assert "Received: one that is not here. Start a new training." in said(page.error)
    assert can_train(page)
