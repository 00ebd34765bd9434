"""The path through the homework: which exercise the address names, and the way to the others."""

from __future__ import annotations

import streamlit as st

from cae_ui.common.address import reject, value_in_address
from cae_ui.common.section import section
from cae_ui.homework.exercises import EXERCISES, LATENT_PAGE, TRAINER_PAGE
from cae_ui.homework.guesses import hide_guesses, restore_guesses
from cae_ui.homework.latent import show_guesses
from cae_ui.homework.report import show_report
from cae_ui.homework.trained import show_colour, show_first_training, show_pairs

STEP_PARAMETER = "homework"
_STEPS, _GOAL = "homework-step", "homework-goal"
_PAGE_TITLES = {LATENT_PAGE: "Latent size", TRAINER_PAGE: "Trainer"}


@section
def show_homework(page: str) -> bool:
    """The exercise that the address names, or a button that begins the path.

    Args:
        page: The file of the page.

    Returns:
        Whether an answer is still to be guessed, which the page must not give away.
    """
    step = value_in_address(STEP_PARAMETER, "no exercise")
    if step not in EXERCISES:
        if step is not None:
            reject(STEP_PARAMETER)
        st.button(
            "Homework: four exercises, step by step",
            icon=":material/school:",
            type="tertiary",
            key="begin-homework",
            on_click=_go,
            args=("2" if page == LATENT_PAGE else "1",),
        )
        return False
    restore_guesses()
    with st.container(border=True, key="homework"):
        _show_steps(page, step)
        exercise = EXERCISES[step]
        st.markdown(exercise.question)
        if exercise.page != page:
            title = _PAGE_TITLES[exercise.page]
            st.page_link(
                exercise.page,
                label=f"Do this on the page {title}",
                icon=":material/arrow_forward:",
                query_params={STEP_PARAMETER: step},
            )
            return False
        return _show_exercise(step)


def _show_exercise(step: str) -> bool:
    """The exercise itself; whether its answer is still to be guessed."""
    match step:
        case "1":
            show_first_training()
        case "2":
            return show_guesses()
        case "3":
            show_pairs()
        case "4":
            show_colour()
        case _:
            show_report()
    return False


def _show_steps(page: str, step: str) -> None:
    """The exercises in their order, the present one marked, and the way out."""

    def choose() -> None:
        # Where another page is gone to, the run does it: a callback cannot.
        goal = str(st.session_state[_STEPS])
        if EXERCISES[goal].page == page:
            _go(goal)
        else:
            st.session_state[_GOAL] = goal

    goal = st.session_state.pop(_GOAL, None)
    if goal is not None:
        st.switch_page(EXERCISES[goal].page, query_params={STEP_PARAMETER: goal})
    st.session_state[_STEPS] = step
    titles = {
        name: exercise.title if name == "report" else f"{name} {exercise.title}"
        for name, exercise in EXERCISES.items()
    }
    with st.container(horizontal=True, vertical_alignment="center"):
        st.segmented_control(
            "Homework",
            list(titles),
            format_func=titles.__getitem__,
            required=True,
            wrap=True,
            key=_STEPS,
            on_change=choose,
            label_visibility="collapsed",
        )
        st.button(
            "Leave the homework",
            icon=":material/close:",
            type="tertiary",
            on_click=_leave,
        )


def _go(step: str) -> None:
    """Opens an exercise of this page; for use in callbacks."""
    st.query_params[STEP_PARAMETER] = step


def _leave() -> None:
    """Ends the path; for use in callbacks."""
    st.query_params.pop(STEP_PARAMETER, None)
    hide_guesses()
