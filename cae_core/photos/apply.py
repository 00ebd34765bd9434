"""A trained network on a photograph of any size.

Where all layers are convolutional, the network is applied to the whole image, as if it had
been built for that size. Where it has dense layers, or gives its size back only for the
images it was built for, the image is cut into pieces of that size.
"""

from __future__ import annotations

import itertools
import math
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Any

import numpy as np

from cae_core.architecture.formulas import format_shape
from cae_core.architecture.layers import MAX_SIDE
from cae_core.architecture.notation import Architecture
from cae_core.architecture.receptive_field import Node, walk
from cae_core.architecture.report import analyze
from cae_core.architecture.shapes import SpatialStep
from cae_core.errors import ArchitectureError, ImageError
from cae_core.formats import counted, format_size
from cae_core.images.guards import MAX_PIXELS
from cae_core.images.operations import as_image
from cae_core.long_work import OnProgress, ShouldStop, stop_if
from cae_core.photos.tiling import apply_in_tiles, plan_axis, round_up
from cae_core.training.tasks import LUMA

# A tile of 256 pixels and its halo take about 20 MB per tensor of 64 channels.
_TILE = 256
# With more, a tile would no longer be small; what lies further away hardly counts
# (Luo et al., "Understanding the Effective Receptive Field", NeurIPS 2016).
_LARGEST_HALO = 256
# Pieces of one batch hold about this many pixels together.
_BATCH_PIXELS = 256 * 256


@dataclass(frozen=True)
class PhotoPlan:
    """The way a network is applied to an image of one size; `str` says it behind "applied".

    Attributes:
        height: The image's height in pixels.
        width: The image's width in pixels.
        padded_height: Its height after padding at the bottom.
        padded_width: Its width after padding on the right.
        tile_height: Pixels by which the tiles advance downwards.
        tile_width: Pixels by which the tiles advance to the right.
        tiles: How many tiles there will be.
        multiple: Every tile begins at a multiple of this.
        halo: Pixels around a tile that are read as well.
        wanted_halo: Pixels that would be needed for the exact result of the whole image.
        reason: Why the image is cut into pieces that do not see each other; empty where the
            network is applied to the whole.
    """

    height: int
    width: int
    padded_height: int
    padded_width: int
    tile_height: int
    tile_width: int
    tiles: int
    multiple: int = 1
    halo: int = 0
    wanted_halo: int = 0
    reason: str = ""

    @property
    def is_whole(self) -> bool:
        """True where the network is applied to the image as a whole, not to pieces of it."""
        return not self.reason

    def __str__(self) -> str:
        if not self.is_whole:
            size = format_size(self.tile_height, self.tile_width)
            return f"in {counted(self.tiles, 'tile')} of {size}, because {self.reason}"
        said = "to the whole image"
        added = [
            f"{counted(pixels, 'pixel')} {where}"
            for pixels, where in (
                (self.padded_height - self.height, "below it"),
                (self.padded_width - self.width, "right of it"),
            )
            if pixels
        ]
        if added:
            said += f" and {' and '.join(added)}"
        if self.tiles > 1 and self.halo < self.wanted_halo:
            said += (
                f", computed in {self.tiles:,} tiles that see {self.halo} of "
                f"{self.wanted_halo} pixels around them"
            )
        elif self.tiles > 1:
            said += f", computed in {self.tiles:,} overlapping tiles"
        return said


def is_fully_convolutional(architecture: Architecture) -> bool:
    """True for a network whose layers all work on maps of any height and width.

    Example:
        >>> is_fully_convolutional(Architecture.parse("conv8 pool | up conv3"))
        True
        >>> is_fully_convolutional(Architecture.parse("flatten dense9 | dense3072"))
        False
    """
    return not any(node.measure.sees_everything for node in walk(architecture))


def total_stride(architecture: Architecture) -> int:
    """The total stride: both sides of an image must be multiples of it.

    Example:
        >>> total_stride(Architecture.parse("conv8 pool conv12 pool conv16 | up up conv3"))
        4
        >>> total_stride(Architecture.parse("up conv8 | conv8s2 conv3"))
        1
    """
    multiple = 1
    for scale in _scales(walk(architecture)):
        multiple = math.lcm(multiple, scale.numerator)
    return multiple


