"""Trainings that outlive a tab and a killed worker, runs that compare, runs to take away."""

import json
import os
import re
import signal
import zipfile

import pytest
from playwright.sync_api import expect

from cae_core.formats import counted, format_mse
from tests.browser.test_journeys import WIDE, button, train

pytestmark = pytest.mark.browser

SMALL = "conv2 pool | up conv3:sigmoid"
WATCHED = "conv16 conv16 pool | up conv16 conv3:sigmoid"  # still trains when somebody looks


def trainer(network=SMALL, *, epochs=1, batch=512):
    """The address of a trainer that is ready to train on the images that need no download."""
    text = network.replace(" ", "+").replace("|", "%7C")
    return f"/trainer?arch={text}&epochs={epochs}&batch={batch}"


def size(width, height):
    return {"width": width, "height": height}


def grow_at_the_top(page, pixels):
    """Gives the page a margin of this height above its title, in place of another."""
    page.locator(".stMainBlockContainer").evaluate(
        "(content, pixels) => content.style.paddingTop = `${pixels}px`", pixels
    )


def finished(page, epochs):
    return page.get_by_text(f"Finished: {counted(epochs, 'epoch')}.")


@pytest.mark.heavy
def test_a_training_that_nobody_watches_is_finished_when_somebody_comes_back(visit):
    first = visit(trainer(epochs=2))
    train(first)
    address = first.url
    first.close()
    second = visit(address)
    expect(finished(second, 2)).to_be_visible()
    for figure, number in (
        ("Test MSE", r"^0\.\d{6}$"),
        ("PSNR", r"^\d+\.\d\d dB$"),
        ("SSIM", r"^0\.\d{3}$"),
    ):
        label = second.get_by_text(figure, exact=True)
        metric = second.get_by_test_id("stMetric").filter(has=label)
        expect(metric.get_by_test_id("stMetricValue")).to_have_text(re.compile(number))


@pytest.mark.heavy
def test_what_a_training_does_is_in_the_window_after_train_stop_and_resume(visit):
    for width, height in ((390, 844), (1440, 900)):
        page = visit(trainer(WATCHED, epochs=50, batch=32), viewport=size(width, height))
        train(page)
        expect(page.get_by_text(re.compile("^running: "))).to_be_attached()  # in My runs
        curve = page.locator(".js-plotly-plot").first  # under it may be those of Compare
        for part in (button(page, "Stop"), page.get_by_role("progressbar"), curve):
            expect(part).to_be_in_viewport(ratio=0.9)
        expect(page.get_by_text(re.compile(r"Epoch ([2-9]|\d\d) of 50"))).to_be_visible()
        button(page, "Stop").click()
        stopped = page.get_by_test_id("stAlert").filter(has_text="Stopped after ")
        for part in (stopped, curve):
            expect(part).to_be_in_viewport(ratio=0.9)
        grow_at_the_top(page, 900)  # as a page does whose parts come one by one
        expect(stopped).to_be_in_viewport(ratio=0.9)
        page.mouse.move(width // 2, height // 2)
        page.mouse.wheel(0, -10_000)
        grow_at_the_top(page, 100)
        # Whoever moves the page himself is left alone.
        expect(page.get_by_role("heading", level=1)).to_be_in_viewport()
    button(page, "Resume").click()
    expect(page.get_by_text(re.compile(r"Epoch ([2-9]|\d\d) of 50"))).to_be_visible()
    expect(button(page, "Stop")).to_be_in_viewport(ratio=0.9)
    # Not at once: the chart may be drawn anew just now.
    begins = "() => document.querySelector('.js-plotly-plot')?.data?.[0]?.x?.[0] <= 1"
    page.wait_for_function(begins)
    button(page, "Stop").click()
    expect(button(page, "Train")).to_be_visible()


@pytest.mark.heavy
def test_a_killed_worker_fails_one_job_which_can_be_resumed_and_the_next_one_starts(visit, server):
    second = visit(trainer())
    expect(button(second, "Train")).to_be_enabled()
    first = visit(f"/trainer?arch={WIDE}&epochs=50")
    second_epoch = first.get_by_text(re.compile(r"Epoch ([2-9]|\d\d) of 50"))
    train(first)
    train(second)
    expect(second.get_by_text(re.compile("^Waiting: "))).to_be_visible()
    expect(second_epoch).to_be_visible()
    os.kill(server.worker(), signal.SIGKILL)

    # The job that ran has failed and says why; the one that waited has its turn.
    reason = first.get_by_test_id("stAlertContentError")
    expect(reason).to_contain_text("Received: a process killed by signal 9")
    expect(finished(second, 1)).to_be_visible()

    button(first, "Resume").hover()
    expect(first.get_by_text("continues after its last whole epoch")).to_be_visible()
    button(first, "Resume").click()
    expect(second_epoch).to_be_visible()
    expect(reason).to_have_count(0)
    button(first, "Stop").click()
    expect(first.get_by_text("the network trained so far is kept")).to_be_visible()
    expect(first.get_by_test_id("stMetric").filter(has_text="Test MSE")).to_be_visible()


@pytest.mark.heavy
def test_two_runs_stand_beside_each_other(fresh_server, visit):
    networks = [f"conv{channels} pool | up conv3:sigmoid" for channels in (2, 3)]
    for network in networks:
        page = visit(fresh_server.address + trainer(network))
        train(page)
    expect(finished(page, 1)).to_be_visible()
    expect(page.get_by_role("heading", name="Compare runs")).to_be_visible()
    newest_first = networks[::-1]
    # The table is painted; its texts are there for screen readers.
    cells = page.get_by_test_id("data-grid-canvas").locator("td")
    expect(cells.and_(page.locator("[aria-colindex='1']"))).to_contain_text(newest_first)
    expect(cells.and_(page.locator("[aria-colindex='5']"))).to_contain_text(["768", "512"])
    chart = page.locator(".js-plotly-plot").filter(has_text="Mean squared error").last
    expect(chart.locator(".legendtext")).to_contain_text(newest_first)
    # A point opens its run.
    newest = page.url
    point = chart.locator(".points path").last
    point.scroll_into_view_if_needed()
    box = point.bounding_box()
    page.mouse.click(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    expect(page).not_to_have_url(newest)
    expect(page.locator(".st-key-training")).to_contain_text(f"{networks[0]} on Photo patches")
    # All of the page is there before its server goes.
    expect(page.get_by_test_id("stMetric").filter(has_text="PSNR, output")).to_be_visible()
    expect(page.get_by_test_id("stStatusWidget")).to_have_count(0)


@pytest.mark.heavy
def test_a_downloaded_run_is_the_one_on_the_page(visit, tmp_path):
    page = visit(trainer())
    train(page)
    expect(finished(page, 1)).to_be_visible()
    with page.expect_download() as download:
        button(page, "Everything, as a zip").click()
    name = download.value.suggested_filename
    assert re.fullmatch(r"photo-patches-reconstruct-\d{8}-\d{6}\.zip", name)
    with zipfile.ZipFile(download.value.path()) as archive:
        archive.extractall(tmp_path)
    folder = tmp_path / name.removesuffix(".zip")
    assert "autoencoder.py " in (folder / "README.txt").read_text()
    shown = page.get_by_test_id("stMetric").filter(has_text="Test MSE")
    mse = json.loads((folder / "test.json").read_text())["mse"]
    expect(shown.get_by_test_id("stMetricValue")).to_have_text(format_mse(mse))
