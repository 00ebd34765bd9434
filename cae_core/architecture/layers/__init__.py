"""The kinds of layers, a file for each family.

To add a kind, write one class like those here (`base` shows how) and import it below: importing
registers it. The order is the one in which the app lists the kinds.
"""

# ruff: isort: off
from cae_core.architecture.layers.base import ACTIVATIONS, LAYER_KINDS, MAX_CHANNELS, MAX_SIDE
from cae_core.architecture.layers.base import KerasCall, Layer, choice, number, rate, register
from cae_core.architecture.layers.convolutions import Conv, Deconv, DepthwiseConv
from cae_core.architecture.layers.convolutions import Residual, SeparableConv
from cae_core.architecture.layers.pooling import AveragePool, MaxPool
from cae_core.architecture.layers.resampling import Blur, Shuffle, SubPixel, Unshuffle, Up
from cae_core.architecture.layers.resampling import Crop, Pad
from cae_core.architecture.layers.normalisation import Activation, BatchNorm, Dropout
from cae_core.architecture.layers.normalisation import RoundingNoise
from cae_core.architecture.layers.dense import MAX_UNITS, Dense, Flatten, Reshape
from cae_core.architecture.layers.normal import Normal
from cae_core.architecture.layers.principal import Pca, Unpca
from cae_core.architecture.layers.skips import Add, Concatenate, Mark, Skip
