"""Latent size against test error: the networks of the zoo, a sweep, and PCA."""

from __future__ import annotations

import streamlit as st

from cae_core.architecture.presets import HOMEWORK, get_preset
from cae_core.formats import counted
from cae_core.studies import tables
from cae_core.studies.latent_size import latent_size_answer, latent_size_trials
from cae_core.studies.pca import load_pca_line, pca_weights
from cae_core.studies.sweep import Result, read_table
from cae_core.studies.tables import LATENT_SIZE
from cae_core.zoo.table import Row, below_pca, points
from cae_ui.common.charts import INDIGO, TEAL, Points, latent_size_figure, show_chart
from cae_ui.common.pca_line import BELOW_THE_LINE, why_pca_is_hard_to_beat
from cae_ui.common.section import section
from cae_ui.common.wording import dataset_title, marked, number_columns, plain
from cae_ui.zoo.table import open_network


@section
def show_rate_distortion() -> None:
    """The chart of one data set, and on CIFAR-10 the sweep with its answer."""
    st.header("Does a smaller latent mean a larger error?", anchor="rate-distortion")
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
    kinds = [sweep_points(study)] if study else []
    pca = load_pca_line(tables.pca_path(dataset))
    figure = latent_size_figure([*kinds, zoo_points(points(dataset))], pca, height=440)
    show_chart(figure, key="rate-distortion", on_choose=open_network)
    st.caption(f":material/ads_click: Click a diamond to open its card. {BELOW_THE_LINE}")
    if dataset == "cifar10" and pca is not None:
        st.caption(why_pca_is_hard_to_beat(get_preset(HOMEWORK).architecture, pca))
    if below := below_pca(dataset, pca or {}):
        weights = [row.card.parameters for row in below]
        lies = "lies" if len(below) == 1 else "lie"
        first, last = (plain(row.card.title) for row in (below[0], below[-1]))
        st.caption(
            f"{counted(len(below), 'network')} of the zoo {lies} below the line, from "
            f"*{first}* to *{last}*. That costs {min(weights):,} to {max(weights):,} weights each; "
            f"PCA with 64 components has {pca_weights(dataset, 64):,}."
        )
    if study:
        _show_correlation(study)


def sweep_points(study: list[Result]) -> Points:
    """The trainings of a sweep as points of latent size and test error."""
    return Points(
        f"Sweep of {len(study)} architectures",
        sizes=[result.latent_size for result in study],
        errors=[result.mse for result in study],
        labels=[f"{result.network}, {result.group}" for result in study],
        marker={"size": 8, "color": INDIGO, "opacity": 0.6},
    )


def zoo_points(networks: list[Row]) -> Points:
    """Networks of the zoo as points of latent size and test error."""
    return Points(
        "The zoo",
        sizes=[row.card.latent_size for row in networks],
        errors=[row.measured("mse") for row in networks],
        labels=[row.card.title for row in networks],
        marker={"size": 12, "color": TEAL, "symbol": "diamond"},
        ids=[row.card.name for row in networks],
    )


def _show_correlation(study: list[Result]) -> None:
    """The sweep's answer to the homework's question, and its table."""
    answer = latent_size_answer(tuple(study))
    if answer is None:
        trials = latent_size_trials()
        done = len({result.trial for result in study} & set(trials))
        st.caption(f"{done} of {len(trials)} architectures of the sweep are trained so far.")
    else:
        st.markdown(f"**Is latent size correlated with the error?** {marked(answer.sentence)}")
    with st.expander("All architectures of the sweep"):
        st.dataframe(
            [
                {
                    "Varies": result.group,
                    "Network": result.network,
                    "Latent": result.latent_size,
                    "Parameters": result.parameters,
                    "MSE": result.mse,
                    "PSNR, dB": result.psnr,
                    "SSIM": result.ssim,
                }
                for result in sorted(study, key=lambda result: result.mse)
            ],
            hide_index=True,
            width="stretch",
            column_config=number_columns("Latent", "Parameters", "MSE", "PSNR, dB", "SSIM"),
        )
