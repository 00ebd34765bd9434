"""Several photos colorized at once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import partial

import numpy as np

from cae_core import zoo
from cae_core.images.decoding import OpenedImage
from cae_core.images.operations import as_image
from cae_core.long_work import OnProgress
from cae_ui.colorize.result import MADE
from cae_ui.colorize.scene import color_whole
from cae_ui.colorize.settings import Settings
from cae_ui.common.photo_input import Photo
from cae_ui.common.several_photos import show_several


def colorize_several(photos: Sequence[Photo], settings: Settings) -> None:
    """Colorizes all uploaded photos at a press, without hints; nothing for one photo."""
    settings = replace(settings, hints=())
    show_several(photos, settings, "Colorize", MADE, partial(_colorize_one, settings))


def _colorize_one(
    settings: Settings, _: Photo, opened: OpenedImage, on_progress: OnProgress
) -> tuple[np.ndarray, str]:
    """The result of one photo, and the network that made it."""
    result = color_whole(as_image(opened.pixels), settings, on_progress)
    name = settings.model
    return result, zoo.card(name).title if name in zoo.names() else "Network trained here"
