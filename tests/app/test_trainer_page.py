"""The trainer page: what may be trained, what happens to a job, what is left of it."""

import json

import numpy as np
import pytest

from cae_core.architecture.presets import PRESETS
from cae_core.data import uploads
from cae_core.data.registry import Dataset, load_dataset
from cae_core.errors import DatasetError, ImageError, JobError
from cae_core.jobs import job, work
from cae_core.jobs.job import RATE_TEST
from cae_core.jobs.limits import Limits
from cae_core.training import learning_rate
from cae_core.training.progress import Progress
from cae_ui.common import photo_trial as photo_views
from cae_ui.common import resources
from cae_ui.common.charts import rate_figure
from cae_ui.common.wording import rate_text
from cae_ui.trainer import data as trainer_data
from cae_ui.trainer import download
from tests.app.finding import figure, labelled, press, said, write
from tests.app.images import phone_photo, png, zip_of

SMALL = "conv4 pool | up conv3:sigmoid"
NO_JOB = "20200101-000000-abcdef"
OWN = "My own images"
FLAT = "flatten dense8 | dense3072:sigmoid reshape32x32x3"


def can_train(page):
    return not labelled(page.button, "Train").disabled


def the_job():
    """The status of the only job of this server."""
    (status,) = resources.job_queue().jobs()
    return status


def progress_texts(page):
    return [bar.text for bar in page.get("progress")]


def captions_of(page):
    return [caption for image in page.get("image") for caption in image.captions]


# Ready to train


def test_the_page_opens_ready_to_train(trainer_page):
    page = trainer_page()
    assert can_train(page)
    assert page.selectbox("data").value == "photo_patches"
    assert "3.0x smaller than the input, 4,911 parameters" in page.caption.values[0]
    assert "256 to train, 32 to validate, 32 to test" in said(page.caption)
    assert "Validation images of" in said(page.get("html"))
    assert not page.error


def test_a_network_for_other_images_cannot_be_trained_and_the_remedy_is_said(trainer_page):
    page = write(trainer_page(), "28x28x1 conv8 pool | up conv1:sigmoid")
    assert not can_train(page)
    (error,) = page.error.values
    assert "28x28x1" in error
    assert "Begin its text with 32x32x3" in error
    assert can_train(write(page, SMALL))


def test_a_network_that_cannot_be_built_cannot_be_trained(trainer_page):
    page = trainer_page(arch="conv8 pool conv3 | up up conv3:sigmoid")
    assert not can_train(page)
    assert "64x64x3" in said(page.error)


def test_a_text_that_cannot_be_read_keeps_the_last_network(trainer_page):
    page = write(trainer_page(arch=SMALL), "conv4 pol | conv3")
    assert "pol" in said(page.error)
    press(page, "Train")
    assert str(the_job().request.architecture) == SMALL


def test_channels_are_multiplied(trainer_page):
    page = trainer_page(arch=SMALL)
    page.select_slider("width").set_value(2.0).run()
    assert page.caption.values[0].startswith("Latent 16x16x8 = 2,048 numbers")
    press(page, "Train")
    assert str(the_job().request.architecture) == "conv8 pool | up conv3:sigmoid"


def test_noise_is_set_in_units_of_255_and_shown_in_both(trainer_page):
    page = trainer_page(arch=SMALL)
    assert not [item for item in page.slider if item.key == "sigma"]
    page.button_group("task").set_value("denoise").run()
    page.slider("sigma").set_value(51).run()
    assert "Standard deviation 51/255 = 0.200 of the range from 0 to 1." in page.caption.values
    assert "noise of sigma 51 of 255" in said(page.get("html"))
    press(page, "Train")
    assert the_job().request.task.sigma == pytest.approx(0.2)


