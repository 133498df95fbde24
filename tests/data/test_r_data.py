from __future__ import annotations

import bz2
import lzma
import struct
import zlib
from pathlib import Path

import pytest

from pellucid.data.r_data import read_lazy_data

HEAD = b"X\n" + struct.pack(">iiii", 3, 0x040201, 0x030500, 5) + b"UTF-8"
OLD = b"X\n" + struct.pack(">iii", 2, 0x040201, 0x030500)


def characters(text: str | None, code: int = 0x8) -> bytes:
    if text is None:
        return struct.pack(">ii", 9, -1)
    data = text.encode("latin-1" if code == 0x4 else "utf-8")
    return struct.pack(">ii", 9 | code << 12, len(data)) + data


def texts(*items: str | None) -> bytes:
    return struct.pack(">ii", 16, len(items)) + b"".join(map(characters, items))


def named(items: dict[str, bytes]) -> bytes:
    """An R list with names."""
    symbol = struct.pack(">i", 1) + characters("names")
    names = struct.pack(">i", 0x402) + symbol + texts(*items) + struct.pack(">i", 254)
    return struct.pack(">ii", 0x213, len(items)) + b"".join(items.values()) + names


def whole(*numbers: int) -> bytes:
    return struct.pack(f">ii{len(numbers)}i", 13, len(numbers), *numbers)


def packed(value: bytes, how: str = "zlib") -> bytes:
    size = struct.pack(">I", len(value))
    if how == "bzip2":
        return size + b"2" + bz2.compress(value)
    if how == "xz":
        filters = [{"id": lzma.FILTER_LZMA2, "preset": 6}]
        return size + b"Z" + lzma.compress(value, lzma.FORMAT_RAW, filters=filters)
    return size + zlib.compress(value)


def database(folder: Path, **records: bytes) -> Path:
    """Writes packed records and their index."""
    places, data = {}, b""
    for name, record in records.items():
        places[name] = whole(len(data), len(record))
        data += record
    (folder / "Rdata.rdb").write_bytes(data)
    (folder / "Rdata.rdx").write_bytes(zlib.compress(HEAD + named({"variables": named(places)})))
    return folder


def test_texts_and_numbers_of_every_compression_come_back(tmp_path: Path):
    real = struct.pack(">iid", 14, 1, 0.5)
    records = {
        "words": packed(HEAD + texts("emma", "", None, "é")),
        "more": packed(OLD + texts("old"), "bzip2"),
        "table": packed(HEAD + named({"a": whole(1, -2), "b": real}), "xz"),
    }
    read = read_lazy_data(database(tmp_path, **records))
    assert read == {"words": ["emma", "", None, "é"], "more": ["old"], "table": {"a": [1, -2], "b": [0.5]}}


def test_western_text_is_decoded(tmp_path: Path):
    value = struct.pack(">ii", 16, 1) + characters("é", 0x4)
    assert read_lazy_data(database(tmp_path, word=packed(HEAD + value))) == {"word": ["é"]}


@pytest.mark.parametrize(
    "record",
    [
        b"",
        b"\0\0\0\1",
        packed(HEAD + texts("a"))[:-3],
        packed(b"no R"),
        packed(HEAD + struct.pack(">ii", 3, 1)),
        packed(HEAD),
    ],
)
def test_a_damaged_database_is_refused(tmp_path: Path, record: bytes):
    with pytest.raises(ValueError):
        read_lazy_data(database(tmp_path, broken=record))


def test_a_length_that_is_not_the_stated_one_is_refused(tmp_path: Path):
    record = struct.pack(">I", 7) + packed(HEAD + texts("a"))[4:]
    with pytest.raises(ValueError, match="7 are stated"):
        read_lazy_data(database(tmp_path, broken=record))
