"""What recipes with commands of their own share."""

import dataclasses

import pytest

from cae_core import cli, zoo
from cae_core.recipes.command_line import save_measured
from cae_core.recipes.rate_training import RATE_RECIPES
from cae_core.zoo.cards import CARD, UNMEASURED, read_card

OWN = sorted(path.parent.name for path in zoo.FOLDER.glob("*/recipe.py"))


def test_a_network_has_a_card_while_it_is_measured(tmp_path):
    card = dataclasses.replace(zoo.card("homework"), figures=UNMEASURED)
    figures = ({"test_set": "some", "condition": "none", "mse": 0.5},)

    def measure():
        assert read_card(tmp_path / CARD) == card
        return iter(figures)

    measured = save_measured(card, tmp_path, measure)
    assert measured == dataclasses.replace(card, figures=figures)
    assert read_card(tmp_path / CARD) == measured


@pytest.mark.parametrize("name", [*OWN, *RATE_RECIPES])
def test_every_recipe_with_commands_says_them(name, capsys):
    with pytest.raises(SystemExit) as ended:
        cli.main(["make", name, "--help"])
    assert ended.value.code == 0
    said = capsys.readouterr().out
    assert f"usage: python -m cae_core make {name}" in said
    assert "train," in said
    assert "card}" in said
    assert "--out" in said
