"""Number formats: where bfloat16 is used, and that it changes little."""

import numpy as np
import pytest

from cae_core.architecture.notation import Architecture
from cae_core.architecture.presets import get_preset
from cae_core.architecture.report import analyze
from cae_core.data.registry import load_dataset
from cae_core.errors import TrainingError
from cae_core.models import precision
from cae_core.models.builder import build, build_for_training
from cae_core.training.config import TrainConfig
from cae_core.training.loop import train
from tests.core.random_architectures import Flavour, random_architecture


@pytest.mark.parametrize(("preset", "wide"), [("homework", False), ("strided-bn", True)])
def test_wide_networks_are_told_from_narrow_ones(preset, wide):
    assert precision.is_wide(analyze(get_preset(preset).architecture)) is wide


def test_automatic_means_float32_where_the_processor_has_no_bfloat16(monkeypatch):
    wide = analyze(get_preset("strided-bn").architecture)
    monkeypatch.setattr(precision, "has_fast_bfloat16", lambda: False)
    assert precision.training_dtype(wide, "auto") == "float32"
    assert precision.training_dtype(wide, "bfloat16") == "mixed_bfloat16"
    monkeypatch.setattr(precision, "has_fast_bfloat16", lambda: True)
    assert precision.training_dtype(wide, "auto") == "mixed_bfloat16"
    assert precision.training_dtype(wide, "float32") == "float32"


@pytest.mark.parametrize("slow", ["sepconv64k5", "dwconv4", "dwconv3s2 up"])
def test_depthwise_convolutions_that_bfloat16_slows_down_stay_in_float32(monkeypatch, slow):
    monkeypatch.setattr(precision, "has_fast_bfloat16", lambda: True)
    wide = "conv64 conv64 dwconv3 sepconv64"
    for text, dtype in ((wide, "mixed_bfloat16"), (f"{wide} {slow}", "float32")):
        report = analyze(Architecture.parse(f"{text} | conv3"))
        assert precision.training_dtype(report, "auto") == dtype


def test_an_unknown_precision_is_refused():
    with pytest.raises(TrainingError, match=r"precision must be one of .*Received: .*float16"):
        TrainConfig(precision="float16")


def test_the_network_that_trains_normalises_batches_as_keras_does():
    architecture = Architecture.parse("8x8x3 conv4 bn flatten | dense6 bn dense192 reshape8x8x3")
    exact = build(architecture, seed=1)
    fast = build_for_training(architecture, seed=1, dtype="float32")
    fast.set_weights(exact.get_weights())
    images = np.random.default_rng(0).random((16, 8, 8, 3), dtype=np.float32)
    for training in (True, True, False):
        np.testing.assert_allclose(
            *(np.asarray(m(images, training=training)) for m in (exact, fast)), atol=1e-4
        )
    for before, after in zip(exact.get_weights(), fast.get_weights(), strict=True):
        np.testing.assert_allclose(before, after, atol=1e-5)


@pytest.mark.parametrize("seed", range(6))
def test_any_network_computes_nearly_the_same_in_bfloat16(seed):
    rng = np.random.default_rng(seed)
    architecture = random_architecture(seed, Flavour())
    exact = build(architecture, seed=1)
    fast = build_for_training(architecture, seed=1, dtype="mixed_bfloat16")
    fast.set_weights(exact.get_weights())
    images = rng.random((2, *architecture.input_shape), dtype=np.float32)
    outputs = [np.asarray(model.predict_on_batch(images)) for model in (exact, fast)]
    assert outputs[1].dtype == np.float32
    spread = np.abs(outputs[0]).max() + 1e-3
    assert np.abs(outputs[0] - outputs[1]).max() < 0.1 * spread


@pytest.mark.heavy
def test_a_training_in_bfloat16_ends_with_a_float32_network_as_good():
    data = load_dataset("photo_patches", limit=128)
    architecture = Architecture.parse("conv8 pool | up conv3:sigmoid")
    exact, fast = (
        train(
            architecture,
            data,
            config=TrainConfig(epochs=1, batch_size=32, precision=precision_name),
        )
        for precision_name in ("float32", "bfloat16")
    )
    assert {layer.compute_dtype for layer in fast.model.layers} == {"float32"}
    assert fast.test["mse"] == pytest.approx(exact.test["mse"], rel=0.05)
    assert fast.test["mse"] != exact.test["mse"]
