"""A network on a photo: any size in, the same size out, and as if built for it."""

import os

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import numpy as np
import pytest

from cae_core.architecture.notation import Architecture
from cae_core.errors import ArchitectureError, ImageError, StoppedError
from cae_core.models.builder import build
from cae_core.photos.apply import apply_to_photo, is_fully_convolutional, plan_photo, total_stride

NETWORKS = {
    "homework": "conv8 pool conv12 pool conv16 | up conv12 up conv3:sigmoid",
    "strided-bn": "conv8 bn conv8s2 conv8 bn | up conv8 bn conv3k1:sigmoid",
    "dense": "flatten dense20 | dense3072:sigmoid reshape32x32x3",
    "grey": "28x28x1 conv8 pool conv4 pool conv1 | up conv12 up conv1:sigmoid",
    "grey-dense": "28x28x1 flatten dense32 | dense784:sigmoid reshape28x28x1",
    "bilinear": "conv8 pool3s2:same conv8 | up:bilinear conv3:sigmoid",
    "valid": "conv8k5:valid pool conv8 | up pad2 conv3:sigmoid",
    "skip": "conv8 @a pool conv8 | up cat@a conv3:sigmoid",
    "unshuffle": "unshuffle4 conv16 | conv48 shuffle4 conv3:sigmoid",
    "oblong": "20x36x3 flatten dense20 | dense2160:sigmoid reshape20x36x3",
    # 30 -> 15 -> 7 -> 14 -> 28 -> 30, but 32 -> 16 -> 8 -> 16 -> 32 -> 34.
    "only-30": "30x30x3 conv8 pool pool | up up pad1 conv3:sigmoid",
    # A convolution without padding can halve 32 as a pooling does, but no other size.
    "halved-32": "conv4k17:valid | up conv3:sigmoid",
    "met-at-32": "conv4 pool @a up conv4k17:valid cat@a | pad8 conv3:sigmoid",
}
SIZES = [(1, 1), (5, 7), (33, 47), (481, 321)]


def _random_model(text):
    """A model with random weights, biases and statistics too, which would start at 0 and 1."""
    architecture = Architecture.parse(text)
    model = build(architecture)
    generator = np.random.default_rng(1)
    model.set_weights(
        [
            weight if weight.ndim > 1 else generator.uniform(0.5, 1.5, weight.shape) - 0.4
            for weight in model.get_weights()
        ]
    )
    return architecture, model


@pytest.fixture(scope="module")
def networks():
    return {name: _random_model(text) for name, text in NETWORKS.items()}


def _photo(height, width, channels=3):
    return np.random.default_rng(0).random((height, width, channels), dtype=np.float32)


def _applied_directly(architecture, model, image):
    """The network built for the image's size, which its strides must divide."""
    network = build(architecture, input_shape=image.shape)
    network.set_weights(model.get_weights())
    return np.clip(network.predict_on_batch(image[np.newaxis])[0], 0, 1)


@pytest.mark.parametrize("size", SIZES, ids=str)
@pytest.mark.parametrize("name", NETWORKS)
def test_every_network_gives_every_photo_back_at_its_size(networks, name, size):
    architecture, model = networks[name]
    result = apply_to_photo(model, architecture, _photo(*size))
    assert result.shape == (*size, architecture.input_shape[2])
    assert result.dtype == np.float32
    assert result.min() >= 0
    assert result.max() <= 1
    assert size == (1, 1) or result.std() > 0


@pytest.mark.parametrize("name", NETWORKS)
def test_an_image_of_the_networks_own_size_gives_what_the_model_gives(networks, name):
    architecture, model = networks[name]
    height, width, channels = architecture.input_shape
    photo = np.repeat(_photo(height, width, 1), 3, axis=2)  # grey, so that luma is the value
    direct = model.predict_on_batch(photo[np.newaxis, :, :, :channels])[0]
    np.testing.assert_allclose(
        apply_to_photo(model, architecture, photo), np.clip(direct, 0, 1), atol=1e-5
    )


@pytest.mark.parametrize("name", ["homework", "strided-bn", "bilinear", "valid", "skip"])
def test_a_convolutional_network_works_as_if_built_for_the_photo(networks, name):
    architecture, model = networks[name]
    photo = _photo(44, 100)
    np.testing.assert_allclose(
        apply_to_photo(model, architecture, photo),
        _applied_directly(architecture, model, photo),
        atol=1e-5,
    )


