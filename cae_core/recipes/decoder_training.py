"""Training of the decoder of `cae_core.models.imagenet_colorizer` on cached features.

Importing this module imports Keras.
"""

from __future__ import annotations

from pathlib import Path

import keras
import numpy as np
from keras import ops

from cae_core.models.imagenet_colorizer import parts
from cae_core.recipes.colorizer_training import AbLoss, ab_weights
from cae_core.recipes.feature_cache import FeatureBatches, FeatureCache, batch_of
from cae_core.recipes.optimizers import ConvolutionMuon
from cae_core.recipes.time_budget import CHECKPOINT, SessionHistory
from cae_core.training.callbacks import Checkpoint

BATCH_SIZE, PLACES = 64, 128
STEPS_PER_EPOCH, EPOCHS = 150, 6
PEAK, WARMUP_STEPS, WEIGHT_DECAY, AVERAGING = 2e-3, 200, 1.0, 0.995
# There are few photographs: with less of it, or more epochs, their colours are learnt by heart.
DROPOUT = 0.4
# Exponent of the weights of rare colours: with more, colours as vivid are wrong more often.
REBALANCING = 0.2


def train_decoder(
    colorizer: keras.Model,
    cache: FeatureCache,
    validation: FeatureCache,
    folder: Path,
    *,
    epochs: int = EPOCHS,
    steps: int = STEPS_PER_EPOCH,
    seed: int = 0,
) -> None:
    """Trains the decoder, from the folder's checkpoint where there is one.

    Args:
        colorizer: The network, its encoder trained.
        cache: Squares to train on.
        validation: Squares to validate on.
        folder: Folder of weights, history and checkpoint; after every epoch they are written.
        epochs: Number of epochs.
        steps: Batches of an epoch.
        seed: Of order and places.
    """
    _, trunk, tail = parts(colorizer)
    features = [keras.Input(part.shape[1:], dtype="float16") for part in cache.features]
    places, ab = keras.Input((None,), dtype="int32"), keras.Input((None, 2))
    seen = trunk([ops.cast(feature, "float32") for feature in features])
    seen = ops.reshape(seen, (-1, cache.ab.shape[1] * cache.ab.shape[2], seen.shape[-1]))
    seen = ops.take_along_axis(seen, places[..., np.newaxis], axis=1)
    loss = AbLoss(ab_weights(cache.ab.astype(np.float32), REBALANCING))
    logits = ops.cast(tail(seen), "float32")
    trainer = keras.Model([*features, places, ab], loss([logits, ab]))
    rate = keras.optimizers.schedules.CosineDecay(
        0.0,
        decay_steps=max(epochs * steps - WARMUP_STEPS, 1),
        warmup_target=PEAK,
        warmup_steps=WARMUP_STEPS,
    )
    optimizer = ConvolutionMuon(
        rate,
        exclude_layers=["tail"],
        adam_lr_ratio=0.5,
        weight_decay=WEIGHT_DECAY,
        adam_weight_decay=None,
        use_ema=True,
        ema_momentum=AVERAGING,
    )
    trainer.compile(optimizer, loss=lambda unused, error: ops.mean(error))
    checkpoint = Checkpoint(folder / CHECKPOINT)
    done = checkpoint.restore(trainer) // steps
    inputs = batch_of(
        validation, np.arange(len(validation.ab)), PLACES, np.random.default_rng(seed)
    )

    def measure(logs: dict[str, float]) -> dict[str, float]:
        losses = trainer.predict(inputs, batch_size=BATCH_SIZE, verbose=0)
        return {"loss": round(logs["loss"], 4), "validation": round(float(losses.mean()), 4)}

    history = SessionHistory(
        colorizer,
        folder,
        counted="squares",
        per_epoch=steps * BATCH_SIZE,
        measure=measure,
        score=lambda row: row["squares"],  # the last are kept
    )
    trainer.fit(
        FeatureBatches(cache, BATCH_SIZE, PLACES, seed=seed + done, steps=steps),
        initial_epoch=done,
        epochs=epochs,
        verbose=0,
        callbacks=[
            checkpoint,  # before the averaged weights take the model's place
            keras.callbacks.SwapEMAWeights(swap_on_epoch=True),
            history,
        ],
    )
