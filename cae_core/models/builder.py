"""Architecture -> keras.Model, and its two halves.

The model is a flat functional model whose layers are called as `Layer.keras_name` says; behind
the encoder stands an identity called ``latent``, so that a loaded model can be split as well.
"""

from __future__ import annotations

from typing import Any

import keras

from cae_core.architecture.layers import Add, BatchNorm, Layer, Mark, Normal, Pca, Skip, Unpca
from cae_core.architecture.notation import Architecture
from cae_core.architecture.report import analyze
from cae_core.errors import ArchitectureError
from cae_core.models import layers as keras_layers
from cae_core.models.layers import FastBatchNormalization, PrincipalProjection

LATENT = "latent"


def build(
    architecture: Architecture,
    *,
    input_shape: tuple[int | None, int | None, int] | None = None,
    seed: int = 0,
    name: str = "autoencoder",
) -> keras.Model:
    """Makes the Keras model of an architecture.

    Args:
        architecture: The network; its output may have another shape than its input.
        input_shape: (H, W, C); by default the architecture's own. (None, None, C) takes images
            of any size where all layers are convolutional.
        seed: Seed of the random weights.
        name: The model's name.

    Returns:
        A functional model from images (B, H, W, C) to the output (B, ...), float32.

    Raises:
        ArchitectureError: Where a layer cannot work on its input.

    Example:
        >>> model = build(Architecture.parse("conv8 pool conv12 pool conv16 | up conv12 up conv3"))
        >>> model.count_params(), model.get_layer("latent").output.shape
        (4911, (None, 8, 8, 16))
    """
    report = analyze(architecture)
    if any(row.problem for row in report.rows):
        raise ArchitectureError(f"{report.problems[0]} {report.advice}")
    return _assemble(architecture, input_shape or architecture.input_shape, seed, name)


def build_for_training(architecture: Architecture, *, seed: int, dtype: str) -> keras.Model:
    """Makes a model that trains faster than `build`'s, from the same weights.

    Args:
        architecture: The network, in which `analyze` has found no problem.
        seed: As for `build`.
        dtype: ``"mixed_bfloat16"`` lets the layers between images compute in bfloat16; the weights
            are float32 in either case.

    Returns:
        A model to take the weights from: `get_weights` fits `build`'s model.
    """
    return _assemble(architecture, architecture.input_shape, seed, "trained", dtype, trains=True)


def _assemble(
    architecture: Architecture,
    input_shape: tuple[int | None, int | None, int],
    seed: int,
    name: str,
    dtype: str = "float32",
    trains: bool = False,
) -> keras.Model:
    """Calls the Keras layers one after the other."""
    inputs = keras.Input(input_shape, name="image")
    tensor, marks, projection = inputs, {}, None
    layers = list(enumerate(architecture.layers, start=1))
    last = max((index for index, layer in layers if not isinstance(layer, Mark)), default=0)
    for index, layer in layers:
        if isinstance(layer, Mark):
            marks[layer.name] = tensor
        else:
            # An image has more levels between 0 and 1 than bfloat16, as has a distribution.
            is_exact = index == last or isinstance(layer, Pca | Unpca | Normal)
            if isinstance(layer, Add):
                is_exact |= marks[layer.name].dtype == "float32"
            keras_layer = _keras_layer(
                layer,
                name=layer.keras_name(index),
                seed=seed * 10_000 + index * 10,
                dtype="float32" if is_exact else dtype,
                trains=trains,
                projection=projection,
            )
            if isinstance(layer, Pca):
                projection = keras_layer
            read = [tensor, marks[layer.name]] if isinstance(layer, Skip) else tensor
            tensor = keras_layer(read)
        if index == len(architecture.encoder):
            tensor = keras.layers.Identity(name=LATENT, dtype=tensor.dtype)(tensor)
    return keras.Model(inputs, tensor, name=name)


def split(model: keras.Model) -> tuple[keras.Model, keras.Model]:
    """The encoder and the decoder of a model, sharing its weights.

    Args:
        model: A model made by `build`, or a saved copy of it.

    Returns:
        Encoder from image to latent, and decoder from latent to output. Where skip connections
        lead around the latent, the encoder returns a list, the latent first and then the skipped
        tensors, and the decoder takes that list.

    Raises:
        ArchitectureError: For a model that has no layer called ``latent``.

    Example:
        >>> encoder, decoder = split(build(Architecture.parse("conv8 pool | up conv3:sigmoid")))
        >>> encoder.output_shape, decoder.output_shape
        ((None, 16, 16, 8), (None, 32, 32, 3))
    """
    if LATENT not in {layer.name for layer in model.layers}:
        raise ArchitectureError(
            f"Only a model with a layer called {LATENT!r} can be split. Received: {model.name!r}. "
            "Use a model made by cae_core.build."
        )
    latent = model.get_layer(LATENT).output
    encoder_layers = set(keras.Model(model.input, latent).layers)
    around = {
        id(tensor): tensor
        for layer in model.layers
        if layer not in encoder_layers
        for tensor in _inputs(layer)
        if tensor is not latent and tensor._keras_history.operation in encoder_layers
    }
    tensors = [latent, *around.values()] if around else latent
    output = model.output
    if output is latent:
        # A decoder of marks alone has no layer; Keras wants one.
        output = keras.layers.Identity()(output)
    encoder = keras.Model(model.input, tensors, name="encoder")
    return encoder, keras.Model(tensors, output, name="decoder")


def _inputs(layer: keras.layers.Layer) -> list[Any]:
    """The tensors that a layer reads."""
    tensors = layer.input if not isinstance(layer, keras.layers.InputLayer) else []
    return list(tensors) if isinstance(tensors, list | tuple) else [tensors]


def _keras_layer(
    layer: Layer,
    name: str,
    seed: int,
    dtype: str,
    trains: bool,
    projection: PrincipalProjection | None,
) -> keras.layers.Layer:
    """Makes the Keras layer of a layer, its random start seeded.

    `projection` is the last pca's.
    """
    call = layer.keras_call()
    arguments = dict(call.arguments, name=name, dtype=dtype)
    if trains and isinstance(layer, BatchNorm):
        return FastBatchNormalization(**arguments)
    for part, argument in enumerate(call.random):
        is_seed = argument == "seed"
        arguments[argument] = (
            seed if is_seed else keras.initializers.GlorotUniform(seed=seed + part)
        )
    if isinstance(layer, Unpca):
        assert projection is not None  # noqa: S101 - `analyze` has seen it
        return projection.inverse(**arguments)
    module = keras_layers if call.is_own else keras.layers
    return getattr(module, call.layer_class)(**arguments)
