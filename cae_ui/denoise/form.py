"""What to denoise, and with what: inputs whose values are in the URL, results that are kept.

A photo and its noise are a `Scene`; whatever is shown of it is computed from there.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import streamlit as st

from cae_core import zoo
from cae_core.images.operations import to_uint8
from cae_core.photos.denoising import denoise
from cae_core.photos.noise_level import estimate_sigma
from cae_core.training.tasks import Denoise
from cae_ui.common.image_input import OVERVIEW_SIDE, Photo, overview
from cae_ui.common.messages import plain
from cae_ui.common.networks import network, trained_here
from cae_ui.common.resources import spare_the_garbage_collector

ADD_NOISE, IS_NOISY = "add", "noisy"
LARGEST_SIGMA = 100


@dataclass(frozen=True)
class NoiseOptions:
    """How noise is added.

    Attributes:
        told: The sigma that the network is told, in [0, 1]; None tells the true one.
        is_clipped: Whether noisy values are cut to [0, 1].
        seed: Of the noise, which is drawn anew only where this changes.
    """

    told: float | None = None
    is_clipped: bool = False
    seed: int = 0


@dataclass(frozen=True)
class Scene:
    """A photo as the network is shown it.

    Attributes:
        name: The photo's name.
        noisy: (H, W, 3) float32, with its noise; beyond [0, 1] where that is not clipped.
        clean: The same without noise; None for a photo that came with its noise.
        sigma: The noise's standard deviation in [0, 1]: added, or estimated.
        told: What the network is told that it is.
        full_size: (H, W) of the whole photo.
        options: How the noise was added.
    """

    name: str
    noisy: np.ndarray
    clean: np.ndarray | None
    sigma: float
    told: float
    full_size: tuple[int, int]
    options: NoiseOptions

    @property
    def is_whole(self) -> bool:
        """Whether all of the photo's pixels are there."""
        return self.noisy.shape[:2] == self.full_size


def model_input() -> str:
    """The network: a name of the zoo, or a finished training of the visitor's."""
    titles = {
        name: card.title for name in zoo.names() if (card := zoo.card(name)).noise_range is not None
    }
    titles = {zoo.PHOTO_DENOISER: titles.pop(zoo.PHOTO_DENOISER), **titles}
    titles |= trained_here(Denoise)
    return st.selectbox(
        "Network", list(titles), format_func=titles.__getitem__, key="model", bind="query-params"
    )


def mode_input() -> str:
    """Whether noise is added, or in the photo already."""
    titles = {ADD_NOISE: "Add noise to a photo", IS_NOISY: "My photo is noisy"}
    return str(
        st.segmented_control(
            "Noise",
            list(titles),
            format_func=titles.__getitem__,
            default=ADD_NOISE,
            required=True,
            key="mode",
            bind="query-params",
        )
    )


def photo_part_input(photo: Photo, mode: str) -> tuple[np.ndarray, tuple[int, int]]:
    """What of a photo is worked on: all of it, or of a large one a part or a reduction.

    Reduction takes noise away: a photo that is noisy already is only ever cut.

    Returns:
        The part, (h, w, 3), and the height and width of the whole.
    """
    small, (height, width) = overview(photo)
    if max(height, width) <= OVERVIEW_SIDE:
        return small, (height, width)
    if mode == ADD_NOISE and not st.toggle(
        "Work on a part at full size", key="part", bind="query-params"
    ):
        st.caption(
            f"Reduced from {width:,} x {height:,} to {small.shape[1]} x {small.shape[0]} "
            "while you try; the whole is worked on below."
        )
        return small, (height, width)
    left, top = (_position(*axis) for axis in (("across", width), ("down", height)))
    st.caption(
        f"A part of {min(width, OVERVIEW_SIDE)} x {min(height, OVERVIEW_SIDE)} of "
        f"{width:,} x {height:,} pixels while you try; the whole is worked on below."
    )
    return _part(photo, left, top), (height, width)


def _part(photo: Photo, left: int, top: int) -> np.ndarray:
    """A part of a photo at full size, kept in the session as `overview` is."""
    wanted = (photo.identity, left, top)
    kept = st.session_state.get("photo-part")
    if kept is None or kept[0] != wanted:
        part = photo.open()[top : top + OVERVIEW_SIDE, left : left + OVERVIEW_SIDE]
        kept = (wanted, np.ascontiguousarray(part))
        st.session_state["photo-part"] = kept
    return kept[1]


def _position(direction: str, length: int) -> int:
    """First pixel of the part along an axis."""
    if length <= OVERVIEW_SIDE:
        return 0
    percent = st.slider(
        f"Part of the photo, {direction}", 0, 100, 50, format="%d %%", key=f"part-{direction}"
    )
    return round((length - OVERVIEW_SIDE) * percent / 100)


