"""Files that the app keeps, read so that a damaged one is an error and nothing worse.

What is in a file is believed only once it has been checked against a schema, which is a dataclass
or a type: ``checked(tuple[int, ...], [1, 2])``. Every way in which a file can be broken (missing,
cut short, no JSON, other types, keys of another version) ends in one `RecordError` that names the
file and the reason, never a path.
"""

from __future__ import annotations

import contextlib
import dataclasses
import functools
import json
import math
import types
import typing
from collections.abc import Callable, Iterator, Mapping
from enum import Enum
from pathlib import Path
from typing import Annotated, Any, TypeVar

import numpy as np

from cae_core.errors import CAEError, RecordError

LARGEST_TEXT = 8 * 2**20  # bytes; a training of 1,000 epochs writes about 1 MB
LARGEST_INTEGER = 2**53  # from here on JSON's readers disagree
_SHOWN = 60
_LONGEST = 500

_ANY_NUMBER = "may be NaN or infinite"
Measured = Annotated[float, _ANY_NUMBER]
"""A figure that a training which goes wrong makes NaN or infinite; a plain float is finite."""

T = TypeVar("T")
_Where = tuple[object, ...]


def read_text(path: Path) -> str:
    """Reads a small text file.

    Raises:
        RecordError: It is missing, no file, too large or no UTF-8.
    """
    with naming(path):
        _check_file(path)
        if path.stat().st_size > LARGEST_TEXT:
            raise RecordError(f"has more than {LARGEST_TEXT:,} bytes")
        return path.read_text(encoding="utf-8")


def read_json(kind: type[T], path: Path) -> T:
    """Reads a JSON file and checks it.

    Args:
        kind: A dataclass, or another type that `checked` takes.
        path: Path of the file.

    Raises:
        RecordError: It cannot be read, or is something else.
    """
    text = read_text(path)
    with naming(path):
        return parse_json(kind, text)


def parse_json(kind: type[T], text: str) -> T:
    """Checks a JSON text; as `read_json`.

    Example:
        >>> parse_json(tuple[int, ...], "[1, 2]")
        (1, 2)
    """
    try:
        data = json.loads(text)
    # ValueError: no JSON, or a number of over 4,300 digits. RecursionError: nested too deeply.
    except (ValueError, RecursionError) as error:
        raise RecordError("is cut short or no JSON") from error
    return checked(kind, data)


def read_array(path: Path, name: str = "") -> np.ndarray:
    """Reads the array of an ``.npy`` file, or one of an ``.npz`` file; nothing is unpickled.

    Args:
        path: Path of the file.
        name: Name of the array in an ``.npz`` file.

    Raises:
        RecordError: It cannot be read.
    """
    with naming(path):
        _check_file(path)
        try:
            # Opened here, because np.load leaves a damaged file open.
            with path.open("rb") as file:
                if not name:
                    return np.asarray(np.load(file, allow_pickle=False))
                with np.load(file, allow_pickle=False) as arrays:
                    return np.asarray(arrays[name])
        except Exception as error:  # NumPy and zipfile raise whatever a flipped bit leads to
            raise RecordError("is damaged") from error


def read_images(path: Path, *leading: int, name: str = "") -> np.ndarray:
    """Reads images that can be shown: (..., N, H, W, C) uint8, not empty, grey or RGB.

    Args:
        path: Path of the file.
        *leading: Lengths of the first axes, before N.
        name: As in `read_array`.

    Raises:
        RecordError: It cannot be read, or holds something else.
    """
    images = read_array(path, name)
    is_as_wide = images.ndim == len(leading) + 4 and images.shape[: len(leading)] == leading
    if (
        images.dtype != np.uint8
        or not is_as_wide
        or images.shape[-1] not in (1, 3)
        or not images.size
    ):
        raise RecordError(f"{path.name} holds no images")
    return images


def _check_file(path: Path) -> None:
    """Refuses what is no file."""
    if not path.is_file():
        raise RecordError("is no file" if path.exists() else "is missing")


@contextlib.contextmanager
def naming(path: Path) -> Iterator[None]:
    """Makes every reason why a file is refused one `RecordError`, which begins with its name."""
    try:
        yield
    except RecordError as error:
        raise RecordError(f"{path.name} {error}") from error
    except OSError as error:
        raise RecordError(f"{path.name} cannot be read ({error.strerror})") from error
    except ValueError as error:  # no UTF-8; of the app's own errors, what a value is not
        reason = f"is refused: {error}"[:_LONGEST] if isinstance(error, CAEError) else "is no text"
        raise RecordError(f"{path.name} {reason}") from error


