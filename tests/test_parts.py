from __future__ import annotations

import json
import subprocess
import sys
from typing import Any

import pytest
from pydantic import ValidationError

from pellucid.documents import Plain, read_yaml, write_yaml
from pellucid.errors import RecipeError
from pellucid.optim.optimizer import Optimizer, Schedule
from pellucid.optim.optimizers import SGD, AdamW
from pellucid.optim.regularize import Penalty
from pellucid.optim.schedules import Cosine
from pellucid.parts import (
    Part,
    argument_place,
    assign,
    describe,
    flatten,
    is_abstract,
    kinds,
    load_kind,
    read,
    schema,
)


class Inner(Part):
    """A Part without a kind."""

    skip: float
    """A share."""


class Outer(Part):
    """A small recipe over the real catalogue of optimizers."""

    optimizer: Optimizer | None = None
    """The rule."""
    penalties: tuple[Penalty, ...] = ()
    """The prices."""
    choice: str | Inner = "error"
    """A word or a Part."""
    inner: Inner | None = None
    """A Part."""


def told(text: str) -> RecipeError:
    with pytest.raises(RecipeError) as caught:
        read(Outer, read_yaml(text, "r.yaml"))
    return caught.value


@pytest.mark.parametrize(
    ("text", "code", "line", "hint"),
    [
        (
            "optimizer:\n  kind: sgd\n  momentun: 0.9\n",
            "RECIPE-KEY",
            "r.yaml:3:3: optimizer.momentun: sgd has no 'momentun'",
            "did you mean 'momentum'?",
        ),
        (
            "optimizer:\n  kind: sdg\n",
            "RECIPE-KIND",
            'r.yaml:2:3: optimizer.kind: no kind "sdg"',
            "did you mean 'sgd'?",
        ),
        (
            "optimizer: adamv\n",
            "RECIPE-KIND",
            'r.yaml:1:1: optimizer: no kind "adamv"',
            "did you mean 'adam'?",
        ),
        (
            "penalties:\n  - alpha: 1\n",
            "RECIPE-KIND",
            "r.yaml:2:5: penalties.0: no kind is given",
            "say which kind: elastic_net, l1, l2",
        ),
        ("optimizer:\n  kind: 3\n", "RECIPE-KIND", "r.yaml:2:3: optimizer.kind: no kind 3", None),
        (
            "penalties:\n  - kind: l2\n    alpha: 1\n  - kind: l1\n    alhpa: 1\n",
            "RECIPE-KEY",
            "r.yaml:5:5: penalties.1.alhpa: l1 has no 'alhpa'; 1 more",
            "did you mean 'alpha'?",
        ),
        (
            "optimizer:\n  kind: sgd\n  schedule:\n    kind: cosine\n    finale: 0\n",
            "RECIPE-KEY",
            "r.yaml:5:5: optimizer.schedule.finale: cosine has no 'finale'",
            "did you mean 'final'?",
        ),
        (
            "optimizer:\n  learning_rate: fast\n",
            "RECIPE-VALUE",
            'r.yaml:2:3: optimizer.learning_rate: "fast": expected a number',
            None,
        ),
        (
            "optimizer:\n  kind: sgd\n  nesterov: true\n",
            "RECIPE-VALUE",
            "r.yaml:1:1: optimizer: {'kind': 'sgd', 'nesterov': True}: nesterov needs a momentum over 0, such as 0.9",
            None,
        ),
        ("inner: {}\n", "RECIPE-MISSING", "r.yaml:1:1: inner.skip: 'skip' is missing", None),
        (
            "inner: {skp: 1}\n",
            "RECIPE-KEY",
            "r.yaml:1:9: inner.skp: inner has no 'skp'; 1 more",
            "did you mean 'skip'?",
        ),
        ("choice: {skip: x}\n", "RECIPE-VALUE", 'r.yaml:1:10: choice.skip: "x": expected a number; 1 more', None),
        ("optimiser: sgd\n", "RECIPE-KEY", "r.yaml:1:1: optimiser: the recipe has no 'optimiser'", None),
        ("optimizer: [sgd]\n", "RECIPE-VALUE", "r.yaml:1:1: optimizer: ['sgd']: expected a kind", None),
    ],
)
def test_a_fault_is_told_with_place_and_nearest_name(text: str, code: str, line: str, hint: str | None) -> None:
    fault = told(text)
    assert fault.code == code
    assert str(fault).startswith(line)
    assert hint is None or fault.hint == hint


def test_a_mapping_a_word_and_a_part_are_the_same() -> None:
    given: list[Any] = ["sgd", {"kind": "sgd"}, SGD()]
    assert all(Outer(optimizer=value).optimizer == SGD() for value in given)
    assert Optimizer.model_validate({"learning_rate": 0.1}) == AdamW(learning_rate=0.1)


def test_a_part_reads_back_from_what_it_dumps() -> None:
    text = "optimizer:\n  kind: sgd\n  momentum: 0.9\n  schedule: cosine\npenalties:\n  - {kind: l2, alpha: 1e-4}\n"
    part = read(Outer, read_yaml(text))
    assert isinstance(part.optimizer, SGD)
    assert isinstance(part.optimizer.schedule, Cosine)
    assert read(Outer, read_yaml(write_yaml(part.dump()))) == part
    assert json.loads(json.dumps(part.dump())) == part.dump()


