"""The kinds of layers: what each is called, which sizes it has, how it is written.

A layer is a frozen dataclass. Its sizes are declared as fields with the letter that stands
before the number in the text and the range that is allowed; the notation, the JSON form, the
validation and the form in the app are all read off those declarations, so that a new kind of
layer is one class here. What a layer does to a tensor is arithmetic (`cae_core.analyze`), how it is
made is `cae_core.build`.
"""

from __future__ import annotations

import dataclasses
import difflib
import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any, ClassVar

from cae_core.errors import ArchitectureError

ACTIVATIONS = ("relu", "linear", "sigmoid", "tanh", "leaky_relu", "elu", "gelu", "silu")
PADDINGS = ("same", "valid")
INTERPOLATIONS = ("nearest", "bilinear")

MAX_SIDE = 4_096
MAX_CHANNELS = 4_096
MAX_UNITS = 65_536


def _number(
    letter: str, *, low: int = 1, high: int, default: int | None = None, required: bool = False
) -> Any:
    """A size of a layer: `letter` stands before the number in the text."""
    metadata = {"letter": letter, "low": low, "high": high}
    return field(metadata=metadata) if required else field(default=default, metadata=metadata)


def _choice(options: tuple[str, ...], default: str) -> Any:
    """A named choice of a layer: stands after a colon in the text."""
    return field(default=default, metadata={"options": options})


@dataclass(frozen=True)
class Layer:
    """One token of an architecture text: a kind of layer and its sizes.

    Subclasses declare their sizes as dataclass fields; the text, the JSON form, the
    validation here and the form in the app are all read off those declarations.
    """

    keyword: ClassVar[str] = ""
    title: ClassVar[str] = ""

    def __post_init__(self) -> None:
        for item in dataclasses.fields(self):
            _check_field(self.keyword, item, getattr(self, item.name))

    def __str__(self) -> str:
        return _token_of(self)


@dataclass(frozen=True)
class Conv(Layer):
    """A small window of weights slides over the image, once for every channel it makes."""

    keyword: ClassVar[str] = "conv"
    title: ClassVar[str] = "Convolution"
    channels: int = _number("", high=MAX_CHANNELS, required=True)
    kernel: int = _number("k", high=31, default=3)
    stride: int = _number("s", high=8, default=1)
    padding: str = _choice(PADDINGS, "same")
    activation: str = _choice(ACTIVATIONS, "relu")


@dataclass(frozen=True)
class Deconv(Layer):
    """Transposed convolution: enlarges by its stride."""

    keyword: ClassVar[str] = "deconv"
    title: ClassVar[str] = "Transposed convolution"
    channels: int = _number("", high=MAX_CHANNELS, required=True)
    kernel: int = _number("k", high=31, default=3)
    stride: int = _number("s", high=8, default=2)
    padding: str = _choice(PADDINGS, "same")
    activation: str = _choice(ACTIVATIONS, "relu")


@dataclass(frozen=True)
class Pool(Layer):
    """What max and average pooling share: a window, and a stride that equals it unless given."""

    size: int = _number("", high=16, default=2)
    stride: int | None = _number("s", high=16, default=None)
    padding: str = _choice(PADDINGS, "valid")

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.stride == self.size:
            # One spelling for one layer: pool2s2 is pool2.
            object.__setattr__(self, "stride", None)

    @property
    def step(self) -> int:
        """The stride in pixels."""
        return self.stride or self.size


@dataclass(frozen=True)
class MaxPool(Pool):
    """The largest value of each window."""

    keyword: ClassVar[str] = "pool"
    title: ClassVar[str] = "Max pooling"


@dataclass(frozen=True)
class AveragePool(Pool):
    """The mean of each window."""

    keyword: ClassVar[str] = "avgpool"
    title: ClassVar[str] = "Average pooling"


@dataclass(frozen=True)
class Up(Layer):
    """Upsampling by repeating (nearest) or interpolating (bilinear) pixels."""

    keyword: ClassVar[str] = "up"
    title: ClassVar[str] = "Upsampling"
    factor: int = _number("", low=2, high=16, default=2)
    interpolation: str = _choice(INTERPOLATIONS, "nearest")


