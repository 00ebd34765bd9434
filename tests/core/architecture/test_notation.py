"""The notation and the JSON form: what is read is what was written, and mistakes are explained."""

from __future__ import annotations

import dataclasses
import json
import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cae_core import Architecture, ArchitectureError
from cae_core.architecture.layers import (
    LAYER_KINDS,
    MAX_CHANNELS,
    MAX_SIDE,
    Activation,
    Add,
    AveragePool,
    BatchNorm,
    Concatenate,
    Conv,
    Deconv,
    Dense,
    Mark,
    MaxPool,
    Reshape,
    Residual,
    SubPixel,
    Up,
)
from cae_core.architecture.notation import DEFAULT_INPUT_SHAPE, MAX_LAYERS, MAX_TEXT_LENGTH
from cae_core.architecture.tokens import parse_layer
from tests.core.random_architectures import layers

GOOD = {
    "input_shape": [32, 32, 3],
    "encoder": [{"layer": "conv", "channels": 8}],
    "decoder": [{"layer": "up"}],
}


# --- What is written is read back ----------------------------------------------------------


any_layers = st.lists(layers, min_size=1, max_size=6)
input_shapes = st.just(DEFAULT_INPUT_SHAPE) | st.tuples(
    st.integers(1, MAX_SIDE), st.integers(1, MAX_SIDE), st.integers(1, MAX_CHANNELS)
)
architectures = st.builds(Architecture, any_layers, any_layers, input_shapes)


@settings(max_examples=200, deadline=None)
@given(architectures)
def test_every_architecture_is_read_back_from_its_text_and_from_its_json(architecture):
    assert Architecture.parse(str(architecture)) == architecture
    assert Architecture.from_json(architecture.to_json()) == architecture
    assert Architecture.from_json(json.loads(architecture.to_json())) == architecture


@pytest.mark.parametrize(
    ("written", "canonical"),
    [
        ("pool2s2", "pool"),
        ("pool2s1", "pool2s1"),
        ("pools1", None),
        ("avgpool2:valid", "avgpool"),
        ("conv8k3s1:same:relu", "conv8"),
        ("conv8s2k5", "conv8k5s2"),
        ("conv08", "conv8"),
        ("conv8:sigmoid:valid", "conv8:valid:sigmoid"),
        ("CONV8:Sigmoid", "conv8:sigmoid"),
        ("deconv8s2", "deconv8"),
        ("up2:nearest", "up"),
        ("dense10:relu", "dense10"),
        ("res8k5s2:elu", "res8k5s2:elu"),
        ("deconv8s2o1", "deconv8o1"),
        ("deconv8o0", "deconv8o0"),
        ("conv8d2k5", "conv8k5d2"),
        ("conv2k3d2", "conv2k3d2"),
        ("sepconv8k3s1:relu", "sepconv8"),
        ("dwconv3:same", "dwconv"),
        ("dwconv5s2:valid", "dwconv5s2:valid"),
        ("dropout.2", "dropout0.2"),
        ("conv8:swish", "conv8:silu"),
        ("LReLU", "leaky_relu"),
        ("swish", "silu"),
    ],
)
def test_one_layer_has_one_canonical_spelling(written, canonical):
    if canonical is None:
        with pytest.raises(ArchitectureError):
            Architecture.parse(f"{written} | up")
        return
    architecture = Architecture.parse(f"{written} | up")
    assert str(architecture) == f"{canonical} | up"
    assert architecture == Architecture.parse(f"{canonical} | up")


@pytest.mark.parametrize(
    ("token", "layer"),
    [
        ("conv32k5s2", Conv(32, 5, 2)),
        ("conv3k1:sigmoid", Conv(3, 1, activation="sigmoid")),
        ("conv16:valid", Conv(16, padding="valid")),
        ("pool", MaxPool(2, None, "valid")),
        ("avgpool3s2", AveragePool(3, 2)),
        ("up4:bilinear", Up(4, "bilinear")),
        ("deconv32", Deconv(32, 3, 2, "same", "relu")),
        ("dense1000:linear", Dense(1000, "linear")),
        ("reshape8x9x12", Reshape(8, 9, 12)),
        ("res64s2", Residual(64, 3, 2)),
        ("subpixel12s3", SubPixel(12, 3)),
        ("bn", BatchNorm()),
        ("silu", Activation("silu")),
        ("@skip1", Mark("skip1")),
        ("cat@skip1", Concatenate("skip1")),
        ("add@s", Add("s")),
    ],
)
def test_a_token_means_what_the_manual_says(token, layer):
    assert parse_layer(token) == layer


