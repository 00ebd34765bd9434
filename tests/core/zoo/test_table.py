"""The zoo as a table: which rows there are, and what stands in them."""

import pytest

from cae_core import zoo
from cae_core.zoo.judge import ACCURACY, JUDGES
from cae_core.zoo.table import OURS, judge_own_accuracy, points, rows

ROWS = rows()


def row_of(name, condition):
    (row,) = [row for row in ROWS if (row.card.name, row.condition) == (name, condition)]
    return row


def test_every_network_has_a_row_for_every_condition_of_its_own_test_set():
    assert {row.card.name for row in ROWS} == set(zoo.names())
    conditions = [row.condition for row in ROWS if row.card.name == "denoise-0.3"]
    assert conditions == ["sigma 0.3, not clipped", "clean-through"]
    assert not any("sample" in row.figure["test_set"] for row in ROWS)


def test_the_sources_come_first_and_in_order():
    sections = [row.card.section for row in ROWS]
    ours = sections.index("")
    assert sections[:ours] == sorted(sections[:ours])
    assert set(sections[ours:]) == {""}


@pytest.mark.parametrize(
    ("name", "condition", "kind", "source"),
    [
        ("baseline", "reconstruction", "reconstruct", "B: "),
        ("denoise-1.0", "clean-through", "denoise", "A: "),
        ("colorize-rgb", "colorized", "colorize", OURS),
        (JUDGES["mnist"], "originals", "judge", OURS),
    ],
)
def test_a_row_says_what_it_is(name, condition, kind, source):
    row = row_of(name, condition)
    assert row.kind == kind
    assert row.source.startswith(source)


def test_words_stand_beside_what_they_were_said_of():
    assert row_of("denoise-0.3", "sigma 0.3, not clipped").words == "usable"
    assert "smears" in row_of("denoise-0.3", "clean-through").words
    assert row_of("denoise-1.0", "clean-through").words == ""
    assert row_of("baseline", "reconstruction").words == ""


def test_the_drop_is_what_the_judge_recognises_less():
    row = row_of("baseline", "reconstruction")
    assert row.judge_drop == pytest.approx(judge_own_accuracy("cifar10") - row.measured(ACCURACY))
    assert row_of(JUDGES["cifar10"], "originals").judge_drop is None
    assert judge_own_accuracy("fashion_mnist") is None


def test_points_have_a_latent_and_an_error():
    for dataset in ("cifar10", "mnist", "fashion_mnist"):
        assert points(dataset)
        for row in points(dataset):
            assert row.kind == "reconstruct"
            assert row.card.latent_size > 0
            assert row.measured("mse") > 0
