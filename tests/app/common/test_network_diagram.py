"""The network as blocks."""

import json

import pytest
from streamlit.testing.v1 import AppTest

from cae_core.architecture.notation import Architecture
from cae_core.architecture.report import analyze
from cae_ui.common.network_diagram import blocks


def drawn(text):
    return blocks(analyze(Architecture.parse(text)))


def test_every_tensor_is_a_block_whose_area_is_its_size():
    found = drawn("conv8 pool | up conv3:sigmoid")
    assert [block.id for block in found] == ["input", "0", "1", "2", "3"]
    assert [block.kind for block in found] == ["input", "encoder", "latent", "decoder", "decoder"]
    assert [block.height for block in found] == pytest.approx([1, 1, 0.5, 1, 1])
    sizes = [3 * 32**2, 8 * 32**2, 8 * 16**2, 8 * 32**2, 3 * 32**2]
    areas = [block.height * block.width for block in found]
    assert areas == pytest.approx([size / max(sizes) for size in sizes])
    assert found[2].shape == "16²×8"
    assert found[2].description.startswith("Layer 2, pool, the latent: 16x16x8 = 2,048 numbers")


def test_a_vector_is_no_map():
    found = drawn("flatten dense100 | dense3072 reshape32x32x3")
    assert [block.is_vector for block in found] == [False, True, True, True, False]
    assert found[2].description.startswith("Layer 2, dense100, the latent: vector of 100 numbers")
    assert found[1].width == pytest.approx(found[0].width)  # as many numbers


def test_a_layer_that_cannot_work_is_marked_with_its_reason():
    (wrong,) = [
        block for block in drawn("conv8 pool8 pool8 | up conv3:sigmoid") if block.kind == "problem"
    ]
    assert wrong.id == "2"
    assert "Received" in wrong.description


def test_the_browser_is_told_what_is_chosen_and_whether_anything_can_be():
    def script():
        from cae_core.architecture.notation import Architecture
        from cae_core.architecture.report import analyze
        from cae_ui.common.network_diagram import network_diagram

        report = analyze(Architecture.parse("conv8 pool | up conv3:sigmoid"))
        network_diagram(report, key="choice", chosen="1", on_choose=print)
        network_diagram(report, key="image")

    choice, image = (
        json.loads(component.proto.json)
        for component in AppTest.from_function(script, default_timeout=300)
        .run()
        .get("bidi_component")
    )
    assert (choice["chosen"], choice["canChoose"]) == ("1", True)
    assert image["canChoose"] is False
    assert list(choice["legend"].values()) == ["Input", "Encoder", "Latent", "Decoder"]
