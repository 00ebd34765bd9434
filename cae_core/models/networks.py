"""Networks that no architecture text describes, by the name that their model cards give them.

A module of this package registers its network by itself; importing this one imports Keras:

    @register_network("photo-denoiser")
    def build_photo_denoiser(dtype: str = "float32") -> keras.Model: ...
"""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Callable
from typing import Any, TypeVar

import keras

from cae_core import models

Builder = TypeVar("Builder", bound=Callable[..., Any])
NETWORKS: dict[str, Callable[..., keras.Model]] = {}


def register_network(name: str) -> Callable[[Builder], Builder]:
    """Registers the function that builds a network.

    Args:
        name: The `network` of the model card. The function takes a `dtype` as Keras has it,
            and has defaults for all else.
    """

    def register(builder: Builder) -> Builder:
        NETWORKS[name] = builder
        return builder

    return register


def convolution(
    filters: int, kernel: int, name: str, *, stride: int = 1, gain: float = 2.0, **options: Any
) -> keras.layers.Conv2D:
    """A convolution with same padding; `gain` 2 is He's start, for a ReLU behind it."""
    start = keras.initializers.VarianceScaling(gain, seed=len(name))
    options |= {"padding": "same", "kernel_initializer": start, "name": name}
    return keras.layers.Conv2D(filters, kernel, strides=stride, **options)


def residual_block(x: Any, name: str, *, dropout: float, dtype: str) -> Any:
    """The input plus conv(relu(conv(relu(input)))).

    Args:
        x: The input, (B, h, w, C), which stays that size.
        name: Beginning of the names of both convolutions.
        dropout: Share of the values between them that training leaves out.
        dtype: As Keras has it.
    """
    inner = keras.layers.ReLU(dtype=dtype)(x)
    inner = convolution(x.shape[-1], 3, f"{name}_first", dtype=dtype)(inner)
    inner = keras.layers.ReLU(dtype=dtype)(inner)
    inner = keras.layers.Dropout(dropout, dtype=dtype)(inner)
    return x + convolution(x.shape[-1], 3, f"{name}_second", gain=0.1, dtype=dtype)(inner)


def build_network(name: str, dtype: str = "float32") -> keras.Model:
    """Builds a registered network with random weights.

    Args:
        name: One of `NETWORKS`.
        dtype: ``"float32"``, or ``"mixed_bfloat16"`` for convolutions in bfloat16.

    Example:
        >>> build_network("photo-denoiser").count_params()
        563264
    """
    for module in pkgutil.iter_modules(models.__path__):
        importlib.import_module(f"{models.__name__}.{module.name}")
    return NETWORKS[name](dtype=dtype)
