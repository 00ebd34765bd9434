"""The architecture text: a convolutional autoencoder in one line.

    conv8 pool conv12 pool conv16 | up conv12 up conv3:sigmoid

A token is a layer. Its first number is its main size, a letter and a number set another
(``conv32k5s2``: 32 channels, kernel 5, stride 2), a colon and a word choose padding,
activation or interpolation (``conv3k1:sigmoid``, ``conv16:valid``, ``up:bilinear``). ``|``
ends the encoder: the output of the layer before it is the latent. A leading ``28x28x1`` gives
the input's shape where it is not 32x32x3. ``@a`` marks the tensor at that place with a name,
``cat@a`` and ``add@a`` bring it back (skip connections). The kinds of layers and their sizes
are declared in `cae_core.architecture.layers`.
"""

from __future__ import annotations

import dataclasses
import json
import math
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from cae_core.architecture.formulas import format_shape
from cae_core.architecture.layers import LAYER_KINDS, MAX_CHANNELS, MAX_SIDE, Layer
from cae_core.architecture.layers.base import shown
from cae_core.architecture.tokens import make_layer, parse_layer
from cae_core.errors import ArchitectureError

DEFAULT_INPUT_SHAPE = (32, 32, 3)
BAR = "|"  # ends the encoder
_INVISIBLE = re.compile("[\\u200b\\u2060\\ufeff]")
MAX_LAYERS = 200
MAX_TEXT_LENGTH = 4_000


@dataclass(frozen=True)
class Architecture:
    """A convolutional autoencoder as data: two tuples of layers and the input's shape.

    Args:
        encoder: The layers from the image to the latent, at least one.
        decoder: The layers from the latent to the output, at least one.
        input_shape: Height, width and channels of the input, in pixels.

    Raises:
        ArchitectureError: A half without layers, too many layers, or an input shape that is
            not three whole numbers in range. Whether the layers fit each other is not
            checked here but by `cae_core.analyze`, which can show every misfit at its row.

    Example:
        >>> a = Architecture.parse("conv8 pool conv16 | up conv3:sigmoid")
        >>> a.encoder[0].channels, str(a)
        (8, 'conv8 pool conv16 | up conv3:sigmoid')
        >>> Architecture.parse(str(a)) == a and Architecture.from_json(a.to_json()) == a
        True
    """

    encoder: tuple[Layer, ...]
    decoder: tuple[Layer, ...]
    input_shape: tuple[int, int, int] = DEFAULT_INPUT_SHAPE

    def __post_init__(self) -> None:
        object.__setattr__(self, "encoder", tuple(self.encoder))
        object.__setattr__(self, "decoder", tuple(self.decoder))
        object.__setattr__(self, "input_shape", _checked_input_shape(self.input_shape))
        for half in ("encoder", "decoder"):
            if not getattr(self, half):
                raise ArchitectureError(
                    f"An architecture has at least one layer on each side of '|'. "
                    f"Received: no layer in the {half}. Add one, for example conv16."
                )
        if len(self.layers) > MAX_LAYERS:
            raise ArchitectureError(
                f"An architecture has at most {MAX_LAYERS} layers. "
                f"Received: {len(self.layers)}. Leave some out."
            )

    @property
    def layers(self) -> tuple[Layer, ...]:
        """All layers from the image to the output."""
        return self.encoder + self.decoder

    def __str__(self) -> str:
        shape = () if self.input_shape == DEFAULT_INPUT_SHAPE else (format_shape(self.input_shape),)
        return " ".join([*shape, *map(str, self.encoder), "|", *map(str, self.decoder)])

    @classmethod
    def parse(cls, text: str, input_shape: Iterable[int] | None = None) -> Architecture:
        """Reads an architecture text.

        Args:
            text: The notation described at the top of this module.
            input_shape: Height, width, channels; by default the text's leading ``HxWxC``,
                else 32x32x3.

        Returns:
            The architecture; ``parse(str(a)) == a`` for every architecture ``a``.

        Raises:
            ArchitectureError: Naming the token, its position, the rule and the remedy.

        Example:
            >>> Architecture.parse("28x28x1 conv8 pool | up conv1:sigmoid").input_shape
            (28, 28, 1)
            >>> Architecture.parse("conv8 poool | up conv3")
            Traceback (most recent call last):
            ...
            cae_core.errors.ArchitectureError: Every token must name a layer. Received: 'poool' \
(token 2). Did you mean 'pool'?
        """
        if len(text) > MAX_TEXT_LENGTH:
            raise ArchitectureError(
                f"An architecture text has at most {MAX_TEXT_LENGTH:,} characters. "
                f"Received: {len(text):,}. Leave some layers out."
            )
        # Characters without width come along where a text is copied from a page.
        tokens = _INVISIBLE.sub("", text).lower().replace(BAR, f" {BAR} ").split()
        if input_shape is not None:
            input_shape = _checked_input_shape(input_shape)
        shape_in_text = _shape_token(tokens[0]) if tokens else None
        first = 0
        if shape_in_text is not None:
            first = 1
            if input_shape is not None and input_shape != shape_in_text:
                raise ArchitectureError(
                    "The text's input shape and the argument must be the same. Received: "
                    f"{tokens[0]} in the text and input_shape={input_shape}. "
                    "Leave one of them out."
                )
            input_shape = shape_in_text
        bars = [at for at, token in enumerate(tokens) if token == BAR]
        if len(bars) != 1:
            found = f"{len(bars) or 'none'} in {shown(text)}" if tokens else "an empty text"
            raise ArchitectureError(
                f"One '|' separates the encoder from the decoder. Received: {found}. "
                "Write it behind the layer whose output is the latent."
            )
        layers = {
            at: parse_layer(token, position=at + 1 - first - (at > bars[0]))
            for at, token in enumerate(tokens)
            if token != BAR and at >= first
        }
        return cls(
            encoder=tuple(layer for at, layer in layers.items() if at < bars[0]),
            decoder=tuple(layer for at, layer in layers.items() if at > bars[0]),
            input_shape=DEFAULT_INPUT_SHAPE if input_shape is None else input_shape,
        )

    def to_json(self) -> str:
        """The JSON form: every size spelled out, nothing left to defaults."""
        document = {
            "input_shape": list(self.input_shape),
            "encoder": [{"layer": layer.keyword} | vars(layer) for layer in self.encoder],
            "decoder": [{"layer": layer.keyword} | vars(layer) for layer in self.decoder],
        }
        return json.dumps(document, indent=2)

    @classmethod
    def from_json(cls, document: str | Mapping[str, Any]) -> Architecture:
        """Reads the JSON form, as text or already decoded.

        Raises:
            ArchitectureError: For invalid JSON, a missing or unknown key, a layer or size
                that cannot be.
        """
        if isinstance(document, str):
            try:
                document = json.loads(document)
            # ValueError: not JSON, or a number of over 4,300 digits. RecursionError: too deep.
            except (ValueError, RecursionError) as error:
                raise ArchitectureError(
                    f"An architecture document is valid JSON. Received: {error}. "
                    "Copy the whole document again."
                ) from error
        mapping = _checked_keys(document, {"input_shape", "encoder", "decoder"}, "the document")
        halves = {}
        for half in ("encoder", "decoder"):
            if not isinstance(mapping[half], list):
                raise ArchitectureError(
                    f"'{half}' is a list of layers. Received: {shown(mapping[half])}. "
                    'Write it as [{"layer": "conv", "channels": 8}, ...].'
                )
            halves[half] = tuple(
                _layer_from_json(item, f"{half}[{at}]") for at, item in enumerate(mapping[half])
            )
        return cls(input_shape=_checked_input_shape(mapping["input_shape"]), **halves)

    def scaled(self, width: float) -> Architecture:
        """The same architecture with every channel count multiplied, the output's excepted.

        Args:
            width: The multiplier, above 0. Counts are rounded and at least 1.

        Example:
            >>> str(Architecture.parse("conv8 pool conv12 | up conv3:sigmoid").scaled(2))
            'conv16 pool conv24 | up conv3:sigmoid'
        """
        if not 0 < width < math.inf:
            raise ArchitectureError(
                f"A width multiplier is a number above 0. Received: {width}. Use 1 for no change."
            )
        layers = list(self.layers)
        sized = [
            at for at, layer in enumerate(layers) if layer.main_size() in ("channels", "units")
        ]
        for at in sized[:-1]:
            layer = layers[at]
            if layer.main_size() == "channels":
                channels = min(MAX_CHANNELS, max(1, round(vars(layer)["channels"] * width)))
                layers[at] = dataclasses.replace(layer, **{"channels": channels})
        split = len(self.encoder)
        return dataclasses.replace(
            self, encoder=tuple(layers[:split]), decoder=tuple(layers[split:])
        )


