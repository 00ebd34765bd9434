"""Training of convolutional codecs for photographs: fewest bits for the error they leave.

The loss is that of Ballé et al., "End-to-end optimized image compression", ICLR 2017: bits a pixel
plus a weight times the squared error. The bits are those of the coder of `cae_core.compression`,
made differentiable by uniform noise; the decoder gets numbers that are rounded, as when used, their
gradients passed through (Minnen & Singh, "Channel-wise autoregressive entropy models for learned
image compression", ICIP 2020). Training runs on one GPU through JAX (``KERAS_BACKEND=jax``).
Importing this module does not import Keras.
"""

from __future__ import annotations

import argparse
import dataclasses
import math
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from cae_core.architecture.layers import Add, Conv, Layer, Unshuffle
from cae_core.architecture.notation import Architecture
from cae_core.architecture.report import analyze
from cae_core.compression.exact import unshuffled
from cae_core.data import cbsd68
from cae_core.data.samples import SAMPLE_CHECK, sample_check_images
from cae_core.images.metrics import psnr, ssim_of
from cae_core.images.operations import middle, resize, to_uint8
from cae_core.recipes.bsds500 import read_photographs, training_paths, validation_paths
from cae_core.recipes.command_line import save_measured
from cae_core.recipes.measuring import rounded
from cae_core.recipes.weight_files import round_to_half
from cae_core.training.history import read_history, write_history
from cae_core.training.tasks import Reconstruct, task_to_dict
from cae_core.zoo.cards import FOLDER, HALF, WEIGHTS, Card, sha256

if TYPE_CHECKING:
    import keras

BATCH, SIDE = 16, 192
# Of the patches from photographs as they are, and from photographs reduced to `REDUCED`, which have
# more detail and fewer traces of JPEG.
SHARES = (0.6, 0.4)
REDUCED = 0.65
# While it is trained, a network gets 4 · (image - 0.5): numbers of about the size of 1.
CONTRAST, MIDDLE = 4.0, 0.5
# Share of a step that rounding takes off a magnitude first, as `quantisation.quantise` does.
SHRUNK = 0.1
# The step of size 1.
TRAINED_STEP = 16
# As benchmarks/compression.py does.
EVERY, TEST_SET = 4, "17 photographs of CBSD68"
PACKED = "as a .cae file, at the step of the training"
# How fast numbers rise between whole ones before noise is added; 0 would leave them as they are.
SHARPNESS = 3.0
# A number's width follows the magnitudes of channels before its own: of one so many channels back,
# that power of FORGETTING; averages count as many times as DILUTION says.
FORGETTING, DILUTION, EXPONENT = 0.95, 4.0, 1.2
# Of the sample patches, that the card is made for: any other multiple of 16 would do.
_SHAPE = (32, 32, 3)
_STARTED = time.monotonic()


@dataclass(frozen=True)
class RateRecipe:
    """A codec and the weight of its error.

    Attributes:
        error_weight: Weight of the squared error, in squared 1/255, against bits a pixel.
        channels: Channels of the latent, which has one position for 16x16 pixels.
        bits: Significant bits of the kept kernels: one fewer costs 0.04 dB at the highest rate.
    """

    error_weight: float
    channels: int
    bits: int = 8

    @property
    def architecture(self) -> Architecture:
        """The network: a linear path with residual blocks on it."""
        wide = self.channels
        encoder = [
            *("unshuffle4", "conv64k1:linear", *_residual("a", 64, 64), "unshuffle"),
            *("conv96k1:linear", *_residual("b", 96, 96), "unshuffle"),
            *(f"conv{wide}k1:linear", *_residual("c", wide, 96), f"conv{wide}k1:linear"),
        ]
        decoder = [
            *(f"conv{wide}k1:linear", *_residual("d", wide, 96), "conv384k1:linear", "shuffle"),
            *(*_residual("e", 96, 96), "conv256k1:linear", "shuffle"),
            *(*_residual("f", 64, 64), *_residual("g", 64, 64), "conv48:linear", "shuffle4"),
        ]
        return Architecture.parse(f"{SIDE}x{SIDE}x3 {' '.join(encoder)} | {' '.join(decoder)}")


