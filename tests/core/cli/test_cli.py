import argparse
import contextlib
import io
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from cae_core import cli
from cae_core.architecture.notation import Architecture
from cae_core.architecture.presets import PRESETS
from cae_core.cli import train as train_command
from cae_core.cli.terminal import Bar
from cae_core.errors import TrainingError
from cae_core.training.progress import EpochRecord, Progress
from cae_core.training.runs import Run, RunSummary
from cae_core.training.tasks import ColorizeChroma, ColorizeRGB, Reconstruct

# Keras 3.15 reads a TensorFlow variable in a way that NumPy 2.4 frowns at when weights are saved.
pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")

TINY = "conv2k4s4 | up4 conv3k1:sigmoid"
COLORIZER = "32x32x1 conv2k4s4 | up4 conv2k1:tanh"
QUICK = ["--limit", "256", "--epochs", "1"]


@pytest.fixture(autouse=True)
def empty_folder(tmp_path, monkeypatch):
    """Every test works in a folder of its own, and finds no public data set."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("CAE_DATA_DIR", raising=False)
    monkeypatch.setenv("KERAS_HOME", str(tmp_path / "keras"))


def ended(arguments):
    """The exit code, however the program ends."""
    try:
        return cli.main(arguments)
    except SystemExit as exit_:
        return exit_.code


def complaint(arguments, capsys):
    """The one line on stderr that a user's mistake causes."""
    assert ended(arguments) == 2
    captured = capsys.readouterr()
    (line,) = captured.err.splitlines()
    return line


def run(*command, **settings):
    """A finished process and what it printed."""
    return subprocess.run(  # noqa: S603
        [sys.executable, *command], capture_output=True, text=True, check=False, **settings
    )


def environment(**variables):
    """The process's environment with our package on its path."""
    root = Path(cli.__file__).resolve().parents[2]
    return os.environ | {"PYTHONPATH": str(root)} | variables


# --- latent ----------------------------------------------------------------------------------


def test_latent_prints_a_row_per_layer_the_latent_and_the_verdict(capsys):
    assert cli.main(["latent", "homework"]) == 0

    out = capsys.readouterr().out
    rows = [line.split() for line in out.splitlines()]
    assert ["1", "conv8", "32x32x8", "8,192", "224", "221,184", "3x3"] in rows
    assert ["9", "conv3:sigmoid", "32x32x3", "3,072", "327", "331,776", "26x26"] in rows
    assert out.index("5  conv16") < out.index("the latent: 1,024 numbers") < out.index("6  up")
    assert "latent 8x8x16 = 1,024 numbers, 3.0 times smaller than the input" in out
    assert "4,911 parameters" in out


def test_latent_with_a_warning_is_no_mistake(capsys):
    assert cli.main(["latent", "strided-bn"]) == 0

    captured = capsys.readouterr()
    assert "WARNING: This does not compress" in captured.out
    assert captured.err == ""


def test_latent_puts_numbers_into_the_formula(capsys):
    cli.main(["latent", "homework", "--formulas"])

    assert "((32 − 3 + 2·1)/1 + 1)² · 8 = 32² · 8 = 8,192" in capsys.readouterr().out


def test_latent_shows_an_impossible_architecture_and_complains_in_one_line(capsys):
    assert cli.main(["latent", "conv8 pool shuffle4 dense5 | up conv1"]) == 2

    captured = capsys.readouterr()
    lines = captured.out.splitlines()
    at = next(index for index, line in enumerate(lines) if line.startswith("3  shuffle4"))
    assert "PROBLEM: A shuffle by 4 needs a multiple of 16 channels." in lines[at + 1]
    assert "PROBLEM: A dense layer works on a vector." in lines[at + 3]
    assert "Without the layers that cannot work: latent" in captured.out
    (line,) = captured.err.splitlines()
    assert line.startswith("Layer 3 (shuffle4): A shuffle by 4")
    assert "(1 more in the table.)" in line
    assert line.endswith("The option --fix takes this one.")


