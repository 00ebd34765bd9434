"""The line of PCA in a chart of latent size against error: its meaning, why it lies so low."""

from __future__ import annotations

import math
from collections.abc import Mapping

from cae_core.architecture.notation import Architecture
from cae_core.architecture.report import analyze
from cae_core.formats import format_mse, format_psnr, format_size
from cae_core.images.metrics import psnr_from_mse

BELOW_THE_LINE = (
    "PCA with as many components, fitted on the same training images, is the best linear "
    "autoencoder: a network beats every linear one of its latent size where it lies below the "
    "line. Both axes are logarithmic."
)
NEARLY_ALL = 25.0  # dB


def why_pca_is_hard_to_beat(network: Architecture, line: Mapping[int, float]) -> str:
    """Why a network lies above the line: its weights, and what a linear latent keeps anyway.

    Args:
        network: A network, whose latent is compared with PCA of about its size.
        line: Test MSE of PCA by number of components.

    Example:
        >>> network = Architecture.parse("conv8 pool conv12 pool conv16 | up conv12 up conv3")
        >>> print(why_pca_is_hard_to_beat(network, {512: 0.001, 1024: 0.0002}))
        Why the line lies so low: PCA with 1,024 components is a matrix of 3,072 × 1,024 = 3.1 \
million weights, computed exactly; the network has 4,911, found step by step. And 1,024 of 3,072 \
numbers hold nearly all of an image, because neighbouring pixels are alike: what is lost is an \
error of 0.000200, 36.99 dB. A network wins where the latent is small and it has weights enough: \
on CIFAR-10 the zoo's pca-32 to pca-1000 lie below the line.
    """
    report = analyze(network)
    components = min(line, key=lambda count: abs(math.log(count / report.latent_size)))
    size = report.input_size
    weights = size * components
    written = f"{weights / 1e6:.1f} million" if weights >= 1e6 else f"{weights:,}"
    error = line[components]
    decibels = float(psnr_from_mse(error))
    kept = (
        "hold nearly all of an image, because neighbouring pixels are alike: what is lost is"
        if decibels >= NEARLY_ALL
        else "hold less of an image: what is lost is"
    )
    return (
        f"Why the line lies so low: PCA with {components:,} components is a matrix of "
        f"{format_size(size, components)} = {written} weights, computed exactly; the network has "
        f"{report.parameters:,}, found step by step. And {components:,} of {size:,} numbers {kept} "
        f"an error of {format_mse(error)}, {format_psnr(decibels)}. A network wins where the "
        "latent is small and it has weights enough: on CIFAR-10 the zoo's pca-32 to pca-1000 lie "
        "below the line."
    )
