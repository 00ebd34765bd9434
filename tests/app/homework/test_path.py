"""The path through the homework: its steps, and the answer that is guessed before it is shown."""

from types import SimpleNamespace

import pytest

from cae_core.data.registry import load_dataset
from cae_core.jobs import work
from cae_ui.common import resources
from cae_ui.homework import trained
from cae_ui.homework.exercises import COLOUR_PAIR, EXERCISES, HOMEWORK_TEXT, PAIRS
from tests.app.finding import (
    labelled,
    labels_of,
    layer_rows,
    link,
    press,
    progress_texts,
    said,
    text_of,
    verdict,
)


@pytest.fixture(autouse=True)
def _small_data(monkeypatch):
    """The data set that is in the repository, whatever this machine has."""
    monkeypatch.setattr(trained, "is_available", lambda name: False)


def test_a_page_shows_its_exercise_where_the_address_names_it(latent_page):
    page = latent_page()
    assert not [text for text in page.markdown.values if "Exercise" in text]
    page = press(page, "Homework: four exercises, step by step")
    assert page.query_params["homework"] == "2"
    assert EXERCISES["2"].question in page.markdown.values
    press(page, "Leave the homework")
    assert "homework" not in page.query_params
    assert verdict(page)


def test_an_exercise_of_another_page_is_linked(latent_page):
    page = latent_page(homework="3")
    assert link(page, "Do this on the page Trainer") == ("trainer", {"homework": ["3"]})
    assert verdict(page)


def test_choosing_an_exercise_of_another_page_leads_there(latent_page):
    page = latent_page(homework="2", arch="conv4 pool | up conv3:sigmoid")
    page.button_group("homework-step").set_value("1").run()
    assert page.title.values == ["Trainer"]
    assert page.query_params["homework"] == "1"
    assert text_of(page) == "conv4 pool | up conv3:sigmoid"


def test_the_sizes_are_shown_once_the_latent_was_guessed(latent_page):
    page = latent_page(homework="2")
    assert not [text for text in page.markdown.values if "1,024" in text]
    assert not page.metric
    labelled(page.number_input, "Numbers in the latent of the homework network").set_value(
        2048
    ).run()
    assert "**You guessed 2,048:** two poolings halve 32 twice" in said(page.markdown)
    assert len(layer_rows(page)) == 9
    page.button_group("stride_guess").set_value("256").run()
    assert "**Right:** the stride halves height and width" in said(page.markdown)
    press(page, "Show the network with the stride")
    assert verdict(page).startswith("Latent 4x4x16 = 256 numbers")


def test_a_guess_is_kept_in_the_address(latent_page):
    page = latent_page(homework="2", latent_guess="1024")
    assert "**Right:** two poolings" in said(page.markdown)


PSNR = "Your guess: PSNR on the test images after the last epoch, in dB"


def go_to(page, step):
    """Shows another exercise."""
    return page.button_group("homework-step").set_value(step).run()


def test_guesses_outlast_other_exercises_and_a_reload(trainer_page, latent_page):
    page = trainer_page(homework="1")
    labelled(page.number_input, PSNR).set_value(24.5).run()
    go_to(page, "3")
    labelled(page.selectbox, "What differs").set_value("kernel").run()
    page.button_group("bet_kernel").set_value("Kernel 5").run()
    labelled(page.slider, "Epochs of both").set_value(7).run()
    go_to(page, "2")
    assert page.title.values == ["Latent size"]
    page = latent_page(**page.query_params)
    labelled(page.number_input, "Numbers in the latent of the homework network").set_value(9).run()
    page.button_group("stride_guess").set_value("512").run()
    go_to(page, "report")
    assert page.title.values == ["Trainer"]
    address = dict(page.query_params)
    guesses = {
        "psnr_guess": "24.5",
        "pair": "Kernel 3 or 5",
        "bet_kernel": "Kernel 5",
        "pair_epochs": "7",
        "latent_guess": "9",
        "stride_guess": "512",
    }
    assert address == {"homework": "report", **guesses}
    # As a reload does, with a session of its own.
    again = trainer_page(**address)
    press(again, "Make the report")
    made = again.session_state["report-made"]
    assert "I guessed a PSNR of 24.5 dB." in made
    assert "I guessed 9 numbers" in made
    go_to(again, "3")
    assert labelled(again.selectbox, "What differs").value == "kernel"
    assert again.button_group("bet_kernel").value == "Kernel 5"
    assert labelled(again.slider, "Epochs of both").value == 7
    go_to(again, "1")
    assert f"{labelled(again.number_input, PSNR).value}" == "24.5"
    assert {name: again.query_params[name] for name in guesses} == guesses


def test_a_guess_that_is_taken_back_is_gone(trainer_page):
    page = trainer_page(homework="1", psnr_guess="24.5")
    labelled(page.number_input, PSNR).set_value(None).run()
    assert "psnr_guess" not in go_to(page, "3").query_params
    assert labelled(go_to(page, "1").number_input, PSNR).value is None


def test_who_leaves_the_homework_finds_his_guesses_when_he_comes_back(trainer_page):
    page = trainer_page(homework="1", psnr_guess="24.5")
    press(page, "Leave the homework")
    assert "psnr_guess" not in page.query_params
    press(page, "Homework: four exercises, step by step")
    assert page.query_params["psnr_guess"] == "24.5"


