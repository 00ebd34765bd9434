"""Edits of an architecture: always a whole architecture, or an ArchitectureError."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cae_core.architecture.editing import (
    adapted,
    insert_layer,
    move_latent,
    move_layer,
    remove_layer,
    replace_layer,
)
from cae_core.architecture.layers import MaxPool
from cae_core.architecture.notation import MAX_LAYERS, Architecture
from cae_core.architecture.presets import PRESETS
from cae_core.architecture.report import analyze
from cae_core.errors import ArchitectureError
from tests.core.random_architectures import layers

START = Architecture.parse("28x28x1 conv8 pool @a conv16 | up cat@a conv1:sigmoid")


@settings(max_examples=150, deadline=None)
@given(data=st.data())
def test_any_sequence_of_edits_gives_an_architecture_that_its_text_and_json_give_back(data):
    architecture = START
    for edit in data.draw(
        st.lists(st.sampled_from(["insert", "remove", "replace", "move", "latent"]), max_size=10)
    ):
        before = list(architecture.layers)
        latent = len(architecture.encoder)
        position = data.draw(st.integers(0, len(before) - (edit != "insert")))
        side = latent if position < latent else len(before) - latent
        if edit == "insert":
            layer = data.draw(layers)
            architecture = insert_layer(architecture, position, layer)
            expected = [*before[:position], layer, *before[position:]]
        elif edit == "replace":
            layer = data.draw(layers)
            architecture = replace_layer(architecture, position, layer)
            expected = [*before[:position], layer, *before[position + 1 :]]
        elif edit == "remove" and side == 1:
            with pytest.raises(ArchitectureError):
                remove_layer(architecture, position)
            expected = before
        elif edit == "remove":
            architecture = remove_layer(architecture, position)
            expected = [*before[:position], *before[position + 1 :]]
        elif edit == "move":
            to = data.draw(st.integers(0, len(before) - 1))
            architecture = move_layer(architecture, position, to)
            assert architecture.layers[to] == before[position]
            rest = [*before[:position], *before[position + 1 :]]
            expected = [*rest[:to], before[position], *rest[to:]]
        else:
            latent = data.draw(st.integers(1, len(before) - 1))
            architecture = move_latent(architecture, latent)
            assert len(architecture.encoder) == latent
            expected = before
        assert list(architecture.layers) == expected
        assert architecture.input_shape == START.input_shape
        assert Architecture.parse(str(architecture)) == architecture
        assert Architecture.from_json(architecture.to_json()) == architecture


@pytest.mark.parametrize("position", [0, 4, 7])
def test_a_layer_put_in_and_taken_out_again_leaves_no_trace(position):
    inserted = insert_layer(START, position, MaxPool())
    # At the bar the layer joins the encoder, so that its output is the latent.
    assert len(inserted.encoder) == len(START.encoder) + (position <= len(START.encoder))
    assert remove_layer(inserted, position) == START


@pytest.mark.parametrize(
    ("text", "position"), [("conv8 | up conv3", 0), ("conv8 pool | conv3", 2)], ids=str
)
def test_the_last_layer_of_a_side_cannot_be_removed(text, position):
    with pytest.raises(ArchitectureError, match=r"one layer on each side.*Received: .*Add a layer"):
        remove_layer(Architecture.parse(text), position)


@pytest.mark.parametrize("layers_before", [-1, 0, 7, 8])
def test_the_latent_cannot_be_moved_to_either_end(layers_before):
    with pytest.raises(ArchitectureError, match="one layer on each side"):
        move_latent(START, layers_before)


def test_more_layers_than_allowed_are_refused():
    full = Architecture((MaxPool(),) * (MAX_LAYERS - 1), (MaxPool(),))
    with pytest.raises(ArchitectureError, match=f"at most {MAX_LAYERS} layers"):
        insert_layer(full, 0, MaxPool())


@pytest.mark.parametrize(
    ("input_shape", "output_shape"),
    [
        ((28, 28, 1), (28, 28, 1)),
        ((32, 32, 3), (32, 32, 3)),
        ((32, 32, 1), (32, 32, 3)),
        ((32, 32, 1), (32, 32, 2)),
    ],
)
def test_every_published_network_can_be_adapted_to_other_images_and_tasks(
    input_shape, output_shape
):
    for preset in PRESETS.values():
        changed = adapted(preset.architecture, input_shape, output_shape)
        assert not analyze(changed, output_shape=output_shape).problems, preset.id
        assert changed.input_shape == input_shape
        assert len(changed.layers) == len(preset.architecture.layers)
        assert changed.encoder == preset.architecture.encoder


@pytest.mark.parametrize(
    ("text", "changed"),
    [
        (
            "conv8 flatten dense64 | dense192 bn reshape8x8x3 up up conv3:sigmoid",
            "28x28x1 conv8 flatten dense64 | dense147 bn reshape7x7x3 up up conv1:tanh",
        ),
        (
            "flatten dense64 | dense3072:sigmoid reshape32x32x3",
            "28x28x1 flatten dense64 | dense784:tanh reshape28x28x1",
        ),
        # 28 pixels cannot be halved three times: the smallest change that helps is made as well.
        (
            "conv8 pool pool pool | up up up conv3:sigmoid",
            "28x28x1 conv8 pool pool pool | up up pad up conv1:tanh",
        ),
    ],
)
def test_input_output_and_reshapes_are_adapted(text, changed):
    network = Architecture.parse(text)
    found = adapted(network, (28, 28, 1), (28, 28, 1), "tanh")
    assert str(found) == changed
