"""Text into plain values and the place of each: strict YAML on PyYAML's parser events, and strict JSON.

PyYAML's loader builds objects, obeys YAML 1.1 and forgets places; its parser only tells what is written, so everything
that decides what a text *means* is here, and every loop is bounded by `Limits`.
"""

from __future__ import annotations

import json
import re
from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import NoReturn, TypeAlias

import yaml

from pellucid.errors import PellucidError, Place, quote
from pellucid.scalars import NOT_TEXT, Scalar, bad_text, finite, read_plain, whole

Plain: TypeAlias = "bool | int | float | str | list[Plain] | dict[str, Plain] | None"
Path: TypeAlias = "tuple[str | int, ...]"
Mark: TypeAlias = "tuple[int, int]"
"""Line and column, from 1."""


@dataclass(frozen=True, slots=True)
class Limits:
    """How large a document may be."""

    bytes: int = 1 << 20
    depth: int = 50
    nodes: int = 100_000
    """Values, each counted once for every place that an alias puts it."""


LIMITS = Limits()


@dataclass(frozen=True, slots=True)
class Text:
    """A document as text, with the error class and code that its faults carry."""

    text: str
    source: str | None
    error: type[PellucidError]
    code: str
    limits: Limits = LIMITS

    def fail(self, kind: str, message: str, mark: Mark, hint: str | None = None) -> NoReturn:
        """Raises the fault `kind` at `mark`; JSON has one code for all kinds."""
        code = f"{self.code}-{kind}" if self.code.endswith("YAML") else self.code
        raise self.error(code, message, place=Place(self.source, *mark), hint=hint)

    @property
    def of_person(self) -> bool:
        """Whether a person wrote it, rather than this program."""
        return self.code.startswith("RECIPE")


def decode(
    data: str | bytes, source: str | None, error: type[PellucidError], code: str, limits: Limits = LIMITS
) -> Text:
    """`data` as UTF-8 text without a byte order mark; refuses other encodings and what is too large."""
    bare = Text("", source, error, code, limits)
    if len(data) > limits.bytes:
        bare.fail("SIZE", f"larger than {limits.bytes:,} bytes", (1, 1), "is this the right file?")
    if isinstance(data, bytes):
        try:
            data = data.decode("utf-8")
        except UnicodeDecodeError as fault:
            before = data[: fault.start].decode("utf-8")
            mark = (before.count("\n") + 1, len(before) - before.rfind("\n"))
            bare.fail("ENCODING", f"not UTF-8 text (byte {fault.start})", mark, "save the file as UTF-8")
    return Text(data.removeprefix("\ufeff"), source, error, code, limits)


def read_plain_at(text: Text, scalar: str, mark: Mark) -> Scalar:
    """`scalar` by the rules for unquoted text; a number out of range is a fault at `mark`."""
    try:
        return read_plain(scalar)
    except ValueError as fault:
        text.fail("NUMBER", f"{quote(scalar)}: {fault}", mark)


def parse_yaml(text: Text) -> tuple[Plain, dict[Path, Mark]]:
    """The value of a YAML document of one value, and the marks of its keys and list items."""
    _refuse_characters(text)
    composer = _Composer(text)
    root = composer.document()
    return _Expander(text).document(root)


def parse_json(text: Text) -> tuple[Plain, dict[Path, Mark]]:
    """The value of a JSON text, and the marks of its keys and list items."""
    return _Json(text).document()


_TAB = re.compile(r"^ *\t[ \t]*(?=[^\s])", re.MULTILINE)


def _refuse_characters(text: Text) -> None:
    for kind, pattern, message in (
        ("CONTROL", NOT_TEXT, "this character is not allowed in text"),
        ("TAB", _TAB, "a line is indented with a tab"),
    ):
        if (found := pattern.search(text.text)) is not None:
            start = found.end() - 1 if kind == "TAB" else found.start()
            line = text.text.count("\n", 0, start) + 1
            column = start - text.text.rfind("\n", 0, start)
            shown = f"{quote(found[0])}: " if kind == "CONTROL" else ""
            text.fail(kind, f"{shown}{message}", (line, column), "indent with spaces" if kind == "TAB" else None)


@dataclass(slots=True)
class _Node:
    """What is written at one place; an alias is the very node that its anchor names."""

    mark: Mark
    value: Scalar = None
    items: list[_Node] | None = None
    entries: dict[str, tuple[Mark, _Node]] | None = None


_Loader = yaml.CSafeLoader if yaml.__with_libyaml__ else yaml.SafeLoader

_HINTS = {
    "mapping values are not allowed": "text with ': ' in it needs quotes",
    "cannot start any token": "text that starts with this character needs quotes",
    "could not find expected ':'": "a key is followed by ': ' and a value",
    "did not find expected key": "is the indentation the same as in the lines above?",
    "unknown escape": "in double quotes \\ starts an escape; use single quotes",
}


