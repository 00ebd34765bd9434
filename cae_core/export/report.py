"""A report on trainings as one HTML page: plots, figures, settings, seeds and images inside it.

The page needs no connection: plots are SVG, images are in the text, and it asks browsers to load
nothing from elsewhere.
"""

from __future__ import annotations

import base64
import html
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from cae_core.architecture.formulas import format_shape
from cae_core.architecture.report import analyze
from cae_core.data.registry import DATASETS
from cae_core.export.plots import Series, plot
from cae_core.export.templates import fill_template
from cae_core.formats import (
    counted,
    format_duration,
    format_mse,
    format_number,
    format_psnr,
    format_ssim,
)
from cae_core.training.config import (
    LOSS_TITLES,
    OPTIMIZER_TITLES,
    PRECISION_TITLES,
    SCHEDULE_TITLES,
)
from cae_core.training.history import AFTER_THE_EPOCH, MEAN_OF_THE_EPOCH, middles
from cae_core.training.runs import RunSummary


@dataclass(frozen=True)
class ReportedRun:
    """A training in a report.

    Attributes:
        title: Its name.
        summary: Its settings, losses and test figures.
        images: A PNG file with originals, inputs and outputs, row by row; empty for none.
    """

    title: str
    summary: RunSummary
    images: bytes = b""


@dataclass(frozen=True)
class Section:
    """A part of a report.

    Attributes:
        title: Its heading.
        paragraphs: Its sentences, each a paragraph; what stands between backticks is code.
        runs: The trainings that belong to it.
        plots: SVG elements, each with its caption.
        images: PNG files, each with its caption.
        table: Rows of cells, the first one the headings.
    """

    title: str
    paragraphs: Sequence[str] = ()
    runs: Sequence[ReportedRun] = field(default=())
    plots: Sequence[tuple[str, str]] = ()
    images: Sequence[tuple[bytes, str]] = ()
    table: Sequence[Sequence[str]] = ()


def html_report(
    title: str,
    sections: Sequence[Section],
    *,
    by: str = "",
    study: str = "",
    study_points: Mapping[str, tuple[float, float]] | None = None,
    study_dataset: str = "cifar10",
) -> str:
    """A report as an HTML page.

    Args:
        title: Its heading.
        sections: Its parts, in their order.
        by: The line under the heading: author, date.
        study: What a study of latent sizes found, as a sentence; code between backticks.
        study_points: Latent size and test MSE of the study's networks; None leaves the study out.
        study_dataset: Name of the data set that they were trained on.

    Example:
        >>> page = html_report("Homework", [Section("Exercise 1", ["1,024 numbers."])])
        >>> "<h2>Exercise 1</h2>" in page, "https://" in page
        (True, False)
    """
    runs = list({run.title: run for part in sections for run in part.runs}.values())
    values = {
        "title": html.escape(title),
        "by": html.escape(by),
        "sections": "\n".join(map(_section, sections)),
        "comparison": _comparison(runs),
        "losses": "".join(map(_losses, _comparable(runs))),
        "latent_sizes": _latent_sizes(runs, study_points or {}, study_dataset),
        "study": _words(study),
    }
    conditions = {"compared": len(runs) > 1, "sizes": study_points is not None}
    return fill_template("report.html", conditions, values)


def _section(part: Section) -> str:
    """A part as HTML."""
    words = "".join(f'<p class="words">{_words(each)}</p>' for each in part.paragraphs)
    shown = [_figure(drawn, caption) for drawn, caption in part.plots]
    shown += [_image(content, caption) for content, caption in part.images]
    if part.table:
        shown.append(f'<div class="wide">{_rows(part.table[0], part.table[1:])}</div>')
    shown += map(_run, part.runs)
    return f"<h2>{html.escape(part.title)}</h2>{words}{''.join(shown)}"


_LOSSES_CAPTION = (
    "The error on a logarithmic axis: the training's is a mean over every epoch and stands at its "
    "middle, the validation's is that after it"
)


def _words(text: str) -> str:
    """A text as HTML, what stands between backticks as code."""
    return re.sub("`([^`\n]+)`", r"<code>\1</code>", html.escape(text))


def _run(run: ReportedRun) -> str:
    """A training as HTML: losses, test figures, settings, images."""
    summary = run.summary
    history = summary.history
    epochs = [record.epoch for record in history]
    drawn = plot(
        [
            Series(MEAN_OF_THE_EPOCH, middles(epochs), [record.loss for record in history]),
            Series(AFTER_THE_EPOCH, epochs, [record.validation_loss for record in history]),
        ],
        "Epoch",
        summary.task.loss_title(summary.config.loss),
        whole_x=True,
    )
    test = summary.test
    figures = {
        "Test MSE": format_mse(test["mse"]),
        "Test MAE": format_mse(test["mae"]),
        "PSNR": format_psnr(test["psnr"]),
        "SSIM": format_ssim(test["ssim"]),
        "Test images": f"{test['images']:,}",
    }
    return (
        f"<h3>{html.escape(run.title)}</h3>"
        f"{_figure(drawn, _LOSSES_CAPTION)}"
        f"{_table(figures)}<h4>Settings</h4>{_table(_settings(summary))}{_images(run)}"
    )


