"""Autoencoders with less error than PCA: a strategy that starts at PCA and trains by the clock.

The start is that of `cae_core.recipes.pca_start`. Training runs as one compiled JAX program per
epoch, with the images in the device's memory, which needs a GPU to be fast. Importing this module
imports neither Keras nor JAX; training does.
"""

from __future__ import annotations

import math
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from cae_core.architecture.layers import Conv
from cae_core.architecture.notation import Architecture
from cae_core.errors import TrainingError
from cae_core.files import write_arrays
from cae_core.recipes.pca_start import start_at_pca, start_scale
from cae_core.recipes.strategies import Strategy, Trained, Training
from cae_core.training.progress import EpochRecord

if TYPE_CHECKING:
    import keras

WARM_UP = 0.02  # part of the time


@dataclass(frozen=True)
class BelowPca(Strategy):
    """Starts at the principal components and trains with Muon and Adam until the time is over.

    Run again after an interruption, it starts at the best weights so far. Source of Muon: Jordan
    et al., 2024, as `cae_core.recipes.optimizers` applies it to convolutions.

    Attributes:
        linear_rate: The highest learning rate of pca and unpca; the settings' own is that of the
            convolutions.
        minutes: Time budget, compilation excluded.
    """

    linear_rate: float
    minutes: float = 2.0

    def train(self, training: Training) -> Sequence[Trained]:
        """See `Strategy.train`."""
        import keras

        if keras.backend.backend() != "jax":
            raise TrainingError(
                "This recipe trains with JAX. "
                f"Received: the Keras backend {keras.backend.backend()}. Install "
                "requirements-train.txt and set KERAS_BACKEND=jax."
            )
        return [_train(training, self.linear_rate, self.minutes * 60)]

    def __str__(self) -> str:
        return (
            "Started at the principal components of the training images and their mirror images; "
            f"Muon for the inner convolutions, Adam for the rest, {self.linear_rate:g} for pca and "
            "unpca; mirrored and shifted images; the rate falls along a cosine with the time."
        )


@dataclass(frozen=True)
class _Phase:
    """A trained network and its history."""

    model: keras.Model
    history: tuple[EpochRecord, ...]


def _orthogonal(matrix: Any) -> Any:
    """The nearest orthogonal matrix, approximately, by five Newton-Schulz steps (Muon)."""
    import jax.numpy as jnp

    is_tall = matrix.shape[0] > matrix.shape[1]
    x = matrix.T if is_tall else matrix
    x = (x / (jnp.linalg.norm(x) + 1e-12)).astype(jnp.bfloat16)
    for _ in range(5):
        square = x @ x.T
        x = 3.4445 * x + (-4.7750 * square + 2.0315 * (square @ square)) @ x
    return (x.T if is_tall else x).astype(jnp.float32)


