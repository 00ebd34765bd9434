"""The page Start: what an autoencoder does, shown on a photo, and the ways into the app."""

import streamlit as st

from cae_core.errors import CAEError
from cae_ui.common.photo_choice import photo_choice
from cae_ui.common.shell import page_header
from cae_ui.common.wording import show_error
from cae_ui.start.doors import show_doors
from cae_ui.start.images import images_html, latent_size_input
from cae_ui.start.squeezed import result_of

page_header(
    "CAE Lab",
    "An autoencoder squeezes an image into a short **latent** (also called code) and paints it "
    "again from the latent alone. Move the slider: the shorter the latent, the more is lost.",
)
view, choice = st.columns([17, 7], gap="large")
with choice:
    photo = photo_choice("start", in_address=True)
with view:
    try:
        latent_size = latent_size_input()
        st.html(images_html(photo.name, latent_size, result_of(photo, latent_size)))
    except CAEError as error:
        show_error(error)
show_doors()