class _Composer:
    """The nodes of a text from the events of the parser; nesting and number are bounded as they come."""

    def __init__(self, text: Text) -> None:
        self.text = text
        self.events = self._checked_events()
        self.anchors: dict[str, _Node] = {}
        self.open: set[str] = set()
        self.count = 0

    def document(self) -> _Node:
        """The one value of the text."""
        next(self.events)
        if not isinstance(next(self.events), yaml.DocumentStartEvent):
            self.text.fail("ROOT", "there is nothing in it", (1, 1))
        root = self._node(next(self.events), 1)
        next(self.events)
        after = next(self.events)
        if isinstance(after, yaml.DocumentStartEvent):
            self.text.fail("ROOT", "a second document starts here", _mark(after), "keep one recipe in a file")
        return root

    def _checked_events(self) -> Iterator[yaml.Event]:
        try:
            yield from yaml.parse(self.text.text, Loader=_Loader)
        except yaml.MarkedYAMLError as fault:
            at = fault.problem_mark or fault.context_mark
            problem = fault.problem or str(fault.context)
            hint = next((hint for words, hint in _HINTS.items() if words in problem), None)
            self.text.fail("SYNTAX", f"not YAML: {problem}", (at.line + 1, at.column + 1) if at else (1, 1), hint)
        except (yaml.YAMLError, ValueError, OverflowError) as fault:  # PyYAML without libyaml, on hostile escapes
            self.text.fail("SYNTAX", f"not YAML: {quote(str(fault))}", (1, 1))

    def _node(self, event: yaml.Event, depth: int) -> _Node:
        mark = _mark(event)
        if isinstance(event, yaml.AliasEvent):
            if event.anchor not in self.anchors:
                inside = event.anchor in self.open
                name = quote(f"*{event.anchor}")
                self.text.fail("ALIAS", f"{name} {'contains itself' if inside else 'names no anchor'}", mark)
            return self.anchors[event.anchor]
        assert isinstance(event, (yaml.ScalarEvent, yaml.SequenceStartEvent, yaml.MappingStartEvent))
        self.count += 1
        _check_bounds(self.text, self.count, depth, mark)
        if event.tag is not None:
            self.text.fail("TAG", f"tags such as {quote(event.tag)} are not allowed", mark, "leave the tag out")
        if event.anchor:
            self.open.add(event.anchor)
            self.anchors.pop(event.anchor, None)
        node = self._content(event, mark, depth)
        if event.anchor:
            self.open.discard(event.anchor)
            self.anchors[event.anchor] = node
        return node

    def _content(self, event: yaml.Event, mark: Mark, depth: int) -> _Node:
        if isinstance(event, yaml.ScalarEvent):
            if event.implicit[0]:
                return _Node(mark, read_plain_at(self.text, event.value, mark))
            if (problem := bad_text(event.value)) is not None:
                self.text.fail("CONTROL", problem, mark)
            return _Node(mark, event.value)
        if isinstance(event, yaml.SequenceStartEvent):
            items: list[_Node] = []
            while not isinstance(inner := next(self.events), yaml.SequenceEndEvent):
                items.append(self._node(inner, depth + 1))
            return _Node(mark, items=items)
        entries: dict[str, tuple[Mark, _Node]] = {}
        while not isinstance(inner := next(self.events), yaml.MappingEndEvent):
            name = self._key(inner, entries)
            entries[name] = (_mark(inner), self._node(next(self.events), depth + 1))
        return _Node(mark, entries=entries)

    def _key(self, event: yaml.Event, known: dict[str, tuple[Mark, _Node]]) -> str:
        mark = _mark(event)
        if not isinstance(event, yaml.ScalarEvent) or event.anchor:
            self.text.fail("KEY", "a key is plain text: no list, mapping, anchor or alias", mark)
        name = self._node(event, 1).value
        if not isinstance(name, str):
            hint = f'put it in quotes: "{event.value}"' if event.value else None
            self.text.fail("KEY", f"key {quote(event.value)} is not text", mark, hint)
        if name == "<<" and event.implicit[0]:
            self.text.fail("KEY", "merge keys are not allowed", mark, "write the values out")
        if name in known:
            self.text.fail("DUPLICATE", f"{quote(name)} is given twice, first in line {known[name][0][0]}", mark)
        return name


@dataclass(slots=True)
class _Expander:
    """Plain values from nodes: each alias becomes a copy of its own, so the expanded size is what is bounded."""

    text: Text
    marks: dict[Path, Mark] = field(default_factory=dict)
    count: int = 0

    def document(self, root: _Node) -> tuple[Plain, dict[Path, Mark]]:
        """The value of the root and the marks of everything in it."""
        self.marks[()] = root.mark
        return self._value(root, (), 1), self.marks

    def _value(self, node: _Node, path: Path, depth: int) -> Plain:
        self.count += 1
        _check_bounds(self.text, self.count, depth, node.mark)
        if node.items is not None:
            for number, item in enumerate(node.items):
                self.marks[(*path, number)] = item.mark
            return [self._value(item, (*path, number), depth + 1) for number, item in enumerate(node.items)]
        if node.entries is None:
            return node.value
        for name, (mark, _) in node.entries.items():
            self.marks[(*path, name)] = mark
        return {name: self._value(item, (*path, name), depth + 1) for name, (_, item) in node.entries.items()}


