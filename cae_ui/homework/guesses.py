"""What a visitor guessed and chose in the exercises, in the address whichever exercise is shown.

Streamlit takes a widget's value out of the address with the widget. These stay: the report needs
all of them, and so does who reloads the page or comes back to an exercise.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import streamlit as st

from cae_ui.common.address import is_back_or_forward, reject, value_in_address
from cae_ui.homework.exercises import COLOUR_PAIR, PAIRS

PSNR_GUESS, GUESS, STRIDE_GUESS = "psnr_guess", "latent_guess", "stride_guess"
PAIR, PAIR_EPOCHS = "pair", "pair_epochs"
HIGHEST_PSNR, LARGEST_LATENT, MOST_EPOCHS = 60.0, 1_000_000, 20
STRIDE_ANSWERS = ("4,096", "1,024", "512", "256")
ALL_PAIRS = {**PAIRS, "colour": COLOUR_PAIR}
_KEPT = "homework-kept"  # values as in the address, by name


@dataclass(frozen=True)
class _Guess:
    """A value in the address.

    Attributes:
        read: From its text; None for what it cannot be.
        write: To its text.
        default: What holds without one.
    """

    read: Callable[[str], Any]
    write: Callable[[Any], str] = str
    default: Any = None


def bet_name(pair: str) -> str:
    """Name of a pair's bet in session state and address."""
    return f"bet_{pair}"


def trained_name(pair: str) -> str:
    """Name of a pair's trainings in the address."""
    return f"trained_{pair}"


def _number(text: str, kind: Callable[[str], float], low: float, high: float) -> float | None:
    """A number from the address; None for what is none between two others."""
    try:
        number = kind(text)
    except ValueError:
        return None
    return number if low <= number <= high else None


def _one_of(options: Sequence[str]) -> _Guess:
    """A choice of texts."""
    return _Guess(lambda text: text if text in options else None)


_PAIR_NAMES = {pair.title: name for name, pair in PAIRS.items()}
_GUESSES = {
    PSNR_GUESS: _Guess(
        partial(_number, kind=float, low=0, high=HIGHEST_PSNR), lambda number: f"{number:g}"
    ),
    GUESS: _Guess(partial(_number, kind=int, low=1, high=LARGEST_LATENT)),
    STRIDE_GUESS: _one_of(STRIDE_ANSWERS),
    PAIR: _Guess(_PAIR_NAMES.get, lambda name: PAIRS[name].title, next(iter(PAIRS))),
    PAIR_EPOCHS: _Guess(partial(_number, kind=int, low=1, high=MOST_EPOCHS), default=3),
} | {
    bet_name(name): _one_of([side.title for side in pair.sides]) for name, pair in ALL_PAIRS.items()
}
_NAMES = (*_GUESSES, *map(trained_name, ALL_PAIRS))


def restore_guesses() -> None:
    """Puts into the address what it lacks of the guesses; to be called before they are used.

    A link to an exercise names none of them. Back and Forward lead to addresses that are meant.
    """
    kept = st.session_state.setdefault(_KEPT, {})
    for name in _NAMES:
        values = st.query_params.get_all(name)
        if values:
            kept[name] = values
        elif is_back_or_forward():
            kept.pop(name, None)
        elif name in kept:
            st.query_params[name] = kept[name]


def hide_guesses() -> None:
    """Takes the guesses out of the address; `restore_guesses` puts them back."""
    for name in _NAMES:
        st.query_params.pop(name, None)


def guessed(name: str) -> Any:
    """A guess or choice, of whichever exercise; its default, or None, where there is none."""
    guess = _GUESSES[name]
    text = value_in_address(name)
    value = None if text is None else guess.read(text)
    if text is not None and value is None:
        reject(name)
    return guess.default if value is None else value


def guess_input(name: str, show: Callable[..., Any], *args: Any, **options: Any) -> Any:
    """A widget for a guess, and its value.

    Args:
        name: The guess's name in session state and address.
        show: The widget's function.
        *args: What the function takes.
        **options: The same.
    """
    now = guessed(name)
    if name not in st.session_state or st.session_state[name] != now:
        st.session_state[name] = now

    def keep() -> None:
        value = st.session_state[name]
        keep_values(name, [] if value is None else [_GUESSES[name].write(value)])

    return show(*args, key=name, on_change=keep, **options)


def keep_values(name: str, values: list[str]) -> None:
    """Puts values of a name into the address, or takes them out; for use in a callback."""
    st.session_state.setdefault(_KEPT, {}).pop(name, None)
    if values:
        st.query_params[name] = values
    else:
        st.query_params.pop(name, None)
