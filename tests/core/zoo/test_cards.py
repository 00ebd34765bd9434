"""Every folder in pretrained/: its card, its weights, its figures.

One network of every kind is loaded and measured always, all others with the heavy tests.
"""

import dataclasses
import json
import re

import numpy as np
import pytest

import cae_core as cae
from cae_core import zoo
from cae_core.data.registry import DATASETS, load_labels
from cae_core.data.samples import DRAWN_CHECK, SAMPLE_CHECK, sample_check_images
from cae_core.images.metrics import color_figures
from cae_core.recipes.measuring import color_rows
from cae_core.training.evaluation import evaluate
from cae_core.training.tasks import task_from_dict
from cae_core.zoo import cards
from cae_core.zoo.cards import COLORIZED, NOT_KEPT
from cae_core.zoo.judge import ACCURACY, confidence, judge_accuracy

NAMES = zoo.names()
KEPT = [name for name in NAMES if zoo.card(name).kept != NOT_KEPT]
ONE_OF_A_KIND = {
    "homework",
    "lesson-dense",
    "denoise-0.3",
    "judge-mnist",
    "colorize-rgb",
    "baseline",
}
OPTIONAL = {
    "dataset",
    "latent_size",
    "noise_range",
    "section",
    "published",
    "difference",
    "error_weight",
}
# Words of a card's licence for data that pretrained/LICENSE.md names otherwise.
LICENCE_WORDS = {
    "PolyU real-world noisy images": "The Hong Kong Polytechnic University",
    "photographs of cats and dogs, of flowers": "cats and dogs, flowers",
}
SAMPLES = {SAMPLE_CHECK: (32, 32, 3), DRAWN_CHECK: (28, 28, 1)}


def each(names):
    """A case for every network; heavy for all but one of a kind."""
    marks = {name: () if name in ONE_OF_A_KIND else pytest.mark.heavy for name in names}
    return pytest.mark.parametrize(
        "name", [pytest.param(name, marks=marks[name]) for name in names]
    )


def numbers(row):
    """The figures of a row, without its names."""
    return {name: value for name, value in row.items() if isinstance(value, int | float)}


def test_there_are_networks_and_a_bogus_name_is_refused():
    assert zoo.PHOTO_DENOISER in NAMES
    for ask in (zoo.card, zoo.load):
        with pytest.raises(cae.CAEError, match=r"Received: 'bogus'"):
            ask("bogus")


@pytest.mark.parametrize("name", NAMES)
def test_a_card_is_whole_and_about_the_weights_in_its_folder(name):
    card = zoo.card(name)
    assert card.name == name
    for field in dataclasses.fields(card):
        if field.name not in OPTIONAL:
            assert getattr(card, field.name), field.name
    assert card.difference or not card.published
    assert card.recipe.startswith(f"python -m cae_core make {name}")
    assert all(row["test_set"] and row["condition"] for row in card.figures)
    weights = zoo.FOLDER / name / zoo.WEIGHTS
    assert weights.exists() == (name in KEPT)
    assert name not in KEPT or zoo.sha256(weights) == card.sha256


@pytest.mark.parametrize("name", sorted(set(NAMES) - set(KEPT)))
def test_a_network_that_is_not_kept_has_images_in_its_place(name):
    card = zoo.card(name)
    assert card.parameters > 2_000_000
    with np.load(zoo.FOLDER / name / zoo.IMAGES) as kept:
        original, _, output = kept["images"] / 255
    (figure, *_) = [row for row in card.figures if row["test_set"] in SAMPLES]
    images = sample_check_images(card.input_shape)
    np.testing.assert_allclose(original * 255, images[: len(original)], atol=0.5)
    # A dozen images of the two hundred that were measured: the same order of error.
    assert 0.2 < np.mean((original - output) ** 2) / figure["mse"] < 5


def test_the_networks_are_small_enough_to_be_carried_along():
    sizes = [(zoo.FOLDER / name / zoo.WEIGHTS).stat().st_size for name in KEPT]
    assert max(sizes) < 15e6
    ignored = ("unkept.weights.h5", "checkpoint")
    files = [path for path in zoo.FOLDER.rglob("*") if path.is_file()]
    assert sum(p.stat().st_size for p in files if not p.name.startswith(ignored)) < 90e6


@pytest.mark.parametrize("name", NAMES)
def test_the_licence_file_names_every_network_beside_its_data(name):
    lines = (zoo.FOLDER / "LICENSE.md").read_text().splitlines()
    _, *rows = [line.strip("| ").split(" | ") for line in lines if line.startswith("| ")]
    networks = {data.split(" (")[0]: text for data, _, text in rows}
    card = zoo.card(name)
    if card.dataset:
        title = DATASETS[card.dataset].title
        assert f"the networks of {title}" in networks[title]
        return
    for data, text in networks.items():
        word = LICENCE_WORDS.get(data, data)
        assert (name in re.findall(r"[\w-]+", text)) == (word in card.licence), data


