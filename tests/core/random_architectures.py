"""Random networks that fit together, for the tests that compare arithmetic with Keras."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

import numpy as np
from hypothesis import strategies as st

from cae_core.architecture.formulas import Shape
from cae_core.architecture.layers import (
    ACTIVATIONS,
    LAYER_KINDS,
    Activation,
    Add,
    AveragePool,
    BatchNorm,
    Blur,
    Concatenate,
    Conv,
    Crop,
    Deconv,
    Dense,
    DepthwiseConv,
    Dropout,
    Flatten,
    Layer,
    Mark,
    MaxPool,
    Normal,
    Pad,
    Pca,
    Reshape,
    Residual,
    RoundingNoise,
    SeparableConv,
    Shuffle,
    Skip,
    SubPixel,
    Unpca,
    Unshuffle,
    Up,
)
from cae_core.architecture.notation import Architecture
from cae_core.architecture.report import analyze
from cae_core.errors import ArchitectureError


def _values(item: dataclasses.Field) -> st.SearchStrategy:
    """Every value that a field of a layer allows."""
    if "options" in item.metadata:
        return st.sampled_from(item.metadata["options"])
    if "name" in item.metadata:
        return st.from_regex(r"[a-z][a-z0-9]{0,15}", fullmatch=True)
    low, high = item.metadata["low"], item.metadata["high"]
    if isinstance(low, float):
        return st.floats(low, high)
    numbers = st.integers(low, high)
    return st.none() | numbers if item.default is None else numbers


# Every layer that can be, whether or not it fits anywhere.
layers = st.one_of(
    st.builds(kind, **{item.name: _values(item) for item in dataclasses.fields(kind)})
    for kind in LAYER_KINDS.values()
)

T = TypeVar("T")

MAX_NUMBERS = 30_000  # per tensor: the networks are built, hundreds of them


@dataclass(frozen=True)
class Flavour:
    """What the networks of a test may contain.

    Attributes:
        activations: Names to choose from.
        has_vectors: Whether there are flatten, dense, reshape, pca and unpca.
        has_max_pooling: Whether there is max pooling beside average pooling.
        bilinear_factors: Factors of bilinear upsampling.
        window_gaps: Whether a convolution or pooling may have gaps between the pixels that it
            reads: a stride above its kernel, or dilation.
        deconv_gaps: Whether a transposed convolution may.
        has_padding_layers: Whether there is zero padding as a layer, or in a dilated convolution.
        mixes_channels: Whether a 1x1 convolution follows every unshuffle.
    """

    activations: tuple[str, ...] = ACTIVATIONS
    has_vectors: bool = True
    has_max_pooling: bool = True
    bilinear_factors: tuple[int, ...] = (2, 3)
    window_gaps: bool = True
    deconv_gaps: bool = True
    has_padding_layers: bool = True
    mixes_channels: bool = False


def random_architecture(
    seed: int, flavour: Flavour, *, layers: tuple[int, int] = (2, 8)
) -> Architecture:
    """A network whose layers fit each other; the same seed gives the same one."""
    rng = np.random.default_rng(seed)
    count = int(rng.integers(layers[0], layers[1] + 1))
    input_shape = (int(rng.integers(5, 41)), int(rng.integers(5, 41)), int(rng.integers(1, 5)))
    chain, shape = [], input_shape
    marks: dict[str, Shape] = {}
    pca: tuple[Pca | None, Shape] = (None, ())  # the last one and its input's shape
    while len(chain) < count:
        layer = _candidate(rng, flavour, shape, marks)
        try:
            out = _output_shape(layer, shape, marks, pca)
        except ArchitectureError:
            continue
        if math.prod(out) > MAX_NUMBERS or _adds_a_tensor_to_itself(layer, chain):
            continue
        if isinstance(layer, Mark):
            marks[layer.name] = shape
        if isinstance(layer, Pca):
            pca = layer, shape
        chain.append(layer)
        shape = out
        if isinstance(layer, Unshuffle) and flavour.mixes_channels:
            chain.append(Conv(shape[2], kernel=1))
    bar = int(rng.integers(1, len(chain)))
    return Architecture(tuple(chain[:bar]), tuple(chain[bar:]), input_shape)


def random_misfit(seed: int) -> Architecture | None:
    """An autoencoder whose decoder undoes its encoder but for a few slips; None where it fits."""
    rng = np.random.default_rng(seed)

    def pick(*choices: T) -> T:
        return choices[int(rng.integers(len(choices)))]

    height = int(rng.integers(20, 257))
    width = height if rng.random() < 0.8 else int(rng.integers(20, 257))
    encoder, decoder = [], []
    for channels in (8, 16, 32, 64)[: int(rng.integers(1, 5))]:
        kernel, stride = pick(3, 3, 3, 4, 5, 7), pick(2, 2, 2, 3)
        padding = pick("same", "same", "valid")
        shrinks, grows = pick(
            ([Conv(channels), MaxPool(stride)], [Up(stride), Conv(channels)]),
            (
                [Conv(channels, kernel, stride, padding)],
                [Deconv(channels, kernel, stride, padding)],
            ),
            ([Conv(channels, kernel, 1, padding)], [Conv(channels, kernel, 1, padding)]),
            ([Unshuffle(2), Conv(channels)], [Conv(4 * channels + pick(0, 0, 1)), Shuffle(2)]),
            ([Mark("abcd"[len(encoder) % 4]), MaxPool()], [Up(), Blur()]),
        )
        encoder += shrinks
        decoder = grows + decoder
    marks = [layer.name for layer in encoder if isinstance(layer, Mark)]
    if marks:
        skip = pick(Add, Concatenate)(pick(*marks))
        decoder.insert(int(rng.integers(len(decoder) + 1)), skip)
    if rng.random() < 0.15:
        encoder += [Flatten(), Dense(64)]
        decoder = [Reshape(4, 4, pick(4, 5)), *decoder]
    if rng.random() < 0.15:
        decoder.pop(int(rng.integers(len(decoder))))
    decoder.append(Conv(pick(3, 3, 3, 3, 1), activation="sigmoid"))
    try:
        architecture = Architecture(tuple(encoder), tuple(decoder), (height, width, 3))
    except ArchitectureError:  # a half without layers
        return None
    return architecture if analyze(architecture).problems else None


def _adds_a_tensor_to_itself(layer: Layer, chain: list[Layer]) -> bool:
    """Whether nothing was changed since the mark that is added, which is refused."""
    if not isinstance(layer, Add):
        return False
    since = chain[chain.index(Mark(layer.name)) :]
    return all(isinstance(other, Mark) or other == Activation("linear") for other in since)


def _output_shape(
    layer: Layer, shape: Shape, marks: dict[str, Shape], pca: tuple[Pca | None, Shape]
) -> Shape:
    """The layer's output shape, or an ArchitectureError where it does not fit."""
    if isinstance(layer, Skip):
        return layer.merge(shape, marks[layer.name]).output_shape
    if isinstance(layer, Unpca):
        return layer.invert(shape, *pca).output_shape
    return layer.measure(shape).output_shape


