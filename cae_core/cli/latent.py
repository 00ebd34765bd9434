"""``latent``: the size of the latent, layer by layer, without training."""

from __future__ import annotations

import argparse
import dataclasses
import json
from typing import Any

from cae_core.architecture.formulas import format_shape
from cae_core.architecture.presets import OURS, PRESETS, SOURCES
from cae_core.architecture.report import Report, Row, analyze
from cae_core.cli.arguments import (
    NOTATION,
    PROGRAM,
    add_architecture,
    add_fix,
    chosen_architecture,
    fixed,
)
from cae_core.cli.terminal import DONE, USER_MISTAKE, aligned, complain

_MOST_DIGITS = 12


def add_parser(commands: Any) -> None:
    """Declares the command and its options."""
    parser = commands.add_parser(
        "latent",
        help="the size of the latent, layer by layer, without training",
        description="Calculates the size of every layer's output, the latent's among them, with\n"
        "parameters, multiply-accumulates (MACs) and the receptive field (field).",
        epilog=NOTATION + _EXAMPLES,
    )
    add_architecture(parser, nargs="?")
    parser.add_argument("--list", action="store_true", help="list the presets and end")
    parser.add_argument(
        "--input",
        type=_shape,
        metavar="HxWxC",
        help="height, width and channels of the image; default: the architecture's, 32x32x3",
    )
    parser.add_argument(
        "--batch",
        type=_positive,
        default=128,
        metavar="N",
        help="images per batch, for the memory that the layers' outputs take; default: 128",
    )
    parser.add_argument(
        "--formulas", action="store_true", help="show every calculation with its numbers put in"
    )
    parser.add_argument("--json", action="store_true", help="print JSON instead of a table")
    add_fix(parser)
    parser.set_defaults(run=run)


_EXAMPLES = """
examples:
  python -m cae_core latent                                list the presets
  python -m cae_core latent homework --formulas
  python -m cae_core latent "conv16 pool conv8 | up conv1:sigmoid" --input 28x28x1
  python -m cae_core latent strided-bn --json
  python -m cae_core latent "30x30x3 conv8 pool conv8 pool | up up conv3:sigmoid" --fix

The exit code is 0, with warnings too, and 2 if the architecture cannot work.
"""


def run(options: argparse.Namespace) -> int:
    """Prints the arithmetic of an architecture, or the list of presets; returns the exit code."""
    if options.list or options.architecture is None:
        print(_json_of_presets() if options.json else _list_of_presets())
        return DONE
    architecture, _ = chosen_architecture(options.architecture, options.input)
    report = analyze(architecture, batch_size=options.batch)
    if options.fix:
        report = analyze(fixed(report), batch_size=options.batch)
    if options.json:
        print(json.dumps(_report_as_data(report), indent=2))
    else:
        print("\n".join(_report_lines(report, with_formulas=options.formulas)))
    if report.problems:
        others = len(report.problems) - 1
        more = f" ({others} more in the table.)" if others else ""
        hint = " The option --fix takes this one." if report.remedies else ""
        complain(f"{report.problems[0]}{more} {report.advice}{hint}")
        return USER_MISTAKE
    return DONE


def _list_of_presets() -> str:
    """The presets, a line each, under the documents they are from."""
    lines = ["Presets, with the size of the latent and how much smaller than the input it is:"]
    for section, source in (*SOURCES.items(), ("", OURS)):
        lines += ["", f"{section}: {source}" if section else f"{source}'s own"]
        rows = []
        for preset in (preset for preset in PRESETS.values() if preset.section == section):
            report = analyze(preset.architecture)
            rows.append(
                (
                    f"  {preset.id}",
                    preset.title,
                    f"{report.latent_size:,}",
                    f"{report.compression_ratio:.2f}x",
                    preset.dataset,
                )
            )
        lines += aligned(rows, right={2, 3})
    return "\n".join([*lines, "", f"One in full: {PROGRAM} latent homework"])


def _json_of_presets() -> str:
    """The presets as a JSON list."""
    return json.dumps([dataclasses.asdict(preset) for preset in PRESETS.values()], indent=2)


