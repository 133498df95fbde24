"""Number fields that take numbers only: pydantic alone reads `true` as 1 and the text "3" as 3."""

from __future__ import annotations

from typing import Any

from pydantic_core import PydanticCustomError, core_schema

_NESTED = ("schema", "items_schema", "keys_schema", "values_schema", "choices")
"""Where a core schema of pydantic holds others, beside `fields`."""


def only_numbers(schema: Any) -> Any:
    """The core schema of a model, changed so that its fields of numbers refuse text and true or false."""
    if isinstance(schema, list):
        return [only_numbers(item) for item in schema]
    if isinstance(schema, tuple):  # a choice of a union and its label
        return (only_numbers(schema[0]), *schema[1:])
    if not isinstance(schema, dict):
        return schema
    if schema.get("type") in ("int", "float"):
        return core_schema.no_info_before_validator_function(_number, schema)  # pyright: ignore[reportArgumentType]
    changed = {key: only_numbers(schema[key]) for key in _NESTED if key in schema}
    if isinstance(fields := schema.get("fields"), dict):
        changed["fields"] = {name: only_numbers(field) for name, field in fields.items()}
    return {**schema, **changed}


def _number(value: object) -> object:
    if isinstance(value, (bool, str)):
        raise PydanticCustomError("number", "expected a number")
    return value