def test_a_part_is_frozen_and_replaced() -> None:
    part = SGD(momentum=0.5)
    with pytest.raises(ValidationError):
        part.momentum = 0.9  # pyright: ignore[reportAttributeAccessIssue]
    assert part.replace(momentum=0.9) == SGD(momentum=0.9)
    assert part.momentum == 0.5
    for wrong in ({"momentum": 2}, {"momentun": 0.9}):
        with pytest.raises(ValidationError):
            part.replace(**wrong)
    kept = Outer(optimizer=part).replace(choice="x")
    assert kept.optimizer == part


def test_changes_name_what_differs() -> None:
    before = Outer(optimizer=SGD())
    after = Outer(optimizer=SGD(momentum=0.9, learning_rate=0.1))
    assert after.changes(before) == [("optimizer.learning_rate", None, 0.1), ("optimizer.momentum", 0.0, 0.9)]
    assert after.changes(after) == []


def test_flatten() -> None:
    nested: dict[str, Plain] = {"a": {"b": {"c": 1}, "d": [2, {"e": 3}]}, "f": None}
    assert flatten(nested) == {"a.b.c": 1, "a.d": [2, {"e": 3}], "f": None}


def test_assign() -> None:
    value: dict[str, Plain] = {"optimizer": "sgd", "penalties": [{"kind": "l2"}, "l1"]}
    assign(value, "optimizer.momentum", 0.9)
    assign(value, "penalties.0.alpha", 1.0)
    assign(value, "penalties.1.alpha", 2.0)
    assign(value, "stop.patience", 3)
    assign(value, "seed", 4)
    assert value == {
        "optimizer": {"kind": "sgd", "momentum": 0.9},
        "penalties": [{"kind": "l2", "alpha": 1.0}, {"kind": "l1", "alpha": 2.0}],
        "stop": {"patience": 3},
        "seed": 4,
    }
    assign(value, "penalties.1", "l2")
    assert value["penalties"] == [{"kind": "l2", "alpha": 1.0}, "l2"]


@pytest.mark.parametrize("path", ["penalties.2.alpha", "penalties.x", "penalties.-1", "penalties.99999999999"])
def test_assign_to_a_place_that_is_not_there(path: str) -> None:
    with pytest.raises(RecipeError, match=f"--set {path}"):
        assign({"penalties": ["l1", "l2"]}, path, 1)
    assert str(argument_place(path)) == f"--set {path}"


def test_assign_knows_what_a_word_stands_for() -> None:
    from pellucid.recipe import Recipe

    value: dict[str, Plain] = {"data": "churn.csv"}
    assign(value, "data.target", "churn", Recipe)
    assert value == {"data": {"path": "churn.csv", "target": "churn"}}


def test_kinds_are_loaded_by_name() -> None:
    assert is_abstract(Optimizer)
    assert not is_abstract(SGD)
    assert load_kind(Optimizer, "sgd") is SGD
    assert set(kinds(Schedule)) >= {"constant", "cosine", "warmup"}


def test_the_schema_reaches_every_kind() -> None:
    document = schema(Outer)
    definitions = document["$defs"]
    for abstract in (Optimizer, Schedule, Penalty):
        references = [choice["$ref"] for choice in definitions[abstract.__name__]["anyOf"] if "$ref" in choice]
        assert len(references) == len(kinds(abstract))
        assert {reference.rsplit("/", 1)[1] for reference in references} <= definitions.keys()
    references = json.dumps(document).split('"$ref": "#/$defs/')[1:]
    assert {text.partition('"')[0] for text in references} <= definitions.keys()


def test_describe_has_a_row_for_each_field() -> None:
    rows = {row["field"]: row for row in describe(SGD)}
    assert rows.keys() == SGD.model_fields.keys() - {"kind"}
    assert rows["momentum"]["default"] == "0.0"
    assert rows["learning_rate"]["default"] == "planned"
    assert {row["field"]: row["default"] for row in describe(Inner)} == {"skip": "required"}
    assert all(row["meaning"] for row in rows.values())


ONLY = """
import json, sys
from pellucid.documents import read_yaml
from pellucid.parts import Part, read
from pellucid.optim.optimizer import Optimizer
class Outer(Part):
    optimizer: Optimizer
part = read(Outer, read_yaml("optimizer: {kind: sgd, schedule: cosine}"))
print(json.dumps([name for name in sys.modules if name == "torch" or name.startswith("pellucid.")]))
"""


def test_only_the_module_of_the_named_kind_is_imported() -> None:
    done = subprocess.run([sys.executable, "-c", ONLY], capture_output=True, text=True, check=True)
    loaded = set(json.loads(done.stdout))
    assert {"pellucid.optim.optimizers", "pellucid.optim.schedules"} <= loaded
    assert not loaded & {"torch", "pellucid.optim.penalties", "pellucid.optim.averaging", "pellucid.optim.kernels"}
