"""The lesson of the page Colorize: its table of figures."""

import json

from streamlit.testing.v1 import AppTest


def lesson():
    """A script that shows the lesson alone."""
    from cae_ui.colorize.lesson import show_lesson

    show_lesson()


def test_the_table_names_its_data_and_has_the_decimals_that_figures_have_everywhere():
    (table,) = AppTest.from_function(lesson, default_timeout=300).run().dataframe
    assert "CIFAR-10 test" in set(table.value["Test set"])
    assert not [name for name in table.value["Test set"] if name.startswith("cifar10")]
    formats = {
        heading: column["type_config"]["format"]
        for heading, column in json.loads(table.proto.columns).items()
        if "type_config" in column
    }
    assert formats == {
        "PSNR, dB": "%.2f",
        "SSIM": "%.3f",
        "CIEDE2000": "%.2f",
        "Colourfulness": "%.2f",
    }
