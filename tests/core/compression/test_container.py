"""The bytes of a .cae file: what is written is read, anything else is a sentence."""

import dataclasses
import struct
import zlib

import pytest

from cae_core.compression.container import Container, read_container, read_file
from cae_core.errors import CompressionError

MADE = Container("pca-64", "ab" * 32, 480, 640, True, b"12345678")
DATA = MADE.to_bytes()


def resealed(content):
    """A content with the checksum that belongs to it."""
    return content + struct.pack("<L", zlib.crc32(content))


@pytest.mark.parametrize("changes", [{}, {"is_grey": False, "packed": b""}])
def test_what_is_written_is_read(changes):
    made = dataclasses.replace(MADE, **changes)
    assert read_container(made.to_bytes()) == made


@pytest.mark.parametrize("cut", range(len(DATA)))
def test_a_file_that_is_cut_off_anywhere_is_refused(cut):
    with pytest.raises(CompressionError):
        read_container(DATA[:cut])


@pytest.mark.parametrize("place", range(len(DATA)))
def test_a_changed_byte_anywhere_is_seen(place):
    damaged = bytearray(DATA)
    damaged[place] ^= 0x10
    with pytest.raises(CompressionError):
        read_container(bytes(damaged))


@pytest.mark.parametrize(
    ("data", "rule"),
    [
        (b"", "begins with the four bytes"),
        (b"\x89PNG\r\n\x1a\n" + bytes(80), "begins with the four bytes"),
        (DATA + b"\0", "where its header says"),
        (DATA[:4] + b"\x07" + DATA[5:], "Received: format 7"),
        (resealed(DATA[:5] + b"\x02" + DATA[6:-4]), "a value that no such file has"),
        (dataclasses.replace(MADE, network="../x").to_bytes(), "a value that no such file has"),
        (dataclasses.replace(MADE, height=2**31, width=2**31).to_bytes(), "40,000,000 pixels"),
        (dataclasses.replace(MADE, height=0).to_bytes(), "from 1 to"),
    ],
)
def test_a_wrong_file_is_told_what_is_wrong(data, rule):
    with pytest.raises(CompressionError, match=rule):
        read_container(data)


def test_a_file_that_cannot_be_read_or_is_too_large_is_refused(tmp_path, monkeypatch):
    with pytest.raises(CompressionError, match="a file that can be read"):
        read_file(tmp_path / "missing.cae")
    monkeypatch.setattr("cae_core.compression.container.MAX_FILE_BYTES", 10)
    large = tmp_path / "large.cae"
    large.write_bytes(bytes(11))
    with pytest.raises(CompressionError, match="over 10 bytes"):
        read_file(large)
