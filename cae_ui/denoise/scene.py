"""The scene: the photo, or a part of it, with its noise, and the slider of the noise level.

The rest of the page is computed from the scene.
"""

from __future__ import annotations

import functools
from collections.abc import Hashable
from dataclasses import dataclass, replace

import numpy as np
import streamlit as st

from cae_core import zoo
from cae_core.formats import format_sigma
from cae_core.images.conversion import Box
from cae_core.images.decoding import OpenedImage, open_image
from cae_core.photos.camera_denoising import LARGEST_STRENGTH
from cae_core.photos.noise_kind import Choice, noise_of
from cae_core.training.tasks import ShotNoise, Task
from cae_ui.common.full_size import WHOLE_PIXELS, full_size_photo, is_shown_whole
from cae_ui.common.links import NOISY_MODE
from cae_ui.common.photo_input import FAST_PIXELS, Photo, overview
from cae_ui.common.photo_part import part_around, part_input
from cae_ui.common.section import section
from cae_ui.denoise.damages import (
    GAUSSIAN,
    INTACT_NEIGHBOURS,
    damage_in_place,
    damage_input,
    damaged,
    method_note,
)

ADD_NOISE, IS_NOISY = "add", "noisy"
MODES = {ADD_NOISE: "Add noise to a photo", IS_NOISY: NOISY_MODE}
"""What is done with the photo, as the page and its address name it."""

AUTOMATIC = "automatic"  # a choice of the network
LARGEST_SIGMA = 100
_ROWS_AT_ONCE = 64
_PART_SIDE = 640  # of a large photo that is looked at while a slider moves


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
        photo: The photo.
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
        damage: The damage, where that is no Gaussian noise.
        box: The part of the photo that the image is; None for the whole, or it reduced.
    """

    photo: Photo
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
    damage: Task | None = None
    box: Box | None = None

    @functools.cached_property
    def reference(self) -> np.ndarray | None:
        """The image that the result is measured against: `clean`, or one with hardly any noise."""
        if self.clean is None and self.photo.reference is not None:
            return open_image(self.photo.reference)
        return self.clean

    @property
    def spoilt(self) -> str:
        """What the image is before it is repaired, in a word: not every damage is noise."""
        return "noisy" if self._is_noise else "damaged"

    @property
    def made(self) -> str:
        """What is done to the image, in a word."""
        return "denoised" if self._is_noise else "repaired"

    @property
    def verb(self) -> str:
        """The verb of `made`, as a button has it."""
        return "Denoise" if self._is_noise else "Repair"

    @property
    def _is_noise(self) -> bool:
        """Whether what is to be removed is noise."""
        return self.damage is None or isinstance(self.damage, ShotNoise)

    @property
    def is_whole(self) -> bool:
        """Whether the image is the whole photo at full size."""
        return self.noisy.shape[:2] == self.opened.full_size

    @property
    def settings(self) -> Hashable:
        """Everything besides the photo that the whole photo's result depends on."""
        return (
            self.clean is None, self.model, self.sigma, self.input_sigma, self.options,
            self.luma, self.color, self.grain, self.damage,
        )  # fmt: skip

    @property
    def described(self) -> str:
        """The result and its settings in a few words."""
        if self.model is None:
            return "left as it is"
        said = [f"{self.made} by {_title(self.model)}"]
        if self.damage is not None:
            said.append(self.damage.short_caption)
        elif self.clean is not None:
            said.append(f"noise of sigma {255 * self.sigma:.0f}")
        elif self.model == zoo.CAMERA_DENOISER:
            said.append(f"luminance {self.luma:g}, colour {self.color:g}")
        else:
            said.append(f"sigma {255 * self.input_sigma:.3g}")
        if self.grain:
            said.append(f"grain {self.grain:g}")
        return ", ".join(said)

    def of(self, opened: OpenedImage) -> Scene:
        """The scene of the whole photo, with noise of its own where it is added."""
        if self.clean is None:
            return replace(self, opened=opened, noisy=opened.pixels)
        noisy = opened.pixels.copy()
        self.put_noise_into(noisy)
        return replace(self, opened=opened, noisy=noisy, clean=opened.pixels)

    def put_noise_into(self, photo: np.ndarray) -> None:
        """Adds the scene's noise to a photo."""
        if self.damage is None:
            add_noise(photo, self.sigma, self.options)
        else:
            damage_in_place(photo, self.damage, self.options.seed)


