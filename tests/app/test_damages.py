"""Damaged files on the server: every page opens, and says what it leaves out."""

import itertools
import shutil

import pytest

import cae_core as cae
from cae_core import zoo
from cae_core.jobs import RATE_TEST
from cae_core.jobs.job import RATE_TEST_RESULT
from cae_core.jobs.storage import LEASE
from cae_core.zoo import cards
from cae_ui.common import resources
from tests.app.finding import SMALL, said
from tests.damages import damages, put

PAGES = (
    None,
    "latent_size",
    "inside",
    "trainer",
    "sweep",
    "denoise",
    "colorize",
    "compress",
    "zoo",
)


@pytest.fixture
def damaged_copies(finished, tmp_path):
    """Puts a finished run on the server, and a copy for every damage; returns their ids by name."""

    def put_all(chosen, **settings):
        whole = tmp_path / "runs" / finished(**settings)
        number = itertools.count(1)
        found = {}
        for path in sorted(path for path in whole.rglob("*") if path.is_file()):
            if path.name == LEASE:
                continue
            for damage, content in damages(path).items():
                if chosen(damage):
                    copy = whole.with_name(f"{whole.name[:-6]}{next(number):06x}")
                    shutil.copytree(whole, copy)
                    put(copy / path.relative_to(whole), content)
                    found[f"{path.name}: {damage}"] = copy.name
        return found

    return put_all


@pytest.mark.heavy
def test_no_damage_to_the_files_of_a_run_takes_a_page_down(open_page, damaged_copies, finished):
    finished(task=cae.Denoise(0.1))
    finished(task=cae.Reconstruct())
    every_other = itertools.cycle([True, False])
    copies = damaged_copies(lambda damage: next(every_other), task=cae.Denoise(0.3))
    assert len(copies) > 200
    for page in PAGES:
        opened = open_page(page and f"pages/{page}.py")
        assert opened.title
        if page == "trainer":
            assert "more cannot be read." in said(opened.caption)
            assert "Compare runs" in opened.header.values


@pytest.mark.heavy
def test_a_damaged_run_that_is_opened_says_what_is_wrong(trainer_page, damaged_copies):
    for damage, job_id in damaged_copies(lambda damage: damage == "half").items():
        page = trainer_page(job=job_id, extremes="true")
        assert job_id not in said([*page.error, *page.caption]), damage
        if "samples.png" not in damage:
            assert page.error, damage


@pytest.mark.heavy
def test_a_damaged_learning_rate_test_that_is_opened_says_what_is_wrong(
    trainer_page, damaged_copies
):
    copies = damaged_copies(lambda damage: damage == "half", kind=RATE_TEST)
    assert f"{RATE_TEST_RESULT}: half" in copies
    for damage, job_id in copies.items():
        assert trainer_page(lr_test=job_id).error, damage


@pytest.mark.parametrize("name", ["speed.json", "pca-photo_patches.json"])
def test_damaged_files_of_the_server_are_made_again(trainer_page, finished, tmp_path, name):
    finished()
    finished(SMALL, cae.Denoise(0.1))
    path = tmp_path / "runs" / name
    for content in (b"", b'{"1": "x"}', b'{"0": 0.1}', b"{}", b"[" * 100_000):
        path.write_bytes(content)
        resources.speed_file.clear()
        page = trainer_page()
        assert "Compare runs" in page.header.values
        if name.startswith("pca"):
            assert "Draw it again." in said(page.error)
    path.unlink()
    path.mkdir()
    resources.speed_file.clear()
    assert "Compare runs" in trainer_page().header.values


@pytest.mark.heavy
def test_a_damaged_card_costs_the_lists_no_other_network(open_page, monkeypatch, tmp_path):
    name = "homework-denoise"
    folder = tmp_path / "pretrained"
    folder.mkdir()
    for known in zoo.FOLDER.iterdir():
        if known.name != name:
            (folder / known.name).symlink_to(known)
    (folder / name).mkdir()
    (folder / name / zoo.CARD).write_text('{"name": 1}')
    monkeypatch.setattr(cards, "FOLDER", folder)
    assert name not in zoo.names()
    for page in ("denoise", "colorize", "zoo"):
        opened = open_page(f"pages/{page}.py")
        assert not opened.error
    assert f"Received: {name}" in said(opened.caption)
