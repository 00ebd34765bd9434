"""``python -m cae_core zoo``: the trained networks and their cards."""

import dataclasses
import json

import pytest

from cae_core import cli, zoo

DENOISER = zoo.PHOTO_DENOISER


def printed(arguments, capsys):
    assert cli.main(["zoo", *arguments]) == 0
    captured = capsys.readouterr()
    assert captured.err == ""
    return captured.out


def as_json(card):
    """A card as it looks after a way through JSON."""
    return json.loads(json.dumps(dataclasses.asdict(card)))


def a_card(monkeypatch, **changes):
    """Has the zoo hold one made-up card."""
    card = dataclasses.replace(zoo.card(DENOISER), name="mine", **changes)
    monkeypatch.setattr(zoo, "names", lambda: ["mine"])
    monkeypatch.setattr(zoo, "card", lambda name: card)
    return card


def test_the_list_has_a_line_for_every_network(capsys):
    lines = printed([], capsys).splitlines()

    assert lines[0].split("  ")[0] == "name"
    for name in zoo.names():
        (line,) = (line for line in lines if line.startswith(f"{name} "))
        card = zoo.card(name)
        assert f"  {card.title}  " in line
        assert f" {card.parameters:,}  " in line
        figure = card.figures[0]
        measure = "PSNR" if "psnr" in figure else "accuracy"
        measured = f"{measure} {first_number(figure)}"
        assert line.endswith(f"{measured} on {figure['test_set']}, {figure['condition']}")


@pytest.mark.parametrize("name", zoo.names())
def test_a_card_is_printed_with_all_its_figures(name, capsys):
    card = zoo.card(name)

    lines = printed([name], capsys).splitlines()

    assert lines[0] == f"{card.title} ({name})"
    flat = " ".join(" ".join(lines).split())
    for said in (card.summary, card.source, card.data, card.licence, card.recipe, card.sha256):
        assert " ".join(said.split()) in flat
    assert f"parameters {card.parameters:,}" in flat
    for figure in card.figures:
        assert any(
            line.startswith(figure["test_set"])
            and figure["condition"] in line
            and first_number(figure) in line
            for line in lines
        )


def first_number(figure):
    """What stands in every line of a card's table."""
    if "psnr" in figure:
        return f"{figure['psnr']:.2f} dB"
    return f"{figure.get('accuracy', figure.get('confidence')):.2%}"


def test_a_card_says_what_a_judge_is_where_it_has_one(capsys):
    assert "The judge is an evaluation classifier" in printed(["baseline"], capsys)
    assert "judge" not in printed([DENOISER], capsys)


def test_facts_that_a_network_does_not_have_are_left_out(monkeypatch, capsys):
    a_card(monkeypatch, noise_range=None, latent_size=None)
    out = printed(["mine"], capsys)
    assert "\nnoise " not in out
    assert "\nlatent " not in out

    a_card(monkeypatch, noise_range=(0.1, 0.2), latent_size=1024)
    out = printed(["mine"], capsys)
    assert "\nnoise       sigma 0.100 to 0.200 (26/255 to 51/255)\n" in out
    assert "\nlatent      1,024 numbers\n" in out


def test_figures_of_several_kinds_share_a_table(monkeypatch, capsys):
    a_card(
        monkeypatch,
        figures=(
            {"test_set": "one", "condition": "clean", "colourfulness": 3, "task": {"name": "x"}},
            {"test_set": "other", "condition": "noisy", "mse": 0.25, "psnr": 20.0},
        ),
    )

    assert printed(["mine"], capsys).splitlines()[-3:] == [
        "test set  condition  colourfulness      PSNR       MSE",
        "one       clean                  3",
        "other     noisy                     20.00 dB  0.250000",
    ]
    assert "colourfulness 3 on one, clean" in printed([], capsys)


def test_a_card_without_figures_is_listed_all_the_same(monkeypatch, capsys):
    a_card(monkeypatch, figures=())

    assert "mine " in printed([], capsys)
    assert printed(["mine"], capsys).splitlines()[-1] == "test set  condition"


def test_json_has_the_whole_cards(capsys):
    cards = [as_json(zoo.card(name)) for name in zoo.names()]
    assert json.loads(printed(["--json"], capsys)) == cards
    assert json.loads(printed([DENOISER, "--json"], capsys)) == as_json(zoo.card(DENOISER))


def test_an_unknown_name_is_refused_in_one_line_with_the_known_ones(capsys):
    assert cli.main(["zoo", "bogus"]) == 2

    captured = capsys.readouterr()
    assert captured.out == ""
    (line,) = captured.err.splitlines()
    assert DENOISER in line
    assert "Received: 'bogus'" in line


def test_help_teaches_with_examples(capsys):
    with pytest.raises(SystemExit):
        cli.main(["zoo", "--help"])

    assert "examples:\n  python -m cae_core zoo\n" in capsys.readouterr().out


@pytest.mark.parametrize(
    "name", [name for name in zoo.names() if zoo.card(name).architecture is None]
)
def test_a_network_without_a_text_is_named_by_its_module(name, capsys):
    (line,) = [line for line in printed([name], capsys).splitlines() if line.startswith("network ")]
    module = zoo.FOLDER.parent / line.split()[1]
    assert f'@register_network("{zoo.card(name).network}")' in module.read_text()
