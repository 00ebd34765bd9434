"""Two images of one size, compared by moving a divider across them.

A component of Streamlit's second kind (``st.components.v2``); its front end is the three files
``compare_slider.*`` beside this one. Images travel as one message of raw bytes::

    4 bytes   length of the header, most significant byte first
    header    JSON: key, labels, width and height, height of the stage, length of `before`
    before    image, lossless WebP
    after     image, lossless WebP

One message, so that both images arrive together and neither can have been cleared away when
the browser asks for it. WebP, because at its fastest it encodes a noisy 768 x 512 photo in 12 ms
where Pillow's fastest PNG takes 37 ms, and clean ones become 30 % smaller.
"""

from __future__ import annotations

import io
import json
from pathlib import Path

import numpy as np
import streamlit as st
from PIL import Image

_HERE = Path(__file__)
# Registered once, here: Streamlit asks for one registration however many are on a page.
_component = st.components.v2.component(
    "cae_compare_slider",
    html=_HERE.with_suffix(".html").read_text(encoding="utf-8"),
    css=_HERE.with_suffix(".css").read_text(encoding="utf-8"),
    js=_HERE.with_suffix(".js").read_text(encoding="utf-8"),
)


def compare_slider(
    before: np.ndarray,
    after: np.ndarray,
    *,
    before_label: str,
    after_label: str,
    key: str,
    height: int = 480,
) -> None:
    """Shows two images on top of each other, with a divider that can be moved.

    Every pixel arrives as it is. Only images that are too large for their place are shrunk
    smoothly; enlarged ones are drawn without smoothing. "1:1" means one image pixel to one
    CSS pixel, rounded to whole device pixels, so that all of them are equally large.

    Args:
        before: uint8 (H, W, 3) or grey (H, W); shown to the left of the divider.
        after: As `before`, with the same height and width; shown to the right.
        before_label: Label and alternative text of `before`, plain text.
        after_label: Label and alternative text of `after`.
        key: Names the slider in the app. Divider, zoom and pan stay with it in a visitor's
            browser, whatever images come.
        height: CSS pixels that the images may be high; wide ones take less.

    Raises:
        ValueError: Images of different size, or not uint8.

    Example:
        >>> black = np.zeros((32, 32, 3), np.uint8)
        >>> compare_slider(
        ...     black, 255 - black, before_label="Black", after_label="White", key="example"
        ... )
    """
    _check(before, after)
    header = {
        "key": key,
        "beforeLabel": before_label,
        "afterLabel": after_label,
        "width": before.shape[1],
        "height": before.shape[0],
        "maxHeight": height,
    }
    _component(key=key, data=_message(header, before, after))


def _check(before: np.ndarray, after: np.ndarray) -> None:
    """Raises where two images cannot be compared pixel by pixel."""
    for image in (before, after):
        is_image = image.ndim == 2 or (image.ndim == 3 and image.shape[2] == 3)
        if image.dtype != np.uint8 or not is_image or image.size == 0:
            raise ValueError(
                "An image to compare is a uint8 array (height, width) or (height, width, 3). "
                f"Received: {image.dtype} {image.shape}. Convert it with to_uint8 first."
            )
    if before.shape[:2] != after.shape[:2]:
        raise ValueError(
            "Two images to compare have the same height and width. "
            f"Received: {before.shape[:2]} and {after.shape[:2]}. Resize one of them."
        )


def _message(header: dict[str, str | int], before: np.ndarray, after: np.ndarray) -> bytes:
    """The bytes that compare_slider.js unpacks."""
    images = [_encode_webp(before), _encode_webp(after)]
    encoded = json.dumps({**header, "beforeBytes": len(images[0])}).encode()
    return b"".join([len(encoded).to_bytes(4, "big"), encoded, *images])


def _encode_webp(image: np.ndarray) -> bytes:
    """An image as a lossless WebP file; `quality` is the effort here, not the quality."""
    buffer = io.BytesIO()
    Image.fromarray(image).save(buffer, "WEBP", lossless=True, quality=0, method=0)
    return buffer.getvalue()
