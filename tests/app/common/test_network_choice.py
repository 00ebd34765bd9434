"""Networks to choose from on the photo pages: the zoo's, and those trained on this server."""

import pytest

import cae_core as cae
from cae_core import zoo
from cae_ui.common import network_choice, resources
from cae_ui.denoise import result
from tests.app.finding import SMALL, said

TO_AB = "32x32x1 conv4 pool | up conv2:tanh"


@pytest.mark.heavy
@pytest.mark.parametrize(
    ("fixture", "key", "first", "network", "task"),
    [
        ("denoise_page", "model", zoo.PHOTO_DENOISER, SMALL, cae.Denoise(0.1)),
        pytest.param(
            *("colorize_page", "colorizer", zoo.DEFAULT_COLORIZER, TO_AB, cae.ColorizeChroma()),
            marks=pytest.mark.heavy,
        ),
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
    (trained,) = [name for name in options if "trained here" in name]
    assert trained == f"{network}, trained here"
    page.selectbox(key).set_value(f"run:{job_id}").run()
    assert page.query_params[key] == f"run:{job_id}"
    assert not page.error
    assert page.get("download_button")


@pytest.fixture
def asked(monkeypatch):
    """The networks that the page Denoise has applied."""
    networks = []
    apply = result.denoise

    def noting(image, sigma, network, **settings):
        networks.append(network)
        return apply(image, sigma, network, **settings)

    monkeypatch.setattr(result, "denoise", noting)
    return networks


@pytest.mark.heavy
def test_two_trainings_of_one_network_are_two_choices_and_each_gives_its_own(
    denoise_page, finished, asked
):
    runs = {sigma: finished(SMALL, cae.Denoise(sigma)) for sigma in (0.1, 0.3)}
    for sigma, job_id in runs.items():
        asked.clear()
        page = denoise_page(model=f"run:{job_id}")
        labels = [name for name in page.selectbox("model").options if "trained here" in name]
        assert {*labels} == {f"{SMALL}, Remove noise, sigma {each}, trained here" for each in runs}
        assert asked[-1].task == cae.Denoise(sigma)


def test_a_run_in_the_address_that_there_is_none_of_is_named(denoise_page):
    page = denoise_page(model="run:20200101-000000-abcdef")
    assert "choose another" in said(page.warning)
    assert page.selectbox("model").value == zoo.PHOTO_DENOISER
    page.selectbox("model").set_value("homework-denoise").run()
    assert page.query_params["model"] == "homework-denoise"
    assert not page.warning
    assert not denoise_page(model="homework-denoise").warning


@pytest.mark.heavy
def test_a_run_that_another_tab_deleted_is_named_and_the_page_stays_usable(colorize_page, finished):
    job_id = finished(TO_AB, cae.ColorizeChroma())
    page = colorize_page(colorizer=f"run:{job_id}")
    resources.job_queue().delete(job_id)
    page.run()
    assert "was deleted" in said(page.warning)
    assert page.get("download_button")


def test_a_choice_of_the_zoo_that_inside_does_not_offer_is_left_behind(zoo_page):
    page = zoo_page(card="judge-cifar10")
    page.switch_page("pages/inside.py").run()
    assert not page.exception
    assert page.selectbox("network").value == "homework"
    page.selectbox("network").set_value("dense-mnist").run()
    assert page.query_params["network"] == "dense-mnist"
    assert not page.exception


def test_back_to_an_address_without_a_network_shows_the_first_one(denoise_page, monkeypatch):
    page = denoise_page()
    first, other = page.selectbox("model").value, "denoise-0.3"
    page.selectbox("model").set_value(other).run()
    assert page.query_params["model"] == other
    del page.query_params["model"]
    with monkeypatch.context() as browser:
        browser.setattr(network_choice, "is_back_or_forward", lambda: True)
        page.run()
    assert page.selectbox("model").value == first
