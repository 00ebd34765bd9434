"""The latent-size page: text, form, table and verdict say the same, whatever is done to them."""

import csv
import io
import json

import pytest

from cae_core.architecture.layers import LAYER_KINDS, AveragePool, Conv, MaxPool
from cae_core.architecture.notation import Architecture
from cae_core.architecture.presets import HOMEWORK, PRESETS
from cae_core.architecture.report import analyze
from cae_ui.latent_size.layer_table import table_csv
from tests.app.finding import (
    choose,
    figure,
    labelled,
    press,
    said,
    table,
    table_rows,
    text_of,
    verdict,
    write,
)

HOMEWORK_TEXT = PRESETS[HOMEWORK].text
IMPOSSIBLE = "conv8 pool conv12 pool8 pool8 conv16 | up conv3:sigmoid"


# The first look


def test_the_page_opens_on_the_homework_network_and_its_answer(latent_page):
    page = latent_page()
    assert text_of(page) == HOMEWORK_TEXT
    assert verdict(page) == "Latent 8x8x16 = 1,024 numbers, 3.0x smaller than the input"
    assert figure(page, "Parameters") == "4,911"
    assert figure(page, "Smallest tensor") == "768"
    rows = table_rows(page)
    assert [row[1] for row in rows] == [
        "conv8", "pool", "conv12", "pool", "conv16 ← latent", "up", "conv12", "up", "conv3:sigmoid"
    ]  # fmt: skip
    assert rows[4][2:5] == ["8x8x16", "1,024", "1,744"]


def opened(page, key):
    """The page after an expander or popover, whose contents are made then, was opened."""
    page.session_state[key] = True
    return page.run()


def test_the_chosen_layers_formula_has_the_numbers_put_in(latent_page):
    page = choose(latent_page(), "0")
    assert not page.latex
    keras, textbook = opened(page, "formula").latex.values
    assert "8{,}192" in keras
    assert r"\frac{32 - 3 + 2 \cdot 1}{1} + 1" in textbook
    assert "8{,}192" in textbook


def test_a_smallest_tensor_before_the_latent_is_pointed_out(latent_page):
    assert "768" in said(latent_page().warning)


def test_all_formulas_open_with_one_toggle(latent_page):
    page = latent_page()
    assert "<details open>" not in table(page)
    page.toggle("formulas").set_value(True).run()
    assert table(page).count("<details open>") == 9


# Text and form in step


def test_a_slider_changes_the_text_the_table_and_the_address(latent_page):
    page = choose(latent_page(), "4")
    labelled(page.slider, "Channels").set_value(24).run()
    changed = "conv8 pool conv12 pool conv24 | up conv12 up conv3:sigmoid"
    assert text_of(page) == changed
    assert page.query_params["arch"] == changed
    assert table_rows(page)[4][2] == "8x8x24"
    assert verdict(page) == "Latent 8x8x24 = 1,536 numbers, 2.0x smaller than the input"


def test_the_text_changes_the_form(latent_page):
    page = write(latent_page(), "28x28x1 conv20k5s2:valid:tanh | up2:bilinear conv1:sigmoid")
    assert labelled(page.slider, "Channels").value == 20
    assert labelled(page.slider, "Kernel").value == 5
    assert labelled(page.slider, "Stride").value == 2
    assert labelled(page.selectbox, "Padding").value == "valid"
    assert labelled(page.selectbox, "Activation").value == "tanh"
    assert page.button_group("arch-chosen").options[0] == "28x28x1"


def test_choices_are_written_into_the_text(latent_page):
    page = latent_page()
    labelled(page.selectbox, "Activation").set_value("elu").run()
    labelled(page.selectbox, "Padding").set_value("valid").run()
    assert text_of(page).startswith("conv8:valid:elu pool ")


def test_sizes_beyond_the_slider_are_typed(latent_page):
    page = write(latent_page(), "conv512k13 | conv3:sigmoid")
    assert [item.label for item in page.slider] == ["Stride"]
    labelled(page.number_input, "Channels").set_value(600).run()
    assert text_of(page) == "conv600k13 | conv3:sigmoid"


def test_a_pools_stride_follows_its_size_until_it_is_set(latent_page):
    page = choose(latent_page(), "1")
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
    page = choose(latent_page(), "1")
    assert page.button_group("arch-chosen").value == "1"
    page = choose(page, "3")
    assert "**Layer 4: Max pooling**" in said(page.markdown)


