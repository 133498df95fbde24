from __future__ import annotations

import json
import math
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pellucid.documents import (
    WIDTH,
    Plain,
    canonical_json,
    parse_scalar,
    read_file,
    read_json,
    read_yaml,
    write_yaml,
)
from pellucid.errors import ArtifactError, RecipeError

TEXT = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=20)
SCALARS = (
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**63 - 1)
    | st.floats(allow_nan=False, allow_infinity=False)
    | TEXT
    | st.sampled_from(
        ["no", "on", "yes", "null", "1e3", "010", "~", "", " ", "- a", "a: b", "#", "<<", "\t", "é\u2028"]
    )
)
VALUES = st.recursive(
    SCALARS, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXT, inner, max_size=4), max_leaves=20
)
MAPPINGS = st.dictionaries(TEXT, VALUES, max_size=5)


def same(one: object, other: object) -> bool:
    """Equality that tells 1 from 1.0 and from True, and 0.0 from -0.0."""
    return repr(one) == repr(other)


@given(MAPPINGS)
def test_yaml_reads_back_bit_for_bit(value: dict[str, Plain]) -> None:
    assert same(read_yaml(write_yaml(value)).value, value)


@given(MAPPINGS, TEXT)
def test_comments_change_nothing(value: dict[str, Plain], comment: str) -> None:
    paths = [*value, *(f"{name}.{inner}" for name, item in value.items() if isinstance(item, dict) for inner in item)]
    assert same(read_yaml(write_yaml(value, dict.fromkeys(paths, comment))).value, value)


@given(VALUES)
def test_json_reads_back(value: Plain) -> None:
    assert same(read_json(json.dumps(value)), value)
    assert read_json(canonical_json(value)) == value


def test_yaml_is_written_as_a_person_would() -> None:
    value: dict[str, Any] = {
        "data": {"path": "churn.csv", "target": "no"},
        "model": {"kind": "mlp", "widths": [128, 64], "empty": []},
        "penalties": [{"kind": "l2", "alpha": 1e-05}, "l1"],
        "long": ["w" * 30] * 4,
        "stop": {},
    }
    text = write_yaml(value, {"model.widths": "from 120 rows", "penalties.0.alpha": "planned", "model": "small\ndata"})
    assert text == (
        'data:\n  path: churn.csv\n  target: "no"\n'
        "model:  # small data\n  kind: mlp\n  widths: [128, 64]  # from 120 rows\n  empty: []\n"
        "penalties:\n  - kind: l2\n    alpha: 1e-05  # planned\n  - l1\n"
        "long:\n" + f"  - {'w' * 30}\n" * 4 + "stop: {}\n"
    )
    assert WIDTH < 4 * 32


def test_a_key_longer_than_libyaml_takes() -> None:
    value: dict[str, Plain] = {"k" * 3000: {"a": [1]}, "list": [{"é\n" * 800: 1}]}
    assert read_yaml(write_yaml(value)).value == value


@pytest.mark.parametrize("value", [math.nan, math.inf, 2**63, "\0", "\ud800"])
def test_what_no_recipe_may_hold_is_not_written(value: Any) -> None:
    with pytest.raises(RecipeError) as caught:
        write_yaml({"a": {"b": [value]}})
    assert caught.value.place.path == "a.b.0"


def test_the_place_of_a_path_is_that_of_its_nearest_written_part() -> None:
    document = read_yaml("a:\n  b: [1, 2]\n", "r.yaml")
    assert str(document.place(("a", "b", 1))) == "r.yaml:2:10: a.b.1"
    assert str(document.place(("a", "missing"))) == "r.yaml:1:1: a.missing"
    assert str(document.place(())) == "r.yaml:1:1"


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("1e-3", 0.001),
        ("[128, 64]", [128, 64]),
        ("{kind: mlp, widths: [3]}", {"kind": "mlp", "widths": [3]}),
        ("no", "no"),
        ("null", None),
        ("", None),
        ('"3"', "3"),
        ("'it''s'", "it's"),
        ("#id", "#id"),
        ("a: b", "a: b"),
        ("*x", "*x"),
        (" 7 ", 7),
    ],
)
def test_values_of_set(text: str, value: object) -> None:
    assert same(parse_scalar(text), value)


