"""The colours of both themes: every text that they make is legible."""

import re
import tomllib
from pathlib import Path

import pytest

from cae_ui.common import links
from cae_ui.common import shell as shell_module
from cae_ui.common.charts import COLORS

THEMES = tomllib.loads((Path(__file__).parents[3] / ".streamlit/config.toml").read_text())["theme"]
READABLE = 4.5  # WCAG 2.2, level AA
VISIBLE = 3.0  # the same for what is no text
CAPTION = 0.6  # opacity of Streamlit's captions


def rgb(color):
    return [int(color[start : start + 2], 16) / 255 for start in (1, 3, 5)]


def luminance(color):
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in color]
    return sum(share * c for share, c in zip((0.2126, 0.7152, 0.0722), linear, strict=True))


def two_colors(style, name):
    """The colours of a property in the light and in the dark theme."""
    return re.search(rf"(?<!-){name}: light-dark\((#\w+), (#\w+)\)", style).groups()


def contrast(front, back, opacity=1.0):
    front, back = rgb(front), rgb(back)
    seen = [opacity * f + (1 - opacity) * b for f, b in zip(front, back, strict=True)]
    dark, light = sorted(luminance(color) for color in (seen, back))
    return (light + 0.05) / (dark + 0.05)


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("behind", ["backgroundColor", "secondaryBackgroundColor"])
@pytest.mark.parametrize(
    ("color", "opacity"),
    [("textColor", 1.0), ("textColor", CAPTION), ("primaryColor", 1.0), ("linkColor", 1.0)],
)
def test_text_is_legible_on_both_backgrounds(theme, behind, color, opacity):
    colors = THEMES[theme]
    assert contrast(colors[color], colors[behind], opacity) >= READABLE


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_every_line_of_a_chart_stands_out_from_the_page(theme):
    pale = {
        color: contrast(color, THEMES[theme]["backgroundColor"])
        for color in COLORS
        if contrast(color, THEMES[theme]["backgroundColor"]) < VISIBLE
    }
    assert pale == {}


@pytest.mark.parametrize(("theme", "place"), [("light", 0), ("dark", 1)])
def test_a_link_that_looks_like_a_button_has_the_colours_of_one(theme, place):
    shell = (Path(shell_module.__file__).with_suffix(".css")).read_text(encoding="utf-8")
    button = re.search(r'"stBaseButton-primary"\].*?\{(.*?)\}', shell, re.DOTALL)[1]
    text = two_colors(button, "color")[place]
    back = THEMES[theme]["primaryColor"]
    assert two_colors(links._STYLE, "--button")[place] == back
    assert two_colors(links._STYLE, "--button-text")[place] == text
    assert contrast(text, back) >= READABLE


def test_contrast_is_that_of_the_standard():
    assert contrast("#000000", "#ffffff") == pytest.approx(21)
    assert contrast("#ffffff", "#2dd4bf") == pytest.approx(1.86, abs=0.01)