def test_the_inputs_size_is_a_form_too(latent_page):
    page = choose(latent_page(), "input")
    labelled(page.number_input, "Height").set_value(64).run()
    labelled(page.number_input, "Width").set_value(48).run()
    assert text_of(page) == f"64x48x3 {HOMEWORK_TEXT}"
    assert table_rows(page)[4][2] == "16x12x16"


# Adding, removing, moving


def add(page, kind):
    return page.selectbox("arch-insert").set_value(kind).run()


def test_a_layer_is_added_behind_the_chosen_one_and_chosen(latent_page):
    page = add(choose(latent_page(), "0"), AveragePool)
    assert text_of(page) == "conv8 avgpool pool conv12 pool conv16 | up conv12 up conv3:sigmoid"
    assert page.button_group("arch-chosen").value == "1"
    assert page.selectbox("arch-insert").value is None
    assert "Average pooling" in said(page.markdown)


def test_a_layer_can_be_put_first_last_and_on_either_side_of_the_latent(latent_page):
    page = write(latent_page(), "conv8 | conv3:sigmoid")
    add(choose(page, "input"), MaxPool)
    assert text_of(page) == "pool conv8 | conv3:sigmoid"
    add(choose(page, "1"), MaxPool)
    assert text_of(page) == "pool conv8 pool | conv3:sigmoid"
    add(choose(page, "latent"), Conv)
    assert text_of(page) == "pool conv8 pool | conv16 conv3:sigmoid"
    add(choose(page, "4"), AveragePool)
    assert text_of(page) == "pool conv8 pool | conv16 conv3:sigmoid avgpool"


@pytest.mark.parametrize("kind", LAYER_KINDS.values(), ids=lambda kind: kind.__name__)
def test_every_kind_of_layer_has_a_form(latent_page, kind):
    page = add(latent_page(), kind)
    architecture = Architecture.parse(text_of(page))
    assert type(architecture.layers[1]) is kind
    assert f"**Layer 2: {kind.title}**" in said(page.markdown)


def test_a_layer_is_moved_and_stays_chosen(latent_page):
    page = choose(latent_page(), "0")
    assert labelled(page.button, "Move left").disabled
    press(page, "Move right")
    assert text_of(page).startswith("pool conv8 conv12")
    assert page.button_group("arch-chosen").value == "1"
    press(page, "Move left")
    assert text_of(page) == HOMEWORK_TEXT
    assert labelled(choose(page, "8").button, "Move right").disabled


def test_a_layer_is_removed(latent_page):
    page = press(choose(latent_page(), "8"), "Remove")
    assert text_of(page) == "conv8 pool conv12 pool conv16 | up conv12 up"
    assert len(table_rows(page)) == 8


def test_the_latent_is_moved(latent_page):
    page = choose(latent_page(), "latent")
    labelled(page.slider, "The latent is the output of layer").set_value(4).run()
    assert text_of(page) == "conv8 pool conv12 pool | conv16 up conv12 up conv3:sigmoid"
    assert verdict(page) == "Latent 8x8x12 = 768 numbers, 4.0x smaller than the input"


def test_removing_the_only_layer_of_a_side_is_refused_once_and_nothing_is_lost(latent_page):
    page = press(write(latent_page(), "conv8 | conv3:sigmoid"), "Remove")
    assert text_of(page) == "conv8 | conv3:sigmoid"
    assert "at least one layer on each side of the latent" in said(page.warning)
    page.run()
    assert "each side" not in said(page.warning)


def test_a_name_that_cannot_be_is_refused_and_the_old_one_kept(latent_page):
    page = choose(write(latent_page(), "conv8 @a | conv3:sigmoid add@a"), "1")
    before = text_of(page)
    page.text_input[0].set_value("not a name!").run()
    assert "Received" in said(page.warning)
    assert text_of(page) == before
    assert page.text_input[0].value == "a"


# Networks of the sources


def test_every_network_of_the_sources_is_shown_with_its_own_answer(latent_page):
    page = latent_page()
    for preset_id, preset in PRESETS.items():
        page.selectbox("arch-preset").set_value(preset_id).run()
        report = analyze(preset.architecture)
        assert text_of(page) == preset.text, preset_id
        assert verdict(page) == report.verdict.capitalize().replace("larger", "LARGER"), preset_id
        assert figure(page, "Parameters") == f"{report.parameters:,}", preset_id
        assert len(table_rows(page)) == len(preset.architecture.layers), preset_id
        assert preset.source.link in said(page.caption), preset_id


def test_a_latent_larger_than_the_input_warns(latent_page):
    page = latent_page(arch=PRESETS["strided-bn"].text)
    assert "LARGER" in verdict(page)
    assert "This does not compress" in said(page.warning)


# What cannot be


