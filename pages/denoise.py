"""The page Denoise: remove noise from a photo, at its own size and any noise level."""

from cae_core.errors import CAEError
from cae_ui.common.photo_input import photo_choice
from cae_ui.common.shell import page_header, settings_and_result
from cae_ui.common.wording import show_error
from cae_ui.denoise.inputs import denoiser_input, mode_input, options_input
from cae_ui.denoise.methods import show_methods
from cae_ui.denoise.result import show_downloads, show_result, show_whole
from cae_ui.denoise.scene import scene_input
from cae_ui.denoise.self_training import show_self_training

page_header(
    "Denoise",
    "Add noise to a photo and watch a network remove it again. Or drop a photo that is noisy: the "
    "network for its kind of noise is chosen. Your photo is not stored.",
)
settings, view = settings_and_result()
with settings:
    mode = mode_input()
    photo = photo_choice("denoise", in_address=True)
    model = denoiser_input(mode)
    options = options_input(mode)

with view:
    try:
        scene = scene_input(photo, mode, model, options)
        clean = show_result(scene)
        show_downloads(scene, clean)
        show_whole(scene, photo, mode)
        show_self_training(scene, clean)
        show_methods(scene)
    except CAEError as error:
        show_error(error)