def test_the_halves_and_the_input_shape_come_from_the_text():
    architecture = Architecture.parse("28x30x1\n  conv8 pool|up\tconv1:sigmoid ")
    assert architecture.input_shape == (28, 30, 1)
    assert architecture.encoder == (Conv(8), MaxPool())
    assert architecture.decoder == (Up(), Conv(1, activation="sigmoid"))


def test_the_input_shape_may_be_an_argument_and_must_agree_with_the_text():
    assert Architecture.parse("conv8 | up", (28, 28, 1)).input_shape == (28, 28, 1)
    assert Architecture.parse("conv8 | up", [28, 28, 1]).input_shape == (28, 28, 1)
    assert Architecture.parse("28x28x1 conv8 | up", [28, 28, 1]).input_shape == (28, 28, 1)
    with pytest.raises(ArchitectureError, match=r"must be the same.*28x28x1.*\(32, 32, 3\)"):
        Architecture.parse("28x28x1 conv8 | up", (32, 32, 3))


# --- Mistakes that people make -------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        # (text, what the message names: rule, token, position, remedy)
        ("conv8 poool | up", ["name a layer", "'poool'", "token 2", "Did you mean 'pool'?"]),
        ("conv8 maxpool | up", ["'maxpool'", "token 2", "Did you mean 'pool'?"]),
        ("flatten fc100 | up", ["'fc100'", "token 2", "Did you mean 'dense'?"]),
        ("conv8 convT16 | up", ["'convt16'", "token 2", "mean 'deconv16', whose stride is 2"]),
        ("MaxPool2D(2) | up", ["'maxpool2d(2)'", "Did you mean 'pool'?"]),
        ("conv8 Conv2DTranspose(8) | up", ["Did you mean 'deconv16'"]),
        ("conv8 drop | up", ["Did you mean 'dropout0.2'?"]),
        ("conv8 lrelu0.2 | up", ["Did you mean 'leaky_relu'?"]),
        ("conv8 Dropout(0.3) | up", ["Did you mean 'dropout0.3'?"]),
        ("conv8 dropot | up", ["Did you mean 'dropout0.2'?"]),
        ("conf8k5 | up", ["Did you mean 'conv8k5'?"]),
        ("conv8 depthwise_conv2d | up", ["Did you mean 'dwconv3'"]),
        ("conv2d32 | up", ["'conv2d32'", "its channels", "Write for example conv32"]),
        ("conv8d0.5 | up", ["'conv8d0.5'", "token 1"]),
        ("conv8 quantize | up", ["Did you mean 'rounding4'?"]),
        ("rounding17 | up", ["bits of rounding", "from 1 to 16", "Received: 17"]),
        ("dropout20 | up", ["rate of dropout", "from 0.001 to 0.99", "Received: 20"]),
        ("dropout | up", ["dropout<rate>", "dropout0.2"]),
        ("conv8.5 | up", ["channels of conv", "whole number", "Received: 8.5"]),
        ("Conv2D(32,3) | up", ["'conv2d(32,3)'", "token 1", "Separate tokens with spaces"]),
        ("conv8,pool | up", ["'conv8,pool'", "token 1", "Separate tokens with spaces"]),
        ("conv8 -> pool | up", ["'->'", "token 2", "Use one of conv, deconv"]),
        ("conv8 28x28x1 | up", ["'28x28x1'", "token 2", "shape stands first"]),
        ("0x28x1 conv8 | up", ["height, width and channels", "(0, 28, 1)", "(32, 32, 3)"]),
        ("conv8 conv | up", ["conv<channels>k<kernel>s<stride>", "token 2", "conv16"]),
        ("flatten dense | up", ["dense<units>", "'dense'", "token 2", "dense128"]),
        ("conv8 reshape8x8 | up", ["reshape<height>x<width>x<channels>", "token 2", "8x8x16"]),
        ("conv8s2s2 | up", ["'conv8s2s2'", "token 1", "'s2'", "stands twice", "Leave it out"]),
        ("conv8 bn4 | up", ["bn takes no number", "'bn4'", "token 2", "Leave it out"]),
        ("conv8 conv0 | up", ["from 1 to 4,096", "Received: 0", "'conv0'", "token 2"]),
        ("conv99999999999999999 | up", ["channels of conv", "4,096", "token 1"]),
        ("conv8:sigmod | up", ["after ':'", "'conv8:sigmod'", "token 1", "mean 'sigmoid'?"]),
        ("conv8:relu:tanh | up", ["each kind once", "token 1", "Keep one of relu and tanh"]),
        ("flatten:relu | up", ["can't follow", "'flatten:relu'", "token 1", "Leave it out"]),
        ("conv8 | up cat", ["mark's name", "'cat'", "token 3", "@a"]),
        ("conv8 | up concat@a", ["name a layer", "'concat@a'", "token 3", "cat@a"]),
        (
            "conv8 conv3",
            ["One '|'", "Received: none in", "behind the layer whose output is the latent"],
        ),
        ("", ["One '|'", "Received: an empty text", "behind the layer"]),
        ("conv8 | up | conv3", ["One '|'", "Received: 2", "behind the layer"]),
        ("conv8 |", ["at least one layer", "no layer in the decoder", "conv16"]),
    ],
)
def test_a_mistake_is_answered_with_rule_token_position_and_remedy(text, parts):
    with pytest.raises(ArchitectureError) as caught:
        Architecture.parse(text)
    message = str(caught.value)
    assert "Received: " in message
    for part in parts:
        assert part in message, message