def _candidate(
    rng: np.random.Generator, flavour: Flavour, shape: Shape, marks: dict[str, Shape]
) -> Layer:
    """Any layer; whether it fits is for the caller to find out."""
    kinds = _vector_kinds(rng, flavour) if len(shape) == 1 else _map_kinds(rng, flavour, shape)
    fitting = [name for name, marked in marks.items() if marked[:-1] == shape[:-1]]
    if fitting and rng.random() < 0.5:
        name = str(rng.choice(fitting))
        return Add(name) if marks[name] == shape and rng.random() < 0.7 else Concatenate(name)
    if rng.random() < 0.15:
        return Mark("abcdefgh"[len(marks)])
    return kinds[int(rng.integers(len(kinds)))]()


def _vector_kinds(rng: np.random.Generator, flavour: Flavour) -> list[Callable[[], Layer]]:
    """Layers that work on a vector."""

    def reshape() -> Layer:
        height, width = (int(side) for side in rng.integers(1, 7, size=2))
        return Reshape(height, width, int(rng.integers(1, 5)))

    return [
        lambda: Dense(
            int(rng.choice([12, 24, 36, 48, 60, 7])), str(rng.choice(flavour.activations))
        ),
        *[reshape] * 8,  # seldom fits
        *[lambda: Unpca(str(rng.choice(["own", "tied"])))] * 4,
        BatchNorm,
        lambda: Normal(int(rng.choice([2, 12, 24]))),
        lambda: Activation(str(rng.choice(flavour.activations))),
    ]


