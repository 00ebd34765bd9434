"""Sweeps: a table that grows, and what stops it."""

import csv
import dataclasses
import json
from collections import Counter
from concurrent.futures import Executor, Future
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

import cae_core as cae
from cae_core import cli
from cae_core.errors import PlaceError, WorkerError
from cae_core.studies import claims, sweep, tables
from cae_core.studies.sweep import (
    RETRIES,
    Result,
    Trial,
    _append,
    read_table,
    run_sweep,
    table_text,
    train_trial,
)
from cae_core.training import loop

SMALL = "conv4 pool conv2 | up conv3:sigmoid"
LARGE = "conv4 pool conv8 | up conv3:sigmoid"


WHOLE = ",".join(field.name for field in dataclasses.fields(sweep.Result)) + "\n"


def trial(network, seed=0):
    return Trial(network, 1, seed=seed, dataset="photo_patches", images=64)


def error(network):
    """The error that a network would have."""
    return 1 / cae.analyze(cae.Architecture.parse(network)).latent_size


class Elsewhere(Executor):
    """Workers that hand data over as text; each training ends as the test says."""

    def __init__(self, *ends):
        self.ends = list(ends)
        self.calls = []
        self.most = 0
        self.open = []

    def submit(self, fn, /, *args):
        trial = json.loads(json.dumps(args[0]))
        self.calls.append((fn, Trial(**trial)))
        future = Future()
        end = self.ends.pop(0) if self.ends else None
        if isinstance(end, Exception):
            future.set_exception(end)
        elif end == "cancelled":
            future.cancel()
            future.set_running_or_notify_cancel()
        elif end == "open":
            self.open.append(future)
        else:
            future.set_result(end or {"result": trial | {"mse": 0.5}, "samples": ""})
        self.most = max(self.most, sum(not future.done() for future in self.open))
        return future


@pytest.fixture
def trained(monkeypatch):
    """The networks that would be trained; a smaller latent gets a larger error."""
    networks = []

    def note(architecture, data, config, should_stop):
        networks.append(str(architecture))
        return SimpleNamespace(
            test={"mse": error(str(architecture)), "mae": 0.1, "psnr": 20.0, "ssim": 0.5},
            samples=np.zeros((3, 2, 4, 4, 3), np.uint8),
            stopped=False,
            seconds=1,
        )

    monkeypatch.setattr(loop, "train", note)
    return networks


@pytest.mark.heavy
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


def test_an_older_table_is_read_and_goes_on_with_the_columns_of_today(tmp_path, trained):
    path = tmp_path / "table.csv"
    first = Result(**dataclasses.asdict(trial(SMALL)), mse=0.5)
    rows = list(csv.reader(table_text([first]).splitlines()))
    kept = [at for at, name in enumerate(rows[0]) if name not in ("learning_rate", "loss")]
    path.write_text("".join(",".join(row[at] for at in kept) + "\n" for row in rows))
    assert read_table(path) == [first]
    assert run_sweep([trial(SMALL), trial(LARGE)], path)[0] == first
    assert trained == [LARGE]
    assert path.read_text().startswith(WHOLE)


# On workers elsewhere


def test_trainings_travel_as_plain_data_and_come_back_as_lines_of_the_table(tmp_path):
    workers = Elsewhere()
    wanted = [trial(SMALL), dataclasses.replace(trial(LARGE, 3), loss="mae", learning_rate=0.01)]
    results = run_sweep(wanted * 2, tmp_path / "table.csv", executor=workers)
    assert workers.calls == [(train_trial, each) for each in wanted]
    assert [result.trial for result in results] == wanted
    assert read_table(tmp_path / "table.csv") == results


def test_a_training_whose_worker_dies_is_tried_again_and_one_that_always_dies_fails(tmp_path):
    failed = []
    died = WorkerError("A job needs its worker.")
    path = tmp_path / "table.csv"
    workers = Elsewhere(died, None, *[died] * (RETRIES + 1))
    wanted = [trial(SMALL), trial(LARGE)]
    run_sweep(wanted[:1], path, executor=workers)
    results = run_sweep(wanted, path, executor=workers, on_failure=lambda *f: failed.append(f))
    assert [result.trial for result in results] == wanted[:1]
    assert failed == [(wanted[1], str(died))]
    assert Counter(each for _, each in workers.calls) == {wanted[0]: 2, wanted[1]: RETRIES + 1}