@dataclass(frozen=True)
class Shuffle(Layer):
    """Pixel shuffle (depth to space): factor² channels become factor x factor pixels."""

    keyword: ClassVar[str] = "shuffle"
    title: ClassVar[str] = "Pixel shuffle"
    factor: int = _number("", low=2, high=8, default=2)


@dataclass(frozen=True)
class Unshuffle(Layer):
    """Pixel unshuffle (space to depth): factor x factor pixels become factor² channels."""

    keyword: ClassVar[str] = "unshuffle"
    title: ClassVar[str] = "Pixel unshuffle"
    factor: int = _number("", low=2, high=8, default=2)


@dataclass(frozen=True)
class SubPixel(Layer):
    """Sub-pixel upsampling: weight-normalised 1x1 convolution (ICNR start), ReLU, shuffle."""

    keyword: ClassVar[str] = "subpixel"
    title: ClassVar[str] = "Sub-pixel upsampling"
    channels: int = _number("", high=MAX_CHANNELS, required=True)
    factor: int = _number("s", low=2, high=8, default=2)


@dataclass(frozen=True)
class Blur(Layer):
    """Mean of each 2x2 window at stride 1, edges repeated: softens a pixel shuffle's grid."""

    keyword: ClassVar[str] = "blur"
    title: ClassVar[str] = "Blur"


@dataclass(frozen=True)
class Residual(Layer):
    """Residual block: two convolutions with batch normalisation, added to a shortcut."""

    keyword: ClassVar[str] = "res"
    title: ClassVar[str] = "Residual block"
    channels: int = _number("", high=MAX_CHANNELS, required=True)
    kernel: int = _number("k", high=31, default=3)
    stride: int = _number("s", high=8, default=1)
    activation: str = _choice(ACTIVATIONS, "relu")


@dataclass(frozen=True)
class BatchNorm(Layer):
    """Batch normalisation, channel by channel."""

    keyword: ClassVar[str] = "bn"
    title: ClassVar[str] = "Batch normalisation"


@dataclass(frozen=True)
class Activation(Layer):
    """An activation on its own, written by its name alone: ``relu``."""

    title: ClassVar[str] = "Activation"
    function: str = _choice(ACTIVATIONS, "relu")

    def __str__(self) -> str:
        return self.function


@dataclass(frozen=True)
class Dense(Layer):
    """Fully connected layer: every number sees every number."""

    keyword: ClassVar[str] = "dense"
    title: ClassVar[str] = "Dense"
    units: int = _number("", high=MAX_UNITS, required=True)
    activation: str = _choice(ACTIVATIONS, "relu")


@dataclass(frozen=True)
class Flatten(Layer):
    """A map as one long vector."""

    keyword: ClassVar[str] = "flatten"
    title: ClassVar[str] = "Flatten"


@dataclass(frozen=True)
class Reshape(Layer):
    """A vector as a map: height x width x channels."""

    keyword: ClassVar[str] = "reshape"
    title: ClassVar[str] = "Reshape"
    height: int = _number("", high=MAX_SIDE, required=True)
    width: int = _number("x", high=MAX_SIDE, required=True)
    channels: int = _number("x", high=MAX_CHANNELS, required=True)


@dataclass(frozen=True)
class Pad(Layer):
    """Zeros added on all four sides."""

    keyword: ClassVar[str] = "pad"
    title: ClassVar[str] = "Zero padding"
    pixels: int = _number("", high=64, default=1)


@dataclass(frozen=True)
class Crop(Layer):
    """Pixels cut off on all four sides."""

    keyword: ClassVar[str] = "crop"
    title: ClassVar[str] = "Cropping"
    pixels: int = _number("", high=64, default=1)


_MARK_NAME = re.compile(r"[a-z][a-z0-9]{0,15}")


@dataclass(frozen=True)
class _Named(Layer):
    """What marks and skips share: the name of a remembered tensor."""

    name: str = field(metadata={"name": True})

    def __str__(self) -> str:
        return f"{self.keyword}@{self.name}"


@dataclass(frozen=True)
class Mark(_Named):
    """Remembers the tensor at this place under a name."""

    keyword: ClassVar[str] = ""
    title: ClassVar[str] = "Mark for a skip connection"


@dataclass(frozen=True)
class Concatenate(_Named):
    """Puts a remembered tensor's channels behind the current ones."""

    keyword: ClassVar[str] = "cat"
    title: ClassVar[str] = "Skip connection: concatenate"


