from __future__ import annotations

import dataclasses
import json

import pytest

from pellucid.findings import Finding


def test_a_finding_in_one_line() -> None:
    finding = Finding(
        "target-leak", "severe", "copies the target.", "paid", {"r": 1.0}, "Leave it out.", "Kaufman 2012"
    )
    assert str(finding) == "severe[target-leak]: paid: copies the target. Leave it out."
    assert str(Finding("x", "info", "fine.")) == "info[x]: fine."


@pytest.mark.parametrize(
    ("place", "message", "said"),
    [
        ("0", "0 (Linear(4, 4)) hardly learns.", "0 (Linear(4, 4)) hardly learns."),
        ("0", "3 gradients (0 is right).", "0: 3 gradients (0 is right)."),
        ("trunk.2", "trunk.2 is dead.", "trunk.2 is dead."),
        ("trunk.2", "trunk.2.weight is dead.", "trunk.2: trunk.2.weight is dead."),
    ],
)
def test_a_place_that_the_message_names_is_not_said_twice(place: str, message: str, said: str) -> None:
    assert str(Finding("x", "info", message, place)) == f"info[x]: {said}"


def test_a_finding_is_plain_values() -> None:
    finding = Finding("x", "warning", "m", evidence={"rows": 3, "column": "age"})
    assert json.loads(json.dumps(finding.as_json())) == {
        "check": "x",
        "severity": "warning",
        "message": "m",
        "place": "",
        "evidence": {"rows": 3, "column": "age"},
        "cure": "",
        "reference": "",
        "why": "",
        "confidence": "",
        "step": None,
        "explains": [],
    }


def test_a_finding_is_frozen() -> None:
    with pytest.raises(dataclasses.FrozenInstanceError):
        Finding("x", "info", "m").message = "n"  # pyright: ignore[reportAttributeAccessIssue]


def test_the_numbers_of_a_finding_are_told_where_there_are_any() -> None:
    finding = Finding("x", "info", "m", evidence={"dead": 0.5, "behind": "", "line": 3}, step=2000)
    assert finding.details() == ["   seen:     dead 0.5; since step 2,000"]