def options_input(mode: str) -> NoiseOptions:
    """What else can be said about noise that is added."""
    if mode == IS_NOISY:
        return NoiseOptions()
    with st.expander("More about the noise"):
        told = None
        if st.toggle("Tell the network another sigma", key="lie", bind="query-params"):
            told = st.slider(
                "Sigma told, of 255",
                0,
                LARGEST_SIGMA,
                40,
                key="told",
                bind="query-params",
                help="Less than there is leaves noise, more smears detail.",
            )
        is_clipped = st.toggle(
            "Cut noisy values to [0, 1]",
            key="clip",
            bind="query-params",
            help="As in a noisy image that was saved as a file. Published figures are without.",
        )
        seed = st.number_input("Seed of the noise", 0, 9999, 0, key="seed", bind="query-params")
    return NoiseOptions(None if told is None else told / 255, is_clipped, int(seed))


def scene_input(photo: Photo, mode: str, options: NoiseOptions) -> Scene:
    """The slider that people came for, and what it makes of the photo.

    Raises:
        ImageError: The photo cannot be opened.
    """
    part, full_size = photo_part_input(photo, mode)
    if mode == IS_NOISY:
        return _noisy_scene(photo.name, part, full_size)
    sigma = st.slider("Noise sigma, of 255", 0, LARGEST_SIGMA, 25, key="sigma", bind="query-params")
    level = sigma / 255
    told = level if options.told is None else options.told
    said = f"Standard deviation {sigma}/255 = {level:.3f} of the range from 0 to 1."
    if options.told is not None:
        said += f" The network is told {255 * told:.0f}."
    st.caption(said)
    noisy = with_noise(part, level, options)
    return Scene(photo.name, noisy, part, level, told, full_size, options)


def _noisy_scene(name: str, part: np.ndarray, full_size: tuple[int, int]) -> Scene:
    """A photo with noise of its own, whose level is estimated."""
    estimated = _estimated_sigma(part)
    strength = st.slider(
        "Strength",
        0.0,
        3.0,
        1.0,
        0.05,
        key="strength",
        bind="query-params",
        help="1 takes off as much noise as was estimated.",
    )
    told = min(1.0, estimated * strength)
    st.caption(
        f"Estimated noise: sigma {255 * estimated:.1f} of 255 = {estimated:.3f}. "
        f"The network is told {255 * told:.1f}."
    )
    return Scene(name, part, None, estimated, told, full_size, NoiseOptions())


def with_noise(photo: np.ndarray, sigma: float, options: NoiseOptions) -> np.ndarray:
    """A photo and white Gaussian noise; the same seed gives the same noise at every sigma."""
    # A whole photo is noisy once: keeping its noise would fill the server's memory.
    unit_noise = _kept_noise if max(photo.shape) <= OVERVIEW_SIDE else _drawn_noise
    noisy = photo + np.float32(sigma) * unit_noise(photo.shape, options.seed)
    return np.clip(noisy, 0.0, 1.0) if options.is_clipped else noisy


def _drawn_noise(shape: tuple[int, ...], seed: int) -> np.ndarray:
    """Noise of sigma 1."""
    return np.random.default_rng(seed).standard_normal(shape, dtype=np.float32)


@st.cache_resource(max_entries=4, show_spinner=False)
def _kept_noise(shape: tuple[int, ...], seed: int) -> np.ndarray:
    """The same, drawn once. A resource, so that it is not copied; nobody writes to it."""
    return _drawn_noise(shape, seed)


@st.cache_data(max_entries=32, show_spinner=False)
def _estimated_sigma(photo: np.ndarray) -> float:
    """The estimate, once for every photo and part."""
    return estimate_sigma(photo)


def is_network_ready() -> bool:
    """Whether the photo denoiser answers at once."""
    return "keras" in sys.modules and zoo.is_loaded()


@st.cache_resource(show_spinner="The network is being started, once for all visitors …")
def start_network() -> None:
    """Loads what the first image needs."""
    denoise(np.zeros((64, 64, 3), np.float32), 0.1)
    spare_the_garbage_collector()


def cleaned(
    image: np.ndarray,
    sigma: float,
    model: str,
    on_progress: Callable[[int, int], None] | None = None,
) -> np.ndarray:
    """What a network of `model_input` makes of an image."""
    return denoise(image, sigma, network(model), on_progress=on_progress)


def as_pixels(image: np.ndarray) -> np.ndarray:
    """An image as it can be shown: cut to [0, 1], uint8."""
    return to_uint8(np.clip(image, 0.0, 1.0))


def removed(noisy: np.ndarray, clean: np.ndarray, gain: float) -> np.ndarray:
    """What was taken out, around middle grey, amplified."""
    return 0.5 + gain * (noisy - clean)


def describe(scene: Scene) -> str:
    """The label of what the network is shown."""
    if scene.clean is None:
        return plain(scene.name)
    return f"Noisy, sigma {255 * scene.sigma:.0f}"
