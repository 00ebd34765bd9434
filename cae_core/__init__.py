"""CAE Lab's core: convolutional autoencoders composed, calculated, trained and used.

    >>> import cae_core as cae
    >>> arch = cae.Architecture.parse("conv8 pool conv12 pool conv16 | up conv12 up conv3:sigmoid")
    >>> cae.analyze(arch).verdict
    'latent 8x8x16 = 1,024 numbers, 3.0x smaller than the input'

Importing the package is cheap: every public name is loaded on first use, and TensorFlow only
by what needs it (`build`, `split`, `train`, `Run.load`).
"""

from __future__ import annotations

import importlib
import sys
from types import ModuleType
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from cae_core import zoo as zoo
    from cae_core.architecture import Architecture as Architecture
    from cae_core.arithmetic import Report as Report
    from cae_core.arithmetic import analyze as analyze
    from cae_core.build import build as build
    from cae_core.build import split as split
    from cae_core.codegen import generate_script as generate_script
    from cae_core.colorization import colorize as colorize
    from cae_core.config import TrainConfig as TrainConfig
    from cae_core.datasets import Dataset as Dataset
    from cae_core.datasets import load_dataset as load_dataset
    from cae_core.errors import ArchitectureError as ArchitectureError
    from cae_core.errors import CAEError as CAEError
    from cae_core.errors import DatasetError as DatasetError
    from cae_core.errors import ImageError as ImageError
    from cae_core.errors import JobError as JobError
    from cae_core.errors import RunError as RunError
    from cae_core.errors import TrainingError as TrainingError
    from cae_core.images import open_image as open_image
    from cae_core.noise_level import estimate_sigma as estimate_sigma
    from cae_core.presets import PRESETS as PRESETS
    from cae_core.presets import get_preset as get_preset
    from cae_core.progress import Progress as Progress
    from cae_core.restore import denoise as denoise
    from cae_core.runs import Run as Run
    from cae_core.tasks import ColorizeChroma as ColorizeChroma
    from cae_core.tasks import ColorizeRGB as ColorizeRGB
    from cae_core.tasks import Denoise as Denoise
    from cae_core.tasks import Reconstruct as Reconstruct
    from cae_core.training import train as train

_HOMES = {
    "Architecture": "architecture",
    "ArchitectureError": "errors",
    "CAEError": "errors",
    "ColorizeChroma": "tasks",
    "ColorizeRGB": "tasks",
    "Dataset": "datasets",
    "DatasetError": "errors",
    "Denoise": "tasks",
    "ImageError": "errors",
    "JobError": "errors",
    "PRESETS": "presets",
    "Progress": "progress",
    "Reconstruct": "tasks",
    "Report": "arithmetic",
    "Run": "runs",
    "RunError": "errors",
    "TrainConfig": "config",
    "TrainingError": "errors",
    "analyze": "arithmetic",
    "build": "build",
    "colorize": "colorization",
    "denoise": "restore",
    "estimate_sigma": "noise_level",
    "generate_script": "codegen",
    "get_preset": "presets",
    "load_dataset": "datasets",
    "open_image": "images",
    "split": "build",
    "train": "training",
}

# Modules that are public as they stand.
_MODULES = ("zoo",)

__all__ = list(_HOMES) + list(_MODULES)
__version__ = "0.1.0"


def __getattr__(name: str) -> Any:
    """Loads a public name from its module on first use."""
    if name in _MODULES:
        return importlib.import_module(f"cae_core.{name}")
    if name not in _HOMES:
        raise AttributeError(f"module 'cae_core' has no attribute {name!r}")
    value = getattr(importlib.import_module(f"cae_core.{_HOMES[name]}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    """The public names, for completion."""
    return sorted([*globals(), *_HOMES])


class _Package(ModuleType):
    """A package whose public names win over its modules: `cae_core.build` is the function.

    Python sets a package's attribute to each module that is imported from it, and `train`
    imports the module called build.
    """

    def __setattr__(self, name: str, value: object) -> None:
        if name in _HOMES and isinstance(value, ModuleType):
            value = getattr(value, name)
        super().__setattr__(name, value)


sys.modules[__name__].__class__ = _Package
