"""The claims and their verdicts."""

from cae_core.studies import tables
from cae_core.studies.claims import verdicts
from tests.app.finding import labels_of


def test_every_claim_has_its_verdict(zoo_page):
    labels = labels_of(zoo_page().expander)
    for verdict in verdicts():
        (label,) = [label for label in labels if label.startswith(verdict.claim.statement)]
        assert f"[{verdict.word}]" in label


def test_without_tables_the_page_still_opens(zoo_page, monkeypatch, tmp_path):
    monkeypatch.setattr(tables, "FOLDER", tmp_path)
    page = zoo_page()
    assert not page.error
    words = {label.split("[")[1] for label in labels_of(page.expander)}
    assert words == {"not yet tested]"}


def test_a_damaged_table_is_one_sentence(zoo_page, monkeypatch, tmp_path):
    monkeypatch.setattr(tables, "FOLDER", tmp_path)
    (tmp_path / "claims.csv").write_text("a,b\n1,2\n")
    (error,) = zoo_page().error
    assert "A sweep's table has the columns" in error.value
