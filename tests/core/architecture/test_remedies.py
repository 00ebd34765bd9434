"""The remedies of misfits: every one is tried here too, by `analyze`."""

from __future__ import annotations

import pytest

from cae_core import Architecture, ArchitectureError, analyze, build
from cae_core.architecture.remedies import MOST, find_remedies
from tests.core.random_architectures import Flavour, random_architecture, random_misfit


def remedies_of(text):
    return find_remedies(Architecture.parse(text))


@pytest.mark.parametrize(
    ("misfit", "first"),
    [
        # What a window or a stride leaves over, what a transposed convolution doesn't give back.
        ("74x74x16 conv24s2:valid | deconv16:valid", "deconv16o1:valid"),
        ("250x250x3 conv16k11s3:valid | deconv3k11s3:valid", "deconv3k11s3o2:valid"),
        (
            "25x25x3 conv8s2 conv8s2 conv8s2 conv8s2 | deconv8 deconv8 deconv8 deconv3",
            "Replace layer 6 (deconv8) with deconv8o0, and replace layer 7 (deconv8) with "
            "deconv8o0, and replace layer 8 (deconv3) with deconv3o0",
        ),
        ("33x33x3 unshuffle2 conv8 | conv12 shuffle2", "Begin with 32x32x3"),
        ("conv8:valid pool | up conv3", "Replace layer 1 (conv8:valid) with conv8"),
        ("30x30x3 pool pool | up up conv3", "Add pad before layer 5 (conv3)"),
        ("31x29x1 pool | up conv1", "Replace layer 3 (conv1) with deconv1k2s1:valid"),
        ("conv8 pool | up up conv3", "Remove layer 3 (up)"),
        ("conv8 pool | conv3", "Add up before layer 3 (conv3)"),
        ("conv8 pool | up conv4", "Replace layer 4 (conv4) with conv3"),
        # Layers that cannot work where they stand.
        ("conv8 | dense3072 reshape32x32x3", "Add flatten before layer 2 (dense3072)"),
        ("conv8 | dense3", "Replace layer 2 (dense3) with conv3k1"),
        ("flatten dense64 | up8 conv3", "Add reshape4x4x4 before layer 3 (up8)"),
        ("conv9 pool shuffle | conv3", "Replace layer 1 (conv9) with conv12"),
        ("flatten dense100 | reshape8x8x2 up4 conv3", "dense128"),
        ("4x4x1 conv8k5:valid | conv1", "Replace layer 1 (conv8k5:valid) with conv8k5"),
        ("deconv8s2o2 | conv3", "Replace layer 1 (deconv8o2) with deconv8, and add pool before"),
        ("4x4x1 crop2 | conv1", "Add pad2 before layer 1 (crop2)"),
        ("conv8 @a pool | up cat@b conv3", "Replace layer 5 (cat@b) with cat@a"),
        ("conv8 @a @a | conv3", "Replace layer 3 (@a) with @b"),
        ("conv8 @a conv4 | add@a conv3", "Replace layer 4 (add@a) with cat@a"),
        ("conv8 @a pool | cat@a up conv3", "Swap layer 4 (cat@a) with layer 5 (up)"),
        ("conv8 add@a | conv3", "Remove layer 2 (add@a)"),
        ("8x7x3 pca8m4 | unpca", "Replace layer 1 (pca8m4) with pca8"),
        ("8x8x3 pca8 dense9 | unpca", "dense8"),
        # Vectors at the end.
        ("flatten dense10 | dense3072", "Add reshape32x32x3 at the end"),
        ("300x300x3 pool10 flatten dense9 | dense9", "Add dense23104 reshape38x38x16 up8 conv3k5"),
        # Channels first.
        ("1x28x28 conv8 pool | up conv1:sigmoid", "Begin with 28x28x1"),
    ],
)
def test_the_smallest_change_comes_first_and_every_one_works(misfit, first):
    remedies = remedies_of(misfit)
    assert first in remedies[0].change
    assert len(remedies) <= MOST
    for remedy in remedies:
        assert analyze(remedy.architecture).problems == ()
        assert str(remedy) == f"{remedy.change}: {remedy.architecture}"


@pytest.mark.parametrize("count", [20, pytest.param(300, marks=pytest.mark.heavy)])
def test_of_random_misfits_95_in_100_get_a_remedy_and_every_one_works(count):
    misfits = [misfit for misfit in map(random_misfit, range(700)) if misfit is not None][:count]
    assert len(misfits) == count
    found = [find_remedies(misfit) for misfit in misfits]
    assert sum(bool(remedies) for remedies in found) >= 0.95 * count
    for remedy in (remedy for remedies in found for remedy in remedies):
        assert analyze(remedy.architecture).problems == ()


def test_networks_of_every_kind_of_layer_get_remedies_that_work():
    networks = [random_architecture(seed, Flavour()) for seed in range(16)]
    found = [find_remedies(network) for network in networks if analyze(network).problems]
    assert sum(bool(remedies) for remedies in found) >= 0.9 * len(found) > 10
    for remedy in (remedy for remedies in found for remedy in remedies):
        assert analyze(remedy.architecture).problems == ()


def test_a_wanted_output_keeps_the_input_as_it_is():
    architecture = Architecture.parse("32x32x1 conv8 pool | up conv3:tanh")
    report = analyze(architecture, output_shape=(32, 32, 2))
    assert report.remedies[0].change == "Replace layer 4 (conv3:tanh) with conv2:tanh"
    for remedy in report.remedies:
        assert remedy.architecture.input_shape == (32, 32, 1)
        assert analyze(remedy.architecture, output_shape=(32, 32, 2)).problems == ()


def test_images_of_one_size_keep_the_input_as_it_is():
    architecture = Architecture.parse("33x33x3 unshuffle2 conv8 | conv12 shuffle2")
    assert "Begin with 32x32x3" in analyze(architecture).advice
    remedies = analyze(architecture, output_shape=(33, 33, 3)).remedies
    assert {remedy.architecture.input_shape for remedy in remedies} == {(33, 33, 3)}


def test_a_network_without_problems_has_no_remedy_and_no_advice():
    report = analyze(Architecture.parse("conv8 pool | up conv3"))
    assert (report.remedies, report.advice) == ((), "")


def test_where_nothing_helps_that_is_said():
    # A latent of 4,096 x 4,096 pixels that nothing small can bring to one.
    report = analyze(Architecture.parse(" ".join(["up16"] * 90) + " | conv3"))
    assert report.remedies == ()
    assert "No change of a few layers makes it fit" in report.advice


def test_a_refusal_to_build_names_a_remedy_that_was_tried():
    with pytest.raises(ArchitectureError, match=r"Layer 2 .*Add flatten before layer 2") as caught:
        build(Architecture.parse("conv8 | dense3072 reshape32x32x3"))
    text = str(caught.value).rpartition(": ")[2].removesuffix(".")
    assert analyze(Architecture.parse(text)).problems == ()
