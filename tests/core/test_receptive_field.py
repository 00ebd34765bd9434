"""The receptive field beside what the built model really looks at.

All weights are made positive and all activations let positive numbers through, so that nothing
cancels: a light in the picture reaches exactly the outputs that depend on its place.
"""

from __future__ import annotations

from dataclasses import replace

import keras
import numpy as np
import pytest

from cae_core import Architecture
from cae_core.build import build
from cae_core.graph import input_interval
from cae_core.layers import (
    LAYER_KINDS,
    Dense,
    Flatten,
    MaxPool,
    Reshape,
)
from tests.core.random_architectures import Flavour, random_architecture

# What the arithmetic says is what an output *can* depend on. It is exactly what it does depend
# on if channels mix behind an unshuffle, and if a stride above its kernel, which leaves gaps,
# meets neither padding nor a second such layer of the other direction: an interval has no gaps.
# Bilinear factors are even here: for odd ones TensorFlow leaves rounding errors where a weight
# is 0, which the test of single layers tells apart.
_FOLLOWED = Flavour(
    activations=("linear", "relu"),
    has_vectors=False,
    bilinear_factors=(2, 4),
    mixes_channels=True,
)
FLAVOURS = {
    "gaps in windows": replace(_FOLLOWED, deconv_gaps=False, has_padding_layers=False),
    "gaps in deconvs": replace(_FOLLOWED, window_gaps=False),
}
CHUNKS, CHUNK = 8, 20


@pytest.fixture(autouse=True)
def _forgotten_models():
    yield
    keras.utils.clear_session()


def positive_model(architecture: Architecture) -> keras.Model:
    """The model with every kernel 1 and every bias 0."""
    model = build(architecture)
    for weight in model.trainable_weights:
        if len(weight.shape) > 1:
            weight.assign(np.ones(weight.shape, np.float32))
    return model


def responses(model: keras.Model, axis: int) -> np.ndarray:
    """How much output position p along an axis depends on input position i: (p, i).

    The batch holds one picture per input position, black but for a white line there. Positive
    weights without biases keep black black, so that what lights up depends on that line. This
    is the Jacobian column by column, and it holds for max pooling as well, where a gradient
    knows the largest pixel only.
    """
    side = model.input_shape[1 + axis]
    lines = np.zeros((side, *model.input_shape[1:]), np.float32)  # (i, H, W, C)
    for position in range(side):
        lines[position].swapaxes(0, axis)[position] = 1.0
    outputs = np.asarray(model(lines, training=False))  # (i, H', W', C')
    return outputs.sum(axis=(2, 3) if axis == 0 else (1, 3)).T


def spans(seen: np.ndarray) -> list[tuple[int, int] | None]:
    """First and last True of every row; None for a row without one."""
    found = [np.flatnonzero(row) for row in seen]
    return [(int(row[0]), int(row[-1])) if len(row) else None for row in found]


def calculated_spans(architecture: Architecture, axis: int) -> list[tuple[int, int] | None]:
    """The same from the arithmetic, for the last layer."""
    first, last = input_interval(architecture, len(architecture.layers), axis=axis, clipped=True)
    return [(int(a), int(b)) if a <= b else None for a, b in zip(first, last, strict=True)]


@pytest.mark.parametrize("gaps", FLAVOURS)
@pytest.mark.parametrize("chunk", range(CHUNKS))
def test_random_networks_see_exactly_the_calculated_positions(chunk, gaps):
    for seed in range(chunk * CHUNK, (chunk + 1) * CHUNK):
        architecture = random_architecture(seed, FLAVOURS[gaps], layers=(2, 6))
        model = positive_model(architecture)
        for axis in (0, 1):
            found = spans(responses(model, axis) > 0)
            assert found == calculated_spans(architecture, axis), (str(architecture), axis)


def test_the_random_networks_contain_every_kind_of_layer_with_a_neighbourhood():
    kinds = {
        type(layer)
        for flavour in FLAVOURS.values()
        for seed in range(CHUNKS * CHUNK)
        for layer in random_architecture(seed, flavour, layers=(2, 6)).layers
    }
    assert kinds == set(LAYER_KINDS) - {Flatten, Dense, Reshape}
