"""The three images of the page: the photo, its latent, and the photo rebuilt from the latent."""

from __future__ import annotations

import base64
import html

import streamlit as st

from cae_core.formats import format_psnr, format_share
from cae_ui.start.squeezed import BLOCK, DEFAULT_LATENT_SIZE, LATENT_SIZES, Result

_STYLE = """
<style>
.cae-squeeze { display: grid; grid-template-columns: repeat(3, minmax(0, 1fr)); gap: 0.75rem 1rem; }
.cae-squeeze figure { margin: 0; }
.cae-squeeze img { display: block; width: 100%; aspect-ratio: 1; border-radius: 4px; }
.cae-squeeze img.latent { image-rendering: pixelated;
  background: color-mix(in srgb, currentColor 8%, transparent); }
.cae-squeeze figcaption { padding-top: 0.5rem; line-height: 1.35; }
.cae-squeeze strong { display: block; }
.cae-squeeze p { margin: 0; font-size: 0.875rem; line-height: 1.45; }
@media (max-width: 640px) {
  .cae-squeeze { grid-template-columns: repeat(2, minmax(0, 1fr)); }
  .cae-squeeze .rebuilt { order: -1; grid-column: 1 / -1; }
  .cae-squeeze .rebuilt img { width: min(100%, 32vh); margin: auto; }
  .cae-squeeze .rebuilt figcaption { text-align: center; }
  .cae-squeeze p { grid-column: 1 / -1; }
}
</style>
"""


def latent_size_input() -> int:
    """The slider of the page: how many numbers the latent of a block has."""
    return int(
        st.select_slider(
            f"Numbers in the latent of each block of {BLOCK} × {BLOCK} pixels",
            LATENT_SIZES,
            DEFAULT_LATENT_SIZE,
            key="numbers",
            bind="query-params",
        )
    )


def images_html(name: str, latent_size: int, result: Result) -> str:
    """The three images with their bytes, and a sentence on each part of an autoencoder, as HTML.

    Args:
        name: Name of the photo.
        latent_size: Numbers in the latent of a block.
        result: The photo squeezed and rebuilt.
    """
    blocks = (result.side // BLOCK) ** 2
    pixels = f"{result.side} × {result.side} pixels"
    share = result.latent_bytes / result.photo_bytes
    figures = (
        _figure("original", result.original, "webp", f"{name}, {pixels}",
                "Original", f"{result.photo_bytes:,} bytes"),
        _figure("latent", result.latent, "png", f"The latent as {latent_size} grey tiles",
                "Latent", f"{result.latent_bytes:,} bytes, {format_share(share, 1)} of it"),
        _figure("rebuilt", result.rebuilt, "webp", f"{name}, rebuilt from the latent",
                "Rebuilt", f"PSNR {format_psnr(result.psnr)}"),
    )  # fmt: skip
    sentences = (
        f"The <b>encoder</b>, a network, looks at one block at a time and sums up its "
        f"{BLOCK * BLOCK * 3:,} values in {latent_size:,} numbers.",
        f"The <b>latent</b> is all that is kept. A grey pixel is one number, rounded to a byte; a "
        f"tile is one of the {latent_size:,} numbers in all {blocks} blocks, with 4 bytes for its "
        "scale.",
        f"The <b>decoder</b>, a second network that was trained with the first, paints the "
        f"{blocks:,} blocks from the latent alone.",
    )
    said = "".join(f"<p>{sentence}</p>" for sentence in sentences)
    return f'{_STYLE}<div class="cae-squeeze">{"".join(figures)}{said}</div>'


def _figure(kind: str, content: bytes, file: str, alt: str, title: str, size: str) -> str:
    """An image, its name and its size."""
    url = f"data:image/{file};base64,{base64.b64encode(content).decode()}"
    return (
        f'<figure class="{kind}"><img class="{kind}" src="{url}" alt="{html.escape(alt)}" '
        f'decoding="sync"><figcaption><strong>{title}</strong>{size}</figcaption></figure>'
    )
