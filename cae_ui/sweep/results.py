"""The findings of a sweep so far: conclusions, charts, best and worst, the table, downloads."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

import streamlit as st

from cae_core.formats import format_mse
from cae_core.jobs.sweeps import Sweep
from cae_core.studies import tables
from cae_core.studies.effects import Measured, effects, headlines, measured
from cae_core.studies.pca import load_pca_line
from cae_core.studies.sweep import table_text
from cae_ui.common.charts import latent_size_figure, show_chart
from cae_ui.common.downloads import show_download
from cae_ui.common.pixels import show_png
from cae_ui.common.wording import marked, number_columns, plain
from cae_ui.sweep.charts import STUDY_FACTOR, effects_figure, parallel_figure, sweep_points, title
from cae_ui.sweep.report import sweep_report


def show_results(sweep: Sweep, name: str, said: Sequence[str] | None = None) -> None:
    """The results of a sweep.

    Args:
        sweep: The sweep as far as it has come.
        name: A name for its charts and files.
        said: Its answers, where they are not those that every sweep has.
    """
    done = measured(sweep.planned, sweep.results)
    if not done:
        st.info("The first result appears here.", icon=":material/hourglass_top:")
        _show_table(sweep)
        return
    answers = headlines(sweep.planned, sweep.results) if said is None else said
    for answer in answers:
        st.markdown(f"**{plain(answer)}**" if said is None else marked(answer))
    _show_sizes(done, name)
    _show_effects(done, name)
    _show_parallel(done, name)
    _show_extremes(sweep, done)
    _show_table(sweep)
    _show_downloads(sweep, name, answers)


def _show_sizes(done: list[Measured], name: str) -> None:
    """Latent size against error, with the best linear autoencoders."""
    dataset = done[0].result.dataset
    is_whole = all(result.images == 0 for _, result in done)
    pca = load_pca_line(tables.pca_path(dataset)) if is_whole else None
    sizes = [result.latent_size for _, result in done]
    near = {
        size: error
        for size, error in (pca or {}).items()
        if min(sizes) / 4 <= size <= max(sizes) * 4
    }
    figure = latent_size_figure(sweep_points(done), near or None, height=360)
    show_chart(figure, key=f"sizes-{name}")


def _show_effects(done: list[Measured], name: str) -> None:
    """The effect of every factor, with its interval."""
    found = effects(done)
    if not found or STUDY_FACTOR in done[0].setting:
        return
    st.markdown("**The effect of each factor on the error**")
    show_chart(effects_figure(found), key=f"effects-{name}")
    st.caption(
        "All other factors being equal. The line is the 95 % interval over the seeds; where it "
        "crosses 1, the effect may be none."
    )


def _show_parallel(done: list[Measured], name: str) -> None:
    """Every training as a line."""
    if len(done) < 2:
        return
    st.markdown("**Every training as a line**")
    show_chart(parallel_figure(done), key=f"parallel-{name}")
    st.caption(
        ":material/ads_click: Drag along an axis to keep the lines that pass there; click it to "
        "let them all back. Drag a name to move its axis."
    )


def _show_extremes(sweep: Sweep, done: list[Measured]) -> None:
    """The trainings with the lowest and the highest error, and their sample images."""
    ordered = sorted(done, key=lambda each: each.result.mse)
    extremes = [("Best", ordered[0]), ("Worst", ordered[-1])][: len(ordered)]
    for column, (word, each) in zip(st.columns(2), extremes, strict=False):
        result = each.result
        with column:
            st.markdown(f"**{word}: MSE {format_mse(result.mse)}**")
            st.caption(f"`{result.network}`, seed {result.seed}")
            images = sweep.sample_images(result.trial)
            if images is not None:
                show_png(images, "Validation images, and what the network makes of them")


def _show_table(sweep: Sweep) -> None:
    """Every training: its settings, its state, its figures, the best first."""
    rows = []
    for setting, trial in sweep.planned:
        result = sweep.results.get(trial)
        reason = sweep.failures.get(trial.id)
        state = "done" if result else "waits" if reason is None else f"failed: {reason}"
        rows.append(
            {
                **{title(name): value for name, value in setting.items()},
                "Seed": trial.seed,
                "MSE": result and result.mse,
                "PSNR, dB": result and result.psnr,
                "SSIM": result and result.ssim,
                "Latent size": setting.get("latent") or (result and result.latent_size),
                "Parameters": result and result.parameters,
                "Seconds": result and round(result.seconds),
                "State": state,
                "Network": trial.network,
            }
        )
    rows.sort(key=lambda row: (row["MSE"] is None, row["MSE"]))
    st.dataframe(
        rows,
        hide_index=True,
        width="stretch",
        column_config=number_columns(
            "Latent size", "Parameters", "Seconds", "MSE", "PSNR, dB", "SSIM"
        ),
    )


def _show_downloads(sweep: Sweep, name: str, answers: Sequence[str]) -> None:
    """The table and the report as files."""
    with st.container(horizontal=True):
        show_download(
            "Download the table",
            partial(table_text, sweep.results.values()),
            f"sweep-{name}.csv",
            mime="text/csv",
        )
        show_download(
            "Download the report",
            partial(sweep_report, sweep, answers),
            f"sweep-{name}.html",
            mime="text/html",
            icon=":material/description:",
        )
