"""Every folder in pretrained/: its card, its weights, its figures."""

import dataclasses
import json
import os

import numpy as np
import pytest

import cae_core as cae
from cae_core import zoo
from cae_core.data.registry import load_labels
from cae_core.data.samples import DRAWN_CHECK, SAMPLE_CHECK, sample_check_images
from cae_core.images.metrics import color_figures
from cae_core.recipes.recipe import COLORIZED, color_rows
from cae_core.training.loop import evaluate
from cae_core.training.tasks import task_from_dict
from cae_core.zoo.cards import NOT_KEPT
from cae_core.zoo.judge import ACCURACY, confidence, judge_accuracy

NAMES = zoo.names()
OPTIONAL = ("latent_size", "noise_range", "section", "published", "difference")


def test_there_are_networks_and_a_bogus_name_is_refused():
    assert zoo.PHOTO_DENOISER in NAMES
    with pytest.raises(cae.CAEError, match=r"Received: 'bogus'"):
        zoo.card("bogus")
    with pytest.raises(cae.CAEError, match=r"Received: 'bogus'"):
        zoo.load("bogus")


@pytest.mark.parametrize("name", NAMES)
def test_a_card_is_whole_and_belongs_to_its_folder(name):
    card = zoo.card(name)
    assert card.name == name
    assert (zoo.FOLDER / name / "recipe.py").exists()
    for field in dataclasses.fields(card):
        if field.name not in OPTIONAL:
            assert getattr(card, field.name), field.name
    assert card.difference or not card.published
    for row in card.figures:
        assert row["test_set"]
        assert row["condition"]


KEPT = [name for name in NAMES if zoo.card(name).kept != NOT_KEPT]


@pytest.mark.parametrize("name", KEPT)
def test_weights_are_the_cards_and_load_into_as_many_parameters(name):
    assert zoo.sha256(zoo.FOLDER / name / zoo.WEIGHTS) == zoo.card(name).sha256
    assert zoo.load(name).count_params() == zoo.card(name).parameters


@pytest.mark.parametrize("name", sorted(set(NAMES) - set(KEPT)))
def test_a_network_that_is_not_kept_has_images_in_its_place(name):
    assert not (zoo.FOLDER / name / zoo.WEIGHTS).exists()
    card = zoo.card(name)
    assert card.parameters > 2_000_000
    with np.load(zoo.FOLDER / name / zoo.IMAGES) as kept:
        original, _, returned = kept["images"] / 255
    (figure, *_) = [row for row in card.figures if row["test_set"] in (SAMPLE_CHECK, DRAWN_CHECK)]
    images = sample_check_images(card.input_shape)
    np.testing.assert_allclose(original * 255, images[: len(original)], atol=0.5)
    # A dozen images of the two hundred that were measured: the same order of error.
    assert 0.2 < np.mean((original - returned) ** 2) / figure["mse"] < 5


def test_weights_are_small_enough_to_be_carried_along():
    sizes = [(zoo.FOLDER / name / zoo.WEIGHTS).stat().st_size for name in KEPT]
    assert max(sizes) < 15e6
    everything = sum(path.stat().st_size for path in carried())
    assert everything < 80e6


def carried():
    """What of pretrained/ is in the repository."""
    ignored = ("unkept.weights.h5", "checkpoint")
    return [
        path
        for path in zoo.FOLDER.rglob("*")
        if path.is_file() and not path.name.startswith(ignored)
    ]


def test_weights_that_are_not_the_cards_are_refused(tmp_path, monkeypatch):
    folder = tmp_path / "net"
    folder.mkdir()
    fields = dataclasses.asdict(zoo.card(zoo.PHOTO_DENOISER)) | {"name": "net"}
    (folder / zoo.CARD).write_text(json.dumps(fields))
    monkeypatch.setattr(zoo, "FOLDER", tmp_path)
    with pytest.raises(zoo.ZooError, match="missing"):
        zoo.load("net")
    (folder / zoo.WEIGHTS).write_bytes(b"other")
    with pytest.raises(zoo.ZooError, match="differs"):
        zoo.load("net", "mixed_bfloat16")


