"""Images on a page, inside the page itself: a file that Streamlit serves may vanish too early."""

from __future__ import annotations

import base64
import html
import re
from collections.abc import Sequence
from typing import Literal

import numpy as np
import streamlit as st

from cae_core.images.encoding import encode_jpeg, encode_png
from cae_core.images.operations import image_grid

PREVIEW_QUALITY = 95


def show_image(
    image: np.ndarray, caption: str, width: int | Literal["stretch"] = "stretch"
) -> None:
    """A photo, small enough to be looked at on a page.

    Args:
        image: (H, W, C) in [0, 1] or uint8.
        caption: Markdown under the image, which a screen reader says for it as well.
        width: As of `st.image`.
    """
    st.image(jpeg_url(image), caption, width, alt=re.sub(r"\\(.)", r"\1", caption))


def jpeg_url(image: np.ndarray) -> str:
    """A photo, (H, W, C) in [0, 1] or uint8, as an address that holds it."""
    return _data_url(encode_jpeg(image, PREVIEW_QUALITY), "jpeg")


def _data_url(content: bytes, kind: str) -> str:
    """A file's content as an address."""
    return f"data:image/{kind};base64,{base64.b64encode(content).decode()}"


def show_pixels(image: np.ndarray, caption: str) -> None:
    """A small image as wide as its column, every pixel a sharp square.

    Args:
        image: (H, W, C) in [0, 1] or uint8; sent at its own size and enlarged by the browser.
        caption: Text under the image, which a screen reader says for it as well.
    """
    show_png(encode_png(image), caption)


def show_png(content: bytes, caption: str) -> None:
    """The small image of a PNG file, as `show_pixels` shows it."""
    url = _data_url(content, "png")
    text = html.escape(caption)
    st.html(
        f'<figure style="margin:0"><img src="{url}" alt="{text}" '
        'style="width:100%;image-rendering:pixelated;border-radius:4px;display:block">'
        f'<figcaption style="font-size:0.85rem;opacity:0.75;padding-top:0.25rem">{text}'
        "</figcaption></figure>"
    )


def show_tiles(images: np.ndarray, labels: Sequence[str], side: int, what: str) -> None:
    """Small images of one size in rows, each with a label, every pixel a sharp square.

    Args:
        images: uint8 (N, H, W, 1 or 3).
        labels: One for each image.
        side: Width of an image in CSS pixels.
        what: The images in words, for a screen reader: "Kernel".
    """
    tiles = "".join(
        f'<figure style="margin:0"><img src="{_data_url(encode_png(image), "png")}" '
        f'alt="{html.escape(f"{what} {label}")}" style="width:{side}px;max-width:100%;'
        f'image-rendering:pixelated;border-radius:2px;display:block"><figcaption '
        f'style="font-size:0.75rem;opacity:0.75">{html.escape(label)}</figcaption></figure>'
        for image, label in zip(images, labels, strict=True)
    )
    st.html(f'<div style="display:flex;flex-wrap:wrap;gap:0.5rem">{tiles}</div>')


def show_samples(
    samples: np.ndarray, input_caption: str, original_caption: str = "Original validation images"
) -> None:
    """Rows of sample images: originals, network inputs, network outputs.

    Args:
        samples: (3, N, H, W, C) uint8.
        input_caption: Text under the inputs, which are left out where they equal the originals.
        original_caption: Text under the originals.
    """
    originals, inputs, outputs = samples
    columns = len(originals)
    show_pixels(image_grid(originals, columns), original_caption)
    if not np.array_equal(originals, inputs):
        show_pixels(image_grid(inputs, columns), input_caption)
    show_pixels(image_grid(outputs, columns), OUTPUT_CAPTION)


OUTPUT_CAPTION = "Output of the network"