def _title(model: str) -> str:
    """The name of a network or method in the middle of a sentence."""
    if model == INTACT_NEIGHBOURS:
        return "the median of intact neighbours"
    return zoo.card(model).title if model in zoo.names() else "a network trained here"


@section
def scene_input(
    photo: Photo, mode: str, model: str, options: NoiseOptions, kind: str = GAUSSIAN
) -> Scene:
    """The slider of the noise, and the scene that it makes of a photo.

    Raises:
        ImageError: The photo cannot be opened.
    """
    part, box = _part_input(photo, mode)
    if mode == IS_NOISY:
        return replace(_noisy_scene(photo, part, model), box=box)
    if kind != GAUSSIAN:
        return replace(_damaged_scene(photo, part, model, options, damage_input(kind)), box=box)
    sigma = st.slider("Noise sigma, of 255", 0, LARGEST_SIGMA, 25, key="sigma", bind="query-params")
    level = sigma / 255
    input_sigma = level if options.input_sigma is None else options.input_sigma
    caption = f"Standard deviation {format_sigma(level)}."
    if options.input_sigma is not None:
        caption += f" The network is given {format_sigma(input_sigma)}."
    st.caption(caption)
    noisy = with_noise(part.pixels, level, options)
    return Scene(photo, part, noisy, part.pixels, level, input_sigma, model, options, box=box)


def _part_input(photo: Photo, mode: str) -> tuple[OpenedImage, Box | None]:
    """A photo; a large one is reduced, or a part of it is cut out, which is named as well.

    Reduction removes noise, so a photo that is noisy already is cut and never reduced.
    """
    small = overview(photo)
    if small.pixels.shape[:2] == small.full_size:
        return small, None
    if is_shown_whole(small.full_size):
        return (small if mode == ADD_NOISE else full_size_photo(photo)), None
    if mode == ADD_NOISE and not st.toggle(
        "Work on a part at full size", key="part", bind="query-params"
    ):
        return small, None
    box = part_input(small, _PART_SIDE)
    return part_of(photo, box), box


def part_of(photo: Photo, box: Box) -> OpenedImage:
    """A part of a photo at full size, kept in the session as `overview` is."""
    wanted = (photo.key, box)
    kept = st.session_state.get("photo-part")
    if kept is None or kept[0] != wanted:
        kept = st.session_state["photo-part"] = (wanted, photo.read(box=box))
    opened: OpenedImage = kept[1]
    return opened


def _damaged_scene(
    photo: Photo, part: OpenedImage, model: str, options: NoiseOptions, damage: Task
) -> Scene:
    """The scene of a photo with a damage other than Gaussian noise."""
    noisy = damaged(part.pixels, damage, options.seed)
    # As much Gaussian noise, for what expects that.
    sigma = float(np.sqrt(np.mean((noisy - part.pixels) ** 2)))
    st.caption(method_note(damage, model))
    return Scene(
        photo, part, noisy, part.pixels, sigma, min(1.0, sigma), model, options, damage=damage
    )


