"""Strict documents: YAML and JSON read into plain values, with the line and column of every key and list item.

Nothing is guessed and nothing is executed: duplicate keys, tags, numbers that are not finite or do not fit 64 bits, and
texts that grow without bounds (alias bombs, deep nesting) are refused, each with its place.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path as FilePath

from pellucid.errors import ArtifactError, PellucidError, Place, RecipeError, clean, nearest, quote
from pellucid.scalars import NOT_TEXT, Scalar, write_scalar
from pellucid.syntax import LIMITS, Limits, Mark, Path, Plain, Text, decode, parse_json, parse_yaml, read_plain_at

SUFFIXES = (".yaml", ".yml", ".json")
"""What a recipe file may be called."""
WIDTH = 100
"""Characters of a list that `write_yaml` keeps on one line."""
_LONGEST_KEY = 1000  # libyaml gives up after 1024 on a key without `? `


@dataclass(frozen=True)
class Document:
    """A mapping read from text, and where each of its keys stands (1-based line and column)."""

    value: dict[str, Plain]
    source: str | None = None
    marks: dict[Path, Mark] = field(default_factory=dict)

    def place(self, path: Path) -> Place:
        """The place of `path`, or of its nearest ancestor that has one."""
        dotted = ".".join(map(str, path)) or None
        for end in range(len(path), -1, -1):
            if path[:end] in self.marks:
                line, column = self.marks[path[:end]]
                return Place(self.source, line, column, dotted)
        return Place(self.source, path=dotted)


def read_file(path: FilePath | str) -> Document:
    """The recipe in a file, as YAML or JSON by its suffix.

    Raises: RecipeError RECIPE-FILE for a file that is missing or not readable, and what `read_yaml` raises.
    """
    path = FilePath(path)
    place = Place(str(path))
    if path.suffix.lower() not in SUFFIXES:
        message = f"a recipe's name ends in {', '.join(SUFFIXES)}"
        raise RecipeError("RECIPE-FILE", message, place=place)
    try:
        if not path.is_file():
            message = "not a file" if path.exists() else "no such file"
            raise RecipeError("RECIPE-FILE", message, place=place, hint=_neighbour(path))
        with path.open("rb") as file:
            data = file.read(LIMITS.bytes + 1)
    except (OSError, ValueError) as fault:  # ValueError: a NUL in the name
        message = f"cannot be read: {fault.strerror if isinstance(fault, OSError) else fault}"
        raise RecipeError("RECIPE-FILE", message, place=place) from None
    if path.suffix.lower() == ".json":
        text = decode(data, str(path), RecipeError, "RECIPE-JSON")
        return _document(text, parse_json(text))
    return read_yaml(data, str(path))


def read_yaml(data: str | bytes, source: str | None = None) -> Document:
    """A recipe, by the rules of YAML 1.2's core schema and within `LIMITS`.

    Raises: RecipeError RECIPE-YAML-... with line and column of the first thing wrong.
    """
    text = decode(data, source, RecipeError, "RECIPE-YAML")
    return _document(text, parse_yaml(text))


def parse_scalar(text: str, source: str = "--set") -> Plain:
    """The value in `--set path=value`: a flow list, a flow mapping or quoted text by YAML's rules, else one scalar.

    >>> parse_scalar("1e-3"), parse_scalar("[64, 32]"), parse_scalar("#id")
    (0.001, [64, 32], '#id')
    """
    stripped = text.strip()
    given = decode(stripped, source, RecipeError, "RECIPE-YAML")
    if stripped[:1] in {"[", "{", '"', "'"}:
        return parse_yaml(given)[0]
    if (found := NOT_TEXT.search(stripped)) is not None:
        given.fail("CONTROL", f"{quote(found[0])}: this character is not allowed in text", (1, found.start() + 1))
    return read_plain_at(given, stripped, (1, 1))


def read_json(
    data: str | bytes,
    source: str | None = None,
    *,
    error: type[PellucidError] = ArtifactError,
    code: str = "FILE-JSON",
    limits: Limits = LIMITS,
) -> Plain:
    """Any JSON value, strictly: no NaN or infinity, no duplicate keys, no lone surrogates, 64-bit whole numbers.

    Raises: `error` with `code`, line and column.
    """
    return parse_json(decode(data, source, error, code, limits))[0]


def canonical_json(value: object) -> bytes:
    """The one way to write `value`: sorted keys, no spaces, UTF-8.

    Raises: ValueError for NaN, infinity or lone surrogates.
    """
    text = json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)
    return text.encode("utf-8")


def write_yaml(value: Mapping[str, Plain], comments: Mapping[str, str] | None = None) -> str:
    """`value` as block YAML that `read_yaml` reads back equal, bit for bit; keys keep their order.

    `comments` (dotted path -> text) stand at the end of their line. Short lists of scalars stay on one line.
    Raises: RecipeError naming the path of a value that no recipe may hold.
    """
    lines = _mapping(value, "", comments or {}) if value else ["{}"]
    return "\n".join(lines) + "\n"


def _document(text: Text, parsed: tuple[Plain, dict[Path, Mark]]) -> Document:
    value, marks = parsed
    if not isinstance(value, dict):
        text.fail("ROOT", "a recipe is a mapping of keys to values", marks[()], "write key: value")
    return Document(value, text.source, marks)


def _neighbour(path: FilePath) -> str | None:
    """A hint with the recipe in the same folder whose name is nearest."""
    if path.is_dir() or not path.parent.is_dir():
        return None
    names = sorted(file.name for file in path.parent.iterdir() if file.suffix.lower() in SUFFIXES)
    close = nearest(path.name, names)
    return f"did you mean '{clean(str(path.with_name(close)))}'?" if close else None


def _mapping(value: Mapping[str, Plain], path: str, comments: Mapping[str, str]) -> list[str]:
    lines: list[str] = []
    for name, item in value.items():
        inner = f"{path}.{name}" if path else name
        key = _scalar(name, inner)
        if len(key) > _LONGEST_KEY:
            lines.append(f"? {key}")
            key = ""
        lines.extend(_entry(f"{key}:", item, inner, comments))
    return lines


def _entry(head: str, item: Plain, path: str, comments: Mapping[str, str]) -> list[str]:
    """`head` with a value: on one line where it fits, else indented below."""
    comment = f"  # {clean(' '.join(comments[path].split()))}" if path in comments else ""
    text = _inline(item, path)
    if text is not None:
        return [f"{head} {text}{comment}"]
    below = _mapping(item, path, comments) if isinstance(item, dict) else _items(item, path, comments)
    return [f"{head}{comment}", *(f"  {line}" for line in below)]


def _items(items: Plain, path: str, comments: Mapping[str, str]) -> list[str]:
    assert isinstance(items, list)
    lines: list[str] = []
    for number, item in enumerate(items):
        first, *rest = _entry("-", item, f"{path}.{number}", comments)
        if first == "-":  # the first line of the value moves up, beside the dash
            first, rest = f"- {rest[0].lstrip()}", rest[1:]
        lines.extend([first, *rest])
    return lines


def _inline(item: Plain, path: str) -> str | None:
    """`item` on one line, or None where it needs more."""
    if isinstance(item, dict):
        return None if item else "{}"
    if not isinstance(item, list):
        return _scalar(item, path)
    texts: list[str] = []
    for number, each in enumerate(item):
        if isinstance(each, (dict, list)):
            return None
        texts.append(_scalar(each, f"{path}.{number}"))
    text = f"[{', '.join(texts)}]"
    return text if len(text) <= WIDTH else None


def _scalar(value: Scalar, path: str) -> str:
    try:
        return write_scalar(value)
    except ValueError as fault:
        raise RecipeError("RECIPE-YAML-VALUE", f"{quote(value)}: {fault}", place=Place(path=path)) from None
