"""docs/results.md and what it is made of."""

import dataclasses

from cae_core import cli, zoo
from cae_core.architecture.presets import SOURCES
from cae_core.cli.results import claims_table, networks_table
from cae_core.studies.claims import verdicts
from cae_core.zoo.table import Row

PAGE = zoo.FOLDER.parent / "docs" / "results.md"


def cells_of(table, line=-1):
    return [cell.strip() for cell in table.splitlines()[line].strip("|").split("|")]


def test_the_page_is_what_the_command_prints(capsys):
    assert cli.main(["zoo", "--markdown"]) == 0
    assert capsys.readouterr().out == PAGE.read_text(), "zoo --markdown > docs/results.md"


def test_a_published_figure_stands_beside_the_measured_one():
    card = zoo.card("baseline")
    headings, cells = (
        cells_of(networks_table([Row(card, card.figures[0])]), line) for line in (0, -1)
    )
    place = headings.index("MSE")
    assert headings[place + 1] == "published"
    assert cells[place] == f"{card.figures[0]['mse']:.6f}"
    assert cells[place + 1] == f"{card.published['mse']:.6f}"


def test_what_is_missing_is_a_dash():
    card = zoo.card("baseline")
    bare = Row(dataclasses.replace(card, published={}, latent_size=None), card.figures[0])
    table = networks_table([bare])
    found = dict(zip(cells_of(table, 0), cells_of(table), strict=True))  # the last `published`
    assert (found["latent"], found["published"]) == ("-", "-")
    assert cells_of(claims_table(verdicts([])))[2] == "-"


def test_the_readme_links_the_results_the_terms_and_the_four_sources():
    readme = (zoo.FOLDER.parent / "README.md").read_text()
    wanted = ["(docs/results.md)", "(pretrained/LICENSE.md)"]
    wanted += [source.link for source in SOURCES.values()]
    assert [text for text in wanted if text not in readme] == []
