"""Damages other than Gaussian noise: what is done to the photo, and what can be done about it."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import numpy as np
import streamlit as st

from cae_core import zoo
from cae_core.photos.classical import denoise_classical
from cae_core.photos.denoising import denoise
from cae_core.photos.impulses import median_filter, remove_salt_and_pepper
from cae_core.photos.shot_noise import denoise_shot_noise
from cae_core.training.tasks import RemoveJpeg, SaltAndPepper, ShotNoise, Task
from cae_core.training.tasks.damages import BLOCK
from cae_ui.common.network_choice import network_input

GAUSSIAN, SALT, SHOT, JPEG = "gaussian", "salt", "shot", "jpeg"
TITLES = {
    GAUSSIAN: "Gaussian",
    SALT: "Salt and pepper",
    SHOT: "Shot",
    JPEG: "JPEG",
}
INTACT_NEIGHBOURS = "intact-neighbours"
"""A choice in place of a network: `remove_salt_and_pepper`."""

_ROWS_AT_ONCE = 64  # whole blocks of JPEG
_SALT_PERCENT, _PHOTONS, _QUALITY = 10, 30, 15


def damage_choice() -> str:
    """The kind of damage."""
    return str(
        st.segmented_control(
            "Damage",
            list(TITLES),
            format_func=TITLES.__getitem__,
            default=GAUSSIAN,
            required=True,
            key="damage",
            wrap=True,
            bind="query-params",
        )
    )


def damage_input(kind: str) -> Task:
    """The slider of a damage other than Gaussian noise, and the damage."""
    if kind == SALT:
        percent = st.slider(
            "Pixels turned black or white, %", 1, 60, _SALT_PERCENT, key="share",
            bind="query-params",
        )  # fmt: skip
        return SaltAndPepper(percent / 100)
    if kind == SHOT:
        photons = st.slider(
            "Photons in a white pixel", 5, 500, _PHOTONS, key="photons", bind="query-params"
        )
        return ShotNoise(float(photons))
    quality = st.slider("JPEG quality", 2, 95, _QUALITY, key="quality", bind="query-params")
    return RemoveJpeg(float(quality))


def method_input(kind: str) -> str:
    """The choice of a network or a classical method against other damage than Gaussian noise."""
    if kind == SALT:
        first = {INTACT_NEIGHBOURS: "Median of intact neighbours (no network)"}
        return network_input("against-salt", [zoo.PHOTO_DENOISER], SaltAndPepper, first=first)
    if kind == SHOT:
        return network_input("against-shot", [zoo.PHOTO_DENOISER], ShotNoise)
    names = [zoo.PHOTO_DENOISER, zoo.CAMERA_DENOISER]
    return network_input("against-jpeg", names, RemoveJpeg)


def damaged(photo: np.ndarray, damage: Task, seed: int) -> np.ndarray:
    """A photo (H, W) or (H, W, 3) with a damage."""
    result = photo.copy()
    damage_in_place(result, damage, seed)
    return result


def damage_in_place(photo: np.ndarray, damage: Task, seed: int) -> None:
    """Does as `damaged` in a photo's own memory, some rows at a time."""
    for start in range(0, len(photo), _ROWS_AT_ONCE):
        rows = photo[start : start + _ROWS_AT_ONCE]
        planes = np.atleast_3d(rows)  # (h, W) -> (h, W, 1)
        # To whole blocks, which Keras cannot mirror at the end of a few pixels.
        below, right = -planes.shape[0] % BLOCK, -planes.shape[1] % BLOCK
        batch = np.pad(planes, ((0, below), (0, right), (0, 0)), mode="symmetric")[np.newaxis]
        result = np.asarray(damage.corrupt(batch, seed + start))[0, : len(rows), : rows.shape[1]]
        rows[...] = result.reshape(rows.shape)


def method_note(damage: Task, model: str) -> str:
    """A sentence on how a method repairs the damage, and on its training."""
    if model == INTACT_NEIGHBOURS:
        return (
            "No network: a black or white pixel becomes the median of its neighbours that are "
            "neither."
        )
    if model not in zoo.names():
        return ""
    title = zoo.card(model).title
    if isinstance(damage, SaltAndPepper):
        return f"{title} was trained on Gaussian noise only; its input sigma is that of this noise."
    if isinstance(damage, ShotNoise):
        return (
            f"{title} was trained on Gaussian noise only. Anscombe's transform makes shot noise "
            "nearly that, and is undone afterwards."
        )
    if model == zoo.CAMERA_DENOISER:
        return f"{title} was trained on noisy photos saved as JPEG of quality 70 to 100."
    return f"{title} was trained on Gaussian noise only; its input sigma is that of this error."


def repaired(
    image: np.ndarray,
    damage: Task,
    sigma: float,
    model: str,
    gaussian: Callable[[np.ndarray, float], np.ndarray],
    *,
    overwrite: bool = False,
) -> np.ndarray:
    """An image without a damage other than Gaussian noise.

    Args:
        image: The damaged image.
        damage: The damage.
        sigma: How much Gaussian noise differs as much from the original.
        model: A choice of `method_input`.
        gaussian: The chosen network, applied to an image with noise of a sigma.
        overwrite: Lets the result take the memory of the image, where that is possible.
    """
    if model == INTACT_NEIGHBOURS:
        return remove_salt_and_pepper(image, overwrite=overwrite)
    if isinstance(damage, ShotNoise) and model in zoo.names():
        return denoise_shot_noise(image, damage.photons, gaussian, overwrite=overwrite)
    return gaussian(image, sigma)


def other_methods(damage: Task) -> dict[str, Callable[[np.ndarray, float], np.ndarray]]:
    """Methods to compare with, by title; each takes the damaged image and its sigma."""
    photo_denoiser = partial(denoise, model=zoo.PHOTO_DENOISER)
    non_local_means = partial(denoise_classical, method="nlm")
    if isinstance(damage, SaltAndPepper):
        return {
            "Median of intact neighbours": lambda image, _: remove_salt_and_pepper(image),
            "Median filter, 3 × 3": lambda image, _: median_filter(image),
            zoo.card(zoo.PHOTO_DENOISER).title: photo_denoiser,
        }
    if isinstance(damage, ShotNoise):
        photons = damage.photons
        return {
            f"{zoo.card(zoo.PHOTO_DENOISER).title}, transformed": lambda image, _: (
                denoise_shot_noise(image, photons, photo_denoiser)
            ),
            f"{zoo.card(zoo.PHOTO_DENOISER).title}, one sigma": photo_denoiser,
            "Non-local means, transformed": lambda image, _: denoise_shot_noise(
                image, photons, non_local_means
            ),
        }
    return {
        zoo.card(zoo.PHOTO_DENOISER).title: photo_denoiser,
        zoo.card(zoo.CAMERA_DENOISER).title: partial(denoise, model=zoo.CAMERA_DENOISER),
        "Non-local means": non_local_means,
        "Total variation": partial(denoise_classical, method="tv"),
    }
