"""The table of layers."""

import csv
import io

from cae_core.architecture.presets import HOMEWORK, PRESETS
from cae_core.architecture.report import analyze
from cae_ui.latent_size.layer_table import table_csv
from tests.app.finding import is_off, layer_rows, layer_table, text_of, verdict

IMPOSSIBLE = "conv8 pool conv12 pool8 pool8 conv16 | up conv3:sigmoid"


def test_every_layer_is_a_row_and_the_latent_is_marked(latent_page):
    page = latent_page()
    rows = layer_rows(page)
    assert [row[1] for row in rows] == [
        "conv8", "pool", "conv12", "pool", "conv16 ← latent", "up", "conv12", "up", "conv3:sigmoid"
    ]  # fmt: skip
    assert rows[4][2:5] == ["8x8x16", "1,024", "1,744"]
    assert layer_table(page).count('class="cae-row latent"') == 1


def test_the_address_sets_the_network_and_opens_all_formulas(latent_page):
    page = latent_page(arch="conv4 pool | up conv3:sigmoid", formulas="true")
    assert text_of(page) == "conv4 pool | up conv3:sigmoid"
    assert layer_table(page).count("<details open>") == 4
    page.toggle("formulas").set_value(False).run()
    assert "<details open>" not in layer_table(page)


def test_an_impossible_layer_is_shown_at_its_row_and_the_rest_stays(latent_page):
    page = latent_page(arch=IMPOSSIBLE)
    assert verdict(page) == "This network cannot be built yet"
    assert len(layer_rows(page)) == 8
    before, _, after = layer_table(page).partition('<div class="problem">')
    assert before.count("<details") == 5  # the second pool8 is the fifth layer
    assert after.partition("</div>")[0] in page.error.values[0]
    assert is_off(page, "Train this network")


def test_the_downloaded_table_has_a_line_for_every_layer():
    report = analyze(PRESETS[HOMEWORK].architecture)
    lines = list(csv.DictReader(io.StringIO(table_csv(report))))
    assert [line["layer"] for line in lines] == [row.token for row in report.rows]
    assert sum(int(line["parameters"]) for line in lines) == report.parameters
