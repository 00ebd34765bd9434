"""``python -m cae_core colorize``: files and folders in, colour image files out."""

import re

import numpy as np
import pytest
from PIL import Image
from skimage.color import rgb2lab

from cae_core import cli
from cae_core.data.samples import sample_photograph
from cae_core.images.operations import to_uint8


@pytest.fixture
def cat(tmp_path, monkeypatch):
    """A grey image in a folder of its own, 64 x 48 pixels."""
    monkeypatch.chdir(tmp_path)
    grey = sample_photograph("chelsea.png")[100:148, 100:164].mean(axis=2)
    Image.fromarray(to_uint8(grey)).save("cat.png")
    return tmp_path / "cat.png"


def test_a_grey_image_is_saved_in_colour_beside_itself(cat, capsys):
    assert cli.main(["colorize", "cat.png"]) == 0
    said = capsys.readouterr().out
    assert re.fullmatch(r"saved in cat-colorized\.png: 64 × 48 pixels, [\d.]+ s\n", said)
    with Image.open("cat-colorized.png") as saved, Image.open(cat) as original:
        colour, grey = np.asarray(saved), np.dstack([np.asarray(original)] * 3)
    assert np.ptp(colour.astype(int), axis=2).mean() > 1
    np.testing.assert_allclose(rgb2lab(colour)[..., 0], rgb2lab(grey)[..., 0], atol=0.6)


def test_a_folder_is_colorized_without_what_was_saved_before(cat, capsys):
    assert cli.main(["colorize", ".", "--saturation", "0.5"]) == 0
    assert cli.main(["colorize", "."]) == 2
    assert "is not written over. Received: cat-colorized.png" in capsys.readouterr().err
    assert cli.main(["colorize", ".", "--force", "--temperature", "0.1"]) == 0
    assert sorted(path.name for path in cat.parent.iterdir()) == ["cat-colorized.png", "cat.png"]


@pytest.mark.parametrize(
    ("options", "saved", "kind"),
    [
        (["--out", "colour.tiff"], "colour.tiff", "TIFF"),
        (["--format", "jpeg"], "cat-colorized.jpg", "JPEG"),
    ],
)
def test_a_file_has_the_format_that_its_name_or_the_option_says(cat, options, saved, kind):
    assert cli.main(["colorize", "cat.png", *options]) == 0
    with Image.open(saved) as image:
        assert (image.format, image.mode) == (kind, "RGB")


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        (["--temperature", "0"], "above 0 and at most 1. Received: 0.0"),
        (["--saturation", "9"], "from 0 to 4. Received: 9.0"),
        (["--model", "skip-0.3"], "learnt to colorize. Received: skip-0.3"),
        (["--model", "bogus"], "Received: 'bogus'"),
        (["--out", "cat.bmp"], "A colorized image is saved as PNG, JPEG or TIFF"),
    ],
)
def test_a_mistake_is_one_line_and_nothing_is_saved(cat, capsys, options, sentence):
    assert cli.main(["colorize", "cat.png", *options]) == 2
    complaint = capsys.readouterr().err
    assert sentence in complaint
    assert complaint.count("\n") == 1
    assert [path.name for path in cat.parent.iterdir()] == ["cat.png"]
