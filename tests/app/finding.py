"""Finding what a person sees on a page: by its label, not by its place."""

import html
import re

CHIPS = "arch-chosen"
TEXT = "arch"


def labelled(widgets, label):
    """The one widget with a label."""
    (found,) = [widget for widget in widgets if widget.label == label]
    return found


def text_of(page):
    """The architecture text on the page."""
    return page.text_area(TEXT).value


def write(page, text):
    """Types an architecture text."""
    return page.text_area(TEXT).set_value(text).run()


def choose(page, part):
    """Chooses a chip: ``input``, ``latent`` or a layer by its number from 0."""
    return page.button_group(CHIPS).set_value(part).run()


def press(page, label):
    """Presses a button."""
    return labelled(page.button, label).click().run()


def figure(page, label):
    """The number under a label."""
    return labelled(page.metric, label).value


def verdict(page):
    """The headline above the network, without its colour."""
    (line,) = [text for text in page.markdown.values if text.startswith("### ")]
    return re.sub(r":\w+\[(.*)\]", r"\1", line.removeprefix("### "))


def table(page):
    """The layer table's HTML."""
    (found,) = [part.value for part in page.get("html") if "cae-table" in part.value]
    return found.partition("</style>")[2]


def table_rows(page):
    """The layer table as text: one list of cells for every layer."""
    rows = re.findall(r"<summary.*?</summary>", table(page), re.DOTALL)
    return [
        [html.unescape(cell) for cell in re.findall(r"<span.*?>(.*?)</span>", row)] for row in rows
    ]


def said(elements):
    """All texts of some elements as one."""
    return "\n".join(element.value for element in elements)
