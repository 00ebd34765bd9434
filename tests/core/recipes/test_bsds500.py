"""BSDS500 for recipes: nothing of the benchmark is among what is trained and validated on."""

import numpy as np
import pytest
from PIL import Image

from cae_core.recipes.bsds500 import read_photographs, training_paths, validation_paths


@pytest.fixture
def bsds(tmp_path):
    for number, part in enumerate(("train", "test", "val")):
        (tmp_path / part).mkdir()
        for name in ("b", "a"):
            grey = Image.new("RGB", (4, 3), (40 * number,) * 3)
            grey.save(tmp_path / part / f"{part}-{name}.jpg", quality=100)
    (tmp_path / "cbsd68.txt").write_text("val/val-a.jpg\n")
    return tmp_path


def test_photographs_of_the_benchmark_are_left_out(bsds):
    assert [path.stem for path in validation_paths(bsds)] == ["val-b"]
    names = ["train-a", "train-b", "test-a", "test-b"]
    assert [path.stem for path in training_paths(bsds)] == names


def test_photographs_are_read_as_bytes(bsds):
    (photo,) = read_photographs(validation_paths(bsds))
    np.testing.assert_array_equal(photo, np.full((3, 4, 3), 80, np.uint8))
