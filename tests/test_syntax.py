from __future__ import annotations

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pellucid.errors import ArtifactError, RecipeError
from pellucid.syntax import LIMITS, Limits, decode, parse_json, parse_yaml


def yaml_value(data: str | bytes, limits: Limits = LIMITS) -> object:
    return parse_yaml(decode(data, "r.yaml", RecipeError, "RECIPE-YAML", limits))[0]


def json_value(data: str | bytes, limits: Limits = LIMITS) -> object:
    return parse_json(decode(data, "x.json", ArtifactError, "FILE-JSON", limits))[0]


def test_every_key_and_list_item_has_its_place() -> None:
    text = "a: 1\nb:\n  - x\n  - c: 2\n    d: [3, 4]\n"
    _, marks = parse_yaml(decode(text, None, RecipeError, "RECIPE-YAML"))
    assert marks == {
        (): (1, 1),
        ("a",): (1, 1),
        ("b",): (2, 1),
        ("b", 0): (3, 5),
        ("b", 1): (4, 5),
        ("b", 1, "c"): (4, 5),
        ("b", 1, "d"): (5, 5),
        ("b", 1, "d", 0): (5, 9),
        ("b", 1, "d", 1): (5, 12),
    }


def test_json_has_the_same_places() -> None:
    _, marks = parse_json(decode('{\n "a": [1,\n  {"b": 2}]\n}', None, ArtifactError, "FILE-JSON"))
    assert marks == {(): (1, 1), ("a",): (2, 2), ("a", 0): (2, 8), ("a", 1): (3, 3), ("a", 1, "b"): (3, 4)}


def test_an_alias_is_a_copy_placed_where_it_was_written() -> None:
    value, marks = parse_yaml(decode("a: &x\n  k: [1]\nb: *x\n", None, RecipeError, "RECIPE-YAML"))
    assert isinstance(value, dict)
    assert value["a"] == value["b"] == {"k": [1]}
    assert value["a"] is not value["b"]
    assert marks["b",] == (3, 1)
    assert marks["b", "k"] == (2, 3)


def test_limits_are_the_callers() -> None:
    assert json_value("[[1]]", Limits(depth=3)) == [[1]]
    for data, limits in [("[[1]]", Limits(depth=2)), ("[1, 2]", Limits(nodes=2)), ("[1]", Limits(bytes=2))]:
        with pytest.raises(ArtifactError):
            json_value(data, limits)


def test_expanded_aliases_count_against_the_limit() -> None:
    assert yaml_value("a: &x [1, 2]\nb: *x\n", Limits(nodes=8)) == {"a": [1, 2], "b": [1, 2]}
    with pytest.raises(RecipeError, match="aliases included"):
        yaml_value("a: &x [1, 2]\nb: *x\n", Limits(nodes=6))


@given(st.text() | st.text(alphabet="{}[]:,-?&*!|>'\"%@` \t\n#ab01.~<"))
def test_any_text_is_a_value_or_a_fault_of_ours(text: str) -> None:
    for read in (yaml_value, json_value):
        try:
            read(text)
        except (RecipeError, ArtifactError) as fault:
            assert fault.place.line is not None
            assert fault.place.column is not None


def test_any_bytes_are_a_value_or_a_fault_of_ours() -> None:
    draw = random.Random(7)
    good = b'{"a": [1, 2.5e3, {"b": "\\ud83d\\ude00 text"}], "c": null, "d": true}'
    for _ in range(2000):
        data = bytearray(good)
        for _ in range(draw.randint(1, 4)):
            data[draw.randrange(len(data))] = draw.randrange(256)
        for read in (yaml_value, json_value):
            try:
                read(bytes(data))
            except (RecipeError, ArtifactError) as fault:
                assert fault.place.line is not None