def test_the_address_sets_every_setting(trainer_page):
    page = trainer_page(
        arch=SMALL, task="Remove noise", sigma="100", epochs="3", batch="64", lr="0.002", seed="9"
    )
    press(page, "Train")
    request = the_job().request
    assert str(request.architecture) == SMALL
    assert request.task.sigma == pytest.approx(100 / 255)
    config = request.config
    assert (config.epochs, config.batch_size, config.learning_rate, config.seed) == (
        3, 64, 0.002, 9,
    )  # fmt: skip


def test_nonsense_in_the_address_leaves_a_usable_page(trainer_page):
    page = trainer_page(
        data="nothing", task="fly", sigma="-1", epochs="many", batch="77", lr="9", seed="x",
        width="0",
    )  # fmt: skip
    assert can_train(page)
    assert page.slider("epochs").value == 5
    assert page.select_slider("batch").value == 128
    assert page.select_slider("lr").value == 0.004


@pytest.fixture
def every_dataset_is_here(monkeypatch):
    """Stands photo patches in for data sets that this machine may not have."""
    monkeypatch.setattr(trainer_data, "is_available", lambda name: True)
    patches = load_dataset("photo_patches", limit=64)
    monkeypatch.setattr(trainer_data, "named_dataset", lambda name: patches.preview())


@pytest.mark.usefixtures("every_dataset_is_here")
def test_a_network_of_the_sources_brings_its_data_task_and_epochs(trainer_page):
    page = trainer_page()
    for preset_id, preset in PRESETS.items():
        page.selectbox("arch-preset").set_value(preset_id).run()
        assert page.text_area("arch").value == preset.text
        assert page.selectbox("data").value == preset.dataset, preset_id
        task = "denoise" if preset.sigma else "reconstruct"
        assert page.button_group("task").value == task, preset_id
        assert page.slider("epochs").value == preset.epochs, preset_id
        assert page.select_slider("batch").value == preset.batch_size, preset_id
        if preset.sigma:
            assert page.slider("sigma").value == round(255 * preset.sigma), preset_id


# Data that is not here


def test_a_data_set_that_is_not_here_is_offered_and_nothing_is_fetched(trainer_page, monkeypatch):
    monkeypatch.setattr(trainer_data, "is_available", lambda name: name == "photo_patches")
    fetched = []
    monkeypatch.setattr(download, "download", lambda name, **_: fetched.append(name))
    page = trainer_page(data="CIFAR-10")
    assert not can_train(page)
    assert "CIFAR-10 is not on this server yet." in said(page.info)
    assert fetched == []
    # The press starts the download in a thread and shows the page again.
    press(page, "Download CIFAR-10")
    download._downloads()["cifar10"].thread.join()
    assert fetched == ["cifar10"]


def test_a_download_that_fails_says_why_and_can_be_tried_again(trainer_page, monkeypatch):
    def fail(name, **_):
        raise DatasetError("MNIST comes from its host. Received: no answer. Try again later.")

    monkeypatch.setattr(trainer_data, "is_available", lambda name: False)
    monkeypatch.setattr(download, "download", fail)
    page = press(trainer_page(data="MNIST"), "Download MNIST")
    download._downloads()["mnist"].thread.join()
    assert "Received: no answer." in said(page.run().error)
    assert labelled(page.button, "Download MNIST")


def test_a_running_download_shows_its_progress_and_can_be_cancelled(trainer_page, monkeypatch):
    was_cancelled = []

    def slow(name, *, on_progress, should_stop):
        on_progress(3 * 2**20, 6 * 2**20)
        # `should_stop` asks an event, which can also be waited for.
        was_cancelled.append(should_stop.__self__.wait(timeout=60))

    monkeypatch.setattr(trainer_data, "is_available", lambda name: False)
    monkeypatch.setattr(download, "download", slow)
    page = press(trainer_page(data="MNIST"), "Download MNIST")
    assert progress_texts(page) == ["3.0 MiB downloaded"]
    press(page, "Cancel the download")
    download._downloads()["mnist"].thread.join()
    assert was_cancelled == [True]


