"""Judges trainings again that were watched before, from what `zoo.py --keep` wrote of them: seconds instead of hours.

A number that was not finite comes back as "not a number", whichever of the two it was.
"""

from __future__ import annotations

import json
import math
from dataclasses import fields
from pathlib import Path
from typing import Any

from score import Outcome

from pellucid.doctor.diagnose import diagnose
from pellucid.doctor.history import Fact, History, Layer, Look, Parameter, Update
from pellucid.record import Reading


def read_history(plain: dict[str, Any]) -> History:
    """The history that `pellucid doctor --json` wrote."""
    made = {
        "layers": [Layer(**one) for one in plain["layers"]],
        "parameters": [Parameter(**{**one, "shape": tuple(one["shape"])}) for one in plain["parameters"]],
        "updates": [Update(**{**_numbers(one, "norm"), "norm": one["norm"]}) for one in plain["updates"]],
        "readings": [Reading(one["step"], _places(one["parameters"]), _places(one["layers"]))
                     for one in plain["readings"]],
        "looks": [Look(**_numbers(one)) for one in plain["looks"]],
        "facts": [Fact(**{**one, "values": _numbers(one["values"])}) for one in plain["facts"]],
    }  # fmt: skip
    known = {field.name for field in fields(History)}
    return History(**{name: value for name, value in (plain | made).items() if name in known})


def rejudge(file: Path) -> Outcome:
    """What the checks say now of a run that is called `program-sick-seed.json` or `program-well-seed.json`."""
    program, state, seed = file.stem.rsplit("-", 2)
    said = json.loads(file.read_text(encoding="utf-8"))
    findings = diagnose(read_history(said["history"]))
    return Outcome(program, int(seed), state == "sick", tuple(finding.as_json() for finding in findings),
                   said.get("score"), said["overhead"], faults=len(said["faults"]))  # fmt: skip


def _numbers(values: dict[str, Any], *but: str) -> dict[str, Any]:
    return {name: math.nan if value is None and name not in but else value for name, value in values.items()}


def _places(readings: dict[str, dict[str, Any]]) -> dict[str, dict[str, float]]:
    return {place: _numbers(values) for place, values in readings.items()}
