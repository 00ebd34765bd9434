"""Reading one token of an architecture text, and the remedies for a misspelt one."""

from __future__ import annotations

import dataclasses
import difflib
import re
from collections.abc import Iterable
from typing import Any

from cae_core.architecture.layers import ACTIVATIONS, LAYER_KINDS, Layer
from cae_core.architecture.layers.base import shown
from cae_core.errors import ArchitectureError

# What other libraries call a layer or an activation, and what to write here; for the remedy in an
# error message. A "2d" at the end is left out.
_OTHER_NAMES = {
    "maxpool": "pool",
    "maxpooling": "pool",
    "averagepool": "avgpool",
    "averagepooling": "avgpool",
    "globalpool": "avgpool8, with the map's side for 8",
    "gap": "avgpool8, with the map's side for 8",
    "convolution": "conv16",
    "upsample": "up",
    "upsampling": "up",
    "interpolate": "up",
    "resize": "up",
    "convt": "deconv16, whose stride is 2 unless you write deconv16s1",
    "tconv": "deconv16, whose stride is 2 unless you write deconv16s1",
    "convtranspose": "deconv16, whose stride is 2 unless you write deconv16s1",
    "transposedconv": "deconv16, whose stride is 2 unless you write deconv16s1",
    "upconv": "up conv16, or deconv16",
    "separableconv": "sepconv16",
    "separable": "sepconv16",
    "depthwise": "dwconv3, with the kernel for 3",
    "depthwiseconv": "dwconv3, with the kernel for 3",
    "dilatedconv": "conv16d2",
    "atrousconv": "conv16d2",
    "pointwise": "conv16k1",
    "drop": "dropout0.2",
    "spatialdropout": "dropout0.2",
    "batchnorm": "bn",
    "batchnormalization": "bn",
    "layernorm": "bn",
    "groupnorm": "bn",
    "norm": "bn",
    "normalize": "bn",
    "normalization": "bn",
    "instancenorm": "bn",
    "fc": "dense",
    "mlp": "dense",
    "concat": "cat@a",
    "concatenate": "cat@a",
    "skip": "cat@a, and @a where the skip begins",
    "residual": "res16",
    "resblock": "res16",
    "zeropad": "pad",
    "reflectionpad": "pad",
    "cropping": "crop",
    "vae": "normal2, at the end of the encoder",
    "gaussian": "normal2, at the end of the encoder",
    "sampling": "normal2, at the end of the encoder",
    "quantize": "rounding4",
    "quantization": "rounding4",
    "quantisation": "rounding4",
    "pixelshuffle": "shuffle",
    "depthtospace": "shuffle",
    "pixelunshuffle": "unshuffle",
    "spacetodepth": "unshuffle",
    "prelu": "leaky_relu",
    "mish": "silu",
    "hardswish": "silu",
    "softmax": "sigmoid",
    "none": "linear",
}
# Other names of one and the same function.
_ACTIVATION_NAMES = {"lrelu": "leaky_relu", "leakyrelu": "leaky_relu", "swish": "silu"}


def parse_layer(token: str, position: int | None = None) -> Layer:
    """Reads one token.

    Args:
        token: For example ``conv32k5s2:valid:linear``.
        position: The token's place in the text, counted from 1, for the error message.

    Raises:
        ArchitectureError: Naming the token, its position, the rule and the remedy.

    Example:
        >>> parse_layer("conv32k5s2")
        Conv(channels=32, kernel=5, stride=2, padding='same', activation='relu', dilation=1)
    """
    where = shown(token) + (f" (token {position})" if position else "")
    # An activation and a mark are written without their keywords: 'relu', '@a'.
    head = _ACTIVATION_NAMES.get(token, token)
    whole = f"activation:{head}" if head in ACTIVATIONS else re.sub("^@", "mark@", token)
    body, *options = whole.split(":")
    # All letters before the first digit are the keyword: 'conv' in 'conv8k3'.
    match = re.fullmatch(r"([a-z_]+)((?:\d*(?:\.\d+)?)(?:[a-z]\d+)*)(?:@(.*))?", body)
    if match is None or match[1] not in LAYER_KINDS:
        remedy = _suggestion(body)
        raise ArchitectureError(f"Every token must name a layer. Received: {where}. {remedy}")
    if re.match(r"conv2d\d", body):
        raise ArchitectureError(
            f"A convolution is written conv and its channels. Received: {where}. Write for example "
            "conv32; two channels with a dilation are conv2k3d2."
        )
    kind = LAYER_KINDS[match[1]]
    values = _read_numbers(kind, match[2], where) | _read_options(kind, options, where)
    return make_layer(kind, values | _read_name(kind, match[3], where), where)


