"""The scene: the photo, or a part of it, with its noise, and the slider of the noise level.

The rest of the page is computed from the scene.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import streamlit as st

from cae_core import zoo
from cae_core.formats import format_sigma
from cae_core.images.decoding import OpenedImage
from cae_core.photos.camera_denoising import LARGEST_STRENGTH
from cae_core.photos.noise_kind import Choice, choose_denoiser
from cae_core.photos.noise_level import estimate_sigma
from cae_ui.common.photo_input import OVERVIEW_SIDE, Photo, overview

ADD_NOISE, IS_NOISY = "add", "noisy"
AUTOMATIC = "automatic"  # a choice of the network
LARGEST_SIGMA = 100
_ROWS_AT_ONCE = 64


@dataclass(frozen=True)
class NoiseOptions:
    """Options of noise that is added to a photo.

    Attributes:
        input_sigma: Sigma that the network gets as its input, in [0, 1]; None for the true one.
        is_clipped: Cuts noisy values to [0, 1].
        seed: Seed of the noise.
    """

    input_sigma: float | None = None
    is_clipped: bool = False
    seed: int = 0


@dataclass(frozen=True)
class Scene:
    """A photo, or a part of it, with its noise.

    Attributes:
        name: Name of the photo.
        opened: The photo, or the part of it, as its file has it.
        noisy: float32, (H, W) for a grey photo, else (H, W, 3), the image with noise; beyond
            [0, 1] where that is not clipped.
        clean: The image without noise; None for a photo that came with its noise.
        sigma: Standard deviation of the noise in [0, 1], added or estimated.
        input_sigma: Sigma that the network gets as its input, in [0, 1].
        model: The network, as `network_choice.network` takes it; None where there is no noise to
            remove.
        options: Options of the added noise.
        luma: Strength of the camera denoiser against luminance noise.
        color: Its strength against colour noise.
        grain: Share of the removed noise that stays.
    """

    name: str
    opened: OpenedImage
    noisy: np.ndarray
    clean: np.ndarray | None
    sigma: float
    input_sigma: float
    model: str | None
    options: NoiseOptions = NoiseOptions()
    luma: float = 1.0
    color: float = 1.0
    grain: float = 0.0

    @property
    def is_whole(self) -> bool:
        """Whether the image is the whole photo at full size."""
        return self.noisy.shape[:2] == self.opened.full_size


def scene_input(photo: Photo, mode: str, model: str, options: NoiseOptions) -> Scene:
    """The slider of the noise, and the scene that it makes of a photo.

    Raises:
        ImageError: The photo cannot be opened.
    """
    part = _part_input(photo, mode)
    if mode == IS_NOISY:
        return _noisy_scene(photo.name, part, model)
    sigma = st.slider("Noise sigma, of 255", 0, LARGEST_SIGMA, 25, key="sigma", bind="query-params")
    level = sigma / 255
    input_sigma = level if options.input_sigma is None else options.input_sigma
    caption = f"Standard deviation {format_sigma(level)}."
    if options.input_sigma is not None:
        caption += f" The network is given {format_sigma(input_sigma)}."
    st.caption(caption)
    noisy = with_noise(part.pixels, level, options)
    return Scene(photo.name, part, noisy, part.pixels, level, input_sigma, model, options)


def _part_input(photo: Photo, mode: str) -> OpenedImage:
    """A photo; a large one is reduced, or a part of it is cut out.

    Reduction removes noise, so a photo that is noisy already is cut and never reduced.
    """
    small = overview(photo)
    height, width = small.full_size
    if max(height, width) <= OVERVIEW_SIDE:
        return small
    if mode == ADD_NOISE and not st.toggle(
        "Work on a part at full size", key="part", bind="query-params"
    ):
        st.caption(
            f"Reduced from {width:,} x {height:,} pixels for the slider; denoise the whole photo "
            "below."
        )
        return small
    left, top = (_position(*axis) for axis in (("across", width), ("down", height)))
    st.caption(
        f"A part of {min(width, OVERVIEW_SIDE)} x {min(height, OVERVIEW_SIDE)} of "
        f"{width:,} x {height:,} pixels for the slider; denoise the whole photo below."
    )
    return _part(photo, left, top, small.full_size)


def _position(direction: str, length: int) -> int:
    """A slider for the first pixel of the part along an axis."""
    if length <= OVERVIEW_SIDE:
        return 0
    percent = st.slider(
        f"Part of the photo, {direction}", 0, 100, 50, format="%d %%", key=f"part-{direction}"
    )
    return round((length - OVERVIEW_SIDE) * percent / 100)


def _part(photo: Photo, left: int, top: int, full_size: tuple[int, int]) -> OpenedImage:
    """A part of a photo at full size, kept in the session as `overview` is."""
    wanted = (photo.key, left, top)
    kept = st.session_state.get("photo-part")
    if kept is None or kept[0] != wanted:
        bottom, right = (
            min(start + OVERVIEW_SIDE, side)
            for start, side in zip((top, left), full_size, strict=True)
        )
        kept = (wanted, photo.read(box=(left, top, right, bottom)))
        st.session_state["photo-part"] = kept
    return kept[1]


def _noisy_scene(name: str, part: OpenedImage, model: str) -> Scene:
    """The sliders and the scene of a photo that is noisy already."""
    chosen: str | None = model
    if model == AUTOMATIC:
        choice = _choice(part.pixels)
        chosen = choice.name
        title = "nothing is removed" if chosen is None else zoo.card(chosen).title
        st.caption(f"{choice.reason} Chosen: {title}.")
    if chosen is None:
        return Scene(name, part, part.pixels, None, 0.0, 0.0, None)
    sigma = _estimated_sigma(part.pixels)
    if chosen == zoo.CAMERA_DENOISER:
        luma_place, color_place, grain_place = st.columns(3)
        with luma_place:
            luma = _strength_input("Against luminance noise", LARGEST_STRENGTH, "luma")
        with color_place:
            color = _strength_input("Against colour noise", LARGEST_STRENGTH, "color")
        with grain_place:
            grain = _grain_input()
        return Scene(
            name, part, part.pixels, None, sigma, sigma, chosen,
            luma=luma, color=color, grain=grain,
        )  # fmt: skip
    strength_place, grain_place = st.columns(2)
    with strength_place:
        input_sigma = min(1.0, sigma * _strength_input("Strength", 3.0, "strength"))
    with grain_place:
        grain = _grain_input()
    st.caption(
        f"Estimated noise: sigma {format_sigma(sigma)}. "
        f"The network is given {format_sigma(input_sigma)}."
    )
    return Scene(name, part, part.pixels, None, sigma, input_sigma, chosen, grain=grain)


def _strength_input(label: str, largest: float, key: str) -> float:
    """A slider of the strength against noise."""
    return st.slider(
        label, 0.0, largest, 1.0, 0.05, key=key, bind="query-params",
        help="1 removes as much noise as was estimated.",
    )  # fmt: skip


def _grain_input() -> float:
    """The slider of the share of the noise that stays."""
    return st.slider(
        "Grain", 0.0, 0.5, 0.0, 0.05, key="grain", bind="query-params",
        help="Share of what was removed that is put back: a surface without any grain looks false.",
    )  # fmt: skip


@st.cache_data(max_entries=32, show_spinner="Looking at the noise …")
def _choice(photo: np.ndarray) -> Choice:
    """The network for the noise of a photo, chosen once for every photo and part."""
    return choose_denoiser(photo)


@st.cache_data(max_entries=32, show_spinner=False)
def _estimated_sigma(photo: np.ndarray) -> float:
    """The estimated sigma, computed once for every photo and part."""
    return estimate_sigma(photo)


def with_noise(photo: np.ndarray, sigma: float, options: NoiseOptions) -> np.ndarray:
    """A photo plus white Gaussian noise; a seed gives the same noise at every sigma."""
    noisy = photo + np.float32(sigma) * _kept_noise(photo.shape, options.seed)
    return np.clip(noisy, 0.0, 1.0) if options.is_clipped else noisy


def add_noise(photo: np.ndarray, sigma: float, options: NoiseOptions) -> None:
    """Does as `with_noise` in a large photo's own memory, and keeps no noise."""
    rng = np.random.default_rng(options.seed)
    for top in range(0, len(photo), _ROWS_AT_ONCE):
        rows = photo[top : top + _ROWS_AT_ONCE]
        rows += np.float32(sigma) * rng.standard_normal(rows.shape, dtype=np.float32)
        if options.is_clipped:
            np.clip(rows, 0.0, 1.0, out=rows)


@st.cache_resource(max_entries=4, show_spinner=False)
def _kept_noise(shape: tuple[int, ...], seed: int) -> np.ndarray:
    """White Gaussian noise of sigma 1. A resource, so not copied; nobody writes to it."""
    return np.random.default_rng(seed).standard_normal(shape, dtype=np.float32)
