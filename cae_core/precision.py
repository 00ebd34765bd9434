"""Which number format pays on this processor.

Importing this module does not import Keras.
"""

from __future__ import annotations

import functools
from pathlib import Path

FLOAT32, BFLOAT16 = "float32", "mixed_bfloat16"

_CPU_FEATURES = Path("/proc/cpuinfo")


@functools.cache
def has_fast_bfloat16() -> bool:
    """Whether the processor multiplies bfloat16 numbers faster than float32 ones.

    Linux names the instructions it found. Elsewhere nothing is assumed: without them bfloat16
    is many times slower than float32.
    """
    return _CPU_FEATURES.exists() and names_bfloat16(_CPU_FEATURES.read_text())


def names_bfloat16(cpu_info: str) -> bool:
    """Whether a ``/proc/cpuinfo`` names bfloat16 instructions.

    Example:
        >>> names_bfloat16("flags : fpu avx2 avx512f avx512_bf16")
        True
        >>> names_bfloat16("flags : fpu avx2 avx512f")
        False
    """
    return not {"avx512_bf16", "amx_bf16"}.isdisjoint(cpu_info.split())