RATE_RECIPES = {
    "photo-codec-1": RateRecipe(error_weight=0.0005, channels=128, bits=7),
    "photo-codec-2": RateRecipe(error_weight=0.0016, channels=128, bits=7),
    "photo-codec-3": RateRecipe(error_weight=0.005, channels=160),
    "photo-codec-4": RateRecipe(error_weight=0.015, channels=192),
}
"""The codecs of the zoo by name: ``python -m cae_core make NAME train --photos BSDS500``."""


def _residual(mark: str, channels: int, inner: int) -> tuple[str, ...]:
    """A residual block without normalisation."""
    return f"@{mark}", f"conv{inner}:silu", f"conv{channels}:linear", f"add@{mark}"


# --- The rate --------------------------------------------------------------------------------


def shrunk(latents: Any) -> Any:
    """Latents whose magnitudes rounding rounds to the nearest whole number."""
    from keras import ops

    return ops.sign(latents) * ops.maximum(ops.abs(latents) - SHRUNK, 0)


def rate(latents: Any, noise: Any) -> Any:
    """Bits of latents, differentiable in them.

    The width of a number's distribution is that of its channel times how large the numbers of the
    channels before it are, at its position and around, against their average.

    Args:
        latents: (B, H, W, N) in steps.
        noise: The same shape, uniform between -1/2 and 1/2.

    Returns:
        Bits of every number, (B, H, W, N).
    """
    from keras import ops

    small = shrunk(latents)
    magnitudes = ops.stop_gradient(ops.abs(ops.round(small)))
    means = ops.maximum(ops.mean(magnitudes, axis=(0, 1, 2)), 1e-4)  # (N,)
    before = np.arange(len(means)) - np.arange(len(means))[:, np.newaxis] - 1  # (from, to)
    weights = np.where(before < 0, 0, FORGETTING ** np.maximum(before, 0)).astype(np.float32)
    weights = weights / ops.expand_dims(1 + means, axis=1)
    seen = ops.matmul(_around(magnitudes), weights)
    positions = _around(ops.ones_like(magnitudes[:1, :, :, :1]))
    ratios = (seen + DILUTION) / (positions * ops.matmul(means, weights) + DILUTION)
    ratios = ops.clip(ratios**EXPONENT, 1 / 8, 8.0)
    # A two-sided geometric distribution of this width has that mean magnitude.
    widths = (2 * means - 1 + ops.sqrt(4 * means**2 + 1)) / 2
    widths = ops.maximum(widths * ratios, 2.0**-10)
    decay = 2 * ops.log1p(1 / widths)
    noisy = ops.abs(_nearly_rounded(small) + noise)
    near, far = ops.minimum(noisy, 0.5), ops.maximum(noisy, 0.5)
    zero = 1 - (ops.exp(-decay * (0.5 - near)) + ops.exp(-decay * (0.5 + near))) / 2
    other = decay * (0.5 - far) + ops.log(-ops.expm1(-decay) / 2)
    return -ops.where(noisy < 0.5, ops.log(ops.maximum(zero, 1e-9)), other) / math.log(2)


def _nearly_rounded(values: Any) -> Any:
    """Numbers pulled to whole ones, so that noise changes their bits less than it would.

    Source: Agustsson & Theis, "Universally quantized neural compression", NeurIPS 2020.
    """
    from keras import ops

    low = ops.stop_gradient(ops.floor(values))
    rise = ops.tanh(SHARPNESS * (values - low - 0.5)) / math.tanh(SHARPNESS / 2)
    return low + (rise + 1) / 2


def _around(values: Any) -> Any:
    """Weighted sums over the 3x3 positions around each: 5 in the middle, 1 beside, 1/2 across."""
    from keras import ops

    height, width = values.shape[1:3]
    padded = ops.pad(values, [[0, 0], [1, 1], [1, 1], [0, 0]])
    weights = ((0.5, 1.0, 0.5), (1.0, 5.0, 1.0), (0.5, 1.0, 0.5))
    return sum(
        weight * padded[:, y : y + height, x : x + width]
        for y, row in enumerate(weights)
        for x, weight in enumerate(row)
    )


