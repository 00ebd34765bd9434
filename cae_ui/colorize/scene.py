"""The scene: the photo, its lightness, and the colours that the settings give it."""

from __future__ import annotations

import functools
from dataclasses import dataclass

import numpy as np
import streamlit as st

from cae_core.images.color import lightness_of
from cae_core.images.conversion import Box
from cae_core.images.decoding import OpenedImage
from cae_core.images.operations import as_image
from cae_core.long_work import OnProgress
from cae_core.photos.colorizing import (
    AbGuess,
    grey_of,
    guess_ab,
    is_coloured,
    merged,
    rgb_from,
)
from cae_core.photos.hints import HintedAb
from cae_core.photos.saturation import FittingSaturation, fitting_saturation
from cae_ui.colorize.settings import Settings, returns_rgb
from cae_ui.common.network_choice import network
from cae_ui.common.resources import freeze_garbage_collector

Colored = tuple[np.ndarray, np.ndarray | None]
"""A colorized photo, and where its chroma was reduced."""


@dataclass(frozen=True)
class Scene:
    """A photo, its grey version and its colorized version.

    Attributes:
        opened: The photo as its file has it, or reduced.
        photo: (H, W, 3) float32 in [0, 1], its colours.
        lightness: (H, W), its L* from 0 to 100.
        grey: (H, W, 3) in [0, 1], its lightness without chrominance.
        colorized: (H, W, 3) in [0, 1].
        was_reduced: (H, W) bool, pixels whose chroma was reduced because sRGB has no such
            colour; None for a network that returns RGB, and where it is not known.
        small: The photo reduced, where this is a part of it at full size.
        box: That part, in pixels of the photo.
    """

    opened: OpenedImage
    photo: np.ndarray
    lightness: np.ndarray
    grey: np.ndarray
    colorized: np.ndarray
    was_reduced: np.ndarray | None
    small: Scene | None = None
    box: Box | None = None

    @functools.cached_property
    def has_colour(self) -> bool:
        """Whether the original has colours to compare with."""
        return is_coloured(self.photo) if self.small is None else self.small.has_colour

    @property
    def is_whole(self) -> bool:
        """Whether the photo is at full size."""
        return self.photo.shape[:2] == self.opened.full_size


def scene_of(opened: OpenedImage, settings: Settings, kept: Colored | None = None) -> Scene:
    """A photo colorized with the settings.

    Args:
        opened: The photo.
        settings: The settings.
        kept: What `colored` gives for them, where that is known.
    """
    photo = as_image(opened.pixels)
    colorized, was_reduced = kept or colored(photo, settings)
    return Scene(opened, photo, lightness_of(photo), grey_of(photo), colorized, was_reduced)


def colored(
    photo: np.ndarray, settings: Settings, on_progress: OnProgress | None = None
) -> Colored:
    """A colorized photo, and the pixels whose chroma was reduced (see `Scene`)."""
    if returns_rgb(settings.model):
        return _rgb_from(photo, settings.model), None
    lightness = lightness_of(photo)
    ab = _ab_of(guess_of(lightness, settings.model), lightness, settings)
    return merged(lightness, ab, on_progress=on_progress)


def color_whole(photo: np.ndarray, settings: Settings, on_progress: OnProgress) -> np.ndarray:
    """A whole photo colorized, in its own memory where that is possible; nothing is kept."""
    model = network(settings.model)
    if returns_rgb(settings.model):
        return rgb_from(photo, model, on_progress)
    lightness = lightness_of(photo)
    ab = _ab_of(guess_ab(lightness, model), lightness, settings)
    return merged(lightness, ab, out=photo, on_progress=on_progress)[0]


def _ab_of(guess: AbGuess, lightness: np.ndarray, settings: Settings) -> np.ndarray | HintedAb:
    """Chrominance of a guess, with the hints: what a visitor chose is not faded."""
    ab = np.float32(fitting(guess, settings).value) * guess.at(settings.temperature)
    return HintedAb.of(ab, lightness, settings.hints) if settings.hints else ab


def fitting(guess: AbGuess, settings: Settings) -> FittingSaturation:
    """The saturation for a guess: the wanted one, or what fits into the gamut of sRGB.

    Hints do not count: who gives one wants that colour.
    """
    found = fitting_saturation(guess, settings.saturation, settings.temperature)
    return found._replace(value=settings.saturation) if settings.is_exact else found


@st.cache_resource(max_entries=16, show_spinner="The network works …")
def guess_of(lightness: np.ndarray, model: str) -> AbGuess:
    """The network's guess, which no slider changes."""
    guess = guess_ab(lightness, network(model))
    _freeze_once()
    return guess


@st.cache_data(max_entries=3, show_spinner="The network works …")
def _rgb_from(photo: np.ndarray, model: str) -> np.ndarray:
    """The output of a network that returns RGB."""
    image = rgb_from(photo, network(model))
    _freeze_once()
    return image


@st.cache_resource(show_spinner=False)
def _freeze_once() -> None:
    """Freezes the garbage collector once, after the first network has started TensorFlow."""
    freeze_garbage_collector()
