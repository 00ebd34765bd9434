"""The notation as a table, read off the registered layers."""

from __future__ import annotations

import dataclasses
from typing import Any, NamedTuple

from cae_core.architecture.layers import ACTIVATIONS, LAYER_KINDS, Activation, Layer


class Entry(NamedTuple):
    """A kind of layer in the notation.

    Attributes:
        token: An example.
        title: The layer's name.
        summary: What it does, the first line of its description.
        settings: What may stand behind the keyword, one for each.
    """

    token: str
    title: str
    summary: str
    settings: tuple[str, ...]


def glossary() -> list[Entry]:
    """An entry for every kind of layer, in the order in which the app lists them.

    Example:
        >>> entry = next(entry for entry in glossary() if entry.title == "Convolution")
        >>> entry.token, entry.settings[:2]
        ('conv16', ('16: channels', 'k3: kernel'))
    """
    return [
        Entry(
            str(kind.example()),
            kind.title,
            (kind.__doc__ or "").splitlines()[0].replace("``", "`"),
            tuple(_setting(item, kind) for item in dataclasses.fields(kind)),
        )
        for kind in LAYER_KINDS.values()
    ]


def _setting(item: dataclasses.Field[Any], kind: type[Layer]) -> str:
    """A size or a choice of a layer as it is written, and its name."""
    name = item.name.replace("_", " ")
    if "options" in item.metadata:
        options = item.metadata["options"]
        if kind is Activation:
            return f"{', '.join(options)}: {name}"
        if options == ACTIVATIONS:
            return f":{item.default} and others: {name}"
        return f"{', '.join(f':{option}' for option in options)}: {name}"
    if "name" in item.metadata:
        return f"@{item.metadata['example']}: {name}"
    example = item.metadata["example"] or item.default
    return f"{item.metadata['letter']}{'n' if example is None else example}: {name}"
