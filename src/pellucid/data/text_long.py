"""Running text that stays in its files: looked through once, and read again where it is needed.

What is remembered of a file is where its pieces begin, in bytes and in characters. A character is never in two pieces,
nor is a line end of two characters, which is read as one.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator
from hashlib import blake2b, sha256
from pathlib import Path
from typing import Protocol

from pellucid.data.encoding import Before, codec, decode_part
from pellucid.errors import DataError, Place

LONG = 16 * 2**20
"""Bytes of running text from which it stays in its files."""
PIECE = 2**20
"""Bytes of a file that are read at once."""
CHUNK = 2**20
"""Characters that are counted and coded at once,"""
RUN = 2**16
"""and those that are learnt from."""
BEGINNING = 40
"""Characters of a text that are told of it."""


class Hash(Protocol):
    """What takes bytes one after another."""

    def update(self, data: bytes, /) -> None: ...


class Document(Protocol):
    """What has characters: a text in memory, or one in its file."""

    def __len__(self) -> int: ...

    def __getitem__(self, part: slice, /) -> str: ...


class LongText:
    """The text of a file: its length and its slices are those of the text itself."""

    __slots__ = ("beginning", "bytes_P", "characters_P", "code", "content", "digest", "lines", "path", "read")

    def __init__(self, path: str) -> None:
        """Looks through a file.

        Raises: DataError with line and offset of what is no text, or where it cannot be read.
        """
        self.path = path
        self.beginning = ""
        """Its first characters that are not blank; empty where none is there."""
        self.read = (-1, "")
        """The piece that was read last."""
        self.bytes_P, self.characters_P = [0], [0]
        """Where each piece begins, and the last one ends."""
        digest, content = sha256(), blake2b(digest_size=8)
        try:
            lines = self._look(digest, content)
        except OSError as fault:
            raise DataError("DATA-FILE", f"cannot be read: {fault.strerror}", place=Place(path)) from None
        self.digest, self.content, self.lines = digest.hexdigest(), content.digest(), lines
        """SHA-256 of its bytes, BLAKE2 of its characters, and line ends."""

    def __len__(self) -> int:
        return self.characters_P[-1]

    def __getitem__(self, part: slice, /) -> str:
        start, stop, _ = part.indices(len(self))
        place = bisect_right(self.characters_P, start) - 1
        found: list[str] = []
        while start < stop:
            first = self.characters_P[place]
            found.append(self._piece(place)[start - first : stop - first])
            place += 1
            start = self.characters_P[place]
        return "".join(found)

    def _look(self, digest: Hash, content: Hash) -> int:
        """Notes where the pieces are, and counts line ends."""
        with Path(self.path).open("rb") as file:
            head = file.read(4)
            self.code, mark = codec(head, self.path)
            digest.update(head[:mark])
            file.seek(mark)
            self.bytes_P[0] = mark
            before, rest, last = Before(mark), b"", False
            while not last:
                block = file.read(PIECE)
                digest.update(block)
                block, last = rest + block, not block
                text, used = decode_part(block, self.path, self.code, before, last=last)
                if text.endswith("\r") and not last:
                    text, used = text[:-1], used - len("\r".encode(self.code))
                rest = block[used:]
                before = Before(before.bytes + used, before.characters + len(text), before.lines + text.count("\n"))
                text = text.replace("\r\n", "\n")
                content.update(text.encode())
                self.beginning = self.beginning or text.lstrip()[:BEGINNING]
                if used:
                    self.bytes_P.append(before.bytes)
                    self.characters_P.append(len(self) + len(text))
        return before.lines

    def _piece(self, place: int) -> str:
        """Raises: DataError where the file is not what it was."""
        if self.read[0] != place:
            start, stop = self.bytes_P[place], self.bytes_P[place + 1]
            try:
                with Path(self.path).open("rb") as file:
                    file.seek(start)
                    text = file.read(stop - start).decode(self.code).replace("\r\n", "\n")
            except (OSError, UnicodeDecodeError):
                text = ""
            if len(text) != self.characters_P[place + 1] - self.characters_P[place]:
                raise DataError("DATA-FILE", "the file changed while it was read", place=Place(self.path))
            self.read = (place, text)
        return self.read[1]


def chunks(document: Document, start: int = 0, stop: int | None = None, size: int | None = None) -> Iterator[str]:
    """A text in runs of whole lines; where a line is too long, of whole words, or of characters."""
    stop, size = len(document) if stop is None else stop, size or CHUNK
    while start < stop:
        text = document[start : min(start + size, stop)]
        if start + len(text) < stop:
            text = text[: text.rfind("\n") + 1 or max(text.rfind(" "), 0) or len(text)]
        yield text
        start += len(text)


def content(document: Document, start: int = 0, stop: int | None = None) -> bytes:
    """The hash of some characters."""
    if isinstance(document, LongText) and start == 0 and stop in (None, len(document)):
        return document.content
    found = blake2b(digest_size=8)
    for text in chunks(document, start, stop):
        found.update(text.encode())
    return found.digest()