def test_latent_complains_about_an_output_of_another_size(capsys):
    assert cli.main(["latent", "conv8 pool | conv3"]) == 2

    captured = capsys.readouterr()
    assert "    PROBLEM: The output must be 32x32x3. Received: 16x16x3." in captured.out
    assert "\nlatent 16x16x8 = 2,048 numbers" in captured.out
    assert len(captured.err.splitlines()) == 1


def test_latent_fix_makes_the_smallest_change_that_was_tried_and_says_it(capsys):
    text = "74x74x16 conv24s2:valid | deconv16:valid"
    assert cli.main(["latent", text]) == 2
    captured = capsys.readouterr()
    assert "REMEDY 1: Replace layer 2 (deconv16:valid) with deconv16o1:valid" in captured.out
    assert cli.main(["latent", text, "--fix", "--json"]) == 0
    captured = capsys.readouterr()
    assert json.loads(captured.out)["architecture"].endswith("| deconv16o1:valid")
    assert "The output must be 74x74x16. Received: 73x73x16. Replace layer 2" in captured.err


def test_latent_takes_the_shape_of_the_input_for_a_text_and_for_a_preset(capsys):
    cli.main(["latent", "conv8 pool | up conv1:sigmoid", "--input", "28x28x1", "--json"])
    assert json.loads(capsys.readouterr().out)["latent_shape"] == [14, 14, 8]

    cli.main(["latent", "homework", "--input", "64x64x3", "--json"])
    assert json.loads(capsys.readouterr().out)["latent_shape"] == [16, 16, 16]


def test_latent_as_json_has_every_layer_and_the_memory_of_the_batch(capsys):
    cli.main(["latent", "homework", "--json", "--batch", "10"])

    report = json.loads(capsys.readouterr().out)
    assert report["parameters"] == 4911
    assert report["problems"] == []
    assert [layer["size"] for layer in report["layers"]][:3] == [8192, 2048, 3072]
    assert report["activation_bytes"] == 10 * 4 * sum(layer["size"] for layer in report["layers"])


@pytest.mark.parametrize("arguments", [["latent"], ["latent", "--list"]])
def test_latent_without_an_architecture_lists_the_presets(arguments, capsys):
    assert cli.main(arguments) == 0

    out = capsys.readouterr().out
    assert all(f"  {name} " in out for name in PRESETS)


def test_the_list_of_presets_is_there_as_json(capsys):
    cli.main(["latent", "--list", "--json"])

    presets = json.loads(capsys.readouterr().out)
    assert {preset["id"]: preset["text"] for preset in presets} == {
        preset.id: preset.text for preset in PRESETS.values()
    }


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["latent", "homwork"], "Did you mean 'homework'?"),
        (["latent", "conv8 poool | up conv3"], "Did you mean 'pool'?"),
        (["latent", "conv8 pool"], "One '|' separates"),
        (["latent", "homework", "--input", "28"], "for example 28x28x1, not '28'"),
        (["latent", "homework", "--input", "0x28x1"], "Received: (0, 28, 1)"),
        (["latent", "homework", "--batch", "0"], "from 1 on is wanted, not '0'"),
        (["latent", "homework", "--batch", "9" * 400], "from 1 on is wanted, not '99"),
        (["latent", "homework", "--colour"], "unrecognized arguments: --colour"),
        (["paint"], "invalid choice: 'paint'"),
        (["denoise"], "required: INPUT"),
        (["train"], "required: ARCHITECTURE|PRESET"),
        (["train", "homework", "--epochs", "ten"], "invalid int value: 'ten'"),
        (["train", "homework", "--epochs", "0"], "Received: epochs=0"),
        (["train", "homework", "--sigma", "loud"], "not 'loud'"),
        (["train", "homework", "--sigma", "0.1,0.2,0.3"], "not '0.1,0.2,0.3'"),
        (["train", "homework", "--sigma", "25"], "Divide a value in 0-255 units by 255"),
        (["train", "homework", "--task", "reconstruct", "--clip"], "belong to --task denoise"),
        (["train", COLORIZER, "--task", "colorize_rgb", "--sigma", "0.1"], "to --task denoise"),
        (["train", "homework", "--task", "colorize_rgb"], "Begin its text with 32x32x1"),
        (["train", "conv4 | conv2:tanh", "--task", "colorize_chroma"], "Begin its text with 32x32"),
        (["train", "lesson-cnn", "--task", "colorize_rgb"], "Choose a data set in colour"),
        (["train", "32x32x1 conv4 | conv2", "--task", "colorize_chroma"], "with conv2:tanh"),
        (["train", COLORIZER, "--task", "colorize_chroma", "--loss", "ssim"], "mse or mae"),
        (["train", "homework", "--loss", "huber"], "invalid choice: 'huber'"),
        (["train", "homework", "--patience", "0"], "Received: patience=0"),
        (["train", "homework", "--checkpoint", "file/state.npz"], "nothing can be made in"),
        (["train", "homework", "--data", "mnist"], "must be the images' 28x28x1"),
        (["train", "homework", "--data", "a\nfolder"], "Received: 'a\\nfolder'"),
        (["train", "homework", "--limit", "0"], "The limit is a number of training images"),
        (["train", "homework", "--out", "."], "which exists"),
        (["train", "homework", "--out", "file/run"], "nothing can be made in"),
        (["train", "homework", "--limit", "256", "--script", "file/a.py"], "A script is saved"),
    ],
)
def test_a_mistake_is_said_in_one_line_and_ends_with_2(arguments, said, capsys, tmp_path):
    (tmp_path / "file").touch()

    assert said in complaint(arguments, capsys)

    assert sorted(path.name for path in tmp_path.iterdir() if path.name != "keras") == ["file"]


