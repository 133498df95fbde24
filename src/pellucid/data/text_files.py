"""Reading texts from a path: plain text, folders of it, CoNLL files, tables, embedded and packaged sets."""

from __future__ import annotations

import json
import os
import sys
from dataclasses import dataclass, field, replace
from hashlib import sha256
from pathlib import Path

from pellucid.data import packaged
from pellucid.data.delimited import guess_delimiter, read_delimited
from pellucid.data.embedded import EMBEDDED
from pellucid.data.encoding import decode, read_bytes
from pellucid.data.frames import from_memory
from pellucid.data.jsonlines import read_jsonlines
from pellucid.data.reading import JSON_SUFFIXES, read_table
from pellucid.data.splitting import PART_NAMES
from pellucid.data.text_conll import TOKENS, read_conll, read_token_lines
from pellucid.data.text_guess import PLAIN, TAGGED, form
from pellucid.data.text_long import LONG, LongText
from pellucid.data.text_raw import FILE, FOLDER, PART, TEXT, TextRaw, of_columns
from pellucid.errors import DataError, Place, quote


@dataclass
class Reader:
    """How a path is read, and what was left out on the way."""

    target: str | None = None
    """The label column of a CoNLL-U file."""
    tolerant: bool = False
    """Whether what cannot be used is left out and counted, rather than an error."""
    text: str | None = None
    """The column of the texts, by which the header of a table on standard input is known."""
    tagged: bool = False
    """Whether standard input may be words a line each."""
    labelled: bool = True
    """Whether tagged sentences must have labels."""
    lines: bool = False
    """Whether every line of a plain text is a text of its own."""
    long: bool = False
    """Whether running text stays in its files."""
    skipped: dict[str, str] = field(default_factory=dict)

    def refuse(self, fault: DataError) -> None:
        """Counts a fault, or raises it."""
        if not self.tolerant:
            raise fault
        self.skipped[str(fault.place)] = fault.message

    def read(self, path: str) -> TextRaw:
        """Everything under a path. Raises: DataError with file, line, and reason."""
        self.skipped = {}
        raw = self._named(path) if path in EMBEDDED and not Path(path).exists() else self._read(path)
        return replace(raw, skipped={**raw.table.skipped, **self.skipped})

    def _read(self, path: str) -> TextRaw:
        if Path(path).is_dir():
            return self._folder(Path(path))
        if path == "-":
            return self._stream(sys.stdin.buffer.read(), "standard input")
        suffix = Path(path).suffix.lower()
        if suffix in TAGGED or (suffix in PLAIN and not _has_header(path, self.target)):
            return self._long(path) if self.long else self._of_words(read_bytes(path), path, suffix)
        if suffix in JSON_SUFFIXES and holds_lists(data := read_bytes(path)):
            return read_token_lines(data, path, self.refuse, labelled=self.labelled)
        return TextRaw("rows", read_table(path, None, (), self.skipped if self.tolerant else None))

    def _stream(self, data: bytes, path: str) -> TextRaw:
        """What has no suffix: objects, a table, tagged words or plain lines."""
        names = {name for name in (self.target, self.text) if name}
        suffix = form(data, names, tagged=self.tagged, running=not self.lines)
        if suffix in TAGGED | PLAIN:
            return self._of_words(data, path, suffix)
        if suffix in JSON_SUFFIXES and holds_lists(data):
            return read_token_lines(data, path, self.refuse, labelled=self.labelled)
        return TextRaw("rows", read_jsonlines(data, path) if suffix in JSON_SUFFIXES else read_delimited(data, path))

    def _of_words(self, data: bytes, path: str, suffix: str) -> TextRaw:
        """Tagged sentences or plain text."""
        if suffix in TAGGED:
            return read_conll(data, path, self.target, self.refuse, labelled=self.labelled, suffix=suffix)
        return self._plain(data, path)

    def _plain(self, data: bytes, path: str) -> TextRaw:
        """One document, or one text for each line."""
        text = decode(data, path).replace("\r\n", "\n")
        if not text.strip():
            raise DataError("DATA-CSV-EMPTY", "the file holds no text", place=Place(path))
        where = {"files": (path,), "fingerprint": sha256(data).hexdigest()}
        if not self.lines:
            return TextRaw("documents", of_columns({TEXT: [text]}, **where), why="it is running text")
        texts = text.removesuffix("\n").split("\n")
        return TextRaw("rows", of_columns({TEXT: texts}, **where, unit="line"), why="every line is a text")

    def _long(self, path: str) -> TextRaw:
        """One document that stays in its file."""
        text = LongText(path)
        if not text.beginning:
            raise DataError("DATA-CSV-EMPTY", "the file holds no text", place=Place(path))
        table = of_columns({TEXT: [text.beginning]}, files=(path,), fingerprint=text.digest)
        return TextRaw("documents", table, why="it is running text", long=(text,))

    def _folder(self, folder: Path) -> TextRaw:
        """Documents; or texts in folders of their classes; or files of sentences; perhaps by train, valid and test."""
        files = _files(folder)
        if not files:
            message = "the folder holds no .txt files and no CoNLL files"
            raise DataError(
                "DATA-FOLDER", message, place=Place(str(folder)), hint="a CSV file is given by its own path"
            )
        if Path(files[0]).suffix.lower() in TAGGED:
            raise DataError(
                "DATA-FOLDER",
                f"the folder holds CoNLL files, such as {quote(files[0])}, which are read one at a time",
                place=Place(str(folder)),
                hint="data.path: train.conll, data.split: {kind: by_files, valid: dev.conll, test: test.conll}",
            )
        parts = [_part_of(name) for name in files]
        divided = None not in parts and {0, 2} <= set(parts)
        inside = [Path(name).parts[1:] if divided and len(Path(name).parts) > 1 else Path(name).parts for name in files]
        depths = {min(len(parents), 2) for parents in inside}
        if depths == {1, 2}:
            stray = next(name for name, parents in zip(files, inside, strict=True) if len(parents) == 1)
            message = f"texts lie beside the folders of the classes, such as {quote(stray)}"
            raise DataError("DATA-FOLDER", message, place=Place(str(folder)), hint="move them into one of the folders")
        columns: dict[str, list[str | None]] = {FILE: [], TEXT: []}
        digest = sha256()
        kept: list[int] = []
        long: list[LongText] = []
        for place, name in enumerate(files):
            try:
                if self.long and depths == {1}:
                    long.append(LongText(str(folder / name)))
                    text, found = long[-1].beginning, long[-1].digest
                else:
                    data = _bytes(folder / name)
                    found = sha256(data).hexdigest()
                    text = decode(data, str(folder / name)).replace("\r\n", "\n")
            except DataError as fault:
                self.refuse(fault)
                continue
            digest.update(f"{name}\x1f{found}\x1e".encode())
            kept.append(place)
            columns[FILE].append(str(folder / name))
            columns[TEXT].append(text)
        if depths == {2}:
            columns[FOLDER] = [inside[place][0] for place in kept]
        if divided:
            columns[PART] = [("train", "valid", "test")[parts[place] or 0] for place in kept]
        table = of_columns(columns, fingerprint=digest.hexdigest())
        why = "every file is a text" if depths == {2} else "every file is a document"
        target = (FOLDER,) if depths == {2} else ()
        return TextRaw("rows" if target else "documents", table, target=target, why=why, filed=True, long=tuple(long))

    def _named(self, name: str) -> TextRaw:
        """An embedded or packaged set."""
        known = EMBEDDED[name]
        if not known.file:
            return TextRaw("rows", replace(from_memory(packaged.table(name)), files=(name,)))
        data, suffix = known.path.read_bytes(), known.path.suffix
        if suffix in PLAIN | TAGGED:
            return self._of_words(data, name, suffix)
        return TextRaw("rows", read_delimited(data, name))


