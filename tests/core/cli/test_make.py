"""``python -m cae_core make``: networks trained again by their recipes."""

import dataclasses
import shutil

import pytest

from cae_core import cli, zoo
from cae_core.recipes import pipeline
from cae_core.recipes.table import IMAGENET_RECIPES, JUDGE_RECIPES, RECIPES
from cae_core.zoo import cards


def test_without_a_name_every_network_is_listed_with_its_minutes_and_result(capsys):
    assert cli.main(["make"]) == 0
    lines = capsys.readouterr().out.splitlines()
    listed = {line.split()[0]: line for line in lines[1:-2]}
    assert listed.keys() >= set(zoo.names()) | RECIPES.keys() | JUDGE_RECIPES.keys()
    figure = zoo.card("homework").figures[0]
    assert listed["homework"].split()[1] == "2"
    assert f"PSNR {figure['psnr']:.2f} dB on cifar10 test" in listed["homework"]


@pytest.mark.parametrize(
    ("arguments", "function", "recipe", "folder"),
    [
        (["homework"], "make", RECIPES["homework"], zoo.FOLDER / "homework"),
        (["judge-mnist"], "make", JUDGE_RECIPES["judge-mnist"], zoo.FOLDER / "judge-mnist"),
        (["homework", "--card"], "measure", RECIPES["homework"], zoo.FOLDER / "homework"),
        (["transfer", "--imagenet", "--out", "x"], "make", IMAGENET_RECIPES["transfer"], "x"),
    ],
)
def test_a_name_stands_for_its_recipe(arguments, function, recipe, folder, monkeypatch, capsys):
    def noted(wanted, out):
        assert (wanted, str(out)) == (recipe, str(folder))
        return zoo.card("homework")

    monkeypatch.setattr(pipeline, function, noted)
    assert cli.main(["make", *arguments]) == 0
    assert str(zoo.card("homework").figures[0]["mse"]) in capsys.readouterr().out


def test_words_are_written_anew_into_a_folder(tmp_path, capsys):
    folder = shutil.copytree(zoo.FOLDER / "homework", tmp_path / "homework")
    card = zoo.card("homework")
    dataclasses.replace(card, summary="Outdated.").save(folder)
    assert cli.main(["make", "homework", "--words", "--out", str(folder)]) == 0
    assert zoo.read_card(folder / zoo.CARD) == card


def test_a_recipe_of_its_own_gets_the_options_after_its_name(tmp_path, monkeypatch, capsys):
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "recipe.py").write_text("def main(arguments):\n    print(arguments)\n")
    monkeypatch.setattr(cards, "FOLDER", tmp_path)
    assert cli.main(["make", "mine", "train", "--photos", "here"]) == 0
    assert capsys.readouterr().out == "['train', '--photos', 'here']\n"


def test_every_recipe_of_its_own_has_a_command_line():
    own = "\ndef main(arguments: Sequence[str] | None = None) -> None:"
    shared = "\nmain = command_line("
    for path in zoo.FOLDER.glob("*/recipe.py"):
        assert (own in path.read_text()) != (shared in path.read_text())


def test_another_network_in_the_folder_is_kept_unless_forced(tmp_path, monkeypatch, capsys):
    made = []
    monkeypatch.setattr(pipeline, "make", lambda *asked: made.append(asked) or zoo.card("homework"))
    folder = shutil.copytree(zoo.FOLDER / "homework", tmp_path / "mine")
    arguments = ["make", "homework", "--out", str(folder)]
    assert cli.main(arguments) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert "which has model.weights.h5" in line and "--force" in line
    assert not made
    assert cli.main([*arguments, "--force"]) == 0
    assert cli.main(["make", "homework", "--out", str(tmp_path / "new")]) == 0
    assert [place.name for _, place in made] == ["mine", "new"]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["bogus"], "Received: 'bogus'"),
        (["transfer", "--imagenet"], "name its folder with --out"),
        (["homework", "--imagenet"], "unrecognized arguments: --imagenet"),
    ],
)
def test_a_mistake_is_said_in_one_line(arguments, said, capsys):
    try:
        code = cli.main(["make", *arguments])
    except SystemExit as ended:
        code = ended.code
    assert code == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert said in line
