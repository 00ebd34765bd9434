"""The table of all networks, to filter and sort: measured beside published figures."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import streamlit as st

from cae_core import zoo
from cae_core.formats import MSE_DECIMALS, PSNR_DECIMALS, SSIM_DECIMALS
from cae_core.zoo.judge import ACCURACY
from cae_core.zoo.table import Row, rows
from cae_ui.common.reveal import reveal
from cae_ui.common.wording import dataset_title

NETWORK_KEY = "card"  # not "network": the page Inside has that, and a link there would lose it
_OPENED = "zoo-opened"  # whether another network was opened just now
_TABLE_KEY = "zoo-table"
_MSE = f"%.{MSE_DECIMALS}f"
# The columns of numbers: heading, format, help text.
_NUMBERS = {
    "MSE": (_MSE, "Mean squared error on the test images, values in [0, 1]"),
    "MSE published": (_MSE, "The figure of the source"),
    "MAE": (_MSE, "Mean absolute error"),
    "MAE published": (_MSE, "The figure of the source"),
    "PSNR": (f"%.{PSNR_DECIMALS}f", "Peak signal-to-noise ratio in dB, mean over images"),
    "SSIM": (f"%.{SSIM_DECIMALS}f", "Structural similarity, mean over images"),
    "Judge": ("%.2f %%", "Accuracy of the evaluation classifier on the network's output"),
    "Drop": ("%.2f", "Percentage points that the judge loses from the originals to the output"),
    "Judge published": ("%.2f %%", "The same of the source's classifier on the source's network"),
    "Latent": ("localized", "Numbers in the latent"),
    "Parameters": ("localized", "Weights of the network"),
    "Minutes": ("%.1f", "Training time on one or two processor cores shared with other work"),
    "Minutes published": ("%.1f", "Training time of the source, on Google Colab"),
}


def filtered_rows() -> list[Row]:
    """The filters of cards and table, in a row, and the rows that they leave."""
    left = rows()
    filters: dict[str, Callable[[Row], str]] = {
        "Source": lambda row: row.source,
        "Data": lambda row: dataset_title(row.dataset),
        "Task": lambda row: row.kind,
    }
    for label, value in filters.items():
        options = list(dict.fromkeys(value(row) for row in rows()))
        chosen = st.multiselect(
            label, options, key=f"zoo-{label.lower()}", bind="query-params", placeholder="All"
        )
        left = [row for row in left if not chosen or value(row) in chosen]
    return left


def network_input() -> str | None:
    """The list that chooses the network whose card is open; None where all are shown."""
    return st.selectbox(
        "Network",
        zoo.names(),
        index=None,
        key=NETWORK_KEY,
        bind="query-params",
        placeholder="All",
    )


def open_network(name: str | None) -> None:
    """Opens the card of a network, or shows all again; for use in a callback."""
    st.session_state[NETWORK_KEY] = name
    st.session_state[_OPENED] = True


def show_from_the_top() -> None:
    """Scrolls to the top of the page where a network was opened just now, perhaps far below."""
    if st.session_state.pop(_OPENED, False):
        reveal(".stMainBlockContainer")


def show_table(listed: list[Row]) -> None:
    """The table of networks, a click on a row opens its card.

    Args:
        listed: The rows of the table.
    """
    st.dataframe(
        [_cells(row) for row in listed],
        hide_index=True,
        width="stretch",
        height=430,
        placeholder="–",
        key=_TABLE_KEY,
        on_select=lambda: _open_row(listed),
        selection_mode="single-cell",
        column_config={
            heading: st.column_config.NumberColumn(format=form, help=said)
            for heading, (form, said) in _NUMBERS.items()
        }
        | {
            "Network": st.column_config.TextColumn(pinned=True),
            "Source": st.column_config.TextColumn(width="medium"),
        },
    )
    st.caption(
        "Click a network's name, or anything else in its row, to open its card; a heading to sort. "
        "The **judge** is the evaluation classifier: a network trained to classify the original "
        "images of a data set. Its accuracy on an autoencoder's output shows how much of their "
        "content survives. All figures are measured here on the test images of the data set, with "
        "one split and seed for all; – is not measured or not published."
    )


def _open_row(listed: list[Row]) -> None:
    """Opens the card of the row that was clicked in the table."""
    chosen = st.session_state[_TABLE_KEY].selection.cells
    if chosen:
        open_network(listed[chosen[0][0]].card.name)


def _cells(row: Row) -> dict[str, Any]:
    """The cells of one row, by heading."""
    card = row.card
    return {
        "Network": card.name,
        "Source": row.source,
        "Data": dataset_title(row.dataset),
        "Task": row.kind,
        "Condition": row.condition,
        "MSE": row.measured("mse"),
        "MSE published": row.published("mse"),
        "PSNR": row.measured("psnr"),
        "SSIM": row.measured("ssim"),
        "MAE": row.measured("mae"),
        "MAE published": row.published("mae"),
        "Judge": _percent(row.measured(ACCURACY) or row.measured("accuracy")),
        "Drop": _percent(row.judge_drop),
        "Judge published": _percent(row.published(ACCURACY)),
        "Latent": card.latent_size,
        "Parameters": card.parameters,
        "Minutes": card.seconds / 60,
        "Minutes published": _minutes(row.published("seconds")),
        "Title": card.title,
        "The source's words": row.words,
    }


def _percent(share: float | None) -> float | None:
    """A share as a percentage."""
    return None if share is None else 100 * share


def _minutes(seconds: float | None) -> float | None:
    """Seconds in minutes."""
    return None if seconds is None else seconds / 60