def test_without_a_command_the_help_is_shown(capsys):
    assert cli.main([]) == 0

    assert "latent" in capsys.readouterr().out


@pytest.mark.parametrize("command", [[], ["latent"], ["train"]])
def test_help_teaches_with_examples_and_the_notation(command, capsys):
    assert ended([*command, "--help"]) == 0

    out = capsys.readouterr().out
    assert "examples:\n  python -m cae_core" in out
    assert "conv8 pool conv12 pool conv16 | up conv12 up conv3:sigmoid" in out


def test_the_help_of_train_explains_every_data_set(capsys):
    ended(["train", "--help"])

    out = capsys.readouterr().out
    assert all(f"  {name} " in out for name in ("photo_patches", "cifar10", "fashion_mnist"))


def test_the_module_runs_latent_without_keras_and_returns_the_exit_code():
    good = run("-X", "importtime", "-m", "cae_core", "latent", "homework", env=environment())
    assert good.returncode == 0
    assert "latent 8x8x16" in good.stdout
    imported = {line.split("|")[-1].strip() for line in good.stderr.splitlines()}
    assert "cae_core.cli" in imported
    assert not {"keras", "tensorflow", "skimage", "streamlit"} & imported

    bad = run("-m", "cae_core", "latent", "conv8 | conv3 pool", env=environment())
    assert bad.returncode == 2
    assert len(bad.stderr.splitlines()) == 1


def test_a_terminal_without_unicode_gets_question_marks_not_a_traceback():
    result = run(
        "-m", "cae_core", "latent", "homework", "--formulas",
        env=environment(PYTHONIOENCODING="ascii"),
    )  # fmt: skip

    assert (result.returncode, result.stderr) == (0, "")
    assert "((32 ? 3 + 2?1)/1 + 1)?" in result.stdout


# --- train -----------------------------------------------------------------------------------


def test_train_tests_and_saves_a_run(capsys, tmp_path):
    assert cli.main(["train", TINY, *QUICK, "--out", "runs/first", "--seed", "3"]) == 0

    captured = capsys.readouterr()
    saved = RunSummary.load("runs/first")
    test_line, saved_line = captured.out.splitlines()
    assert test_line.startswith(f"test MSE {saved.test['mse']:.6f}, MAE ")
    assert test_line.endswith("dB on 32 test images (32x32x3) of photo_patches, task reconstruct")
    assert saved_line == "saved in runs/first"
    assert (saved.config.epochs, saved.config.batch_size, saved.config.seed) == (1, 128, 3)
    # Not a terminal: a line per epoch, and nothing that is written over.
    assert "epoch 1/1  batch 2/2" in captured.err
    assert "\r" not in captured.err