def _checked_input_shape(shape: Any) -> tuple[int, int, int]:
    """Three whole numbers in range, as a tuple."""
    limits = (MAX_SIDE, MAX_SIDE, MAX_CHANNELS)
    try:
        sizes = tuple(shape)
    except TypeError:
        sizes = ()
    if len(sizes) != 3 or not all(
        isinstance(size, int) and not isinstance(size, bool) and 1 <= size <= limit
        for size, limit in zip(sizes, limits, strict=True)
    ):
        raise ArchitectureError(
            f"An input shape is height, width and channels, each from 1 to {MAX_SIDE:,}. "
            f"Received: {shown(shape)}. Use for example (32, 32, 3)."
        )
    height, width, channels = sizes
    return height, width, channels


def _shape_token(token: str) -> tuple[int, int, int] | None:
    """``28x28x1`` as numbers; None for every other token."""
    match = re.fullmatch(r"(\d{1,9})x(\d{1,9})x(\d{1,9})", token)
    return (int(match[1]), int(match[2]), int(match[3])) if match else None


def _layer_from_json(item: Any, where: str) -> Layer:
    """One JSON object as a layer."""
    name = item.get("layer") if isinstance(item, Mapping) else None
    if not isinstance(name, str) or name not in LAYER_KINDS:
        raise ArchitectureError(
            f"Every layer is an object whose 'layer' is one of {', '.join(LAYER_KINDS)}. "
            f"Received: {shown(item)} at {where}. Correct its name."
        )
    kind = LAYER_KINDS[name]
    names = {field.name for field in dataclasses.fields(kind)}
    required = {
        field.name for field in dataclasses.fields(kind) if field.default is dataclasses.MISSING
    }
    values = _checked_keys(item, names | {"layer"}, where, required=required)
    return make_layer(kind, {key: values[key] for key in values if key != "layer"}, where)


def _checked_keys(
    document: Any, known: set[str], where: str, required: set[str] | None = None
) -> Mapping[str, Any]:
    """The mapping itself, once it has every required key and no unknown one."""
    if not isinstance(document, Mapping):
        raise ArchitectureError(
            f"{where.capitalize()} is a JSON object. Received: {shown(document)}. "
            "Copy the whole document again."
        )
    unknown = sorted(str(key) for key in set(document) - known)
    missing = sorted((known if required is None else required) - set(document))
    if unknown or missing:
        said = f"unknown {shown(unknown)[1:-1]}" if unknown else f"no {', '.join(missing)}"
        raise ArchitectureError(
            f"The keys of {where} are {', '.join(sorted(known))}. Received: {said}. "
            f"{'Remove it' if unknown else 'Add it'}."
        )
    return document