class _Trainer:
    """Compiled functions of one network: an epoch, and the error of images.

    Args:
        model: The network in float32, which is measured.
        fast: The same one as it trains.
        architecture: Its layers.
        batch: Images per step.
        linear_rate: Learning rate of pca and unpca, over that of the convolutions.
    """

    def __init__(
        self,
        model: keras.Model,
        fast: keras.Model,
        architecture: Architecture,
        batch: int,
        linear_rate: float,
    ) -> None:
        import jax

        self.model, self.fast, self.batch = model, fast, batch
        names = [variable.path for variable in model.trainable_variables]
        shapes = [tuple(variable.shape) for variable in model.trainable_variables]
        tails = {
            layer.keras_name(index)
            for index, layer in enumerate(architecture.layers, start=1)
            if isinstance(layer, Conv) and start_scale(architecture, index) == 0
        }
        # The convolutions that start at zero write into the image: a fifth of the rate.
        self.factors = [
            linear_rate if "pca/" in name else 0.2 if name.split("/")[-2] in tails else 1.0
            for name in names
        ]
        self.decays = [0.02 * (len(shape) == 4) for shape in shapes]
        inner = [i for i, shape in enumerate(shapes) if len(shape) == 4 and min(shape[2:]) >= 48]
        by_shape = {shapes[i]: [j for j in inner if shapes[j] == shapes[i]] for i in inner}
        self.muon = list(by_shape.values())
        kernels = ("_pca/kernel", "_pca/even_kernel")
        self.kernel = next(i for i, name in enumerate(names) if name.endswith(kernels))
        self.bias = next(i for i, name in enumerate(names) if name.endswith("_pca/bias"))
        self.epoch = jax.jit(self._epoch, donate_argnums=0)
        self._block_error = jax.jit(self._error)

    def error(self, weights: Sequence[Any], images: Any) -> float:
        """Mean squared error of uint8 images, outputs clipped to [0, 1]."""
        blocks = [images[start : start + 1_000] for start in range(0, len(images), 1_000)]
        errors = [float(self._block_error(weights, block)) for block in blocks]
        return float(np.average(errors, weights=[len(block) for block in blocks]))

    def _error(self, weights: Sequence[Any], images: Any) -> Any:
        scaled = images.astype("float32") / 255
        output, _ = self.model.stateless_call(weights, [], scaled, training=False)
        return ((output.clip(0, 1) - scaled) ** 2).mean()

    def _augmented(self, images: Any, key: Any, shifts: Any) -> Any:
        """Half of the images mirrored, half of them shifted by up to 2 pixels, edges mirrored."""
        import jax
        import jax.numpy as jnp

        count, height, width, _ = images.shape
        keys = jax.random.split(key, 3)
        moved = jax.random.bernoulli(keys[0], 0.5, (count, 1)) & shifts
        offsets = jax.random.randint(keys[1], (2, count, 1), -2, 3) * moved
        rows, columns = (
            side - 1 - jnp.abs(side - 1 - jnp.abs(jnp.arange(side) + offset))
            for side, offset in zip((height, width), offsets, strict=True)
        )
        flipped = jax.random.bernoulli(keys[2], 0.5, (count, 1))
        columns = jnp.where(flipped, width - 1 - columns, columns)
        at = jnp.arange(count)[:, None, None]
        return images[at, rows[:, :, None], columns[:, None, :]]

    def _epoch(
        self, state: Any, images: Any, key: Any, rates: Any, shifts: Any, line: Any, mean: Any
    ) -> Any:
        """One pass over the images; the learning rate goes from one value to another.

        `state` is the weights, first and second moments, and steps so far; `line` is PCA's error,
        which makes the losses of all latent sizes alike; `mean` is as `start_at_pca` returns it.
        """
        import jax
        import jax.numpy as jnp

        def loss(weights: Any, batch: Any) -> Any:
            output, _ = self.fast.stateless_call(weights, [], batch, training=True)
            # The gradient goes straight through the clipping.
            output = output + jax.lax.stop_gradient(jnp.clip(output, 0, 1) - output)
            error = jnp.mean((output - batch) ** 2)
            return error / line, error

        def step(state: Any, now: Any) -> Any:
            chosen, key, rate = now
            batch = images[chosen]
            batch = self._augmented(batch, key, shifts).astype("float32") / 255
            (_, error), gradients = jax.value_and_grad(loss, has_aux=True)(state[0], batch)
            return self._updated(state, list(gradients), rate, mean), error

        order_key, key = jax.random.split(key)
        steps = len(images) // self.batch
        order = jax.random.permutation(order_key, len(images))[: steps * self.batch]
        inputs = (
            order.reshape(steps, self.batch),
            jax.random.split(key, steps),
            jnp.linspace(*rates, steps),
        )
        state, errors = jax.lax.scan(step, state, inputs)
        return state, errors.mean()

    def _updated(self, state: Any, gradients: list[Any], rate: Any, mean: Any) -> Any:
        """State after a step of Muon for the inner convolutions and of Adam for the rest."""
        import jax
        import jax.numpy as jnp

        weights, first, second, count = (*(list(part) for part in state[:3]), state[3] + 1)
        # pca moves as W (x - mean) + b would: a centred gradient, and the bias follows W.
        even = weights[self.kernel].shape[1]
        gradients[self.kernel] -= jnp.outer(mean, gradients[self.bias][:even])
        updates: dict[int, Any] = {}
        for alike in self.muon:  # kernels of one shape, in one program
            for i in alike:
                first[i] = 0.95 * first[i] + gradients[i]
            momenta = jnp.stack([gradients[i] + 0.95 * first[i] for i in alike])
            # (K, h, w, in, out) -> (K, h·w·in, out)
            matrices = momenta.reshape(len(alike), -1, momenta.shape[-1])
            scale = 0.4 * max(matrices.shape[1:]) ** 0.5
            orthogonal = jax.vmap(_orthogonal)(matrices).reshape(momenta.shape)
            updates |= zip(alike, scale * orthogonal, strict=True)
        for i, gradient in enumerate(gradients):
            update = updates.get(i)
            if update is None:
                first[i] = 0.9 * first[i] + 0.1 * gradient
                second[i] = 0.99 * second[i] + 0.01 * gradient**2
                spread = jnp.sqrt(second[i] / (1 - 0.99**count)) + 1e-8
                update = first[i] / (1 - 0.9**count) / spread
            if i == self.kernel:
                follow = rate * self.factors[i] * (mean @ update)
            weights[i] -= rate * self.factors[i] * (update + self.decays[i] * weights[i])
        weights[self.bias] = weights[self.bias].at[:even].add(follow)
        return weights, first, second, count