def plan_photo(architecture: Architecture, height: int, width: int) -> PhotoPlan:
    """Plans how a network is applied to an image of some size.

    Args:
        architecture: The network.
        height: The image's height in pixels.
        width: The image's width in pixels.

    Returns:
        The plan that `apply_to_photo` follows.

    Raises:
        ArchitectureError: The network cannot work, does not return its own input's size, or
            takes neither 1 nor 3 channels.
        ImageError: The image is so thin that padding would make it many times larger.

    Example:
        >>> print(plan_photo(Architecture.parse("conv8 pool | up conv3"), 33, 48))
        to the whole image and 1 pixel below it
        >>> dense = Architecture.parse("flatten dense9 | dense3072 reshape32x32x3")
        >>> print(plan_photo(dense, 481, 321))
        in 176 tiles of 32 × 32, because the network has dense layers
    """
    _check_usable(architecture)
    if not is_fully_convolutional(architecture):
        return _plan_pieces(architecture, height, width, "the network has dense layers")
    smallest = _smallest_side(architecture)
    if smallest is None:
        return _plan_pieces(architecture, height, width, "the network does not keep other sizes")
    return _plan_whole(architecture, height, width, smallest)


def _plan_whole(architecture: Architecture, height: int, width: int, smallest: int) -> PhotoPlan:
    """The network on the whole image, padded to the total stride, in tiles where it is large."""
    multiple = total_stride(architecture)
    padded_height = max(smallest, round_up(height, multiple))
    padded_width = max(smallest, round_up(width, multiple))
    _check_padded(height, width, padded_height, padded_width)
    wanted_halo = _margin(architecture)
    halo = min(wanted_halo, _LARGEST_HALO)
    # The wider the halo, the larger the tile, so that most of the work is not for the halo.
    tile = max(_TILE, 2 * halo, smallest)
    rows = plan_axis(padded_height, tile, halo, multiple)
    columns = plan_axis(padded_width, tile, halo, multiple)
    return PhotoPlan(
        height=height,
        width=width,
        padded_height=padded_height,
        padded_width=padded_width,
        tile_height=tile,
        tile_width=tile,
        tiles=len(rows) * len(columns),
        multiple=multiple,
        halo=halo,
        wanted_halo=wanted_halo,
    )


def _plan_pieces(architecture: Architecture, height: int, width: int, reason: str) -> PhotoPlan:
    """The network on pieces of its own input's size; only a smaller image is padded."""
    tile_height, tile_width, _ = architecture.input_shape
    padded_height, padded_width = max(height, tile_height), max(width, tile_width)
    _check_padded(height, width, padded_height, padded_width)
    rows = plan_axis(padded_height, tile_height, 0)
    columns = plan_axis(padded_width, tile_width, 0)
    return PhotoPlan(
        height=height,
        width=width,
        padded_height=padded_height,
        padded_width=padded_width,
        tile_height=tile_height,
        tile_width=tile_width,
        tiles=len(rows) * len(columns),
        reason=reason,
    )


