"""Reads data sets of R packages: a lazy-load database (`Rdata.rdb`) and its index (`Rdata.rdx`).

The index is a serialised list that says where each data set is; a data set is a length, a letter for the way it is
compressed, and a serialised value (R Internals, sections 1.8 and 6). Only lists, numbers and texts are read.
"""

from __future__ import annotations

import bz2
import lzma
import struct
import zlib
from pathlib import Path
from typing import Any

_NULL, _PAIRS, _SYMBOL, _CHARACTERS, _LOGICAL, _WHOLE, _REAL, _TEXT, _LIST, _KNOWN = (
    254, 2, 1, 9, 10, 13, 14, 16, 19, 255,
)  # fmt: skip


def read_lazy_data(folder: Path) -> dict[str, Any]:
    """Name of each data set -> its value: texts and numbers as lists, an R list as a dict (by name) or a list.

    Raises: ValueError where the files are not such a database.
    """
    database = (folder / "Rdata.rdb").read_bytes()
    try:
        index = _Reader(zlib.decompress((folder / "Rdata.rdx").read_bytes(), wbits=47)).value()["variables"]
        return {name: _Reader(_unpacked(database[at : at + size])).value() for name, (at, size) in index.items()}
    except (IndexError, KeyError, TypeError, struct.error, zlib.error, lzma.LZMAError, OSError) as fault:
        raise ValueError(f"is no lazy-load database of R: {fault}") from None


def _unpacked(record: bytes) -> bytes:
    (size,) = struct.unpack_from(">I", record)
    kind = record[4:5]
    if kind == b"2":
        data = bz2.decompress(record[5:])
    elif kind == b"Z":
        decoder = {"id": lzma.FILTER_LZMA2, "preset": 6}
        data = lzma.LZMADecompressor(lzma.FORMAT_RAW, filters=[decoder]).decompress(record[5:], size)
    else:
        data = zlib.decompress(record[4:])
    if len(data) != size:
        raise ValueError(f"a data set has {len(data):,} bytes, and {size:,} are stated")
    return data


class _Reader:
    """Reads R's serialisation in its XDR form, versions 2 and 3."""

    def __init__(self, data: bytes) -> None:
        if data[:2] != b"X\n":
            raise ValueError("is not serialised in R's binary form")
        self.data, self.at = data, 2
        self.known: list[Any] = []
        version = self._number()
        self.at += 8
        if version == 3:
            encoding = self._number()
            self.at += encoding

    def value(self) -> Any:
        """The value that stands next."""
        flags = self._number()
        kind, attributed = flags & 0xFF, bool(flags & 0x200)
        if kind == _NULL:
            return None
        if kind == _KNOWN:
            return self.known[(flags >> 8) - 1]
        if kind == _SYMBOL:
            self.known.append(self.value())
            return self.known[-1]
        if kind == _PAIRS:
            return self._pairs(flags)
        if kind == _CHARACTERS:
            return self._characters(flags)
        count = self._number()
        if kind in (_LOGICAL, _WHOLE, _REAL):
            layout = f">{count}{'d' if kind == _REAL else 'i'}"
            found: Any = list(struct.unpack_from(layout, self.data, self.at))
            self.at += struct.calcsize(layout)
        elif kind in (_TEXT, _LIST):
            found = [self.value() for _ in range(count)]
        else:
            raise ValueError(f"R's type {kind} is not read")
        names = self.value().get("names") if attributed else None
        return dict(zip(names, found, strict=True)) if names and kind == _LIST else found

    def _pairs(self, flags: int) -> dict[str, Any]:
        found: dict[str, Any] = {}
        while flags & 0xFF == _PAIRS:
            if flags & 0x200:
                self.value()
            name = self.value() if flags & 0x400 else ""
            found[name] = self.value()
            flags = self._number()
        return found

    def _characters(self, flags: int) -> str | None:
        size = self._number()
        if size < 0:
            return None
        text = self.data[self.at : self.at + size]
        self.at += size
        return text.decode("latin-1" if flags & 0x4000 else "utf-8")

    def _number(self) -> int:
        (number,) = struct.unpack_from(">i", self.data, self.at)
        self.at += 4
        return number
