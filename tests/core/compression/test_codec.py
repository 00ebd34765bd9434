"""An image as bytes and back: sizes, qualities, networks, and files that are not as written."""

import dataclasses
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import cae_core as cae
from cae_core.compression import networks
from cae_core.compression.codec import QUALITIES
from cae_core.compression.container import read_container
from cae_core.compression.networks import CodecNetwork
from cae_core.data.samples import sample_photograph
from cae_core.errors import CAEError, CompressionError, ImageError, ZooError
from cae_core.images.metrics import psnr
from cae_core.images.operations import to_uint8

CONVOLUTIONAL = "homework"


@pytest.fixture(scope="module")
def cat():
    return to_uint8(sample_photograph("chelsea.png")[60:140, 100:210])


@pytest.fixture(scope="module")
def file(cat):
    return cae.compress(cat, quality=3)


def bits_per_pixel(data, image):
    return 8 * len(data) / (image.shape[0] * image.shape[1])


@pytest.mark.parametrize(
    ("model", "qualities"),
    [
        (None, QUALITIES),
        (CONVOLUTIONAL, (1, 4, 9)),
        ("pca-256", (1, 2, 3)),
        ("photo-codec-2", (1, 6, 10)),
    ],
)
def test_a_higher_quality_takes_more_bytes_and_is_nearer_to_the_photo(model, qualities, cat):
    files = [cae.compress(cat, model, quality) for quality in qualities]
    images = [cae.decompress(data) for data in files]

    assert {image.shape for image in images} == {cat.shape}
    assert {image.dtype for image in images} == {np.dtype(np.uint8)}
    sizes = [len(data) for data in files]
    errors = [psnr(image / 255, cat / 255) for image in images]
    assert sizes == sorted(set(sizes))
    assert errors == sorted(set(errors))
    assert bits_per_pixel(files[1], cat) < 3
    assert errors[1] > 22


@pytest.mark.parametrize("model", [None, CONVOLUTIONAL])
@pytest.mark.parametrize("size", [(1, 1), (32, 32), (33, 64), (1, 70)])
def test_any_size_comes_back(model, size, cat):
    image = cat[: size[0], : size[1]]
    assert cae.decompress(cae.compress(image, model)).shape == image.shape


def test_a_grey_image_stays_grey(cat):
    grey = cat[:, :, 1]
    for image in (grey, grey[:, :, np.newaxis], grey / 255):
        restored = cae.decompress(cae.compress(image, quality=6))
        assert restored.shape == grey.shape
        assert psnr(restored / 255, grey / 255) > 25
    small = cae.compress(grey[:28, :56], "dense-mnist")
    assert cae.decompress(small).shape == (28, 56)


def test_a_network_trained_for_rounding_has_one_step_for_all_channels():
    assert not CodecNetwork("photo-codec-1").gains().any()
    assert CodecNetwork(CONVOLUTIONAL).gains().any()


def test_large_images_are_cut_into_equal_parts(monkeypatch, cat):
    whole = cae.decompress(cae.compress(cat, CONVOLUTIONAL))
    monkeypatch.setattr(networks, "LARGEST_SIDE", 64)

    parts = CodecNetwork(CONVOLUTIONAL).parts(*cat.shape[:2])
    told = []
    cut = cae.decompress(cae.compress(cat, CONVOLUTIONAL), lambda *done: told.append(done))

    assert told[-1] == (4, 4)
    assert (parts.rows, parts.columns, parts.height, parts.width) == (2, 2, 40, 56)
    assert cut.shape == whole.shape
    assert psnr(cut / 255, cat / 255) > psnr(whole / 255, cat / 255) - 1


def test_the_header_says_how_the_file_is_to_be_opened(file, cat):
    container = read_container(file)
    card = cae.zoo.card(container.network)
    assert (container.network, container.sha256) == (card.name, card.sha256)
    assert (container.height, container.width) == cat.shape[:2]
    assert not container.is_grey


