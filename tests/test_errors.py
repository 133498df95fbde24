from __future__ import annotations

import json

import pytest

from pellucid import errors
from pellucid.errors import LONGEST_QUOTE, PellucidError, Place, clean, did_you_mean, nearest, quote


@pytest.mark.parametrize(
    ("name", "status"),
    [
        ("PellucidError", 1),
        ("UsageError", 2),
        ("RecipeError", 2),
        ("DataError", 2),
        ("SchemaError", 2),
        ("ArtifactError", 3),
        ("BusyError", 4),
        ("ResourceError", 5),
        ("TrainingError", 6),
        ("Interrupted", 75),
    ],
)
def test_each_class_has_its_exit_status(name: str, status: int) -> None:
    cls: type[PellucidError] = getattr(errors, name)
    fault = cls("X-Y", "it broke")
    assert isinstance(fault, PellucidError)
    assert fault.exit_code == status
    assert fault.as_json()["exit"] == status


@pytest.mark.parametrize(
    ("place", "text"),
    [
        (Place(), ""),
        (Place("r.yaml"), "r.yaml"),
        (Place("r.yaml", 3), "r.yaml:3"),
        (Place("r.yaml", 3, 7), "r.yaml:3:7"),
        (Place("r.yaml", 3, 7, "model.widths"), "r.yaml:3:7: model.widths"),
        (Place(path="age"), "age"),
        (Place("evil\x1b[0m\n.csv"), "evil\\x1b[0m\\n.csv"),
    ],
)
def test_places(place: Place, text: str) -> None:
    assert str(place) == text


def test_the_line_a_person_sees() -> None:
    place = Place("churn.yaml", 6, 3, "model.widht")
    fault = errors.RecipeError("RECIPE-KEY", "mlp has no 'widht'", place=place, hint="did you mean 'widths'?")
    assert str(fault) == "churn.yaml:6:3: model.widht: mlp has no 'widht'"
    assert fault.lines() == f"error[RECIPE-KEY]: {fault}\n  hint: did you mean 'widths'?"
    assert errors.RecipeError("A", "b").lines() == "error[A]: b"
    assert json.loads(json.dumps(fault.as_json())) == {
        "code": "RECIPE-KEY",
        "file": "churn.yaml",
        "line": 6,
        "column": 3,
        "path": "model.widht",
        "message": "mlp has no 'widht'",
        "hint": "did you mean 'widths'?",
        "exit": 2,
    }


def test_quote_escapes_and_cuts() -> None:
    assert quote("a\x1b[31m\nb\u202e") == '"a\\x1b[31m\\nb\\u202e"'
    assert quote(3) == "3"
    assert quote("x" * 1000) == f'"{"x" * (LONGEST_QUOTE - 3)}..."'
    assert len(quote(["x"] * 1000)) == LONGEST_QUOTE
    assert clean("naïve 😀") == "naïve 😀"
    assert clean("\ud800") == "\\ud800"


def test_the_nearest_name() -> None:
    names = ["widths", "activation", "dropout"]
    assert nearest("widht", names) == "widths"
    assert nearest("DROPOUT", names) == "dropout"
    assert nearest("zzz", names) is None
    assert did_you_mean("widht", names) == "did you mean 'widths'?"
    assert did_you_mean("zzz", names) == "one of: activation, dropout, widths"