@pytest.mark.parametrize("name", ["homework", "strided-bn", "bilinear", "valid", "unshuffle"])
def test_a_photo_larger_than_a_tile_shows_no_seams(networks, name):
    architecture, model = networks[name]
    photo = _photo(524, 556)
    assert plan_photo(architecture, 524, 556).tiles > 4
    np.testing.assert_allclose(
        apply_to_photo(model, architecture, photo),
        _applied_directly(architecture, model, photo),
        atol=1e-5,
    )


def test_what_a_crop_takes_away_widens_the_halo():
    plain = plan_photo(Architecture.parse("conv8 | conv3"), 9, 9)
    cropped = plan_photo(Architecture.parse("crop5 conv8 pad5 | conv3"), 9, 9)
    assert plain.halo == 2
    assert cropped.halo == 7


def test_a_dense_network_gets_pieces_of_its_own_size(networks):
    architecture, model = networks["dense"]
    photo = _photo(64, 96)
    result = apply_to_photo(model, architecture, photo)
    piece = model.predict_on_batch(photo[np.newaxis, 32:, 64:])[0]
    np.testing.assert_allclose(result[32:, 64:], piece, atol=1e-5)


def test_the_last_pieces_are_read_from_inside_the_photo(networks):
    architecture, model = networks["dense"]
    photo = _photo(40, 33)
    result = apply_to_photo(model, architecture, photo)
    piece = model.predict_on_batch(photo[np.newaxis, -32:, -32:])[0]
    np.testing.assert_allclose(result[32:, 32:], piece[-8:, -1:], atol=1e-5)


def test_the_photo_is_padded_by_its_mirror_image(networks):
    architecture, model = networks["homework"]
    photo = _photo(13, 31)
    padded = np.pad(photo, ((0, 3), (0, 1), (0, 0)), mode="symmetric")
    np.testing.assert_allclose(
        apply_to_photo(model, architecture, photo),
        _applied_directly(architecture, model, padded)[:13, :31],
        atol=1e-5,
    )


def test_a_grey_network_sees_the_luma_of_rec_601(networks):
    architecture, model = networks["grey"]
    photo = np.zeros((28, 28, 3), np.float32)
    photo[:, :, 1] = 1
    green = np.full((28, 28), 0.587, np.float32)
    np.testing.assert_allclose(
        apply_to_photo(model, architecture, photo),
        apply_to_photo(model, architecture, green),
        atol=1e-5,
    )


def test_the_callers_photo_and_model_stay_as_they_are(networks):
    architecture, model = networks["homework"]
    photo = _photo(32, 32)
    before, weights = photo.copy(), model.get_weights()
    apply_to_photo(model, architecture, photo)
    np.testing.assert_array_equal(photo, before)
    for old, new in zip(weights, model.get_weights(), strict=True):
        np.testing.assert_array_equal(old, new)


def test_a_network_may_return_other_channels_than_it_takes():
    architecture, model = _random_model("28x28x1 conv8 pool | up conv3:sigmoid")
    assert apply_to_photo(model, architecture, _photo(9, 11)).shape == (9, 11, 3)


def test_an_output_beyond_black_and_white_is_cut():
    architecture, model = _random_model("conv8 | conv3:linear")
    model.set_weights([weight * 50 for weight in model.get_weights()])
    result = apply_to_photo(model, architecture, _photo(9, 11))
    assert result.min() == 0
    assert result.max() == 1


@pytest.mark.parametrize(
    ("name", "size", "said"),
    [
        ("homework", (32, 48), "to the whole image"),
        (
            "homework",
            (33, 46),
            "to the whole image and 3 pixels below it and 2 pixels right of it",
        ),
        (
            "homework",
            (481, 320),
            "to the whole image and 3 pixels below it, computed in 4 overlapping tiles",
        ),
        ("dense", (481, 321), "in 176 tiles of 32 × 32, because the network has dense layers"),
        ("oblong", (1, 1), "in 1 tile of 20 × 36, because the network has dense layers"),
        (
            "only-30",
            (31, 60),
            "in 4 tiles of 30 × 30, because the network does not keep other sizes",
        ),
        (
            "halved-32",
            (64, 64),
            "in 4 tiles of 32 × 32, because the network does not keep other sizes",
        ),
        (
            "met-at-32",
            (64, 64),
            "in 4 tiles of 32 × 32, because the network does not keep other sizes",
        ),
    ],
)
def test_the_plan_says_how_it_will_be_done(name, size, said):
    assert str(plan_photo(Architecture.parse(NETWORKS[name]), *size)) == said


