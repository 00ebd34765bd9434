"""Sweeps: a table that grows, and what stops it."""

import csv
import dataclasses
import resource
from pathlib import Path
from types import SimpleNamespace

import pytest

import cae_core as cae
from cae_core import cli
from cae_core.errors import PlaceError
from cae_core.studies import claims, sweep, tables
from cae_core.studies.sweep import Result, Trial, _append, read_table
from cae_core.training import loop

SMALL = "conv4 pool conv2 | up conv3:sigmoid"
LARGE = "conv4 pool conv8 | up conv3:sigmoid"


WHOLE = ",".join(field.name for field in dataclasses.fields(sweep.Result)) + "\n"


def trial(network, seed=0):
    return Trial(network, 1, seed=seed, dataset="photo_patches", images=64)


@pytest.fixture
def trained(monkeypatch):
    """The networks that would be trained; a smaller latent gets a larger error."""
    networks = []

    def note(architecture, data, config):
        networks.append(str(architecture))
        mse = 1 / cae.analyze(architecture).latent_size
        return SimpleNamespace(test={"mse": mse, "mae": 0.1, "psnr": 20.0, "ssim": 0.5}, seconds=1)

    monkeypatch.setattr(loop, "train", note)
    return networks


def test_a_sweep_is_a_line_for_every_trial(tmp_path):
    path = tmp_path / "folder" / "table.csv"
    results = sweep.run_sweep([trial(SMALL), trial(SMALL, seed=1)], path)
    assert [result.trial for result in results] == [trial(SMALL), trial(SMALL, 1)]
    assert [result.latent_size for result in results] == [512, 512]
    assert results[0].mse != results[1].mse
    assert all(0 < result.mse < 0.5 for result in results)
    assert read_table(path) == results


def test_what_was_trained_before_is_not_trained_again(tmp_path, trained):
    path = tmp_path / "table.csv"
    (first,) = sweep.run_sweep([trial(SMALL)], path)
    results = sweep.run_sweep([trial(LARGE), trial(SMALL)], path)
    assert trained == [SMALL, LARGE]
    assert results[1] == first
    assert len(path.read_text().splitlines()) == 3


def test_a_typing_error_is_found_before_anything_is_trained(tmp_path):
    path = tmp_path / "table.csv"
    with pytest.raises(cae.CAEError, match="Received: 'cnov4'"):
        sweep.run_sweep([trial(SMALL), trial("cnov4 | conv3")], path)
    assert not path.exists()


@pytest.mark.parametrize(
    "text",
    ["", "a,b\n1,2\n", "network,epochs\nconv4,1\n", WHOLE.replace("mse", "error"), WHOLE + "a,b\n"],
)
def test_another_table_is_refused_and_left_alone(tmp_path, text):
    path = tmp_path / "table.csv"
    path.write_text(text)
    with pytest.raises(cae.CAEError, match=r"columns network.*Received: .*table\.csv"):
        sweep.run_sweep([trial(SMALL)], path)
    assert path.read_text() == text


# From a shell


def test_the_shell_prints_the_best_first_and_says_where_the_table_is(tmp_path, trained, capsys):
    path = tmp_path / "mine.csv"
    arguments = ["sweep", SMALL, LARGE, "--limit", "64", "--epochs", "1", "--out", str(path)]
    assert cli.main(arguments) == 0
    said = capsys.readouterr()
    lines = said.out.splitlines()
    assert lines[0].split()[:3] == ["MSE", "PSNR", "SSIM"]
    assert float(lines[1].split()[0]) <= float(lines[2].split()[0])
    assert f"The table is in {path}." in said.out
    assert "2/2  " in said.err
    with path.open(newline="") as file:
        assert [row["network"] for row in csv.DictReader(file)] == [SMALL, LARGE]


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        ([], "Received: neither"),
        ([SMALL, "--study", "claims"], "Received: both"),
        ([SMALL, "--epochs", "0"], "Received: epochs=0"),
        ([SMALL, "--data", "cifra10"], "Did you mean 'cifar10'"),
        ([SMALL, "--limit", "-5"], "Received: -5"),
        ([SMALL, "--seeds", "0"], "Received: 0"),
        ([SMALL, f"28x28x1 {SMALL}"], "Received: "),
        (["--study", "claims", "--epochs", "9"], "with --epochs"),
    ],
)
def test_a_users_mistake_is_one_line_and_exit_code_2(tmp_path, capsys, arguments, expected):
    assert cli.main(["sweep", *arguments, "--out", str(tmp_path / "table.csv")]) == 2
    complaint = capsys.readouterr().err.strip()
    assert expected in complaint
    assert len(complaint.splitlines()) == 1
    assert not (tmp_path / "table.csv").exists()


def test_a_study_can_be_asked_for_by_name(tmp_path, trained, capsys, monkeypatch):
    monkeypatch.setattr(claims, "claims_trials", lambda: [trial(SMALL)])
    monkeypatch.setattr(tables, "FOLDER", tmp_path)
    assert cli.main(["sweep", "--study", "claims"]) == 0
    said = capsys.readouterr().out
    assert "Fully connected layers always hurt. Not yet tested." in said
    assert [result.trial for result in read_table(tmp_path / "claims.csv")] == [trial(SMALL)]


def test_a_result_keeps_what_was_asked_for():
    result = sweep.Result(**dataclasses.asdict(trial(SMALL)), mse=0.1)
    assert result.trial == trial(SMALL)


def test_a_result_that_the_table_cannot_take_any_more_is_kept_elsewhere(tmp_path, monkeypatch):
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "refuge"))
    (tmp_path / "refuge").mkdir()
    table = tmp_path / "table.csv"
    table.mkdir()  # no file can take its place
    result = Result("conv8 | conv3", 1, mse=0.5)
    with pytest.raises(PlaceError, match="the last result is in") as caught:
        _append(result, table)
    refuge = Path(str(caught.value).partition("result is in ")[2].partition(". Make")[0])
    assert read_table(refuge) == [result]


@pytest.mark.parametrize("lines", [0, 1], ids=["new", "old"])
def test_a_disk_that_fills_up_in_a_line_leaves_the_table_whole(tmp_path, monkeypatch, lines):
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    table, result = tmp_path / "table.csv", Result("conv8 | conv3", 1, mse=0.5)
    for _ in range(lines):
        _append(result, table)
    size = table.stat().st_size if lines else 0
    hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size + 9, hard[1]))
    try:
        with pytest.raises(OSError, match="File too large"):
            sweep._write_line(result, table)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, hard)
    assert read_table(table) == [result] * lines
