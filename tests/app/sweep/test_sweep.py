"""The page Sweep: a plan with its price, its trainings as they come, its answers, its files."""

import json
import re
import threading

import pytest

from cae_core.jobs.job import FINISHED, REQUEST, SWEEP
from cae_core.jobs.sweeps import TABLE
from cae_ui.common import resources
from cae_ui.sweep.shown import SWEEP_PARAMETER
from tests.app.finding import labelled, labels_of, press, said

LOOKS = 36_000  # twentieths of a second: only a test that fails waits so long


@pytest.fixture
def sweep_page(open_page):
    """Opens the page with query parameters."""

    def open_at(**query):
        return open_page("pages/sweep.py", **query)

    return open_at


def wait_until(condition):
    pause = threading.Event()
    for _ in range(LOOKS):
        if condition():
            return
        pause.wait(0.05)
    pytest.fail("the condition did not come true")


def work_all(worker, count, **ends):
    """Ends the trainings of a sweep as the test says, by their place."""
    for number in range(count):
        wait_until(lambda: worker.calls)
        future, _, (settings, _stop, _minutes) = worker.calls.pop(0)
        future.set_running_or_notify_cancel()
        size = 256 * (1 + number % 5)
        figures = {"latent_size": size, "parameters": 9, "mse": 1 / size + settings["seed"] / 1e5}
        done = {"result": settings | figures | {"psnr": 20.0, "ssim": 0.5, "seconds": 1.0}}
        future.set_result(ends.get(f"at_{number}", done | {"samples": ""}))


def the_sweep():
    (status,) = resources.job_queue().jobs(SWEEP)
    return status


def names_of(page):
    return [json.loads(chart.proto.spec)["data"][0]["type"] for chart in page.get("plotly_chart")]


def write(page, label, text):
    return labelled(page.text_input, label).set_value(text).run()


def test_it_opens_with_a_sweep_that_was_trained_and_a_plan_with_its_price(sweep_page, offered):
    speed = resources.speed_file().read_text()
    resources.speed_file().write_text("")
    page = sweep_page()
    assert "**8 trainings, about " not in said(page.markdown)
    assert "How long that takes is being measured" in said(page.caption)
    resources.speed_file().write_text(speed)
    page.run()
    assert "is being measured" not in said(page.caption)
    assert "A sweep of 46 networks on CIFAR-10" in page.header.values
    assert "the rank correlation of latent size and error is −0.63" in said(page.markdown)
    assert re.search(r"has `conv[^`]+:sigmoid`\.$", said(page.markdown), re.MULTILINE)
    assert names_of(page) == ["scatter", "parcoords"]
    assert "**8 trainings, about " in said(page.markdown)
    assert [name for _, name in offered.values()] == [
        "sweep-latent-size.csv",
        "sweep-latent-size.html",
    ]
    assert [make().count(":sigmoid") for make, _ in offered.values()] == [46, 47]
    page = write(page, "Latent size", "100, 256")
    assert "1 of 4 settings left out" not in said(page.markdown)
    assert "**4 trainings, about " in said(page.markdown)
    assert "2 of 4 settings left out: they do not fit" in labels_of(page.expander)
    page = write(page, "Latent size", "many")
    assert "Received: latent=many" in said(page.error)
    assert "Start the sweep" not in labels_of(page.button)


def test_a_sweep_is_started_watched_tried_again_and_deleted(sweep_page, worker):
    page = sweep_page(channels="2,4", latent="256,512,1024", seed="0,1", images="64")
    page = press(page, "Start the sweep")
    status = the_sweep()
    assert status.id in page.query_params[SWEEP_PARAMETER]
    assert "Channels × latent × seed" in page.header.values
    assert "0 of 12 trainings" in [bar.text for bar in page.get("progress")]
    assert labelled(page.button, "Start the sweep").disabled
    work_all(worker, 12, at_1={"failed": "The loss is no number. Received: NaN."})
    wait_until(lambda: the_sweep().has_ended)
    page.run()
    assert "1 of 12 trainings failed" in said(page.error)
    table = page.dataframe[0].value
    assert list(table["State"]).count("done") == 11
    assert "failed: The loss is no number. Received: NaN." in list(table["State"])
    assert "Rank correlation of latent size and error:" in said(page.markdown)
    assert names_of(page) == ["scatter", "scatter", "parcoords"]
    press(page, "Try again")
    work_all(worker, 1)
    wait_until(lambda: the_sweep().has_ended)
    page.run()
    assert the_sweep().state == FINISHED
    assert "Finished: 12 trainings." in said(page.success)
    assert labels_of(page.get("download_button")) == ["Download the table", "Download the report"]

    # A damaged table is said; the sweep can be deleted all the same.
    path = the_sweep().folder / REQUEST
    request = path.read_text()
    path.write_text(request.replace("photo_patches", "x"))
    assert "A sweep's folder holds a plan that can be trained" in said(page.run().error)
    path.write_text(request)
    (the_sweep().folder / TABLE).write_text("half")
    page.run()
    assert "A sweep's folder holds sweep.csv" in said(page.error)
    assert str(the_sweep().folder) not in said(page.error)
    press(page, "Delete for good")
    assert resources.job_queue().jobs(SWEEP) == []
    assert SWEEP_PARAMETER not in page.query_params


def test_a_sweep_is_stopped_and_resumed(sweep_page, worker):
    page = press(sweep_page(images="64"), "Start the sweep")
    work_all(worker, 2)
    wait_until(lambda: worker.calls)
    press(page, "Stop")
    wait_until(lambda: the_sweep().has_ended)
    page.run()
    assert "Stopped by hand. 6 trainings left." in said(page.info)
    worker.calls.clear()
    press(page, "Resume")
    work_all(worker, 6)
    wait_until(lambda: the_sweep().has_ended)
    assert the_sweep().state == FINISHED


def test_two_sweeps_of_one_minute_are_two_entries(sweep_page, worker):
    page = sweep_page(images="64")
    for _ in range(2):
        press(page.run(), "Start the sweep")
        wait_until(lambda: worker.calls)
        press(page, "Stop")
        wait_until(lambda: all(job.has_ended for job in resources.job_queue().jobs(SWEEP)))
        worker.calls.clear()
    assert len(set(labelled(page.run().selectbox, "Sweep").options)) == 2


def test_a_claim_is_tested_with_a_verdict_and_its_interval(sweep_page, worker):
    page = sweep_page(mode="Test a claim")
    assert "**10 trainings, about " in said(page.markdown)
    labelled(page.text_area, "Network B").set_value(
        labelled(page.text_area, "Network A").value
    ).run()
    assert "Received: the same twice" in said(page.error)
    page = write(page, "Learning rate B", "0.001")
    page = press(page, "Start the sweep")
    work_all(worker, 10)
    wait_until(lambda: the_sweep().has_ended)
    page.run()
    assert "has a lower error than" in said(page.markdown)
    assert "95 % interval" in said(page.markdown)


def test_an_address_of_no_sweep_is_explained(sweep_page):
    page = sweep_page(sweep="20200101-000000-000000")
    assert "Received: one that is not here" in said(page.error)
    assert "A sweep of 46 networks on CIFAR-10" in page.header.values