def test_a_damaged_data_file_is_named(trainer_page, monkeypatch, tmp_path):
    (tmp_path / "mnist.npz").write_bytes(b"not an archive")
    monkeypatch.setenv("CAE_DATA_DIR", str(tmp_path))
    page = trainer_page(data="MNIST")
    assert "Received" in said(page.error)
    assert not can_train(page)


# Images of one's own


def upload(page, *files):
    named = [(name, content, "application/octet-stream") for name, content in files]
    return page.file_uploader("own-images").set_value(named).run()


def test_own_images_are_cut_into_patches_and_trained_on(trainer_page, worker):
    page = trainer_page(data=OWN, arch=SMALL, epochs="1", batch="16")
    assert not can_train(page)
    assert "stay on this server" in said(page.info)
    upload(page, *[(f"{seed}.png", png(96, 96, seed=seed)) for seed in range(10)])
    assert can_train(page)
    assert "Patches of your images." in said(page.caption)
    press(page, "Train")
    worker.work()
    page.run()
    assert "Finished: 1 epochs." in said(page.success)
    assert "test images of your own images" in said(page.caption)


def test_a_broken_image_among_good_ones_is_left_out_and_named(trainer_page):
    page = trainer_page(data=OWN)
    good = [(f"{seed}.png", png(96, 96, seed=seed)) for seed in range(10)]
    upload(page, *good, ("bad.png", b"no image"))
    assert "bad.png" in said(page.caption)
    assert can_train(page)


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("bad.png", b"no image"),
        ("empty.jpg", b""),
        ("half.jpg", phone_photo(300, 200)[:400]),
        ("bad.zip", b"PK no archive"),
        ("empty.zip", zip_of([])),
        ("notes.zip", zip_of([("notes.txt", b"words")])),
        ("small.png", png(5, 5)),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_an_unusable_upload_is_refused_with_one_message(trainer_page, name, content):
    page = upload(trainer_page(data=OWN), (name, content))
    (error,) = page.error.values
    assert "Received" in error
    assert not can_train(page)


def test_a_zip_bomb_is_refused_before_it_is_unpacked(trainer_page, monkeypatch):
    monkeypatch.setattr(uploads, "MAX_UNZIPPED_BYTES", 2**20)
    bomb = zip_of([(f"{number}.png", bytes(2**20)) for number in range(3)])
    assert len(bomb) < 10_000
    page = upload(trainer_page(data=OWN), ("bomb.zip", bomb))
    (error,) = page.error.values
    assert "Received: 3 MB" in error
    assert not can_train(page)


# Jobs


def test_an_unknown_job_in_the_address_is_named_and_the_page_stays_usable(trainer_page):
    for job_id in (NO_JOB, "../../etc/passwd", ""):
        page = trainer_page(job=job_id)
        assert "Start a new training." in said(page.error)
        assert can_train(page)
        assert "The data" in said(page.subheader)


def test_a_training_from_the_press_to_the_test_figures(trainer_page, worker):
    page = trainer_page(arch=SMALL, epochs="1")
    press(page, "Train")
    job_id = page.query_params["job"]
    assert labelled(page.button, "Stop")
    worker.work()
    page.run()
    assert "Finished: 1 epochs." in said(page.success)
    assert len(page.get("plotly_chart")) == 1
    images = said(page.get("html"))
    assert "Original validation images" in images
    assert "Output of the network" in images
    summary = json.loads((the_job().run_folder / "test.json").read_text())
    assert figure(page, "Test MSE") == f"{summary['mse']:.5f}"
    assert figure(page, "PSNR") == f"{summary['psnr']:.2f} dB"
    labels = {item.label for item in page.download_button}
    assert labels >= {"Keras script", "Losses", "Images", "Download the result"}
    # Another visitor who opens the address sees the same.
    other = trainer_page(job=job_id)
    assert figure(other, "Test MSE") == figure(page, "Test MSE")


