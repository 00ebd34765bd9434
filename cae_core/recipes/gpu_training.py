"""Training of the photo denoisers on one GPU, through JAX.

All photographs are kept on the device as bytes; patches are drawn, damaged and learnt from in one
compiled program of many steps, so that the processor only watches the clock. Muon updates the
kernels, and the weights are averaged. Importing this module imports Keras, which must run on JAX
(``KERAS_BACKEND=jax``).
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import jax
import jax.numpy as jnp
import keras
import numpy as np
from keras import ops

from cae_core.recipes.optimizers import ConvolutionMuon

STEPS_PER_PROGRAM = 40
WARMUP_SHARE = 0.02
AVERAGING = 0.999

# (trainable weights, data, random key, share of root mean square errors) -> loss
Loss = Callable[[list[Any], Any, Any, Any], Any]


@dataclass(frozen=True)
class Stage:
    """A part of the session with one loss.

    Attributes:
        until: Share of the session at which the stage ends.
        batch: Patches of a step.
        loss: Loss of one random batch.
    """

    until: float
    batch: int
    loss: Loss


def photographs(groups: Sequence[Sequence[np.ndarray]]) -> dict[str, Any]:
    """Groups of photographs as one array of pixels on the device, with a table of their places.

    Args:
        groups: Lists of uint8 (H, W, 3).
    """
    photos = [photo for group in groups for photo in group]
    sizes = np.array([photo.shape[:2] for photo in photos], np.int32)  # (N, 2)
    ends = np.cumsum(sizes.prod(axis=1))
    return {
        "pixels": jnp.asarray(np.concatenate([photo.reshape(-1, 3) for photo in photos])),
        "starts": jnp.asarray(np.concatenate([[0], ends[:-1]]).astype(np.int32)),
        "sizes": jnp.asarray(sizes),
        "bounds": jnp.asarray(np.cumsum([0, *map(len, groups)]).astype(np.int32)),
    }


def draw_patches(
    key: Any, photos: dict[str, Any], shares: Sequence[float], count: int, side: int
) -> Any:
    """Random squares of photographs, turned and mirrored.

    Args:
        key: Random key.
        photos: See `photographs`.
        shares: Share of patches from each group.
        count: Number of patches.
        side: Their side in pixels.

    Returns:
        uint8 (count, side, side, 3).
    """
    drawn = jax.random.uniform(key, (7, count))
    group = jnp.sum(drawn[0][:, None] > jnp.cumsum(jnp.asarray(shares))[None, :-1], axis=1)
    low, high = photos["bounds"][group], photos["bounds"][group + 1]
    index = jnp.minimum(low + (drawn[1] * (high - low)).astype(jnp.int32), high - 1)
    height, width = photos["sizes"][index, 0], photos["sizes"][index, 1]
    top = jnp.minimum((drawn[2] * (height - side + 1)).astype(jnp.int32), height - side)
    left = jnp.minimum((drawn[3] * (width - side + 1)).astype(jnp.int32), width - side)
    rows, columns = squares(drawn[4:], side)
    rows, columns = top[:, None, None] + rows, left[:, None, None] + columns
    place = photos["starts"][index][:, None, None] + rows * width[:, None, None] + columns
    return jnp.take(photos["pixels"], place, axis=0, mode="clip")


def squares(drawn: Any, side: int) -> tuple[Any, Any]:
    """Rows and columns, (B, side, side), of squares in one of their eight positions.

    Args:
        drawn: (3, B) numbers in [0, 1).
        side: Side in pixels.
    """
    turned, down, right = (numbers[:, None, None] < 0.5 for numbers in drawn)
    y, x = jnp.meshgrid(jnp.arange(side), jnp.arange(side), indexing="ij")
    rows, columns = jnp.where(turned, x, y), jnp.where(turned, y, x)
    return jnp.where(down, side - 1 - rows, rows), jnp.where(right, side - 1 - columns, columns)


def weighted_loss(error: Any, weight: Any, root_share: Any) -> Any:
    """Mean absolute error, which towards the end gives way to each patch's root mean square.

    Args:
        error: (B, H, W, 3).
        weight: (B,), of each patch.
        root_share: Share of the root mean square, which PSNR counts.
    """
    absolute = ops.mean(ops.abs(error), axis=(1, 2, 3))
    root = ops.sqrt(ops.mean(error**2, axis=(1, 2, 3)) + 1e-9)
    return ops.mean(((1 - root_share) * absolute + root_share * root) * weight)


def train_on_device(
    variables: Sequence[keras.Variable],
    adam_layers: Sequence[str],
    stages: Sequence[Stage],
    data: Any,
    *,
    minutes: float,
    peak: float,
    seed: int,
    on_validation: Callable[[int, int], None],
    validations: int = 8,
) -> None:
    """Trains for a time budget; the learning rate falls by a cosine to 0 at its end.

    Args:
        variables: Trained weights, which hold the averaged ones at each validation and at the end.
        adam_layers: Layers that are left to Adam at 0.3 of the rate.
        stages: From first to last; the last ends at 1.
        data: Arguments of the losses, on the device.
        minutes: Time budget, compiling included.
        peak: The highest learning rate.
        seed: Of everything random.
        on_validation: Called with the steps and the patches done, several times and at the end.
        validations: Number of these calls.
    """
    optimizer = ConvolutionMuon(
        peak,
        exclude_layers=list(adam_layers),
        adam_lr_ratio=0.3,  # with 1 the training diverges
        weight_decay=None,
        adam_weight_decay=None,
    )
    optimizer.build(list(variables))
    rate_index = [v.path for v in optimizer.variables].index(optimizer.learning_rate.path)
    values = [jnp.array(variable.value) for variable in variables]
    state = {
        "values": values,
        "average": values,
        "optimizer": [jnp.array(variable.value) for variable in optimizer.variables],
        "key": jax.random.key(seed),
        "steps": jnp.zeros((), jnp.int32),
    }
    end = time.monotonic() + 60 * minutes
    programs = [
        _program(stage.loss, optimizer).lower(state, data, jnp.float32(0)).compile()
        for stage in stages
    ]
    started = time.monotonic()
    progress, measured, patches = 0.0, 0, 0
    while progress < 1:
        now = time.monotonic()
        progress = min(1.0, (now - started) / (end - started)) if now < end else 1.0
        current = next(i for i, stage in enumerate(stages) if progress <= stage.until)
        state["optimizer"][rate_index] = jnp.float32(rate_at(progress, peak))
        state = programs[current](state, data, jnp.float32(np.clip((progress - 0.6) / 0.2, 0, 1)))
        state["steps"].block_until_ready()
        patches += STEPS_PER_PROGRAM * stages[current].batch
        if progress >= (measured + 1) / validations:
            measured = math.floor(progress * validations)
            for variable, average in zip(variables, state["average"], strict=True):
                variable.assign(average)
            on_validation(int(state["steps"]), patches)


def rate_at(progress: float, peak: float) -> float:
    """Learning rate after a share of the session: a linear rise, then a cosine to 0.

    Example:
        >>> [round(rate_at(progress, 1.0), 3) for progress in (0.01, 0.02, 0.51, 1.0)]
        [0.5, 1.0, 0.5, 0.0]
    """
    if progress < WARMUP_SHARE:
        return peak * max(progress / WARMUP_SHARE, WARMUP_SHARE)
    return peak * (1 + math.cos(math.pi * (progress - WARMUP_SHARE) / (1 - WARMUP_SHARE))) / 2


def _program(loss: Loss, optimizer: ConvolutionMuon) -> Any:
    """`STEPS_PER_PROGRAM` steps as one function that JAX compiles."""

    def step(state: dict[str, Any], data: Any, root_share: Any) -> dict[str, Any]:
        key, drawn = jax.random.split(state["key"])
        gradients = jax.grad(loss)(state["values"], data, drawn, root_share)
        # A batch that overflows is passed over.
        is_finite = jnp.all(jnp.stack([jnp.isfinite(g).all() for g in gradients]))
        gradients = [jnp.where(is_finite, g, 0.0) for g in gradients]
        values, optimizer_values = optimizer.stateless_apply(
            state["optimizer"], gradients, state["values"]
        )
        steps = state["steps"] + 1
        kept = jnp.minimum(AVERAGING, (1 + steps) / (10 + steps))
        average = [kept * a + (1 - kept) * v for a, v in zip(state["average"], values, strict=True)]
        return {
            "values": values,
            "average": average,
            "optimizer": optimizer_values,
            "key": key,
            "steps": steps,
        }

    @jax.jit
    def program(state: dict[str, Any], data: Any, root_share: Any) -> dict[str, Any]:
        def body(carried: dict[str, Any], _: None) -> tuple[dict[str, Any], None]:
            return step(carried, data, root_share), None

        return jax.lax.scan(body, state, None, length=STEPS_PER_PROGRAM)[0]

    return program