@dataclass(frozen=True)
class Add(_Named):
    """Adds a remembered tensor to the current one."""

    keyword: ClassVar[str] = "add"
    title: ClassVar[str] = "Skip connection: add"


LAYER_KINDS: tuple[type[Layer], ...] = (
    Conv,
    MaxPool,
    AveragePool,
    Up,
    Deconv,
    BatchNorm,
    Activation,
    Residual,
    Flatten,
    Dense,
    Reshape,
    Shuffle,
    Unshuffle,
    SubPixel,
    Blur,
    Pad,
    Crop,
    Mark,
    Concatenate,
    Add,
)
# What other notations call a layer, for the remedy in an error message.
_OTHER_NAMES = {
    "maxpool": "pool",
    "averagepool": "avgpool",
    "upsample": "up",
    "upsampling": "up",
    "convtranspose": "deconv",
    "batchnorm": "bn",
    "fc": "dense",
    "concat": "cat@a",
    "pixelshuffle": "shuffle",
}
_KINDS_BY_KEYWORD = {kind.keyword: kind for kind in LAYER_KINDS if kind.keyword}


def parse_layer(token: str, position: int | None = None) -> Layer:
    """Reads one token.

    Args:
        token: For example ``conv32k5s2:valid:linear``.
        position: The token's place in the text, counted from 1, for the error message.

    Raises:
        ArchitectureError: Naming the token, its position, the rule and the remedy.

    Example:
        >>> parse_layer("conv32k5s2")
        Conv(channels=32, kernel=5, stride=2, padding='same', activation='relu')
    """
    where = shown(token) + (f" (token {position})" if position else "")
    if "@" in token or token in ("cat", "add"):
        return _parse_named(token, where)
    body, *options = token.split(":")
    match = re.fullmatch(r"([a-z_]+)(\d*(?:[a-z]\d+)*)", body)
    # The longest keyword wins: in 'conv8k3' the letters before the first digit are 'conv'.
    keyword = match[1] if match else ""
    if match and keyword in ACTIVATIONS and not match[2] and not options:
        return Activation(keyword)
    if match is None or keyword not in _KINDS_BY_KEYWORD:
        remedy = _suggestion(keyword if match else body)
        raise ArchitectureError(f"Every token must name a layer. Received: {where}. {remedy}")
    kind = _KINDS_BY_KEYWORD[keyword]
    values = _read_numbers(kind, match[2], where) | _read_options(kind, options, where)
    return make_layer(kind, values, where)


def make_layer(kind: type[Layer], values: dict[str, Any], where: str) -> Layer:
    """A layer of a kind; an error about one of its sizes says where it stands.

    Raises:
        ArchitectureError: For a size out of range, with `where` behind it.
    """
    try:
        return kind(**values)
    except ArchitectureError as error:
        raise ArchitectureError(f"{error} (In {where}.)") from error


def _parse_named(token: str, where: str) -> Layer:
    """Reads ``@a``, ``cat@a`` or ``add@a``."""
    keyword, _, name = token.partition("@")
    kinds: dict[str, type[_Named]] = {"": Mark, "cat": Concatenate, "add": Add}
    if keyword not in kinds:
        raise ArchitectureError(
            "A mark is written @name, and used as cat@name or add@name. "
            f"Received: {where}. Separate tokens with spaces: conv16 @a ... cat@a."
        )
    return make_layer(kinds[keyword], {"name": name}, where)


def _read_numbers(kind: type[Layer], text: str, where: str) -> dict[str, int]:
    """The sizes in ``32k5s2`` by field name; a letter used twice fills the next field of it."""
    free = [item for item in dataclasses.fields(kind) if "letter" in item.metadata]
    values: dict[str, int] = {}
    for letter, digits in re.findall(r"([a-z]?)(\d+)", text):
        item = next((item for item in free if item.metadata["letter"] == letter), None)
        if item is None:
            raise ArchitectureError(
                f"{_written(kind)}. Received: {where}, with '{letter}{digits}' that has no meaning "
                "there or stands twice. Leave it out."
            )
        free.remove(item)
        values[item.name] = int(digits[:12])
    missing = next((item for item in free if item.default is dataclasses.MISSING), None)
    if missing is not None:
        raise ArchitectureError(
            f"{_written(kind)}. Received: {where}, without its {missing.name}. "
            f"Write for example {_example(kind)}."
        )
    return values


