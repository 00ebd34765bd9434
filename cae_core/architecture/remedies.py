"""Changes that make an architecture work whose layers do not fit each other, each one tried."""

from __future__ import annotations

import dataclasses
import functools
from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

from cae_core.architecture.formulas import Shape, format_shape
from cae_core.architecture.layers import (
    MAX_SIDE,
    Layer,
)
from cae_core.architecture.notation import Architecture
from cae_core.architecture.report import analyze, is_channels_first
from cae_core.architecture.search import CHANGED, DENSE_END, Edit, Search
from cae_core.errors import ArchitectureError

MOST = 3  # remedies
_OTHER_INPUT = 22.0  # what another input costs: two other layers are a smaller change


@dataclass(frozen=True)
class Remedy:
    """A change that was tried.

    Attributes:
        architecture: The changed architecture, in which `analyze` finds no problem.
        change: The change in words, without a full stop: ``Remove layer 3 (pool)``.
    """

    architecture: Architecture
    change: str

    def __str__(self) -> str:
        return f"{self.change}: {self.architecture}"


@functools.lru_cache(maxsize=256)
def find_remedies(
    architecture: Architecture, output_shape: Shape | None = None
) -> tuple[Remedy, ...]:
    """The smallest changes after which an architecture works, at most three.

    Args:
        architecture: The architecture.
        output_shape: The shape wanted of the output, as for `analyze`. By default that of the
            input, which may then change, too.

    Returns:
        The remedies, the smallest first; empty where the architecture works as it is, or where
        no change was found.

    Example:
        >>> misfit = Architecture.parse("74x74x16 conv24s2:valid | deconv16:valid")
        >>> print(find_remedies(misfit)[0])
        Replace layer 2 (deconv16:valid) with deconv16o1:valid: 74x74x16 conv24s2:valid | \
deconv16o1:valid
    """
    if not analyze(architecture, output_shape=output_shape).problems:
        return ()
    found = list(_other_inputs(architecture)) if output_shape is None else []
    if not any(solution.cost < CHANGED for solution in found):
        search = Search(architecture, output_shape)
        found += [_Solution(cost, edits) for cost, edits in search.solutions()]
    least = min((solution.cost for solution in found), default=0.0)
    remedies: dict[tuple[str, ...], Remedy] = {}
    for solution in sorted(found, key=lambda solution: solution.cost):
        # Of several changes of one kind the smallest is enough.
        if solution.kind in remedies or solution.cost >= DENSE_END > least:
            continue
        try:
            changed = solution.apply(architecture)
        except ArchitectureError:  # a half without layers, or too many of them
            continue
        if not analyze(changed, output_shape=output_shape).problems:
            remedies[solution.kind] = Remedy(changed, solution.said(architecture))
        if len(remedies) == MOST:
            break
    return tuple(remedies.values())


# --- Changes in words -------------------------------------------------------------------------


class _Solution(NamedTuple):
    """Edits that make the architecture work, or another input that does."""

    cost: float
    edits: tuple[Edit, ...]
    input_shape: tuple[int, int, int] | None = None

    @property
    def kind(self) -> tuple[str, ...]:
        """The kind of the change: the same for two that differ in place or number alone."""
        if self.input_shape is not None:
            return ("input",)
        return tuple(
            f"{edit.removed}{''.join(layer.keyword for layer in edit.layers)}"
            for edit in self.edits
        )

    def apply(self, architecture: Architecture) -> Architecture:
        """The changed architecture."""
        if self.input_shape is not None:
            return dataclasses.replace(architecture, input_shape=self.input_shape)
        layers, latent = architecture.layers, len(architecture.encoder)
        halves: tuple[list[Layer], list[Layer]] = ([], [])
        at = 0
        for edit in (*self.edits, Edit(len(layers), 0)):
            for index in range(at, edit.at):
                halves[index >= latent].append(layers[index])
            for number, layer in enumerate(edit.layers):
                index = edit.at + min(number, max(edit.removed - 1, 0))
                halves[index >= latent].append(layer)
            at = edit.at + edit.removed
        return dataclasses.replace(architecture, encoder=tuple(halves[0]), decoder=tuple(halves[1]))

    def said(self, architecture: Architecture) -> str:
        """The change in words."""
        if self.input_shape is not None:
            return f"Begin with {format_shape(self.input_shape)}"
        words = ", and ".join(_said(edit, architecture.layers) for edit in self.edits)
        return words[0].upper() + words[1:]


def _said(edit: Edit, layers: tuple[Layer, ...]) -> str:
    """One edit in words."""
    new = " ".join(map(str, edit.layers))
    if edit.at == len(layers):
        return f"add {new} at the end"
    old = f"layer {edit.at + 1} ({layers[edit.at]})"
    if not edit.removed:
        return f"add {new} before {old}"
    if not edit.layers:
        return f"remove {old}"
    if edit.removed == 2:
        return f"swap {old} with layer {edit.at + 2} ({layers[edit.at + 1]})"
    return f"replace {old} with {new}"


# --- Another input ---------------------------------------------------------------------------


def _other_inputs(architecture: Architecture) -> Iterator[_Solution]:
    """Inputs near the architecture's own for which its layers fit as they are."""
    height, width, channels = architecture.input_shape
    candidates: list[tuple[float, tuple[int, int, int]]] = []
    if is_channels_first(architecture.input_shape):
        candidates.append((0.0, (width, channels, height)))
    for step in (2, 3, 4, 5, 6, 8, 9, 16, 32, 64):
        for rounded in (_down, _up):
            shape = (rounded(height, step), rounded(width, step), channels)
            far = abs(shape[0] - height) + abs(shape[1] - width)
            candidates.append((_OTHER_INPUT + min(far, 500) / 100, shape))
    for cost, shape in sorted(set(candidates)):
        if shape != architecture.input_shape and max(shape[:2]) <= MAX_SIDE and min(shape) > 0:
            changed = dataclasses.replace(architecture, input_shape=shape)
            search = Search(changed, None)
            if not search.count_misfits(search.start):
                yield _Solution(cost, (), shape)
                return


def _down(side: int, step: int) -> int:
    """The next multiple that isn't above a side."""
    return side - side % step


def _up(side: int, step: int) -> int:
    """The next multiple that isn't below a side."""
    return side + -side % step