def test_a_halo_that_is_cut_short_is_said():
    text = "128x128x3 " + "conv4k31 pool " * 5 + "| " + "up " * 5 + "conv3"
    plan = plan_photo(Architecture.parse(text), 4000, 4000)
    assert plan.halo < plan.wanted_halo
    assert f"that see {plan.halo} of {plan.wanted_halo} pixels around them" in str(plan)
    assert "see" not in str(plan_photo(Architecture.parse(text), 128, 128))


@pytest.mark.parametrize("name", NETWORKS)
def test_the_plan_of_a_40_megapixel_photo_has_small_tiles(name):
    plan = plan_photo(Architecture.parse(NETWORKS[name]), 5477, 7300)
    assert max(plan.tile_height, plan.tile_width) + 2 * plan.halo <= 512


@pytest.mark.parametrize(
    ("text", "stride"),
    [
        ("conv8 | conv3", 1),
        ("conv8 pool conv12 pool conv16 | up conv12 up conv3", 4),
        ("conv8s2 pool3s2:same res8s2 | up8 conv3", 8),
        ("unshuffle4 conv16 | shuffle4", 4),
        ("conv8 avgpool3 conv8 | deconv8s3 conv8s2 up conv3", 6),
        ("up conv8 | pool conv3", 1),
        ("up3 pool2 conv8 | up2 avgpool3", 2),
        ("conv8 @a pool conv8 | up cat@a conv3", 2),
    ],
)
def test_the_total_stride_is_what_every_stride_divides(text, stride):
    assert total_stride(Architecture.parse(f"24x24x3 {text}")) == stride


def test_dense_flatten_and_reshape_fix_a_networks_size():
    convolutional = {
        name for name, text in NETWORKS.items() if is_fully_convolutional(Architecture.parse(text))
    }
    assert set(NETWORKS) - convolutional == {"dense", "grey-dense", "oblong"}


@pytest.mark.parametrize(
    ("text", "rule"),
    [
        ("32x32x2 conv8 | conv2", "3 channels, or 1"),
        ("conv8 pool | conv3", "must be 32x32x3. Received: 16x16x3"),
        ("flatten dense9 | dense3072", "Add reshape"),
        ("2x2x3 conv8 pool pool | up4 conv3", "Layer 3"),
    ],
)
def test_a_network_that_does_not_return_an_image_is_refused(text, rule):
    with pytest.raises(ArchitectureError, match=rule):
        plan_photo(Architecture.parse(text), 100, 100)


def test_what_is_no_image_is_refused(networks):
    architecture, model = networks["homework"]
    with pytest.raises(ImageError, match="finite"):
        apply_to_photo(model, architecture, np.full((9, 9, 3), np.nan))


def test_a_hair_of_millions_of_pixels_is_refused():
    with pytest.raises(ImageError, match="padded to 32 × 40,000,000"):
        plan_photo(Architecture.parse(NETWORKS["dense"]), 1, 40_000_000)


@pytest.mark.parametrize(
    ("name", "tiles", "calls"), [("dense", 240, 4), ("homework", 4, 4)], ids=["dense", "homework"]
)
def test_progress_ends_at_the_number_of_tiles(networks, name, tiles, calls):
    seen = []
    architecture, model = networks[name]
    apply_to_photo(
        model,
        architecture,
        _photo(480, 512),
        on_progress=lambda done, total: seen.append((done, total)),
    )
    assert plan_photo(architecture, 480, 512).tiles == tiles
    assert seen[-1] == (tiles, tiles)
    assert len(seen) == calls


@pytest.mark.parametrize("name", ["dense", "homework"])
def test_a_cancelled_photo_stops(networks, name):
    seen = []
    architecture, model = networks[name]
    with pytest.raises(StoppedError):
        apply_to_photo(
            model,
            architecture,
            _photo(480, 512),
            on_progress=lambda done, total: seen.append(done),
            should_stop=lambda: len(seen) == 1,
        )
    assert len(seen) == 1


def test_noise_beyond_the_range_of_an_image_reaches_the_network() -> None:
    architecture = Architecture.parse("conv1k1:linear | conv3k1:linear")
    noisy = np.random.default_rng(0).normal(0.5, 1.0, (32, 32, 3)).astype(np.float32)
    model = build(architecture)
    expected = np.clip(np.asarray(model(noisy[np.newaxis]))[0], 0, 1)
    np.testing.assert_allclose(apply_to_photo(model, architecture, noisy), expected, atol=1e-5)
