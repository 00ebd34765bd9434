"""All networks: the table, and the choice of one."""

import pytest

from cae_core import zoo
from cae_core.zoo.judge import ACCURACY
from cae_core.zoo.table import judge_own_accuracy, rows
from tests.app.finding import press, said


def table(page):
    return page.dataframe[0].value


def test_every_network_is_there_under_every_condition_measured_beside_published(zoo_page):
    page = zoo_page()
    assert not page.error
    assert list(table(page)["Network"]) == [row.card.name for row in rows()]
    assert set(zoo.names()) == {row.card.name for row in rows()}
    line = table(page).set_index("Network").loc["baseline"]
    card = zoo.card("baseline")
    assert line["MSE"] == pytest.approx(card.figures[0]["mse"])
    assert line["MSE published"] == pytest.approx(card.published["mse"])
    assert line["Judge"] == pytest.approx(100 * card.figures[0][ACCURACY])
    assert line["Drop"] == pytest.approx(100 * judge_own_accuracy("cifar10") - line["Judge"])
    assert line["Minutes published"] == pytest.approx(23 + 47 / 60)


def test_filters_leave_what_fits_all_of_them(zoo_page):
    page = zoo_page()
    source = next(option for option in page.multiselect("zoo-source").options if "B: " in option)
    page.multiselect("zoo-source").set_value([source])
    page.multiselect("zoo-data").set_value(["MNIST"]).run()
    found = table(page)
    assert len(found) > 0
    assert set(found["Source"]) == {source}
    assert set(found["Data"]) == {"MNIST"}
    page.multiselect("zoo-task").set_value(["colorize"]).run()
    assert "No network fits all three filters" in said(page.info)
    page.multiselect("zoo-task").set_value([]).run()
    assert len(table(page)) == len(found)


def test_sources_are_linked_and_the_judge_is_defined(zoo_page):
    page = zoo_page()
    assert "](https://github.com/rtflynn/Cifar-Autoencoder)" in page.markdown.values[0]
    assert "The **judge** is the evaluation classifier" in said(page.caption)


def test_a_network_that_is_chosen_replaces_the_table_and_all_come_back(zoo_page):
    page = zoo_page(card="homework")
    assert page.header.values[0] == zoo.card("homework").title
    assert "Does a smaller latent mean a larger error?" not in page.header.values
    press(page, "All networks")
    assert len(table(page)) == len(rows())
    assert page.selectbox("card").value is None
