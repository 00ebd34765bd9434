"""Several photos colorized at once: each with its hints."""

import numpy as np
import pytest

from tests.app.finding import finished, labelled, press, said, upload, zipped
from tests.app.images import png


@pytest.mark.heavy
def test_every_photo_of_a_zip_has_its_own_hints(colorize_page, compared, offered):
    page = colorize_page()
    upload(page, "colorize-upload", ("one.png", png(90, 70)), ("two.png", png(70, 90)))
    assert "With the hints of" not in said(page.caption)
    labelled(page.color_picker, "Any colour").set_value("#ff2020").run()
    assert "With the hints of 1 photo." in said(page.caption)
    hinted = compared[-1][1]
    press(page, "Colorize all 2 photos")
    offered.clear()
    finished(page)
    rows = "".join(part.value for part in page.get("html") if "<li" in part.value)
    assert rows.count(", 1 hint<") == 1
    made = np.asarray(zipped(offered)["one-colorized.png"])
    assert np.abs(made.astype(int) - hinted).max() <= 1
    press(page, "Undo")
    assert "but not as set now" in said(page.caption)
    assert "With the hints of" not in said(page.caption)
