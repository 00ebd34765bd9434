"""The sizes of EfficientNet-Lite0, and the same as architecture text. Importing needs no Keras.

Source: Tan & Le, "EfficientNet", ICML 2019; Lite: without squeeze-and-excitation, and with ReLU6,
as published in TensorFlow's repository ``tpu`` in 2020.
"""

from __future__ import annotations

from typing import NamedTuple

STEM_CHANNELS = 32


class Stage(NamedTuple):
    """Blocks of one kind: a 1x1 convolution that widens, a depthwise one, a 1x1 that narrows.

    Attributes:
        repeats: Number of blocks; to all but the first their input is added.
        kernel: Side of the depthwise convolution's window.
        stride: Stride of the first block.
        expansion: Factor by which a block widens its input; 1 leaves that convolution out.
        channels: Channels of the output.
    """

    repeats: int
    kernel: int
    stride: int
    expansion: int
    channels: int


STAGES = (
    Stage(1, 3, 1, 1, 16),
    Stage(2, 3, 2, 6, 24),
    Stage(2, 5, 2, 6, 40),
    Stage(3, 3, 2, 6, 80),
    Stage(3, 5, 1, 6, 112),
    Stage(4, 5, 2, 6, 192),
    Stage(1, 3, 1, 6, 320),
)


def efficientnet_text() -> str:
    """EfficientNet-Lite0 without its head as architecture text, with its batch normalisation.

    Example:
        >>> efficientnet_text()[:76]
        'conv32s2:linear bn relu6 dwconv3:linear bn relu6 conv16k1:linear bn conv96k1'
    """
    tokens, channels = [f"conv{STEM_CHANNELS}s2:linear bn relu6"], STEM_CHANNELS
    for number, stage in enumerate(STAGES, start=1):
        for block in range(stage.repeats):
            mark = f"e{number}{block}"
            wide = f"conv{stage.expansion * channels}k1:linear bn relu6"
            inner = [wide] if stage.expansion > 1 else []
            stride = "" if block or stage.stride == 1 else f"s{stage.stride}"
            inner += [
                f"dwconv{stage.kernel}{stride}:linear bn relu6",
                f"conv{stage.channels}k1:linear bn",
            ]
            tokens += [f"@{mark}", *inner, f"add@{mark}"] if block else inner
            channels = stage.channels
    return " ".join(tokens)
