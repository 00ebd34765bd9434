"""The inputs of the page: mode, network, and options of the noise, with values in the address."""

from __future__ import annotations

import streamlit as st

from cae_core import zoo
from cae_core.training.tasks import Denoise
from cae_ui.common.network_choice import network_input
from cae_ui.common.section import section
from cae_ui.denoise.damages import GAUSSIAN, JPEG, damage_choice, method_input
from cae_ui.denoise.scene import (
    ADD_NOISE,
    AUTOMATIC,
    IS_NOISY,
    LARGEST_SIGMA,
    MODES,
    NoiseOptions,
)


@section
def mode_input() -> str:
    """The kind of noise: added to a clean photo, or in the photo already."""
    return str(
        st.segmented_control(
            "Noise",
            list(MODES),
            format_func=MODES.__getitem__,
            default=ADD_NOISE,
            required=True,
            key="mode",
            wrap=True,
            bind="query-params",
        )
    )


@section
def damage_kind_input(mode: str) -> str:
    """The kind of damage that is added; Gaussian noise is what a noisy photo is taken for."""
    return GAUSSIAN if mode == IS_NOISY else damage_choice()


@section
def denoiser_input(mode: str, kind: str) -> str:
    """The network; by default the photo denoiser for added noise, which is white, or `AUTOMATIC`.

    A choice for noise that is added does not hold for a photo that is noisy already.
    """
    if kind != GAUSSIAN:
        return method_input(kind)
    names = [
        name
        for name in zoo.names()
        if zoo.card(name).noise_range is not None and name != zoo.CAMERA_DENOISER
    ]
    names.sort(key=zoo.PHOTO_DENOISER.__ne__)
    if mode == ADD_NOISE:
        return network_input("model", names, Denoise)
    automatic = {AUTOMATIC: "Chosen by the noise"}
    return network_input("denoiser", [zoo.CAMERA_DENOISER, *names], Denoise, first=automatic)


@section
def options_input(mode: str, kind: str) -> NoiseOptions:
    """Options of noise that is added."""
    if mode == IS_NOISY or kind == JPEG:
        return NoiseOptions()
    with st.expander("More about the noise"):
        seed = int(
            st.number_input("Seed of the noise", 0, 9999, 0, key="seed", bind="query-params")
        )
        if kind != GAUSSIAN:
            return NoiseOptions(seed=seed)
        is_clipped = st.toggle(
            "Cut noisy values to [0, 1]",
            key="clip",
            bind="query-params",
            help="As in a noisy image that was saved as a file. Published figures do not cut.",
        )
        input_sigma = None
        if st.toggle("Give the network another sigma", key="lie", bind="query-params"):
            input_sigma = st.slider(
                "Sigma given to the network, of 255",
                0,
                LARGEST_SIGMA,
                40,
                key="input-sigma",
                bind="query-params",
                help="Too low leaves noise, too high smears detail.",
            )
    input_level = None if input_sigma is None else input_sigma / 255
    return NoiseOptions(input_level, is_clipped, seed)
