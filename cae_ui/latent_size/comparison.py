"""The main figures of several architectures beside each other."""

from __future__ import annotations

from collections.abc import Sequence

from cae_core.architecture.formulas import format_shape
from cae_core.architecture.report import Report
from cae_core.formats import format_bytes
from cae_ui.common.wording import pixel_size


def comparison_table(reports: Sequence[tuple[str, Report]]) -> list[dict[str, str]]:
    """The main figures of several architectures, a column each."""
    lines = {
        "Latent": lambda r: f"{format_shape(r.latent_shape)} = {r.latent_size:,}",
        "Input / latent": lambda r: f"{r.compression_ratio:.2f}",
        "Smallest tensor": lambda r: f"{r.smallest.size:,} ({r.smallest.token})",
        "Parameters": lambda r: f"{r.parameters:,}",
        "Multiply-adds per image": lambda r: f"{r.macs:,}",
        "Receptive field of a latent pixel": lambda r: pixel_size(r.latent_receptive_field),
        "Receptive field of an output pixel": lambda r: pixel_size(r.receptive_field),
        "Activations of a batch of 128": lambda r: format_bytes(128 * r.activation_bytes),
        "Can be built": lambda r: "no" if r.problems else "yes",
    }
    return [
        {"": name, **{title: value(report) for title, report in reports}}
        for name, value in lines.items()
    ]
