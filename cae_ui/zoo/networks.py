"""The zoo as a table to sort, to filter and to choose from."""

from __future__ import annotations

from typing import Any

import streamlit as st

from cae_core import zoo
from cae_core.zoo.judge import ACCURACY
from cae_core.zoo.table import Row, rows
from cae_ui.common.training_charts import dataset_title

NETWORK_KEY = "network"
_TABLE_KEY = "zoo-table"
# Heading of a column, how its numbers are written, what it is.
_NUMBERS = {
    "MSE": ("%.6f", "Mean squared error on the test set named by the data, in [0, 1] units"),
    "MSE published": ("%.6f", "What the source's table says"),
    "MAE": ("%.5f", "Mean absolute error"),
    "MAE published": ("%.5f", "What the source's table says"),
    "PSNR": ("%.2f", "In dB, mean over images"),
    "SSIM": ("%.4f", "Structural similarity, mean over images"),
    "Judge": ("%.2f %%", "Share of the returned images that the data set's judge recognises"),
    "Drop": ("%.2f", "By how many points that is less than of the originals"),
    "Judge published": ("%.2f %%", "The source's judge on the source's images"),
    "Latent": ("localized", "Numbers in the latent"),
    "Parameters": ("localized", "Weights of the network"),
    "Minutes": ("%.1f", "Training time on one or two processor cores, other work beside it"),
    "Minutes published": ("%.1f", "The source's, on Google Colab"),
}


def filtered_rows() -> list[Row]:
    """The rows that the filters above the table let through."""
    known = rows()
    chosen = {}
    with st.container(horizontal=True):
        for label, value in (("Source", _source), ("Data", _data), ("Task", _task)):
            options = list(dict.fromkeys(value(row) for row in known))
            chosen[label] = st.multiselect(
                label, options, key=f"zoo-{label.lower()}", bind="query-params", placeholder="All"
            )
    tests = (("Source", _source), ("Data", _data), ("Task", _task))
    return [
        row
        for row in known
        if all(not chosen[label] or value(row) in chosen[label] for label, value in tests)
    ]


def _source(row: Row) -> str:
    return row.source


def _data(row: Row) -> str:
    return dataset_title(row.dataset)


def _task(row: Row) -> str:
    return row.kind


def network_input(shown: list[Row]) -> str | None:
    """The table, and which network's card is open.

    Args:
        shown: The rows of the table.

    Returns:
        The network's name; None before the first choice.
    """
    if not shown:
        st.info("No network fits all three filters: take one away.", icon=":material/filter_alt:")
    else:
        st.dataframe(
            [_cells(row) for row in shown],
            hide_index=True,
            width="stretch",
            height=430,
            placeholder="–",
            key=_TABLE_KEY,
            on_select=lambda: _take_over(shown),
            selection_mode="single-row",
            column_config={
                heading: st.column_config.NumberColumn(format=form, help=said)
                for heading, (form, said) in _NUMBERS.items()
            }
            | {"Network": st.column_config.TextColumn(pinned=True)},
        )
        st.caption(
            "Measured here on the test set of the data, one split and seed for all; – was "
            "not measured or not published. Click a heading to sort, a row's box to open its card."
        )
    return st.selectbox(
        "Network",
        zoo.names(),
        index=None,
        key=NETWORK_KEY,
        bind="query-params",
        placeholder="Choose a row above, or a network here",
    )


def _take_over(shown: list[Row]) -> None:
    """A row that was chosen in the table opens its network's card."""
    chosen = st.session_state[_TABLE_KEY].selection.rows
    if chosen:
        st.session_state[NETWORK_KEY] = shown[chosen[0]].card.name


def _cells(row: Row) -> dict[str, Any]:
    """One line of the table."""
    card = row.card
    return {
        "Network": card.name,
        "Source": card.section or "ours",
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
    """A share in per cent."""
    return None if share is None else 100 * share


def _minutes(seconds: float | None) -> float | None:
    """Seconds in minutes."""
    return None if seconds is None else seconds / 60