@pytest.mark.heavy
def test_train_takes_from_a_preset_what_is_not_said(capsys):
    cli.main(["train", "denoise-0.3", *QUICK])

    (folder,) = Path("runs").iterdir()
    saved = RunSummary.load(folder)
    assert folder.name.startswith("photo_patches-denoise-")
    assert str(saved.task) == "denoise sigma 0.3"
    assert saved.config.batch_size == 100


@pytest.mark.heavy
def test_a_sigma_asks_for_denoising_and_may_be_a_range(capsys):
    cli.main(["train", TINY, *QUICK, "--sigma", "0.1,0.3", "--clip", "--out", "run"])

    assert str(RunSummary.load("run").task) == "denoise sigma 0.1-0.3 clipped"


@pytest.mark.heavy
def test_train_takes_loss_optimizer_schedule_and_patience(capsys):
    architecture = f"32x32x1 {TINY}"
    options = ["--loss", "bce", "--optimizer", "sgd", "--schedule", "one_cycle", "--patience", "7"]

    cli.main(["train", architecture, "--task", "colorize_rgb", *QUICK, *options, "--out", "run"])

    saved = RunSummary.load("run")
    config = saved.config
    assert saved.task == ColorizeRGB()
    assert (config.loss, config.optimizer, config.schedule) == ("bce", "sgd", "one_cycle")
    assert config.patience == 7


@pytest.mark.heavy
def test_train_colorizes_and_writes_its_script(capsys, tmp_path):
    options = ["--task", "colorize_chroma", "--out", "run", "--script", "mine.py"]

    assert cli.main(["train", COLORIZER, *QUICK, *options]) == 0

    saved = RunSummary.load("run")
    assert saved.task == ColorizeChroma()
    assert saved.test["images"] == 32
    out = capsys.readouterr().out
    assert "(32x32x3) of photo_patches, task colorize_chroma\n" in out
    assert "task: colorize_chroma." in (tmp_path / "mine.py").read_text()


@pytest.mark.heavy
def test_patience_ends_a_training_that_learns_nothing_and_the_line_says_so(capsys):
    # A step too small for any weight: no epoch is better than the first.
    options = ["--optimizer", "sgd", "--schedule", "constant", "--learning-rate", "1e-12"]
    options += ["--limit", "256", "--epochs", "50", "--patience", "1"]

    cli.main(["train", TINY, *options, "--out", "run"])

    assert len(RunSummary.load("run").history) == 2
    assert "(ended early after 2 of 50 epochs)" in capsys.readouterr().out


@pytest.mark.heavy
def test_a_preset_for_other_images_brings_its_data_set(tmp_path, monkeypatch, capsys):
    arrays = {
        "x_train": np.zeros((300, 28, 28), np.uint8),
        "x_test": np.zeros((20, 28, 28), np.uint8),
    }
    np.savez(tmp_path / "fashion_mnist.npz", **arrays)
    monkeypatch.setenv("CAE_DATA_DIR", str(tmp_path))

    cli.main(["train", "lesson-cnn", "--epochs", "1", "--out", "run"])

    saved = RunSummary.load("run")
    assert (saved.dataset, saved.test["images"]) == ("fashion_mnist", 20)


@pytest.mark.heavy
def test_train_takes_a_folder_of_images_and_writes_its_script(tmp_path, capsys):
    random = np.random.default_rng(0)
    (tmp_path / "cifar10").mkdir()
    for index in range(12):
        pixels = random.integers(0, 256, (64, 64, 3), dtype=np.uint8)
        Image.fromarray(pixels).save(tmp_path / "cifar10" / f"{index}.png")

    options = ["--epochs", "1", "--out", "run", "--script", "scripts/mine.py"]
    assert cli.main(["train", TINY, "--data", "./cifar10", *options]) == 0

    assert RunSummary.load("run").dataset == "cifar10"
    script = (tmp_path / "scripts" / "mine.py").read_text()
    assert "EPOCHS = 1\n" in script
    # A folder that is called like a data set is none.
    assert "keras.datasets" not in script


