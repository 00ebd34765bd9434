"""The receptive field beside what the built model really looks at.

All weights are made positive and all activations let positive numbers through, so that nothing
cancels: a light in the image reaches exactly the outputs that depend on its place.
"""

from __future__ import annotations

from dataclasses import replace

import keras
import numpy as np
import pytest

from cae_core import Architecture, analyze
from cae_core.architecture.layers import LAYER_KINDS, Dense, Flatten, Pca, Reshape, Unpca
from cae_core.architecture.receptive_field import input_interval, receptive_field
from cae_core.models.builder import build
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
CHUNKS, CHUNK = 5, 10


@pytest.fixture(autouse=True, scope="module")
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

    The batch holds one image per input position, black but for a white line there. Positive
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
@pytest.mark.parametrize(
    "chunk", [0, *(pytest.param(chunk, marks=pytest.mark.heavy) for chunk in range(1, CHUNKS))]
)
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
    assert kinds == set(LAYER_KINDS.values()) - {Flatten, Dense, Reshape, Pca, Unpca}


@pytest.mark.parametrize("side", [5, 8])
@pytest.mark.parametrize(
    "token",
    [
        *[f"up{factor}" for factor in (2, 3, 4, 5)],
        *[f"up{factor}:bilinear" for factor in (2, 3, 4, 5, 6, 7)],
        *[
            f"deconv1k{kernel}s{stride}{padding}"
            for kernel, stride in [(2, 3), (2, 2), (3, 3), (3, 2), (4, 2), (5, 2), (6, 3)]
            for padding in ("", ":valid")
        ],
        *[f"conv1k{kernel}s{stride}" for kernel in (1, 2, 3, 4, 5) for stride in (1, 2, 3)],
        *["pool3s2:same", "pool2:same", "pool4s3:same", "avgpool3s2:same", "pool3s2", "pool5s1"],
        *["blur", "res1k4s2", "res1k3s3", "subpixel1", "pad2", "crop2"],
    ],
)
def test_one_layer_sees_exactly_the_calculated_positions(token, side):
    architecture = Architecture.parse(f"{side}x{side + 1}x1 {token} | linear")
    model = positive_model(architecture)
    for axis in (0, 1):
        found = responses(model, axis)
        # A weight of an odd bilinear factor that should be 0 is up to 1e-6.
        assert spans(found > 1e-5 * found.max()) == calculated_spans(architecture, axis)


@pytest.mark.parametrize(
    "text",
    [
        "conv4 @a pool conv4 | up cat@a conv3",
        "@a conv4k5s2 conv4 | deconv2k4s2 cat@a conv3",
        "conv4 @a conv4k5 conv4k5 add@a | conv3 cat@a conv3",
        "conv4 @a pool @b conv4k5 | up3 crop2 conv2",
        "unshuffle2 conv8 @a res8 | add@a shuffle2 blur",
        "pad3 conv4:valid conv4k5:valid @a crop2 pad2 | add@a conv2",
    ],
)
def test_networks_with_skips_see_exactly_the_calculated_positions(text):
    architecture = Architecture.parse(f"20x14x3 {text}")
    model = positive_model(architecture)
    for axis in (0, 1):
        assert spans(responses(model, axis) > 0) == calculated_spans(architecture, axis)


@pytest.mark.parametrize(
    ("text", "latent", "output"),
    [
        ("conv2 pool conv2 pool conv2 | up conv2 up conv2:linear", 18, 26),
        ("conv2 bn conv2s2 conv2 bn | up conv2 bn conv2k1:linear", 9, 11),
        ("unshuffle2 conv8 | conv12 shuffle2", 6, 10),
    ],
)
def test_receptive_fields_equal_those_of_the_model_far_from_the_sides(text, latent, output):
    # Large enough that neither end of the largest field lies outside.
    architecture = Architecture.parse(f"96x80x3 {text}")
    report = analyze(architecture)
    assert report.latent_receptive_field == (latent, latent)
    assert report.receptive_field == (output, output)
    model = positive_model(architecture)
    encoder = keras.Model(model.input, model.get_layer("latent").output)
    for part, extent in ((encoder, latent), (model, output)):
        for axis in (0, 1):
            found = [span for span in spans(responses(part, axis) > 0) if span]
            assert max(last - first + 1 for first, last in found) == extent


@pytest.mark.parametrize("seed", range(10))
def test_chains_of_windows_follow_the_closed_formula(seed):
    # Araujo, Norris & Sim, Distill 2019, equation 2: 1 + the sum of (k - 1) times all strides
    # before.
    rng = np.random.default_rng(seed)
    sizes = [(int(rng.integers(1, 8)), int(rng.integers(1, 4))) for _ in range(6)]
    tokens = [
        f"conv2k{kernel}s{stride}" if rng.random() < 0.6 else f"pool{kernel}s{stride}:same"
        for kernel, stride in sizes
    ]
    strides = np.cumprod([1, *[stride for _, stride in sizes[:-1]]])
    expected = 1 + sum(
        (kernel - 1) * int(jump) for (kernel, _), jump in zip(sizes, strides, strict=True)
    )
    report = analyze(Architecture.parse(" ".join([*tokens[:3], "|", *tokens[3:]])))
    assert report.receptive_field == (expected, expected)


def test_behind_a_flatten_everything_is_seen():
    report = analyze(
        Architecture.parse("20x30x1 conv2 pool flatten dense6 | dense150 reshape10x15x1 up")
    )
    assert [row.receptive_field for row in report.rows[2:]] == [(20, 30)] * 5


def test_the_report_holds_the_largest_interval_of_every_layer():
    architecture = Architecture.parse("13x9x2 conv4k5s2 @a res4 | cat@a up conv3 deconv2k3s2")
    for row in analyze(architecture).rows:
        assert row.receptive_field == receptive_field(architecture, row.index)
        for axis in (0, 1):
            first, last = input_interval(architecture, row.index, axis=axis)
            assert len(first) == row.output_shape[axis]
            assert row.receptive_field[axis] == max(last - first + 1)


def test_an_output_that_lies_in_padding_sees_nothing():
    architecture = Architecture.parse("6x6x1 pad3 | conv2k3")
    assert calculated_spans(architecture, 0)[:3] == [None, None, (0, 0)]


def test_a_gap_between_the_pixels_of_a_transposed_convolution_sees_nothing():
    assert calculated_spans(Architecture.parse("2x2x1 linear | deconv1k2s3"), 0) == [
        (0, 0),
        (0, 0),
        None,
        (1, 1),
        (1, 1),
        None,
    ]


def test_a_hundred_strides_give_a_field_above_every_image_and_no_overflow():
    architecture = Architecture.parse(" ".join(["conv1k3s8"] * 100) + " | conv3")
    fields = [row.receptive_field[0] for row in analyze(architecture).rows]
    assert fields[:3] == [3, 19, 147]
    assert fields == sorted(fields)
