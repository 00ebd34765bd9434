"""The result: images compared, downloads, figures, other temperatures."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace
from functools import partial

import numpy as np
import streamlit as st
from plotly.colors import hex_to_rgb, sequential

from cae_core.formats import format_share
from cae_core.images.color import lightness_of
from cae_core.images.decoding import OpenedImage
from cae_core.images.metrics import ciede2000_map, color_figures
from cae_core.images.operations import as_image, fit_within, resize, to_uint8
from cae_core.long_work import OnProgress
from cae_core.models.ab_bins import TEMPERATURE
from cae_core.photos.colorizing import grey_of
from cae_core.photos.saturation import neither_black_nor_white
from cae_ui.colorize.scene import Scene, color_whole, colored, guess_of, scene_of
from cae_ui.colorize.settings import Settings, gives_probabilities
from cae_ui.common.full_size import full_size_photo, full_size_result, is_shown_whole
from cae_ui.common.image_views import Shown, View, show_views
from cae_ui.common.photo_input import GREY_PHOTO_TERMS, Photo, overview
from cae_ui.common.photo_output import show_downloads
from cae_ui.common.picker import Choice, pick_tile
from cae_ui.common.section import section
from cae_ui.common.whole_photo import (
    WholePart,
    WholeRequest,
    kept_whole,
    show_other_work,
    show_whole,
    whole_input,
)
from cae_ui.common.wording import number_columns

MADE = "colorized"
RGB_NETWORK = "colorize-rgb"
ALTERNATIVES = (1.0, 0.6, TEMPERATURE, 0.12, 0.05)
ALTERNATIVE_SIDE, ALTERNATIVE_WIDTH = 240, 128
NOTICEABLE, FAR = 2.3, 30.0  # CIEDE2000
FEW_COLORS, MANY_COLORS = 4, 128  # of those with a probability
FIGURE_COLUMNS = ("PSNR, dB", "SSIM", "CIEDE2000", "a*b* error", "Colourfulness")


@section
def show_result(photo: Photo, settings: Settings) -> Scene:
    """Two images under the comparison slider, figures of the colours, downloads.

    Returns:
        What is shown: the whole photo, or a large one reduced.

    Raises:
        ImageError: The photo cannot be opened.
    """
    small = overview(photo)
    full_size = small.full_size
    request = WholeRequest(
        photo,
        full_size,
        settings,
        MADE,
        settings.described,
        partial(_colorize_on_request, settings),
    )
    whole = kept_whole(request)
    if whole is not None:
        scene = scene_of(small, settings)
        show_whole(whole, photo, small, MADE, partial(_show_part, scene, settings))
        return scene
    show_other_work(request)
    if is_shown_whole(full_size):
        kept = full_size_result(
            photo,
            settings,
            lambda _: _show_views(scene_of(small, settings), settings).beside,
            lambda opened, advance: colored(as_image(opened.pixels), settings, advance),
        )
        scene = scene_of(full_size_photo(photo), settings, kept)
    else:
        scene = scene_of(small, settings)
    _explain(_show_views(scene, settings).name)
    _show_lightness(scene)
    if photo.identity in GREY_PHOTO_TERMS:
        st.caption(f"{GREY_PHOTO_TERMS[photo.identity]}.")
    if scene.is_whole:
        show_downloads(photo, scene.opened, {MADE: scene.colorized})
    else:
        whole_input(request, "Colorize")
    return scene


def _colorize_on_request(
    settings: Settings,
    whole: OpenedImage,
    keep: Callable[[np.ndarray], None],
    on_progress: OnProgress,
) -> np.ndarray:
    """A large photo colorized in its own memory."""
    keep(whole.pixels)
    return color_whole(as_image(whole.pixels), settings, on_progress)


def _show_part(small: Scene, settings: Settings, part: WholePart) -> None:
    """A part of a whole photo that was colorized, as the photo is shown."""
    photo = as_image(part.before)
    scene = Scene(
        part.opened, photo, lightness_of(photo), grey_of(photo), part.after, None, small, part.box
    )
    _explain(_show_views(scene, settings).name)


def _show_views(scene: Scene, settings: Settings) -> Shown:
    """Grey and colorized image under the slider, or those of another view."""
    return show_views(_views(scene, settings), scene.opened, key="colorized", choice="compare")


def _views(scene: Scene, settings: Settings) -> dict[str, View]:
    """The views that the scene has, by name."""
    colorized = (scene.colorized, "Colorized")
    views: dict[str, View] = {
        "Colorized": ((scene.grey, "Lightness only"), (lambda: scene.colorized, "Colorized"))
    }
    if scene.has_colour:
        views["Original"] = (colorized, (lambda: scene.photo, "Original"))
        views["Difference"] = (colorized, (lambda: difference_image(scene), "CIEDE2000"))
    if gives_probabilities(settings.model):
        views["Doubt"] = (colorized, (lambda: doubt_image(scene, settings.model), "Uncertainty"))
    if scene.was_reduced is not None:
        views["Gamut"] = (colorized, (lambda: gamut_image(scene), "Chroma was reduced"))
    if settings.model != RGB_NETWORK:
        other = Settings(RGB_NETWORK, TEMPERATURE, 1.0)
        views["RGB"] = (colorized, (lambda: colored(scene.photo, other)[0], "Grey to RGB"))
    return views


def difference_image(scene: Scene) -> np.ndarray:
    """CIEDE2000 of every pixel from black over red to yellow, (H, W, 3) in [0, 1]."""
    return _heat(np.clip(_difference(scene.colorized, scene.photo) / FAR, 0, 1))


def doubt_image(scene: Scene, model: str) -> np.ndarray:
    """How many colours a network takes for likely, from black over red to yellow."""
    if scene.small is not None and scene.box is not None:
        # The network sees a large photo reduced.
        seen = doubt_image(scene.small, model)
        left, top, right, bottom = scene.box
        height, width = scene.opened.full_size
        down, across = seen.shape[0] / height, seen.shape[1] / width
        rows = slice(int(top * down), math.ceil(bottom * down))
        columns = slice(int(left * across), math.ceil(right * across))
        return resize(seen[rows, columns], *scene.lightness.shape)
    guess = guess_of(scene.lightness, model)
    assert guess.logits is not None  # noqa: S101 - the view is offered only where they are
    # Entropy is the logarithm of a number of colours that are as likely.
    entropy = np.log(guess.logits.shape[-1]) * guess.uncertainty()
    share = (entropy - np.log(FEW_COLORS)) / np.log(MANY_COLORS / FEW_COLORS)
    return _heat(resize(np.clip(share, 0, 1), *scene.lightness.shape))


def _heat(amount: np.ndarray) -> np.ndarray:
    """Numbers in [0, 1], (H, W), from black over red to yellow, (H, W, 3)."""
    colors = np.array(list(map(hex_to_rgb, sequential.Inferno))) / 255  # (10, 3)
    places = np.linspace(0, 1, len(colors))
    return np.stack([np.interp(amount, places, channel) for channel in colors.T], axis=-1)


@st.cache_data(max_entries=3, show_spinner=False)
def _difference(image: np.ndarray, original: np.ndarray) -> np.ndarray:
    """CIEDE2000 of every pixel, kept while nothing changes."""
    return ciede2000_map(image, original)


def gamut_image(scene: Scene) -> np.ndarray:
    """Magenta where chroma was reduced, elsewhere the photo in dark grey, (H, W, 3) in [0, 1]."""
    assert scene.was_reduced is not None  # noqa: S101 - offered only where it is known
    return np.where(scene.was_reduced[..., np.newaxis], (1.0, 0.0, 1.0), 0.6 * scene.grey)


@section
def _explain(view: str) -> None:
    """A caption for the views that need one."""
    captions = {
        "Difference": "CIEDE2000 from the original. Black: no difference; below "
        f"{NOTICEABLE:g} few people notice one; yellow: {FAR:g} and more.",
        "Doubt": "Entropy of the network's probabilities, as a number of colours that are as "
        f"likely. Black: {FEW_COLORS} or fewer; yellow: {MANY_COLORS} or more.",
        "Gamut": "Magenta: sRGB has no colour of that lightness and chroma, so chroma was "
        "reduced there; lightness and hue were kept.",
        "RGB": "A network that returns all three channels must also squeeze the detail "
        "through its bottleneck, and loses it.",
    }
    if view in captions:
        st.caption(captions[view])


def _show_lightness(scene: Scene) -> None:
    """The largest change of lightness, and the share of pixels whose chroma was reduced."""
    difference = np.abs(lightness_of(scene.colorized) - scene.lightness).max()
    caption = f"Largest difference in lightness from the photo: {difference:.3f} of 100."
    is_counted = neither_black_nor_white(scene.lightness)
    if scene.was_reduced is not None and is_counted.any():
        share = format_share(float(scene.was_reduced[is_counted].mean()), 1)
        caption += f" Outside the gamut of sRGB: {share} of what is neither black nor white."
    st.caption(f"{caption} **Colours are guesses.**")


@section
def show_figures(scene: Scene) -> None:
    """Figures of the grey and the colorized image, where the original has colours."""
    if not scene.has_colour:
        st.caption("The photo has no colours to compare with: it is grey, or toned in one colour.")
        return
    rows = []
    for title, image in (("Grey", scene.grey), ("Colorized", scene.colorized)):
        found = _figures(image, scene.photo)
        keys = ("psnr", "ssim", "ciede2000", "ab_rmse", "colorfulness")
        rows.append(
            {"": title} | dict(zip(FIGURE_COLUMNS, (found[key] for key in keys), strict=True))
        )
    st.dataframe(
        rows,
        hide_index=True,
        width="stretch",
        column_config=number_columns(*FIGURE_COLUMNS),
    )
    st.caption(
        "Against the original. CIEDE2000 and a\\*b\\* error: less is closer. Colourfulness: 1 is "
        "that of the original. Grey is hard to beat on PSNR and worthless to look at."
    )


@st.cache_data(max_entries=32, show_spinner=False)
def _figures(image: np.ndarray, original: np.ndarray) -> dict[str, float]:
    """The figures of one image, kept while nothing changes."""
    return color_figures([(image, original)])


@section
def show_alternatives(scene: Scene, settings: Settings) -> None:
    """The photo at several temperatures, from the mean colour to the most probable one."""
    if not gives_probabilities(settings.model):
        return
    st.header("From the mean of all colours to the most probable one")
    st.caption("The temperature goes down from left to right. A click sets it.")
    small = fit_within(scene.photo, ALTERNATIVE_SIDE)
    guesses = [replace(settings, temperature=temperature) for temperature in ALTERNATIVES]
    pick_tile(
        "alternative",
        np.stack([to_uint8(colored(small, guess)[0]) for guess in guesses]),
        [Choice(f"{each:g}", f"{each:g}", f"Temperature {each:g}") for each in ALTERNATIVES],
        f"{settings.temperature:g}",
        label="Temperatures",
        side=ALTERNATIVE_WIDTH,
        on_pick=lambda value: st.session_state.update(temperature=float(value)),
    )
