"""The page Sweep: train many networks in the same way, and see what matters."""

import streamlit as st

from cae_core.errors import CAEError
from cae_ui.common.shell import page_header, settings_and_result
from cae_ui.common.visitor import keep_visitor
from cae_ui.common.wording import show_error
from cae_ui.sweep.settings import plan_input
from cae_ui.sweep.shown import chosen_sweep, show_own_sweeps, show_study, show_sweep
from cae_ui.sweep.start import start_button
from cae_ui.trainer.start import explain_queue

page_header(
    "Sweep",
    "Train many networks in the same way and see what matters: choose what varies, and every "
    "combination is trained with every seed. It goes on when you leave the page, and the address "
    "leads back to it.",
)
keep_visitor()
explain_queue()
status = chosen_sweep()
# On a phone what is on top is what one came for: to plan a sweep, or to see one.
settings, view = st.columns([4, 8], gap="large") if status is None else settings_and_result()
with settings:
    try:
        plan = plan_input()
        start_button(plan, status)
    except CAEError as error:
        show_error(error)
with view:
    if status is None:
        show_study()
    else:
        show_sweep(status)
show_own_sweeps(status)
