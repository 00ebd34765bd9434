"""A sweep as one file to take along: answers, charts, best and worst, every training."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

from cae_core.export.plots import Series, plot
from cae_core.export.report import Section, html_report
from cae_core.formats import counted, format_mse, format_psnr, format_ssim
from cae_core.jobs.sweeps import Sweep
from cae_core.studies.effects import effect_sentences, effects, measured
from cae_core.studies.plan import setting_text
from cae_ui.common.wording import dataset_title
from cae_ui.sweep.charts import STUDY_FACTOR


def sweep_report(sweep: Sweep, answers: Sequence[str]) -> str:
    """The report as a page.

    Args:
        sweep: A sweep with one result at least.
        answers: What it says.
    """
    done = sorted(measured(sweep.planned, sweep.results), key=lambda each: each.result.mse)
    best, worst = done[0].result, done[-1].result
    results = [result for _, result in done]
    sizes, errors = [each.latent_size for each in results], [each.mse for each in results]
    drawn = plot(
        [Series("Trainings", sizes, errors, is_line=False)],
        "Numbers in the latent",
        "Test MSE",
        log_x=True,
    )
    said = [
        f"{counted(len(done), 'training')} on {dataset_title(best.dataset)}, "
        f"{counted(best.epochs, 'epoch')} each.",
        *answers,
    ]
    if STUDY_FACTOR not in done[0].setting:
        said += effect_sentences(effects(done))
    images = [
        (content, f"{word}: MSE {format_mse(result.mse)}, {result.network}, seed {result.seed}")
        for word, result in (("Best", best), ("Worst", worst))
        if (content := sweep.sample_images(result.trial)) is not None
    ]
    headings = ("Setting", "Seed", "Test MSE", "PSNR", "SSIM", "Latent", "Parameters", "Network")
    rows = [
        (
            setting_text(setting),
            str(result.seed),
            format_mse(result.mse),
            format_psnr(result.psnr),
            format_ssim(result.ssim),
            f"{result.latent_size:,}",
            f"{result.parameters:,}",
            result.network,
        )
        for setting, result in done
    ]
    sections = [
        Section("What it says", said, plots=[(drawn, "Latent size and error, both logarithmic")]),
        *([Section("Best and worst", images=images)] if images else []),
        Section("Every training, the best first", table=[headings, *rows]),
    ]
    failed = [
        f"{setting_text(setting)}, seed {trial.seed}: {sweep.failures[trial.id]}"
        for setting, trial in sweep.planned
        if trial.id in sweep.failures
    ]
    left_out = [f"{setting_text(setting)}: {reason}" for setting, reason in sweep.misfits]
    for heading, lines in (("Failed", failed), ("Left out: they do not fit", left_out)):
        if lines:
            sections.append(Section(heading, lines))
    return html_report("Sweep", sections, by=f"{datetime.now(UTC):%Y-%m-%d}")
