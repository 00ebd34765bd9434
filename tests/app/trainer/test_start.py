"""The button that starts a training, and what keeps it disabled."""

import pytest

import cae_core as cae
from cae_core.architecture.presets import HOMEWORK, get_preset
from cae_core.jobs import JobQueue
from cae_ui.common import resources
from tests.app.conftest import PlayedWorker, put_patches_for_data_sets
from tests.app.finding import SMALL, can_train, press, remedies, said, text_of, the_job, write

QUEUE = "Queue these settings as well"


def test_the_page_opens_ready_to_train(trainer_page):
    page = trainer_page()
    assert can_train(page)
    assert page.selectbox("data").value == "photo_patches"
    assert "3.0 times smaller than the input, 4,911 parameters" in page.caption.values[0]
    assert "256 to train, 32 to validate, 32 to test" in said(page.caption)
    assert "Validation images of" in said(page.get("html"))
    assert not page.error


def test_a_network_for_other_images_can_be_fitted_to_them(trainer_page):
    page = write(trainer_page(), "28x28x1 conv8 pool | up conv1:sigmoid")
    assert not can_train(page)
    (error,) = page.error.values
    assert "28x28x1" in error
    assert "Begin its text with 32x32x3" in error
    press(page, "Adapt the network to images and task")
    assert text_of(page) == "conv8 pool | up conv3:sigmoid"
    assert can_train(page)


@pytest.mark.parametrize(
    ("query", "adapted"),
    [
        ({"task": "Grey to RGB"}, "32x32x1 conv8 pool conv12 pool conv16 | up conv12 up conv3"),
        (
            {"task": "Lightness to colour"},
            "32x32x1 conv8 pool conv12 pool conv16 | up conv12 up conv2:tanh",
        ),
    ],
)
def test_the_published_network_follows_the_task_from_an_address_too(trainer_page, query, adapted):
    page = trainer_page(**query)
    assert text_of(page).startswith(adapted)
    assert can_train(page)
    assert "Input and output follow the images and the task." in said(page.caption)
    # Back to the first task, the network is the published one again.
    page.button_group("task").set_value("reconstruct").run()
    assert text_of(page) == get_preset(HOMEWORK).text
    assert "Input and output follow" not in said(page.caption)


def test_the_published_network_follows_the_images(trainer_page, monkeypatch):
    put_patches_for_data_sets(monkeypatch)
    page = trainer_page()
    page.selectbox("data").set_value("mnist").run()
    assert text_of(page).startswith("28x28x1 conv8 pool")
    assert can_train(page)
    # Colours cannot be learnt from grey images: one click takes others.
    page.button_group("task").set_value("colorize_rgb").run()
    assert "Choose a data set in colour." in said(page.error)
    press(page, "Take Photo patches")
    assert text_of(page).startswith("32x32x1 conv8 pool")
    assert can_train(page)


@pytest.mark.parametrize(
    ("network", "task"), [("dense-mnist", "reconstruct"), ("vae2-mnist", "variational")]
)
def test_a_network_opened_alone_is_shown_as_it_is_with_images_and_task_that_suit_it(
    trainer_page, monkeypatch, network, task
):
    put_patches_for_data_sets(monkeypatch)
    text = get_preset(network).text
    page = trainer_page(arch=text)
    assert text_of(page) == text
    assert (page.selectbox("data").value, page.button_group("task").value) == ("mnist", task)
    assert can_train(page)
    assert "Input and output follow" not in said(page.caption)


def test_what_an_address_names_stays_and_the_adapted_network_can_be_had_as_published(trainer_page):
    text = get_preset("dense-mnist").text
    page = trainer_page(arch=text, data="Photo patches")
    assert text_of(page).startswith("flatten")
    assert "Input and output follow the images and the task." in said(page.caption)
    press(page, "Take the network as published")
    assert text_of(page) == text
    assert not can_train(page)
    press(page, "Adapt the network to images and task")
    assert text_of(page).startswith("flatten")
    assert can_train(page)


def test_a_text_of_ones_own_is_changed_by_a_click_alone(trainer_page):
    own = "conv5 pool | up conv3:sigmoid"
    page = write(trainer_page(), own)
    for task in ("colorize_rgb", "colorize_chroma"):
        page.button_group("task").set_value(task).run()
        assert text_of(page) == own
        assert not can_train(page)
    press(page, "Adapt the network to images and task")
    assert text_of(page) == "32x32x1 conv5 pool | up conv2:tanh"
    assert can_train(page)


