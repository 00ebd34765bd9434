"""A report on trainings: it holds their figures, and needs nothing from elsewhere."""

import base64
import re
from html.parser import HTMLParser

import pytest

from cae_core.architecture.notation import Architecture
from cae_core.export.report import ReportedRun, Section, html_report
from cae_core.formats import format_mse
from cae_core.training.config import TrainConfig
from cae_core.training.progress import EpochRecord
from cae_core.training.runs import RunSummary
from cae_core.training.tasks import Reconstruct

TEST = {"mse": 0.0123456, "mae": 0.081, "psnr": 19.08, "ssim": 0.571, "images": 80}
PNG = b"\x89PNG\r\n\x1a\n and so on"


def run_of(text, title, *losses, seed=7, dataset="cifar10"):
    return ReportedRun(
        title,
        RunSummary(
            architecture=Architecture.parse(text),
            task=Reconstruct(),
            config=TrainConfig(epochs=len(losses), seed=seed),
            dataset=dataset,
            history=tuple(EpochRecord(n, x, 1.1 * x, 2.0) for n, x in enumerate(losses, 1)),
            test=TEST,
            seconds=12.4,
            stopped=False,
        ),
        PNG,
    )


class Page(HTMLParser):
    """The elements of a page, and whether each is closed."""

    VOID = ("meta", "img")

    def __init__(self, text):
        super().__init__()
        self.open, self.elements, self.text = [], [], ""
        self.feed(text)
        self.close()

    def handle_starttag(self, tag, attributes):
        self.elements.append((tag, dict(attributes)))
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attributes):
        self.elements.append((tag, dict(attributes)))

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.text += data

    def all(self, tag):
        return [attributes for found, attributes in self.elements if found == tag]


def report():
    small = run_of("conv4 pool | up conv3:sigmoid", "4 channels <b>", 0.02, 0.012)
    wide = run_of("conv8 pool | up conv3:sigmoid", "8 channels", 0.01, 0.006, seed=3)
    return html_report(
        "Homework",
        [Section("Exercise 2", ["I guessed 4 & lost.", "Two\nlines."], [small, wide])],
        by="A. Student",
        study="Larger is better.",
        study_points={"conv1": (64, 0.014), "conv64": (4096, 0.002)},
    )


def test_a_report_has_the_figures_settings_and_seeds_of_every_run():
    page = Page(report())
    assert page.open == []
    for text in (
        "A. Student",
        "I guessed 4 & lost.",
        format_mse(TEST["mse"]),
        "19.08 dB",
        "conv4 pool | up conv3:sigmoid",
        "16x16x4 = 1,024 numbers",
        "CIFAR-10",
        "Learning rate",
        "Larger is better.",
        "4 channels <b>",
    ):
        assert text in page.text
    cells = re.findall(r"<th[^>]*>Seed</th><td>(\d+)</td>", report())
    assert cells == ["7", "3"]


def test_settings_have_the_names_that_the_trainer_has():
    cells = dict(re.findall(r'<th scope="row">([^<]+)</th><td>([^<]+)</td>', report()))
    assert cells["Optimiser"] == "Adam"
    assert cells["Loss"] == "Mean squared error"
    assert cells["Schedule"] == "Cosine"
    assert cells["Precision"] == "Automatic"
    assert cells["Learning rate"] == "0.004"
    assert cells["Duration"] == "12 s"


def test_a_network_in_a_sentence_is_code_and_all_else_is_text():
    page = html_report("Mine", [], study="`conv8 | conv3` & <b>", study_points={"a": (1, 0.1)})
    assert "<p><code>conv8 | conv3</code> &amp; &lt;b&gt;</p>" in page


def test_plots_and_images_are_inside_the_page():
    page = Page(report())
    labels = [attributes["aria-label"] for attributes in page.all("svg")]
    assert len(labels) == 4  # of each run, of all, of the sizes
    assert labels[0].startswith(
        "Mean squared error against Epoch. Training, mean of the epoch: 2 points from 0.02"
    )
    assert "Networks of the study: 2 points" in labels[3]
    sources = [attributes["src"] for attributes in page.all("img")]
    assert [base64.b64decode(source.partition(",")[2]) for source in sources] == [PNG, PNG]


def test_a_training_error_is_drawn_at_the_middle_of_its_epoch():
    page = Page(html_report("Mine", [Section("Run", (), [run_of("conv4 | conv3", "a", 0.2, 0.1)])]))
    first, second, third, fourth = (float(each["cx"]) for each in page.all("circle"))
    assert (first + second) / 2 == pytest.approx(third, abs=0.1)  # at 0.5, 1.5 and 1, 2
    assert second - first == pytest.approx(fourth - third, abs=0.2)
    assert "is a mean over every epoch and stands at its middle" in page.text


def test_only_trainings_on_the_studys_images_are_drawn_into_it():
    runs = [
        run_of("conv4 pool | up conv3:sigmoid", "on the study's images", 0.02),
        run_of("conv8 pool | up conv3:sigmoid", "on other images", 0.01, dataset="photo_patches"),
    ]
    study = {"conv1": (64, 0.014)}
    page = Page(html_report("Mine", [Section("Runs", (), runs)], study_points=study))
    *_, sizes = (attributes["aria-label"] for attributes in page.all("svg"))
    assert "on the study's images: 1 point from" in sizes
    assert "on other images" not in sizes
    assert "CIFAR-10: test error against the size of the latent" in page.text
    assert "Trainings on other images are left out" in page.text
    page = Page(html_report("Mine", [Section("Runs", (), runs[:1])], study_points=study))
    assert "left out" not in page.text


def test_a_report_loads_nothing_from_elsewhere():
    page = Page(report())
    addresses = [
        value
        for _, attributes in page.elements
        for name, value in attributes.items()
        if name in ("src", "href", "srcset", "data", "action", "poster")
    ]
    assert addresses
    assert all(address.startswith("data:") for address in addresses)
    assert not re.search(r"url\(|@import|<script", report())
    (policy,) = [x["content"] for x in page.all("meta") if "http-equiv" in x]
    assert policy.startswith("default-src 'none'")


def test_one_run_is_compared_with_no_other_and_no_study_is_left_out():
    page = html_report("Mine", [Section("Run", (), [run_of("conv4 | conv3", "a", 0.1)])])
    assert "compared" not in page
    assert "Latent size and error" not in page
