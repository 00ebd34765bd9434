"""Finding what a person sees on a page, by its label and not by its place; and acting on it."""

import html
import io
import json
import re
from urllib.parse import parse_qs
from zipfile import ZipFile

from PIL import Image

from cae_core.errors import JobError
from cae_ui.common import resources

SMALL = "conv4 pool | up conv3:sigmoid"
CHIPS = "layer"
TEXT = "arch"


def labelled(widgets, label):
    """The one widget with a label."""
    (found,) = [widget for widget in widgets if widget.label == label]
    return found


def link(page, label):
    """What a link leads to: the other page's name, and the address's values by name."""
    proto = labelled([found.proto for found in page.get("page_link")], label)
    return proto.page, parse_qs(proto.query_string)


def is_off(page, label):
    """Whether a link leads nowhere."""
    return labelled([found.proto for found in page.get("page_link")], label).disabled


def labels_of(widgets):
    """The labels of some widgets."""
    return [widget.label for widget in widgets]


def refuse(*_):
    """Does in the place of an action of the queue what a read-only disk does."""
    raise JobError("A run is deleted from a disk. Received: one that cannot be written to.")


def press(page, label):
    """Presses a button."""
    return labelled(page.button, label).click().run()


def finished(page):
    """The page after the session's work in the background has ended."""
    for key in ("whole-photo", "several-photos", "self-training"):
        if key in page.session_state:
            page.session_state[key].work.thread.join()
    return page.run()


def zipped(offered):
    """The images in the zip that is offered last: name -> image."""
    make, _ = list(offered.values())[-1]
    with ZipFile(io.BytesIO(make())) as archive:
        return {name: Image.open(io.BytesIO(archive.read(name))) for name in archive.namelist()}


def remedies(page, key=TEXT):
    """The buttons that make an architecture fit."""
    return [button for button in page.button if (button.key or "").startswith(f"{key}-remedy")]


def upload(page, key, *files):
    """Uploads files, each a name and a content."""
    named = [(name, content, "application/octet-stream") for name, content in files]
    uploader = page.file_uploader(key)
    return uploader.set_value(named if uploader.accept_multiple_files else named[0]).run()


def text_of(page):
    """The architecture text on the page."""
    return page.text_area(TEXT).value


def write(page, text):
    """Types an architecture text."""
    return page.text_area(TEXT).set_value(text).run()


def choose(page, part):
    """Chooses a chip: ``input``, ``latent`` or a layer by its number from 1."""
    return page.button_group(CHIPS).set_value(part).run()


def opened(page, key):
    """The page after an expander or popover, whose contents are made then, was opened."""
    page.session_state[key] = True
    return page.run()


def figure(page, label):
    """The number under a label."""
    return labelled(page.metric, label).value


def decibels(page, label):
    """The number under a label, without its unit."""
    return float(figure(page, label).removesuffix(" dB"))


def verdict(page):
    """The headline above the network, without its colour."""
    (line,) = [text for text in page.markdown.values if text.startswith("## ")]
    return re.sub(r":\w+\[(.*)\]", r"\1", line.removeprefix("## "))


def layer_table(page):
    """The layer table's HTML."""
    (found,) = [part.value for part in page.get("html") if "cae-table" in part.value]
    return found.partition("</style>")[2]


def layer_rows(page):
    """The layer table as text: one list of cells for every layer."""
    rows = re.findall(r"<summary.*?</summary>", layer_table(page), re.DOTALL)
    return [
        [html.unescape(cell) for cell in re.findall(r"<span.*?>(.*?)</span>", row)] for row in rows
    ]


def said(elements):
    """All texts of some elements as one."""
    return "\n".join(element.value for element in elements)


def captions_of(page):
    """The captions of all images on the page."""
    return [caption for image in page.get("image") for caption in image.captions]


def progress_texts(page):
    """The texts of all progress bars on the page."""
    return [bar.text for bar in page.get("progress")]


def can_train(page):
    """Whether the trainer's button can be pressed."""
    return not labelled(page.button, "Train").disabled


def pickers(page):
    """The messages to the components that something is chosen with, by what they choose."""
    sent = [json.loads(part.proto.json) for part in page.get("bidi_component") if part.proto.json]
    return {message["label"]: message for message in sent if "label" in message}


def the_job():
    """The status of the only job of this server."""
    (status,) = resources.job_queue().jobs()
    return status
