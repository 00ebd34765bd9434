"""The settings of a training: from the widgets, the address, a preset."""

import pytest

from cae_core.architecture.presets import PRESETS
from cae_core.training.tasks import preset_task
from tests.app.conftest import put_patches_for_data_sets
from tests.app.finding import SMALL, can_train, press, said, text_of, the_job


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
    assert "Standard deviation 51/255 = 0.200." in page.caption.values
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
    assert (config.epochs, config.batch_size, config.seed) == (3, 64, 9)
    assert config.learning_rate == pytest.approx(0.002)


def test_nonsense_in_the_address_leaves_a_usable_page(trainer_page):
    page = trainer_page(
        data="nothing", task="fly", sigma="-1", epochs="many", batch="77", lr="9", seed="x",
        width="0",
    )  # fmt: skip
    assert can_train(page)
    assert page.slider("epochs").value == 5
    assert page.select_slider("batch").value == 128
    assert page.select_slider("lr").value == pytest.approx(0.004)


@pytest.mark.parametrize("name", ["denoise-0.3", "dense-mnist", "vae2-mnist"])
def test_a_preset_brings_its_data_task_and_epochs(trainer_page, monkeypatch, name):
    put_patches_for_data_sets(monkeypatch)
    preset = PRESETS[name]
    page = trainer_page()
    page.selectbox("arch-preset").set_value(name).run()
    assert text_of(page) == preset.text
    assert page.selectbox("data").value == preset.dataset
    assert page.button_group("task").value == preset_task(preset).name
    assert page.slider("epochs").value == preset.epochs
    assert page.select_slider("batch").value == preset.batch_size
    assert page.selectbox("loss").value == preset.loss
    if preset.beta:
        assert page.slider("beta").value == preset.beta
    if preset.sigma:
        assert page.slider("sigma").value == round(255 * preset.sigma)
