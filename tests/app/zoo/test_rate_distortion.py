"""Latent size against test error."""

import dataclasses
import json

import pytest

from cae_core import zoo
from cae_core.architecture.notation import Architecture
from cae_core.architecture.report import analyze
from cae_core.data.registry import DATASETS
from cae_core.studies import latent_size, tables
from cae_core.studies.sweep import Result
from tests.app.finding import said


@pytest.mark.parametrize("dataset", ["cifar10", "fashion_mnist"])
def test_latent_size_is_drawn_against_error(zoo_page, dataset):
    page = zoo_page(**{"rate-data": DATASETS[dataset].title})
    assert not page.error
    (chart,) = page.get("plotly_chart")
    drawn = {line["name"]: line for line in json.loads(chart.proto.spec)["data"]}
    assert {*drawn["The zoo"]["customdata"]} <= {*zoo.names()}  # a click opens the card
    assert ("3,072 × 1,024 = 3.1 million weights" in said(page.caption)) == (dataset == "cifar10")
    assert "below the line, from *" in said(page.caption)
    assert ("PCA" in drawn) == tables.pca_path(dataset).exists()
    assert any(name.startswith("Sweep") for name in drawn) == (dataset == "cifar10")


def test_the_homeworks_question_is_answered_once_the_sweep_is_whole(
    zoo_page, monkeypatch, tmp_path
):
    table = tmp_path / "latent-size.csv"
    lines = [",".join(field.name for field in dataclasses.fields(Result))]
    for number, trial in enumerate(latent_size.latent_size_trials()):
        size = analyze(Architecture.parse(trial.network)).latent_size
        result = Result(**dataclasses.asdict(trial), latent_size=size, mse=1 / size + number * 1e-6)
        cells = map(str, dataclasses.astuple(result))
        lines.append(",".join(f'"{cell}"' for cell in cells))
    monkeypatch.setattr(tables, "FOLDER", tmp_path)
    table.write_text("\n".join(lines[:-1]) + "\n")
    page = zoo_page()
    assert "45 of 46 architectures of the sweep are trained so far" in said(page.caption)
    table.write_text("\n".join(lines) + "\n")
    page.run()
    (answer,) = [text for text in page.markdown.values if "Is latent size correlated" in text]
    assert "Over 46 architectures" in answer
    assert "of latent size and error is −0.9" in answer
    assert answer.endswith(":sigmoid`.")
