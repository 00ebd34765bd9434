"""Several noisy photos denoised at once."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import NamedTuple

import numpy as np
import streamlit as st

from cae_core import zoo
from cae_core.formats import format_sigma
from cae_core.images.decoding import OpenedImage
from cae_core.long_work import OnProgress
from cae_ui.common.photo_input import Photo
from cae_ui.common.several_photos import show_several
from cae_ui.denoise.result import MADE, denoised
from cae_ui.denoise.scene import AUTOMATIC, IS_NOISY, Scene, noise_of_middle


class Strengths(NamedTuple):
    """Strengths against the noise of every photo, as `Scene` has them.

    Attributes:
        factor: Factor of the estimated sigma.
        luma: See `Scene`.
        color: See `Scene`.
        grain: See `Scene`.
    """

    factor: float = 1.0
    luma: float = 1.0
    color: float = 1.0
    grain: float = 0.0


def denoise_several(photos: Sequence[Photo], mode: str, model: str, scene: Scene | None) -> None:
    """Takes the noise off all uploaded photos as they are, at a press; nothing for one photo.

    Args:
        photos: The photos.
        mode: What is done with the photo that is shown.
        model: The network for it.
        scene: Its scene, whose strengths hold for all if it came with its noise; None where it
            cannot be opened.
    """
    strengths = Strengths()
    if mode != IS_NOISY:
        if len(photos) > 1:
            st.caption("All together are denoised as they are: no noise is added.")
        model = AUTOMATIC
    elif scene is not None:
        factor = scene.input_sigma / scene.sigma if scene.sigma else 1.0
        strengths = Strengths(factor, scene.luma, scene.color, scene.grain)
    show_several(
        photos, (model, strengths), "Denoise", MADE, partial(_denoise_one, model, strengths)
    )


def _denoise_one(
    model: str, strengths: Strengths, photo: Photo, opened: OpenedImage, on_progress: OnProgress
) -> tuple[np.ndarray, str]:
    """The result of one photo, and the network that made it."""
    choice, sigma = noise_of_middle(opened)
    chosen = choice.name if model == AUTOMATIC else model
    scene = Scene(
        photo, opened, opened.pixels, None, sigma, min(1.0, strengths.factor * sigma), chosen,
        luma=strengths.luma, color=strengths.color, grain=strengths.grain,
    )  # fmt: skip
    clean = denoised(scene, opened.pixels, on_progress, overwrite=True)
    if chosen is None:
        return clean, "No noise to speak of, left as it is"
    title = zoo.card(chosen).title if chosen in zoo.names() else "Network trained here"
    return clean, f"{title}, sigma {format_sigma(sigma)}"
