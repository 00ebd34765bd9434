"""The linear bound: exact on linear data, never beaten by a linear network, as published."""

import numpy as np
import pytest

from cae_core.data import registry
from cae_core.data.dataset import Dataset
from cae_core.errors import RecordError
from cae_core.studies.pca import load_pca_line, pca_test_errors, save_pca_line


def test_images_made_of_two_patterns_need_two_components():
    random = np.random.default_rng(0)
    patterns = random.integers(0, 60, (2, 6, 6, 1))
    weights = random.random((300, 2, 1, 1, 1))
    images = np.round((weights * patterns).sum(axis=1)).astype(np.uint8)
    errors = pca_test_errors(Dataset("two", images[:200], images[200:250], images[250:]))
    assert errors[1] > 20 * errors[2]
    assert errors[2] < 1e-5  # what rounding to uint8 leaves


def test_the_error_falls_with_every_component_to_nothing():
    random = np.random.default_rng(1)
    images = random.integers(0, 256, (400, 4, 4, 1), np.uint8)
    errors = list(pca_test_errors(Dataset("x", images[:300], images[300:], images[300:])).values())
    assert errors == sorted(errors, reverse=True)
    assert errors[-1] == pytest.approx(0, abs=1e-6)


def test_a_line_is_the_same_after_it_was_written(tmp_path, monkeypatch):
    path = tmp_path / "pca.json"
    assert load_pca_line(path) is None
    images = np.random.default_rng(2).integers(0, 256, (12, 4, 4, 3), np.uint8)
    data = Dataset("mine", images[:8], images[8:10], images[10:])
    monkeypatch.setattr(registry, "load_dataset", {"mine": data}.get)
    save_pca_line("mine", str(path))
    assert load_pca_line(path) == pca_test_errors(data)


@pytest.mark.parametrize(
    "text", ["{}", '{"0": 0.1}', '{"1": 0.0}', '{"1": 0.1, "2": -0.1}', '{"1": 1e308}']
)
def test_a_line_that_no_images_have_is_refused(tmp_path, text):
    path = tmp_path / "pca.json"
    path.write_text(text)
    with pytest.raises(RecordError, match=r"pca\.json holds no errors"):
        load_pca_line(path)


@pytest.mark.heavy
def test_mnist_has_its_known_spectrum(whole_data):
    errors = pca_test_errors(registry.load_dataset("mnist"))
    # 784 numbers: half of the components keep nearly everything, 49 keep most.
    assert errors[49] < 0.013
    assert errors[512] < 1e-4
