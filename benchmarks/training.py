"""How fast `cae_core.train` is beside plain Keras and PyTorch, and that all three learn the same.

    CAE_DATA_DIR=... python benchmarks/training.py                 # about 10 minutes on 2 cores
    CAE_DATA_DIR=... python benchmarks/training.py --networks homework --images 2560 --repeats 1

Every contender trains the same network from the same weights on the same CIFAR-10 images, in a
process of its own: Adam at a constant rate, and after every epoch the error on the same test
images. `cae_core` chooses its number format itself, the others compute in float32. The
contenders take turns, because machines are noisy; printed are medians. Speed counts from the end
of the first epoch, in which graphs are made. Where torch is not installed its line says so.
Timings belong to the machine they were taken on; nothing here is asserted.
"""

from __future__ import annotations

import argparse
import importlib.util
import json
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

ROOT = Path(__file__).resolve().parent.parent
BATCH_SIZE = 128
LEARNING_RATE = 1e-3
TEST_IMAGES = 2_000
CONTENDERS = ("cae_core", "cae_core, float32", "keras", "torch")


def main() -> None:
    """Runs every contender and prints a table for each network."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--networks", nargs="+", default=["homework", "strided-bn"])
    parser.add_argument("--epochs", type=int, default=4, help="at least 2: the first warms up")
    parser.add_argument("--images", type=int, default=12_800, help="training images an epoch")
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--contender", choices=CONTENDERS, help=argparse.SUPPRESS)
    parser.add_argument("--folder", type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.epochs < 2:
        parser.error("Speed is taken from the second epoch on: give at least 2 epochs.")
    if options.contender:
        figures = measure(options.contender, options.networks[0], options.folder, options.epochs)
        print(json.dumps(figures))
        return
    for network in options.networks:
        compare(network, options.epochs, options.images, options.repeats)


# The process that compares


def compare(network: str, epochs: int, images: int, repeats: int) -> None:
    """Measures all contenders on one network and prints the table."""
    print(
        f"\n{network}: {epochs} epochs of {images:,} images, batch {BATCH_SIZE}, "
        f"Adam {LEARNING_RATE:g}, {repeats} repeats"
    )
    present = [name for name in CONTENDERS if name != "torch" or importlib.util.find_spec("torch")]
    results: dict[str, list[dict[str, float]]] = {name: [] for name in present}
    with tempfile.TemporaryDirectory() as folder:
        for repeat in range(repeats):
            prepare(Path(folder), network, images, seed=repeat)
            turn = repeat % len(present)
            for name in present[turn:] + present[:turn]:
                results[name].append(in_own_process(name, network, Path(folder), epochs))
    print_table(results)
    if "torch" not in present:
        print("torch: not installed, left out")


def prepare(folder: Path, network: str, images: int, seed: int) -> None:
    """Writes the images and the weights that every contender starts with.

    In a process of its own, so that this one stays small and loads no TensorFlow.
    """
    code = (
        "import sys, numpy as np, cae_core as cae\n"
        "network, folder, images, test_images, seed = sys.argv[1:]\n"
        "data = cae.load_dataset('cifar10')\n"
        "np.savez(folder + '/data.npz',\n"
        "         train=data.train[:int(images)], test=data.test[:int(test_images)])\n"
        "model = cae.build(cae.get_preset(network).architecture, seed=int(seed))\n"
        "np.savez(folder + '/weights.npz', *model.get_weights())\n"
    )
    arguments = [network, str(folder), str(images), str(TEST_IMAGES), str(seed)]
    run_python(["-c", code, *arguments])


def in_own_process(contender: str, network: str, folder: Path, epochs: int) -> dict[str, float]:
    """The figures of one training."""
    arguments = ["--contender", contender, "--networks", network]
    arguments += ["--folder", str(folder), "--epochs", str(epochs)]
    return json.loads(run_python([str(Path(__file__).resolve()), *arguments]).splitlines()[-1])


def run_python(arguments: list[str]) -> str:
    """Output of a Python process; TensorFlow's chatter is shown only where it fails."""
    result = subprocess.run(
        [sys.executable, *arguments], cwd=ROOT, capture_output=True, text=True, check=False
    )
    if result.returncode:
        raise SystemExit(result.stderr)
    return result.stdout


