"""Every network of the sources: read, calculated, built."""

from __future__ import annotations

import pytest

from cae_core import PRESETS, Architecture, ArchitectureError, analyze, get_preset
from cae_core.architecture.layers import Normal
from cae_core.architecture.presets import HOMEWORK, OURS, SOURCES

# Every id of the four sources' tables.
EXPECTED = {
    "A": "dense-mnist dense-1 dense-3 conv-dense conv-dense-bn shallow-pool shallow-strided "
    "strided-bn denoise-1.0 denoise-0.3 clean-through",
    "B": "baseline baseline-mnist pixel-shuffle pixel-shuffle-mnist progressive "
    "progressive-mnist resnet34-pretrained resnet34-pretrained-mnist resnet34 resnet34-mnist "
    "feature-loss feature-loss-mnist",
    "C": "lesson-dense lesson-cnn lesson-denoise-dense lesson-denoise-cnn",
    "D": "homework",
    "": "ae2-mnist vae2-mnist",
}
INPUT_SHAPES = {"cifar10": (32, 32, 3), "mnist": (28, 28, 1), "fashion_mnist": (28, 28, 1)}
every_preset = pytest.mark.parametrize("preset", PRESETS.values(), ids=lambda preset: preset.id)


def test_an_unknown_preset_is_refused_with_the_nearest_name():
    with pytest.raises(ArchitectureError, match=r"Received: 'homwork'.*Did you mean 'homework'\?"):
        get_preset("homwork")
    with pytest.raises(ArchitectureError, match=r"Received: ''"):
        get_preset("")


def test_every_system_of_the_sources_has_a_preset():
    found = {
        section: {preset.id for preset in PRESETS.values() if preset.section == section}
        for section in (*SOURCES, "")
    }
    assert found == {section: set(ids.split()) for section, ids in EXPECTED.items()}


@every_preset
def test_a_preset_fits_together_and_puts_out_what_it_gets(preset):
    report = analyze(preset.architecture)
    assert report.problems == ()
    assert report.output_shape == preset.architecture.input_shape == INPUT_SHAPES[preset.dataset]


@every_preset
def test_a_preset_says_all_that_is_needed_to_train_and_list_it(preset):
    assert get_preset(preset.id) is preset
    assert preset.title
    assert preset.source == (SOURCES[preset.section] if preset.section else OURS)
    assert 1 <= preset.epochs <= 50
    assert preset.batch_size in (32, 100, 128)
    assert preset.sigma is None or 0 < preset.sigma <= 1
    is_variational = any(isinstance(layer, Normal) for layer in preset.architecture.layers)
    assert (preset.beta is not None) == is_variational
    assert Architecture.parse(str(preset.architecture)) == preset.architecture


@pytest.mark.parametrize("source", SOURCES.values(), ids=str)
def test_a_source_is_linked_where_it_has_an_address(source):
    if source.url:
        assert source.link == f"[{source.title}](https://github.com/{source.title})"
    else:
        assert source.link == source.title


def test_titles_are_told_apart_in_a_list():
    assert len({preset.title for preset in PRESETS.values()}) == len(PRESETS)


@pytest.mark.parametrize(
    ("name", "parameters", "latent"),
    [
        (HOMEWORK, 4_911, (8, 8, 16)),
        ("strided-bn", 29_123, (16, 16, 32)),
        ("lesson-cnn", 638, (7, 7, 1)),
        ("baseline", 3_080_611, (1000,)),
        ("dense-1", 6_295_552, (1024,)),
    ],
)
def test_presets_have_their_published_numbers(name, parameters, latent):
    report = analyze(get_preset(name).architecture)
    assert (report.parameters, report.latent_shape) == (parameters, latent)


def test_the_noise_of_the_sources_is_the_presets():
    sigmas = {preset.id: preset.sigma for preset in PRESETS.values() if preset.sigma}
    assert sigmas == {
        "denoise-1.0": 1.0,
        "denoise-0.3": 0.3,
        "clean-through": 0.3,
        "lesson-denoise-dense": 0.5,
        "lesson-denoise-cnn": 0.5,
    }
