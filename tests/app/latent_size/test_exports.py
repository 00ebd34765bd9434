"""A network taken along: to the trainer, as notation, JSON and script."""

import json

from cae_core.architecture.notation import Architecture
from cae_core.architecture.presets import get_preset
from tests.app.finding import is_off, labelled, link, opened, press, said, write


def test_the_network_on_the_page_is_taken_to_the_trainer(latent_page):
    page = latent_page(arch="conv20 pool | up conv3:sigmoid", compare="true", formulas="true")
    labelled(page.slider, "Channels").set_value(21).run()
    where, address = link(page, "Train this network")
    assert (where, address) == ("trainer", {"arch": ["conv21 pool | up conv3:sigmoid"]})


def test_nothing_is_taken_to_the_trainer_while_the_text_is_wrong(latent_page):
    page = write(latent_page(arch="conv20 pool | up conv3:sigmoid"), "conv20 poool | up conv3")
    assert is_off(page, "Train this network")
    press(page, "Undo")
    assert not is_off(page, "Train this network")


def test_the_network_can_be_copied_as_notation_json_and_script(latent_page):
    page = opened(latent_page(arch="conv20 pool | up conv3:sigmoid"), "copies")
    notation, json_form, script = page.code.values
    assert notation == "conv20 pool | up conv3:sigmoid"
    assert json.loads(json_form)["input_shape"] == [32, 32, 3]
    assert str(Architecture.from_json(json_form)) == notation
    compile(script, "autoencoder.py", "exec")
    assert "20" in script


def test_a_network_without_a_script_says_why(latent_page):
    page = opened(latent_page(arch="conv8 pool8 pool8 | up conv3:sigmoid"), "copies")
    assert len(page.code) == 2
    assert "Received" in said(page.warning)


def test_task_and_data_of_a_network_of_the_zoo_are_taken_along_to_the_trainer(latent_page):
    text = get_preset("denoise-0.3").text
    page = latent_page(arch=text, trained="denoise-0.3")
    where, address = link(page, "Train this network")
    assert (where, address["arch"]) == ("trainer", [text])
    assert (address["task"], address["sigma"]) == (["Remove noise"], ["76"])
    assert address["data"] == ["CIFAR-10"]
    # Images of another size are others, another network has another training.
    write(page, "28x28x1 conv8 pool | up conv1:sigmoid")
    assert "data" not in link(page, "Train this network")[1]
    page.selectbox("arch-preset").set_value("homework").run()
    assert set(link(page, "Train this network")[1]) == {"arch"}
    assert "trained" not in page.query_params


def test_a_network_that_the_zoo_lacks_is_named(latent_page):
    page = latent_page(arch="conv20 pool | up conv3:sigmoid", trained="nothing")
    assert "trained=nothing" in said(page.warning)
    assert set(link(page, "Train this network")[1]) == {"arch"}
