"""An image as the bytes of a .cae file, and back."""

from __future__ import annotations

import numpy as np

from cae_core import zoo
from cae_core.compression.container import Container, read_container
from cae_core.compression.networks import CodecNetwork
from cae_core.compression.quantisation import pack_latents, unpack_latents
from cae_core.errors import CompressionError, ZooError
from cae_core.formats import format_size
from cae_core.images.guards import MAX_PIXELS
from cae_core.images.operations import as_image, check_shape
from cae_core.long_work import OnProgress
from cae_core.training.tasks import LUMA

# The network for photographs and the number of the step, by quality: on the sample photographs no
# other network and step have more PSNR at as many bits (``benchmarks/compression.py --ladder``).
LADDER = (
    ("photo-codec-1", 12),
    ("photo-codec-1", 14),
    ("photo-codec-2", 13),
    ("photo-codec-2", 15),
    ("photo-codec-2", 17),
    ("photo-codec-3", 16),
    ("photo-codec-4", 14),
    ("photo-codec-4", 17),
    ("photo-codec-4", 20),
    ("pca-1000", 32),
)
# The step by quality for a network that is named: one trained for rounding, and another one.
_TRAINED_STEPS = range(11, 21)
_STEPS = (12, 16, 19, 20, 22, 24, 26, 27, 29, 32)
QUALITIES = range(1, len(LADDER) + 1)
DEFAULT_QUALITY = 5


def compress(image: np.ndarray, model: str | None = None, quality: int = DEFAULT_QUALITY) -> bytes:
    """Compresses an image of any size by a trained network.

    Args:
        image: (H, W), (H, W, 1) or (H, W, 3); uint8, or float in [0, 1].
        model: A network of the zoo that was trained to give images back. None: one for photographs,
            chosen by the quality.
        quality: From 1, the fewest bytes, to 10.

    Returns:
        The content of a .cae file, which `decompress` reads.

    Raises:
        ImageError: The image has another shape or type.
        CompressionError: Another quality or a network that does not compress such images.
        ZooError: An unknown network, or one whose weights are not kept.

    Example:
        >>> photo = np.full((40, 50, 3), 200, np.uint8)
        >>> file = compress(photo, quality=5)
        >>> len(file) < 200, decompress(file).shape
        (True, (40, 50, 3))
    """
    if isinstance(quality, bool) or quality not in QUALITIES:
        raise CompressionError(
            f"A quality is a whole number from {QUALITIES[0]}, the fewest bytes, to "
            f"{QUALITIES[-1]}. Received: {quality!r}. {DEFAULT_QUALITY} is a good choice."
        )
    if model is None:
        return compress_at_step(image, *LADDER[quality - QUALITIES[0]])
    is_trained = zoo.card(model).error_weight is not None
    steps = _TRAINED_STEPS if is_trained else _STEPS
    return compress_at_step(image, model, steps[quality - QUALITIES[0]])


def compress_at_step(image: np.ndarray, name: str, step: int) -> bytes:
    """As `compress`, by one network at one step.

    Args:
        image: See `compress`.
        name: Name of the network.
        step: Number of the step, see `quantisation.step_size`.
    """
    network = CodecNetwork(name)
    pixels = as_image(image)
    height, width = pixels.shape[:2]
    is_grey = check_shape(image, "image").shape[2:] != (3,)
    if height * width > MAX_PIXELS:
        raise CompressionError(
            f"An image that is compressed has at most {MAX_PIXELS:,} pixels. "
            f"Received: {format_size(height, width)}. Compress it in parts."
        )
    if network.is_grey:
        if not is_grey:
            raise CompressionError(
                "A network for grey images compresses grey images. "
                f"Received: {network.card.name} and an image in colour. Choose another network."
            )
        pixels = pixels[:, :, :1]
    parts = network.parts(height, width)
    latents = network.encode(pixels, parts)
    return Container(
        network=network.card.name,
        sha256=network.card.sha256,
        height=height,
        width=width,
        is_grey=is_grey,
        packed=pack_latents(latents, step, network.gains(), parts.cell_side),
    ).to_bytes()


def decompress(data: bytes, on_progress: OnProgress | None = None) -> np.ndarray:
    """Gives the image of a .cae file.

    The latents are the same whole numbers on every machine. So is every pixel for a network whose
    decoder `CodecNetwork.is_exact`, as that of the photo codec; for another one pixels can differ
    by 1 of 255 between processors.

    Args:
        data: The content of the file.
        on_progress: Called with the parts of the image that are decoded and their number.

    Returns:
        uint8 (H, W, 3), or (H, W) for a grey image.

    Raises:
        CompressionError: It is damaged, no such file, or its network is not here.
    """
    container = read_container(data)
    network = _network_of(container)
    parts = network.parts(container.height, container.width)
    latents = unpack_latents(container.packed, parts.grid, parts.channels, parts.cell_side)
    image = network.decode(latents, parts, on_progress)[: container.height, : container.width]
    if not container.is_grey:
        return np.ascontiguousarray(image)
    if network.is_grey:
        return np.ascontiguousarray(image[:, :, 0])
    # Whole thousandths, so that no float is rounded at a half.
    weights = np.rint(1000 * np.array(LUMA)).astype(np.int64)
    return ((image @ weights + 500) // 1000).astype(np.uint8)


def _network_of(container: Container) -> CodecNetwork:
    """The network that a file names, with the weights that made it."""
    received = f"{container.network!r} with weights {container.sha256[:12]}..."
    try:
        network = CodecNetwork(container.network)
    except (ZooError, CompressionError) as error:
        raise CompressionError(
            "A .cae file is opened by the network that made it. "
            f"Received: one made by {received}, which does not compress images here. "
            "Install the version that wrote the file."
        ) from error
    if network.card.sha256 != container.sha256:
        raise CompressionError(
            "A .cae file is opened by the network that made it. "
            f"Received: one made by {received}; the ones here are {network.card.sha256[:12]}... "
            "Install the version that wrote the file."
        )
    if network.is_grey and not container.is_grey:
        raise CompressionError(
            f"A network for grey images makes grey images. Received: {received} and an image in "
            "colour. Get the file again."
        )
    return network
