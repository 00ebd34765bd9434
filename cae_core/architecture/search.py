"""The search for small changes after which the layers of an architecture fit each other.

A best-first search: at every place in the network, with the shape that the tensor has there, a
layer can stay, take another size, be left out, or get others before it. All single changes are
looked at first, and several together only where none is enough. `remedies` makes sentences of it.
"""

from __future__ import annotations

import dataclasses
import functools
import heapq
import math
from collections.abc import Iterator
from typing import Any, NamedTuple

from cae_core.architecture.formulas import Shape
from cae_core.architecture.layers import (
    MAX_CHANNELS,
    MAX_SIDE,
    MAX_UNITS,
    Activation,
    Add,
    Concatenate,
    Conv,
    Crop,
    Deconv,
    Dense,
    Flatten,
    Layer,
    Mark,
    MaxPool,
    Pad,
    Pca,
    Reshape,
    Shuffle,
    Skip,
    Unpca,
    Up,
)
from cae_core.architecture.notation import Architecture
from cae_core.architecture.receptive_field import MAX_OUTPUT_SIDE
from cae_core.architecture.report import last_activation
from cae_core.errors import ArchitectureError

_STEPS = 5_000  # layers that the search may put into place, six times as many for a first find

# What a change costs: those that keep more of the network come first.
CHANGED, _SWAPPED, _ADDED, _REMOVED = 10.0, 11.0, 12.0, 12.5
_IN_ENCODER = 3.0  # a change that the latent feels
DENSE_END = 36.0  # flatten, dense, reshape: fits always, and forgets what convolutions are for
_LARGEST_KERNEL, _LARGEST_NUMBER = 31, 16
_MAX_DENSE_WEIGHTS = 50_000_000


Edits = tuple["Edit", ...]
Found = tuple[float, Edits]
"""The cost of edits that are enough together, and the edits."""


class Edit(NamedTuple):
    """Layers put in the place of others: of none, one, or two neighbours that are swapped."""

    at: int
    removed: int
    layers: tuple[Layer, ...] = ()


class _Place(NamedTuple):
    """A place between two layers and all that the layers behind it depend on."""

    at: int  # layers of the architecture that stand before it
    shape: Shape
    # Marks that are set: name, shape, and whether the tensor is still the marked one.
    marks: tuple[tuple[str, Shape, bool], ...] = ()
    pca: tuple[Pca, Shape] | None = None  # the last one and its input's shape


# Layers that make any map a little larger or smaller.
_BORDERS = tuple(
    (_ADDED + pixels / 100, (kind(pixels),)) for pixels in (1, 2, 3) for kind in (Pad, Crop)
)


@functools.lru_cache(maxsize=1 << 16)
def _output(layer: Layer, shape: Shape) -> Shape | None:
    """The layer's output shape, None where it can't work."""
    try:
        return layer.output_shape(shape)
    except ArchitectureError:
        return None


def _through(layer: Layer, place: _Place) -> _Place | None:
    """The place behind a layer that is put at a place, None where it can't work."""
    shape, marks, pca = place.shape, place.marks, place.pca
    if isinstance(layer, Mark):
        if any(name == layer.name for name, *_ in marks):
            return None
        return place._replace(marks=(*marks, (layer.name, shape, True)))
    out: Shape | None
    if isinstance(layer, Skip):
        marked = next((mark for mark in marks if mark[0] == layer.name), None)
        if marked is None or (isinstance(layer, Add) and marked[2]):
            return None
        out = _merged(layer, shape, marked[1])
    elif isinstance(layer, Unpca):
        out = pca[1] if pca is not None and shape == (pca[0].units,) else None
    else:
        out = _output(layer, shape)
    if out is None or (len(out) == 3 and max(out[:2]) > MAX_OUTPUT_SIDE):
        return None
    if isinstance(layer, Pca):
        pca = layer, shape
    if layer != Activation("linear"):
        marks = tuple((name, marked_shape, False) for name, marked_shape, _ in marks)
    return _Place(place.at, out, marks, pca)


