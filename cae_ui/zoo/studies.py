"""What the zoo says as a whole: latent size against error, and the sources' claims settled."""

from __future__ import annotations

import plotly.graph_objects as go
import streamlit as st

from cae_core.studies import claims, tables
from cae_core.studies.claims import WORDS, Verdict, verdicts
from cae_core.studies.latent_size import latent_size_answer, latent_size_trials
from cae_core.studies.pca import load_pca_line
from cae_core.studies.sweep import Result, read_table
from cae_core.studies.tables import CLAIMS_STUDY, LATENT_SIZE
from cae_core.zoo.table import Row, points
from cae_ui.common.messages import plain
from cae_ui.common.training_charts import dataset_title

_ZOO_COLOR, _LINE_COLOR, _STUDY_COLOR = "#0f766e", "#f59e0b", "#6366f1"
_COLORS_OF_WORDS = dict(zip(WORDS, ("green", "red", "orange", "orange", "gray"), strict=True))


def show_rate_distortion() -> None:
    """Latent size against test error: every network a point, the best linear one a line."""
    st.subheader("Is a smaller latent a larger error?", anchor="rate-distortion")
    dataset = st.segmented_control(
        "Data",
        tables.DATASETS_WITH_LATENTS,
        default=tables.DATASETS_WITH_LATENTS[0],
        required=True,
        format_func=dataset_title,
        key="rate-data",
        bind="query-params",
        label_visibility="collapsed",
    )
    study = read_table(tables.table_path(LATENT_SIZE)) if dataset == "cifar10" else []
    line = load_pca_line(tables.pca_path(dataset))
    st.plotly_chart(
        rate_distortion_figure(points(dataset), study, line),
        key="rate-distortion",
        config={"displayModeBar": False},
    )
    st.caption(
        "A network is worth its latent where it lies below the line: PCA with as many components "
        "is the best that a linear autoencoder can do. Both axes are logarithmic."
    )
    if study:
        _show_correlation(study)


def rate_distortion_figure(
    networks: list[Row], study: list[Result], line: dict[int, float] | None
) -> go.Figure:
    """Numbers in the latent against test MSE, both logarithmic.

    Args:
        networks: Of the zoo.
        study: Trainings of a sweep; may be empty.
        line: Error of PCA by number of components.
    """
    figure = go.Figure()
    if line is not None:
        figure.add_trace(
            go.Scatter(
                x=list(line),
                y=list(line.values()),
                name="PCA, the best linear one",
                mode="lines",
                line={"color": _LINE_COLOR, "dash": "dot"},
            )
        )
    if study:
        figure.add_trace(
            go.Scatter(
                x=[result.latent_size for result in study],
                y=[result.mse for result in study],
                text=[f"{result.network}<br>{result.group}" for result in study],
                name=f"Sweep of {len(study)} architectures",
                mode="markers",
                marker={"size": 8, "color": _STUDY_COLOR, "opacity": 0.6},
                hovertemplate="%{text}<br>latent %{x:,}, MSE %{y:.5f}<extra></extra>",
            )
        )
    figure.add_trace(
        go.Scatter(
            x=[row.card.latent_size for row in networks],
            y=[row.measured("mse") for row in networks],
            text=[row.card.title for row in networks],
            name="The zoo",
            mode="markers",
            marker={"size": 12, "color": _ZOO_COLOR, "symbol": "diamond"},
            hovertemplate="%{text}<br>latent %{x:,}, MSE %{y:.5f}<extra></extra>",
        )
    )
    figure.update_layout(
        height=440,
        margin={"l": 0, "r": 0, "t": 8, "b": 0},
        xaxis={"title": "Numbers in the latent", "type": "log", "dtick": 1},
        yaxis={"title": "Test MSE", "type": "log", "tickformat": "~g"},
        legend={"orientation": "h", "y": 1.1},
    )
    return figure


def _show_correlation(study: list[Result]) -> None:
    """The answer to the homework's question, in words with their numbers."""
    answer = latent_size_answer(tuple(study))
    if answer is None:
        trials = latent_size_trials()
        done = len({result.trial for result in study} & set(trials))
        st.caption(f"{done} of {len(trials)} architectures of the sweep are trained so far.")
    else:
        st.markdown(f"**Is latent size correlated with the error?** {plain(answer)}")
    with st.expander("All architectures of the sweep"):
        st.dataframe(
            [
                {
                    "Varies": result.group,
                    "Network": result.network,
                    "Latent": result.latent_size,
                    "Parameters": result.parameters,
                    "MSE": result.mse,
                    "PSNR, dB": round(result.psnr, 2),
                    "SSIM": round(result.ssim, 4),
                }
                for result in sorted(study, key=lambda result: result.mse)
            ],
            hide_index=True,
            width="stretch",
            column_config={"MSE": st.column_config.NumberColumn(format="%.5f")},
        )


def show_claims() -> None:
    """What section A's author saw, tested."""
    st.subheader("The claims, settled", anchor="claims")
    results = read_table(tables.table_path(CLAIMS_STUDY))
    st.markdown(
        "Their author calls his samples far too small to be sure. Here every claim is a few pairs "
        f"of trainings on CIFAR-10, each with {len(claims.SEEDS)} seeds. "
        + "; ".join(f"*{word}*: {meaning}" for word, meaning in WORDS.items())
        + "."
    )
    for verdict in verdicts(results):
        _show_verdict(verdict)


def _show_verdict(verdict: Verdict) -> None:
    """A claim, its verdict, and the evidence when it is opened."""
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
                    "The other's error, times": round(item.ratio, 2),
                    "Should be better": item.contrast.better[0],
                    "Epochs": item.contrast.better[1],
                    "MSE": _errors(item.better),
                    "The other": item.contrast.worse[0],
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
    """Test errors of all seeds."""
    return ", ".join(f"{value:.5f}" for value in values)
