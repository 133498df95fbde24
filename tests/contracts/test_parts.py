"""Over all catalogues: every Part is written and read back, says what it is, and stands in the schema."""

from __future__ import annotations

import inspect
from typing import Any

import pytest

from pellucid import parts
from pellucid.data.augment import Augment
from pellucid.data.source import Data
from pellucid.data.split import Split
from pellucid.data.tokenizers import Tokenizer
from pellucid.families.family import Family
from pellucid.losses.loss import LossFunction
from pellucid.methods.method import Method
from pellucid.nn.activation_parts import Activation
from pellucid.nn.init_parts import Initializer
from pellucid.optim.optimizer import Optimizer, Schedule
from pellucid.optim.regularize import Averaging, Constraint, Penalty
from pellucid.parts import Part
from pellucid.recipe import Recipe
from pellucid.tasks.task import Task
from pellucid.transfer.start import Start

ABSTRACT: tuple[type[Part], ...] = (
    Activation, Augment, Averaging, Constraint, Data, Family, Initializer, LossFunction, Method, Optimizer, Penalty,
    Schedule, Split, Start, Task, Tokenizer,
)  # fmt: skip
EVERY = [(abstract, kind) for abstract in ABSTRACT for kind in parts.kinds(abstract)]
NEEDED: dict[str, Any] = {"column": "c", "name": "mine", "value": 0.5, "alpha": 0.1, "l1": 0.1, "l2": 0.1, "limit": 2.0}
"""Values for fields without a default, by name."""


def made(abstract: type[Part], kind: str) -> Part:
    fields = parts.load_kind(abstract, kind).model_fields
    needed = {name: NEEDED[name] for name, info in fields.items() if info.is_required()}
    return parts.concrete(abstract, {"kind": kind, **needed})


@pytest.mark.parametrize(("abstract", "kind"), EVERY, ids=lambda value: value if type(value) is str else value.__name__)
def test_a_part_is_written_and_read_back(abstract: type[Part], kind: str):
    part = made(abstract, kind)
    written = part.dump()
    again = parts.concrete(abstract, written)
    assert again == part and again.dump() == written
    assert next(iter(written)) == "kind"
    assert parts.load_kind(abstract, str(written["kind"])) is type(part)


@pytest.mark.parametrize(("abstract", "kind"), EVERY, ids=lambda value: value if type(value) is str else value.__name__)
def test_a_part_and_each_of_its_fields_say_what_they_are(abstract: type[Part], kind: str):
    cls = parts.load_kind(abstract, kind)
    assert (inspect.getdoc(cls) or "").splitlines()[0].endswith((".", ":", ")", ","))
    said = parts.meanings(cls)
    silent = [name for name in cls.model_fields if name != "kind" and not said.get(name)]
    assert not silent
    assert {row["field"] for row in parts.describe(cls)} == cls.model_fields.keys() - {"kind"}


def test_every_part_stands_in_the_schema_of_the_recipe():
    document = parts.schema(Recipe)
    for abstract, kind in EVERY:
        name = parts.load_kind(abstract, kind).__name__
        assert document["$defs"][name]["properties"]["kind"]
        assert {"$ref": f"#/$defs/{name}"} in document["$defs"][abstract.__name__]["anyOf"]


def test_silu_is_another_name_of_swish():
    assert parts.concrete(Activation, "silu") == parts.concrete(Activation, "swish")
    assert parts.concrete(Activation, "silu").dump() == {"kind": "swish"}