def _settings(summary: RunSummary) -> dict[str, str]:
    """All that a training depends on."""
    report = analyze(summary.architecture)
    config = summary.config
    return {
        "Network": str(summary.architecture),
        "Input": format_shape(summary.architecture.input_shape),
        "Latent": f"{format_shape(report.latent_shape)} = {report.latent_size:,} numbers",
        "Parameters": f"{report.parameters:,}",
        "Task": summary.task.label,
        "Data": _title(summary.dataset),
        "Epochs": str(config.epochs),
        "Batch size": str(config.batch_size),
        "Learning rate": format_number(config.learning_rate),
        "Schedule": SCHEDULE_TITLES[config.schedule],
        "Optimiser": OPTIMIZER_TITLES[config.optimizer],
        "Loss": LOSS_TITLES[config.loss],
        "Precision": PRECISION_TITLES[config.precision],
        "Patience": "none" if config.patience is None else counted(config.patience, "epoch"),
        "Seed": str(config.seed),
        "Epochs trained": str(len(summary.history)),
        "Duration": format_duration(round(summary.seconds)),
    }


def _title(name: str) -> str:
    """A data set's title, or its name where the registry lacks it."""
    return DATASETS[name].title if name in DATASETS else name


def _comparison(runs: Sequence[ReportedRun]) -> str:
    """The trainings' main figures, a row each."""
    headings = ("Network", "Task", "Data", "Latent", "Epochs", "Seed", "Test MSE", "PSNR")
    rows = [
        (
            run.title,
            run.summary.task.label,
            _title(run.summary.dataset),
            f"{analyze(run.summary.architecture).latent_size:,}",
            str(len(run.summary.history)),
            str(run.summary.config.seed),
            format_mse(run.summary.test["mse"]),
            format_psnr(run.summary.test["psnr"]),
        )
        for run in runs
    ]
    return _rows(headings, rows)


def _rows(headings: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A table with headings."""
    head = "".join(f'<th scope="col">{html.escape(heading)}</th>' for heading in headings)
    body = "".join(
        f"<tr>{''.join(f'<td>{html.escape(cell)}</td>' for cell in row)}</tr>" for row in rows
    )
    return f"<table><tr>{head}</tr>{body}</table>"


def _comparable(runs: Sequence[ReportedRun]) -> list[list[ReportedRun]]:
    """Trainings by images, task and loss: others have other scales."""
    groups: dict[tuple[str, str, str], list[ReportedRun]] = {}
    for run in runs:
        summary = run.summary
        kind = (summary.dataset, str(summary.task), summary.config.loss)
        groups.setdefault(kind, []).append(run)
    return [group for group in groups.values() if len(group) > 1]


def _losses(group: Sequence[ReportedRun]) -> str:
    """The validation losses of trainings that can be compared, in one plot."""
    summary = group[0].summary
    title = summary.task.loss_title(summary.config.loss)
    drawn = plot([_validation(run) for run in group], "Epoch", title, whole_x=True)
    caption = f"Validation loss after every epoch: {_title(summary.dataset)}, {summary.task.label}"
    return _figure(drawn, caption)


def _validation(run: ReportedRun) -> Series:
    """The validation losses of a training."""
    history = run.summary.history
    return Series(
        run.title,
        [record.epoch for record in history],
        [record.validation_loss for record in history],
    )


def _latent_sizes(
    runs: Sequence[ReportedRun], study_points: Mapping[str, tuple[float, float]], dataset: str
) -> str:
    """Latent sizes against test errors: the study's networks, and those of the same images."""
    reconstructing = [run for run in runs if run.summary.task.name == "reconstruct"]
    known = Series(
        "Networks of the study",
        [size for size, _ in study_points.values()],
        [error for _, error in study_points.values()],
        is_line=False,
    )
    own = [
        Series(
            run.title,
            [analyze(run.summary.architecture).latent_size],
            [run.summary.test["mse"]],
            is_line=False,
        )
        for run in reconstructing
        if run.summary.dataset == dataset
    ]
    drawn = plot([known, *own], "Numbers in the latent", "Test MSE", log_x=True)
    caption = f"{_title(dataset)}: test error against the size of the latent, both logarithmic."
    if len(own) < len(reconstructing):
        caption += " Trainings on other images are left out: their errors are of other images."
    return _figure(drawn, caption)


def _table(lines: Mapping[str, str]) -> str:
    """Names and values as a table."""
    rows = "".join(
        f'<tr><th scope="row">{html.escape(name)}</th><td>{html.escape(value)}</td></tr>'
        for name, value in lines.items()
    )
    return f"<table>{rows}</table>"


def _images(run: ReportedRun) -> str:
    """The images of a training, inside the page."""
    if not run.images:
        return ""
    caption = f"Validation images of {run.title}: originals, inputs where they differ, outputs"
    return _image(run.images, caption)


def _image(png: bytes, caption: str) -> str:
    """A PNG file inside the page."""
    content = base64.b64encode(png).decode("ascii")
    text = html.escape(caption)
    return _figure(f'<img alt="{text}" src="data:image/png;base64,{content}">', caption)


def _figure(content: str, caption: str) -> str:
    """A plot or an image with its caption; nothing where there is nothing to show."""
    if not content:
        return ""
    return f"<figure>{content}<figcaption>{html.escape(caption)}</figcaption></figure>"