@pytest.mark.parametrize("end", [{"failed": "No."}, OSError("No."), "cancelled"])
def test_a_training_that_fails_has_no_line_and_is_tried_by_the_next_sweep(tmp_path, end):
    failed, path = [], tmp_path / "table.csv"
    wanted = [trial(SMALL), trial(LARGE)]
    workers = Elsewhere(end)
    results = run_sweep(wanted, path, executor=workers, on_failure=lambda *f: failed.append(f))
    assert [result.trial for result in results] == wanted[1:]
    assert [each for each, _ in failed] == wanted[:1]
    assert end == "cancelled" or failed[0][1] == "No."
    assert len(run_sweep(wanted, path, executor=Elsewhere())) == 2


def test_a_network_that_cannot_be_trained_is_a_sentence():
    assert (
        "Received: 'cifra'"
        in train_trial(dataclasses.asdict(Trial(SMALL, 1, 0, "cifra")))["failed"]
    )


@pytest.mark.parametrize(("asked", "expected"), [(False, "Received: one that was"), (True, None)])
def test_a_training_that_takes_too_long_fails_and_one_that_is_asked_to_stop_does_not(
    tmp_path, monkeypatch, asked, expected
):
    def endless(architecture, data, config, should_stop):
        while not should_stop():
            pass
        return SimpleNamespace(stopped=True)

    monkeypatch.setattr(loop, "train", endless)
    stop = tmp_path / "stop"
    if asked:
        stop.touch()
    end = train_trial(dataclasses.asdict(trial(SMALL)), str(stop), 1e-3)
    assert end == {} if asked else expected in end["failed"]


def test_a_sweep_goes_on_behind_a_training_that_took_too_long(tmp_path, trained, monkeypatch):
    quick = loop.train

    def train(architecture, data, config, should_stop):
        while str(architecture) == SMALL and not should_stop():
            pass
        run = quick(architecture, data, config, should_stop)
        run.stopped = str(architecture) == SMALL
        return run

    monkeypatch.setattr(loop, "train", train)
    failed, wanted = [], [trial(SMALL), trial(LARGE)]
    results = run_sweep(
        wanted, tmp_path / "table.csv", on_failure=lambda *f: failed.append(f), minutes=1e-3
    )
    assert [result.trial for result in results] == wanted[1:]
    ((late, reason),) = failed
    assert late == wanted[0]
    assert "at most 0.001 minutes" in reason


def test_an_executor_gets_as_many_trainings_at_once_as_it_takes_and_a_file_stops_all(tmp_path):
    stop, workers = tmp_path / "stop", Elsewhere(*["open"] * 4)
    stopped = []

    def at_once():
        if len(workers.calls) == 3:
            stop.touch()
            # One has ended meanwhile; its worker was not asked in time.
            workers.open[0].set_result({"result": dataclasses.asdict(trial(SMALL))})
        return 3

    wanted = [trial(SMALL, seed) for seed in range(6)]
    results = run_sweep(
        wanted,
        tmp_path / "table.csv",
        executor=workers,
        at_once=at_once,
        stop=stop,
        on_failure=lambda *f: stopped.append(f),
    )
    assert workers.most == 3
    assert len(workers.calls) == 3
    assert [result.trial for result in results] == wanted[:1]
    assert all(future.cancelled() for future in workers.open[1:])
    assert stopped == []


def test_a_process_loads_the_images_of_a_sweep_once(tmp_path, trained, monkeypatch):
    loads = []
    whole = sweep.load_dataset
    sweep._loaded.cache_clear()
    monkeypatch.setattr(sweep, "load_dataset", lambda *a, **k: loads.append(a) or whole(*a, **k))
    run_sweep([trial(SMALL), trial(LARGE)], tmp_path / "table.csv")
    assert loads == [("photo_patches",)]


