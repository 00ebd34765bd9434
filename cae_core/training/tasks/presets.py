"""The task that belongs to a preset."""

from __future__ import annotations

from cae_core.architecture.presets import Preset
from cae_core.training.tasks.base import Task
from cae_core.training.tasks.denoise import Denoise
from cae_core.training.tasks.reconstruct import Reconstruct
from cae_core.training.tasks.variational import Variational


def preset_task(preset: Preset) -> Task:
    """The task that a preset's source trains it on.

    Example:
        >>> from cae_core.architecture.presets import get_preset
        >>> print(preset_task(get_preset("denoise-0.3")), preset_task(get_preset("homework")))
        denoise sigma 0.3 reconstruct
    """
    if preset.sigma is not None:
        return Denoise(sigma=preset.sigma)
    return Reconstruct() if preset.beta is None else Variational(beta=preset.beta)
