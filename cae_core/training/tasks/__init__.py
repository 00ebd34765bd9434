"""Tasks: how the network's input is made from an image, and which output it shall have.

A task is one class:

    @register_task
    @dataclass(frozen=True)
    class Darken(Task):
        # a docstring
        name: ClassVar[str] = "darken"
        title: ClassVar[str] = "Darken"
        summary: ClassVar[str] = "half as bright in, the image out"

        def corrupt(self, images: Any, seed: Any) -> Any:
            return images / 2

        def script(self) -> TaskScript:
            return TaskScript(input="images / 2")

To add one, write it in a file like those here and import it below: importing registers it, in the
order in which the app lists the tasks. The form in the app, the command line, saved runs and the
generated script are all read off the registered class. Images are float32 (B, H, W, C) in [0, 1];
the methods are written with `keras.ops`, so that they run inside the training graph. Importing
this module does not import Keras.
"""

# ruff: isort: off
from cae_core.training.tasks.base import TASKS, ImageShape, Task, TaskScript, register_task
from cae_core.training.tasks.base import setting, settings_of, task_from_dict, task_to_dict
from cae_core.training.tasks.reconstruct import Reconstruct
from cae_core.training.tasks.denoise import Denoise, noisy
from cae_core.training.tasks.colorize import AB_SCALE, LUMA, ColorizeChroma, ColorizeRGB
from cae_core.training.tasks.colorize import colorized, lightness, luma, scaled_ab
from cae_core.training.tasks.damages import Inpaint, RemoveJpeg, SaltAndPepper, Upscale, ShotNoise
from cae_core.training.tasks.variational import Variational, weigh_divergence
from cae_core.training.tasks.presets import preset_task
from cae_core.training.tasks.fit import check_fit, check_loss

__all__ = [
    "AB_SCALE",
    "LUMA",
    "TASKS",
    "ColorizeChroma",
    "ColorizeRGB",
    "Denoise",
    "ImageShape",
    "Inpaint",
    "Reconstruct",
    "RemoveJpeg",
    "SaltAndPepper",
    "ShotNoise",
    "Task",
    "TaskScript",
    "Upscale",
    "Variational",
    "check_fit",
    "check_loss",
    "colorized",
    "lightness",
    "luma",
    "noisy",
    "preset_task",
    "register_task",
    "scaled_ab",
    "setting",
    "settings_of",
    "task_from_dict",
    "task_to_dict",
    "weigh_divergence",
]
