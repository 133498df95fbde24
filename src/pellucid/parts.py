"""The Part: a frozen, typed value with one verb. Every choice a person can make is one.

A field of a Part is written once and is the Python argument, the YAML key, the `--set` path and the row in the docs.
An abstract kind (`Family`, `Task`, ...) names its catalogue; wherever a field is annotated with it, a mapping with a
`kind` is read as the class that the catalogue gives for it, and only that class is imported.
"""

from __future__ import annotations

import ast
import importlib
import importlib.metadata
import inspect
import textwrap
from collections.abc import Iterator, Mapping
from functools import cache
from itertools import pairwise
from typing import Any, ClassVar, Self, TypeVar, get_args

from pydantic import (
    BaseModel,
    ConfigDict,
    GetCoreSchemaHandler,
    GetJsonSchemaHandler,
    SerializerFunctionWrapHandler,
    TypeAdapter,
    ValidationError,
    model_serializer,
)
from pydantic.fields import FieldInfo
from pydantic_core import CoreSchema, PydanticCustomError, core_schema

from pellucid.documents import Document, Path, Plain
from pellucid.errors import Place, RecipeError, did_you_mean, quote
from pellucid.numbers import only_numbers

AnyPart = TypeVar("AnyPart", bound="Part")
ABSTRACT = "x-kind"
"""Stands in a raw JSON Schema for a reference to an abstract kind."""


def is_abstract(cls: type[Part]) -> bool:
    """Whether `cls` names a kind of Part rather than one Part."""
    return cls.__dict__.get("catalogue") is not None