def _map_kinds(
    rng: np.random.Generator, flavour: Flavour, shape: Shape
) -> list[Callable[[], Layer]]:
    """Layers that work on a map."""

    def activation() -> str:
        return str(rng.choice(flavour.activations))

    def padding() -> str:
        return str(rng.choice(["same", "valid"]))

    def sizes(*, gaps: bool, largest: int = 6) -> tuple[int, int]:
        """Kernel and stride."""
        kernel = int(rng.integers(1, largest + 1))
        return kernel, int(rng.integers(1, 4 if gaps else min(kernel, 3) + 1))

    def channels() -> int:
        # Often a multiple of 4, and sometimes as before: for shuffles and for add.
        return int(rng.choice([1, 2, 3, 4, 5, 8, 9, shape[2]]))

    def pool() -> Layer:
        size, stride = sizes(gaps=flavour.window_gaps, largest=4)
        kind = MaxPool if flavour.has_max_pooling and rng.random() < 0.5 else AveragePool
        return kind(size, None if rng.random() < 0.4 else stride, padding())

    def up() -> Layer:
        if rng.random() < 0.5:
            return Up(int(rng.choice([2, 3])), "nearest")
        return Up(int(rng.choice(flavour.bilinear_factors)), "bilinear")

    def residual() -> Layer:
        kernel, stride = sizes(gaps=flavour.window_gaps, largest=4)
        return Residual(channels(), kernel, stride, activation())

    def conv() -> Layer:
        kernel, stride = sizes(gaps=flavour.window_gaps)
        is_dilated = flavour.window_gaps and stride == 1 and rng.random() < 0.5
        dilation = int(rng.integers(1, 4)) if is_dilated else 1
        is_padded = flavour.has_padding_layers or dilation == 1
        used = padding() if is_padded else "valid"
        return Conv(channels(), kernel, stride, used, activation(), dilation)

    def separable() -> Layer:
        return SeparableConv(channels(), *sizes(gaps=flavour.window_gaps), padding(), activation())

    def depthwise() -> Layer:
        return DepthwiseConv(*sizes(gaps=flavour.window_gaps), padding(), activation())

    def deconv() -> Layer:
        kernel, stride = sizes(gaps=flavour.deconv_gaps)
        if stride > 1:
            kernel = max(kernel, 2)  # a kernel of 1 is refused there
        added = int(rng.integers(0, stride)) if rng.random() < 0.4 else None
        return Deconv(channels(), kernel, stride, padding(), activation(), added)

    kinds: list[Callable[[], Layer]] = [
        conv,
        conv,
        conv,
        deconv,
        deconv,
        pool,
        pool,
        up,
        residual,
        separable,
        depthwise,
        BatchNorm,
        Blur,
        lambda: Dropout(float(rng.choice([0.1, 0.25, 0.5]))),
        lambda: RoundingNoise(int(rng.integers(1, 9))),
        lambda: Activation(activation()),
        lambda: Shuffle(int(rng.choice([2, 3]))),
        lambda: Unshuffle(int(rng.choice([2, 3]))),
        lambda: SubPixel(channels(), int(rng.choice([2, 3]))),
        lambda: Crop(int(rng.integers(1, 4))),
        lambda: Normal(channels()),
    ]
    if flavour.has_padding_layers:
        kinds.append(lambda: Pad(int(rng.integers(1, 4))))
    if flavour.has_vectors and math.prod(shape) <= 3_000:
        kinds += [
            Flatten,
            lambda: Pca(int(rng.integers(3, 20)), int(rng.integers(1, 3))),
            lambda: Pca(int(rng.integers(1, 20))),
        ]
    return kinds
