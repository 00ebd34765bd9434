"""Every number of the report beside the same number of the model that Keras builds."""

from __future__ import annotations

import math

import keras
import pytest

from cae_core import Architecture, analyze
from cae_core.architecture.layers import LAYER_KINDS, Mark
from cae_core.architecture.tokens import parse_layer
from cae_core.errors import ArchitectureError
from cae_core.models import layers as keras_layers
from cae_core.models.builder import build
from tests.core.random_architectures import Flavour, random_architecture

CHUNKS, CHUNK = 8, 20
EVERYTHING = Flavour()


@pytest.fixture(autouse=True, scope="module")
def _forgotten_models():
    yield
    keras.utils.clear_session()


@pytest.mark.parametrize("chunk", range(CHUNKS))
def test_every_row_of_random_networks_has_the_shape_and_parameters_of_its_keras_layer(chunk):
    for seed in range(chunk * CHUNK, (chunk + 1) * CHUNK):
        architecture = random_architecture(seed, EVERYTHING)
        text = str(architecture)
        report = analyze(architecture)
        model = build(architecture)
        for row in report.rows:
            if isinstance(row.layer, Mark):
                assert (row.output_shape, row.parameters) == (row.input_shape, 0), text
                continue
            layer = model.get_layer(row.layer.keras_name(row.index))
            assert tuple(layer.output.shape) == (None, *row.output_shape), (text, row.token)
            shared = layer.source.weights if getattr(layer, "source", None) else []
            own = [weight for weight in layer.weights if not any(weight is s for s in shared)]
            assert sum(math.prod(w.shape) for w in own) == row.parameters, (text, row.token)
        assert model.count_params() == report.parameters, text
        assert tuple(model.output.shape) == (None, *report.output_shape), text
        assert tuple(model.get_layer("latent").output.shape) == (None, *report.latent_shape), text


def test_the_random_networks_contain_every_kind_of_layer_and_both_paddings():
    layers = [
        layer
        for seed in range(CHUNKS * CHUNK)
        for layer in random_architecture(seed, EVERYTHING).layers
    ]
    assert {type(layer) for layer in layers} == set(LAYER_KINDS.values())
    for keyword in ("conv", "deconv", "pool", "avgpool"):
        found = [layer for layer in layers if layer.keyword == keyword]
        assert {layer.padding for layer in found} == {"same", "valid"}, keyword
        strides = {getattr(layer, "step", None) or layer.stride for layer in found}
        assert strides >= {1, 2, 3}, keyword
    assert {layer.interpolation for layer in layers if layer.keyword == "up"} == {
        "nearest",
        "bilinear",
    }


@pytest.mark.parametrize(
    ("token", "shape"),
    [
        ("conv8k5:valid", (4, 9, 3)),
        ("pool2", (1, 8, 3)),
        ("shuffle2", (8, 8, 6)),
        ("unshuffle2", (7, 8, 3)),
        ("reshape4x4x3", (47,)),
        ("crop2", (4, 9, 3)),
        ("conv8", (10,)),
        ("up:bilinear", (10,)),
        ("res8", (10,)),
    ],
)
def test_what_the_arithmetic_refuses_keras_refuses_too(token, shape):
    layer = parse_layer(token)
    with pytest.raises(ArchitectureError):
        layer.measure(shape)
    call = layer.keras_call()
    module = keras_layers if call.is_own else keras.layers
    with pytest.raises((ValueError, TypeError, IndexError)):
        getattr(module, call.layer_class)(**call.arguments)(keras.Input(shape))


@pytest.mark.parametrize("token", ["conv8k31", "conv8k31s8", "pool16:same", "deconv8k31s8"])
def test_windows_larger_than_the_image_work_with_same_padding_in_both(token):
    architecture = Architecture.parse(f"5x7x3 {token} | conv3")
    assert not analyze(architecture).rows[0].problem
    output = build(architecture).get_layer("layer_1_" + architecture.layers[0].keyword).output
    assert tuple(output.shape[1:]) == analyze(architecture).rows[0].output_shape