def test_a_long_token_is_shortened_in_the_message():
    with pytest.raises(ArchitectureError) as caught:
        Architecture.parse("x" * 3_000 + " | up")
    assert len(str(caught.value)) < 500


@pytest.mark.parametrize("token", ["conv" + "1" * 3_000 + "!", "a" * 3_900, "conv" + "k1" * 1_900])
def test_a_hostile_token_is_refused(token):
    # A pattern that backtracks into the digits would never come back from here.
    with pytest.raises(ArchitectureError):
        Architecture.parse(f"{token} | up")


def test_texts_and_architectures_have_a_largest_length():
    enough = ["relu"] * (MAX_LAYERS - 1)
    assert len(Architecture.parse(" ".join([*enough, "|", "relu"])).layers) == MAX_LAYERS
    with pytest.raises(ArchitectureError, match=f"at most {MAX_LAYERS} layers.*{MAX_LAYERS + 1}"):
        Architecture.parse(" ".join([*enough, "relu", "|", "relu"]))
    padded = "conv8 | up".ljust(MAX_TEXT_LENGTH)
    assert Architecture.parse(padded).encoder == (Conv(8),)
    with pytest.raises(ArchitectureError, match=r"at most 4,000 characters.*4,001"):
        Architecture.parse(padded + " ")


@pytest.mark.parametrize(
    "shape",
    [
        *[(32, 32), (32, 32, 3, 1), (0, 32, 3), (32, 5_000, 3), (32.0, 32, 3), (True, 32, 3)],
        *[5, None, "abc", (10**5_000, 1, 1), (32, 32, None)],
    ],
)
def test_an_input_shape_that_cannot_be_is_refused(shape):
    with pytest.raises(ArchitectureError, match=r"^An input shape is height, width and channels"):
        Architecture((Conv(8),), (Up(),), shape)
    if shape is not None:
        with pytest.raises(ArchitectureError, match="An input shape is"):
            Architecture.parse("28x28x1 conv8 | up", shape)


@settings(max_examples=100, deadline=None)
@given(st.text(max_size=60))
def test_any_text_is_an_architecture_or_a_mistake(text):
    try:
        architecture = Architecture.parse(text)
    except ArchitectureError as error:
        assert "Received: " in str(error)
    else:
        assert Architecture.parse(str(architecture)) == architecture


