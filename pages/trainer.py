"""Train an autoencoder while watching, then try it on a photo."""

import streamlit as st

from cae_core.arithmetic import analyze
from cae_core.errors import CAEError
from cae_core.jobs import JobRequest
from cae_core.tasks import check_fit
from cae_ui.architecture_state import architecture_input, preset_input
from cae_ui.photo_views import try_on_photo
from cae_ui.resources import job_queue
from cae_ui.shell import page_header
from cae_ui.training_form import (
    UPLOADS,
    config_input,
    dataset_input,
    take_over,
    task_input,
    width_input,
)
from cae_ui.training_views import describe_request, show_data, show_job, show_result

page_header(
    "Trainer",
    "Train a network on real pictures and watch it learn. It goes on when you leave the page, "
    "and the address leads back to it.",
)
queue = job_queue()
settings, view = st.columns([5, 7], gap="large")
with settings:
    preset_input(on_choose=take_over)
    architecture = architecture_input().scaled(width_input())
    st.caption(f"{analyze(architecture).verdict}, {analyze(architecture).parameters:,} parameters")
    data = dataset_input()
    task = task_input()
    config = config_input()
    problem = None
    if data is not None:
        try:
            check_fit(architecture, data.image_shape, task)
        except CAEError as error:
            problem = str(error)
            st.error(problem, icon=":material/error:")
    if st.button(
        "Train",
        type="primary",
        icon=":material/play_arrow:",
        disabled=data is None or problem is not None,
        width="stretch",
    ):
        request = JobRequest(architecture, task, config, data.name)
        own = data if st.session_state["data"] == UPLOADS else None
        st.query_params["job"] = queue.submit(request, own)

with view:
    job_id = st.query_params.get("job")
    if job_id is None:
        if data is not None:
            show_data(data, task)
    else:
        try:
            status = queue.status(job_id)
        except CAEError as error:
            st.error(str(error), icon=":material/error:")
        else:
            st.caption(describe_request(status))
            show_job(job_id)
            show_result(status)
            if status.run_folder is not None:
                try_on_photo(str(status.run_folder))
