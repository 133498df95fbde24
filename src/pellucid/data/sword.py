"""Reads a Bible in the SWORD Project's form `zText`, as chapters of numbered verses.

Of each testament there are three files: `.bzz` holds compressed blocks, `.bzs` says where each block is (start, length,
unpacked length: three uint32), `.bzv` says where each entry is (block uint32, start uint32, length uint16). Entries are
in order: a heading of each book, a heading of each chapter, its verses. The headings name the chapter in their markup
(`osisID="Gen.1"`), so no table of verses is needed.
"""

from __future__ import annotations

import html
import re
import struct
import zlib
from collections.abc import Iterator
from functools import cache
from pathlib import Path

_CHAPTER = re.compile(r'<chapter [^>]*osisID="([^"]+)"[^>]*sID=|<chapter [^>]*sID="([^"]+)"')
_BOOK = re.compile(r'<div [^>]*type="(?:book|front|introduction)"')
_ASIDE = re.compile(r"<(note|title)\b[^>]*>.*?</\1>", re.DOTALL)
_TAG = re.compile(r"<[^>]+>")
_LOOSE = re.compile(r" +(?=[,.;:?!)’”])")


def read_verses(folder: Path) -> dict[tuple[str, int], str]:
    """(chapter such as `Gen.1`, number of the verse) -> its plain text; verses without text are left out.

    Raises: ValueError where the files are damaged.
    """
    found: dict[tuple[str, int], str] = {}
    try:
        for testament in ("ot", "nt"):
            found |= dict(_verses(folder, testament))
    except (struct.error, zlib.error, IndexError) as fault:
        raise ValueError(f"is no text of the SWORD Project: {fault}") from None
    return found


def plain(markup: str) -> str:
    """`markup` without tags, notes and titles."""
    text = html.unescape(_TAG.sub("", _ASIDE.sub(" ", markup)))
    return _LOOSE.sub("", " ".join(text.split()))


def _verses(folder: Path, testament: str) -> Iterator[tuple[tuple[str, int], str]]:
    chapter, number = "", 0
    before = None
    for entry, markup in _entries(folder, testament):
        heading = _CHAPTER.search(markup)
        if heading:
            chapter, number = heading[1] or heading[2], 0
        elif _BOOK.search(markup):
            chapter = ""
        elif chapter:
            number += 1
            text = plain(markup)
            if text and entry != before:  # verses that are written as one share an entry
                yield (chapter, number), text
        before = entry


def _entries(folder: Path, testament: str) -> Iterator[tuple[tuple[int, int, int], str]]:
    blocks, entries, packed = ((folder / f"{testament}.{end}").read_bytes() for end in ("bzs", "bzv", "bzz"))
    places = list(struct.iter_unpack("<III", blocks))

    @cache
    def block(number: int) -> bytes:
        start, size, _ = places[number]
        return zlib.decompress(packed[start : start + size])

    for entry in struct.iter_unpack("<IIH", entries):
        number, start, size = entry
        yield (number, start, size), block(number)[start : start + size].decode() if size else ""