class Part(BaseModel):
    """A frozen value that says one choice and does one thing."""

    model_config = ConfigDict(frozen=True, extra="forbid", validate_default=True, defer_build=True)

    catalogue: ClassVar[str | None] = None
    """Set on an abstract kind only: the module whose `KINDS` maps a kind to "module:Class"."""
    default_kind: ClassVar[str | None] = None
    """Set on an abstract kind: what a mapping without `kind` means, where that is not a guess."""
    code: ClassVar[str | None] = None
    """Name of the field that a person's own code is bound to, where this Part has one."""
    reference: ClassVar[str] = ""
    """The paper or page this comes from."""

    @classmethod
    def guess_kind(cls, value: Mapping[str, Any]) -> str | None:
        """The kind that a mapping without `kind` means, or None where only the writer can know."""
        return cls.default_kind

    @classmethod
    def from_text(cls, text: str) -> dict[str, Any]:
        """The mapping that a bare string stands for."""
        return {"kind": text}

    @model_serializer(mode="wrap")
    def _kind_first(self, handler: SerializerFunctionWrapHandler) -> dict[str, Any]:
        value = handler(self)
        return {"kind": value["kind"], **value} if "kind" in value else value

    def dump(self) -> dict[str, Plain]:
        """The Part as plain values, ready for YAML or JSON; values not given are left out."""
        return self.model_dump(mode="json", exclude_none=True)

    def replace(self, **changes: object) -> Self:
        """A copy with some fields changed, validated again."""
        fields = {name: getattr(self, name) for name in type(self).model_fields}
        return type(self).model_validate({**fields, **changes})

    def changes(self, other: Part) -> list[tuple[str, Plain, Plain]]:
        """What differs from `other`: (dotted path, value there, value here)."""
        here, there = flatten(self.dump()), flatten(other.dump())
        paths = sorted(here.keys() | there.keys())
        return [(path, there.get(path), here.get(path)) for path in paths if here.get(path) != there.get(path)]

    @classmethod
    def __get_pydantic_core_schema__(cls, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        if not is_abstract(cls):
            return only_numbers(handler(source))
        return core_schema.no_info_plain_validator_function(
            lambda value: concrete(cls, value),
            serialization=core_schema.plain_serializer_function_ser_schema(
                lambda part, info: part.model_dump(mode=info.mode, exclude_none=info.exclude_none), info_arg=True
            ),
        )

    @classmethod
    def __get_pydantic_json_schema__(cls, schema: CoreSchema, handler: GetJsonSchemaHandler) -> dict[str, Any]:
        if not is_abstract(cls):
            return handler(schema)
        # pydantic refuses a reference to a definition that it did not make; `schema` turns this into one
        return {ABSTRACT: cls.__name__}


def kinds(abstract: type[Part]) -> dict[str, str]:
    """Every kind of `abstract` that is installed: kind -> "module:Class", ours before those of other packages."""
    assert abstract.catalogue is not None
    own: dict[str, str] = importlib.import_module(abstract.catalogue).KINDS
    group = abstract.catalogue.removesuffix(".catalogue")
    return {**_installed(group), **own}


@cache
def _installed(group: str) -> dict[str, str]:
    """What other packages add; it takes 3 ms to look for, and stays the same while a process runs."""
    return {entry.name: entry.value for entry in importlib.metadata.entry_points(group=group)}


def load_kind(abstract: type[AnyPart], kind: str) -> type[AnyPart]:
    """The class of one kind; imports that class's module only."""
    assert abstract.catalogue is not None
    own: dict[str, str] = importlib.import_module(abstract.catalogue).KINDS
    known = own if kind in own else kinds(abstract)
    if kind not in known:
        raise PydanticCustomError("kind", "{hint}", {"hint": did_you_mean(kind, known), "value": kind})
    module, _, name = known[kind].partition(":")
    return getattr(importlib.import_module(module), name)


def concrete(abstract: type[AnyPart], value: object) -> AnyPart:
    """The Part that a Part, a bare string or a mapping with a `kind` stands for."""
    if isinstance(value, abstract):
        return value
    if isinstance(value, str):
        value = abstract.from_text(value)
    if not isinstance(value, Mapping):
        raise PydanticCustomError("part", "expected a kind or a mapping with a kind")
    kind = value.get("kind")
    if kind is None:
        kind = abstract.guess_kind(value)
    if not isinstance(kind, str):
        context = {"hint": ", ".join(sorted(kinds(abstract))), "value": kind}
        raise PydanticCustomError("kind", "say which kind: {hint}", context)
    cls = load_kind(abstract, kind)
    return cls.model_validate({**value, "kind": kind})


def read(cls: type[AnyPart], document: Document) -> AnyPart:
    """The Part that a document says.

    Raises: RecipeError with file, line, column and dotted path of the first thing wrong, and the nearest valid name.
    """
    try:
        return cls.model_validate(document.value)
    except ValidationError as fault:
        raise recipe_error(cls, fault, document) from None


def recipe_error(cls: type[Part], fault: ValidationError, document: Document) -> RecipeError:
    """The first validation fault as one line.

    An unknown key is told before what may follow from it; where a value may be one of several things, the one that it
    got furthest into.
    """

    def order(error: Any) -> tuple[bool, int]:
        return error["type"] not in ("extra_forbidden", "kind"), -len(_known(error["loc"], document.value))

    errors = sorted(fault.errors(), key=order)
    error = errors[0]
    path: Path = (*_known(error["loc"][:-1], document.value), *error["loc"][-1:])
    owner = _owner(cls, document.value, path[:-1])
    more = f"; {len(errors) - 1} more" if len(errors) > 1 else ""
    if error["type"] == "extra_forbidden":
        parent = next((step for step in reversed(path[:-1]) if isinstance(step, str)), "the recipe")
        name = owner.model_fields["kind"].default if "kind" in owner.model_fields else parent
        key = str(path[-1])
        message, hint = f"{name} has no '{key}'", did_you_mean(key, owner.model_fields)
        return RecipeError("RECIPE-KEY", message + more, place=document.place(path), hint=hint)
    if error["type"] == "missing":
        return RecipeError("RECIPE-MISSING", f"'{path[-1]}' is missing{more}", place=document.place(path))
    if error["type"] == "kind":
        given = error.get("ctx", {}).get("value")
        message = "no kind is given" if given is None else f"no kind {quote(given)}"
        known = _known(path, document.value)  # a union names the branch it tried
        named = (*known, "kind")
        place = document.place(named if named in document.marks else known)
        return RecipeError("RECIPE-KIND", message + more, place=place, hint=error["msg"])
    expected = error["msg"].removeprefix("Value error, ")
    message = f"{quote(error['input'])}: {expected[:1].lower()}{expected[1:]}{more}"
    return RecipeError("RECIPE-VALUE", message, place=document.place(_known(path, document.value)))


def flatten(value: Mapping[str, Plain], prefix: str = "") -> dict[str, Plain]:
    """Nested mappings as one mapping from dotted paths to values."""
    flat: dict[str, Plain] = {}
    for name, item in value.items():
        if isinstance(item, dict):
            flat |= flatten(item, f"{prefix}{name}.")
        else:
            flat[prefix + name] = item
    return flat


def assign(value: dict[str, Plain], path: str, item: Plain, cls: type[Part] | None = None) -> None:
    """Sets a dotted path in nested mappings and lists, in place; a bare-string Part becomes the mapping it stands for.

    `cls` is what `value` is read as; without it, a bare string is taken for a kind.
    Raises: RecipeError RECIPE-KEY for a place in a list that is not there.
    """
    *parents, last = path.split(".")
    inside: dict[str, Plain] | list[Plain] = value
    for depth, name in enumerate(parents, 1):
        inner = inside[_index(inside, name, path)] if isinstance(inside, list) else inside.get(name)
        if not isinstance(inner, (dict, list)):
            owner = Part if cls is None else _owner(cls, value, tuple(parents[:depth]))
            made: dict[str, Plain] = owner.from_text(inner) if isinstance(inner, str) else {}
            inner = made
        _put(inside, name, inner, path)
        inside = inner
    _put(inside, last, item, path)


def _put(inside: dict[str, Plain] | list[Plain], name: str, item: Plain, path: str) -> None:
    if isinstance(inside, list):
        inside[_index(inside, name, path)] = item
    else:
        inside[name] = item


def _index(items: list[Plain], name: str, path: str) -> int:
    if not (name.isascii() and name.isdigit() and len(name) < 7 and int(name) < len(items)):
        message = f"a list of {len(items)} has no {quote(name)}"
        raise RecipeError("RECIPE-KEY", message, place=argument_place(path), hint="places are counted from 0")
    return int(name)


def meanings(cls: type[Part]) -> dict[str, str]:
    """What stands below each field of a Part, as its documentation: field -> text.

    Read from the source when somebody asks: pydantic would do it for every class at every start, a tenth of a second.
    """
    found: dict[str, str] = {}
    for owner in reversed(cls.__mro__):
        if not issubclass(owner, Part):
            continue
        body = ast.parse(textwrap.dedent(inspect.getsource(owner))).body[0]
        assert isinstance(body, ast.ClassDef)
        for field, text in pairwise(body.body):
            if isinstance(field, ast.AnnAssign) and isinstance(field.target, ast.Name) and isinstance(text, ast.Expr):
                if isinstance(text.value, ast.Constant) and isinstance(text.value.value, str):
                    found[field.target.id] = inspect.cleandoc(text.value.value)
    return {name: text for name, text in found.items() if name in cls.model_fields}


def describe(cls: type[Part]) -> list[dict[str, str]]:
    """One row for each field of a Part: name, type, default and description."""
    rows: list[dict[str, str]] = []
    said = meanings(cls)
    for name, info in cls.model_fields.items():
        if name != "kind":
            default = "required" if info.is_required() else "planned" if info.default is None else repr(info.default)
            rows.append({"field": name, "type": _type(info), "default": default, "meaning": said.get(name, "")})
    return rows


def schema(cls: type[Part]) -> dict[str, Any]:
    """The JSON Schema of `cls`, with every kind of every catalogue it can reach; for editors."""
    document = _explained(cls)
    definitions: dict[str, Any] = document.setdefault("$defs", {})
    waiting = list(_abstract_kinds(cls))
    seen: set[type[Part]] = set()
    while waiting:
        abstract = waiting.pop()
        if abstract in seen:
            continue
        seen.add(abstract)
        choices: list[dict[str, Any]] = [{"type": "string"}]
        for kind in sorted(kinds(abstract)):
            part = load_kind(abstract, kind)
            inner = _explained(part)
            definitions |= inner.pop("$defs", {})
            definitions[part.__name__] = inner
            choices.append({"$ref": f"#/$defs/{part.__name__}"})
            waiting.extend(_abstract_kinds(part))
        definitions[abstract.__name__] = {"anyOf": choices}
    return _referring(document)


def _explained(cls: type[Part]) -> dict[str, Any]:
    """pydantic's schema of one Part, with the documentation of its fields."""
    document = cls.model_json_schema()
    for name, text in meanings(cls).items():
        document["properties"][name]["description"] = text
    return document


def _referring(value: Any) -> Any:
    """A JSON Schema in which every mark of an abstract kind is a reference to it."""
    if isinstance(value, dict):
        if ABSTRACT in value:
            rest = {name: item for name, item in value.items() if name != ABSTRACT}
            return {**rest, "$ref": f"#/$defs/{value[ABSTRACT]}"}
        return {name: _referring(item) for name, item in value.items()}
    return [_referring(item) for item in value] if isinstance(value, list) else value


def _abstract_kinds(cls: type[Part]) -> Iterator[type[Part]]:
    for info in cls.model_fields.values():
        for inner in _types(info.annotation):
            if isinstance(inner, type) and issubclass(inner, Part):
                yield from [inner] if is_abstract(inner) else _abstract_kinds(inner)


def _types(annotation: Any) -> Iterator[Any]:
    yield annotation
    for argument in get_args(annotation):
        yield from _types(argument)


def _owner(cls: type[Part], value: Any, path: Path) -> type[Part]:
    """The Part class that the mapping at `path` is read as."""
    for step in _known(path, value):
        value = value[step]
        if isinstance(step, str) and step in cls.model_fields:
            inner = [part for part in _types(cls.model_fields[step].annotation) if isinstance(part, type)]
            parts = [part for part in inner if issubclass(part, Part)]
            cls = parts[0] if parts else cls
        if is_abstract(cls) and isinstance(value, dict):
            kind = value.get("kind") or cls.guess_kind(value)
            cls = load_kind(cls, kind) if isinstance(kind, str) and kind in kinds(cls) else cls
    return cls


def _known(path: Path, value: Any) -> Path:
    """`path` without the steps that pydantic adds for the members of a union."""
    known: list[str | int] = []
    for step in path:
        if isinstance(value, dict) and step in value:
            value = value[step]
        elif isinstance(value, list) and isinstance(step, int) and step < len(value):
            value = value[step]
        else:
            continue
        known.append(step)
    return tuple(known)


def _type(info: FieldInfo) -> str:
    schema = TypeAdapter(info.annotation).json_schema() if info.annotation else {}
    options = [item for item in schema.get("anyOf", [schema]) if item.get("type") != "null"]
    names: list[str] = []
    for option in options:
        if "enum" in option or "const" in option:
            names.append(" | ".join(map(str, option.get("enum", [option.get("const")]))))
        else:
            reference = option.get("$ref", "").rsplit("/", 1)[-1]
            names.append(option.get(ABSTRACT) or reference or str(option.get("type", "any")))
    return " or ".join(names)


def argument_place(path: str) -> Place:
    """The place of a value that came from `--set`."""
    return Place(file=None, path=f"--set {path}")