def make_layer(kind: type[Layer], values: dict[str, Any], where: str) -> Layer:
    """A layer of a kind; an error about one of its sizes says where it stands.

    Raises:
        ArchitectureError: For a size out of range, with `where` behind it.
    """
    try:
        return kind(**values)
    except ArchitectureError as error:
        raise ArchitectureError(f"{error} (In {where}.)") from error


def _read_name(kind: type[Layer], name: str | None, where: str) -> dict[str, str]:
    """The name behind an @, by field name."""
    if any("name" in item.metadata for item in dataclasses.fields(kind)):
        return {"name": name or ""}
    if name is None:
        return {}
    raise ArchitectureError(
        "A mark is written @name, and used as cat@name or add@name. "
        f"Received: {where}. Separate tokens with spaces: conv16 @a ... cat@a."
    )


def _read_numbers(kind: type[Layer], text: str, where: str) -> dict[str, float]:
    """The sizes in ``32k5s2`` by field name; a letter used twice fills the next field of it."""
    free = [item for item in dataclasses.fields(kind) if "letter" in item.metadata]
    values: dict[str, float] = {}
    for letter, digits in re.findall(r"([a-z]?)(\d*\.\d+|\d+)", text):
        item = next((item for item in free if item.metadata["letter"] == letter), None)
        if item is None:
            raise ArchitectureError(
                f"{_written(kind)}. Received: {where}, with '{letter}{digits}' that has no meaning "
                "there or stands twice. Leave it out."
            )
        free.remove(item)
        # A decimal where a whole number belongs is refused by the layer itself.
        values[item.name] = float(digits) if "." in digits else int(digits[:12])
    missing = next((item for item in free if item.default is dataclasses.MISSING), None)
    if missing is not None:
        raise ArchitectureError(
            f"{_written(kind)}. Received: {where}, without its {missing.name}. "
            f"Write for example {kind.example()}."
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
    for given in options:
        option = _ACTIVATION_NAMES.get(given, given)
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


def _written(kind: type[Layer]) -> str:
    """The rule that says how a kind of layer is written."""
    fields = [item for item in dataclasses.fields(kind) if "letter" in item.metadata]
    if not fields:
        return f"{kind.keyword} takes no number"
    parts = "".join(f"{item.metadata['letter']}<{item.name}>" for item in fields)
    return f"{kind.keyword} is written {kind.keyword}{parts}"


def _suggestion(word: str, known: Iterable[str] | None = None) -> str:
    """The remedy for a misspelt word."""
    letters = re.search(r"[a-z_]+", word.lower().replace("2d", ""))
    name = letters[0] if letters else ""
    if known is None and (other := name.replace("_", "")) in _OTHER_NAMES:
        written, comma, more = _OTHER_NAMES[other].partition(", ")
        return f"Did you mean {written!r}{comma}{more}?"
    if known is None and name in _ACTIVATION_NAMES:  # 'lrelu0.2' has a slope, which is no size here
        return f"Did you mean {_ACTIVATION_NAMES[name]!r}?"
    if "," in word:
        return "Separate tokens with spaces."
    if re.fullmatch(r"[\dx]+", word):
        return "An input shape stands first and has three numbers, for example 28x28x1."
    words = list(known or (*LAYER_KINDS, *ACTIVATIONS))
    close = difflib.get_close_matches(name if known is None else word, words, n=1, cutoff=0.5)
    if not close:
        return f"Use one of {', '.join(words)}."
    return f"Did you mean {(_token(close[0], word) if known is None else close[0])!r}?"


def _token(keyword: str, word: str) -> str:
    """A keyword with the numbers of the misspelt word, else with those of an example."""
    if keyword not in LAYER_KINDS:
        return keyword
    # 'dropout(0.2)' is how Keras writes it.
    token = keyword + re.sub(r"^[a-z_]+|[()]", "", word.lower().replace("2d", ""))
    try:
        return token if token != word and parse_layer(token) else keyword
    except ArchitectureError:
        return str(LAYER_KINDS[keyword].example())
