"""The result of colorizing: images compared, figures, grey photos."""

import numpy as np
import pytest
from PIL import Image

from cae_core.zoo.cards import PHOTO_COLORIZER
from cae_ui.colorize import result
from cae_ui.colorize.hints import HINTS, OF
from cae_ui.common.photo_input import GREY_PHOTO_TERMS
from tests.app.finding import said, upload
from tests.app.images import encoded, png, scene


def figures(page):
    """The table of figures: grey and colorized."""
    return page.dataframe[0].value


@pytest.fixture
def small_page(colorize_page):
    """A page with a small photo."""
    return upload(colorize_page(), "colorize-upload", ("small.png", png(90, 70)))


def test_the_page_opens_with_a_photo_in_guessed_colours(colorize_page):
    page = colorize_page()
    assert not page.error
    grey, colorized = figures(page).itertuples(index=False)
    assert grey.Colourfulness < 0.01 < colorized.Colourfulness
    assert "Colours are guesses." in said(page.caption)
    difference = said(page.caption).split("lightness from the photo: ")[1].split(" ")[0]
    assert float(difference) < 0.05


def test_saturation_changes_image_and_figures(small_page):
    before = figures(small_page)
    small_page.slider("saturation").set_value(0.3).run()
    assert 0 < figures(small_page)["Colourfulness"][1] < before["Colourfulness"][1]
    small_page.slider("saturation").set_value(0.0).run()
    grey, colorized = figures(small_page)["CIEDE2000"]
    np.testing.assert_allclose(colorized, grey)


def test_too_much_saturation_falls_by_itself_unless_it_is_kept(small_page, compared):
    small_page.selectbox("colorizer").set_value(PHOTO_COLORIZER)  # the more vivid one
    small_page.slider("saturation").set_value(0.3).run()
    assert "exact" not in {toggle.key for toggle in small_page.toggle}
    small_page.slider("saturation").set_value(2.0).run()
    assert "At saturation 2.00, " in said(small_page.caption)
    assert "by itself" in said(small_page.caption)
    fallen = compared[-1][1]
    small_page.toggle("exact").set_value(True).run()
    assert "by itself" not in said(small_page.caption)
    assert np.ptp(compared[-1][1], axis=2).mean() > np.ptp(fallen, axis=2).mean() + 1


@pytest.mark.parametrize(
    ("view", "labels"),
    [
        ("Gamut", ("Colorized", "Chroma was reduced")),
        ("Doubt", ("Colorized", "Uncertainty")),
        *(
            pytest.param(view, ("Colorized", after), marks=pytest.mark.heavy)
            for view, after in (
                ("Original", "Original"),
                ("Difference", "CIEDE2000"),
                ("RGB", "Grey to RGB"),
            )
        ),
    ],
)
def test_every_view_compares_what_it_names(small_page, compared, view, labels):
    small_page.button_group("compare").set_value(view).run()
    before, after, shown = compared[-1]
    assert shown == labels
    assert not np.array_equal(before, after)


@pytest.mark.heavy
def test_the_difference_is_not_computed_while_nobody_looks_at_it(small_page, monkeypatch):
    def computed(scene):
        raise AssertionError("computed")

    monkeypatch.setattr(result, "difference_image", computed)
    small_page.slider("saturation").set_value(0.5).run()
    assert not small_page.error


@pytest.mark.heavy
@pytest.mark.parametrize("name", ["Photographer", "Coins"])
def test_black_and_white_photographs_are_among_the_samples(colorize_page, name):
    page = colorize_page(**{"colorize-photo": name})
    assert page.button_group("colorize-photo").value == name
    assert "has no colours to compare with" in said(page.caption)
    assert GREY_PHOTO_TERMS[name] in said(page.caption)
    assert not page.error


@pytest.mark.heavy
def test_a_saturation_does_not_fade_a_colour_that_a_visitor_chose(colorize_page, compared):
    colorize_page(**{"colorize-photo": "Coins", HINTS: "30,30,60,40", OF: "Coins"})
    chosen = compared[-1][1][9, 12].astype(int)
    colorize_page(
        **{"colorize-photo": "Coins", HINTS: "30,30,60,40", OF: "Coins", "saturation": "0.0"}
    )
    faded = compared[-1][1]
    np.testing.assert_allclose(faded[9, 12], chosen, atol=8)
    assert np.ptp(faded[-1, -1]) <= 2


@pytest.mark.heavy
def test_black_and_white_pixels_are_not_counted_as_outside_the_gamut(colorize_page):
    page = upload(
        colorize_page(), "colorize-upload",
        ("scan.png", encoded(Image.fromarray(np.eye(80, dtype=np.uint8) * 255), "PNG")),
    )  # fmt: skip
    assert "Outside the gamut" not in said(page.caption)
    page = upload(page, "colorize-upload", ("photo.png", encoded(scene(90, 70), "PNG")))
    assert "of what is neither black nor white" in said(page.caption)


@pytest.mark.heavy
def test_a_grey_image_is_said_to_have_nothing_to_compare_with(colorize_page):
    page = colorize_page()
    sixteen_bits = Image.fromarray(np.asarray(scene(90, 70).convert("L"), np.uint16) * 257)
    sepia = np.asarray(scene(90, 70).convert("L"))[..., np.newaxis] * np.array([1, 0.85, 0.6])
    for image, is_grey in (
        (Image.fromarray(sepia.astype(np.uint8)), True),
        (scene(90, 70).convert("L"), True),
        (sixteen_bits, True),
        (scene(90, 70).convert("P"), False),
    ):
        upload(page, "colorize-upload", ("photo.png", encoded(image, "PNG")))
        assert not page.error
        assert ("has no colours to compare with" in said(page.caption)) == is_grey