def interrupting(monkeypatch, times):
    """Has a training's reports send so many Ctrl-C each, but not while what it learnt is tested."""

    def interrupt(bar, progress):
        for _ in range(0 if progress.is_testing else times):
            signal.raise_signal(signal.SIGINT)

    monkeypatch.setattr(Bar, "show_training", interrupt)


def test_ctrl_c_ends_the_training_and_keeps_what_was_learnt(monkeypatch, capsys):
    interrupting(monkeypatch, times=1)
    handler = signal.getsignal(signal.SIGINT)

    assert cli.main(["train", TINY, "--limit", "256", "--epochs", "500", "--out", "run"]) == 0

    saved = RunSummary.load("run")
    assert saved.stopped
    assert len(saved.history) < 500
    assert f"(stopped after {len(saved.history)} of 500 epochs)" in capsys.readouterr().out
    assert signal.getsignal(signal.SIGINT) is handler


@pytest.mark.heavy
def test_a_checkpoint_lets_a_stopped_training_go_on(monkeypatch, capsys):
    signals = [signal.SIGINT]  # one: a second would abort the training

    def interrupt_behind_the_first_epoch(bar, progress):
        if progress.history and signals:
            signal.raise_signal(signals.pop())

    training = ["train", TINY, "--limit", "256", "--epochs", "3", "--checkpoint", "new/state"]
    with monkeypatch.context() as patch:
        patch.setattr(Bar, "show_training", interrupt_behind_the_first_epoch)
        cli.main([*training, "--out", "first"])
    capsys.readouterr()

    assert cli.main([*training, "--out", "second"]) == 0

    first, second = RunSummary.load("first"), RunSummary.load("second")
    assert (first.stopped, len(first.history)) == (True, 1)
    assert (second.stopped, len(second.history)) == (False, 3)
    assert second.history[0] == first.history[0]
    assert "epoch 1/3" not in capsys.readouterr().err


@pytest.mark.heavy
def test_a_checkpoint_whose_folder_goes_does_not_cost_the_run(monkeypatch, capsys):
    def remove_the_folder(bar, progress):
        shutil.rmtree("new", ignore_errors=True)

    monkeypatch.setattr(Bar, "show_training", remove_the_folder)
    training = ["train", TINY, "--limit", "256", "--epochs", "3", "--checkpoint", "new/state"]
    assert cli.main([*training, "--out", "run"]) == 0
    said = capsys.readouterr().err
    assert said.count("Received: new/state (No such file or directory)") == 1
    assert len(RunSummary.load("run").history) == 3


@pytest.mark.heavy
def test_a_second_ctrl_c_aborts_without_saving(monkeypatch, capsys, tmp_path):
    interrupting(monkeypatch, times=2)

    assert cli.main(["train", TINY, "--limit", "256", "--epochs", "500", "--out", "run"]) == 130

    assert capsys.readouterr().err.splitlines()[-1] == "Stopped. Nothing was saved."
    assert not (tmp_path / "run").exists()


# --- The progress bar ------------------------------------------------------------------------


class Terminal(io.StringIO):
    def isatty(self):
        return True


def progress(epoch, batch, history=()):
    """A training of 4 epochs of 100 batches."""
    return Progress(
        epoch=epoch,
        epochs=4,
        batch=batch,
        batches=100,
        loss=0.125,
        images_per_second=1000.0,
        seconds=10.0,
        seconds_left=30.0,
        history=history,
    )


def test_on_a_terminal_the_bar_is_one_line_that_is_written_over(monkeypatch):
    monkeypatch.setenv("COLUMNS", "200")
    terminal = Terminal()
    bar = Bar(terminal)

    bar.show_training(progress(1, 50))
    bar.show_training(progress(3, 0))
    bar.close()

    assert terminal.getvalue().count("\n") == 1
    _, first, second = terminal.getvalue().split("\r")
    assert first.startswith("[###.....................]  12%  epoch 1/4  batch 50/100  loss 0.125")
    assert second.startswith("[############............]  50%  epoch 3/4")
    assert second.rstrip().endswith("30 s left")


