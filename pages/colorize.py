"""The page Colorize: guessed colours for a photo, under a slider."""

from cae_core.errors import CAEError
from cae_ui.colorize.asking import ask_colors
from cae_ui.colorize.chrominance import show_chrominance
from cae_ui.colorize.lesson import show_lesson
from cae_ui.colorize.result import show_alternatives, show_figures, show_result
from cae_ui.colorize.saturation import saturation_note
from cae_ui.colorize.settings import colorizer_input, settings_input
from cae_ui.colorize.several import colorize_several
from cae_ui.common.photo_choice import photos_choice
from cae_ui.common.photo_input import GREY_PHOTOS, SAMPLE_PHOTOS
from cae_ui.common.shell import after_settings, page_header, settings_and_result
from cae_ui.common.wording import show_error

page_header(
    "Colorize",
    "Have the colours of a photo removed and guessed again, or upload grey ones. Lightness is "
    "kept exactly; the colours are guesses.",
)
settings, view = settings_and_result()
with settings:
    photo, uploaded = photos_choice("colorize", SAMPLE_PHOTOS | GREY_PHOTOS)
    model = colorizer_input()

chosen = None
with view:
    try:
        chosen = saturation_note(photo, settings_input(model, photo))
        scene = show_result(photo, chosen)
        with after_settings("more"):
            ask_colors(scene, chosen)
            show_figures(scene)
            show_alternatives(scene, chosen)
            show_chrominance(scene)
    except CAEError as error:
        show_error(error)
    with after_settings("lesson"):
        show_lesson()
with settings:
    if chosen is not None:
        colorize_several(uploaded, chosen)