@functools.lru_cache(maxsize=1 << 10)
def _sizes(layer: Layer, in_decoder: bool, fits: bool) -> tuple[tuple[float, Layer], ...]:
    """A layer with one other number or padding each, what that costs, the nearest first."""
    found = []
    for item in dataclasses.fields(layer):
        now = getattr(layer, item.name)
        for change in _values(layer, item, in_decoder, fits):
            value = change[item.name]
            far = abs(value - now) if isinstance(value, int) and isinstance(now, int) else 0
            cost = CHANGED + min(far, 90) / 100 + len(change) - 1
            if value == "same":
                cost -= _IN_ENCODER  # what most mean
            if item.name == "stride" and in_decoder and isinstance(layer, Conv):
                cost += 3  # a decoder that shrinks
            found.append((cost, dataclasses.replace(layer, **change)))
    return tuple(found)


def _values(
    layer: Layer, item: dataclasses.Field[Any], in_decoder: bool, fits: bool
) -> Iterator[dict[str, Any]]:
    """Other values that a field of a layer can have, with the fields that change along."""
    now, padding = getattr(layer, item.name), getattr(layer, "padding", None)
    if item.name == "padding":
        yield {"padding": "valid" if now == "same" else "same"}
    low = item.metadata.get("low")
    if not isinstance(low, int) or item.name in ("channels", "units"):
        return
    if item.default is None and now is not None:
        yield {item.name: None}
    if item.default is None and now is None and item.name == "stride":
        return  # a pooling's windows stay side by side
    high = _LARGEST_NUMBER
    if item.name == "size":  # a window of one pixel would be no pooling
        low = 2
    elif item.name == "kernel":
        high = _LARGEST_KERNEL if in_decoder else 9
    # With same padding the size doesn't depend on kernel and dilation; without it it does.
    is_free = padding == "same" and fits and item.name in ("kernel", "dilation")
    for number in range(low, min(high, item.metadata["high"]) + 1):
        if number != now and not is_free:
            yield {item.name: number}
        elif number != now and item.name == "kernel":
            yield {"kernel": number, "padding": "valid"}


def _shrinks(before: Shape, after: Shape) -> bool:
    """Whether a map became a map of less height or width."""
    return len(before) == len(after) == 3 and after[:2] < before[:2]


def _most(layer: Layer, name: str) -> int:
    """The largest number that a field of a layer allows."""
    fields = {item.name: item for item in dataclasses.fields(layer)}
    return int(fields[name].metadata["high"])


def _merged(layer: Skip, shape: Shape, marked: Shape) -> Shape | None:
    """The output shape of a skip connection, None where the two don't fit."""
    try:
        return layer.merge(shape, marked).output_shape
    except ArchitectureError:
        return None