# --- What cannot be -------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("image", "model", "quality", "error", "rule"),
    [
        ((40, 40, 3), None, 0, CompressionError, "A quality is a whole number from 1"),
        ((40, 40, 3), None, 11, CompressionError, "A quality is a whole number from 1"),
        ((40, 40, 3), None, 2.5, CompressionError, "A quality is a whole number from 1"),
        ((40, 40, 3), "nothing", 5, ZooError, "A trained network's name"),
        ((40, 40, 3), "photo-denoiser", 5, CompressionError, "trained to give images back"),
        ((40, 40, 3), "skip-0.3", 5, CompressionError, "trained to give images back"),
        ((40, 40, 3), "dense-mnist", 5, CompressionError, "compresses grey images"),
        ((40, 40, 4), None, 5, ImageError, "must have the shape"),
    ],
)
def test_what_cannot_be_compressed_is_refused(image, model, quality, error, rule):
    with pytest.raises(error, match=rule):
        cae.compress(np.zeros(image, np.uint8), model, quality)


@pytest.mark.parametrize(
    ("changes", "rule"),
    [
        ({"network": "unknown"}, "which does not compress images here"),
        ({"network": "photo-denoiser"}, "which does not compress images here"),
        ({"sha256": "00" * 32}, "Install the version that wrote the file"),
        ({"height": 1, "width": 40_000_000}, "filled up to at most 80,000,000 pixels"),
        ({"network": "strided-bn", "height": 3000, "width": 3000}, "at most 67,108,864 numbers"),
        ({"packed": b""}, "within their limits"),
    ],
)
def test_a_file_that_compress_does_not_write_is_refused(changes, rule, file):
    made = dataclasses.replace(read_container(file), **changes)
    if changes.get("network") == "strided-bn":
        made = dataclasses.replace(made, sha256=cae.zoo.card("strided-bn").sha256)
    with pytest.raises(CompressionError, match=rule):
        cae.decompress(made.to_bytes())


def damaged(data, rng):
    """A file with one of many damages; half of them have a checksum that fits."""
    container = read_container(data)
    content = bytearray(data)
    kind = rng.integers(5)
    if kind == 0:
        return data[: rng.integers(len(data))]
    if kind == 1:
        return data + rng.bytes(rng.integers(1, 50))
    if kind == 2:
        for place in rng.integers(len(data), size=rng.integers(1, 9)):
            content[place] ^= 1 << rng.integers(8)
        return bytes(content)
    packed = bytearray(container.packed)
    packed[rng.integers(len(packed))] ^= 1 << rng.integers(8)
    if kind == 3:
        return dataclasses.replace(container, packed=bytes(packed)).to_bytes()
    changes = {
        "height": int(rng.integers(200)),
        "width": int(rng.integers(200)),
        "is_grey": bool(rng.integers(2)),
        # The step and the scales of the tables, any of which may be out of bounds.
        "packed": rng.bytes(5) + container.packed[5:],
    }
    chosen = rng.choice(list(changes))
    return dataclasses.replace(container, **{chosen: changes[chosen]}).to_bytes()


@pytest.mark.parametrize(
    "count", [300, pytest.param(10_000, marks=pytest.mark.heavy)], ids=["some", "many"]
)
def test_a_damaged_file_gives_a_sentence_or_an_image_of_its_size(count, cat):
    data = cae.compress(cat[:32, :64], CONVOLUTIONAL, quality=2)
    rng = np.random.default_rng(count)
    sentences = 0
    for _ in range(count):
        broken = damaged(data, rng)
        try:
            image = cae.decompress(broken)
        except CAEError as error:
            assert "Received: " in str(error)
            sentences += 1
        else:  # a right checksum, and numbers that are some image's
            container = read_container(broken)
            assert image.shape[:2] == (container.height, container.width)
    assert sentences > count // 2


@pytest.mark.heavy
def test_a_file_opens_in_another_process(tmp_path, file):
    """Sums are made in other orders there: the image is the same, bit for bit."""
    path, out = tmp_path / "photo.cae", tmp_path / "photo.npy"
    path.write_bytes(file)
    script = (
        "import sys, pathlib, numpy, cae_core as cae\n"
        "numpy.save(sys.argv[2], cae.decompress(pathlib.Path(sys.argv[1]).read_bytes()))"
    )
    # Other matrix products: those for a processor of 2008, on one core.
    other = {"OPENBLAS_NUM_THREADS": "1", "OPENBLAS_CORETYPE": "Nehalem"}
    subprocess.run(  # noqa: S603 - our own script
        [sys.executable, "-c", script, str(path), str(out)],
        check=True,
        env={**os.environ, **other},
        cwd=Path.cwd(),
    )
    np.testing.assert_array_equal(np.load(out), cae.decompress(file))
