"""Facts in their order; their tensors become numbers when they are read."""

from __future__ import annotations

import torch

from pellucid.doctor.script.ledger import Ledger
from pellucid.probes.gauge import read


def test_tensors_become_numbers_when_they_are_read() -> None:
    ledger = Ledger()
    ledger.step = 4
    ledger.note("input", "", "train.py:3", mean=torch.tensor(2.5), rows=8)
    assert ledger.facts[0].values == {"rows": 8}
    read(ledger.waiting())
    assert ledger.facts[0].values == {"rows": 8, "mean": 2.5}
    assert (ledger.facts[0].step, ledger.facts[0].line) == (4, "train.py:3")
    assert ledger.waiting() == []


def test_once_is_once_for_each_place() -> None:
    ledger = Ledger()
    for place in ("a", "b", "a"):
        ledger.once("unused", place)
    assert [fact.place for fact in ledger.seen("unused")] == ["a", "b"]


def test_what_is_noted_aside_is_forgotten() -> None:
    ledger = Ledger()
    ledger.note("input")
    with ledger.aside():
        ledger.once("clipped")
        assert len(ledger.facts) == 2
    assert len(ledger.facts) == 1
    ledger.once("clipped")
    assert len(ledger.facts) == 2
