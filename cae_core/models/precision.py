"""The number format of a training: bfloat16 where this processor gains from it.

Importing this module does not import Keras.
"""

from __future__ import annotations

import functools
from pathlib import Path

from cae_core.architecture.layers import DepthwiseConv, SeparableConv
from cae_core.architecture.report import Report

# Keras's names.
FLOAT32, BFLOAT16 = "float32", "mixed_bfloat16"
# Measured by benchmarks/training.py: at 32 channels bfloat16 trains faster, at 8 to 16
# it does not.
WIDE = 32
# Side of the only depthwise convolutions that gain from bfloat16.
FAST_SIDE = 3

_CPU_FEATURES = Path("/proc/cpuinfo")


@functools.cache
def has_fast_bfloat16() -> bool:
    """True where the processor multiplies bfloat16 numbers faster than float32 ones.

    Read from Linux's ``/proc/cpuinfo``; False on other systems, since without such instructions
    bfloat16 is many times slower.
    """
    return _CPU_FEATURES.exists() and names_bfloat16(_CPU_FEATURES.read_text())


def names_bfloat16(cpu_info: str) -> bool:
    """True where a ``/proc/cpuinfo`` lists bfloat16 instructions.

    Example:
        >>> names_bfloat16("flags : fpu avx2 avx512f avx512_bf16")
        True
        >>> names_bfloat16("flags : fpu avx2 avx512f")
        False
    """
    return not {"avx512_bf16", "amx_bf16"}.isdisjoint(cpu_info.split())


def training_dtype(report: Report, precision: str) -> str:
    """The Keras dtype that a network trains in.

    Args:
        report: Report of the network.
        precision: As in `cae_core.training.config.TrainConfig`.

    Example:
        >>> from cae_core import Architecture, analyze
        >>> training_dtype(analyze(Architecture.parse("conv64 | conv3")), "float32")
        'float32'
    """
    if precision == "auto":
        gains = has_fast_bfloat16() and is_wide(report) and not has_slow_depthwise(report)
        return BFLOAT16 if gains else FLOAT32
    return BFLOAT16 if precision == "bfloat16" else FLOAT32


def is_wide(report: Report) -> bool:
    """True where most multiplications are in layers from at least 32 channels to at least 32.

    Example:
        >>> from cae_core import Architecture, analyze
        >>> is_wide(analyze(Architecture.parse("conv32 conv32s2 conv32 | up conv32 conv3k1")))
        True
        >>> is_wide(analyze(Architecture.parse("conv8 pool conv16 | up conv3:sigmoid")))
        False
    """
    rows = report.rows
    wide = sum(row.macs for row in rows if min(row.input_shape[-1], row.output_shape[-1]) >= WIDE)
    return wide > report.macs / 2


def has_slow_depthwise(report: Report) -> bool:
    """True where a depthwise convolution has another window than 3x3, or a stride.

    In bfloat16 TensorFlow takes two to four times as long for a network of such layers.

    Example:
        >>> from cae_core import Architecture, analyze
        >>> has_slow_depthwise(analyze(Architecture.parse("sepconv64 dwconv3 | conv3")))
        False
        >>> has_slow_depthwise(analyze(Architecture.parse("sepconv64s2 | up conv3")))
        True
    """
    return any(
        isinstance(row.layer, DepthwiseConv | SeparableConv)
        and (row.layer.kernel != FAST_SIDE or row.layer.stride > 1)
        for row in report.rows
    )
