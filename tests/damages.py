"""Damages of the files that the app keeps: by a full disk, a power cut, another version, a hand."""

import csv
import io
import json
from pathlib import Path

import numpy as np

MISSING, FOLDER = "missing", "a folder in its place"


def damages(path):
    """Damaged versions of a file, by name of the damage: bytes, or `MISSING` or `FOLDER`."""
    content = path.read_bytes()
    found = {
        MISSING: MISSING,
        FOLDER: FOLDER,
        "empty": b"",
        "one byte": content[:1],
        "half": content[: len(content) // 2],
        "end cut off": content[:-3],
        "zeros": bytes(len(content)),
        "no UTF-8": b"\xff\xfe" + content,
        "twice": content + content,
    }
    rng = np.random.default_rng(0)
    for number in range(4):
        flipped = bytearray(content)
        flipped[rng.integers(len(content))] ^= 1 << int(rng.integers(8))
        found[f"bit flip {number}"] = bytes(flipped)
    if path.suffix == ".json":
        found |= _of_json(json.loads(content))
    if path.suffix == ".csv":
        found |= _of_csv(content.decode())
    if path.suffix in (".npy", ".npz"):
        found |= _of_arrays(path)
    return found


def put(path, damaged):
    """Replaces a file by a damaged version."""
    path.unlink()
    if isinstance(damaged, bytes):
        path.write_bytes(damaged)
    elif damaged == FOLDER:
        path.mkdir()


def _of_json(document):
    """Other types at the top and under every key, keys of another version, deep nesting."""
    deep = b"[" * 100_000 + b"]" * 100_000
    texts = {"a list": "[]", "a number": "3", "null": "null", "NaN": "NaN", "nested": '{"a":' * 900}
    found = {name: text.encode() for name, text in texts.items()} | {"deep": deep}
    found["deep value"] = (
        json.dumps(document | {"message": 0}).encode()[:-1] + b',"x":' + deep + b"}"
    )
    found["key of another version"] = json.dumps(document | {"colour": "red"}).encode()
    for key in document:
        found[f"no {key}"] = json.dumps({k: v for k, v in document.items() if k != key}).encode()
        for other in (None, [], {}, "x", "\ud800", True, -1, 0.5, float("nan"), 10**400, [[[[]]]]):
            name = f"{key} is {str(other)[:9]!r}"
            found[name] = _dumped(document | {key: other})
    for key, value in document.items():
        if isinstance(value, dict):
            for inner, damaged in _of_inner(value).items():
                found[f"{key}: {inner}"] = _dumped(document | {key: damaged})
    return found


def _of_inner(document):
    """Other types under every key of a mapping inside a document."""
    found = {"another key": document | {"colour": "red"}}
    for key in document:
        found[f"no {key}"] = {k: v for k, v in document.items() if k != key}
        for other in (None, "x", [], -1, 0, float("nan"), float("inf"), 10**400):
            found[f"{key} is {str(other)[:9]!r}"] = document | {key: other}
    return found


def _dumped(document):
    """JSON with numbers of any length."""
    return json.dumps(document).encode()


def _of_csv(text):
    """Lines and fields that are none, too many, too long or no numbers."""
    head, *lines = csv.reader(io.StringIO(text))
    line = lines[0]

    def table(*rows):
        return "".join(",".join(row) + "\n" for row in rows).encode()

    return {
        "over-long field": table(head, [*line[:-1], "1" * 200_000]),
        "long number": table(head, ["9" * 5_000, *line[1:]]),
        "no header": table(*lines),
        "another column": table([*head, "colour"], [*line, "red"]),
        "a field too few": table(head, line[:-1]),
        "a field too many": table(head, [*line, "1"]),
        "text": table(head, ["first", *line[1:]]),
        "half an epoch": table(head, ["1.5", *line[1:]]),
        "NaN seconds": table(head, [*line[:-1], "nan"]),
        "infinite loss": table(head, [line[0], "inf", *line[2:]]),
        "a quote": table(head, ['"1', *line[1:]]),
        "nothing but a header": table(head),
    }


def _of_arrays(path):
    """Arrays of other types and shapes, pickled ones, and one whose header promises too much."""
    found = {}
    arrays = np.load(path)
    names = getattr(arrays, "files", [""])
    whole = {name: arrays[name] if name else arrays for name in names}
    for name, array in whole.items():
        for damage, other in {
            "other type": array.astype(np.int64),
            "flat": array.reshape(-1),
            "none": array[:0],
            "text": np.array(["a", "b"]),
            "number": np.array(3),
            "NaN": np.full(array.shape, np.nan),
        }.items():
            found[f"{name} {damage}"] = _saved(path, whole | {name: other})
        if name:
            found[f"no {name}"] = _saved(path, {k: v for k, v in whole.items() if k != name})
    header = "{'descr': '|u1', 'fortran_order': False, 'shape': (9999999, 9999999, 99), }"
    start = b"\x93NUMPY\x01\x00" + len(header).to_bytes(2, "little")
    found["header promises too much"] = start + header.encode() + b"\x00" * 64
    return found


def _saved(path, arrays):
    """The bytes of a file of arrays."""
    file = io.BytesIO()
    if path.suffix == ".npz":
        np.savez(file, **arrays)
    else:
        np.save(file, arrays[""])
    return file.getvalue()


def files_of(folder):
    """The files of a finished job that pages read, by their place in its folder."""
    return {
        str(path.relative_to(folder)): path
        for path in sorted(Path(folder).rglob("*"))
        if path.is_file() and path.name not in {"lease", "stop"}
    }