def test_a_network_that_cannot_be_built_cannot_be_trained(trainer_page):
    page = trainer_page(arch="conv8 pool conv3 | up up conv3:sigmoid")
    assert not can_train(page)
    assert "64x64x3" in said(page.error)
    remedies(page)[0].click().run()
    assert can_train(page)


def test_binary_cross_entropy_without_a_sigmoid_cannot_be_trained_until_it_is_fitted(trainer_page):
    page = trainer_page(arch="conv4 pool | up conv3:linear")
    page.selectbox("loss").set_value("bce").run()
    assert not can_train(page)
    assert "End it with conv3:sigmoid, or choose mse." in said(page.error)
    press(page, "Adapt the network to images and task")
    assert can_train(page)


def test_a_network_gets_a_normal_latent_for_the_variational_task_and_loses_it_for_others(
    trainer_page,
):
    page = trainer_page(arch=SMALL)
    page.button_group("task").set_value("variational").run()
    assert not can_train(page)
    assert "has one layer normal, at the end of the encoder" in said(page.error)
    press(page, "Adapt the network to images and task")
    assert text_of(page) == "conv4 pool normal4 | up conv3:sigmoid"
    page.button_group("task").set_value("reconstruct").run()
    assert not can_train(page)
    press(page, "Adapt the network to images and task")
    assert text_of(page) == "conv4 pool conv4k1:linear | up conv3:sigmoid"
    assert can_train(page)
    page.button_group("task").set_value("variational").run()
    press(page, "Adapt the network to images and task")
    page.slider("beta").set_value(0.3).run()
    press(page, "Train")
    assert the_job().request.task == cae.Variational(0.3)


def test_a_text_that_cannot_be_read_cannot_be_trained_until_it_is_undone(trainer_page):
    page = write(trainer_page(arch=SMALL), "conv4 pol | conv3")
    assert "pol" in said(page.error)
    assert not can_train(page)
    press(press(page, "Undo"), "Train")
    assert str(the_job().request.architecture) == SMALL


@pytest.mark.heavy
def test_a_second_server_says_so_works_otherwise_and_takes_over(
    trainer_page, latent_page, denoise_page, tmp_path
):
    first = JobQueue(tmp_path / "runs", PlayedWorker())
    page = trainer_page(arch=SMALL, job="20200101-000000-abcdef", lr_test="20200101-000000-abcdef")
    (error,) = page.error.values
    assert "Received: one that another running app uses." in error
    assert not can_train(page)
    assert "Validation images of" in said(page.get("html"))
    for other in (latent_page(), denoise_page()):
        assert not other.error
    first.close()
    assert can_train(trainer_page(arch=SMALL))


@pytest.mark.parametrize("name", ["file/runs", "x" * 300, "/proc/none"])
def test_a_folder_that_cannot_be_is_a_sentence_on_the_trainer(
    trainer_page, denoise_page, tmp_path, monkeypatch, name
):
    (tmp_path / "file").touch()
    monkeypatch.setenv("CAE_RUNS_DIR", str(tmp_path / name))
    page = trainer_page(arch=SMALL)
    (error,) = page.error.values
    assert "CAE\\_RUNS\\_DIR names another folder." in error
    assert str(tmp_path) not in error
    assert not can_train(page)
    assert not denoise_page().error


def test_a_visitor_who_has_two_trainings_waiting_is_refused_a_third(trainer_page):
    page = press(trainer_page(arch=SMALL), "Train")
    press(page, QUEUE)
    assert not page.error
    press(page, QUEUE)
    assert "At most 2 trainings and tests of one visitor wait." in said(page.error)
    assert not press(trainer_page(arch=SMALL), "Train").error  # somebody else


def test_the_time_of_a_training_is_being_measured_or_that_of_ones_last_such_training(
    trainer_page, finished, tmp_path
):
    resources.speed_file().write_text("")
    page = trainer_page(arch=SMALL, batch="16", epochs="10")
    assert "MB on this server." in said(page.caption)
    assert "About " not in said(page.caption)
    assert "How long that takes is being measured" in said(page.caption)
    (history,) = (tmp_path / "runs" / finished() / "run").glob("history*.csv")
    heading, losses = history.read_text().splitlines()
    history.write_text(f"{heading}\n{losses.rpartition(',')[0]},60.0\n")
    page.run()
    assert "About 10 min 04 s and " in said(page.caption)
    assert "is being measured" not in said(page.caption)
    # Another network takes another time.
    assert "About " not in said(write(page, "conv8 pool | up conv3:sigmoid").caption)
