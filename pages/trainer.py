"""The page Trainer: train an autoencoder while watching, then try it on a photo."""

import streamlit as st

from cae_core.architecture.presets import Preset
from cae_core.architecture.report import analyze
from cae_ui.common.architecture_form import architecture_form
from cae_ui.common.architecture_text import TEXT_KEY, architecture_input, preset_input
from cae_ui.common.photo_trial import try_run_on_photo
from cae_ui.common.shell import page_header
from cae_ui.common.visitor import keep_visitor
from cae_ui.homework.exercises import TRAINER_PAGE
from cae_ui.homework.path import show_homework
from cae_ui.trainer.comparison import show_comparison
from cae_ui.trainer.data import dataset_input
from cae_ui.trainer.fit import adapt_again, choose_what_suits, followed, note_adapted
from cae_ui.trainer.own_runs import all_runs, show_own_runs
from cae_ui.trainer.result import show_result
from cae_ui.trainer.settings import config_input, take_over, task_input, width_input
from cae_ui.trainer.start import explain_queue, start_button
from cae_ui.trainer.training import chosen_job, show_data, show_job


def choose_preset(preset: Preset) -> None:
    """Takes over what a published network is trained on, which it then follows."""
    take_over(preset)
    adapt_again(preset)


page_header(
    "Trainer",
    "Train a network on real images and watch it learn. The training continues when you leave the "
    "page, and the address of the page leads back to it.",
)
keep_visitor()
explain_queue()
show_homework(TRAINER_PAGE)
runs = all_runs()
settings, view = st.columns([5, 7], gap="large")
with view:
    status = chosen_job()
with settings:
    network = st.container()  # made after the images and the task, which it follows
    choose_what_suits()
    data = dataset_input()
    task = task_input()
    with network:
        preset_input(on_choose=choose_preset)
        written = architecture_input(adapt=lambda text: followed(text, data, task))
        note_adapted()
        with st.expander("Change its layers"):
            architecture_form(TEXT_KEY, written)
        architecture = written.scaled(width_input())
        report = analyze(architecture)
        st.caption(
            f"{report.verdict[0].upper()}{report.verdict[1:]}, {report.parameters:,} parameters"
        )
    config = config_input(architecture, data, task)
    start_button(architecture, data, task, config, status, runs)

with view:
    if status is not None:
        show_job(status)
        if show_result(status):
            try_run_on_photo(status)
    elif data is not None:
        show_data(data, task)

show_own_runs(runs)
show_comparison(runs.finished)