def bits_and_error(
    encoder: keras.Model, decoder: keras.Model, values: Sequence[Any], images: Any, noise: Any
) -> tuple[Any, Any]:
    """Bits a pixel and mean squared errors of images, both (B,).

    Args:
        encoder: The encoder.
        decoder: The decoder.
        values: Their trainable weights.
        images: uint8 (B, H, W, 3).
        noise: See `rate`.
    """
    from keras import ops

    clean = ops.cast(images, "float32") / 255
    own = len(encoder.trainable_variables)
    latents, _ = encoder.stateless_call(values[:own], [], (clean - MIDDLE) * CONTRAST)
    bits = ops.sum(rate(latents, noise), axis=(1, 2, 3)) / math.prod(images.shape[1:3])
    rounded = latents + ops.stop_gradient(ops.round(shrunk(latents)) - latents)
    decoded, _ = decoder.stateless_call(values[own:], [], rounded)
    error = decoded / CONTRAST + MIDDLE - clean
    return bits, ops.mean(error**2, axis=(1, 2, 3))


# --- The start -------------------------------------------------------------------------------


def start_at_components(
    model: keras.Model, architecture: Architecture, images: np.ndarray, steps: float
) -> None:
    """Sets the weights to principal components of principal components, and their inverse.

    The residual blocks start as the identity.

    Args:
        model: The network.
        architecture: Its architecture.
        images: What they are the components of, (B, H, W, 3).
        steps: Steps to a unit of a component.
    """
    places = dict(enumerate(architecture.layers, start=1))
    kernels: list[np.ndarray] = []
    values = images.astype(np.float32)
    for index, layer in places.items():
        is_decoder = index > len(architecture.encoder)
        if isinstance(layer, Unshuffle):
            values = unshuffled(values, layer.factor)
        if not isinstance(layer, Conv) or layer.activation != "linear":
            continue
        keras_layer = model.get_layer(layer.keras_name(index))
        kernel = np.zeros(keras_layer.kernel.shape, np.float32)
        if not _closes_residual(places, index):
            middle = kernel[layer.kernel // 2, layer.kernel // 2]  # (in, out)
            if is_decoder:
                middle[:] = kernels.pop().T
            else:
                flat = values.reshape(-1, values.shape[-1])
                components = np.linalg.eigh(flat.T @ flat)[1][:, ::-1][:, : layer.channels]
                middle[:, : components.shape[1]] = components
                values = values @ middle
                kernels.append(middle)
        keras_layer.kernel.assign(kernel)
    last = len(architecture.encoder)
    for index, factor in ((last, steps), (last + 1, 1 / steps)):
        keras_layer = model.get_layer(places[index].keras_name(index))
        keras_layer.kernel.assign(keras_layer.kernel * factor)


def _closes_residual(places: dict[int, Layer], index: int) -> bool:
    """Whether the layer after one adds its output to something."""
    return isinstance(places.get(index + 1), Add)


def for_images(weights: Sequence[np.ndarray]) -> list[np.ndarray]:
    """Weights for images in [0, 1] of those that were trained with `CONTRAST`.

    Args:
        weights: Kernels and biases by turns, from the first convolution to the last.
    """
    kernel, bias, *between, last_kernel, last_bias = weights
    shift = CONTRAST * MIDDLE * kernel.sum(axis=(0, 1, 2))
    return [
        *(CONTRAST * kernel, bias - shift),
        *between,
        *(last_kernel / CONTRAST, last_bias / CONTRAST + MIDDLE),
    ]


# --- Training --------------------------------------------------------------------------------


def reduced(photo: np.ndarray) -> np.ndarray:
    """A photograph reduced to `REDUCED` of its sides."""
    height, width = (round(REDUCED * side) for side in photo.shape[:2])
    return to_uint8(resize(photo, height, width))


def _middles(photos: Iterable[np.ndarray]) -> np.ndarray:
    """The middle `SIDE` x `SIDE` pixels of each."""
    return np.stack([middle(photo, SIDE, SIDE) for photo in photos])


def train(
    recipe: RateRecipe,
    photos: Path,
    folder: Path,
    *,
    minutes: float,
    peak: float,
    say: Callable[[str], None],
) -> None:
    """Trains on one GPU; weights and history are written several times on the way.

    Args:
        recipe: The recipe.
        photos: The folder BSDS500.
        folder: Folder of weights and history.
        minutes: Time budget, which began when this module was imported.
        peak: The highest learning rate.
        say: Called with a line at every validation.
    """
    import jax

    from cae_core.models.builder import build, split
    from cae_core.recipes import gpu_training

    folder.mkdir(parents=True, exist_ok=True)
    architecture = recipe.architecture
    model, kept = build(architecture), build(architecture)
    encoder, decoder = split(model)
    train_photos = read_photographs(training_paths(photos))
    small = [reduced(photo) for photo in train_photos]
    middles = _middles([*train_photos[::4], *small[::4]])
    scaled = (middles / np.float32(255) - MIDDLE) * CONTRAST
    # At high rates a step that suits the weight: bits change by 1 / ln 2 where the step does.
    step = math.sqrt(18 / (recipe.error_weight * math.log(2)))
    start_at_components(model, architecture, scaled, 255 / CONTRAST / step)
    validation = _middles(read_photographs(validation_paths(photos)))
    rows: list[dict[str, float]] = []

    def loss(values: list[Any], data: Any, key: Any, _: Any) -> Any:
        drawing, noising = jax.random.split(key)
        images = gpu_training.draw_patches(drawing, data, SHARES, BATCH, SIDE)
        bits, error = bits_and_error(encoder, decoder, values, images, noise_of(noising))
        return bits.mean() + recipe.error_weight * 255**2 * error.mean()

    def noise_of(key: Any) -> Any:
        shape = (BATCH, SIDE // 16, SIDE // 16, recipe.channels)
        return jax.random.uniform(key, shape, minval=-0.5, maxval=0.5)

    @jax.jit
    def measured(values: list[Any], images: Any) -> Any:
        return bits_and_error(encoder, decoder, values, images, noise_of(jax.random.key(0)))

    variables = [*encoder.trainable_variables, *decoder.trainable_variables]

    def on_validation(steps: int, patches: int) -> None:
        values = [variable.value for variable in variables]
        batches = [validation[start : start + BATCH] for start in (0, BATCH)]
        found = np.array([measured(values, images) for images in batches])  # (2, 2, BATCH)
        bits, error = found.swapaxes(0, 1).reshape(2, -1)
        losses = bits + recipe.error_weight * 255**2 * error
        row = {
            "patches": patches,
            "seconds": round(time.monotonic() - _STARTED),
            "bits_per_pixel": round(float(bits.mean()), 4),
            "psnr": round(float(-10 * np.log10(error).mean()), 3),
            "validation_loss": round(float(losses.mean()), 4),
        }
        rows.append(row)
        say(f"{steps} steps {row}")
        write_history(folder, rows)
        kept.set_weights(for_images([np.asarray(value) for value in values]))
        kept.save_weights(folder / WEIGHTS)
        round_to_half(folder / WEIGHTS, recipe.bits)

    ends = [architecture.layers[1].keras_name(2), model.layers[-2].name]
    gpu_training.train_on_device(
        variables,
        ends,
        [gpu_training.Stage(1.0, BATCH, loss)],
        gpu_training.photographs([train_photos, small]),
        minutes=minutes - (time.monotonic() - _STARTED) / 60,
        peak=peak,
        seed=0,
        on_validation=on_validation,
    )


# --- The card --------------------------------------------------------------------------------


def write_card(name: str, recipe: RateRecipe, photos: Path) -> Card:
    """Measures the weights in a network's folder on CBSD68 and writes its card.

    Args:
        name: Name of the network.
        recipe: The recipe.
        photos: The folder BSDS500.
    """
    from cae_core import zoo
    from cae_core.compression.codec import compress_at_step, decompress
    from cae_core.training.evaluation import evaluate

    folder = FOLDER / name
    history = read_history(folder)
    losses = [row["validation_loss"] for row in history]
    architecture = dataclasses.replace(recipe.architecture, input_shape=_SHAPE)
    report = analyze(architecture)
    task = task_to_dict(Reconstruct())
    card = Card(
        name=name,
        title=name.replace("-", " ").capitalize(),
        summary=(
            "Makes few bytes of photographs of any size: a convolutional network trained for bits "
            "a pixel and squared error together."
        ),
        source=(
            "Loss: Balle et al., ICLR 2017; rounding in training: Minnen & Singh, ICIP 2020, and "
            "Agustsson & Theis, NeurIPS 2020; trained with Muon (Jordan et al., 2024)"
        ),
        network=str(architecture),
        input_shape=_SHAPE,
        dataset="",
        data=(
            "BSDS500 train and test, 400 photographs, as they are and reduced, to train; the 32 of "
            "val that are not in CBSD68 to validate; every fourth of CBSD68 to test"
        ),
        licence="BSDS500 (Arbelaez et al., 2011), non-commercial research and education",
        recipe=f"python -m cae_core make {name} train --photos BSDS500 --out FOLDER",
        seconds=history[-1]["seconds"],
        recipe_notes=(
            f"{history[-1]['patches']:,.0f} patches of {SIDE}x{SIDE}, {BATCH} a step; started at "
            "principal components of principal components; loss: bits a pixel + "
            f"{recipe.error_weight:g} x squared error in 1/255; Muon for the inner convolutions, "
            f"Adam for the ends; averaged weights, rounded to {recipe.bits} significant bits. On "
            "one NVIDIA H200 that five other trainings shared. It diverged on the way: the loss on "
            f"validation was {losses[0]:,.4g} at first, {max(losses):,.4g} at worst and "
            f"{losses[-1]:,.4g} at the end."
        ),
        parameters=report.parameters,
        latent_size=report.latent_size,
        noise_range=None,
        figures=({"test_set": TEST_SET, "condition": PACKED, "task": task},),
        sha256=sha256(folder / WEIGHTS),
        kept=HALF,
        error_weight=recipe.error_weight,
    )

    def figures() -> list[dict[str, Any]]:
        measured = []
        for photo in cbsd68.photographs(photos)[::EVERY]:
            file = compress_at_step(photo, name, TRAINED_STEP)
            pair = decompress(file) / 255, to_uint8(photo) / 255
            bits = 8 * len(file) / math.prod(photo.shape[:2])
            measured.append((bits, psnr(*pair), ssim_of(*pair)))
        bits, decibels, similarity = np.mean(measured, axis=0)
        packed = {"bits_per_pixel": bits, "psnr": decibels, "ssim": similarity}
        return [
            card.figures[0] | {key: round(float(value), 4) for key, value in packed.items()},
            {"test_set": SAMPLE_CHECK, "condition": "reconstruction, not rounded", "task": task}
            | rounded(evaluate(zoo.load(name), sample_check_images(), Reconstruct())),
        ]

    return save_measured(card, folder, figures)


def command_line(name: str, arguments: Sequence[str], say: Callable[[str], None]) -> None:
    """Trains a network, or measures it and writes its card, as the arguments say.

    Args:
        name: A name in `RATE_RECIPES`.
        arguments: The command and its options.
        say: Prints a line.
    """
    recipe = RATE_RECIPES[name]
    parser = argparse.ArgumentParser(
        prog=f"python -m cae_core make {name}",
        description="train needs a GPU and KERAS_BACKEND=jax; card measures the zoo's weights.",
    )
    parser.add_argument("command", choices=("train", "card"))
    parser.add_argument("--photos", type=Path, required=True, help="the folder BSDS500")
    parser.add_argument("--minutes", type=float, default=9, help="time budget")
    parser.add_argument("--rate", type=float, default=1.5e-3, help="the highest learning rate")
    parser.add_argument(
        "--out", type=Path, default=FOLDER / name, help="folder of the weights, for `train`"
    )
    options = parser.parse_args(arguments)
    if options.command == "card":
        say(str(write_card(name, recipe, options.photos).figures))
        return
    train(
        recipe,
        options.photos,
        options.out,
        minutes=options.minutes,
        peak=options.rate,
        say=say,
    )
