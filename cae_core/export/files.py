"""A trained network as one file to take away: ONNX, Keras, or a whole run as a zip archive.

Importing this module does not import Keras.
"""

from __future__ import annotations

import functools
import importlib.util
import tempfile
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING

from cae_core.architecture.report import analyze
from cae_core.data.registry import DATASETS
from cae_core.errors import CAEError, ExportError
from cae_core.export.onnx import write_onnx
from cae_core.export.script import generate_script
from cae_core.export.templates import fill_template
from cae_core.formats import counted, format_duration, format_mse, format_psnr, format_ssim
from cae_core.training.history import HISTORY
from cae_core.training.runs import SAMPLES, SAMPLES_IMAGE, SETTINGS, TEST, TEST_IMAGES, WEIGHTS
from cae_core.training.snapshots import SNAPSHOTS

if TYPE_CHECKING:
    import keras

    from cae_core.training.runs import Run

# The most that protobuf can write, less a little for all that is not weights.
LARGEST_ONNX_BYTES = 2**31 - 2**20
BYTES_PER_WEIGHT = 4

README = "README.txt"
SCRIPT = "autoencoder.py"
KERAS_FILE = "autoencoder.keras"
ONNX_FILE = "autoencoder.onnx"
# The files of a zip archive with their meanings, in the order in which its README lists them.
ZIP_FILES = {
    README: "this text",
    SCRIPT: "a Keras script that trains the network anew",
    KERAS_FILE: "the trained network for Keras",
    ONNX_FILE: "the trained network for ONNX runtimes, which need no Keras",
    WEIGHTS: "its weights alone",
    SETTINGS: "network, task, settings and images of the training",
    HISTORY: "the losses after every epoch",
    TEST: "the test figures",
    TEST_IMAGES: "the error of every test image, and the worst and best images (NumPy)",
    SAMPLES_IMAGE: "validation images: originals, inputs, outputs",
    SAMPLES: "the same images as numbers (NumPy)",
    SNAPSHOTS: "outputs, latents and kernels at several moments of the training (NumPy)",
}


def save_onnx(model: keras.Model, path: str | Path) -> Path:
    """Writes a model as an ONNX file, which needs neither Keras nor this package to run.

    Args:
        model: A model that `build` returned or a run holds, or a part of it made by `split`.
        path: A name that ends in ``.onnx``; a file that is there is replaced.

    Returns:
        The path. The file takes and gives float32 (batch, height, width, channels) in [0, 1],
        the input called ``image``, the output ``output``; the batch may have any size.

    Raises:
        ExportError: For another ending, without the package tf2onnx, or with more than 2 GB of
            weights.
        ArchitectureError: For a model without a fixed image size that has a layer which can be
            converted for a fixed size only.

    Example:
        >>> import tempfile
        >>> from cae_core.architecture.notation import Architecture
        >>> from cae_core.models.builder import build
        >>> model = build(Architecture.parse("conv8 pool | up conv3:sigmoid"))
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     save_onnx(model, f"{folder}/network.onnx").name
        'network.onnx'
    """
    target = _target(path, ".onnx")
    if importlib.util.find_spec("tf2onnx") is None:
        raise ExportError(
            "ONNX files are written with the package tf2onnx. Received: a Python without it. "
            "Install it with: pip install tf2onnx"
        )
    if model.count_params() * BYTES_PER_WEIGHT > LARGEST_ONNX_BYTES:
        raise ExportError(
            "An ONNX file holds at most 2 GB. "
            f"Received: a model of {model.count_params():,} parameters, 4 bytes each. "
            "Save it with save_keras."
        )
    write_onnx(model, target)
    return target


def save_keras(model: keras.Model, path: str | Path) -> Path:
    """Writes a model as a Keras file, architecture and weights.

    ``keras.models.load_model(path)`` opens it; where the network has layers of this project
    (pixel shuffle, blur, residual blocks), after ``import cae_core.models.layers``.

    Args:
        model: A model that `build` returned or a run holds, or a part of it made by `split`.
        path: A name that ends in ``.keras``; a file that is there is replaced.

    Returns:
        The path.

    Raises:
        ExportError: For another ending.

    Example:
        >>> import tempfile
        >>> from cae_core.architecture.notation import Architecture
        >>> from cae_core.models.builder import build
        >>> model = build(Architecture.parse("conv8 pool | up conv3:sigmoid"))
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     save_keras(model, f"{folder}/network.keras").name
        'network.keras'
    """
    target = _target(path, ".keras")
    model.save(target)
    return target


