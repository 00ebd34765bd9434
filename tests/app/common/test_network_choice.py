"""Networks to choose from on the photo pages: the zoo's, and those trained on this server."""

import pytest

import cae_core as cae
from cae_core import zoo
from cae_ui.common import resources
from tests.app.finding import SMALL

TO_AB = "32x32x1 conv4 pool | up conv2:tanh"


@pytest.mark.parametrize(
    ("fixture", "key", "first", "network", "task"),
    [
        ("denoise_page", "model", zoo.PHOTO_DENOISER, SMALL, cae.Denoise(0.1)),
        ("colorize_page", "colorizer", zoo.PHOTO_COLORIZER, TO_AB, cae.ColorizeChroma()),
    ],
    ids=["denoise", "colorize"],
)
def test_finished_trainings_for_the_task_can_be_chosen(
    request, finished, fixture, key, first, network, task
):
    finished(SMALL, cae.Reconstruct())  # not for this page
    job_id = finished(network, task)
    page = request.getfixturevalue(fixture)()
    options = page.selectbox(key).options
    assert options[0] == zoo.card(first).title
    assert [name for name in options if "Trained here" in name] == [f"Trained here: {network}"]
    run_folder = resources.job_queue().status(job_id).run_folder
    page.selectbox(key).set_value(f"run:{run_folder}").run()
    assert not page.error
    assert page.get("download_button")
