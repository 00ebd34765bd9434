"""The start of a sweep: its price, what is left out, and the button."""

from __future__ import annotations

import streamlit as st

from cae_core.errors import CAEError
from cae_core.formats import counted
from cae_core.jobs.estimates import price_of
from cae_core.jobs.job import JobRequest, JobStatus, planned_trials
from cae_core.studies.plan import Misfit, Plan, Planned, setting_text
from cae_ui.common.job_progress import wait_for_speed
from cae_ui.common.resources import (
    available_jobs,
    is_own,
    job_queue,
    machine_speed,
    named_dataset,
    sweep_pool,
)
from cae_ui.common.section import section
from cae_ui.common.visitor import visitor
from cae_ui.common.wording import plain, show_error
from cae_ui.sweep.shown import open_sweep


@section
def start_button(plan: Plan | None, shown: JobStatus | None) -> None:
    """The price of a plan and the button that starts it, or the reason why it is disabled.

    Args:
        plan: The plan; None while there are no images for it.
        shown: The sweep on the page: while it is under way, its visitor starts no other.
    """
    if plan is None:
        return
    planned, misfits = laid_out(repr(plan), plan)
    price = None
    if planned:
        whole = named_dataset(plan.dataset).counts[0]
        images = min(plan.images or whole, whole)
        at_once = max(1, sweep_pool().workers())
        price = price_of([trial for _, trial in planned], images, machine_speed(), at_once)
        st.markdown(f"**{price}**")
        if price.seconds is None and available_jobs() is not None:
            wait_for_speed()
    _show_misfits(misfits, len(plan.settings()))
    is_busy = shown is not None and not shown.has_ended and is_own(shown)
    pressed = st.button(
        "Start the sweep",
        type="primary",
        icon=":material/play_arrow:",
        disabled=not planned or available_jobs() is None or is_busy,
        width="stretch",
        help="Stop the one that is under way first." if is_busy else None,
    )
    if not pressed:
        return
    try:
        request = JobRequest.of_sweep(plan, owner=visitor())
        seconds, longest = (price.seconds, price.longest) if price else (None, None)
        job_id = job_queue().submit(request, seconds=seconds, longest=longest)
    except CAEError as error:
        show_error(error)
        return
    open_sweep(job_id)
    st.rerun()


@st.cache_data(max_entries=32, show_spinner=False)
def laid_out(text: str, _plan: Plan) -> tuple[list[Planned], list[Misfit]]:
    """The trainings of a plan, which some searching may have made to fit.

    Args:
        text: The plan as text, by which it is known.
        _plan: The plan.
    """
    return planned_trials(_plan)


def _show_misfits(misfits: list[Misfit], settings: int) -> None:
    """The settings that are left out, and why."""
    if not misfits:
        return
    with st.expander(f"{len(misfits)} of {counted(settings, 'setting')} left out: they do not fit"):
        for setting, reason in misfits:
            st.caption(f"**{plain(setting_text(setting))}**: {plain(reason)}")
