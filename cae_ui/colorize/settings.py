"""The settings of the page: network, temperature, saturation, with values in the address."""

from __future__ import annotations

from dataclasses import dataclass

import streamlit as st

from cae_core import zoo
from cae_core.formats import counted
from cae_core.models.ab_bins import TEMPERATURE
from cae_core.photos.colorizing import learns_rgb
from cae_core.photos.hints import ColorHint
from cae_core.training.tasks import ColorizeChroma, ColorizeRGB
from cae_ui.colorize.hints import kept_hints
from cae_ui.common.network_choice import network, network_input
from cae_ui.common.photo_input import Photo
from cae_ui.common.section import section


@dataclass(frozen=True)
class Settings:
    """Settings of a colorization.

    Attributes:
        model: The network, a choice of `colorizer_input`.
        temperature: Temperature of the annealed mean; for networks that give probabilities.
        saturation: Factor of a* and b*; for networks that return a* and b*.
        is_exact: Whether it holds where many pixels leave the gamut of sRGB, too.
        hints: Colours that are known, for the same networks.
    """

    model: str
    temperature: float
    saturation: float
    is_exact: bool = False
    hints: tuple[ColorHint, ...] = ()

    @property
    def described(self) -> str:
        """The result and its settings in a few words."""
        name = zoo.card(self.model).title if self.model in zoo.names() else "a network trained here"
        said = [f"colorized by {name}"]
        if gives_probabilities(self.model):
            said.append(f"temperature {self.temperature:g}")
        if not returns_rgb(self.model):
            said.append(f"saturation {self.saturation:g}")
        if self.hints:
            said.append(counted(len(self.hints), "hint"))
        return ", ".join(said)


@section
def settings_input(model: str, photo: Photo) -> Settings:
    """The sliders that a network has, and the hints for a photo.

    Raises:
        CAEError: For a run that cannot be read.
    """
    temperature, saturation = TEMPERATURE, 1.0
    with st.container(horizontal=True, gap="large"):
        if gives_probabilities(model):
            temperature = st.slider(
                "Temperature", 0.05, 1.0, TEMPERATURE, 0.01, key="temperature", bind="query-params",
                help="1: the mean of all plausible colours, which is brownish. Towards 0: the most "
                "probable colour, vivid and sometimes wrong.",
            )  # fmt: skip
        if not returns_rgb(model):
            saturation = st.slider(
                "Saturation", 0.0, 2.0, 1.0, 0.05, key="saturation", bind="query-params",
                help="0 leaves the photo grey, 1 keeps the colours as guessed.",
            )  # fmt: skip
    hints = () if returns_rgb(model) else kept_hints(photo)
    return Settings(model, temperature, saturation, hints=hints)


@section
def colorizer_input() -> str:
    """The network, by default the one of `cae_core.colorize`."""
    names = sorted(filter(_colorizes, zoo.names()), key=zoo.DEFAULT_COLORIZER.__ne__)
    return network_input("colorizer", names, ColorizeRGB, ColorizeChroma)


def _colorizes(name: str) -> bool:
    """Whether a network of the zoo colorizes."""
    task = zoo.card(name).task
    return gives_probabilities(name) or (task is not None and task.needs_color)


def gives_probabilities(model: str) -> bool:
    """Whether a network gives every colour a probability, and so has a temperature."""
    return model in zoo.names() and zoo.card(model).network in zoo.AB_NETWORKS


def returns_rgb(model: str) -> bool:
    """Whether a network returns all three channels, its own lightness among them."""
    return not gives_probabilities(model) and learns_rgb(network(model))