class Search:
    """The search for one architecture and one shape of its output."""

    def __init__(self, architecture: Architecture, output_shape: Shape | None) -> None:
        self.layers = architecture.layers
        self.latent = len(architecture.encoder)
        self.start = _Place(0, architecture.input_shape)
        self.wanted = tuple(output_shape or architecture.input_shape)
        last = last_activation(architecture)
        self.activation = last if last in ("tanh", "linear") else "sigmoid"
        self.steps = 0
        self._misfits: dict[_Place, int] = {}
        self._factors = {layer.factor for layer in self.layers if isinstance(layer, Shuffle)}
        skips = {layer.name for layer in self.layers if isinstance(layer, Skip)}
        marks = {layer.name for layer in self.layers if isinstance(layer, Mark)}
        self._missing_marks = sorted(skips - marks)
        self._sides = self._likely_sides()

    def _likely_sides(self) -> list[tuple[int, int]]:
        """Heights and widths that a vector may be reshaped to: parts of the output's."""
        if len(self.wanted) != 3:
            return []
        height, width, _ = self.wanted
        parts = ((-(-height // n), -(-width // n)) for n in range(1, max(height, width) + 1))
        return list(dict.fromkeys(parts))

    def solutions(self) -> Iterator[Found]:
        """All single changes that are enough; else the first found of several together."""
        best = math.inf
        costs: dict[_Place, float] = {}
        count = 0
        # Estimated cost in all, a counter against comparing places, cost so far, place, edits.
        queue: list[tuple[float, int, float, _Place, Edits]] = []

        def arrive(cost: float, place: _Place, edits: Edits) -> Iterator[Found]:
            nonlocal best, count
            misfits = self.count_misfits(place)
            if not misfits and not self._keeps_halves(edits):
                return
            if not misfits:
                best = min(best, cost)
                yield cost, edits
            elif cost < costs.get(place, math.inf):
                costs[place] = cost
                count += 1
                heapq.heappush(queue, (cost + CHANGED * misfits, count, cost, place, edits))

        mirrored = self._mirrored()
        if mirrored:
            best = _ADDED + len(mirrored) / 10
            yield best, mirrored
        place: _Place | None = self.start
        while place is not None:  # every single change of the architecture as it is
            for cost, follower, edit in self._changes(place):
                yield from arrive(cost, follower, (edit,))
            place = self._kept(place)
        while queue and self.steps < (_STEPS if best < math.inf else 6 * _STEPS):
            estimate, _, cost, current, edits = heapq.heappop(queue)
            if estimate > best + _IN_ENCODER:
                return
            place = current
            while place is not None and cost + CHANGED <= best + _IN_ENCODER:
                for more, follower, edit in self._changes(place):
                    yield from arrive(cost + more, follower, (*edits, edit))
                place = self._kept(place)
                if place is not None and costs.get(place, math.inf) <= cost:
                    break
                if place is not None:
                    costs[place] = cost

    def _keeps_halves(self, edits: Edits) -> bool:
        """Whether encoder and decoder have a layer each after some edits."""
        sizes = [self.latent, len(self.layers) - self.latent]
        for edit in edits:
            sizes[edit.at >= self.latent] += len(edit.layers) - edit.removed
        return min(sizes) > 0

    def _mirrored(self) -> Edits:
        """Output paddings with which the transposed convolutions undo the encoder's strides.

        They add no weights and keep every layer; empty where that is not enough.
        """
        sides: list[Shape] = []  # heights and widths before each layer that made them smaller
        edits: Edits = ()
        place: _Place | None = self.start
        while place is not None and place.at < len(self.layers):
            at, layer = place.at, self.layers[place.at]
            follower = self._kept(place)
            if at >= self.latent and isinstance(layer, Deconv) and layer.stride > 1 and sides:
                target = sides.pop()
                for added in range(layer.stride):
                    if follower is not None and follower.shape[:2] == target:
                        break
                    other = dataclasses.replace(layer, output_padding=added)
                    follower = self._put((other,), place)
                    if follower is not None and follower.shape[:2] == target:
                        follower = follower._replace(at=at + 1)
                        edits += (Edit(at, 1, (other,)),)
                        break
                else:
                    return ()
            elif at < self.latent and follower and _shrinks(place.shape, follower.shape):
                sides.append(place.shape[:2])
            place = follower
        is_enough = place is not None and place.shape == self.wanted
        return edits if is_enough else ()

    def _kept(self, place: _Place) -> _Place | None:
        """The place behind the architecture's own layer."""
        if place.at == len(self.layers):
            return None
        self.steps += 1
        follower = _through(self.layers[place.at], place)
        return follower and follower._replace(at=place.at + 1)

    def count_misfits(self, place: _Place) -> int:
        """Layers from a place on that can't work, left out each, and a wrong output."""
        visited: list[tuple[_Place, int]] = []
        while place not in self._misfits:
            if place.at == len(self.layers):
                self._misfits[place] = int(place.shape != self.wanted)
                break
            follower = self._kept(place)
            visited.append((place, int(follower is None)))
            place = follower or place._replace(at=place.at + 1)
        count = self._misfits[place]
        for earlier, is_misfit in reversed(visited):
            count += is_misfit
            self._misfits[earlier] = count
        return count

    def _changes(self, place: _Place) -> Iterator[tuple[float, _Place, Edit]]:
        """Every change at a place: its cost, the place behind it, and the edit."""
        at = place.at
        extra = _IN_ENCODER if at < self.latent else 0.0
        fits = self._kept(place) is not None
        if at < len(self.layers):
            layer = self.layers[at]
            yield _REMOVED + extra, place._replace(at=at + 1), Edit(at, 1)
            for cost, other in self._variants(layer, place, fits):
                follower = self._put((other,), place)
                if follower is not None:
                    edit = Edit(at, 1, (other,))
                    yield cost + extra, follower._replace(at=at + 1), edit
            if not fits and at + 1 < len(self.layers):
                pair = (self.layers[at + 1], layer)
                follower = self._put(pair, place)
                if follower is not None:
                    yield _SWAPPED + extra, follower._replace(at=at + 2), Edit(at, 2, pair)
        for cost, added in self._additions(place, fits):
            follower = self._put(added, place)
            if follower is not None:
                yield cost + extra, follower, Edit(at, 0, added)

    def _put(self, layers: tuple[Layer, ...], place: _Place) -> _Place | None:
        """The place behind layers that are put at a place."""
        current: _Place | None = place
        for layer in layers:
            if current is None:
                return None
            self.steps += 1
            current = _through(layer, current)
        return current

    # --- Another layer at its place ----------------------------------------------------------

    def _variants(self, layer: Layer, place: _Place, fits: bool) -> Iterator[tuple[float, Layer]]:
        """The same kind of layer with another size, and the kinds that stand for it."""
        if isinstance(layer, Skip | Mark):
            for skip in self._other_skips(layer, place, fits):
                yield CHANGED, skip
        elif isinstance(layer, Reshape):
            for reshape in self._reshapes(place.shape):
                yield CHANGED, reshape
        else:
            yield from self._other_sizes(layer, place, fits)
            yield from self._other_kinds(layer, place)

    def _other_skips(self, layer: Skip | Mark, place: _Place, fits: bool) -> Iterator[Layer]:
        """Other names, and a sum in place of a concatenation."""
        if isinstance(layer, Skip):
            for name, *_ in place.marks:
                if name != layer.name:
                    yield dataclasses.replace(layer, name=name)
            yield Concatenate(layer.name) if isinstance(layer, Add) else Add(layer.name)
        elif not fits:
            taken = {other.name for other in self.layers if isinstance(other, Mark)}
            free = (x for x in "abcdefghijklmnopqrstuvwxyz" if x not in taken)
            yield Mark(next(free, "extra"))

    def _other_kinds(self, layer: Layer, place: _Place) -> Iterator[tuple[float, Layer]]:
        """A convolution for a dense layer, a transposed one that enlarges at the end."""
        if isinstance(layer, Dense) and len(place.shape) == 3 and layer.units <= MAX_CHANNELS:
            yield CHANGED, Conv(layer.units, 1, activation=layer.activation)
        is_last = place.at == len(self.layers) - 1 and len(self.wanted) == len(place.shape) == 3
        if is_last and isinstance(layer, Conv):
            for far, other in self._towards(place.shape, self.wanted, layer.activation):
                if isinstance(other, Deconv):
                    # An even border is better made by a pad.
                    yield CHANGED + far + (3 if other.kernel % 2 else 1), other

    def _other_sizes(
        self, layer: Layer, place: _Place, fits: bool
    ) -> Iterator[tuple[float, Layer]]:
        """The same kind of layer with one other size, the nearest first."""
        yield from _sizes(layer, place.at >= self.latent, fits)
        main = layer.main_size()
        if main in ("channels", "units"):
            now = getattr(layer, main)
            likely = self._likely_units()
            if main == "channels":
                likely = self._likely_channels(now, place)
            for number in likely:
                if number != now and number <= _most(layer, main):
                    far = min(abs(number - now), 90) / 100
                    yield CHANGED + far, dataclasses.replace(layer, **{main: number})

    def _likely_channels(self, now: int, place: _Place) -> list[int]:
        """Channels that later layers may need: for the output, for shuffles, for sums."""
        needed = {now + -now % factor**2 for factor in self._factors}
        if len(self.wanted) == 3:
            needed |= {self.wanted[2] * factor**2 for factor in (1, *self._factors)}
        needed |= {shape[-1] for _, shape, _ in place.marks}
        return sorted(needed)

    def _likely_units(self) -> list[int]:
        """Lengths of a vector that later layers may need."""
        needed = {math.prod(self.wanted)}
        for layer in self.layers:
            if isinstance(layer, Reshape):
                needed.add(layer.height * layer.width * layer.channels)
            elif isinstance(layer, Pca):
                needed.add(layer.units)
        return sorted(needed)

    # --- Layers before others ----------------------------------------------------------------

    def _additions(self, place: _Place, fits: bool) -> Iterator[tuple[float, tuple[Layer, ...]]]:
        """Layers that can be added at a place."""
        for name in self._missing_marks:
            yield _ADDED, (Mark(name),)
        is_end = place.at == len(self.layers)
        if len(place.shape) == 3:
            yield from self._on_maps(place, is_end)
        if is_end:
            yield from self._at_the_end(place.shape)
        elif not fits:
            yield from self._before_misfits(place, self.layers[place.at])

    def _on_maps(self, place: _Place, is_end: bool) -> Iterator[tuple[float, tuple[Layer, ...]]]:
        """Layers that make any map a little larger or smaller, or twice so."""
        yield from _BORDERS
        if place.at >= self.latent:
            for factor in (2, 3, 4, 8, 16):
                yield _ADDED + factor / 100 + is_end / 2, (Up(factor),)
        if place.at <= self.latent:
            yield _ADDED + 0.5, (MaxPool(),)

    def _at_the_end(self, shape: Shape) -> Iterator[tuple[float, tuple[Layer, ...]]]:
        """Layers that give the output the wanted shape."""
        if len(shape) == len(self.wanted) == 3:
            for far, layer in self._towards(shape, self.wanted, self.activation):
                yield _ADDED + 0.2 + far, (layer,)
            yield from self._resized(shape)
        if len(shape) == 1 and len(self.wanted) == 3 and shape[0] == math.prod(self.wanted):
            yield _ADDED, (Reshape(*self.wanted),)
        # A dense layer fits whatever stands before it.
        flatten, cost = ((Flatten(),), DENSE_END) if len(shape) == 3 else ((), 2 * _ADDED)
        for number, layers in enumerate(self._from_vector(math.prod(shape))):
            yield cost + number / 100, (*flatten, *layers)

    def _resized(self, shape: Shape) -> Iterator[tuple[float, tuple[Layer, ...]]]:
        """An up and a convolution that together bring a map to the wanted height and width.

        Without padding f·h pixels become ⌊(f·h − k) / s⌋ + 1: k lies between two bounds for
        height and two for width. The smallest kernel is the best.
        """
        found = []
        for factor in range(1, 9):
            for stride in range(1, 9):
                spare = [
                    factor * side - stride * (wanted - 1)
                    for side, wanted in zip(shape[:2], self.wanted[:2], strict=True)
                ]
                kernel = max(max(spare) - stride + 1, 1)
                if kernel <= min(*spare, _LARGEST_KERNEL):
                    found.append((kernel, factor, stride))
        if found:
            kernel, factor, stride = min(found)
            end = Conv(self.wanted[2], kernel, stride, "valid", self.activation)
            enlarged = (Up(factor),) if factor > 1 else ()
            yield 2 * _ADDED + (kernel + stride) / 5, (*enlarged, end)

    def _from_vector(self, numbers: int) -> Iterator[tuple[Layer, ...]]:
        """Layers from a vector to the output: a dense one, and an up with a convolution."""
        units = math.prod(self.wanted)
        if units * numbers <= _MAX_DENSE_WEIGHTS and units <= MAX_UNITS:
            reshape = (Reshape(*self.wanted),) if len(self.wanted) == 3 else ()
            yield (Dense(units, self.activation), *reshape)
        if len(self.wanted) != 3:
            return
        for factor in (8, 4, 16, 2, 3, 5, 6, 7, *range(9, 16)):
            height, width = (-(-side // factor) for side in self.wanted[:2])
            larger = height * factor - self.wanted[0], width * factor - self.wanted[1]
            most = min(MAX_UNITS, _MAX_DENSE_WEIGHTS // numbers)
            channels = min(16, most // (height * width))
            if larger[0] == larger[1] and channels:
                end = Conv(self.wanted[2], larger[0] + 1, 1, "valid", self.activation)
                if not larger[0]:
                    end = Conv(self.wanted[2], activation=self.activation)
                size = height * width * channels
                yield Dense(size), Reshape(height, width, channels), Up(factor), end
                return

    def _before_misfits(
        self, place: _Place, layer: Layer
    ) -> Iterator[tuple[float, tuple[Layer, ...]]]:
        """Layers that may make the next one fit."""
        shape = place.shape
        if len(shape) == 1:
            yield from self._on_vectors(place, layer)
        elif isinstance(layer, Skip):
            marked = next((mark[1] for mark in place.marks if mark[0] == layer.name), ())
            if len(marked) == 3:
                target = marked if isinstance(layer, Add) else (*marked[:2], shape[2])
                for far, added in self._towards(shape, target, "relu"):
                    yield _ADDED + 0.2 + far, (added,)
        else:
            yield _ADDED, (Flatten(),)
            for kernel in range(2, 5):  # pixels off or on, for a factor that doesn't divide a side
                yield _ADDED + kernel / 10, (Conv(shape[2], kernel, padding="valid"),)
                yield _ADDED + kernel / 10, (Deconv(shape[2], kernel, 1, "valid"),)
            for channels in self._likely_channels(shape[2], place):
                yield _ADDED, (Conv(channels, 1),)

    def _on_vectors(self, place: _Place, layer: Layer) -> Iterator[tuple[float, tuple[Layer, ...]]]:
        """Layers between a vector and a layer that doesn't take it."""
        numbers = place.shape[0]
        if isinstance(layer, Reshape):
            size = layer.height * layer.width * layer.channels
            if size <= MAX_UNITS:
                yield _ADDED, (Dense(size),)
        elif isinstance(layer, Unpca) and place.pca is not None:
            yield _ADDED, (Dense(place.pca[0].units),)
        else:
            for reshape in self._reshapes(place.shape):
                yield _ADDED, (reshape,)
            for number, (height, width) in enumerate(self._sides):
                channels = max(1, min(16, numbers // (height * width)))
                if height * width * channels <= MAX_UNITS:
                    size = height * width * channels
                    made = (Dense(size), Reshape(height, width, channels))
                    yield 2 * _ADDED + number / 100, made

    def _reshapes(self, shape: Shape) -> Iterator[Reshape]:
        """Maps of as many numbers."""
        numbers = math.prod(shape)
        for height, width in self._sides:
            channels, rest = divmod(numbers, height * width)
            if not rest and 1 <= channels <= MAX_CHANNELS and max(height, width) <= MAX_SIDE:
                yield Reshape(height, width, channels)

    @staticmethod
    def _towards(shape: Shape, wanted: Shape, activation: str) -> Iterator[tuple[float, Layer]]:
        """Single layers that bring a map to a wanted shape, and how far that is."""
        height, width = (b - a for a, b in zip(shape[:2], wanted[:2], strict=True))
        if height != width or abs(height) > 128:
            return
        kernel, channels, far = abs(height) + 1, wanted[2], abs(height) / 10
        if not height:
            yield 0, Conv(channels, activation=activation)
        elif kernel <= _LARGEST_KERNEL:
            kind = Deconv if height > 0 else Conv
            yield far, kind(channels, kernel, 1, "valid", activation)
        if height and height % 2 == 0:
            yield far, Pad(height // 2) if height > 0 else Crop(-height // 2)
