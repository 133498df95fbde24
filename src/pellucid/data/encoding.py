"""Bytes of a text file as text: UTF-8, or UTF-16 with a byte order mark, and nothing by guesswork."""

from __future__ import annotations

import codecs
import stat
from pathlib import Path
from typing import NamedTuple

from pellucid.errors import DataError, Place, nearest, quote

MARKS = {codecs.BOM_UTF8: "utf-8", codecs.BOM_UTF16_LE: "utf-16-le", codecs.BOM_UTF16_BE: "utf-16-be"}
DECODERS = {"utf-8": codecs.utf_8_decode, "utf-16-le": codecs.utf_16_le_decode, "utf-16-be": codecs.utf_16_be_decode}


def read_bytes(path: str, names: list[str] | None = None) -> bytes:
    """The bytes of a regular file; `names` are embedded data sets that may have been meant.

    Raises: DataError for what is missing, unreadable, empty or no file.
    """
    file, place = Path(path), Place(path)
    try:
        status = file.stat()
        if not stat.S_ISREG(status.st_mode):
            raise DataError("DATA-FILE", "is not a file; a table is one file", place=place)
        data = file.read_bytes()
    except FileNotFoundError:
        beside = [str(file.parent / other.name) for other in file.parent.iterdir()] if file.parent.is_dir() else []
        close = nearest(str(file), beside) or nearest(path, names or [])
        hint = f"did you mean '{close}'?" if close else None
        raise DataError("DATA-FILE", "there is no such file", place=place, hint=hint) from None
    except (OSError, ValueError) as fault:
        reason = fault.strerror if isinstance(fault, OSError) and fault.strerror else str(fault)
        raise DataError("DATA-FILE", f"cannot be read: {reason}", place=place) from None
    if not data.strip():
        raise DataError("DATA-CSV-EMPTY", "the file is empty", place=place)
    return data


class Before(NamedTuple):
    """What of a file was read already."""

    bytes: int = 0
    characters: int = 0
    lines: int = 0


def codec(data: bytes, path: str) -> tuple[str, int]:
    """How a file is written, by its first bytes, and how many of them only say so.

    Raises: DataError for UTF-32.
    """
    if data.startswith((codecs.BOM_UTF32_LE, codecs.BOM_UTF32_BE)):
        raise DataError("DATA-CSV-ENCODING", "is UTF-32; UTF-8 is expected", place=Place(path, 1))
    for mark, name in MARKS.items():
        if data.startswith(mark):
            return name, len(mark)
    return "utf-8", 0


def decode(data: bytes, path: str) -> str:
    """The text of `data`, without its byte order mark.

    Raises: DataError with line and byte offset of the first byte that does not fit, and what it may be.
    """
    name, mark = codec(data, path)
    return decode_part(data[mark:], path, name, Before(mark))[0]


def decode_part(data: bytes, path: str, name: str, before: Before, *, last: bool = True) -> tuple[str, int]:
    """The text of a part of a file, and its bytes: without the character at its end that is not whole, but in the last.

    Raises: DataError with line and offset in the file.
    """
    try:
        text, used = DECODERS[name](data, "strict", last)
    except UnicodeDecodeError as fault:
        raise _fault(data, fault.start, path, name, before) from None
    if "\0" in text:
        at = text.index("\0")
        line = before.lines + text.count("\n", 0, at) + 1
        if name == "utf-8" and text[: 2 * at + 64].count("\0") > 8:
            hint = "UTF-16 without a byte order mark? save as UTF-8"
        else:
            hint = "is it a text file?"
        message = f"a NUL byte at offset {before.characters + at}"
        raise DataError("DATA-CSV-NUL", message, place=Place(path, line), hint=hint)
    return text, used


def _fault(data: bytes, start: int, path: str, name: str, before: Before) -> DataError:
    line, offset = before.lines + data.count(b"\n", 0, start) + 1, before.bytes + start
    if name != "utf-8":
        return DataError("DATA-CSV-ENCODING", f"broken UTF-16 at byte offset {offset}", place=Place(path, line))
    byte = data[start]
    zeros = data[:200].count(0)
    if zeros > len(data[:200]) // 4:
        guess, shown = "UTF-16 without a byte order mark", ""
    else:
        around = data[max(0, start - 10) : start + 10].decode("cp1252", "replace").replace("\n", " ").strip()
        guess, shown = "Windows-1252 or Latin-1", f", which would read {quote(around)}"
    message = f"byte 0x{byte:02x} at offset {offset} is not UTF-8; it may be {guess}{shown}"
    return DataError("DATA-CSV-ENCODING", message, place=Place(path, line), hint="save the file as UTF-8")
