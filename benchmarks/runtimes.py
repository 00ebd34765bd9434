"""The photo denoiser on TensorFlow, onnxruntime and OpenVINO, in one run.

    python benchmarks/runtimes.py            # about 3 minutes on 2 cores

Every runtime is given the same noisy squares of 512 pixels, the size of the tiles of which large
photos are put together, and takes as many threads as it likes. They take turns, in processes of
their own, because machines are noisy; printed are medians, their ratio to TensorFlow's, and how far
the outputs lie from TensorFlow's in float32, in units of 0-255. bfloat16 is left out where the
processor has no instructions for it. onnxruntime and OpenVINO (``pip install openvino``) are
measured where they are installed; OpenVINO is no dependency. Timings belong to the machine they
were taken on; nothing here is asserted.
"""

from __future__ import annotations

import argparse
import importlib.util
import json
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from cae_core import zoo  # noqa: E402 - found through the line above
from cae_core.export.onnx import write_onnx  # noqa: E402
from cae_core.models.photo_denoiser import build_photo_denoiser  # noqa: E402
from cae_core.models.precision import BFLOAT16, FLOAT32, has_fast_bfloat16  # noqa: E402

SIDE, SIGMA = 512, 25 / 255
ROUNDS, REPEATS = 3, 10
PACKAGES = {"TensorFlow": "tensorflow", "onnxruntime": "onnxruntime", "OpenVINO": "openvino"}
CONTENDERS = (
    ("TensorFlow", FLOAT32),
    ("onnxruntime", FLOAT32),
    ("OpenVINO", FLOAT32),
    ("TensorFlow", BFLOAT16),
    ("OpenVINO", BFLOAT16),
)

Denoiser = Callable[[list[np.ndarray]], np.ndarray]


def main() -> None:
    """Measures all runtimes in turn and prints a table."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--measure", nargs=3, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.measure:
        runtime, dtype, folder = options.measure
        print(json.dumps(measured(runtime, dtype, Path(folder))))
        return
    contenders = [
        (runtime, dtype)
        for runtime, dtype in CONTENDERS
        if importlib.util.find_spec(PACKAGES[runtime]) and (dtype == FLOAT32 or has_fast_bfloat16())
    ]
    with tempfile.TemporaryDirectory() as folder:
        write_onnx(zoo.load(zoo.PHOTO_DENOISER), Path(folder) / "network.onnx")
        np.savez(Path(folder) / "inputs.npz", *inputs())
        times: dict[tuple[str, str], list[float]] = {each: [] for each in contenders}
        for _ in range(ROUNDS):
            for runtime, dtype in contenders:
                times[runtime, dtype] += run_apart(runtime, dtype, folder)
        exact = np.load(Path(folder) / f"TensorFlow-{FLOAT32}.npy")
        print(f"{'':26}{'one square':>12}{'ratio':>8}{'largest difference':>20}")
        for runtime, dtype in contenders:
            output = np.load(Path(folder) / f"{runtime}-{dtype}.npy")
            median = statistics.median(times[runtime, dtype])
            ratio = statistics.median(times["TensorFlow", dtype]) / median
            title = f"{runtime}, {dtype.removeprefix('mixed_')}"
            difference = 255 * float(np.abs(output - exact).max())
            print(f"{title:26}{1000 * median:9,.0f} ms{ratio:8.2f}{difference:20.3f}")


def inputs() -> list[np.ndarray]:
    """A noisy square, (1, SIDE, SIDE, 3), and its map of sigma."""
    rng = np.random.default_rng(0)
    rows, columns = np.mgrid[0:SIDE, 0:SIDE].astype(np.float32) / SIDE
    shapes = 0.5 + 0.4 * np.sin(9 * rows + 7 * np.sin(5 * columns))
    noisy = shapes[..., np.newaxis] + rng.normal(0, SIGMA, (SIDE, SIDE, 3))
    return [noisy[np.newaxis].astype(np.float32), np.full((1, SIDE, SIDE, 1), SIGMA, np.float32)]


def run_apart(runtime: str, dtype: str, folder: str) -> list[float]:
    """Seconds of several calls, in a process of its own."""
    command = [sys.executable, __file__, "--measure", runtime, dtype, folder]
    result = subprocess.run(command, capture_output=True, text=True, check=False)
    if result.returncode:
        raise SystemExit(result.stderr)
    return json.loads(result.stdout.splitlines()[-1])


def measured(runtime: str, dtype: str, folder: Path) -> list[float]:
    """Seconds of several calls; the output is written into the folder."""
    with np.load(folder / "inputs.npz") as file:
        tensors = [file[name] for name in file.files]
    denoiser = OPENED[runtime](dtype, folder / "network.onnx")
    for _ in range(2):
        output = denoiser(tensors)
    np.save(folder / f"{runtime}-{dtype}.npy", output)
    seconds = []
    for _ in range(REPEATS):
        started = time.perf_counter()
        denoiser(tensors)
        seconds.append(time.perf_counter() - started)
    return seconds


def on_tensorflow(dtype: str, path: Path) -> Denoiser:
    """The network as `cae_core.denoise` runs it."""
    model = build_photo_denoiser(dtype=dtype)
    model.set_weights(zoo.load(zoo.PHOTO_DENOISER).get_weights())
    return lambda tensors: np.asarray(model.predict_on_batch(tensors))


def on_onnxruntime(dtype: str, path: Path) -> Denoiser:
    """The network's ONNX file in onnxruntime."""
    import onnxruntime

    session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
    names = [each.name for each in session.get_inputs()]
    return lambda tensors: session.run(None, dict(zip(names, tensors, strict=True)))[0]


def on_openvino(dtype: str, path: Path) -> Denoiser:
    """The network's ONNX file in OpenVINO."""
    import openvino

    core: Any = openvino.Core()
    precision = {FLOAT32: "f32", BFLOAT16: "bf16"}[dtype]
    compiled = core.compile_model(
        core.read_model(path),
        "CPU",
        {"INFERENCE_PRECISION_HINT": precision, "PERFORMANCE_HINT": "LATENCY"},
    )
    return lambda tensors: compiled(tensors)[compiled.output(0)]


OPENED = {"TensorFlow": on_tensorflow, "onnxruntime": on_onnxruntime, "OpenVINO": on_openvino}


if __name__ == "__main__":
    main()
