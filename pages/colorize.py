"""Colour for a grey photo, under a slider."""

import streamlit as st

from cae_core.errors import CAEError
from cae_ui.colorize.form import scene_of, settings_input
from cae_ui.colorize.views import (
    show_alternatives,
    show_downloads,
    show_figures,
    show_inside,
    show_lesson,
    show_result,
)
from cae_ui.common.image_input import photo_choice
from cae_ui.common.messages import plain
from cae_ui.common.shell import page_header

page_header(
    "Colorize",
    "Take a photo's colours away and have them guessed again, or bring a grey one. Lightness is "
    "kept exactly; colours are guesses.",
)
settings, view = st.columns([4, 8], gap="large")
with settings:
    photo = photo_choice("colorize", in_address=True)
    chosen = settings_input()

with view:
    try:
        scene = scene_of(photo, chosen)
        show_result(scene, chosen)
        show_downloads(scene, photo, chosen)
        show_figures(scene)
        show_alternatives(scene, chosen)
        show_inside(scene)
    except CAEError as error:
        st.error(plain(error), icon=":material/error:")
    show_lesson()
