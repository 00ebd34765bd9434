"""EfficientNet-Lite0 without its head: an image in, features at strides 2 to 32 out.

Importing this module imports Keras.
"""

from __future__ import annotations

from typing import Any

import keras

from cae_core.models.efficientnet_stages import STAGES, STEM_CHANNELS


def efficientnet_lite0(inputs: Any, dtype: str = "float32") -> list[Any]:
    """Applies EfficientNet-Lite0 to a symbolic tensor, up to its last block.

    Batch normalisation is folded into the convolutions, so that they have biases.

    Args:
        inputs: (B, H, W, C), as the network was trained on: from -127/128 to 1, C being 3; a
            grey image's channel may stand for all three.
        dtype: ``"float32"``, or ``"mixed_bfloat16"`` for convolutions in bfloat16.

    Returns:
        The output of every stage: strides 2, 4, 8, 16, 16, 32, 32 and the stages' channels.

    Example:
        >>> features = efficientnet_lite0(keras.Input((64, 96, 3)))
        >>> features[2].shape, features[-1].shape
        ((None, 8, 12, 40), (None, 2, 3, 320))
    """
    options: dict[str, Any] = {"padding": "same", "dtype": dtype}

    def relu6(x: Any) -> Any:
        return keras.layers.ReLU(6.0, dtype=dtype)(x)

    x = keras.layers.Conv2D(STEM_CHANNELS, 3, strides=2, name="stem", **options)(inputs)
    x = relu6(x)
    outputs = []
    for number, stage in enumerate(STAGES, start=1):
        for block in range(1, stage.repeats + 1):
            name, before = f"stage_{number}_{block}", x  # the layer that ends the block
            if stage.expansion > 1:
                wide = stage.expansion * x.shape[-1]
                x = relu6(keras.layers.Conv2D(wide, 1, name=f"{name}_widen", **options)(x))
            stride = stage.stride if block == 1 else 1
            x = keras.layers.DepthwiseConv2D(
                stage.kernel, strides=stride, name=f"{name}_depthwise", **options
            )(x)
            x = relu6(x)
            x = keras.layers.Conv2D(stage.channels, 1, name=f"{name}_narrow", **options)(x)
            if block > 1:
                x = keras.layers.Add(name=name, dtype=dtype)([x, before])
        outputs.append(x)
    return outputs


def build_efficientnet_lite0(channels: int = 3, dtype: str = "float32") -> keras.Model:
    """EfficientNet-Lite0 without its head, with random weights.

    Args:
        channels: Of the image: 3, or 1 for grey ones.
        dtype: As for `efficientnet_lite0`.

    Returns:
        A model from images (B, H, W, C) in [0, 1] to the outputs of `efficientnet_lite0`.

    Example:
        >>> build_efficientnet_lite0().count_params()
        2939120
    """
    images = keras.Input((None, None, channels), name="images")
    # As the network was trained: 8-bit values minus 127, divided by 128.
    scaled = images * (255 / 128) - 127 / 128
    return keras.Model(images, efficientnet_lite0(scaled, dtype), name="encoder")