def test_an_impossible_layer_is_shown_at_its_row_and_the_rest_stays(latent_page):
    page = latent_page(arch=IMPOSSIBLE)
    assert verdict(page) == "This network cannot be built yet"
    assert len(table_rows(page)) == 8
    before, _, after = table(page).partition('<div class="problem">')
    assert before.count("<details") == 5  # the second pool8 is the fifth layer
    assert after.partition("</div>")[0] in page.error.values[0]
    assert labelled(page.button, "Train this network").disabled


def test_a_text_that_cannot_be_read_leaves_the_last_one_that_could(latent_page):
    page = write(latent_page(arch="conv20 | conv3:sigmoid"), "conv20 poool | conv3:sigmoid")
    assert "poool" in said(page.error)
    assert "pool" in said(page.error)
    assert "Below is the last architecture that could be read." in page.caption.values
    assert [row[1] for row in table_rows(page)] == ["conv20 ← latent", "conv3:sigmoid"]


def test_the_form_repairs_a_text_that_cannot_be_read(latent_page):
    page = write(latent_page(arch="conv20 | conv3:sigmoid"), "conv20 poool | conv3:sigmoid")
    labelled(page.slider, "Channels").set_value(21).run()
    assert text_of(page) == "conv21 | conv3:sigmoid"
    assert not page.error


@pytest.mark.parametrize("text", ["", " ", "|", "conv8", "conv8 | | conv3", "<b>hi</b>", "конв8"])
def test_nonsense_in_the_address_is_named_and_the_page_stays_usable(latent_page, text):
    page = latent_page(arch=text)
    assert len(page.error) == 1
    assert "Received" in page.error[0].value
    assert len(table_rows(page)) == 9
    assert write(page, "conv8 | conv3:sigmoid").error.values == []


# Address, comparison, copies


def test_the_address_sets_the_page(latent_page):
    page = latent_page(arch="conv4 pool | up conv3:sigmoid", formulas="true")
    assert text_of(page) == "conv4 pool | up conv3:sigmoid"
    assert table(page).count("<details open>") == 4


@pytest.mark.parametrize("text", [HOMEWORK_TEXT, "conv20 pool | up conv3:sigmoid"])
def test_the_network_is_taken_to_the_trainer(latent_page, text):
    page = press(write(latent_page(), text), "Train this network")
    assert page.title.values == ["Trainer"]
    assert text_of(page) == text


def test_a_network_that_the_form_has_changed_is_taken_to_the_trainer(latent_page):
    page = latent_page(arch="conv20 pool | up conv3:sigmoid", compare="true", formulas="true")
    labelled(page.slider, "Channels").set_value(21).run()
    press(page, "Train this network")
    assert text_of(page) == "conv21 pool | up conv3:sigmoid"


def test_a_second_network_stands_beside_the_first(latent_page):
    page = latent_page()
    page.toggle("compare").set_value(True).run()
    other = analyze(PRESETS["strided-bn"].architecture)
    frame = page.table[0].value
    assert list(frame.columns) == ["", "This network", "The other network"]
    lines = {line[0]: list(line[1:]) for line in frame.itertuples(index=False)}
    assert lines["Latent"] == ["8x8x16 = 1,024", f"16x16x32 = {other.latent_size:,}"]
    assert lines["Parameters"] == ["4,911", f"{other.parameters:,}"]
    page.selectbox("vs-preset").set_value("dense-1").run()
    assert text_of(page) == HOMEWORK_TEXT
    assert page.query_params["vs"] == PRESETS["dense-1"].text


def test_the_network_can_be_copied_as_notation_json_and_script(latent_page):
    page = opened(latent_page(arch="conv20 pool | up conv3:sigmoid"), "copies")
    notation, json_form, script = page.code.values
    assert notation == "conv20 pool | up conv3:sigmoid"
    assert json.loads(json_form)["input_shape"] == [32, 32, 3]
    assert str(Architecture.from_json(json_form)) == notation
    compile(script, "autoencoder.py", "exec")
    assert "20" in script


def test_a_network_without_a_script_says_why(latent_page):
    page = opened(latent_page(arch=IMPOSSIBLE), "copies")
    assert len(page.code) == 2
    assert "Received" in said(page.warning)


def test_the_downloaded_table_has_a_line_for_every_layer():
    report = analyze(PRESETS[HOMEWORK].architecture)
    lines = list(csv.DictReader(io.StringIO(table_csv(report))))
    assert [line["layer"] for line in lines] == [row.token for row in report.rows]
    assert sum(int(line["parameters"]) for line in lines) == report.parameters