@pytest.mark.parametrize("guess", ["abc", "-5", "nan", "1e400", ""])
def test_what_is_no_guess_is_none(trainer_page, guess):
    page = trainer_page(homework="1", psnr_guess=guess)
    assert labelled(page.number_input, PSNR).value is None


@pytest.mark.parametrize("pair", [*PAIRS.values(), COLOUR_PAIR], ids=lambda pair: pair.title)
def test_both_networks_of_a_pair_can_be_trained_on_colour_images(pair):
    from cae_core.training.tasks import check_fit

    for side in pair.sides:
        check_fit(trained._fitted(side), (32, 32, 3), side.task)


def test_the_first_training_is_set_up_in_one_press(trainer_page):
    page = trainer_page(homework="1", arch="conv4 pool | up conv3:sigmoid", task="Remove+noise")
    press(page, "Set up: homework network, Photo patches, 10 epochs")
    assert text_of(page) == HOMEWORK_TEXT
    assert labelled(page.slider, "Epochs").value == 10


@pytest.mark.heavy
def test_the_first_training_is_compared_with_the_guess(trainer_page, finished):
    job_id = finished(HOMEWORK_TEXT)
    page = trainer_page(homework="1", job=job_id, psnr_guess="20")
    assert "You guessed 20.0 dB. After 1 epoch the test error is" in said(page.markdown)
    assert "Its plot is below, and in your report." in said(page.markdown)
    other = trainer_page(homework="1", job=finished())
    assert "Its plot is in your report." in said(other.markdown)


def test_a_training_of_another_network_is_none_of_the_first_exercise(trainer_page, finished):
    page = trainer_page(homework="1", job=finished())
    assert "test error is" not in said(page.markdown)


@pytest.mark.heavy
def test_a_pair_is_bet_on_then_trained_then_compared(trainer_page, worker):
    page = trainer_page(homework="3", pair="Padding same or valid", pair_epochs="1")
    assert labelled(page.button, "Bet first, then train both").disabled
    page.button_group("bet_padding").set_value("Valid").run()
    press(page, "Train both")
    ids = page.query_params["trained_padding"]
    assert len(ids) == 2
    worker.work()
    worker.work()
    page.run()
    found = said(page.markdown)
    assert "has the lower test error" in found
    assert ("You won. " in found) == ("**Valid** has" in found)
    page.button_group("homework-step").set_value("report").run()
    chosen = labelled(page.multiselect, "Trainings")
    assert sorted(chosen.value) == sorted(ids)
    labelled(page.text_input, "Your name").set_value("Ada")
    press(page, "Make the report")
    assert "Ada, 20" in page.session_state["report-made"]
    page.button_group("homework-step").set_value("3").run()
    page.button_group("homework-step").set_value("report").run()
    assert labelled(page.text_input, "Your name").value == "Ada"
    press(page, "Leave the homework")


def begun_pair(trainer_page):
    """The page with a pair of trainings that wait."""
    page = trainer_page(homework="3", pair="Max pooling or stride", pair_epochs="3")
    page.button_group("bet_stride").set_value("Stride 2").run()
    return press(page, "Train both")


def test_both_trainings_of_a_pair_are_told_apart_and_stopped_by_one_press(trainer_page, worker):
    page = begun_pair(trainer_page)
    assert progress_texts(page) == ["Max pooling: queued", "Stride 2: queued"]
    press(page, "Stop both")
    assert {status.state for status in resources.job_queue().jobs()} == {"stopped"}
    assert not (page.error or page.exception)
    assert "Stride 2: Stopped before it began." in said(page.info)
    press(page, "Train them again")
    assert labelled(page.button, "Train both").disabled is False
    press(page, "Train both")
    assert len(resources.job_queue().jobs()) == 4


def test_a_pair_that_another_visitor_trains_cannot_be_stopped(trainer_page, worker, monkeypatch):
    page = begun_pair(trainer_page)
    monkeypatch.setattr(trained, "is_own", lambda status: False)
    page.run()
    assert "Stop both" not in labels_of(page.button)


@pytest.mark.heavy
def test_a_pair_that_is_stopped_while_one_is_trained_keeps_what_that_has_learned(
    trainer_page, worker, monkeypatch
):
    page = begun_pair(trainer_page)

    def load_while_the_visitor_stops(name, *, seed):
        press(page.run(), "Stop both")
        return load_dataset(name, seed=seed)

    monkeypatch.setattr(work, "load_dataset", load_while_the_visitor_stops)
    worker.work()
    page.run()
    first, second = (
        resources.job_queue().status(each) for each in page.query_params["trained_stride"]
    )
    assert first.run_folder is not None
    assert second.run_folder is None
    assert "Stopped by hand. Stride 2: Stopped before it began." in said(page.info)
    assert not page.error


def test_of_two_trainings_of_other_lengths_none_wins():
    def summary(epochs):
        return SimpleNamespace(history=(None,) * epochs, test={"mse": 0.01, "psnr": 20.0})

    said = trained.outcome({"Valid": summary(3), "Same": summary(1)}, "Valid")
    assert "(Valid 3 epochs, Same 1 epoch)" in said
    assert "won" not in said
