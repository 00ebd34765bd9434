"""The page Colorize: guessed colours for a photo, under a slider."""

from cae_core.errors import CAEError
from cae_ui.colorize.chrominance import show_chrominance
from cae_ui.colorize.lesson import show_lesson
from cae_ui.colorize.result import show_alternatives, show_figures, show_result
from cae_ui.colorize.settings import colorizer_input, settings_input
from cae_ui.common.photo_input import photo_choice
from cae_ui.common.shell import page_header, settings_and_result
from cae_ui.common.wording import show_error

page_header(
    "Colorize",
    "Have the colours of a photo removed and guessed again, or upload a grey one. Its lightness is "
    "kept exactly; the colours are guesses.",
)
settings, view = settings_and_result()
with settings:
    photo = photo_choice("colorize", in_address=True)
    model = colorizer_input()

with view:
    try:
        chosen = settings_input(model)
        scene = show_result(photo, chosen)
        show_figures(scene)
        show_alternatives(scene, chosen)
        show_chrominance(scene)
    except CAEError as error:
        show_error(error)
    show_lesson()
