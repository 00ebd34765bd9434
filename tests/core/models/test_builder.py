"""The Keras model: its halves, its seeds, images of any size."""

from __future__ import annotations

import logging

import keras
import numpy as np
import pytest

from cae_core import Architecture, ArchitectureError, build, split
from cae_core.inspection.edits import rounded

HOMEWORK = "conv8 pool conv12 pool conv16 | up conv12 up conv3:sigmoid"
EVERYTHING = (
    "conv8k5s2 bn relu @a pool2s1:same conv8:elu add@a res12 avgpool | unshuffle shuffle "
    "subpixel8 @b blur cat@b pad2 crop2 deconv6k4 conv3:sigmoid"
)


@pytest.fixture(autouse=True, scope="module")
def _forgotten_models():
    yield
    keras.utils.clear_session()


def images(*shape: int) -> np.ndarray:
    return np.random.default_rng(0).random(shape, dtype=np.float32)


def outputs(model: keras.Model, inputs: object) -> np.ndarray:
    return np.asarray(model(inputs, training=False))


@pytest.mark.parametrize(
    ("text", "tensors"),
    [
        # (architecture, how many tensors the encoder hands over)
        (HOMEWORK, 1),
        (EVERYTHING, 1),
        ("28x28x1 flatten dense32 | dense784:sigmoid reshape28x28x1", 1),
        ("@x conv8 conv3 add@x pca64m39 | unpca @r conv8 conv3 add@r", 1),
        ("pca64m39 | unpca:tied", 1),
        ("pca64 | unpca:tied", 1),
        ("conv8 @a pool conv8 @b pool | up cat@b up cat@a conv3", 3),
        ("conv8 @a pool | up cat@a conv8 add@a cat@a conv3", 2),
        ("conv8 @a conv8 @b add@a | conv8 add@b add@a cat@b conv3", 3),
        ("conv8 | conv8 @a conv8 add@a conv3", 1),
        ("conv8 @a | conv8 cat@a conv3", 2),
        ("conv3 | @a", 1),
    ],
)
def test_encoder_and_decoder_in_a_row_are_the_model(text, tensors):
    architecture = Architecture.parse(text)
    model = build(architecture)
    encoder, decoder = split(model)
    assert len(encoder.outputs) == len(decoder.inputs) == tensors
    batch = images(3, *architecture.input_shape)
    latent = encoder(batch, training=False)
    first = latent[0] if tensors > 1 else latent
    np.testing.assert_array_equal(
        first, keras.Model(model.input, model.get_layer("latent").output)(batch, training=False)
    )
    np.testing.assert_array_equal(outputs(decoder, latent), outputs(model, batch))


@pytest.mark.parametrize("units", ["20", "20m12"])
def test_tied_components_stay_tied_in_a_saved_network_and_go_with_its_decoder(units, tmp_path):
    model = build(Architecture.parse(f"8x8x3 pca{units} | unpca:tied"))
    model.save(tmp_path / "network.keras")
    loaded = keras.models.load_model(tmp_path / "network.keras")
    batch = images(2, 8, 8, 3)
    for weight in loaded.weights:
        weight.assign(weight * 2.0 + 0.1)
    encoder, decoder = split(loaded)
    assert loaded.count_params() == model.count_params()
    decoder.save(tmp_path / "decoder.keras")
    alone = keras.models.load_model(tmp_path / "decoder.keras")
    np.testing.assert_array_equal(outputs(alone, encoder(batch)), outputs(loaded, batch))


@pytest.mark.parametrize("units", ["20", "20m12"])
def test_components_start_orthonormal(units):
    model = build(Architecture.parse(f"8x8x3 pca{units} | unpca:tied"))
    latent = images(4, 20)
    _, decoder = split(model)
    np.testing.assert_allclose(
        outputs(split(model)[0], decoder(latent)), latent, rtol=1e-4, atol=1e-5
    )


def test_a_mirrored_image_keeps_even_components_and_turns_odd_ones():
    encoder, _ = split(build(Architecture.parse("8x8x3 pca20m12 | unpca")))
    batch = images(2, 8, 8, 3)
    latent, mirrored = outputs(encoder, batch), outputs(encoder, batch[:, :, ::-1])
    signs = np.repeat([1, -1], [12, 8])
    np.testing.assert_allclose(mirrored, latent * signs, rtol=1e-4, atol=1e-5)


def test_the_halves_share_the_models_weights():
    model = build(Architecture.parse(HOMEWORK))
    encoder, decoder = split(model)
    assert encoder.count_params() + decoder.count_params() == model.count_params()
    batch = images(2, 32, 32, 3)
    before = outputs(decoder, encoder(batch))
    for weight in model.trainable_weights:
        weight.assign(weight * 0.5)
    after = outputs(decoder, encoder(batch))
    assert not np.allclose(before, after)
    np.testing.assert_array_equal(after, outputs(model, batch))