def save_zip(run: Run, path: str | Path) -> Path:
    """Writes everything of a run as one zip archive that explains itself.

    The archive holds one folder, called as the archive: the run's own files, a Keras script, the
    network as a Keras and as an ONNX file, and a ``README.txt`` that says what each is and how
    to use it. What cannot be written for this network is left out, and the README says why.
    Unpacked, the folder is a run again, for `Run.load`.

    Args:
        run: What `train` returned, or `Run.load`.
        path: A name that ends in ``.zip``; a file that is there is replaced.

    Returns:
        The path.

    Raises:
        ExportError: For another ending.

    Example:
        >>> import tempfile, zipfile
        >>> from cae_core import Architecture, TrainConfig, load_dataset, train
        >>> arch = Architecture.parse("conv4 pool | up conv3:sigmoid")
        >>> data = load_dataset("photo_patches", limit=256)
        >>> run = train(arch, data, config=TrainConfig(epochs=1))
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     names = zipfile.ZipFile(save_zip(run, f"{folder}/first.zip")).namelist()
        >>> names[:3]
        ['first/README.txt', 'first/autoencoder.keras', 'first/autoencoder.onnx']
    """
    target = _target(path, ".zip")
    with tempfile.TemporaryDirectory() as place:
        folder = run.save(Path(place) / target.stem)
        missing = _write_other_forms(run, folder)
        (folder / README).write_text(_readme(run, missing), encoding="utf-8")
        with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
            for file in sorted(folder.iterdir()):
                archive.write(file, f"{folder.name}/{file.name}")
    return target


def _write_other_forms(run: Run, folder: Path) -> dict[str, str]:
    """Writes script, Keras and ONNX file; returns the reasons for those that cannot be written."""
    script = functools.partial(
        generate_script, run.architecture, task=run.task, config=run.config, dataset=run.dataset
    )
    save_keras(run.model, folder / KERAS_FILE)
    missing = {} if run.snapshots else {SNAPSHOTS: "the run kept none"}
    for name, write in (
        (SCRIPT, lambda path: path.write_text(script(), encoding="utf-8")),
        (ONNX_FILE, functools.partial(save_onnx, run.model)),
    ):
        try:
            write(folder / name)
        except CAEError as error:
            missing[name] = str(error)
    return missing


def _readme(run: Run, missing: dict[str, str]) -> str:
    """The archive's README: its files, and how to use them."""
    report = analyze(run.architecture)
    width = max(map(len, ZIP_FILES))
    files = [
        f"{name:{width}}  {f'not here: {missing[name]}' if name in missing else meaning}"
        for name, meaning in ZIP_FILES.items()
    ]
    return fill_template(
        README,
        {"script": SCRIPT not in missing, "onnx": ONNX_FILE not in missing},
        {
            "architecture": run.architecture,
            "verdict": report.verdict,
            "parameters": f"{report.parameters:,}",
            "task": run.task,
            "dataset": DATASETS[run.dataset].title if run.dataset in DATASETS else run.dataset,
            "epochs": counted(len(run.history), "epoch"),
            "seconds": format_duration(round(run.seconds)),
            "mse": format_mse(run.test["mse"]),
            "psnr": format_psnr(run.test["psnr"]),
            "ssim": format_ssim(run.test["ssim"]),
            "images": f"{run.test['images']:,}",
            "files": "\n".join(files),
            "shape": ", ".join(map(str, run.architecture.input_shape)),
        },
    )


def _target(path: str | Path, suffix: str) -> Path:
    """The path, its ending checked, its folder made."""
    target = Path(path)
    if target.suffix != suffix:
        raise ExportError(
            f"The name of this kind of file ends in {suffix}. Received: {target.name}. "
            f"Write {target.stem}{suffix}."
        )
    target.parent.mkdir(parents=True, exist_ok=True)
    return target
