"""The layers that Keras does not have, written with `keras.ops` only.

`cae_core.export.script` copies the classes that a script needs from here, so each stands alone.
"""

from __future__ import annotations

import math
from typing import Any

import keras
from keras import ops


@keras.saving.register_keras_serializable(package="cae_lab")
class PixelShuffle(keras.layers.Layer):
    """Depth to space: (H, W, C·r²) -> (H·r, W·r, C).

    Args:
        factor: The enlargement r, at least 2.

    Source: Shi et al., "Real-Time Single Image and Video Super-Resolution Using an Efficient
    Sub-Pixel Convolutional Neural Network", CVPR 2016.
    """

    def __init__(self, factor: int, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.factor = factor

    def call(self, inputs: Any) -> Any:
        """Rearranges channels into pixels."""
        return ops.depth_to_space(inputs, self.factor, data_format="channels_last")

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments, for a saved model."""
        return {**super().get_config(), "factor": self.factor}


@keras.saving.register_keras_serializable(package="cae_lab")
class PixelUnshuffle(keras.layers.Layer):
    """Space to depth: (H, W, C) -> (H/r, W/r, C·r²).

    Args:
        factor: The reduction r, at least 2.
    """

    def __init__(self, factor: int, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.factor = factor

    def call(self, inputs: Any) -> Any:
        """Rearranges pixels into channels."""
        return ops.space_to_depth(inputs, self.factor, data_format="channels_last")

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments, for a saved model."""
        return {**super().get_config(), "factor": self.factor}


@keras.saving.register_keras_serializable(package="cae_lab")
class Blur(keras.layers.Layer):
    """Mean of each 2x2 window at stride 1, the first row and column repeated.

    Source: Sugawara, Shiota & Kiya, "Super-Resolution using Convolutional Neural Networks
    without Any Checkerboard Artifacts", ICIP 2018.
    """

    def call(self, inputs: Any) -> Any:
        """Averages four neighbours; the size stays."""
        # (B, H, W, C) -> (B, H+1, W+1, C)
        rows = ops.concatenate([inputs[:, :1], inputs], axis=1)
        padded = ops.concatenate([rows[:, :, :1], rows], axis=2)
        # (B, H+1, W+1, C) -> (B, H, W, C)
        return ops.average_pool(padded, 2, strides=1, padding="valid", data_format="channels_last")


@keras.saving.register_keras_serializable(package="cae_lab")
class StridedPointwise(keras.layers.Layer):
    """A 1x1 convolution with a stride: (H, W, C) -> (ceil(H / s), ceil(W / s), filters).

    The stride is taken first, which is the same and avoids Keras's strided 1x1 convolution:
    its gradient in oneDNN writes past its memory in TensorFlow 2.21 and ends the process.

    Args:
        filters: The output's channels.
        stride: The stride s, at least 2.
        activation: Name of the activation.
        seed: Seed of the random start.
    """

    def __init__(
        self,
        filters: int,
        stride: int,
        activation: str = "linear",
        seed: int | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.filters = filters
        self.stride = stride
        self.activation = activation
        self.seed = seed
        self.convolution = keras.layers.Conv2D(
            filters,
            1,
            activation=activation,
            kernel_initializer=keras.initializers.GlorotUniform(seed=seed),
        )

    def build(self, input_shape: tuple[int | None, ...]) -> None:
        """Makes the convolution's weights."""
        self.convolution.build(input_shape)

    def call(self, inputs: Any) -> Any:
        """Takes every s-th pixel and convolves."""
        return self.convolution(inputs[:, :: self.stride, :: self.stride])

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments, for a saved model."""
        names = ("filters", "stride", "activation", "seed")
        return {**super().get_config(), **{name: getattr(self, name) for name in names}}


@keras.saving.register_keras_serializable(package="cae_lab")
class SubPixelUpsampling(keras.layers.Layer):
    """Weight-normalised 1x1 convolution, ReLU and pixel shuffle: (H, W, C) -> (H·r, W·r, F).

    The kernel starts so that the r² pixels made from one are equal (ICNR), which avoids the
    checkerboard of a random start.

    Args:
        channels: The output's channels F.
        factor: The enlargement r, at least 2.
        seed: Seed of the random start.

    Source: Aitken et al., "Checkerboard artifact free sub-pixel convolution", 2017 (ICNR);
    Salimans & Kingma, "Weight Normalization", NeurIPS 2016.
    """

    def __init__(self, channels: int, factor: int = 2, seed: int | None = None, **kwargs: Any):
        super().__init__(**kwargs)
        self.channels = channels
        self.factor = factor
        self.seed = seed

    def build(self, input_shape: tuple[int | None, ...]) -> None:
        """Makes direction, gain and bias of the convolution."""
        filters = self.channels * self.factor**2
        self.direction = self.add_weight(
            name="direction", shape=(1, 1, input_shape[-1], filters), initializer=self._icnr
        )
        self.gain = self.add_weight(name="gain", shape=(filters,), initializer="ones")
        self.bias = self.add_weight(name="bias", shape=(filters,), initializer="zeros")
        # At the start the gain is the direction's length, so that the kernel is the ICNR one.
        self.gain.assign(ops.sqrt(ops.sum(ops.square(self.direction), axis=(0, 1, 2))))

    def _icnr(self, shape: tuple[int, ...], dtype: Any = None) -> Any:
        """One kernel per output channel, repeated for its r² pixels."""
        initializer = keras.initializers.HeNormal(seed=self.seed)
        small = initializer((*shape[:-1], self.channels), dtype=dtype)
        # Depth to space reads channels as (row, column, channel): repeat in front.
        return ops.tile(small, (1, 1, 1, self.factor**2))

    def call(self, inputs: Any) -> Any:
        """Convolves, rectifies, shuffles."""
        length = ops.sqrt(ops.sum(ops.square(self.direction), axis=(0, 1, 2), keepdims=True))
        kernel = self.direction * (self.gain / ops.maximum(length, 1e-12))
        # (B, H, W, C) -> (B, H, W, F·r²)
        maps = ops.conv(inputs, kernel, padding="same", data_format="channels_last") + self.bias
        # (B, H, W, F·r²) -> (B, H·r, W·r, F)
        return ops.depth_to_space(ops.relu(maps), self.factor, data_format="channels_last")

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments, for a saved model."""
        own = {"channels": self.channels, "factor": self.factor, "seed": self.seed}
        return {**super().get_config(), **own}


@keras.saving.register_keras_serializable(package="cae_lab")
class ResidualBlock(keras.layers.Layer):
    """Two convolutions with batch normalisation, added to a shortcut.

    The shortcut is a 1x1 convolution where the shape changes, else the input itself:
    (H, W, C) -> (ceil(H / stride), ceil(W / stride), channels).

    Args:
        channels: Channels of the output.
        kernel: Side of both kernels in pixels.
        stride: Stride of the first convolution.
        activation: Name of the activation after each of the two convolutions.
        seed: Seed of the random start.

    Source: He et al., "Deep Residual Learning for Image Recognition", CVPR 2016.
    """

    def __init__(
        self,
        channels: int,
        kernel: int = 3,
        stride: int = 1,
        activation: str = "relu",
        seed: int | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.channels = channels
        self.kernel = kernel
        self.stride = stride
        self.activation = activation
        self.seed = seed

    def build(self, input_shape: tuple[int | None, ...]) -> None:
        """Makes the two convolutions, and the shortcut's where the shape changes."""
        self.activate = keras.activations.get(self.activation)
        # With a 1x1 kernel the stride is taken beforehand, see StridedPointwise.
        first_stride = 1 if self.kernel == 1 else self.stride
        self.first, self.first_norm = self._convolution(self.kernel, first_stride, 0)
        self.second, self.second_norm = self._convolution(self.kernel, 1, 1)
        self.first.build(input_shape)
        between = self.compute_output_shape(input_shape)
        self.first_norm.build(between)
        self.second.build(between)
        self.second_norm.build(between)
        self.projection = None
        if self.stride != 1 or input_shape[-1] != self.channels:
            self.projection, self.projection_norm = self._convolution(1, 1, 2)
            self.projection.build(input_shape)
            self.projection_norm.build(between)

    def _convolution(self, kernel: int, stride: int, part: int) -> tuple[Any, Any]:
        """A convolution without bias and the batch normalisation behind it."""
        convolution = keras.layers.Conv2D(
            self.channels,
            kernel,
            strides=stride,
            padding="same",
            use_bias=False,
            kernel_initializer=keras.initializers.HeNormal(
                seed=None if self.seed is None else self.seed + part
            ),
        )
        return convolution, keras.layers.BatchNormalization(momentum=0.9)

    def call(self, inputs: Any, training: bool | None = None) -> Any:
        """Adds the shortcut to the main path."""
        kept = inputs[:, :: self.stride, :: self.stride]
        start = kept if self.kernel == 1 else inputs
        x = self.activate(self.first_norm(self.first(start), training=training))
        x = self.second_norm(self.second(x), training=training)
        shortcut = inputs
        if self.projection is not None:
            shortcut = self.projection_norm(self.projection(kept), training=training)
        return self.activate(x + shortcut)

    def compute_output_shape(self, input_shape: tuple[int | None, ...]) -> tuple[int | None, ...]:
        """Height and width over the stride, rounded up."""
        batch, height, width, _ = input_shape
        sides = [None if side is None else -(-side // self.stride) for side in (height, width)]
        return (batch, *sides, self.channels)

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments, for a saved model."""
        names = ("channels", "kernel", "stride", "activation", "seed")
        return {**super().get_config(), **{name: getattr(self, name) for name in names}}


@keras.saving.register_keras_serializable(package="cae_lab")
class PrincipalProjection(keras.layers.Layer):
    """Affine map of a whole image to a vector: (H, W, C) -> (units,).

    It can be started at an image set's principal components; without them it starts at random
    orthonormal components.

    Args:
        units: Length of the vector.
        even: Components that stay the same when the image is mirrored left to right; the other
            ones change their sign. Each is then kept as its left half. None: no symmetry.
        seed: Seed of the random start.
    """

    def __init__(
        self, units: int, even: int | None = None, seed: int | None = None, **kwargs: Any
    ) -> None:
        super().__init__(**kwargs)
        self.units = units
        self.even = even
        self.seed = seed

    def build(self, input_shape: tuple[int, ...]) -> None:
        """Makes the components, as columns, and the biases."""
        self.image_shape = tuple(input_shape[1:])
        size = math.prod(self.image_shape)
        start = keras.initializers.Orthogonal(seed=self.seed)
        if self.even is None:
            self.kernel = self.add_weight((size, self.units), start, name="kernel")
        else:
            even, odd = (size // 2, self.even), (size // 2, self.units - self.even)
            self.even_kernel = self.add_weight(even, start, name="even_kernel")
            self.odd_kernel = self.add_weight(odd, start, name="odd_kernel")
        self.bias = self.add_weight((self.units,), "zeros", name="bias")

    def call(self, inputs: Any) -> Any:
        """Projects the images onto the components."""
        if self.even is None:
            # (B, H, W, C) -> (B, H·W·C) · (H·W·C, units)
            rows = ops.reshape(inputs, (-1, math.prod(self.image_shape)))
            return ops.matmul(rows, self.kernel) + self.bias
        half = self.image_shape[1] // 2
        left, right = inputs[:, :, :half], ops.flip(inputs[:, :, half:], axis=2)
        flat = (-1, math.prod(self.image_shape) // 2)
        # (B, H, W/2, C) -> (B, H·W/2·C) · (H·W/2·C, even or odd)
        even = ops.matmul(ops.reshape((left + right) * 0.5**0.5, flat), self.even_kernel)
        odd = ops.matmul(ops.reshape((left - right) * 0.5**0.5, flat), self.odd_kernel)
        return ops.concatenate([even, odd], axis=-1) + self.bias

    def inverse(self, tied: bool = False, **kwargs: Any) -> keras.layers.Layer:
        """The layer that leads back to the image.

        Args:
            tied: Whether it uses this layer's weights, transposed.
            **kwargs: Further arguments of `PrincipalReconstruction`.
        """
        source = self if tied else None
        return PrincipalReconstruction(self.image_shape, self.even, source, **kwargs)

    def compute_output_shape(self, input_shape: tuple[int | None, ...]) -> tuple[int | None, ...]:
        """A vector for every image."""
        return (input_shape[0], self.units)

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments."""
        own = {"units": self.units, "even": self.even, "seed": self.seed}
        return {**super().get_config(), **own}


@keras.saving.register_keras_serializable(package="cae_lab")
class PrincipalReconstruction(keras.layers.Layer):
    """Affine map of a vector to a whole image: (units,) -> (H, W, C).

    Made by `PrincipalProjection.inverse`.

    Args:
        image_shape: The image's height, width and channels.
        even: As for `PrincipalProjection`.
        source: The layer whose transposed weights are used; None for own weights.
        seed: Seed of the random start.
    """

    def __init__(
        self,
        image_shape: tuple[int, ...],
        even: int | None = None,
        source: keras.layers.Layer | None = None,
        seed: int | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.image_shape = tuple(image_shape)
        self.even = even
        self.source = source
        self.seed = seed

    def build(self, input_shape: tuple[int, ...]) -> None:
        """Makes the components, as rows, where they are not the source's, and the biases."""
        size, units = math.prod(self.image_shape), input_shape[-1]
        start = keras.initializers.Orthogonal(seed=self.seed)
        if self.source is None and self.even is None:
            self.kernel = self.add_weight((units, size), start, name="kernel")
        elif self.source is None and self.even is not None:
            even, odd = (self.even, size // 2), (units - self.even, size // 2)
            self.even_kernel = self.add_weight(even, start, name="even_kernel")
            self.odd_kernel = self.add_weight(odd, start, name="odd_kernel")
        self.bias = self.add_weight((size,), "zeros", name="bias")

    def components(self, name: str) -> Any:
        """One of the kernels, its components as rows."""
        if self.source is None:
            return getattr(self, name)
        return ops.transpose(getattr(self.source, name))

    def call(self, inputs: Any) -> Any:
        """Adds up the components."""
        height, width, channels = self.image_shape
        bias = ops.reshape(self.bias, (1, height, width, channels))
        if self.even is None:
            # (B, units) · (units, H·W·C) -> (B, H, W, C)
            images = ops.matmul(inputs, self.components("kernel"))
            return ops.reshape(images, (-1, height, width, channels)) + bias
        half = (-1, height, width // 2, channels)
        # (B, even or odd) · (even or odd, H·W/2·C) -> (B, H, W/2, C)
        even = ops.matmul(inputs[:, : self.even], self.components("even_kernel"))
        odd = ops.matmul(inputs[:, self.even :], self.components("odd_kernel"))
        even, odd = (ops.reshape(part, half) * 0.5**0.5 for part in (even, odd))
        # Two halves (B, H, W/2, C) -> (B, H, W, C)
        return ops.concatenate([even + odd, ops.flip(even - odd, axis=2)], axis=2) + bias

    def compute_output_shape(self, input_shape: tuple[int | None, ...]) -> tuple[int | None, ...]:
        """An image for every vector."""
        return (input_shape[0], *self.image_shape)

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments."""
        source = self.source and keras.saving.serialize_keras_object(self.source)
        own = {"image_shape": self.image_shape, "even": self.even, "source": source}
        return {**super().get_config(), **own, "seed": self.seed}

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> keras.layers.Layer:
        """The layer of a config; its source is the same object as elsewhere in a saved model."""
        source = config["source"] and keras.saving.deserialize_keras_object(config["source"])
        return cls(**{**config, "source": source})


@keras.saving.register_keras_serializable(package="cae_lab")
class RoundingNoise(keras.layers.Layer):
    """Adds, in training alone, noise as large as the error of rounding an image's numbers.

    They are taken to be rounded to 2^bits levels, evenly from an image's smallest number to its
    largest. Rounding has no gradient; uniform noise of one step's width has the same range of
    errors and lets gradients through. The step has a gradient too: a network learns not to let
    few large numbers widen it for all.

    Args:
        bits: Bits that a number is to be rounded to.
        seed: Seed of the noise.

    Source: Ballé, Laparra & Simoncelli, "End-to-end Optimized Image Compression", ICLR 2017.
    """

    def __init__(self, bits: int, seed: int | None = None, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.bits = bits
        self.seed = seed
        self.random = keras.random.SeedGenerator(seed)

    def call(self, inputs: Any, training: bool | None = None) -> Any:
        """Adds noise in training: (B, ...) -> (B, ...)."""
        if not training:
            return inputs
        axes = tuple(range(1, len(inputs.shape)))
        largest = ops.max(inputs, axis=axes, keepdims=True)
        step = (largest - ops.min(inputs, axis=axes, keepdims=True)) / (2**self.bits - 1)
        noise = keras.random.uniform(
            ops.shape(inputs), -0.5, 0.5, dtype=inputs.dtype, seed=self.random
        )
        return inputs + step * noise

    def compute_output_shape(self, input_shape: tuple[int | None, ...]) -> tuple[int | None, ...]:
        """The input's shape."""
        return input_shape

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments, for a saved model."""
        return {**super().get_config(), "bits": self.bits, "seed": self.seed}


@keras.saving.register_keras_serializable(package="cae_lab")
class NormalDistribution(keras.layers.Layer):
    """A normal distribution for every number, by two affine maps: (..., C) -> (..., units).

    In training the output is drawn: mean + exp(log variance / 2) · eps with eps from N(0, 1), so
    that gradients reach both maps. Otherwise it is the mean. Where `divergence_weight` is above 0,
    the weighted divergence from N(0, I) (see `divergence`), as mean over the batch, is added to
    the model's loss.

    Args:
        units: Numbers of the output: of a vector, or at every pixel of a map.
        seed: Seed of the random start and of the draws.

    Source: Kingma & Welling, "Auto-Encoding Variational Bayes", ICLR 2014.
    """

    def __init__(self, units: int, seed: int | None = None, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.units = units
        self.seed = seed
        self.divergence_weight = 0.0
        seeds = [None] * 3 if seed is None else [seed, seed + 1, seed + 2]
        self.mean, self.log_variance = (
            keras.layers.Dense(units, kernel_initializer=keras.initializers.GlorotUniform(seed=s))
            for s in seeds[:2]
        )
        self.random = keras.random.SeedGenerator(seeds[2])

    def build(self, input_shape: tuple[int | None, ...]) -> None:
        """Makes the weights of both maps."""
        self.mean.build(input_shape)
        self.log_variance.build(input_shape)

    def call(self, inputs: Any, training: bool | None = None) -> Any:
        """Draws in training, else gives the mean."""
        mean = self.mean(inputs)
        if not training and not self.divergence_weight:
            return mean
        log_variance = self.log_variance(inputs)
        if self.divergence_weight:
            costs = ops.mean(divergence(mean, log_variance))
            self.add_loss(self.divergence_weight * costs)
        if not training:
            return mean
        noise = keras.random.normal(ops.shape(mean), seed=self.random)
        return mean + ops.exp(log_variance / 2) * noise

    def compute_output_shape(self, input_shape: tuple[int | None, ...]) -> tuple[int | None, ...]:
        """As many numbers in place of the channels."""
        return (*input_shape[:-1], self.units)

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments, for a saved model."""
        return {**super().get_config(), "units": self.units, "seed": self.seed}


def divergence(mean: Any, log_variance: Any) -> Any:
    """Kullback-Leibler divergence of normal distributions from N(0, I), in nats: (B, ...) -> (B,).

    The sum over all numbers of (mean² + variance - 1 - log variance) / 2.

    Args:
        mean: The mean of every number.
        log_variance: The logarithm of its variance.
    """
    parts = ops.square(mean) + ops.exp(log_variance) - 1.0 - log_variance
    return ops.sum(parts, axis=tuple(range(1, len(parts.shape)))) / 2


@keras.saving.register_keras_serializable(package="cae_lab")
class FastBatchNormalization(keras.layers.BatchNormalization):
    """Keras's batch normalisation with fewer passes over memory: same weights, same results.

    For training only. Sums over a batch are matrix products, which processors do best; and mean,
    variance, gamma and beta become one factor and one summand per channel, applied in the number
    format of the layer, where Keras goes through float32.
    """

    def call(self, inputs: Any, training: bool | None = None) -> Any:
        """Normalises with the batch's statistics in training, else with the moving ones.

        A frozen layer never trains, as Keras's own does not.
        """
        mean, variance = self.moving_mean, self.moving_variance
        if training and self.trainable:
            mean, variance = self._batch_statistics(ops.cast(inputs, "float32"))
            for moving, now in ((self.moving_mean, mean), (self.moving_variance, variance)):
                moving.assign(moving * self.momentum + now * (1.0 - self.momentum))
        factor = ops.cast(self.gamma, "float32") * ops.rsqrt(variance + self.epsilon)
        summand = ops.cast(self.beta, "float32") - mean * factor
        return inputs * ops.cast(factor, inputs.dtype) + ops.cast(summand, inputs.dtype)

    def _batch_statistics(self, inputs: Any) -> tuple[Any, Any]:
        """Mean and variance of every channel, (C,) each."""
        rows = ops.reshape(inputs, (-1, inputs.shape[-1]))  # (B, ..., C) -> (M, C)
        count = ops.shape(rows)[0]
        weights = ops.ones((1, count), "float32") / ops.cast(count, "float32")
        # (1, M) · (M, C) -> (1, C)
        mean = ops.matmul(weights, rows)[0]
        variance = ops.matmul(weights, ops.square(rows))[0] - ops.square(mean)
        return mean, ops.maximum(variance, 0.0)