def checked(kind: Any, value: Any, where: _Where = ()) -> Any:
    """Decoded JSON as a value of a type.

    Args:
        kind: ``bool``, ``int``, ``float`` (finite), `Measured`, ``str``, ``Any``, an enumeration, a
            dataclass, or made of those: ``X | None``, ``tuple[X, ...]``, ``tuple[X, Y]``,
            ``dict[str, X]``.
        value: What `json.loads` returned.
        where: Keys and indices that lead to the value, for messages.

    Returns:
        The value; a list as a tuple, a mapping as the dataclass.

    Raises:
        RecordError: The value is something else, or lacks a key, or has one too many.

    Example:
        >>> checked(dict[str, tuple[float, ...]], {"a": [1, 0.5]})
        {'a': (1, 0.5)}
    """
    origin, parts = typing.get_origin(kind), typing.get_args(kind)
    if kind is Any:
        return value
    if kind in _PLAIN:
        return _PLAIN[kind](value, where)
    if origin in (typing.Union, types.UnionType):
        return _one_of(parts, value, where)
    if origin is tuple:
        return _tuple(parts, value, where)
    if origin is dict and isinstance(value, Mapping):
        key_kind, value_kind = parts
        return {
            _key(key_kind, key, where): checked(value_kind, item, (*where, key))
            for key, item in value.items()
        }
    if isinstance(kind, type) and issubclass(kind, Enum):
        return _member(kind, value, where)
    if dataclasses.is_dataclass(kind) and isinstance(value, Mapping):
        return _dataclass(kind, value, where)
    raise _wrong(where, value)


def _member(kind: type[Enum], value: Any, where: _Where) -> Enum:
    """The member of an enumeration that has a value."""
    try:
        return kind(value)
    except ValueError as error:
        raise _wrong(where, value) from error


def _dataclass(kind: Any, value: Mapping[str, Any], where: _Where) -> Any:
    """A mapping as an object of a dataclass, which may refuse values itself."""
    fields = {item.name: item for item in dataclasses.fields(kind)}
    unknown = sorted(set(value) - set(fields))
    if unknown:
        raise RecordError(f"has {_path((*where, unknown[0]))!r}, which this version does not know")
    needed = {name for name, item in fields.items() if _is_required(item)}
    if missing := sorted(needed - set(value)):
        raise RecordError(f"lacks {_path((*where, missing[0]))!r}")
    kinds = _kinds(kind)
    return kind(
        **{name: checked(kinds[name], item, (*where, name)) for name, item in value.items()}
    )


@functools.cache
def _kinds(kind: Any) -> dict[str, Any]:
    """The types of a dataclass's fields."""
    return typing.get_type_hints(kind, include_extras=True)


def _is_required(item: dataclasses.Field[Any]) -> bool:
    """Whether a field has no default."""
    return item.default is dataclasses.MISSING and item.default_factory is dataclasses.MISSING


def _one_of(kinds: tuple[Any, ...], value: Any, where: _Where) -> Any:
    """The value as the first of some types that it fits."""
    for kind in kinds:
        with contextlib.suppress(RecordError):
            return checked(kind, value, where)
    raise _wrong(where, value)


def _tuple(parts: tuple[Any, ...], value: Any, where: _Where) -> tuple[Any, ...]:
    """A list as a tuple of one type, or of as many types as it has items."""
    if not isinstance(value, list | tuple):
        raise _wrong(where, value)
    kinds = [parts[0]] * len(value) if parts[1:] == (...,) else list(parts)
    if len(kinds) != len(value):
        raise _wrong(where, value)
    return tuple(
        checked(kind, item, (*where, at))
        for at, (kind, item) in enumerate(zip(kinds, value, strict=True))
    )


def _key(kind: type, key: str, where: _Where) -> Any:
    """A key of a mapping; JSON writes whole numbers as text."""
    if kind is int and not (key.isascii() and key.isdecimal() and len(key) < 10):
        raise _wrong(where, key)
    return kind(key)


def _bool(value: Any, where: _Where) -> bool:
    if not isinstance(value, bool):
        raise _wrong(where, value)
    return value


def _int(value: Any, where: _Where) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or abs(value) > LARGEST_INTEGER:
        raise _wrong(where, value)
    return value


def _measured(value: Any, where: _Where) -> float:
    return value if isinstance(value, float) else _int(value, where)


def _float(value: Any, where: _Where) -> float:
    number = _measured(value, where)
    if not math.isfinite(number):
        raise _wrong(where, value)
    return number


def _str(value: Any, where: _Where) -> str:
    # Half a surrogate pair can be in JSON, but not in what is sent to a browser.
    if not isinstance(value, str) or any("\ud800" <= char <= "\udfff" for char in value):
        raise _wrong(where, value)
    return value


def _none(value: Any, where: _Where) -> None:
    if value is not None:
        raise _wrong(where, value)


_PLAIN: dict[Any, Callable[[Any, _Where], Any]] = {
    bool: _bool,
    int: _int,
    float: _float,
    Measured: _measured,
    str: _str,
    types.NoneType: _none,
}


def _wrong(where: _Where, value: Any) -> RecordError:
    """The reason for a value that is something else."""
    # Converted only in part: a long or deep value would take its time, or raise.
    text = repr(value)[:_SHOWN] if isinstance(value, str | float | bool | None) else ""
    kind = text.encode("ascii", "replace").decode() or f"a value of type {type(value).__name__}"
    return RecordError(f"has {kind} {f'as {_path(where)!r}' if where else 'in it'}")


def _path(where: _Where) -> str:
    """Keys and indices as one name."""
    return ".".join(map(str, where))[:_SHOWN]
