"""The page Inside: an image on its way through a trained network."""

import streamlit as st

from cae_core.errors import CAEError
from cae_ui.common.shell import page_header
from cae_ui.common.wording import show_error
from cae_ui.inside.opened import opened_input
from cae_ui.inside.parts import PARTS, show_part

page_header(
    "Inside",
    "See what becomes of an image in a trained network, layer by layer. Then change its "
    "**latent** (also called code), the tensor between encoder and decoder, and watch the image "
    "that is decoded from it.",
)
settings, view = st.columns([3, 9], gap="large")
with view:
    part = st.segmented_control(
        "Part",
        list(PARTS),
        default=next(iter(PARTS)),
        required=True,
        wrap=True,
        key="part",
        bind="query-params",
        label_visibility="collapsed",
    )
try:
    with settings:
        opened = opened_input(str(part))
    with view:
        show_part(str(part), opened)
except CAEError as error:
    with view:
        show_error(error)
