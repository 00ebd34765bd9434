"""Images that appear beside the pointer while it is on the points of a chart."""

from __future__ import annotations

import base64
import io
import math
from pathlib import Path

import numpy as np
import streamlit as st
from PIL import Image

from cae_core.images.operations import image_grid

SIDE = 84  # CSS pixels
_QUALITY = 60  # a thousand images of 32 × 32 pixels then take half a megabyte
_HERE = Path(__file__)
_component = st.components.v2.component(
    "cae_hover",
    html="<canvas hidden></canvas>",
    css=_HERE.with_suffix(".css").read_text(encoding="utf-8"),
    js=_HERE.with_suffix(".js").read_text(encoding="utf-8"),
)


def show_on_hover(chart: str, images: np.ndarray) -> None:
    """Shows the image of the point that the pointer is on.

    Args:
        chart: Key of the chart; the ``customdata`` of its points are numbers of images, counted
            from 1, or texts that are no number.
        images: uint8 (N, H, W, C).
    """
    count, height, width, _ = images.shape
    columns = math.isqrt(count)
    data = {
        "chart": chart,
        "sheet": _sheet(images, columns),
        "width": width,
        "height": height,
        "columns": columns,
        "side": SIDE,
    }
    _component(data=data, key=f"{chart}-hover")


@st.cache_data(max_entries=4, show_spinner=False)
def _sheet(images: np.ndarray, columns: int) -> str:
    """All images in rows, as the address of a WebP file that holds its content."""
    grid, buffer = image_grid(images, columns, gap=0), io.BytesIO()
    pixels = grid[..., 0] if grid.shape[2] == 1 else grid
    Image.fromarray(pixels).save(buffer, "WEBP", quality=_QUALITY)
    return f"data:image/webp;base64,{base64.b64encode(buffer.getvalue()).decode()}"