def test_the_bar_never_fills_a_narrow_terminals_line(monkeypatch):
    monkeypatch.setenv("COLUMNS", "40")
    terminal = Terminal()

    Bar(terminal).show_training(progress(1, 50))

    assert len(terminal.getvalue().lstrip("\r")) == 39


def test_on_a_terminal_the_bar_gives_its_line_back(monkeypatch):
    monkeypatch.setenv("COLUMNS", "41")
    terminal = Terminal()
    bar = Bar(terminal)

    bar.clear()
    assert terminal.getvalue() == ""

    bar.show(0.5, "cat.png")
    bar.clear()
    bar.close()

    shown = "[############............]  50%  cat.png"
    assert terminal.getvalue() == "\r" + shown.ljust(40) + "\r" + " " * 40 + "\r"


def test_without_a_terminal_there_is_a_line_per_epoch():
    stream = io.StringIO()
    bar = Bar(stream)
    history = (EpochRecord(1, 0.5, 0.25, 2.0),)

    for report in (progress(1, 50), progress(1, 100, history), progress(2, 50, history)):
        bar.show_training(report)
    bar.close()

    (line,) = stream.getvalue().splitlines()
    assert line.startswith("epoch 1/4  batch 100/100  loss 0.12500  validation 0.25000")


def test_a_download_is_shown_in_megabytes():
    terminal = Terminal()

    Bar(terminal).show_loading("cifar10", "MB", 85_000_000, 170_000_000)

    assert "50%  cifar10: 85 of 170 MB" in terminal.getvalue()


def test_without_a_terminal_a_download_says_every_tenth_once():
    stream = io.StringIO()
    bar = Bar(stream)

    for done in range(0, 1001, 5):
        bar.show_loading("mine", "images", done, 1000)

    lines = stream.getvalue().splitlines()
    assert lines == [f"mine: {hundred}00 of 1,000 images" for hundred in range(1, 10)] + [
        "mine: 1,000 of 1,000 images"
    ]


# --- Nothing lost, nothing overwritten ------------------------------------------------------


def test_a_script_that_exists_is_not_written_over_unless_forced(capsys):
    Path("mine.py").write_text("what was there")
    line = complaint(["train", TINY, *QUICK, "--script", "mine.py"], capsys)
    assert line.startswith("A script that exists is not written over. Received: mine.py.")
    assert Path("mine.py").read_text() == "what was there"


@pytest.mark.heavy
def test_a_finished_run_whose_folder_cannot_be_made_any_more_is_saved_elsewhere(
    tmp_path, monkeypatch, capsys
):
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "refuge"))
    (tmp_path / "refuge").mkdir()
    save = Run.save

    def full(self, folder):
        if Path(folder).parent == Path("runs"):
            raise OSError(28, "No space left on device")
        return save(self, folder)

    monkeypatch.setattr(Run, "save", full)
    Path("mine.py").write_text("what was there")
    arguments = ["train", TINY, *QUICK, "--out", "runs/mine", "--script", "mine.py", "--force"]
    assert ended(arguments) == 1
    line = capsys.readouterr().err.splitlines()[-1]
    assert "could not be saved in runs/mine" in line
    assert Run.load(Path(line.rpartition(" in ")[2])).test["mse"] > 0
    assert "import keras" in Path("mine.py").read_text()


