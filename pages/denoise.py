"""The page Denoise: remove noise from a photo, at its own size and any noise level."""

import streamlit as st

from cae_core.errors import CAEError
from cae_ui.common.photo_choice import photos_choice
from cae_ui.common.photo_input import HIGH_ISO_PHOTOS, NOISY_PHOTOS
from cae_ui.common.shell import after_settings, page_header, settings_and_result
from cae_ui.common.wording import show_error
from cae_ui.denoise.inputs import damage_kind_input, denoiser_input, mode_input, options_input
from cae_ui.denoise.methods import show_methods
from cae_ui.denoise.own_noise import own_noise_note
from cae_ui.denoise.result import show_result
from cae_ui.denoise.scene import IS_NOISY, scene_input
from cae_ui.denoise.self_training import show_self_training
from cae_ui.denoise.several import denoise_several

page_header(
    "Denoise",
    "Add noise to a photo and watch a network remove it again. Or drop photos that are noisy: the "
    "network for their kind of noise is chosen. Your photos are not stored.",
)
settings, view = settings_and_result()
with settings:
    mode = mode_input()
    note = st.empty()
    if mode == IS_NOISY:
        photo, uploaded = photos_choice("denoise", NOISY_PHOTOS | HIGH_ISO_PHOTOS, "high-iso")
    else:
        photo, uploaded = photos_choice("denoise")
    kind = damage_kind_input(mode)
    model = denoiser_input(mode, kind)
    options = options_input(mode, kind)

scene = None
with view:
    try:
        scene = scene_input(photo, mode, model, options, kind)
        scene, clean = show_result(scene)
        own_noise_note(note, scene)
        with after_settings("more"):
            show_self_training(scene, clean)
            show_methods(scene)
    except CAEError as error:
        show_error(error)
with settings:
    denoise_several(uploaded, mode, model, scene)