@pytest.mark.parametrize("text", ["[1", '"a" b', "1e999", "{a: 1, a: 2}", "a\x1b[0m", "[" * 60])
def test_faults_of_set_name_the_argument(text: str) -> None:
    with pytest.raises(RecipeError) as caught:
        parse_scalar(text, "--set model.widths")
    assert str(caught.value).startswith("--set model.widths:1:") or text == "[1"


@pytest.mark.parametrize(
    "text",
    [
        "NaN",
        "[Infinity]",
        '{"a": 1, "a": 2}',
        '"\\ud800"',
        "[" * 100_000,
        "1" * 5000,
        "1e999",
        "01",
        "+1",
        "[1,]",
        "[1 2]",
        '{"a" 1}',
        '"\n"',
        "",
        "{} x",
        b"\xff",
        "tru",
        "'a'",
    ],
)
def test_json_is_strict(text: str | bytes) -> None:
    with pytest.raises(ArtifactError) as caught:
        read_json(text, "x.json")
    assert caught.value.code == "FILE-JSON"
    assert (caught.value.place.file, caught.value.place.line) == ("x.json", 1)


def test_the_class_and_code_of_json_faults_are_the_callers() -> None:
    with pytest.raises(RecipeError) as caught:
        read_json("NaN", error=RecipeError, code="RECIPE-JSON")
    assert caught.value.code == "RECIPE-JSON"


def test_canonical_json_is_one_form() -> None:
    assert canonical_json({"b": [1.0, None], "a": "é"}) == '{"a":"é","b":[1.0,null]}'.encode()
    with pytest.raises(ValueError, match="JSON compliant"):
        canonical_json({"a": math.nan})


def test_a_recipe_is_read_by_its_suffix(tmp_path: Path) -> None:
    for name, text in [("a.yaml", "seed: 1"), ("b.YML", "\ufeffseed: 1"), ("c.json", '{\n\t"seed": 1}')]:
        (tmp_path / name).write_text(text, encoding="utf-8")
        document = read_file(tmp_path / name)
        assert document.value == {"seed": 1}
        assert ("seed",) in document.marks
        assert document.source == str(tmp_path / name)


@pytest.mark.parametrize(
    ("name", "words", "hint"),
    [
        ("churm.yaml", "no such file", "churn.yaml"),
        ("folder.yaml", "not a file", None),
        ("churn.txt", "ends in", None),
        ("nul\0.yaml", "file|null byte", None),
        ("missing/churn.yaml", "no such file", None),
    ],
)
def test_a_file_that_is_no_recipe(tmp_path: Path, name: str, words: str, hint: str | None) -> None:
    (tmp_path / "churn.yaml").write_text("seed: 1")
    (tmp_path / "folder.yaml").mkdir()
    with pytest.raises(RecipeError, match=words) as caught:
        read_file(tmp_path / name)
    assert caught.value.code == "RECIPE-FILE"
    assert hint is None or hint in str(caught.value.hint)


@pytest.mark.parametrize("text", ["[]", '{"a": 1, "a": 2}', '{"a": "\\u0000"}', "{"])
def test_a_json_recipe_is_as_strict(tmp_path: Path, text: str) -> None:
    (tmp_path / "r.json").write_text(text)
    with pytest.raises(RecipeError) as caught:
        read_file(tmp_path / "r.json")
    assert caught.value.code == "RECIPE-JSON"
    assert caught.value.place.line == 1


def test_reading_a_recipe_loads_no_torch() -> None:
    code = "import sys, pellucid.documents, pellucid.files, pellucid.artifacts; print('torch' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"
