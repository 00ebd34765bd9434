"""A kind of layer is one class: its sizes, its arithmetic and its Keras layer.

    @register
    @dataclass(frozen=True)
    class Stretch(Layer):
        # Docstring: the app shows its first line.
        keyword = "stretch"
        title = "Stretch"
        factor: int = number("", low=2, high=8, default=2)

        def measure(self, shape: Shape) -> Measure: ...

        def keras_call(self) -> KerasCall:
            return KerasCall("UpSampling2D", {"size": (1, self.factor)})

The notation (``stretch3``), the JSON form, the checks of sizes, the form in the app, the report,
the model and the generated script are all read off the registered class. What Keras lacks goes
into `cae_core.models.layers`, written with `keras.ops`.
"""

from __future__ import annotations

import dataclasses
import re
from dataclasses import dataclass, field
from typing import Any, ClassVar, Self, TypeVar

from cae_core.architecture.formulas import Shape
from cae_core.architecture.shapes import Measure
from cae_core.errors import ArchitectureError

ACTIVATIONS = ("relu", "relu6", "linear", "sigmoid", "tanh", "leaky_relu", "elu", "gelu", "silu")
PADDINGS = ("same", "valid")

MAX_SIDE = 4_096
MAX_CHANNELS = 4_096

_NAME = re.compile(r"[a-z][a-z0-9]{0,15}")


def number(
    letter: str, *, low: int = 1, high: int, default: int | None = None, example: int | None = None
) -> Any:
    """A size of a layer.

    Args:
        letter: The letter before the number in the text; empty for the main size.
        low: The smallest number allowed.
        high: The largest.
        default: The number where the text gives none.
        example: For a size without a default: a number to start from.
    """
    metadata = {"letter": letter, "low": low, "high": high, "example": example}
    return field(metadata=metadata) if example else field(default=default, metadata=metadata)


def rate(letter: str, *, low: float, high: float, example: float) -> Any:
    """A part of 1 as a size of a layer: ``0.2``."""
    return field(metadata={"letter": letter, "low": low, "high": high, "example": example})


def choice(options: tuple[str, ...], default: str) -> Any:
    """A named choice of a layer: stands after a colon in the text."""
    return field(default=default, metadata={"options": options})


def mark_name() -> Any:
    """The name of a marked tensor: stands after an @ in the text."""
    return field(metadata={"name": True, "example": "a"})


@dataclass(frozen=True)
class KerasCall:
    """The constructor call of one Keras layer, as plain data.

    Attributes:
        layer_class: Class name in `keras.layers`, or in `cae_core.models.layers` if `is_own`.
        arguments: The call's keyword arguments, as plain Python values.
        random: Arguments that seed what the layer draws at random: initializers of Keras's own
            layers, or ``seed``.
        is_own: True for a class of this project.
    """

    layer_class: str
    arguments: dict[str, Any] = field(default_factory=dict)
    random: tuple[str, ...] = ()
    is_own: bool = False