def _check_bounds(text: Text, count: int, depth: int, mark: Mark) -> None:
    if depth > text.limits.depth:
        text.fail("DEPTH", f"nested more than {text.limits.depth} deep", mark)
    if count > text.limits.nodes:
        text.fail("NODES", f"more than {text.limits.nodes:,} values, aliases included", mark)


def _mark(event: yaml.Event) -> Mark:
    return event.start_mark.line + 1, event.start_mark.column + 1


_SPACE = re.compile(r"[ \t\n\r]*")
_NUMBER = re.compile(r"(-?(?:0|[1-9][0-9]*))(\.[0-9]+)?([eE][-+]?[0-9]+)?", re.ASCII)
_STRING = json.JSONDecoder()
_WORDS: dict[str, bool | None] = {"true": True, "false": False, "null": None}


class _Json:
    """A JSON text read by hand, because `json` forgets places and accepts NaN, duplicate keys and half surrogates."""

    def __init__(self, text: Text) -> None:
        self.text = text
        self.lines = [0, *(found.end() for found in re.finditer("\n", text.text))]
        self.marks: dict[Path, Mark] = {}
        self.count = 0

    def document(self) -> tuple[Plain, dict[Path, Mark]]:
        """The one value of the text, and its marks."""
        start = self._space(0)
        self.marks[()] = self._at(start)
        value, end = self._value(start, (), 1)
        if (rest := self._space(end)) != len(self.text.text):
            self._fail("text after the end of the value", rest)
        return value, self.marks

    def _fail(self, message: str, position: int) -> NoReturn:
        self.text.fail("SYNTAX", f"not strict JSON: {message}", self._at(position))

    def _at(self, position: int) -> Mark:
        line = bisect_right(self.lines, position)
        return line, position - self.lines[line - 1] + 1

    def _space(self, position: int) -> int:
        found = _SPACE.match(self.text.text, position)
        return found.end() if found else position

    def _value(self, position: int, path: Path, depth: int) -> tuple[Plain, int]:
        self.count += 1
        _check_bounds(self.text, self.count, depth, self._at(position))
        first = self.text.text[position : position + 1]
        if first == "{":
            return self._mapping(position, path, depth)
        if first == "[":
            return self._list(position, path, depth)
        if first == '"':
            return self._string(position)
        for word, value in _WORDS.items():
            if self.text.text.startswith(word, position):
                return value, position + len(word)
        return self._number(position)

    def _number(self, position: int) -> tuple[int | float, int]:
        found = _NUMBER.match(self.text.text, position)
        if found is None:
            self._fail("a value is expected here", position)
        digits, fraction, exponent = found.groups()
        try:
            if fraction is None and exponent is None:
                return whole(int(digits) if len(digits) <= 20 else 1 << 64), found.end()
            return finite(float(found[0])), found.end()
        except ValueError as fault:
            self._fail(f"{quote(found[0])}: {fault}", position)

    def _string(self, position: int) -> tuple[str, int]:
        try:
            value, end = _STRING.raw_decode(self.text.text, position)
        except json.JSONDecodeError as fault:
            self._fail((fault.msg[:1].lower() + fault.msg[1:]).removesuffix(" at"), fault.pos)
        problem = bad_text(value) if self.text.of_person or "\0" not in value else bad_text(value.replace("\0", ""))
        if problem is not None:
            self._fail(problem, position)
        return value, end

    def _list(self, position: int, path: Path, depth: int) -> tuple[list[Plain], int]:
        items: list[Plain] = []
        position = self._space(position + 1)
        if self.text.text.startswith("]", position):
            return items, position + 1
        while True:
            here: Path = (*path, len(items))
            self.marks[here] = self._at(position)
            item, end = self._value(position, here, depth + 1)
            items.append(item)
            position, done = self._next(end, "]")
            if done:
                return items, position

    def _mapping(self, position: int, path: Path, depth: int) -> tuple[dict[str, Plain], int]:
        entries: dict[str, Plain] = {}
        position = self._space(position + 1)
        if self.text.text.startswith("}", position):
            return entries, position + 1
        while True:
            if not self.text.text.startswith('"', position):
                self._fail("a key in double quotes is expected here", position)
            name, end = self._string(position)
            if name in entries:
                self._fail(f"{quote(name)} is given twice", position)
            here: Path = (*path, name)
            self.marks[here] = self._at(position)
            colon = self._space(end)
            if not self.text.text.startswith(":", colon):
                self._fail("':' is expected here", colon)
            entries[name], end = self._value(self._space(colon + 1), here, depth + 1)
            position, done = self._next(end, "}")
            if done:
                return entries, position

    def _next(self, position: int, closing: str) -> tuple[int, bool]:
        """After a member: the place of the next one, or the place after `closing` and True."""
        position = self._space(position)
        if self.text.text.startswith(closing, position):
            return position + 1, True
        if not self.text.text.startswith(",", position):
            self._fail(f"',' or '{closing}' is expected here", position)
        return self._space(position + 1), False