_SCRAPS = ["conv", "pool", "up", "cat", "add", "@", "|", " ", ":", "k", "s", "x", "3", "12", "0"]
_SCRAPS += ["same", "relu", "reshape", "dense", "a", "28x28x1 ", "deconv", "res"]
_SCRAPS += ["٣", "²", "İ", "-"]


@settings(max_examples=200, deadline=None)
@given(st.lists(st.sampled_from(_SCRAPS), max_size=14).map("".join))
def test_any_scraps_of_notation_are_an_architecture_or_a_mistake(text):
    try:
        architecture = Architecture.parse(text + "|up")
    except ArchitectureError as error:
        assert "Received: " in str(error)
    else:
        assert Architecture.parse(str(architecture)) == architecture


# --- JSON ----------------------------------------------------------------------------------


def test_the_json_form_spells_every_size_out():
    document = json.loads(Architecture.parse("conv8 pool | up relu @a").to_json())
    assert document == {
        "input_shape": [32, 32, 3],
        "encoder": [
            {
                "layer": "conv",
                "channels": 8,
                "kernel": 3,
                "stride": 1,
                "padding": "same",
                "activation": "relu",
                "dilation": 1,
            },
            {"layer": "pool", "size": 2, "stride": None, "padding": "valid"},
        ],
        "decoder": [
            {"layer": "up", "factor": 2, "interpolation": "nearest"},
            {"layer": "activation", "function": "relu"},
            {"layer": "mark", "name": "a"},
        ],
    }


def test_sizes_that_have_a_default_may_be_left_out_of_the_json_form():
    assert Architecture.from_json(GOOD) == Architecture.parse("conv8 | up")


def _with_layer(**layer: object) -> dict:
    return GOOD | {"encoder": [layer]}


@pytest.mark.parametrize(
    ("document", "parts"),
    [
        (GOOD | {"note": 1}, ["keys of the document", "unknown 'note'", "Remove it"]),
        (GOOD | {1: 2}, ["unknown '1'"]),
        ({"encoder": [], "decoder": []}, ["keys of the document", "no input_shape", "Add it"]),
        (_with_layer(layer="conv", channels=8, filters=3), ["encoder[0]", "unknown 'filters'"]),
        (_with_layer(layer="conv"), ["encoder[0]", "no channels", "Add it"]),
        (_with_layer(channels=8), ["'layer' is one of", "encoder[0]"]),
        (_with_layer(layer="convolution", channels=8), ["'layer' is one of", "encoder[0]"]),
        (_with_layer(layer="conv", channels=True), ["channels of conv", "True", "encoder[0]"]),
        (_with_layer(layer="conv", channels="8"), ["channels of conv", "'8'", "encoder[0]"]),
        (_with_layer(layer="conv", channels=10**30), ["channels of conv", "encoder[0]"]),
        (_with_layer(layer="conv", channels=10**5_000), ["channels of conv", "too large"]),
        (_with_layer(layer="conv", channels=8, padding=None), ["padding of conv", "None"]),
        (_with_layer(layer="conv", channels=8, activation="Relu"), ["activation of", "'Relu'"]),
        (_with_layer(layer="mark", name=None), ["mark's name", "None"]),
        (_with_layer(layer="mark", name="a" * 17), ["mark's name", "16 at most"]),
        (_with_layer(layer="activation", function="softmax"), ["function of activation"]),
        (GOOD | {"encoder": "conv8"}, ["'encoder' is a list", "'conv8'"]),
        (GOOD | {"encoder": ["conv8"]}, ["Every layer is an object", "'conv8'", "encoder[0]"]),
        (GOOD | {"decoder": 10**5_000}, ["'decoder' is a list", "too large"]),
        (GOOD | {"input_shape": [32, 32]}, ["An input shape", "[32, 32]"]),
        (GOOD | {"input_shape": [True, 32, 3]}, ["An input shape"]),
        (GOOD | {"encoder": [{"layer": "bn"}] * (MAX_LAYERS + 1)}, ["at most 200 layers"]),
        ("{", ["valid JSON", "Copy the whole document again"]),
        ("[" * 100_000, ["valid JSON"]),
        ('{"input_shape": [' + "9" * 5_000 + ", 1, 1]}", ["valid JSON"]),
        ("null", ["is a JSON object", "None"]),
        (5, ["is a JSON object"]),
    ],
)
def test_a_json_document_that_cannot_be_is_refused_with_its_place(document, parts):
    with pytest.raises(ArchitectureError) as caught:
        Architecture.from_json(document)
    message = str(caught.value)
    assert "Received: " in message
    assert len(message) < 500
    for part in parts:
        assert part in message, message


