"""The report: guesses, trainings and the study of latent sizes as one file to take along."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Sequence
from datetime import UTC, datetime

import streamlit as st

from cae_core.architecture.notation import Architecture
from cae_core.architecture.report import analyze
from cae_core.errors import RunError
from cae_core.export.report import ReportedRun, Section, html_report
from cae_core.formats import format_bytes
from cae_core.jobs.job import RUN, JobStatus
from cae_core.studies.latent_size import latent_size_answer
from cae_core.studies.sweep import read_table
from cae_core.studies.tables import LATENT_SIZE, table_path
from cae_core.training.runs import SAMPLES_IMAGE, RunSummary
from cae_ui.common.file_names import words
from cae_ui.common.resources import visible_jobs
from cae_ui.common.run_labels import run_labels
from cae_ui.homework.exercises import HOMEWORK_TEXT
from cae_ui.homework.guesses import (
    ALL_PAIRS,
    GUESS,
    PSNR_GUESS,
    STRIDE_GUESS,
    bet_name,
    guessed,
)
from cae_ui.homework.latent import latent_reason
from cae_ui.homework.trained import first_training, measured, outcome, pair_summaries

_MADE, _MADE_BY = "report-made", "report-made-by"


def show_report() -> None:
    """The choice of the report's contents, the button that makes it, and its download."""
    runs = _finished_runs()
    author = _kept_text(st.text_input, "Your name", 100, "report-author")
    words = _kept_text(
        st.text_area,
        "Your own words: what you tried, what you saw, what you would improve",
        10_000,
        "report-words",
    )
    labels = run_labels(runs.values())
    chosen = st.multiselect(
        "Trainings",
        list(runs),
        default=list(runs),
        format_func=labels.__getitem__,
        placeholder="None yet: do exercises 1, 2.2 and 3 first",
        key=f"report-runs-{next(iter(runs), '')}",  # a new training begins a new choice
    )
    sections = [Section("In my own words", [words])] if words.strip() else []
    sections += _guesses([runs[job_id] for job_id in chosen])
    # A press carries along what was typed just before it; a download alone would not.
    if st.button("Make the report", type="primary", icon=":material/description:"):
        st.session_state[_MADE_BY] = author
        st.session_state[_MADE] = _report(
            author, sections, {labels[job_id]: runs[job_id] for job_id in chosen}
        )
    made = st.session_state.get(_MADE)
    if made is not None:
        st.download_button(
            "Download the report",
            made,
            file_name(st.session_state[_MADE_BY]),
            mime="text/html",
            icon=":material/download:",
            on_click="ignore",
        )
        st.caption(f"As it was at the last press: {format_bytes(len(made.encode()))}.")


def file_name(author: str) -> str:
    """The name of the report's file.

    Example:
        >>> file_name("Ada L."), file_name("")
        ('homework-report-ada-l.html', 'homework-report.html')
    """
    return f"{words('homework report', author)}.html"


def _kept_text(field: Callable[..., str], label: str, max_chars: int, key: str) -> str:
    """A text field that keeps its text while another exercise is open."""
    kept = f"{key}-kept"
    st.session_state.setdefault(key, st.session_state.get(kept, ""))
    st.session_state[kept] = field(label, max_chars=max_chars, key=key)
    return str(st.session_state[kept])


def _finished_runs() -> dict[str, JobStatus]:
    """The visitor's trainings that have a run, by id, the newest first."""
    return {status.id: status for status in visible_jobs() if status.run_folder is not None}


def _report(author: str, sections: list[Section], runs: dict[str, JobStatus]) -> str:
    """The report as a page.

    Args:
        author: The visitor's name, or nothing.
        sections: What was guessed and found.
        runs: The trainings by title; one that was deleted meanwhile is left out.
    """
    reported = []
    for title, status in runs.items():
        with contextlib.suppress(RunError):
            reported.append(_reported(title, status))
    study = read_table(table_path(LATENT_SIZE))
    answer = latent_size_answer(tuple(study))
    return html_report(
        "Convolutional autoencoders: my homework",
        [*sections, *([Section("The trainings", (), reported)] if reported else [])],
        by=", ".join(filter(None, (author.strip(), f"{datetime.now(UTC):%Y-%m-%d}"))),
        study="" if answer is None else answer.sentence,
        study_points={result.network: (result.latent_size, result.mse) for result in study},
    )


def _reported(title: str, status: JobStatus) -> ReportedRun:
    """A training for the report."""
    folder, images = status.folder / RUN, b""
    with contextlib.suppress(OSError):  # the least of its files
        images = (folder / SAMPLES_IMAGE).read_bytes()
    return ReportedRun(title, RunSummary.load(folder), images)


def _guesses(runs: Sequence[JobStatus]) -> list[Section]:
    """The guesses in each exercise, and the answers.

    Args:
        runs: The trainings in the report.
    """
    sections = []
    said = []
    if (guess := guessed(PSNR_GUESS)) is not None:
        said.append(f"I guessed a PSNR of {guess:.1f} dB.")
    first = first_training()
    if first is not None and first.id in {status.id for status in runs}:
        with contextlib.suppress(RunError):
            said.append(_unmarked(measured(RunSummary.load(first.folder / RUN))))
    if said:
        sections.append(Section("Exercise 1", said))
    if (guess := guessed(GUESS)) is not None:
        size = analyze(Architecture.parse(HOMEWORK_TEXT)).latent_size
        said = [f"I guessed {guess:,} numbers in the latent: {latent_reason(size)}"]
        if (stride_guess := guessed(STRIDE_GUESS)) is not None:
            said.append(f"With a stride of 2 in front I guessed {stride_guess}.")
        sections.append(Section("Exercise 2.1", said))
    for name, pair in ALL_PAIRS.items():
        found = pair_summaries(name, pair)
        if len(found) < len(pair.sides):
            continue
        exercise = "Exercise 3" if name == "colour" else "Exercise 2.2"
        bet = guessed(bet_name(name))
        said = [_unmarked(outcome(found, bet))]
        sections.append(Section(f"{exercise}: {pair.title}", said))
    return sections


def _unmarked(text: str) -> str:
    """A sentence without Markdown's marks."""
    return text.replace("**", "")