def is_long(paths: list[str]) -> bool:
    """Whether all that is named are plain texts, or folders of them, and too much to be held."""
    files: list[Path] = []
    for path in map(Path, paths):
        if not path.is_dir() and not (path.suffix.lower() in PLAIN and path.is_file()):
            return False
        files += [path / name for name in _files(path)] if path.is_dir() else [path]
    return sum(file.stat().st_size for file in files if file.is_file()) >= LONG


def holds_lists(data: bytes) -> bool:
    """Whether the first line of a JSON lines file is an object with a list of words."""
    line = data.lstrip(b"\xef\xbb\xbf \t\r\n").split(b"\n", 1)[0]
    try:
        value = json.loads(line)
    except (ValueError, RecursionError):
        return False
    return isinstance(value, dict) and any(isinstance(value.get(name), list) for name in TOKENS)


def _has_header(path: str, target: str | None) -> bool:
    """Whether a plain text begins with a line that names the target: then it is a table."""
    if target is None or not Path(path).is_file():
        return False
    with Path(path).open("rb") as stream:
        line = stream.readline(2**16).decode("utf-8-sig", "replace").strip()
    return target in [cell.strip(' "') for cell in line.split(guess_delimiter(line, path))]


def _files(folder: Path) -> list[str]:
    """The texts below a folder, by their paths inside it, in order; hidden ones are passed by."""
    found: list[str] = []
    for place, folders, names in os.walk(folder):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        inside = Path(place).relative_to(folder)
        known = [name for name in names if Path(name).suffix.lower() in PLAIN | TAGGED]
        found += [(inside / name).as_posix() for name in known if not name.startswith(".")]
    odd = next((name for name in found if not name.isprintable()), None)
    if odd is not None:
        raise DataError("DATA-PATH", f"the name {quote(odd)} holds what is no character", place=Place(str(folder)))
    plain = [name for name in found if Path(name).suffix.lower() not in TAGGED]
    return sorted(plain or found)


def _bytes(file: Path) -> bytes:
    """Raises: DataError where a file cannot be read."""
    try:
        return file.read_bytes()
    except OSError as fault:
        raise DataError("DATA-FILE", f"cannot be read: {fault.strerror}", place=Place(str(file))) from None


def _part_of(name: str) -> int | None:
    """The part of the data that the first folder, or the file itself, is called after."""
    first = Path(name).parts[0]
    return PART_NAMES.get((first if len(Path(name).parts) > 1 else Path(first).stem).casefold())