def print_table(results: dict[str, list[dict[str, float]]]) -> None:
    """Medians, and their ratios to plain Keras."""

    def median(name: str, figure: str) -> float:
        return statistics.median(row[figure] for row in results[name])

    print(
        f"{'':18}{'images/s':>10}{'ratio':>7}{'user CPU per image':>20}{'ratio':>7}"
        f"{'test MSE':>10}{'ratio':>7}{'peak memory':>13}"
    )
    for name in results:
        cells = [f"{name:18}"]
        for figure, width, text in (
            ("images_per_second", 10, "{:,.0f}"),
            ("cpu_microseconds", 20, "{:,.0f} us"),
            ("mse", 10, "{:.5f}"),
        ):
            value = median(name, figure)
            cells += [f"{text.format(value):>{width}}", f"{value / median('keras', figure):7.2f}"]
        print("".join(cells) + f"{median(name, 'megabytes'):10,.0f} MB")


# The process that trains


def measure(contender: str, network: str, folder: Path, epochs: int) -> dict[str, float]:
    """Trains once: speed and processor time from the second epoch on, error, memory."""
    from cae_core.architecture.presets import get_preset

    with np.load(folder / "data.npz") as arrays:
        train, test = arrays["train"], arrays["test"]
    with np.load(folder / "weights.npz") as arrays:
        weights = [arrays[name] for name in arrays.files]
    marks: list[tuple[float, float]] = []

    def mark() -> None:
        """Called at the end of every epoch, the error on the test images known."""
        usage = resource.getrusage(resource.RUSAGE_SELF)
        marks.append((time.perf_counter(), usage.ru_utime))

    run = {
        "cae_core": train_cae_core,
        "cae_core, float32": partial(train_cae_core, precision="float32"),
        "keras": train_keras,
        "torch": train_torch,
    }[contender]
    mse = run(get_preset(network).architecture, weights, train, test, epochs, mark)
    (started, cpu_before), (ended, cpu_after) = marks[0], marks[-1]
    images = len(train) * (len(marks) - 1)
    return {
        "images_per_second": images / (ended - started),
        "cpu_microseconds": 1e6 * (cpu_after - cpu_before) / images,
        "mse": mse,
        "megabytes": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
    }


def train_cae_core(
    architecture: Any,
    weights: list[np.ndarray],
    train: np.ndarray,
    test: np.ndarray,
    epochs: int,
    mark: Callable[[], None],
    precision: str = "auto",
) -> float:
    """The app's own training, reports included; the error after the last epoch."""
    import cae_core as cae
    from cae_core.training import loop as training

    built = training.build_for_training

    def build_with_weights(*arguments: Any, **settings: Any) -> Any:
        """The usual network with the weights that all contenders start with."""
        model = built(*arguments, **settings)
        model.set_weights(weights)
        return model

    training.build_for_training = build_with_weights
    epochs_seen = 0

    def on_progress(progress: Any) -> None:
        nonlocal epochs_seen
        if len(progress.history) > epochs_seen:
            epochs_seen = len(progress.history)
            mark()

    run = cae.train(
        architecture,
        # The test images stand where the validation is made, after every epoch: its last
        # figure is that of the last weights, as with the other two.
        cae.Dataset("benchmark", train, test, test[:BATCH_SIZE]),
        config=cae.TrainConfig(
            epochs=epochs,
            batch_size=BATCH_SIZE,
            learning_rate=LEARNING_RATE,
            schedule="constant",
            precision=precision,
        ),
        on_progress=on_progress,
    )
    return run.history[-1].validation_loss


