"""The page Start: what an autoencoder does, shown on a photo, and the ways into the app."""

import streamlit as st

from cae_core.errors import CAEError
from cae_ui.common.photo_choice import photo_choice
from cae_ui.common.shell import page_header
from cae_ui.common.wording import show_error
from cae_ui.start.doors import show_doors
from cae_ui.start.pictures import code_size_input, pictures
from cae_ui.start.squeezed import result_of

page_header(
    "CAE Lab",
    "An autoencoder squeezes a picture into a short **code** (the latent) and paints it again from "
    "the code alone. Move the slider: the shorter the code, the more is lost.",
)
view, choice = st.columns([17, 7], gap="large")
with choice:
    photo = photo_choice("start", in_address=True)
with view:
    try:
        code_size = code_size_input()
        st.html(pictures(photo.name, code_size, result_of(photo, code_size)))
    except CAEError as error:
        show_error(error)
show_doors()
