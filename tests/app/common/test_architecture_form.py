"""The form of an architecture: it changes the text, and the rest of the page with it."""

from cae_core.architecture.layers import LAYER_KINDS, AveragePool, Conv, MaxPool
from cae_core.architecture.notation import Architecture
from cae_core.architecture.presets import HOMEWORK, PRESETS
from tests.app.finding import (
    choose,
    labelled,
    labels_of,
    layer_rows,
    press,
    said,
    text_of,
    verdict,
    write,
)

HOMEWORK_TEXT = PRESETS[HOMEWORK].text


def add(page, kind):
    return page.selectbox("arch-insert").set_value(kind).run()


def test_a_slider_changes_the_text_the_table_and_the_address(latent_page):
    page = choose(latent_page(), "5")
    labelled(page.slider, "Channels").set_value(24).run()
    changed = "conv8 pool conv12 pool conv24 | up conv12 up conv3:sigmoid"
    assert text_of(page) == changed
    assert page.query_params["arch"] == changed
    assert layer_rows(page)[4][2] == "8x8x24"
    assert verdict(page) == "Latent 8x8x24 = 1,536 numbers, 2.0 times smaller than the input"


def test_choices_are_written_into_the_text(latent_page):
    page = latent_page()
    labelled(page.selectbox, "Activation").set_value("elu").run()
    labelled(page.selectbox, "Padding").set_value("valid").run()
    assert text_of(page).startswith("conv8:valid:elu pool ")


def test_sizes_beyond_the_slider_are_typed(latent_page):
    page = write(latent_page(), "conv512k13 | conv3:sigmoid")
    assert labels_of(page.slider) == ["Stride", "Dilation"]
    labelled(page.number_input, "Channels").set_value(600).run()
    assert text_of(page) == "conv600k13 | conv3:sigmoid"


def test_a_pools_stride_follows_its_size_until_it_is_set(latent_page):
    page = choose(latent_page(), "2")
    labelled(page.slider, "Size").set_value(4).run()
    assert text_of(page).split()[1] == "pool4"
    assert labelled(page.slider, "Stride").value == 4
    labelled(page.slider, "Stride").set_value(2).run()
    assert text_of(page).split()[1] == "pool4s2"


def test_two_edits_that_arrive_together_are_both_kept(latent_page):
    page = latent_page()
    labelled(page.slider, "Channels").set_value(9)
    labelled(page.slider, "Kernel").set_value(5)
    page.run()
    assert text_of(page).split()[0] == "conv9k5"


def test_layers_that_are_written_alike_are_told_apart(latent_page):
    page = choose(latent_page(), "2")
    assert page.button_group("layer").value == "2"
    page = choose(page, "4")
    assert "**Layer 4: Max pooling**" in said(page.markdown)


def test_the_inputs_size_is_a_form_too(latent_page):
    page = choose(latent_page(), "input")
    labelled(page.number_input, "Height").set_value(64).run()
    labelled(page.number_input, "Width").set_value(48).run()
    assert text_of(page) == f"64x48x3 {HOMEWORK_TEXT}"
    assert layer_rows(page)[4][2] == "16x12x16"


def test_a_layer_can_be_put_first_last_and_on_either_side_of_the_latent(latent_page):
    page = write(latent_page(), "conv8 | conv3:sigmoid")
    add(choose(page, "input"), MaxPool)
    assert text_of(page) == "pool conv8 | conv3:sigmoid"
    add(choose(page, "2"), MaxPool)
    assert text_of(page) == "pool conv8 pool | conv3:sigmoid"
    add(choose(page, "latent"), Conv)
    assert text_of(page) == "pool conv8 pool | conv16 conv3:sigmoid"
    add(choose(page, "5"), AveragePool)
    assert text_of(page) == "pool conv8 pool | conv16 conv3:sigmoid avgpool"
    assert page.button_group("layer").value == "6"
    assert page.selectbox("arch-insert").value is None