_json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4)
    ),
    max_leaves=12,
)
_almost_layers = st.fixed_dictionaries(
    {"layer": st.sampled_from(list(LAYER_KINDS)) | _json_values},
    optional={
        name: st.integers(0, 40) | st.sampled_from(["same", "relu", "nearest", "a"]) | _json_values
        for name in ("channels", "kernel", "stride", "padding", "name", "units", "size", "x")
    },
)


@settings(max_examples=200, deadline=None)
@given(_json_values)
def test_any_json_is_an_architecture_or_a_mistake(value):
    for document in (value, json.dumps(value), GOOD | {"decoder": value}):
        try:
            architecture = Architecture.from_json(document)
        except ArchitectureError as error:
            assert "Received: " in str(error)
        else:
            assert Architecture.from_json(architecture.to_json()) == architecture


@settings(max_examples=100, deadline=None)
@given(
    st.fixed_dictionaries(
        {
            "input_shape": st.just([32, 32, 3]) | _json_values,
            "encoder": st.lists(_almost_layers, max_size=3) | _json_values,
            "decoder": st.lists(_almost_layers, max_size=3),
        }
    )
)
def test_any_almost_right_json_is_an_architecture_or_a_mistake(document):
    try:
        architecture = Architecture.from_json(json.dumps(document))
    except ArchitectureError as error:
        assert "Received: " in str(error)
    else:
        assert Architecture.from_json(architecture.to_json()) == architecture


# --- Layers made in Python, and scaling ----------------------------------------------------


@pytest.mark.parametrize(
    "make",
    [
        lambda: Conv(0),
        lambda: Conv(8, kernel=32),
        lambda: Conv(8, padding="full"),
        lambda: Conv(8, activation="softmax"),
        lambda: Conv(8.0),
        lambda: Mark("A"),
        lambda: Up(1),
    ],
)
def test_a_layer_that_cannot_be_is_refused_where_it_is_made(make):
    with pytest.raises(ArchitectureError, match="Received: "):
        make()


def test_an_architecture_cannot_be_changed_and_can_be_a_key():
    architecture = Architecture([Conv(8)], [Up()])
    assert architecture.encoder == (Conv(8),)
    with pytest.raises(dataclasses.FrozenInstanceError):
        architecture.encoder = ()
    assert {architecture: 1}[Architecture.parse("conv8 | up")] == 1


@pytest.mark.parametrize(
    ("text", "width", "scaled"),
    [
        ("conv8 pool res12 | up deconv6 subpixel4 conv3", 2, "conv16 pool res24 | up deconv12"),
        ("conv8 | conv4 conv3", 0.5, "conv4 | conv2 conv3"),
        ("conv8 | conv1 conv3", 0.01, "conv1 | conv1 conv3"),
        ("conv4096 | conv3", 4, "conv4096 | conv3"),
        ("conv8 flatten dense10 | dense3072 reshape32x32x3", 2, "conv16 flatten dense10"),
        ("bn | relu", 2, "bn | relu"),
    ],
)
def test_scaling_multiplies_channels_but_not_the_outputs(text, width, scaled):
    found = str(Architecture.parse(text).scaled(width))
    assert found.startswith(scaled)
    last = text.split()[-1]
    assert found.endswith(last)


@pytest.mark.parametrize("width", [0, -1, float("nan"), float("inf")])
def test_a_width_that_is_no_positive_number_is_refused(width):
    with pytest.raises(ArchitectureError, match=re.escape(f"Received: {width}")):
        Architecture.parse("conv8 | up").scaled(width)
