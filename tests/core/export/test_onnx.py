"""ONNX: another program calculates from the file what Keras calculates."""

import keras
import numpy as np
import onnx
import onnxruntime
import pytest

from cae_core.architecture.layers import LAYER_KINDS
from cae_core.architecture.notation import Architecture
from cae_core.architecture.presets import PRESETS
from cae_core.errors import ArchitectureError
from cae_core.export.files import save_keras, save_onnx
from cae_core.models.builder import build, split
from tests.core.random_architectures import Flavour, random_architecture

USUAL = {"convolutions", "vectors, maps and skips"}

# Together these hold every kind of layer, with the sizes at which frameworks differ.
TEXTS = {
    "convolutions": (
        "29x30x3 conv4k2 conv4k3s2 conv4d2 conv4k2d3:valid conv5k2s3 | conv3k1s2 conv3k5"
    ),
    "separable convolutions": (
        "29x30x3 sepconv4k2 sepconv5s2:valid dwconv3s2 dropout0.3 rounding4 "
        "| dwconv4:valid sepconv3k1s2"
    ),
    "transposed convolutions": (
        "5x6x3 deconv4 deconv4k4 deconv3k2s3 | deconv3k2s4:valid deconv4k5s3:valid deconv3k4s1"
    ),
    "output padding": (
        "5x6x3 deconv4o0 deconv4k4o1 deconv3k2s3o2 | deconv3k5s3o1 deconv4k5s3o2:valid"
    ),
    "poolings": (
        "57x58x3 pad1 pool pad3 pool3s2:same avgpool3s2:same pool2s3:same | pad3 avgpool:same"
    ),
    "upsampling and own layers": (
        "6x8x3 unshuffle2 conv8 up2:bilinear blur subpixel4s3 | shuffle2 up3 res3k2s3:tanh res4k1s2"
    ),
    "vectors, maps and skips": (
        "4x6x3 conv2 @a bn crop1 flatten dense6 @b dense6 | "
        "add@b cat@b dense48:linear reshape4x6x2 cat@a"
    ),
    "principal components": (
        "4x6x3 conv2 @a pca9m5 | unpca add@a pca5 unpca pca6m4 unpca:tied pca3 unpca:tied"
    ),
    "normal latent": "4x6x3 conv2 normal4 flatten normal5 | dense72:linear reshape4x6x3",
    "activations": (
        "5x6x3 conv4:relu conv4:sigmoid conv4:tanh conv4:leaky_relu elu | "
        "gelu conv4:gelu conv3:silu"
    ),
}


def with_random_weights(architecture, shape=None):
    """A model in which no weight has its usual start: gains, biases, moving means too."""
    model = build(architecture, input_shape=shape)
    rng = np.random.default_rng(1)
    for variable in model.variables:
        if not variable.path.endswith(("kernel", "direction")):
            variable.assign(rng.uniform(0.3, 0.9, variable.shape))
    return model


def make_images(shape, count=3):
    return np.random.default_rng(0).random((count, *shape), np.float32)


def assert_runs_as_in_keras(model, path, *batches):
    """The ONNX file of a model gives, for several batches, what Keras gives."""
    session = onnxruntime.InferenceSession(save_onnx(model, path))
    for batch in batches:
        (output,) = session.run(["output"], {"image": batch})
        expected = model.predict(batch, verbose=0)
        assert output.dtype == np.float32
        assert output.shape == expected.shape
        # Networks without a sigmoid at the end reach some tens here.
        np.testing.assert_allclose(output, expected, rtol=1e-4, atol=1e-4)


def test_the_texts_above_hold_every_kind_of_layer():
    layers = [layer for text in TEXTS.values() for layer in Architecture.parse(text).layers]
    assert {type(layer) for layer in layers} == set(LAYER_KINDS.values())


@pytest.mark.parametrize(
    "text",
    [
        pytest.param(text, id=name, marks=() if name in USUAL else pytest.mark.heavy)
        for name, text in TEXTS.items()
    ],
)
def test_onnxruntime_calculates_what_keras_does_for_every_kind_of_layer(text, tmp_path):
    architecture = Architecture.parse(text)
    images = make_images(architecture.input_shape)
    model = with_random_weights(architecture)
    assert_runs_as_in_keras(model, tmp_path / "network.onnx", images, images[:1])


@pytest.mark.parametrize("seed", range(2))
def test_onnxruntime_calculates_what_keras_does_for_random_networks(seed, tmp_path):
    architecture = random_architecture(seed, Flavour())
    # Their usual weights, so that numbers stay small through many layers.
    assert_runs_as_in_keras(
        build(architecture), tmp_path / "network.onnx", make_images(architecture.input_shape)
    )


@pytest.mark.heavy
def test_a_network_without_a_fixed_image_size_stays_so(tmp_path):
    architecture = Architecture.parse("conv4 @a conv5s2 pool3s2:same | up4 cat@a deconv3s2:gelu")
    model = with_random_weights(architecture, (None, None, 3))
    images = [make_images(shape) for shape in ((8, 12, 3), (24, 20, 3))]
    assert_runs_as_in_keras(model, tmp_path / "network.onnx", *images)


@pytest.mark.parametrize(
    "text", ["pool2s3:same | conv3", "conv4 | deconv3k2s3", "conv3 | up:bilinear"]
)
def test_a_layer_that_needs_a_fixed_image_size_is_refused_without_one(text, tmp_path):
    model = build(Architecture.parse(text), input_shape=(None, None, 3))
    with pytest.raises(ArchitectureError, match="only where the images have one size"):
        save_onnx(model, tmp_path / "network.onnx")
    assert list(tmp_path.iterdir()) == []


def test_both_halves_of_a_network_can_be_saved_and_several_outputs_are_numbered(tmp_path):
    architecture = Architecture.parse("6x8x3 conv4 @a pool conv5 | up cat@a conv3")
    model = build(architecture)
    images = make_images(architecture.input_shape)
    encoder, decoder = (
        onnxruntime.InferenceSession(save_onnx(half, tmp_path / f"{number}.onnx"))
        for number, half in enumerate(split(model))
    )
    latent, skip = encoder.run(["output_0", "output_1"], {"image": images})
    names = [given.name for given in decoder.get_inputs()]
    (output,) = decoder.run(["output"], dict(zip(names, (latent, skip), strict=True)))
    np.testing.assert_allclose(output, model.predict(images, verbose=0), atol=1e-5)


@pytest.mark.heavy
def test_the_file_is_a_valid_graph_also_of_a_network_read_from_a_keras_file(tmp_path):
    model = build(PRESETS["pixel-shuffle"].architecture)
    again = keras.models.load_model(save_keras(model, tmp_path / "network.keras"))
    read = onnx.load(save_onnx(again, tmp_path / "deep" / "network.onnx"))
    onnx.checker.check_model(read, full_check=True)