@pytest.mark.parametrize("text", [EVERYTHING, "conv8 @a pool conv8 | up cat@a conv3"])
def test_a_saved_model_can_be_split_as_well(text, tmp_path):
    model = build(Architecture.parse(text), seed=3)
    model.save(tmp_path / "model.keras")
    loaded = keras.saving.load_model(tmp_path / "model.keras", compile=False)
    encoder, decoder = split(loaded)
    batch = images(2, 32, 32, 3)
    np.testing.assert_array_equal(outputs(decoder, encoder(batch)), outputs(model, batch))


def test_a_model_without_a_latent_cannot_be_split():
    inputs = keras.Input((4, 4, 3))
    stranger = keras.Model(inputs, keras.layers.Conv2D(2, 3)(inputs), name="stranger")
    with pytest.raises(
        ArchitectureError, match=r"layer called 'latent'.*'stranger'.*cae_core.build"
    ):
        split(stranger)


def kernels(model: keras.Model) -> list[np.ndarray]:
    return [np.asarray(weight) for weight in model.trainable_weights if len(weight.shape) > 1]


@pytest.mark.parametrize("text", [HOMEWORK, EVERYTHING])
def test_the_same_seed_gives_the_same_weights_and_another_seed_others(text):
    architecture = Architecture.parse(text)
    first, again, other = (kernels(build(architecture, seed=seed)) for seed in (7, 7, 8))
    assert len(first) >= 5
    for a, b, c in zip(first, again, other, strict=True):
        np.testing.assert_array_equal(a, b)
        assert not np.allclose(a, c)


def test_two_equal_layers_of_one_network_start_differently():
    first, second = kernels(build(Architecture.parse("3x3x4 conv4 | conv4")))
    assert not np.allclose(first, second)
    weights = kernels(build(Architecture.parse("3x3x4 res4 | res4")))
    assert len(weights) == 4
    for at, a in enumerate(weights):
        assert all(not np.allclose(a, b) for b in weights[at + 1 :])


@pytest.mark.parametrize("text", [EVERYTHING, "conv8 @a pool | up:bilinear cat@a conv3"])
def test_a_convolutional_network_takes_images_of_any_size(text):
    architecture = Architecture.parse(text)
    fixed = build(architecture, seed=1)
    flexible = build(architecture, input_shape=(None, None, 3), seed=1)
    assert flexible.input_shape == (None, None, None, 3)
    batch = images(2, 32, 32, 3)
    np.testing.assert_allclose(outputs(flexible, batch), outputs(fixed, batch), atol=1e-6)
    assert outputs(flexible, images(1, 48, 80, 3)).shape == (1, 48, 80, 3)
    encoder, decoder = split(flexible)
    larger = images(1, 48, 80, 3)
    np.testing.assert_array_equal(outputs(decoder, encoder(larger)), outputs(flexible, larger))


def test_an_architecture_with_a_misfit_is_not_built():
    with pytest.raises(ArchitectureError, match=r"^Layer 2 \(dense10\): A dense layer works on"):
        build(Architecture.parse("conv8 dense10 | conv3"))


def test_an_output_of_another_shape_than_the_input_is_built():
    model = build(Architecture.parse("32x32x1 conv8 pool | up conv2:linear"), name="ab")
    assert (model.name, model.output_shape) == ("ab", (None, 32, 32, 2))


def test_layers_are_called_by_their_place_and_kind():
    architecture = Architecture.parse("conv8 @a relu | cat@a conv3")
    model = build(architecture)
    assert [layer.name for layer in model.layers] == [
        "image",
        "layer_1_conv",
        "layer_3_relu",
        "latent",
        "layer_4_cat",
        "layer_5_conv",
    ]


# --- The project's own layers --------------------------------------------------------------


def one_layer(text: str, image: np.ndarray) -> np.ndarray:
    shape = "x".join(map(str, image.shape[1:]))
    model = build(Architecture.parse(f"{shape} {text} | linear"), seed=5)
    return outputs(model, image)


def test_a_shuffle_undoes_an_unshuffle():
    image = images(2, 6, 12, 5)
    np.testing.assert_array_equal(one_layer("unshuffle3 shuffle3", image), image)
    np.testing.assert_array_equal(one_layer("unshuffle2", image)[:, 1, 2, :5], image[:, 2, 4, :])


def test_blur_is_the_mean_of_four_with_the_first_row_and_column_repeated():
    image = images(1, 4, 5, 2)
    blurred = one_layer("blur", image)
    assert blurred.shape == image.shape
    np.testing.assert_allclose(blurred[0, 2, 3], image[0, 1:3, 2:4].mean(axis=(0, 1)), rtol=1e-6)
    np.testing.assert_allclose(blurred[0, 0, 0], image[0, 0, 0], rtol=1e-6)
    np.testing.assert_allclose(blurred[0, 0, 2], image[0, 0, 1:3].mean(axis=0), rtol=1e-6)


