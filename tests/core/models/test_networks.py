"""Networks that register their builders by name."""

import dataclasses

import keras
import pytest

from cae_core import zoo
from cae_core.models.networks import NETWORKS, build_network, register_network


@pytest.fixture
def toy():
    @register_network("toy")
    def build_toy(dtype="float32"):
        inputs = keras.Input((None, None, 1))
        outputs = keras.layers.Conv2D(2, 3, padding="same", dtype=dtype)(inputs)
        return keras.Model(inputs, outputs, name="toy")

    yield build_toy
    del NETWORKS["toy"]


def test_a_registered_network_is_built_in_the_wanted_number_format(toy):
    model = build_network("toy", "mixed_bfloat16")
    assert (model.name, model.layers[-1].compute_dtype) == ("toy", "bfloat16")


def test_a_card_that_names_a_registered_network_loads_it(toy, tmp_path, monkeypatch):
    folder = tmp_path / "net"
    folder.mkdir()
    model = toy()
    model.save_weights(folder / zoo.WEIGHTS)
    card = dataclasses.replace(
        zoo.card(zoo.PHOTO_DENOISER),
        name="net",
        network="toy",
        sha256=zoo.sha256(folder / zoo.WEIGHTS),
    )
    card.save(folder)
    monkeypatch.setattr("cae_core.zoo.cards.FOLDER", tmp_path)
    assert card.architecture is None
    assert zoo.load("net").name == "toy"


def test_the_networks_of_the_project_are_registered():
    assert build_network("colorizer").count_params() < 1_000_000
    assert {"photo-denoiser", "camera-denoiser", "colorizer"} <= set(NETWORKS)
