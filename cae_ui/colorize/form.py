"""What to colorize, and with what: inputs whose values are in the URL, results that are kept."""

from __future__ import annotations

import functools
from dataclasses import dataclass

import numpy as np
import streamlit as st

from cae_core import zoo
from cae_core.images.color import lightness_of, rgb_within_gamut
from cae_core.models.ab_bins import TEMPERATURE
from cae_core.photos.colorizing import (
    AbGuess,
    full_size_ab,
    grey_of,
    guess_ab,
    learns_rgb,
    rgb_from,
)
from cae_core.training.tasks import ColorizeChroma, ColorizeRGB
from cae_ui.common.image_input import Photo, overview
from cae_ui.common.networks import network, trained_here
from cae_ui.common.resources import spare_the_garbage_collector

# Mean distance of the channels, in [0, 1], below which a photo is taken for grey.
GREY_BELOW = 0.01


@dataclass(frozen=True)
class Settings:
    """How a guess becomes colours.

    Attributes:
        model: A choice of `model_input`.
        temperature: Of the annealed mean.
        saturation: What a* and b* are multiplied by.
    """

    model: str
    temperature: float
    saturation: float


@dataclass(frozen=True)
class Scene:
    """A photo, grey as the network is shown it, and coloured.

    Attributes:
        name: The photo's name.
        photo: (H, W, 3) float32 as it came, no larger than what is tried on.
        lightness: (H, W), L* from 0 to 100.
        grey: (H, W, 3): the lightness without chrominance.
        colorized: (H, W, 3).
        was_reduced: (H, W) bool: where sRGB has no such colour; None for a network that
            returns RGB.
        full_size: Height and width of the whole photo.
    """

    name: str
    photo: np.ndarray
    lightness: np.ndarray
    grey: np.ndarray
    colorized: np.ndarray
    was_reduced: np.ndarray | None
    full_size: tuple[int, int]

    @functools.cached_property
    def has_colour(self) -> bool:
        """Whether there are true colours to compare with."""
        return is_coloured(self.photo)

    @property
    def is_whole(self) -> bool:
        """Whether all of the photo's pixels are there."""
        return self.photo.shape[:2] == self.full_size


def is_coloured(photo: np.ndarray) -> bool:
    """Whether a photo has colours, and not only three equal channels."""
    return float(np.ptp(photo, axis=2).mean()) >= GREY_BELOW


def gives_probabilities(model: str) -> bool:
    """Whether a network has a temperature."""
    return model in zoo.names() and zoo.card(model).network == zoo.COLORIZER


def model_input() -> str:
    """The network: a name of the zoo, or a finished training of the visitor's."""
    titles = {name: zoo.card(name).title for name in zoo.names() if _colorizes(name)}
    titles = {zoo.PHOTO_COLORIZER: titles.pop(zoo.PHOTO_COLORIZER), **titles}
    titles |= trained_here(ColorizeRGB, ColorizeChroma)
    return st.selectbox(
        "Network",
        list(titles),
        format_func=titles.__getitem__,
        key="colorizer",
        bind="query-params",
    )


def _colorizes(name: str) -> bool:
    """Whether a network of the zoo puts colour in."""
    return gives_probabilities(name) or isinstance(
        zoo.card(name).task, ColorizeRGB | ColorizeChroma
    )


def settings_input() -> Settings:
    """The network and the sliders that people play with."""
    model = model_input()
    returns_rgb = not gives_probabilities(model) and learns_rgb(network(model))
    temperature = TEMPERATURE
    if gives_probabilities(model):
        temperature = st.slider(
            "Temperature", 0.05, 1.0, TEMPERATURE, 0.01, key="temperature", bind="query-params",
            help="1: the mean of all colours that are plausible, which is brownish. "
            "Towards 0: the most probable colour, vivid and at times wrong.",
        )  # fmt: skip
    saturation = 1.0
    if not returns_rgb:
        saturation = st.slider(
            "Saturation", 0.0, 2.0, 1.0, 0.05, key="saturation", bind="query-params",
            help="0 leaves the photo grey, 1 takes the guess as it is.",
        )  # fmt: skip
    return Settings(model, temperature, saturation)


def scene_of(photo: Photo, settings: Settings) -> Scene:
    """A photo and what the settings make of it.

    Raises:
        ImageError: The photo cannot be opened.
    """
    small, full_size = overview(photo)
    colorized, was_reduced = colored(small, settings)
    return Scene(
        photo.name,
        small,
        lightness_of(small),
        grey_of(small),
        colorized,
        was_reduced,
        full_size,
    )


def colored(photo: np.ndarray, settings: Settings) -> tuple[np.ndarray, np.ndarray | None]:
    """A photo in guessed colours, and where chroma had to be reduced."""
    if not gives_probabilities(settings.model) and learns_rgb(network(settings.model)):
        return _rgb_from(photo, settings.model), None
    lightness = lightness_of(photo)
    ab = _guess(lightness, settings.model).at(settings.temperature)
    return rgb_within_gamut(lightness, settings.saturation * full_size_ab(ab, lightness))


@st.cache_resource(max_entries=16, show_spinner="The network is looking at the photo …")
def _guess(lightness: np.ndarray, model: str) -> AbGuess:
    """The guess, which no slider changes."""
    guess = guess_ab(lightness, network(model))
    _spare_once()
    return guess


@st.cache_data(max_entries=8, show_spinner="The network is looking at the photo …")
def _rgb_from(photo: np.ndarray, model: str) -> np.ndarray:
    """What a network returns that learnt grey to RGB."""
    image = rgb_from(photo, network(model))
    _spare_once()
    return image


@st.cache_resource(show_spinner=False)
def _spare_once() -> None:
    """After the first network, when TensorFlow is loaded."""
    spare_the_garbage_collector()