def test_every_kind_of_layer_has_a_form(latent_page):
    page = latent_page()
    for kind in LAYER_KINDS.values():
        page.session_state["arch"] = HOMEWORK_TEXT
        page.session_state["layer"] = "1"
        page.run()
        add(page, kind)
        architecture = Architecture.parse(text_of(page))
        assert type(architecture.layers[1]) is kind
        assert f"**Layer 2: {kind.title}**" in said(page.markdown)


def test_a_layer_is_moved_and_stays_chosen(latent_page):
    page = choose(latent_page(), "1")
    assert labelled(page.button, "Move left").disabled
    press(page, "Move right")
    assert text_of(page).startswith("pool conv8 conv12")
    assert page.button_group("layer").value == "2"
    press(page, "Move left")
    assert text_of(page) == HOMEWORK_TEXT
    assert labelled(choose(page, "9").button, "Move right").disabled


def test_a_layer_is_removed(latent_page):
    page = press(choose(latent_page(), "9"), "Remove")
    assert text_of(page) == "conv8 pool conv12 pool conv16 | up conv12 up"
    assert len(layer_rows(page)) == 8


def test_the_latent_is_moved(latent_page):
    page = choose(latent_page(), "latent")
    labelled(page.slider, "The latent is the output of layer").set_value(4).run()
    assert text_of(page) == "conv8 pool conv12 pool | conv16 up conv12 up conv3:sigmoid"
    assert verdict(page) == "Latent 8x8x12 = 768 numbers, 4.0 times smaller than the input"


def test_removing_the_only_layer_of_a_side_is_refused_once_and_nothing_is_lost(latent_page):
    page = press(write(latent_page(), "conv8 | conv3:sigmoid"), "Remove")
    assert text_of(page) == "conv8 | conv3:sigmoid"
    assert "at least one layer on each side of the latent" in said(page.warning)
    page.run()
    assert "each side" not in said(page.warning)


def test_a_name_that_cannot_be_is_refused_and_the_old_one_kept(latent_page):
    page = choose(write(latent_page(), "conv8 @a | conv3:sigmoid add@a"), "2")
    before = text_of(page)
    page.text_input[0].set_value("not a name!").run()
    assert "Received" in said(page.warning)
    assert text_of(page) == before
    assert page.text_input[0].value == "a"


def test_the_rate_of_dropout_dilation_and_output_padding_are_settings(latent_page):
    page = latent_page(arch="conv8 dropout0.25 conv8 | deconv3s1:sigmoid")
    page = choose(page, "2")
    labelled(page.number_input, "Rate").set_value(0.4).run()
    page = choose(page, "3")
    labelled(page.slider, "Dilation").set_value(2).run()
    page = choose(page, "4")
    assert labelled(page.number_input, "Output padding").value is None
    labelled(page.number_input, "Output padding").set_value(0).run()
    assert text_of(page) == "conv8 dropout0.4 conv8d2 | deconv3s1o0:sigmoid"
    assert not page.error


def test_a_layer_that_cannot_work_is_red_chosen_and_can_be_removed(latent_page):
    page = write(latent_page(), "conv8 pool conv12 pool8 pool8 conv16 | up conv3:sigmoid")
    chips = page.button_group("layer")
    assert chips.value == "5"
    assert chips.options[4 + 1].startswith(":red[")
    # Another may be chosen; the same misfit does not take the choice back.
    choose(page, "1")
    labelled(page.slider, "Channels").set_value(9).run()
    assert page.button_group("layer").value == "1"
    press(choose(page, "5"), "Remove")
    assert text_of(page) == "conv9 pool conv12 pool8 conv16 | up conv3:sigmoid"
    assert not [option for option in page.button_group("layer").options if ":red" in option]


def test_the_chosen_layer_stands_in_the_address(latent_page):
    page = latent_page(layer="4")
    assert "**Layer 4: Max pooling**" in said(page.markdown)
    page = choose(page, "latent")
    assert page.query_params["layer"] == "latent"
    page = choose(page, "1")  # what is shown without an address
    assert "layer" not in page.query_params


def test_a_layer_that_the_network_does_not_have_is_named(latent_page):
    page = latent_page(layer="99")
    assert page.button_group("layer").value == "1"
    assert "Received: layer=99" in said(page.warning)