def apply_to_photo(
    model: Any,
    architecture: Architecture,
    image: np.ndarray,
    *,
    clip: bool = True,
    overwrite: bool = False,
    on_progress: OnProgress | None = None,
    should_stop: ShouldStop | None = None,
) -> np.ndarray:
    """Applies a trained network to an image of any size.

    A network for grey images gets the image's luma (Rec. 601) and returns grey. An image
    whose sides do not fit is continued by its mirror image on the right and at the bottom,
    and the result cut back. `plan_photo` tells beforehand how it will be done.

    Args:
        model: The keras.Model, as `cae_core.build` makes it from the architecture.
        architecture: What the model was built from.
        image: The image: (H, W), (H, W, 1) or (H, W, 3); uint8, or float in [0, 1], beyond
            which noise may reach.
        clip: Whether the output is cut to [0, 1]; an output that is no image is not.
        overwrite: Lets the output take the memory of the image, where that is float32 (H, W, 3)
            and the network is applied to the whole.
        on_progress: Called with the tiles done and their number.
        should_stop: Asked before each tile, or batch of tiles; True stops the work.

    Returns:
        float32 array (H, W, C), C being the channels of the network's output.

    Raises:
        ArchitectureError: See `plan_photo`.
        ImageError: The image has another shape or type, or values that are not finite.
        StoppedError: `should_stop()` said so.

    Example:
        >>> from cae_core.models.builder import build
        >>> architecture = Architecture.parse("conv8 pool | up conv3:sigmoid")
        >>> photo = np.ones((33, 47, 3), np.float32)
        >>> apply_to_photo(build(architecture), architecture, photo).shape
        (33, 47, 3)
    """
    from cae_core.models.builder import build

    photo = as_image(image, unclipped=True)
    height, width = photo.shape[:2]
    plan = plan_photo(architecture, height, width)
    channels = architecture.input_shape[2]
    if channels == 1:
        photo = (photo @ np.array(LUMA, np.float32))[:, :, np.newaxis]  # (H, W, 3) -> (H, W, 1)
    if plan.is_whole:
        padded = (plan.padded_height, plan.padded_width)
        # All tiles have one shape, that of the first. It is built in: Keras cannot upsample
        # bilinearly without knowing it.
        window_height, window_width = (
            plan_axis(side, plan.tile_height, plan.halo, plan.multiple)[0].stop for side in padded
        )
        network = build(architecture, input_shape=(window_height, window_width, channels))
        network.set_weights(model.get_weights())
        result = apply_in_tiles(
            network.predict_on_batch,
            photo,
            tile=plan.tile_height,
            halo=plan.halo,
            multiple=plan.multiple,
            padded=padded,
            overwrite=overwrite,
            on_progress=on_progress,
            should_stop=should_stop,
        )
    else:
        pieces = _padded(photo, plan)
        result = _apply_to_pieces(model, pieces, plan, on_progress, should_stop)[:height, :width]
    return np.clip(result, 0.0, 1.0, out=result) if clip else result