def _train(training: Training, linear_rate: float, seconds: float) -> _Phase:
    """Trains for a time; the weights of the epoch with the lowest validation error are kept."""
    import jax
    import jax.numpy as jnp

    from cae_core.models.builder import build, build_for_training

    architecture, config = training.architecture, training.config
    model = build(architecture, seed=config.seed)
    is_gpu = jax.default_backend() == "gpu"
    fast = build_for_training(
        architecture, seed=config.seed, dtype="mixed_bfloat16" if is_gpu else "float32"
    )
    mean = start_at_pca(model, architecture, training.data.train, seed=config.seed)
    checkpoint = training.folder / "checkpoint-best.npz"
    peak = config.learning_rate
    trainer = _Trainer(model, fast, architecture, config.batch_size, linear_rate / peak)
    mean = jnp.asarray(mean, jnp.float32)
    images, validation = jnp.asarray(training.data.train), jnp.asarray(training.data.validation)
    weights = [jnp.array(variable.value) for variable in model.trainable_variables]
    line = trainer.error(weights, validation)
    if checkpoint.exists():
        with np.load(checkpoint) as arrays:
            weights = [jnp.asarray(arrays[name]) for name in arrays.files]
    best, kept = trainer.error(weights, validation), [np.array(each) for each in weights]
    state = (weights, *([jnp.zeros_like(each) for each in kept] for _ in range(2)), jnp.zeros(()))
    history: list[EpochRecord] = []
    key, begun, elapsed = jax.random.key(config.seed), time.monotonic(), 0.0
    while not history or elapsed < seconds:
        started = time.monotonic()
        # From here to where the next epoch will probably begin.
        duration = history[-1].seconds if len(history) > 1 else WARM_UP * seconds
        ends = [min(1.0, part / seconds) for part in (elapsed, elapsed + duration)]
        rates = jnp.array([peak * _relative_rate(part) for part in ends])
        epoch_key = jax.random.fold_in(key, len(history))
        state, error = trainer.epoch(state, images, epoch_key, rates, ends[0] < 0.8, line, mean)
        now = trainer.error(state[0], validation)
        if now < best:
            best, kept = now, [np.array(each) for each in state[0]]
            write_arrays(checkpoint, {f"weights_{i}": each for i, each in enumerate(kept)})
        took = time.monotonic() - started
        history.append(EpochRecord(len(history) + 1, float(error), now, took))
        if len(history) == 1:
            begun = time.monotonic()  # the first epoch compiles
        elapsed = time.monotonic() - begun
    for variable, value in zip(model.trainable_variables, kept, strict=True):
        variable.assign(value)
    return _Phase(model, tuple(history))


def _relative_rate(part: float) -> float:
    """The learning rate over its peak after a part of the time: warm-up, then half a cosine."""
    return min(1.0, part / WARM_UP + 0.02) * 0.5 * (1 + math.cos(math.pi * part))