@dataclass(frozen=True)
class Layer:
    """One token of an architecture text: a kind of layer and its sizes.

    Attributes:
        keyword: The word that its token begins with, and its name in the JSON form.
        title: Its name in the app.
        keeps_range: Whether it moves numbers, or mixes them without leaving their range, so that
            its output has the activation of its input.
    """

    keyword: ClassVar[str]
    title: ClassVar[str]
    keeps_range: ClassVar[bool] = False

    def __post_init__(self) -> None:
        for item in self.__dataclass_fields__.values():  # faster than `fields`: a search makes many
            _check_field(self.keyword, item, getattr(self, item.name))

    def __str__(self) -> str:
        """The canonical token: defaults left out, numbers before words."""
        numbers, name, words = [], "", ""
        for item in dataclasses.fields(self):
            value = getattr(self, item.name)
            if "letter" in item.metadata:
                numbers.append((f"{item.metadata['letter']}{value}", value == item.default))
            elif "name" in item.metadata:
                name = f"@{value}"
            elif value != item.default:
                words += f":{value}"
        tail = "".join(written for written, is_default in numbers[1:] if not is_default)
        # The main number may be left out only where no other number follows: 'pool', 'pool2s1'.
        head = "".join(written for written, is_default in numbers[:1] if tail or not is_default)
        return f"{self.keyword}{head}{tail}{name}{words}"

    @classmethod
    def example(cls) -> Self:
        """A layer of this kind with sizes to start from.

        Example:
            >>> from cae_core.architecture.layers import Conv, Reshape
            >>> str(Conv.example()), str(Reshape.example())
            ('conv16', 'reshape8x8x16')
        """
        required = (f for f in dataclasses.fields(cls) if f.default is dataclasses.MISSING)
        return cls(**{item.name: item.metadata["example"] for item in required})

    @classmethod
    def main_size(cls) -> str | None:
        """The field that the number right behind the keyword sets; None without numbers."""
        numbers = (item for item in dataclasses.fields(cls) if "letter" in item.metadata)
        return next((item.name for item in numbers), None)

    @property
    def output_activation(self) -> str | None:
        """The activation that its output comes from; None for a layer without one."""
        return getattr(self, "activation", None)

    def keras_name(self, index: int) -> str:
        """The name of this layer in the Keras model, at place `index` counted from 1.

        Example:
            >>> from cae_core.architecture.layers import Activation, Conv
            >>> Conv(8).keras_name(1), Activation("relu").keras_name(2)
            ('layer_1_conv', 'layer_2_relu')
        """
        word = re.split(r"[\d:@]", str(self))[0]
        return f"layer_{index}_{word}"

    def measure(self, shape: Shape) -> Measure:
        """The arithmetic of this layer on one tensor.

        Args:
            shape: The tensor's shape without the batch: (H, W, C) or (units,).

        Raises:
            ArchitectureError: Where the layer cannot work on that shape. The remedy depends on
                the whole network: `cae_core.architecture.remedies` finds it.
        """
        raise NotImplementedError  # of a skip connection, which has two tensors to `merge`

    def output_shape(self, shape: Shape) -> Shape:
        """The shape that `measure` has for the output, for searches that need no more.

        Layers that are met often overwrite it with less work.
        """
        return self.measure(shape).output_shape

    def keras_call(self) -> KerasCall:
        """The Keras layer that this layer stands for.

        Example:
            >>> from cae_core.architecture.layers import Conv
            >>> Conv(8).keras_call().layer_class
            'Conv2D'
        """
        raise NotImplementedError  # of a mark, which no layer of Keras stands for

    def check_map(self, shape: Shape) -> tuple[int, int, int]:
        """Height, width and channels of a map; a vector is refused."""
        if len(shape) != 3:
            raise ArchitectureError(
                f"{self.title} works on a map of height × width × channels. "
                f"Received: a vector of {shape[0]:,} numbers."
            )
        height, width, channels = shape
        return height, width, channels


# Every kind of layer by its keyword, in the order in which the app lists them.
LAYER_KINDS: dict[str, type[Layer]] = {}
Kind = TypeVar("Kind", bound=type[Layer])


def register(kind: Kind) -> Kind:
    """Adds a kind of layer to the notation and to all that is derived from it.

    Raises:
        ValueError: Where the keyword is taken.
    """
    if kind.keyword in LAYER_KINDS:
        raise ValueError(f"A kind of layer has a keyword of its own. Received: {kind.keyword!r}.")
    LAYER_KINDS[kind.keyword] = kind
    return kind


def _check_field(keyword: str, item: dataclasses.Field[Any], value: object) -> None:
    """Refuses a value outside the range or the choices its field declares."""
    if "letter" in item.metadata:
        low, high = item.metadata["low"], item.metadata["high"]
        if value is None and item.default is None:
            return
        is_rate = isinstance(low, float)
        kinds = (int, float) if is_rate else (int,)
        if isinstance(value, bool) or not isinstance(value, kinds) or not low <= value <= high:
            name = item.name.replace("_", " ")
            raise ArchitectureError(
                f"The {name} of {keyword} must be a {'' if is_rate else 'whole '}number "
                f"from {low} to {high:,}. "
                f"Received: {shown(value)}. Choose one in that range."
            )
    elif "options" in item.metadata and value not in item.metadata["options"]:
        raise ArchitectureError(
            f"The {item.name} of {keyword} must be one of {', '.join(item.metadata['options'])}. "
            f"Received: {shown(value)}. Choose one of them."
        )
    elif "name" in item.metadata and not (isinstance(value, str) and _NAME.fullmatch(value)):
        raise ArchitectureError(
            "A mark's name is a letter followed by letters or digits, 16 at most. "
            f"Received: {shown(value)}. Use for example @a."
        )


def shown(value: object, length: int = 60) -> str:
    """Any value as an error message shows it: short, and never an error of its own.

    Example:
        >>> shown("conv8"), shown(10**5000)
        ("'conv8'", 'a value too large to write down')
    """
    try:
        text = repr(value)
    except (ValueError, RecursionError):  # a number of over 4,300 digits, a list too deep
        return "a value too large to write down"
    return text if len(text) <= length else text[: length - 1] + "…"
