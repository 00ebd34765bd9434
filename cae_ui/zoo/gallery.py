"""All networks as cards: a thumbnail, what they were trained for, a button that opens them."""

from __future__ import annotations

import base64
import html
from pathlib import Path

import streamlit as st

from cae_core.formats import format_psnr
from cae_core.zoo.table import Row
from cae_ui.common.wording import dataset_title
from cae_ui.zoo.table import open_network
from cae_ui.zoo.thumbnails import thumbnail

SHOWN_AT_FIRST = 12
_ALL_KEY = "zoo-all"
_STYLE = f"<style>{Path(__file__).with_suffix('.css').read_text(encoding='utf-8')}</style>"


def show_gallery(listed: list[Row]) -> None:
    """A card for every network of some rows; the first dozen until all are asked for."""
    first_rows = list({row.card.name: row for row in reversed(listed)}.values())[::-1]
    is_whole = len(first_rows) <= SHOWN_AT_FIRST or bool(st.session_state.get(_ALL_KEY))
    st.html(_STYLE)
    st.caption("Sample images: above a network's input, below its output.")
    with st.container(key="zoo-cards"):
        for row in first_rows if is_whole else first_rows[:SHOWN_AT_FIRST]:
            with st.container(border=True, gap="small", key=f"card-{row.card.name}"):
                st.html(_thumbnail(row))
                st.button(
                    row.card.title,
                    key=f"open-{row.card.name}",
                    type="tertiary",
                    on_click=open_network,
                    args=(row.card.name,),
                )
                st.html(_facts(row))
    if not is_whole:
        st.button(
            f"Show all {len(first_rows)} networks",
            icon=":material/expand_more:",
            on_click=lambda: st.session_state.update({_ALL_KEY: True}),
        )


def _thumbnail(row: Row) -> str:
    """The thumbnail of a network as HTML."""
    image = thumbnail(row.card.name)
    if image is None:
        return '<div class="cae-thumbnail"></div>'
    url = f"data:image/webp;base64,{base64.b64encode(image).decode()}"
    alt = html.escape(f"Sample images through {row.card.title}")
    return f'<img class="cae-thumbnail" src="{url}" alt="{alt}">'


def _facts(row: Row) -> str:
    """Purpose, latent size and error of a network as HTML."""
    numbers = []
    if row.card.latent_size is not None:
        numbers.append(f"latent {row.card.latent_size:,}")
    if (psnr := row.measured("psnr")) is not None:
        numbers.append(format_psnr(psnr))
    lines = f"{dataset_title(row.dataset)}, {row.kind}", ", ".join(numbers)
    return f'<div class="cae-facts">{"<br>".join(map(html.escape, lines))}</div>'