def train_keras(
    architecture: Any,
    weights: list[np.ndarray],
    train: np.ndarray,
    test: np.ndarray,
    epochs: int,
    mark: Callable[[], None],
) -> float:
    """Plain Keras, as tutorials have it: float images in memory, `compile`, `fit`."""
    import keras

    from cae_core.models.builder import build

    model = build(architecture)
    model.set_weights(weights)
    model.compile(optimizer=keras.optimizers.Adam(LEARNING_RATE), loss="mse")
    keras.utils.set_random_seed(0)
    clean, held_out = train / np.float32(255), test / np.float32(255)
    history = model.fit(
        clean,
        clean,
        validation_data=(held_out, held_out),
        validation_batch_size=BATCH_SIZE,
        batch_size=BATCH_SIZE,
        epochs=epochs,
        verbose=0,
        callbacks=[keras.callbacks.LambdaCallback(on_epoch_end=lambda epoch, logs: mark())],
    )
    return history.history["val_loss"][-1]


def train_torch(
    architecture: Any,
    weights: list[np.ndarray],
    train: np.ndarray,
    test: np.ndarray,
    epochs: int,
    mark: Callable[[], None],
) -> float:
    """PyTorch, eager, channels last."""
    import torch

    torch.manual_seed(0)
    model = torch_model(architecture, weights).to(memory_format=torch.channels_last)
    optimizer = torch.optim.Adam(model.parameters(), LEARNING_RATE, eps=1e-7)  # Keras's epsilon
    # (N, H, W, C) in memory is what PyTorch calls (N, C, H, W) with channels last.
    clean, held_out = (
        torch.from_numpy(images / np.float32(255)).permute(0, 3, 1, 2) for images in (train, test)
    )
    for _ in range(epochs):
        model.train()
        for chosen in torch.randperm(len(clean)).split(BATCH_SIZE):
            # Indexing takes from (N, H, W, C), where an image is one piece.
            batch = clean.permute(0, 2, 3, 1)[chosen].permute(0, 3, 1, 2)
            optimizer.zero_grad()
            torch.nn.functional.mse_loss(model(batch), batch).backward()
            optimizer.step()
        model.eval()
        with torch.inference_mode():
            errors = [
                torch.square(model(batch) - batch).mean(dim=(1, 2, 3))
                for batch in held_out.split(BATCH_SIZE)
            ]
        mse = float(torch.cat(errors).mean())
        mark()
    return mse


def torch_model(architecture: Any, weights: list[np.ndarray]) -> Any:
    """The same network in PyTorch, for the layers of the homework and strided-bn networks."""
    import torch
    from torch import nn

    from cae_core.architecture.layers import BatchNorm, Conv, MaxPool, Up

    waiting = iter(torch.from_numpy(array) for array in weights)
    activations = {"relu": nn.ReLU, "sigmoid": nn.Sigmoid, "linear": nn.Identity}
    modules: list[Any] = []
    channels = architecture.input_shape[2]
    for layer in architecture.layers:
        match layer:
            case Conv(padding="same", activation=name) if name in activations:
                # Of an even number of pixels, Keras pads a stride of 2 behind alone.
                surplus = max(layer.kernel - layer.stride, 0)
                begin, end = surplus // 2, surplus - surplus // 2
                if begin != end:
                    modules.append(nn.ZeroPad2d((begin, end, begin, end)))
                convolution = nn.Conv2d(
                    channels,
                    layer.channels,
                    layer.kernel,
                    layer.stride,
                    padding=begin if begin == end else 0,
                )
                # (height, width, in, out) -> (out, in, height, width)
                convolution.weight.data = next(waiting).permute(3, 2, 0, 1).contiguous()
                convolution.bias.data = next(waiting)
                modules += [convolution, activations[name]()]
                channels = layer.channels
            case MaxPool(stride=None, padding="valid"):
                modules.append(nn.MaxPool2d(layer.size))
            case Up(interpolation="nearest"):
                modules.append(nn.Upsample(scale_factor=layer.factor))
            case BatchNorm():
                # The network's momentum of 0.9 is PyTorch's 0.1.
                norm = nn.BatchNorm2d(channels, eps=1e-3, momentum=0.1)
                norm.weight.data, norm.bias.data = next(waiting), next(waiting)
                norm.running_mean.data, norm.running_var.data = next(waiting), next(waiting)
                modules.append(norm)
            case _:
                raise SystemExit(f"No PyTorch counterpart is written here for {layer}.")
    return nn.Sequential(*modules)


if __name__ == "__main__":
    sys.path.insert(0, str(ROOT))
    main()
