"""A note on a photo to which noise is added and that has noise of its own."""

import numpy as np
import pytest
from PIL import Image

from cae_core.data.samples import sample_photograph
from cae_core.images.operations import to_uint8
from tests.app.finding import said, upload
from tests.app.images import encoded, png
from tests.core.photos.test_camera_denoising import with_camera_noise

NOTE = "This photo has noise of its own"


def noisy_upload():
    photo = sample_photograph("chelsea.png")[:200, :200]
    noisy = with_camera_noise(np.clip(photo, 0, 1))
    return encoded(Image.fromarray(to_uint8(noisy)), "PNG")


def test_a_noisy_upload_leads_to_what_takes_its_own_noise_off(denoise_page):
    page = upload(denoise_page(), "denoise-upload", ("noisy.png", noisy_upload()))
    assert NOTE in said(page.caption)
    page.button_group("mode").set_value("noisy").run()
    assert NOTE not in said(page.caption)
    assert "as a camera makes it" in said(page.caption)


@pytest.mark.parametrize("name", ["clean.png", "tiny.png"])
def test_a_photo_without_noise_or_too_small_to_tell_has_no_note(denoise_page, name):
    content = png(7, 5) if name == "tiny.png" else png(200, 150)
    page = upload(denoise_page(), "denoise-upload", (name, content))
    assert not page.error
    assert NOTE not in said(page.caption)
