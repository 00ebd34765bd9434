"""The lesson: why a network should guess only the chrominance, with the figures of the cards."""

from __future__ import annotations

import streamlit as st

from cae_core import zoo
from cae_core.data.samples import SAMPLE_CHECK
from cae_core.zoo.cards import COLORIZED, GREY
from cae_ui.common.wording import named_data, number_columns


def show_lesson() -> None:
    """The text of the lesson and its table."""
    st.header("Why only the chrominance?")
    st.markdown(
        "The lightness of a grey photo is known exactly. A network that returns RGB has to "
        "reconstruct it; one that returns only a\\* and b\\* leaves it alone. Of all plausible "
        "colours of a dress, their mean has the least squared error, and that mean is brown: a "
        "network that gives every colour a probability can choose one instead "
        "([Zhang, Isola & Efros, 2016](https://arxiv.org/abs/1603.08511))."
    )
    st.dataframe(
        _card_figures(),
        hide_index=True,
        width="stretch",
        column_config=number_columns("PSNR, dB", "SSIM", "CIEDE2000", "Colourfulness"),
    )


def _card_figures() -> list[dict[str, object]]:
    """The figures of every colorizer, and of grey, on every test set, a row each."""
    rows: dict[tuple[str, str], dict[str, object]] = {}
    for name in zoo.names():
        known = zoo.card(name)
        for row in known.figures:
            if "ciede2000" not in row or row["test_set"] == SAMPLE_CHECK:
                continue
            titles = {COLORIZED: known.title, GREY: "Grey"}
            title = titles.get(row["condition"], row["condition"])
            rows[row["test_set"], title] = {
                "Network": title,
                "Test set": named_data(row["test_set"]),
                "PSNR, dB": row["psnr"],
                "SSIM": row["ssim"],
                "CIEDE2000": row["ciede2000"],
                "Colourfulness": row["colorfulness"],
            }
    return [rows[key] for key in sorted(rows)]
