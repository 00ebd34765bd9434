"""``python -m cae_core compress`` and ``decompress``: an image file to a .cae file and back."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import cae_core as cae
from cae_core import cli
from cae_core.data.samples import sample_photograph
from cae_core.images.operations import to_uint8


@pytest.fixture
def photo(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    pixels = to_uint8(sample_photograph("coffee.png")[100:150, 100:190])
    Image.fromarray(pixels).save("photo.png")
    return pixels


def test_a_photo_becomes_a_small_file_and_a_photo_again(photo, capsys):
    assert cli.main(["compress", "photo.png", "--quality", "3"]) == 0
    said = capsys.readouterr().out
    content = Path("photo.cae").read_bytes()
    restored = cae.decompress(content)
    assert said == (
        f"saved in photo.cae: 90 × 50 pixels, {len(content):,} bytes, "
        f"{8 * len(content) / 4500:.3f} bits per pixel\n"
    )

    assert cli.main(["decompress", "photo.cae", "-o", "out/back.png"]) == 0
    assert "saved in out/back.png: 90 × 50 pixels from" in capsys.readouterr().out
    with Image.open("out/back.png") as image:
        np.testing.assert_array_equal(np.asarray(image), restored)


def test_what_the_file_does_not_keep_is_said(photo, capsys):
    exif = Image.Exif()
    exif[0x010F] = "Camera"
    clear = np.dstack([photo, np.full(photo.shape[:2], 200, np.uint8)])
    Image.fromarray(clear).save("clear.png", exif=exif, dpi=(300, 300))
    assert cli.main(["compress", "clear.png", "--quality", "1"]) == 0
    said = capsys.readouterr().out
    assert said.endswith(
        "\n  not kept: transparency (white lies below), EXIF metadata, resolution\n"
    )


def test_nothing_that_exists_is_written_over_without_force(photo, capsys):
    assert cli.main(["compress", "photo.png", "--model", "homework"]) == 0
    for arguments in (["compress", "photo.png"], ["decompress", "photo.cae"]):
        assert cli.main(arguments) == 2
        assert "that exists is not written over" in capsys.readouterr().err
    assert cli.main(["decompress", "photo.cae", "--force"]) == 0
    with Image.open("photo.png") as image:
        assert (np.asarray(image) != photo).any()


@pytest.mark.parametrize(
    ("arguments", "rule"),
    [
        (["compress", "missing.png"], "missing.png"),
        (["compress", "photo.png", "--quality", "99"], "A quality is a whole number"),
        (["compress", "photo.png", "--model", "judge-mnist"], "trained to give images back"),
        (["decompress", "missing.cae"], "a file that can be read"),
        (["decompress", "photo.png", "-o", "x.png"], "A compressed image is a .cae file"),
        (["decompress", "photo.png"], "A compressed image is a .cae file"),
        (["decompress", "photo.cae", "-o", "."], "Write photo.png."),
        (["compress", "photo.png", "-o", "photo.png/x.cae"], "A compressed image is saved where"),
        (["decompress", "photo.cae", "-o", "x.jpg"], "saved as PNG"),
    ],
)
def test_mistakes_are_one_line(arguments, rule, photo, capsys):
    assert cli.main(arguments) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert rule in line
