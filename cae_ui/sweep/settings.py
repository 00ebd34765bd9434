"""The values that vary in a sweep, or the two settings of a claim, kept in the address."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from cae_core.architecture.presets import HOMEWORK, get_preset
from cae_core.data.registry import DATASETS, is_available
from cae_core.errors import TrainingError
from cae_core.studies.plan import (
    FACTORS,
    FAMILY,
    NETWORK,
    ORDERS,
    SEED,
    TRAINING,
    Factor,
    Plan,
    Value,
    parse_values,
)
from cae_core.training.config import LOSS_TITLES, TrainConfig
from cae_ui.common.section import section
from cae_ui.common.wording import rate_text
from cae_ui.trainer.download import offer_download

VARY, CLAIM = "Vary settings", "Test a claim"
# What varies where nothing else was chosen.
_FIRST = {"channels": "4, 16", "latent": "256, 1024", SEED: "0, 1"}
_ORDER_TITLES = {
    "grid": "Grid",
    "random": "Random",
    "one-at-a-time": "One at a time",
    "listed": "Listed",
}
STRIDED = "conv8s2 conv12s2 conv16 | up conv12 up conv3:sigmoid"


@section
def plan_input() -> Plan | None:
    """The plan that the settings describe; None while its images are not on this machine.

    Raises:
        CAEError: For a plan that cannot be.
    """
    mode = st.segmented_control(
        "What to do",
        [VARY, CLAIM],
        default=VARY,
        required=True,
        key="mode",
        bind="query-params",
        label_visibility="collapsed",
    )
    chosen = _claim_input() if mode == CLAIM else _factors_input()
    dataset = st.selectbox(
        "Images",
        list(DATASETS),
        format_func=lambda name: DATASETS[name].title,
        key="data",
        bind="query-params",
    )
    left, right = st.columns(2)
    images = left.number_input(
        "Training images",
        0,
        60_000,
        0,
        step=1_000,
        key="images",
        bind="query-params",
        help="0 for all; the parts for validation and test are limited in proportion.",
    )
    epochs = right.number_input("Epochs", 1, 50, 3, key="epochs", bind="query-params")
    if not is_available(dataset):
        offer_download(dataset)
        return None
    # Only now, when all fields are on the page, may one of them be wrong.
    return Plan(chosen.factors(), chosen.order, chosen.draws, int(epochs), dataset, int(images))


class _Chosen(NamedTuple):
    """The factors' values, as they were typed.

    Attributes:
        factors: Reads the values of the factors; raises a `CAEError` for what they cannot be.
        order: A key of `ORDERS`.
        draws: Number of settings that the order random draws.
    """

    factors: Callable[[], dict[str, tuple[Value, ...]]]
    order: str = "grid"
    draws: int = 20


def _factors_input() -> _Chosen:
    """The values of every factor: one is the same in all trainings, several vary."""
    st.caption(
        "One value is the same for all, several vary: `4, 8, 16`, `1..3`, or `64..1024:3` for "
        "three with one ratio."
    )
    written = {}
    factors_shown = list((FAMILY | TRAINING).items())
    for at in range(0, len(factors_shown), 2):  # row by row, which is the order on a phone
        for column, (name, factor) in zip(st.columns(2), factors_shown[at : at + 2], strict=False):
            written[name] = _values_input(column, name, factor)
    order = st.selectbox(
        "Order",
        [name for name in ORDERS if name != "listed"],
        format_func=lambda name: f"{_ORDER_TITLES[name]}: {ORDERS[name]}",
        key="order",
        bind="query-params",
    )
    draws = 20
    if order == "random":
        draws = st.number_input("Settings drawn", 1, 200, 20, key="draws", bind="query-params")

    def factors() -> dict[str, tuple[Value, ...]]:
        values = {name: parse_values(name, text) for name, text in written.items()}
        # What nobody has changed is left to the plan, and out of its names for settings.
        return {
            name: each
            for name, each in values.items()
            if name == SEED or each != (FACTORS[name].default,)
        }

    return _Chosen(factors, order, int(draws))


def _values_input(column: DeltaGenerator, name: str, factor: Factor) -> str:
    """The values of a factor as they are written."""
    if factor.choices:
        chosen = column.multiselect(
            factor.title,
            list(factor.choices),
            default=[factor.default],
            # Names of losses are long.
            format_func=str.upper if name == "loss" else factor.choices.__getitem__,
            key=name,
            bind="query-params",
            help=factor.help or None,
        )
        return ",".join(chosen)
    default = factor.default
    first = rate_text(default) if isinstance(default, float) else str(default)
    return column.text_input(
        factor.title,
        _FIRST.get(name, first),
        max_chars=200,
        key=name,
        bind="query-params",
        help=f"{factor.help}." if factor.help else None,
    )


def _claim_input() -> _Chosen:
    """Two settings, of which the first is claimed to have the lower error."""
    st.caption("The claim is that A has the lower error of the two.")
    sides = _side_input("A", get_preset(HOMEWORK).text), _side_input("B", STRIDED)
    seeds = st.slider(
        "Seeds",
        2,
        20,
        5,
        key="claim-seeds",
        bind="query-params",
        help="Both are trained with each; the more, the narrower the verdict's interval.",
    )

    def factors() -> dict[str, tuple[Value, ...]]:
        first, second = (
            {name: parse_values(name, text)[0] for name, text in side.items()} for side in sides
        )
        if first == second:
            raise TrainingError(
                "A claim compares two different settings. Received: the same twice. "
                "Change one of them."
            )
        pairs: dict[str, tuple[Value, ...]] = {
            name: tuple(dict.fromkeys((first[name], second[name]))) for name in first
        }
        kept = {name: each for name, each in pairs.items() if each != (FACTORS[name].default,)}
        return {**kept, SEED: tuple(range(seeds))}

    return _Chosen(factors, "listed")


def _side_input(label: str, default: str) -> dict[str, str]:
    """A network and the settings of its training, as they are written."""
    with st.container(border=True):
        network = st.text_area(
            f"Network {label}", default, height=90, key=f"network-{label}", bind="query-params"
        )
        left, right = st.columns(2)
        rate = left.text_input(
            f"Learning rate {label}",
            rate_text(TrainConfig.learning_rate),
            key=f"rate-{label}",
            bind="query-params",
        )
        loss = right.selectbox(
            f"Loss {label}",
            list(LOSS_TITLES),
            format_func=LOSS_TITLES.__getitem__,
            key=f"loss-{label}",
            bind="query-params",
        )
    return {NETWORK: network, "learning_rate": rate, "loss": loss}
