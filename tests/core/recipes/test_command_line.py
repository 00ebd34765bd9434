"""What the recipes in the networks' own folders share."""

import dataclasses
import runpy

import pytest

from cae_core import zoo
from cae_core.recipes.command_line import save_measured
from cae_core.zoo.cards import CARD, UNMEASURED, read_card

OWN = sorted(zoo.FOLDER.glob("*/recipe.py"))


def test_a_network_has_a_card_while_it_is_measured(tmp_path):
    card = dataclasses.replace(zoo.card("homework"), figures=UNMEASURED)
    figures = ({"test_set": "some", "condition": "none", "mse": 0.5},)

    def measure():
        assert read_card(tmp_path / CARD) == card
        return iter(figures)

    measured = save_measured(card, tmp_path, measure)
    assert measured == dataclasses.replace(card, figures=figures)
    assert read_card(tmp_path / CARD) == measured


@pytest.mark.parametrize("path", OWN, ids=lambda path: path.parent.name)
def test_every_own_recipe_says_its_commands(path, capsys):
    with pytest.raises(SystemExit) as ended:
        runpy.run_path(str(path))["main"](["--help"])
    assert ended.value.code == 0
    said = capsys.readouterr().out
    assert f"usage: python -m cae_core make {path.parent.name}" in said
    assert "card" in said
    assert "--out" in said