def test_sample_images_of_every_training_are_kept_where_they_are_wanted(tmp_path, trained):
    run_sweep([trial(SMALL)], tmp_path / "table.csv", samples=tmp_path / "samples")
    (images,) = (tmp_path / "samples").iterdir()
    assert images.name == f"{trial(SMALL).id}.png"
    assert images.read_bytes().startswith(b"\x89PNG")
    assert trial(SMALL).id != trial(SMALL, 1).id


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
        ([SMALL, "--study", "claims"], "with networks"),
        ([SMALL, "--epochs", "0"], "Received: epochs=0"),
        ([SMALL, "--data", "cifra10"], "Did you mean 'cifar10'"),
        ([SMALL, "--limit", "-5"], "Received: -5"),
        ([SMALL, "--seeds", "0"], "Received: 0"),
        ([f"28x28x1 {SMALL}"], "Received: none"),
        ([SMALL, "--vary", "kernel=3,5"], "Received: network and kernel"),
        (["--vary", "kernel"], "Received: --vary kernel"),
        (["--vary", "kernle=3"], "Received: 'kernle'"),
        (["--vary", "seed=1..3", "--seeds", "2"], "and both"),
        (["--study", "claims", "--epochs", "9"], "with --epochs"),
    ],
)
def test_a_users_mistake_is_one_line_and_exit_code_2(tmp_path, capsys, arguments, expected):
    assert cli.main(["sweep", *arguments, "--out", str(tmp_path / "table.csv")]) == 2
    *notes, complaint = capsys.readouterr().err.strip().splitlines()
    assert expected in complaint
    assert all(note.startswith("Left out: ") for note in notes)
    assert not (tmp_path / "table.csv").exists()


def test_a_study_can_be_asked_for_by_name(tmp_path, trained, capsys, monkeypatch):
    monkeypatch.setattr(claims, "claims_trials", lambda: [trial(SMALL)])
    monkeypatch.setattr(tables, "FOLDER", tmp_path)
    assert cli.main(["sweep", "--study", "claims"]) == 0
    said = capsys.readouterr().out
    assert "Fully connected layers always hurt. Not yet tested." in said
    assert [result.trial for result in read_table(tmp_path / "claims.csv")] == [trial(SMALL)]


def test_a_plan_is_priced_then_trained_then_judged(tmp_path, trained, capsys, monkeypatch):
    speed = tmp_path / "speed.json"
    speed.write_text('{"seconds_per_image": 1, "seconds_per_mac": 0}')
    monkeypatch.setenv("CAE_RUNS_DIR", str(tmp_path))
    path = tmp_path / "mine.csv"
    arguments = ["sweep", "--vary", "latent=100,256,512", "--vary", "seed=1..2", "--out", str(path)]
    arguments += ["--limit", "64", "--epochs", "1"]
    assert cli.main([*arguments, "--dry-run"]) == 0
    said = capsys.readouterr()
    assert "Left out: latent 100." in said.err
    # Two latent sizes, two seeds, 64 seconds and 4 each.
    assert said.out.splitlines()[-1].startswith("4 trainings, about 4 min 32 s, ")
    assert not path.exists()
    assert cli.main(arguments) == 0
    assert len(trained) == 4
    said = capsys.readouterr().out
    assert (
        "Does not hold: latent 256 has a lower error than latent 512. Its error is 2.000 times"
        in said
    )
    assert cli.main([*arguments, "--dry-run"]) == 0
    assert "All of it is in the table." in capsys.readouterr().out


def test_a_sweep_of_which_a_part_fails_says_so_and_ends_with_1(
    tmp_path, trained, capsys, monkeypatch
):
    whole = loop.train

    def break_down(architecture, *args, **settings):
        if str(architecture) == LARGE:
            raise cae.CAEError("The loss is no number. Received: NaN. Use another rate.")
        return whole(architecture, *args, **settings)

    monkeypatch.setattr(loop, "train", break_down)
    path = tmp_path / "table.csv"
    arguments = ["sweep", SMALL, LARGE, "--limit", "64", "--epochs", "1", "--out", str(path)]
    assert cli.main(arguments) == 1
    assert f"Failed: {LARGE}, seed 0: The loss is no number." in capsys.readouterr().out
    monkeypatch.setattr(loop, "train", whole)
    assert cli.main(arguments) == 0
    assert trained == [SMALL, LARGE]


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


def test_a_disk_that_fills_up_leaves_the_table_whole(tmp_path, monkeypatch):
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    table, result = tmp_path / "table.csv", Result("conv8 | conv3", 1, mse=0.5)
    _append(result, table)

    def fill_up(path, text, **_):
        with path.open("w") as file:
            file.write(text[: len(text) // 2])
        monkeypatch.undo()
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "write_text", fill_up)
    with pytest.raises(PlaceError, match="No space left"):
        _append(dataclasses.replace(result, seed=1), table)
    assert read_table(table) == [result]