@pytest.mark.parametrize("damage", ["", "{}", '{"input_shape": [1, 2, 3]}', "[]"])
def test_a_damaged_card_is_one_clear_error(tmp_path, monkeypatch, damage):
    (tmp_path / "net").mkdir()
    (tmp_path / "net" / zoo.CARD).write_text(damage)
    monkeypatch.setattr(zoo, "FOLDER", tmp_path)
    with pytest.raises(zoo.ZooError, match=r"A card is .* Received: .* Run the recipe"):
        zoo.card("net")


ARCHITECTURES = [name for name in KEPT if zoo.card(name).architecture is not None]
IMAGES_OF = {SAMPLE_CHECK: (32, 32, 3), DRAWN_CHECK: (28, 28, 1)}


def check_figures(name, test_set, images):
    rows = [row for row in zoo.card(name).figures if row["test_set"] == test_set]
    assert rows
    for row in rows:
        if "confidence" in row:
            found = confidence(zoo.load(name), images)
            assert found == pytest.approx(row["confidence"], rel=0.01)
        if "task" not in row:
            continue
        measured = evaluate(zoo.load(name), images, task_from_dict(row["task"]))
        assert measured["psnr"] == pytest.approx(row["psnr"], rel=0.01)
        assert measured["mse"] == pytest.approx(row["mse"], rel=0.01)


@pytest.mark.parametrize("name", ARCHITECTURES)
def test_a_network_does_on_bundled_images_what_its_card_says(name):
    test_sets = {row["test_set"] for row in zoo.card(name).figures}
    (bundled,) = test_sets & set(IMAGES_OF)
    check_figures(name, bundled, sample_check_images(IMAGES_OF[bundled]))


@pytest.mark.parametrize("name", ARCHITECTURES)
def test_a_network_does_on_the_whole_test_set_what_its_card_says(name):
    if not os.environ.get("CAE_DATA_DIR"):
        pytest.skip("The whole test sets are in the folder that CAE_DATA_DIR names; it is not set.")
    dataset = zoo.card(name).data.split(":")[0]
    check_figures(name, f"{dataset} test", cae.load_dataset(dataset).test)


JUDGED = [name for name in ARCHITECTURES if ACCURACY in zoo.card(name).figures[0]]


@pytest.mark.parametrize("name", JUDGED)
def test_the_judge_recognises_as_many_images_as_the_card_says(name):
    if not os.environ.get("CAE_DATA_DIR"):
        pytest.skip("The whole test sets are in the folder that CAE_DATA_DIR names; it is not set.")
    row = zoo.card(name).figures[0]
    dataset = zoo.card(name).data.split(":")[0]
    images, labels = cae.load_dataset(dataset).test, load_labels(dataset).test
    found = judge_accuracy(zoo.load(name), images, labels, task_from_dict(row["task"]), dataset)
    assert found == pytest.approx(row[ACCURACY], abs=0.002)


COLORIZERS = [name for name in NAMES if any("ciede2000" in row for row in zoo.card(name).figures)]


@pytest.mark.parametrize("name", COLORIZERS)
def test_a_colorizer_does_on_bundled_patches_what_its_card_says(name):
    figures = [
        row
        for row in zoo.card(name).figures
        if row["test_set"] == SAMPLE_CHECK and "ciede2000" in row
    ]
    measured = color_rows(name, {SAMPLE_CHECK: sample_check_images()})
    assert len(figures) == len(measured) == 2
    for row, found in zip(figures, measured, strict=True):
        assert row["condition"] == found["condition"]
        assert numbers(row) == pytest.approx(numbers(found), rel=0.01)


def numbers(row):
    """The figures of a row, without its names."""
    return {name: value for name, value in row.items() if not isinstance(value, str)}


@pytest.mark.parametrize("name", ["colorize-rgb", "colorize-chroma"])
def test_images_in_a_batch_are_colorized_as_one_by_one(name):
    images = sample_check_images()[:3]
    found = color_rows(name, {"three": images})[0]
    pairs = [(cae.colorize(image, name), image / np.float32(255)) for image in images]
    assert found["condition"] == COLORIZED
    assert numbers(found) == pytest.approx(color_figures(pairs), rel=0.01)