def test_subpixel_upsampling_starts_without_a_checkerboard():
    enlarged = one_layer("subpixel4s3", images(1, 4, 5, 6))
    blocks = enlarged.reshape(1, 4, 3, 5, 3, 4)
    # One kernel for the nine pixels of a block: rounding alone tells them apart.
    within = np.ptp(blocks, axis=(2, 4)).max()
    assert within < 1e-3 * np.ptp(enlarged)


@pytest.mark.parametrize(("stride", "side"), [(2, 9), (3, 10), (2, 8)])
def test_the_shortcut_of_a_residual_block_is_a_strided_1x1_convolution(stride, side):
    model = build(Architecture.parse(f"{side}x{side}x3 res4s{stride}:linear | linear"), seed=2)
    block = model.get_layer("layer_1_res")
    block.second.kernel.assign(np.zeros(block.second.kernel.shape))
    image = images(1, side, side, 3)
    kernel = np.asarray(block.projection.kernel)[0, 0]  # (3, 4)
    # Batch normalisation at its start divides by the root of 1 + 0.001.
    expected = image[:, ::stride, ::stride] @ kernel / np.sqrt(1.001)
    np.testing.assert_allclose(outputs(model, image), expected, rtol=1e-5)


def test_a_block_that_keeps_its_shape_adds_the_input_itself():
    model = build(Architecture.parse("6x6x4 res4:linear | linear"))
    block = model.get_layer("layer_1_res")
    assert block.projection is None
    block.second.kernel.assign(np.zeros(block.second.kernel.shape))
    image = images(1, 6, 6, 4)
    np.testing.assert_allclose(outputs(model, image), image, rtol=1e-6)


def test_a_strided_1x1_convolution_keeps_every_second_pixel_as_keras_does():
    model = build(Architecture.parse("9x8x2 conv3k1s2:tanh | up conv2"))
    image = np.random.default_rng(0).random((1, 9, 8, 2), dtype=np.float32)
    layer = model.get_layer("layer_1_conv")
    kernel, bias = layer.get_weights()
    expected = np.tanh(image[:, ::2, ::2] @ kernel[0, 0] + bias)
    np.testing.assert_allclose(np.asarray(layer(image)), expected, atol=1e-6)


def test_dropout_acts_in_training_alone_and_its_seed_is_the_networks():
    architecture = Architecture.parse("8x8x3 conv4 dropout0.5 | conv3")
    without = Architecture.parse("8x8x3 conv4 linear | conv3")
    batch = images(2, 8, 8, 3)
    model, plain = build(architecture, seed=3), build(without, seed=3)
    plain.set_weights(model.get_weights())
    np.testing.assert_allclose(outputs(model, batch), outputs(plain, batch), atol=1e-6)
    trained = np.asarray(model(batch, training=True))
    assert not np.allclose(trained, outputs(model, batch))
    np.testing.assert_allclose(
        np.asarray(build(architecture, seed=3)(batch, training=True)), trained, atol=1e-6
    )
    assert len(model.get_weights()) == 4  # two kernels, two biases: its seed is no weight


@pytest.mark.parametrize("latent", ["conv4:linear", "flatten dense12:linear"])
def test_rounding_noise_errs_in_training_alone_and_as_far_as_rounding_does(latent: str):
    model = build(Architecture.parse(f"8x8x3 {latent} | rounding3"), seed=3)
    encoder = build(Architecture.parse(f"8x8x3 {latent} | linear"), seed=3)
    encoder.set_weights(model.get_weights())
    batch = images(16, 8, 8, 3) * np.linspace(0.1, 1, 16, dtype=np.float32)[:, None, None, None]
    plain = outputs(encoder, batch)
    np.testing.assert_allclose(outputs(model, batch), plain, atol=1e-6)
    errors = np.asarray(model(batch, training=True)) - plain
    for latents, noise in zip(plain, errors, strict=True):
        between = np.linspace(latents.min(), latents.max(), 999)
        farthest = np.abs(rounded(between, 3) - between).max()
        assert 0.5 * farthest < np.abs(noise).max() < 1.01 * farthest
        # The second moment of an even distribution over a step.
        assert np.sqrt(np.mean(noise**2)) < 0.9 * farthest


def test_a_separable_convolution_with_a_stride_of_single_pixels_can_be_trained():
    # Keras's strided 1x1 convolution can end the process, see StridedPointwise.
    model = build(Architecture.parse("9x9x3 sepconv4k1s2 dwconv1s2 | deconv3s2o0 deconv3s2o0"))
    model.compile("sgd", "mse")
    assert np.isfinite(model.train_on_batch(images(2, 9, 9, 3), images(2, 9, 9, 3)))


def test_several_networks_in_a_row_are_no_function_that_is_compiled_again_and_again(
    caplog: pytest.LogCaptureFixture,
) -> None:
    logger = logging.getLogger("tensorflow")
    logger.addHandler(caplog.handler)
    try:
        for channels in range(1, 8):
            model = build(Architecture.parse(f"conv{channels} | conv3"))
            model.predict_on_batch(np.zeros((1, 32, 32, 3), np.float32))
    finally:
        logger.removeHandler(caplog.handler)
    assert "retracing" not in caplog.text
