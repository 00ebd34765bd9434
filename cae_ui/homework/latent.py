"""Exercise 2.1: the size of the latent, guessed before it is shown, and the effect of a stride."""

from __future__ import annotations

import streamlit as st

from cae_core.architecture.notation import Architecture
from cae_core.architecture.report import analyze
from cae_ui.common.architecture_text import TEXT_KEY
from cae_ui.homework.exercises import HOMEWORK_TEXT, STRIDED
from cae_ui.homework.guesses import (
    GUESS,
    LARGEST_LATENT,
    STRIDE_ANSWERS,
    STRIDE_GUESS,
    guess_input,
)


def show_guesses() -> bool:
    """The questions with their answers once they were guessed; whether the first one was not."""
    size = analyze(Architecture.parse(HOMEWORK_TEXT)).latent_size
    guess = guess_input(
        GUESS,
        st.number_input,
        "Numbers in the latent of the homework network",
        1,
        LARGEST_LATENT,
        None,
        placeholder="Your guess",
        width=320,
    )
    if guess is None:
        return True
    said = "Right" if guess == size else f"You guessed {guess:,}"
    st.markdown(f"**{said}:** {latent_reason(size)}")
    _show_network("Show the homework network", HOMEWORK_TEXT)
    before, after = (analyze(Architecture.parse(text)) for text in (HOMEWORK_TEXT, STRIDED))
    stride_guess = guess_input(
        STRIDE_GUESS,
        st.pills,
        "And with a stride of 2 in the first convolution, `conv8s2`?",
        STRIDE_ANSWERS,
    )
    if stride_guess is not None:
        is_right = stride_guess == f"{after.latent_size:,}"
        st.markdown(
            f"**{'Right' if is_right else f'You guessed {stride_guess}'}:** the stride halves "
            f"height and width, so that the latent has {_times(before.latent_shape)} / 4 = "
            f"{after.latent_size:,} numbers, {_times(after.latent_shape)}. The decoder needs "
            "one more upsampling."
        )
        _show_network("Show the network with the stride", STRIDED)
    return False


def latent_reason(size: int) -> str:
    """Why the latent of the homework network has its size.

    Example:
        >>> latent_reason(1024)
        'two poolings halve 32 twice, and 8 · 8 · 16 = 1,024 numbers.'
    """
    return f"two poolings halve 32 twice, and 8 · 8 · 16 = {size:,} numbers."


def _times(shape: tuple[int, ...]) -> str:
    """The sides of a shape, multiplied."""
    return " · ".join(map(str, shape))


def _show_network(label: str, text: str) -> None:
    """A button that puts a network on the page; nothing where it is there."""
    if st.session_state.get(TEXT_KEY, HOMEWORK_TEXT) != text:
        st.button(
            label,
            icon=":material/visibility:",
            on_click=st.session_state.__setitem__,
            args=(TEXT_KEY, text),
        )