def _noisy_scene(photo: Photo, part: OpenedImage, model: str) -> Scene:
    """The sliders and the scene of a photo that is noisy already."""
    with st.spinner("Looking at the noise …"):
        choice, sigma = noise_of_photo(photo, part)
    if photo.is_high_iso:
        st.caption("The noise of this sample photo is simulated, as a camera makes it in the dark.")
    title = "nothing is removed" if choice.name is None else zoo.card(choice.name).title
    st.caption(f"{_kind_of(choice)} The automatic choice: {title}.", help=choice.reason)
    chosen = choice.name if model == AUTOMATIC else model
    if chosen is None:
        return Scene(photo, part, part.pixels, None, 0.0, 0.0, None)
    if chosen == zoo.CAMERA_DENOISER:
        luma_place, color_place, grain_place = st.columns(3)
        with luma_place:
            luma = _strength_input("Against luminance noise", "luma")
        with color_place:
            color = _strength_input("Against colour noise", "color")
        with grain_place:
            grain = _grain_input()
        return Scene(
            photo, part, part.pixels, None, sigma, sigma, chosen,
            luma=luma, color=color, grain=grain,
        )  # fmt: skip
    strength_place, grain_place = st.columns(2)
    with strength_place:
        input_sigma = min(1.0, sigma * _strength_input("Strength", "strength"))
    with grain_place:
        grain = _grain_input()
    origin = ""
    if choice.name == zoo.CAMERA_DENOISER:
        origin = ", as the camera denoiser sees it: the estimate for white noise misses most of it"
    st.caption(
        f"Estimated noise: sigma {format_sigma(sigma)}{origin}. "
        f"The network is given {format_sigma(input_sigma)}."
    )
    return Scene(photo, part, part.pixels, None, sigma, input_sigma, chosen, grain=grain)


def _kind_of(choice: Choice) -> str:
    """A sentence on the noise of a photo in plain words; the choice's reason has the figures."""
    if choice.name is None:
        return "No noise to speak of."
    is_cameras = choice.name == zoo.CAMERA_DENOISER
    kind = "as a camera makes it" if is_cameras else "taken for white noise"
    return f"Noise of about {255 * choice.sigma:.1f} of 255, {kind}."


def _strength_input(label: str, key: str) -> float:
    """A slider of the strength against noise."""
    return st.slider(
        label, 0.0, LARGEST_STRENGTH, 1.0, 0.05, key=key, bind="query-params",
        help="1 removes as much noise as was estimated.",
    )  # fmt: skip


def _grain_input() -> float:
    """The slider of the share of the noise that stays."""
    return st.slider(
        "Grain", 0.0, 0.5, 0.0, 0.05, key="grain", bind="query-params",
        help="Share of what was removed that is put back: a surface without any grain looks false.",
    )  # fmt: skip


def noise_of_photo(photo: Photo, opened: OpenedImage) -> tuple[Choice, float]:
    """`noise_of_middle`, kept in the session.

    Of a large photo the middle counts, so that another part has no other settings.

    Args:
        photo: The photo.
        opened: The photo at full size; or reduced or a part, in whose place the middle is read.

    Raises:
        ImageError: The photo is too small for an estimate.
    """
    kept = st.session_state.get("photo-noise")
    if kept is None or kept[0] != photo.key:
        if opened.pixels.shape[:2] != opened.full_size:
            opened = part_of(photo, part_around(opened.full_size, _PART_SIDE))
        kept = st.session_state["photo-noise"] = (photo.key, noise_of_middle(opened))
    estimate: tuple[Choice, float] = kept[1]
    return estimate


def noise_of_middle(opened: OpenedImage) -> tuple[Choice, float]:
    """`noise_of` a photo; of a large one the middle's.

    Raises:
        ImageError: The photo is too small for an estimate.
    """
    pixels = opened.pixels
    if pixels.shape[0] * pixels.shape[1] > WHOLE_PIXELS:
        left, top, right, bottom = part_around(pixels.shape[:2], _PART_SIDE)
        pixels = pixels[top:bottom, left:right]
    return noise_of(pixels)


def with_noise(photo: np.ndarray, sigma: float, options: NoiseOptions) -> np.ndarray:
    """A photo plus white Gaussian noise; a seed gives the same noise at every sigma."""
    if photo.shape[0] * photo.shape[1] > FAST_PIXELS:
        noisy = photo.copy()
        add_noise(noisy, sigma, options)
        return noisy
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
