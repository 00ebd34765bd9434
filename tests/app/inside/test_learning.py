"""The part "Learning": the snapshots of a training, one moment at a time."""

import numpy as np
import pytest

from cae_core import zoo
from cae_core.images.operations import image_grid
from cae_core.training.runs import load_snapshots
from cae_ui.inside import learning
from cae_ui.inside.learning import said_epochs
from tests.app.finding import SMALL, pickers, press, said, upload
from tests.app.images import png


@pytest.fixture
def rows(monkeypatch):
    """The rows of images that the page showed, by their captions."""
    found = {}
    monkeypatch.setattr(
        learning, "show_pixels", lambda image, caption: found.update({caption: image})
    )
    return found


@pytest.mark.heavy
def test_a_slider_leads_through_the_training_of_ones_own_run(inside_page, finished, rows):
    name = f"run:{finished(SMALL)}"
    page = inside_page(network=name, part="Learning")
    assert not page.error
    snapshots = load_snapshots(learning.job_queue().status(name[4:]).run_folder)
    for moment in (len(snapshots) - 1, 0):
        rows.clear()
        label = said_epochs(float(snapshots.epochs[moment]))
        page.select_slider("moment").set_value(label).run()
        output = rows[f"The output, epoch {said_epochs(float(snapshots.epochs[moment]))}"]
        np.testing.assert_array_equal(output, image_grid(snapshots.outputs[moment], 8))
    assert "Kernels of the first layer" in said(page.markdown)


def test_a_network_of_the_zoo_is_replayed_where_it_kept_snapshots(inside_page, rows):
    inside_page(network="vae2-mnist", part="Learning")
    assert any(
        caption.startswith("The latent: a row for each of its 2 numbers") for caption in rows
    )
    page = inside_page(network="homework", part="Learning")
    assert "trained before trainings kept snapshots" in said(page.info)
    press(page, "Open Two numbers for a digit, variational")
    assert "vae2-mnist" in page.query_params["network"]
    assert not page.info


@pytest.mark.heavy
def test_kernels_that_were_not_kept_are_counted(inside_page, finished):
    page = inside_page(network=f"run:{finished('conv70 pool | up conv3:sigmoid')}", part="Learning")
    assert "These are the first 64 of 70." in said(page.caption)
    page = inside_page(network=f"run:{finished(SMALL)}", part="Learning")
    assert "These are the first" not in said(page.caption)


def test_the_moment_is_in_the_address(inside_page, rows):
    for moment in ("0.27", "1.2", "0"):
        rows.clear()
        page = inside_page(network="vae2-mnist", part="Learning", moment=moment)
        assert page.select_slider("moment").value == moment
        assert f"The output, epoch {moment}" in rows
        assert not page.warning


@pytest.mark.heavy
def test_the_latent_of_any_image_that_was_kept_can_be_looked_at(inside_page, finished, monkeypatch):
    shown = {}
    monkeypatch.setattr(
        learning, "show_tiles", lambda images, captions, side, what: shown.update({what: images})
    )
    run = finished(SMALL)
    page = inside_page(network=f"run:{run}", part="Learning")
    kept = pickers(page)["Kept image"]
    assert kept["chosen"] == "1"
    assert len(kept["choices"]) == 8
    first = shown["Channel"]
    page = inside_page(network=f"run:{run}", part="Learning", kept="3")
    assert "Of kept image 3, 4 channels." in said(page.caption)
    assert not np.array_equal(shown["Channel"], first)


def is_image_hidden(page):
    """Whether the choice of an image at the left is out of sight."""
    return any("unused-image" in part.value for part in page.get("html"))


def test_a_replay_has_no_use_for_an_image_and_forgets_none(inside_page):
    page = inside_page(network="vae2-mnist", part="Learning", source="A photo")
    assert is_image_hidden(page)
    upload(page, "inside-upload", ("half.png", png(300, 200)[:900]))
    assert not page.error
    upload(page, "inside-upload", ("mine.png", png(90, 70)))
    page.button_group("part").set_value("Map").run()
    assert not is_image_hidden(page)
    assert "The photo lies at" in said(page.markdown)


def test_a_part_that_a_network_does_not_have_offers_no_image(inside_page):
    assert is_image_hidden(inside_page(network="photo-denoiser", part="Map"))
    assert not is_image_hidden(inside_page(network="photo-denoiser", part="Layers"))


def test_the_error_is_drawn_by_the_time_that_was_trained(inside_page, rows, monkeypatch):
    drawn = []
    monkeypatch.setattr(learning, "show_chart", lambda figure, key: drawn.append(figure))
    inside_page(network="vae2-mnist", part="Learning", moment="1.2")
    epochs = zoo.snapshots("vae2-mnist").epochs
    line, mark = drawn[-1].data
    np.testing.assert_array_equal(line.x, epochs)
    assert said_epochs(mark.x[0]) == "1.2"
    assert drawn[-1].layout.xaxis.ticktext is None


def test_a_run_without_snapshots_or_with_damaged_ones_says_so(inside_page, finished, tmp_path):
    run = finished(SMALL)
    path = tmp_path / "runs" / run / "run" / "snapshots.npz"
    path.write_bytes(b"PK")
    page = inside_page(network=f"run:{run}", part="Learning")
    assert "snapshots.npz is damaged" in said(page.error)
    path.unlink()
    page = inside_page(network=f"run:{run}", part="Learning")
    assert "This run kept no snapshots" in said(page.info)
