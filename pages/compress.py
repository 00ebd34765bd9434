"""The page Compress: a photo as a small file by our networks, beside other codecs."""

from cae_core.errors import CAEError
from cae_ui.common.photo_choice import photo_choice
from cae_ui.common.shell import page_header, settings_and_result
from cae_ui.common.wording import show_error
from cae_ui.compress.curves import show_curves
from cae_ui.compress.result import quality_input, show_result

page_header(
    "Compress",
    "A network's **latent** of a photo, rounded and packed, is a small file. Compare the image "
    "decoded from it with JPEG, WebP and others in as many bytes. Your photo is not stored.",
)
settings, view = settings_and_result()
with settings:
    photo = photo_choice("compress", in_address=True)
    quality = quality_input()

try:
    with view:
        image = show_result(photo, quality)
    show_curves(photo, image)
except CAEError as error:
    with view:
        show_error(error)
