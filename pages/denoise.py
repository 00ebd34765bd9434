"""Take noise off a photo, at its own size, at any noise level."""

import streamlit as st

from cae_core.errors import CAEError
from cae_ui.common.image_input import photo_choice
from cae_ui.common.messages import plain
from cae_ui.common.shell import page_header
from cae_ui.denoise.form import mode_input, model_input, options_input, scene_input
from cae_ui.denoise.views import show_downloads, show_methods, show_result, show_whole

page_header(
    "Denoise",
    "Drop a photo, add noise and watch a network take it off again. The network is told how much "
    "noise there is; your photo is not stored.",
)
settings, view = st.columns([4, 8], gap="large")
with settings:
    mode = mode_input()
    photo = photo_choice("denoise", in_address=True)
    model = model_input()
    options = options_input(mode)

with view:
    try:
        scene = scene_input(photo, mode, options)
        clean = show_result(scene, model)
        show_downloads(scene, clean)
        show_whole(scene, photo, mode, model)
        show_methods(scene, model)
    except CAEError as error:
        st.error(plain(error), icon=":material/error:")