def test_a_photo_is_reconstructed_upright_at_its_own_size(trainer_page, finished_job):
    page = trainer_page(job=finished_job)
    page.file_uploader("try-upload").set_value(("p.jpg", phone_photo(90, 60), "image/jpeg")).run()
    original, returned = captions_of(page)
    assert original == "p.jpg, 60 x 90"
    assert returned.startswith("Output of the network: ")


@pytest.mark.parametrize(
    ("name", "content"),
    [("bad.png", b"words"), ("half.jpg", phone_photo(300, 200)[:400])],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_photo_that_cannot_be_used_is_refused_with_one_message(
    trainer_page, finished_job, name, content
):
    page = trainer_page(job=finished_job)
    page.file_uploader("try-upload").set_value((name, content, "image/png")).run()
    (error,) = page.error.values
    assert "Received" in error
    assert can_train(page)


def test_a_photo_that_the_network_cannot_take_is_refused(trainer_page, finished_job, monkeypatch):
    def refuse(*_, **__):
        raise ImageError("An image is not that thin. Received: 1 x 80,000,000. Cut it.")

    monkeypatch.setattr(photo_views, "apply_to_photo", refuse)
    page = trainer_page(job=finished_job)
    assert "Received: 1 x 80,000,000." in said(page.error)
    assert can_train(page)


def test_a_very_thin_photo_keeps_its_size(trainer_page, finished_job):
    page = trainer_page(job=finished_job)
    page.file_uploader("try-upload").set_value(("thin.png", png(900, 1), "image/png")).run()
    assert captions_of(page)[0] == "thin.png, 900 x 1"


@pytest.mark.parametrize("text", [SMALL, FLAT, "28x28x1 conv2 | conv1:sigmoid"])
def test_every_kind_of_network_can_be_tried_on_a_photo(trainer_page, worker, monkeypatch, text):
    """Fully convolutional, with dense layers, for grey images; with noise."""
    if text.startswith("28"):
        grey = np.zeros((40, 28, 28, 1), np.uint8)
        data = Dataset("grey", train=grey, validation=grey[:8], test=grey[:8])
        monkeypatch.setattr(trainer_data, "named_dataset", lambda name: data.preview())
        monkeypatch.setattr(work, "load_dataset", lambda *_, **__: data)
    page = trainer_page(arch=text, task="Remove noise", epochs="1")
    press(page, "Train")
    worker.work()
    page.run()
    page.file_uploader("try-upload").set_value(("p.png", png(70, 50), "image/png")).run()
    original, noisy, returned = captions_of(page)
    assert original == "p.png, 70 x 50"
    assert noisy.startswith("With noise of sigma 25 of 255: ")
    assert returned.startswith("Output of the network: ")


@pytest.fixture
def finished_job(trainer_page, worker):
    """The id of a job that has ended well."""
    page = press(trainer_page(arch=SMALL, epochs="1"), "Train")
    worker.work()
    return page.query_params["job"]


def test_a_running_job_can_be_stopped_and_keeps_what_it_learnt(trainer_page, worker, monkeypatch):
    page = trainer_page(arch=SMALL, epochs="50")
    press(page, "Train")

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


def test_a_job_waits_behind_another_and_can_be_taken_out_of_the_queue(trainer_page, worker):
    press(trainer_page(arch=SMALL), "Train")
    second = press(trainer_page(arch=SMALL), "Train")
    assert progress_texts(second) == ["Waiting: 1 before this one."]
    press(second, "Stop")
    assert second.run().success.values == ["Stopped before it began."]
    assert not [item for item in second.button if item.label == "Stop"]


def test_a_job_that_fails_says_why(trainer_page, worker, monkeypatch):
    def fail(name, **_):
        raise DatasetError("A data set is on this machine. Received: none. Fetch it.")

    monkeypatch.setattr(work, "load_dataset", fail)
    page = press(trainer_page(arch=SMALL), "Train")
    worker.work()
    page.run()
    assert page.error.values == ["A data set is on this machine. Received: none. Fetch it."]
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


# Finding a learning rate

FIND = "Find a learning rate"


def labels_of(page):
    return [button.label for button in page.button]


def the_test(page):
    """The status of the test that the address names."""
    return resources.job_queue().status(page.query_params["lr_test"], RATE_TEST)


def found(page):
    """What a finished test says on the page, apart from its chart."""
    (line,) = [text for text in page.markdown.values if "Took" in text]
    return line


@pytest.fixture
def tested_page(trainer_page, worker):
    """A page whose learning-rate test has ended with a suggestion."""
    page = press(trainer_page(arch=SMALL, batch="16", lr="0.002"), FIND)
    worker.work()
    return page.run()


@pytest.mark.parametrize("rate", [0.0003, 0.004, 0.0047, 1e-6])
def test_any_learning_rate_can_be_in_the_address(trainer_page, rate):
    page = press(trainer_page(arch=SMALL, lr=str(rate)), "Train")
    assert the_job().request.config.learning_rate == rate
    assert page.select_slider("lr").value == rate


@pytest.mark.parametrize("rate", ["0", "-0.1", "1.1", "nan", "inf", "x", ""])
def test_a_learning_rate_that_is_none_is_replaced_by_the_usual_one(trainer_page, rate):
    page = trainer_page(arch=SMALL, lr=rate)
    assert page.select_slider("lr").value == 0.004
    assert can_train(page)


def test_a_test_runs_in_the_worker_and_its_suggestion_is_taken_over(trainer_page, worker):
    page = trainer_page(arch=SMALL, task="Remove noise", batch="16", seed="3", lr="0.002")
    press(page, FIND)
    assert progress_texts(page) == ["Waiting: 0 before this one."]
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
    assert page.select_slider("lr").value == 0.002
    shown = rate_text(test.suggestion)
    press(page, f"Use {shown}")
    assert page.select_slider("lr").value == test.suggestion
    assert page.query_params["lr"] == f"{test.suggestion:g}"
    assert labelled(page.button, f"{shown} is in use").disabled
    press(page, "Train")
    assert the_job().request.config.learning_rate == test.suggestion


def test_the_curve_is_drawn_on_logarithmic_axes_with_the_suggestion_marked():
    test = learning_rate.suggest([1e-4, 1e-3, 1e-2, 1e-1], [0.5, 0.2, 0.1, 0.9])
    figure = rate_figure(test)
    assert (figure.layout.xaxis.type, figure.layout.yaxis.type) == ("log", "log")
    curve, mark = figure.data
    assert (curve.x, curve.y) == (test.rates, test.losses)
    assert mark.x == (0.001, 0.001)
    assert "0.001" in mark.text
    nothing = learning_rate.suggest([1e-4, 1e-3], [0.5, 0.5])
    assert len(rate_figure(nothing).data) == 1


def test_a_test_is_no_run(tested_page, trainer_page):
    assert resources.job_queue().jobs() == []
    assert not tested_page.metric
    # Nor does a training's address take it for one, nor the other way round.
    test_id = tested_page.query_params["lr_test"]
    page = trainer_page(job=test_id)
    assert "A job's id names a training on this server." in said(page.error)
    training = press(page, "Train").query_params["job"]
    page = trainer_page(lr_test=training)
    assert "A job's id names a learning-rate test on this server." in said(page.error)
    assert "lr_test" not in page.query_params
    assert not page.run().error


def test_the_address_leads_back_to_a_test(tested_page, trainer_page):
    other = trainer_page(arch=SMALL, batch="16", lr_test=tested_page.query_params["lr_test"])
    assert found(other) == found(tested_page)


def test_a_test_is_still_there_after_a_change_of_pages(tested_page):
    test_id = tested_page.query_params["lr_test"]
    tested_page.switch_page("pages/latent_size.py")
    tested_page.query_params.clear()  # as the browser does
    tested_page.run()
    tested_page.switch_page("pages/trainer.py").run()
    assert found(tested_page)
    assert tested_page.query_params["lr_test"] == test_id


def test_a_test_of_other_settings_is_shown_as_one(tested_page):
    assert "This test used other settings" not in said(tested_page.caption)
    # What a test does not look at makes no other test.
    tested_page.slider("epochs").set_value(9).run()
    tested_page.select_slider("lr").set_value(0.01).run()
    assert "This test used other settings" not in said(tested_page.caption)
    tested_page.select_slider("batch").set_value(64).run()
    assert "This test used other settings" in said(tested_page.caption)
    assert "batches of 16" in said(tested_page.caption)


def test_a_new_test_takes_the_place_of_the_last(tested_page):
    old = the_test(tested_page)
    press(tested_page, FIND)
    assert the_test(tested_page).id != old.id
    assert not old.folder.exists()


def test_a_discarded_test_is_gone_with_its_files(tested_page):
    folder = the_test(tested_page).folder
    press(tested_page, "Discard the test")
    assert not folder.exists()
    assert "lr_test" not in tested_page.query_params
    assert not tested_page.get("plotly_chart")
    assert not tested_page.error
    assert not labelled(tested_page.button, FIND).disabled


def test_own_images_are_tested_and_do_not_stay(trainer_page, worker):
    page = trainer_page(data=OWN, arch=SMALL, batch="16")
    assert labelled(page.button, FIND).disabled
    upload(page, *[(f"{seed}.png", png(96, 96, seed=seed)) for seed in range(10)])
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
    assert progress_texts(page) == ["Waiting: 1 before this one."]
    press(page, "Stop")
    assert "Stopped before it began." in page.run().caption.values
    assert not labelled(page.button, FIND).disabled


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
    assert not [label for label in labels_of(page) if label.startswith("Use")]


def test_a_running_test_says_how_far_it_is(trainer_page):
    page = press(trainer_page(arch=SMALL), FIND)
    at = Progress(1, 1, 40, 100, loss=0.1, images_per_second=9, seconds=4, seconds_left=6)
    job.write_status(the_test(page).folder, job.RUNNING, "Trying learning rates.", at)
    assert progress_texts(page.run()) == ["Step 40 of 100 · 6 s left"]


def test_a_test_that_finds_nothing_says_why(tested_page):
    nothing = learning_rate.suggest([0.001, 0.01, 0.1], [1.0, 0.99, 1.2])
    (the_test(tested_page).folder / job.RATE_TEST_RESULT).write_text(nothing.to_json())
    assert "The loss fell by less than 5 %" in found(tested_page.run())
    assert not [label for label in labels_of(tested_page) if label.startswith("Use")]


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
    assert progress_texts(page) == ["Waiting: 0 before this one."]
    assert not page.error


def test_a_test_that_a_restart_interrupted_says_so(trainer_page):
    page = press(trainer_page(arch=SMALL), FIND)
    resources.job_queue.clear()  # the server starts again
    assert "The server was restarted." in said(page.run().error)


def test_a_test_that_was_discarded_elsewhere_is_said_once(tested_page, trainer_page):
    other = trainer_page(arch=SMALL, lr_test=tested_page.query_params["lr_test"])
    press(tested_page, "Discard the test")
    assert "Start a new learning-rate test." in said(other.run().error)
    assert not other.run().error
    assert can_train(other)


def test_a_damaged_test_is_said_and_can_be_discarded(tested_page):
    (the_test(tested_page).folder / job.RATE_TEST_RESULT).write_text("half")
    assert "Received" in said(tested_page.run().error)
    press(tested_page, "Discard the test")
    assert not tested_page.error


def test_a_visitor_of_both_pages_keeps_the_network_and_its_form(latent_page):
    page = latent_page(arch="conv24 pool | up conv3:sigmoid")
    page.switch_page("pages/trainer.py").run()
    assert page.text_area(key="arch").value == "conv24 pool | up conv3:sigmoid"
    page.switch_page("pages/latent_size.py").run()
    assert page.text_area(key="arch").value == "conv24 pool | up conv3:sigmoid"