def _apply_to_pieces(
    model: Any,
    image: np.ndarray,
    plan: PhotoPlan,
    on_progress: OnProgress | None,
    should_stop: ShouldStop | None,
) -> np.ndarray:
    """Applies the network to pieces of its own input's size, in batches."""
    height, width = image.shape[:2]
    # The last piece of a row or column reaches back into the image: no border is made up.
    pieces = list(
        itertools.product(
            plan_axis(height, plan.tile_height, 0), plan_axis(width, plan.tile_width, 0)
        )
    )
    result = np.empty((height, width, model.output_shape[3]), np.float32)
    batch_size = max(1, _BATCH_PIXELS // (plan.tile_height * plan.tile_width))
    for start in range(0, len(pieces), batch_size):
        stop_if(should_stop, "Work on the image", f"{start} of {len(pieces)} tiles")
        group = pieces[start : start + batch_size]
        batch = np.stack([image[rows.read, columns.read] for rows, columns in group])
        outputs = np.asarray(model.predict_on_batch(batch))  # (B, h, w, C2)
        for (rows, columns), output in zip(group, outputs, strict=True):
            result[rows.write, columns.write] = output[rows.crop, columns.crop]
        if on_progress is not None:
            on_progress(start + len(group), len(pieces))
    return result


def _padded(image: np.ndarray, plan: PhotoPlan) -> np.ndarray:
    """The image continued by its mirror image, which exists even of a single pixel."""
    below, right = plan.padded_height - plan.height, plan.padded_width - plan.width
    if not (below or right):
        return image
    return np.pad(image, ((0, below), (0, right), (0, 0)), mode="symmetric")


def _check_usable(architecture: Architecture) -> None:
    """Refuses a network that cannot give an image of the image's size."""
    height, width, channels = architecture.input_shape
    if channels not in (1, 3):
        raise ArchitectureError(
            "A network that is applied to a photo takes 3 channels, or 1 for grey. "
            f"Received: an input of {format_shape(architecture.input_shape)}. "
            "Choose another network."
        )
    output = walk(architecture)[-1].measure.output_shape
    out_channels = output[2] if len(output) == 3 else channels
    report = analyze(architecture, output_shape=(height, width, out_channels))
    if report.problems:
        raise ArchitectureError(f"{report.problems[0]} {report.advice}")


def _check_padded(height: int, width: int, padded_height: int, padded_width: int) -> None:
    """Refuses what padding would make many times larger: a few pixels by millions."""
    if padded_height * padded_width > 2 * max(MAX_PIXELS, height * width):
        raise ImageError(
            f"An image may have at most {2 * MAX_PIXELS:,} pixels once it is padded to a size "
            f"that the network takes. Received: {format_size(height, width)}, padded to "
            f"{format_size(padded_height, padded_width)}. Cut it into shorter strips."
        )


# --- What a network does at other sizes ------------------------------------------------------


def _scales(nodes: tuple[Node, ...]) -> list[Fraction]:
    """Input pixels per pixel of each node's output; the image itself stands first."""
    scales = [Fraction(1)]
    for node in nodes:
        scale = scales[-1]
        for step in node.measure.steps[0]:
            scale = scale / step.stride if step.transposed else scale * step.stride
        scales.append(scale)
    return scales


def _smallest_side(architecture: Architecture) -> int | None:
    """The smallest multiple of the total stride that comes back at its size; None without one.

    At multiples of the total stride all sizes in the network grow in proportion. Where the
    scales agree, what fits at one multiple therefore fits at every larger one.
    """
    multiple = total_stride(architecture)
    nodes = walk(architecture)
    scales = _scales(nodes)
    if scales[-1] != 1 or any(
        scales[source] != scales[node.index]
        for node in nodes
        if len(node.inputs) > 1
        for source in node.inputs
    ):
        return None
    own = round_up(max(architecture.input_shape[:2]), multiple)
    sides = range(multiple, min(own, MAX_SIDE) + 1, multiple)
    if not sides or not _keeps_size(architecture, sides[-1]):
        return None
    return next(side for side in sides if _keeps_size(architecture, side))


def _keeps_size(architecture: Architecture, side: int) -> bool:
    """True where the output for a square image of that side has the same size."""
    nodes = _walk_at(architecture, side)
    return not any(node.problem for node in nodes) and nodes[-1].measure.output_shape[:2] == (
        side,
        side,
    )


def _walk_at(architecture: Architecture, side: int) -> tuple[Node, ...]:
    """The layers in place for a square image."""
    channels = architecture.input_shape[2]
    return walk(replace(architecture, input_shape=(side, side, channels)))


def _margin(architecture: Architecture) -> int:
    """Pixels from a tile's border in which its output differs from the whole image's.

    A tile's outside is unknown. Layer by layer, the positions are followed that do not depend
    on the unknown; zeros that a layer adds at the tile's border count as unknown. This can be
    more than half of the receptive field: what a crop takes away, padding behind it replaces.
    """
    multiple = total_stride(architecture)
    side = MAX_SIDE // multiple * multiple
    nodes = _walk_at(architecture, side)
    known = [(0, side - 1)]
    for node in nodes:
        first = max(known[source][0] for source in node.inputs)
        last = min(known[source][1] for source in node.inputs)
        for step in node.measure.steps[0]:
            first, last = _known_outputs(step, first, last)
        out = node.measure.output_shape[0]
        known.append((max(first, 0), min(last, out - 1)))
    first, last = known[-1]
    return min(max(first, side - 1 - last), side)


def _known_outputs(step: SpatialStep, first: int, last: int) -> tuple[int, int]:
    """The output positions that depend on nothing but inputs from `first` to `last`."""
    stride, offset = step.stride, step.offset
    if not step.transposed:
        return -(-(first + offset) // stride), (last + offset - step.kernel + 1) // stride
    # Outputs between the kernels of a transposed convolution see nothing; they are taken to
    # see the input before them, so that the known positions stay one interval.
    kernel = max(step.kernel, stride)
    return (first - 1) * stride + kernel - offset, (last + 1) * stride - 1 - offset


def with_channels_of(clean: np.ndarray, shape: tuple[int, ...]) -> np.ndarray:
    """An output (H, W, C) with as many channels and axes as the input image.

    Args:
        clean: (H, W, 1 or 3).
        shape: Shape of the input: (H, W), (H, W, 1) or (H, W, 3).

    Returns:
        The output itself where it has the shape already.
    """
    if len(shape) == 3 and shape[2] == 3:
        # a network for grey gives one channel
        return clean if clean.shape[2] == 3 else clean.repeat(3, axis=2)
    return clean.mean(axis=2, keepdims=len(shape) == 3)
