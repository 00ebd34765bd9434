"""The claims of rtflynn/Cifar-Autoencoder, tested: their verdicts and the evidence."""

from __future__ import annotations

import streamlit as st

from cae_core.architecture.presets import SOURCES
from cae_core.formats import format_mse
from cae_core.studies.claims import CLAIMS, SEEDS, WORDS, Verdict, verdicts
from cae_core.studies.sweep import read_table
from cae_core.studies.tables import CLAIMS_STUDY, table_path
from cae_ui.common.section import section
from cae_ui.common.wording import plain

_COLORS_OF_WORDS = dict(zip(WORDS, ("green", "red", "orange", "orange", "gray"), strict=True))


@section
def show_claims() -> None:
    """Every claim with its verdict."""
    st.header("The claims, tested", anchor="claims")
    results = read_table(table_path(CLAIMS_STUDY))
    st.markdown(
        f"The author of {SOURCES['A'].link} draws {len(CLAIMS)} conclusions and calls his samples "
        "far too small to be sure of them. Here a few pairs of trainings on CIFAR-10, each with "
        f"{len(SEEDS)} seeds, test every claim. "
        + "; ".join(f"*{word}*: {meaning}" for word, meaning in WORDS.items())
        + "."
    )
    for verdict in verdicts(results):
        _show_verdict(verdict)


def _show_verdict(verdict: Verdict) -> None:
    """A claim and its verdict, which open to the evidence."""
    badge = f":{_COLORS_OF_WORDS[verdict.word]}-badge[{verdict.word}]"
    with st.expander(f"{verdict.claim.statement} {badge}"):
        if not verdict.is_complete:
            tested = f"{len(verdict.evidence)} of {len(verdict.claim.contrasts)} pairs"
            st.caption(f"Tested so far: {tested}.")
        if not verdict.evidence:
            return
        st.dataframe(
            [
                {
                    "Pair": item.contrast.label,
                    "Agrees": {True: "yes", False: "no", None: "seeds differ"}[item.holds],
                    "Ratio of errors": round(item.ratio, 2),
                    "Claimed better": item.contrast.better[0],
                    "Epochs": item.contrast.better[1],
                    "MSE": _errors(item.better),
                    "Claimed worse": item.contrast.worse[0],
                    "Its epochs": item.contrast.worse[1],
                    "Its MSE": _errors(item.worse),
                }
                for item in verdict.evidence
            ],
            hide_index=True,
            width="stretch",
        )
        st.caption(plain(verdict.reason))


def _errors(values: tuple[float, ...]) -> str:
    """The test errors of all seeds as text."""
    return ", ".join(map(format_mse, values))