@pytest.mark.parametrize("answers", ["runs/too\nthere/mine\n", "\n"])
def test_a_finished_run_that_finds_no_room_asks_for_a_folder(
    tmp_path, monkeypatch, capsys, answers
):
    saved = []

    def save(folder):
        if folder.parent != Path("there"):
            raise OSError(28, "No space left on device")
        saved.append(folder)

    monkeypatch.setattr(sys, "stdin", Terminal(answers))
    run = argparse.Namespace(save=save)
    assert train_command._save(run, Path("runs/mine"), "the figures") == 1
    out, err = capsys.readouterr()
    assert out == "the figures\n"
    assert "It is still in memory." in err
    if len(answers) > 1:
        assert "Nor in runs/too: [Errno 28]" in err
        assert err.endswith("It is saved in there/mine\n")
        assert saved == [Path("there/mine")]
    else:
        assert err.endswith("Nor elsewhere: all there is are its figures.\n")


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["train", TINY, "--out", ""], "it is empty"),
        (["train", TINY, "--data", ""], "argument --data: a path has at least one character"),
        (["sweep", TINY, "--data", " "], "argument --data: a path has at least one character"),
        (["train", TINY, "--out", "n" * 300], "(File name too long)"),
        (["train", TINY, "--script", "there.csv/autoencoder.py"], "nothing can be made in"),
        (["train", TINY, "--checkpoint", "."], "(it is a folder)"),
        (["train", TINY, "--checkpoint", "there.csv"], "which is something else"),
        (["sweep", TINY, "--out", "there.csv"], "its columns are not, mine"),
        (["sweep", TINY, "--out", "there.csv/table.csv"], "nothing can be made in"),
        (["make", "homework", "--out", "there.csv"], "nothing can be made in"),
        (["make", "homework", "--out", "/proc/here"], "A network is saved where files"),
        (["train", TINY, "--data", "n" * 300], "A data set is one of"),
        (["denoise", "a.png", "--out", f"{'n' * 300}.png"], "An image is saved where files"),
        (["compress", "."], "Received: ., a folder"),
        (["compress", "/"], "Received: /, a folder"),
        (["decompress", "."], "Received: ., a folder"),
        (["app", "--port", "99999999"], "a port is a whole number from 1 to 65535"),
    ],
)
def test_where_nothing_can_be_saved_is_said_before_the_work(arguments, said, capsys):
    Path("there.csv").write_text("not,mine\n1,2\n")
    assert said in complaint(arguments, capsys)
    assert Path("there.csv").read_text() == "not,mine\n1,2\n"


@pytest.mark.heavy
def test_full_and_closed_outputs_end_without_a_traceback():
    program = f"{sys.executable} -m cae_core latent homework"
    for redirection, code in ((">/dev/full", 1), (">&-", 0), ("2>&- >&-", 0), ("| true", 0)):
        shell = ["sh", "-c", f"{program} {redirection}"]
        result = subprocess.run(  # noqa: S603
            shell, capture_output=True, text=True, check=False, env=environment()
        )
        assert result.returncode == code, redirection
        assert "Traceback" not in result.stderr
        assert ("No space left" in result.stderr) == (redirection == ">/dev/full")


@pytest.mark.heavy
def test_the_server_of_the_app_ends_with_its_command():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [sys.executable, "-m", "cae_core", "app", "--headless", "--port", str(port)]
    with subprocess.Popen(  # noqa: S603 - our own program, no shell
        command, stdout=subprocess.PIPE, text=True, env=environment(), start_new_session=True
    ) as process:
        try:
            assert any("URL: " in line for line in process.stdout)
            process.terminate()
            process.communicate(timeout=600)  # the pipe closes with the last that writes into it
        finally:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)


class Unread(io.StringIO):
    """A pipe that nobody reads any more."""

    def write(self, text):
        raise BrokenPipeError(text)


def test_outputs_that_nobody_reads_any_more_cost_no_training(monkeypatch, tmp_path):
    bar = Bar(Unread())
    bar.show_training(progress(2, 50, (EpochRecord(1, 0.5, 0.25, 2.0),)))
    bar.close()
    monkeypatch.setattr(sys, "stdout", Unread())
    saved = []
    with pytest.raises(BrokenPipeError, match="figures"):
        train_command._save(argparse.Namespace(save=saved.append), tmp_path / "run", "figures")
    assert saved == [tmp_path / "run"]


def test_train_fix_makes_the_network_fit_images_and_task(capsys):
    options = argparse.Namespace(fix=True)
    misfit = Architecture.parse("conv8 pool | conv3:sigmoid")
    fitted = train_command._fitting(options, misfit, (32, 32, 3), Reconstruct())
    assert str(fitted) == "conv8 pool | up conv3:sigmoid"
    assert "Add up before layer 3 (conv3:sigmoid)" in capsys.readouterr().err
    with pytest.raises(TrainingError, match="Add up before layer 3"):
        train_command._fitting(argparse.Namespace(fix=False), misfit, (32, 32, 3), Reconstruct())