def test_weights_that_are_not_the_cards_are_refused(tmp_path, monkeypatch):
    folder = tmp_path / "net"
    folder.mkdir()
    fields = dataclasses.asdict(zoo.card(zoo.PHOTO_DENOISER)) | {"name": "net"}
    (folder / zoo.CARD).write_text(json.dumps(fields))
    monkeypatch.setattr(cards, "FOLDER", tmp_path)
    with pytest.raises(zoo.ZooError, match="missing"):
        zoo.load("net")
    (folder / zoo.WEIGHTS).write_bytes(b"other")
    with pytest.raises(zoo.ZooError, match="differs"):
        zoo.load("net", "mixed_bfloat16")


def test_snapshots_are_whole_where_a_training_kept_some(tmp_path, monkeypatch):
    found = {name: zoo.snapshots(name) for name in NAMES}
    assert len(found["vae2-mnist"]) > 10
    assert found["homework"] is None
    (tmp_path / "net").mkdir()
    (tmp_path / "net" / "snapshots.npz").write_bytes(b"PK")
    monkeypatch.setattr(cards, "FOLDER", tmp_path)
    with pytest.raises(zoo.ZooError, match=r"Received: net, whose snapshots.* make net\."):
        zoo.snapshots("net")


@pytest.mark.parametrize("damage", ["", "{}", '{"input_shape": [1, 2, 3]}', "[]"])
def test_a_damaged_card_is_one_clear_error(tmp_path, monkeypatch, damage):
    (tmp_path / "net").mkdir()
    (tmp_path / "net" / zoo.CARD).write_text(damage)
    monkeypatch.setattr(cards, "FOLDER", tmp_path)
    with pytest.raises(zoo.ZooError, match=r"A card is .* Received: net, whose .* make net\."):
        zoo.card("net")


# What the cards say is what the networks do

ARCHITECTURES = [
    name for name in KEPT if zoo.card(name).architecture is not None and zoo.card(name).dataset
]


def check_figures(name, test_set, images, tolerance=0.01):
    rows = [row for row in zoo.card(name).figures if row["test_set"] == test_set]
    assert rows
    for row in rows:
        if "confidence" in row:
            found = confidence(zoo.load(name), images)
            assert found == pytest.approx(row["confidence"], rel=0.01)
        if "task" in row:
            measured = evaluate(zoo.load(name), images, task_from_dict(row["task"]))
            assert measured["psnr"] == pytest.approx(row["psnr"], rel=tolerance)
            assert measured["mse"] == pytest.approx(row["mse"], rel=tolerance)


@each(KEPT)
def test_a_network_has_the_parameters_and_the_errors_of_its_card(name):
    card = zoo.card(name)
    assert zoo.load(name).count_params() == card.parameters
    if card.architecture is not None:
        (test_set,) = {row["test_set"] for row in card.figures} & set(SAMPLES)
        check_figures(name, test_set, sample_check_images(SAMPLES[test_set]))


@pytest.mark.heavy
@pytest.mark.parametrize("name", ARCHITECTURES)
def test_a_network_does_on_the_test_set_what_its_card_says(name, whole_data):
    """One of a kind on all of it, the others on 500 images, whose mean is less certain."""
    dataset = zoo.card(name).dataset
    images = cae.load_dataset(dataset).test
    step, tolerance = (1, 0.01) if name in ONE_OF_A_KIND else (20, 0.08)
    check_figures(name, f"{dataset} test", images[::step], tolerance)
    row = zoo.card(name).figures[0]
    if ACCURACY in row:  # a judge takes longer than most networks
        labels, task = load_labels(dataset).test[::20], task_from_dict(row["task"])
        found = judge_accuracy(zoo.load(name), images[::20], labels, task, dataset)
        assert found == pytest.approx(row[ACCURACY], abs=0.05)


COLORIZERS = [name for name in NAMES if any("ciede2000" in row for row in zoo.card(name).figures)]


@each(COLORIZERS)
def test_a_colorizer_does_on_sample_patches_what_its_card_says(name):
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


@pytest.mark.heavy
@pytest.mark.parametrize("name", ["colorize-rgb", "colorize-chroma"])
def test_images_in_a_batch_are_colorized_as_one_by_one(name):
    images = sample_check_images()[:3]
    found = color_rows(name, {"three": images})[0]
    pairs = [(cae.colorize(image, name), image / np.float32(255)) for image in images]
    assert found["condition"] == COLORIZED
    assert numbers(found) == pytest.approx(color_figures(pairs), rel=0.01)
