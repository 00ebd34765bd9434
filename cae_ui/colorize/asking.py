"""Ask the colours: a point of the photo, what the network thinks likely there, and any colour."""

from __future__ import annotations

import numpy as np
import streamlit as st

from cae_core.formats import counted, format_share
from cae_core.images.color import rgb_within_gamut
from cae_core.images.operations import fit_within, to_uint8
from cae_core.photos.hints import ColorHint, likely_colors
from cae_ui.colorize.hints import (
    MOST_HINTS,
    NEAR,
    PLACE,
    add_hint,
    can_undo,
    remove_hints,
    undo,
    with_hint,
    written,
)
from cae_ui.colorize.scene import Scene, guess_of
from cae_ui.colorize.settings import Settings, gives_probabilities, returns_rgb
from cae_ui.common.controls import with_value
from cae_ui.common.image_views import pixels
from cae_ui.common.picker import Choice, kept_place, pick_place, pick_tile
from cae_ui.common.section import section

_SIDE, _SWATCH = 400, 44
_DOT, _RING = NEAR * _SIDE, 1.5
_MIDDLE = 60.0  # lightness at which colours are told apart
_BECOMES = 24  # CSS pixels
_MOST_COLORS = 6


@section
def ask_colors(scene: Scene, settings: Settings) -> None:
    """A small image to choose a point on, colours for it, and a way back."""
    if returns_rgb(settings.model):
        return
    st.header("Ask the colours")
    st.markdown(
        "Click a point, then a colour: one that the network thinks likely there, or any other. It "
        "takes on the lightness there and spreads up to the edges around it."
    )
    where, what = st.columns([5, 4], gap="large")
    with where:
        point = _point_input(scene, settings)
    with what:
        _color_input(scene, settings, *point)
        _undo_input(len(settings.hints))


def _point_input(scene: Scene, settings: Settings) -> tuple[float, float]:
    """The image with its hints; returns the point in shares of its height and width."""
    shown = np.atleast_3d(pixels(scene.colorized, scene.opened))
    small = to_uint8(fit_within(shown, _SIDE))
    height, width = small.shape[:2]
    rows, columns = np.mgrid[:height, :width]
    for hint in settings.hints:
        distance = np.hypot(rows - hint.down * height, columns - hint.across * width)
        small[distance < _DOT + 2 * _RING] = 0
        small[distance < _DOT + _RING] = 255
        small[distance < _DOT] = to_uint8(_color(_MIDDLE, hint.a, hint.b))
    row, column = kept_place(PLACE, height, width)
    pick_place(
        PLACE,
        small,
        label="The photo: click where you know the colour, or move the mark with the arrow keys",
        side=width,
        chosen=(row, column),
    )
    return (row + 0.5) / height, (column + 0.5) / width


def _color_input(scene: Scene, settings: Settings, down: float, across: float) -> None:
    """Colours for a point, of which one becomes a hint."""
    height, width = scene.lightness.shape
    row, column = int(down * height), int(across * width)
    lightness = float(scene.lightness[row, column])
    here = ColorHint(down, across, 0.0, 0.0)
    if len(with_hint(settings.hints, here, scene.lightness.shape)) > MOST_HINTS:
        st.info(
            f"A photo has at most {MOST_HINTS} hints, as many as this one has. Take one back, or "
            "click one to change it.",
            icon=":material/info:",
        )
        return

    def add(a: float, b: float) -> None:
        add_hint(ColorHint(down, across, a, b), scene.lightness.shape)

    if gives_probabilities(settings.model):
        guess = guess_of(scene.lightness, settings.model)
        likely = likely_colors(guess, down, across, _MOST_COLORS)
        st.caption(
            "Likely there, says the network. Upper half: at the lightness there; lower half: at a "
            "middle one."
        )
        pick_tile(
            "likely",
            np.stack([swatch(lightness, *ab) for ab, _ in likely]),
            [
                Choice(
                    f"{a:.0f},{b:.0f}",
                    format_share(share),
                    f"a* {a:.0f}, b* {b:.0f}: {format_share(share)}",
                )
                for (a, b), share in likely
            ],
            None,
            label="Likely colours",
            side=_SWATCH,
            on_pick=lambda value: add(*map(float, value.split(","))),
        )
    present = "#" + to_uint8(scene.colorized[row, column]).tobytes().hex()
    any_key = f"any-color-{down:.3f}-{across:.3f}"

    def is_hint(color: str) -> bool:
        """Whether a colour is put there."""
        hint = ColorHint(down, across, *_ab_of(color))
        return written(hint) in map(written, settings.hints)

    # A colour that was taken back is no change for a picker that still has it.
    chosen = st.session_state.get(any_key, present)
    with st.container(horizontal=True, vertical_alignment="bottom", gap="small"):
        chosen = st.color_picker(
            "Any colour", with_value(any_key, chosen if is_hint(chosen) else present), key=any_key,
            width="content", on_change=lambda: add(*_ab_of(st.session_state[any_key])),
        )  # fmt: skip
        if is_hint(chosen):
            _show_becoming(present)


def swatch(lightness: float, a: float, b: float) -> np.ndarray:
    """A chrominance at a lightness, and below at a middle one, uint8 (side, side, 3)."""
    rows = [_color(each, a, b) for each in (lightness, _MIDDLE)]
    halves = np.repeat(to_uint8(np.stack(rows)), _SWATCH // 2, axis=0)
    return np.repeat(halves[:, np.newaxis], _SWATCH, axis=1)


def _show_becoming(name: str) -> None:
    """What a chosen colour becomes at the lightness of its point, as ``#rrggbb``."""
    st.html(
        '<div style="display:flex;align-items:center;gap:0.5rem;height:2.5rem">becomes '
        f'<span style="background:{name};width:{_BECOMES}px;height:{_BECOMES}px;'
        'border:1px solid currentColor;border-radius:0.25rem"></span>'
        f"{name}</div>",
        width="content",
    )


def _undo_input(count: int) -> None:
    """Buttons that take hints back, and how many there are."""
    with st.container(horizontal=True):
        if can_undo():
            st.button("Undo", icon=":material/undo:", on_click=undo)
        if count:
            st.button("Remove all", icon=":material/delete_sweep:", on_click=remove_hints)
    if not count:
        return
    has = "it" if count == 1 else "them"
    st.caption(f"{counted(count, 'hint')}; the address of the page has {has}.")


def _color(lightness: float, a: float, b: float) -> np.ndarray:
    """The colour of a lightness and a chrominance, as much of it as sRGB has: (3,) in [0, 1]."""
    one = np.full((1, 1), lightness, np.float32)
    return rgb_within_gamut(one, np.array([[[a, b]]], np.float32))[0][0, 0]


def _ab_of(text: str) -> tuple[float, float]:
    """a* and b* of a colour as ``#rrggbb``."""
    from skimage.color import rgb2lab

    values = np.frombuffer(bytes.fromhex(text.removeprefix("#")), np.uint8)
    _, a, b = rgb2lab(values.reshape(1, 1, 3) / 255)[0, 0]
    return float(a), float(b)
