"""A kind of layer added through the public registry, seen everywhere that layers are seen."""

import re
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

import cae_core as cae
from cae_core.architecture import LAYER_KINDS, KerasCall, Layer, Measure, Shape, SpatialStep
from cae_core.architecture.formulas import size_formula
from cae_core.architecture.layers import number, register
from cae_core.architecture.report import last_activation
from cae_core.export.script import generate_script
from cae_core.inspection.arithmetic import arithmetic_of
from cae_core.inspection.kernels import kernels_of
from cae_core.inspection.network import InspectedNetwork


@dataclass(frozen=True)
class Stretch(Layer):
    """Every row several times."""

    keyword: ClassVar[str] = "stretch"
    title: ClassVar[str] = "Stretching"
    keeps_range: ClassVar[bool] = True
    factor: int = number("", low=2, high=8, default=2)

    def measure(self, shape: Shape) -> Measure:
        height, width, channels = self.check_map(shape)
        out = (height * self.factor, width, channels)
        return Measure(
            output_shape=out,
            formula=size_formula(shape, out, lambda side: f"{side} stretched"),
            steps=((SpatialStep(self.factor, self.factor, 0, transposed=True),), ()),
        )

    def keras_call(self) -> KerasCall:
        return KerasCall("UpSampling2D", {"size": (self.factor, 1)})


@pytest.fixture
def text():
    """An architecture with a kind of layer that is known for one test."""
    register(Stretch)
    yield "8x24x3 conv4 stretch3 | flatten dense576:sigmoid reshape8x24x3"
    del LAYER_KINDS[Stretch.keyword]


def test_a_registered_kind_is_written_and_read(text):
    architecture = cae.Architecture.parse(text)
    assert architecture.layers[1] == Stretch(3)
    assert str(architecture) == text
    assert cae.Architecture.from_json(architecture.to_json()) == architecture
    with pytest.raises(cae.ArchitectureError, match=r"factor of stretch .* 2 to 8. Received: 9"):
        cae.Architecture.parse("stretch9 | conv3")
    with pytest.raises(cae.ArchitectureError, match="Did you mean 'stretch'"):
        cae.Architecture.parse("strech | conv3")


def test_a_registered_kind_is_calculated_and_built(text):
    architecture = cae.Architecture.parse(text)
    row = cae.analyze(architecture).rows[1]
    assert (
        row.formula.text
        == "height 8 stretched = 24, width 24 stretched = 24, so 24 × 24 × 4 = 2,304"
    )
    assert row.receptive_field == (3, 3)
    model = cae.build(architecture)
    assert model.get_layer("layer_2_stretch").output.shape == (None, *row.output_shape)


def test_a_registered_kind_can_keep_the_range_of_its_input(text):
    assert last_activation(cae.Architecture.parse("conv4 | conv3:sigmoid stretch2")) == "sigmoid"


def test_a_registered_kind_is_in_the_forms_list_of_kinds(text):
    def page():
        from cae_core import Architecture
        from cae_ui.common.architecture_form import architecture_form

        architecture_form("key", Architecture.parse("conv8 pool | up conv3"))

    insert = AppTest.from_function(page, default_timeout=60).run().selectbox(key="key-insert")
    assert "Stretching (stretch)" in insert.options


def test_a_registered_kind_is_in_the_generated_script(text):
    script = generate_script(cae.Architecture.parse(text), dataset="a folder")
    assert 'layers.UpSampling2D((3, 1), name="layer_2_stretch")(x)' in script


def test_a_registered_kind_has_feature_maps_and_no_arithmetic_of_its_own(text):
    architecture = cae.Architecture.parse(text)
    network = InspectedNetwork(cae.build(architecture), architecture, cae.Reconstruct())
    activations = network.activations(np.zeros((8, 24, 3), np.uint8))
    assert activations[2].shape == (24, 24, 4)
    assert arithmetic_of(network, activations, 2, (0, 0, 0)) is None
    assert kernels_of(network, 2) is None


def test_a_keyword_is_taken_once(text):
    with pytest.raises(ValueError, match="'stretch'"):
        register(Stretch)


@pytest.mark.parametrize("kind", LAYER_KINDS.values(), ids=lambda kind: kind.keyword)
def test_every_kind_is_in_the_manual(kind):
    manual = (Path(__file__).parents[3] / "docs" / "notation.md").read_text()
    word = re.split(r"\d", str(kind.example()))[0]
    assert f"`{word}" in manual


@pytest.mark.parametrize(
    ("text", "rule"),
    [
        ("8x7x3 pca8m4 | unpca", "even width"),
        ("8x8x3 pca8m8 | unpca", "at least one odd component"),
        ("8x8x3 pca8 dense9 | unpca", "9 here and pca8 before it"),
        ("8x8x3 flatten | unpca", "no pca before it"),
        ("8x8x3 flatten | pca8", "map of height × width × channels"),
    ],
)
def test_principal_components_that_cannot_be_are_refused_with_a_rule(text, rule):
    (problem,) = cae.analyze(cae.Architecture.parse(text)).problems[:1]
    assert rule in problem
    assert "Received" in problem


@pytest.mark.parametrize(
    ("text", "parameters", "macs"),
    [
        # 8·8·3 = 192 numbers, 96 in half of the image.
        ("8x8x3 pca10 | unpca", (192 * 10 + 10, 192 * 10 + 192), 1_920),
        ("8x8x3 pca10m6 | unpca", (96 * 10 + 10, 96 * 10 + 192), 960),
        ("8x8x3 pca10m6 | unpca:tied", (96 * 10 + 10, 192), 960),
    ],
)
def test_mirror_symmetry_halves_the_weights_and_tied_ones_are_counted_once(text, parameters, macs):
    report = cae.analyze(cae.Architecture.parse(text))
    assert tuple(row.parameters for row in report.rows) == parameters
    assert [row.macs for row in report.rows] == [macs, macs]
    assert report.output_shape == (8, 8, 3)
    assert report.latent_receptive_field == (8, 8)


@pytest.mark.parametrize(
    ("token", "rule"),
    [
        ("conv8s2d2", "a stride or a dilation"),
        ("deconv8s2o2", "output padding is below the stride"),
        ("deconv8k4o0", "above 0 where an even kernel"),
        ("conv8d5:valid", "a window of 11 × 11"),
    ],
)
def test_dilation_and_output_padding_that_cannot_be_are_refused_with_a_rule(token, rule):
    (problem,) = cae.analyze(cae.Architecture.parse(f"8x8x3 {token} | conv3")).problems
    assert rule in problem
    assert "Received" in problem


def test_two_channels_with_a_dilation_are_not_written_like_another_librarys_convolution():
    assert str(cae.Architecture.parse("conv2k3d4 | conv3").layers[0]) == "conv2k3d4"
    assert str(cae.Architecture.parse("conv2k5d4 | conv3").layers[0]) == "conv2k5d4"
