"""Text files with placeholders ($name) and blocks that stand only under a condition.

A block begins with a line ``#[if name]`` and ends with ``#[end]``; between them ``#[else]`` may
stand. Blocks do not nest.
"""

from __future__ import annotations

from pathlib import Path
from string import Template
from typing import Any


def fill_template(name: str, conditions: dict[str, bool], values: dict[str, Any]) -> str:
    """The text of a template of this folder, filled in.

    Args:
        name: The file's name without ``.template``.
        conditions: True for the blocks that stay.
        values: Texts for the placeholders.
    """
    template = Path(__file__).with_name(f"{name}.template").read_text(encoding="utf-8")
    kept, is_kept = [], True
    for line in template.splitlines():
        if line.startswith("#[if "):
            is_kept = conditions[line.removeprefix("#[if ").removesuffix("]")]
        elif line == "#[else]":
            is_kept = not is_kept
        elif line == "#[end]":
            is_kept = True
        elif is_kept:
            kept.append(f"{line}\n")
    return Template("".join(kept)).substitute(values)