def _report_lines(report: Report, *, with_formulas: bool) -> list[str]:
    """The table of layers and what it says."""
    shape = report.architecture.input_shape
    table = aligned(
        [
            ("#", "layer", "output", "numbers", "parameters", "MACs", "field"),
            *(_cells(row) for row in report.rows),
        ],
        right={0, 3, 4, 5, 6},
    )
    width = max(len(line) for line in table)
    lines = [
        " ".join(map(str, report.architecture.encoder))
        + " | "
        + " ".join(map(str, report.architecture.decoder)),
        f"input {format_shape(shape)} = {report.input_size:,} numbers",
        "",
        table[0],
    ]
    for row, line in zip(report.rows, table[1:], strict=True):
        lines.append(line)
        if row.problem:
            lines.append(f"    PROBLEM: {row.problem}")
        if with_formulas:
            lines += [f"    {said}" for said in _calculations(row)]
        if row.index == len(report.architecture.encoder):
            latent = f"the latent: {report.latent_size:,} numbers "
            lines.append(f"---- {latent}".ljust(width, "-"))
    if report.output_problem:
        lines.append(f"    PROBLEM: {report.output_problem}")
    megabytes = report.activation_bytes / 1e6
    is_sound = not any(row.problem for row in report.rows)
    return [
        *lines,
        "",
        report.verdict if is_sound else f"Without the layers that cannot work: {report.verdict}",
        f"{report.parameters:,} parameters, {report.macs:,} multiply-accumulates for one image, "
        f"{megabytes:,.1f} MB of outputs for a batch of {report.batch_size}",
        *(f"WARNING: {warning}" for warning in report.warnings),
        *(f"REMEDY {number}: {remedy}" for number, remedy in enumerate(report.remedies, start=1)),
    ]


def _cells(row: Row) -> tuple[str, ...]:
    """One layer as a row of the table."""
    return (
        str(row.index),
        row.token,
        format_shape(row.output_shape),
        f"{row.size:,}",
        f"{row.parameters:,}",
        f"{row.macs:,}",
        format_shape(row.receptive_field),
    )


def _calculations(row: Row) -> list[str]:
    """Formulas of one layer's size, parameters and multiply-adds."""
    lines = [f"size: {row.formula.text}"]
    if row.textbook is not None:
        lines.append(f"textbook: {row.textbook.text}")
    if row.textbook_note:
        lines.append(row.textbook_note)
    if row.parameters_formula:
        lines.append(f"parameters: {row.parameters_formula} = {row.parameters:,}")
    return lines


def _report_as_data(report: Report) -> dict[str, Any]:
    """A report as plain data."""
    return {
        "architecture": str(report.architecture),
        "input_shape": report.architecture.input_shape,
        "input_size": report.input_size,
        "latent_shape": report.latent_shape,
        "latent_size": report.latent_size,
        "compression_ratio": report.compression_ratio,
        "output_shape": report.output_shape,
        "smallest": {"layer": report.smallest.index, "size": report.smallest.size},
        "parameters": report.parameters,
        "macs": report.macs,
        "batch_size": report.batch_size,
        "activation_bytes": report.activation_bytes,
        "receptive_field": report.receptive_field,
        "verdict": report.verdict,
        "warnings": report.warnings,
        "problems": report.problems,
        "remedies": [
            {"change": remedy.change, "architecture": str(remedy.architecture)}
            for remedy in report.remedies
        ],
        "layers": [
            {
                "index": row.index,
                "part": row.part,
                "token": row.token,
                "input_shape": row.input_shape,
                "output_shape": row.output_shape,
                "size": row.size,
                "formula": row.formula.text,
                "textbook": row.textbook.text if row.textbook else None,
                "textbook_note": row.textbook_note,
                "parameters": row.parameters,
                "parameters_formula": row.parameters_formula,
                "macs": row.macs,
                "activation_bytes": row.activation_bytes,
                "receptive_field": row.receptive_field,
                "problem": row.problem,
            }
            for row in report.rows
        ],
    }


def _shape(text: str) -> tuple[int, int, int]:
    """``28x28x1`` as numbers."""
    try:
        height, width, channels = (int(side) for side in text.lower().split("x"))
    except ValueError as error:
        raise argparse.ArgumentTypeError(
            f"a shape is height × width × channels, for example 28x28x1, not {text!r}"
        ) from error
    return height, width, channels


def _positive(text: str) -> int:
    """A whole number from 1 on."""
    if not text.isdecimal() or len(text) > _MOST_DIGITS or int(text) < 1:
        raise argparse.ArgumentTypeError(f"a whole number from 1 on is wanted, not {text[:99]!r}")
    return int(text)