def _read_options(kind: type[Layer], options: list[str], where: str) -> dict[str, str]:
    """The words after colons by field name."""
    choices = {
        item.name: item.metadata["options"]
        for item in dataclasses.fields(kind)
        if "options" in item.metadata
    }
    values: dict[str, str] = {}
    for option in options:
        name = next((n for n, allowed in choices.items() if option in allowed), None)
        if name is None or name in values:
            allowed = ", ".join(word for words in choices.values() for word in words)
            rule = f"may be {allowed}, each kind once" if allowed else "can't follow this layer"
            remedy = _suggestion(option, allowed.split(", ")) if allowed else "Leave it out."
            if name is not None:
                remedy = f"Keep one of {values[name]} and {option}."
            raise ArchitectureError(f"A word after ':' {rule}. Received: {where}. {remedy}")
        values[name] = option
    return values


def _token_of(layer: Layer) -> str:
    """The canonical token: defaults left out, numbers before words."""
    numbers = [
        (item.metadata["letter"], getattr(layer, item.name), item.default)
        for item in dataclasses.fields(layer)
        if "letter" in item.metadata
    ]
    tail = "".join(f"{letter}{value}" for letter, value, default in numbers[1:] if value != default)
    head = ""
    if numbers:
        _, value, default = numbers[0]
        # The main number may be left out only where no other number follows: 'pool', 'pool2s1'.
        head = str(value) if tail or value != default else ""
    words = "".join(
        f":{getattr(layer, item.name)}"
        for item in dataclasses.fields(layer)
        if "options" in item.metadata and getattr(layer, item.name) != item.default
    )
    return f"{layer.keyword}{head}{tail}{words}"


def _check_field(keyword: str, item: dataclasses.Field[Any], value: object) -> None:
    """Refuses a value outside the range or the choices its field declares."""
    if "letter" in item.metadata:
        low, high = item.metadata["low"], item.metadata["high"]
        if value is None and item.default is None:
            return
        if isinstance(value, bool) or not isinstance(value, int) or not low <= value <= high:
            raise ArchitectureError(
                f"The {item.name} of {keyword} must be a whole number from {low} to {high:,}. "
                f"Received: {shown(value)}. Choose one in that range."
            )
    elif "options" in item.metadata and value not in item.metadata["options"]:
        raise ArchitectureError(
            f"The {item.name} of {keyword or 'an activation layer'} must be one of "
            f"{', '.join(item.metadata['options'])}. Received: {shown(value)}. Choose one of them."
        )
    elif "name" in item.metadata and not (isinstance(value, str) and _MARK_NAME.fullmatch(value)):
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


def json_name(kind: type[Layer]) -> str:
    """The name of a kind of layer in the JSON form."""
    return {Activation: "activation", Mark: "mark"}.get(kind, kind.keyword)


def _written(kind: type[Layer]) -> str:
    """The rule that says how a kind of layer is written."""
    fields = [item for item in dataclasses.fields(kind) if "letter" in item.metadata]
    if not fields:
        return f"{kind.keyword} takes no number"
    parts = "".join(f"{item.metadata['letter']}<{item.name}>" for item in fields)
    return f"{kind.keyword} is written {kind.keyword}{parts}"


def _example(kind: type[Layer]) -> str:
    """A token of this kind that is right."""
    return {"reshape": "reshape8x8x16", "dense": "dense100"}.get(kind.keyword, f"{kind.keyword}16")


def _suggestion(word: str, known: Iterable[str] | None = None) -> str:
    """The remedy for a misspelt word."""
    if known is None and word in _OTHER_NAMES:
        return f"Did you mean {_OTHER_NAMES[word]!r}?"
    if "," in word:
        return "Separate tokens with spaces."
    if re.fullmatch(r"[\dx]+", word):
        return "An input shape stands first and has three numbers, for example 28x28x1."
    words = list(known or (*_KINDS_BY_KEYWORD, *ACTIVATIONS))
    close = difflib.get_close_matches(word, words, n=1, cutoff=0.5)
    return f"Did you mean {close[0]!r}?" if close else f"Use one of {', '.join(words)}."
