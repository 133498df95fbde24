"""How networks read: attention with the names of positions, gates, and answers that form."""

from __future__ import annotations

import pytest
import torch

from pellucid.forms import Tokens
from pellucid.report.outcome import outcome, predict
from pellucid.report.reading import PREFIXES, UNITS, reading


def test_gates_and_hidden_state_of_a_recurrent_network(sequence) -> None:
    evidence = sequence("opinions")
    test = outcome(evidence, "test")
    found = reading(evidence, test)
    assert found is not None
    for row in found["rows"]:
        layer = row["gates"][0]
        assert set(layer["gates"]) == {"update gate", "reset gate"} and layer["shown"] == min(UNITS, layer["units"])
        assert len(layer["positions"]) == len(layer["norm"]) == row["length"]
        assert all(0 < value < 1 for value in layer["gates"]["update gate"])
        assert layer["hidden"].startswith("data:image/png;base64,") and not row["attention"]


def test_an_answer_forms_until_it_is_the_answer(sequence) -> None:
    evidence = sequence("opinions")
    test = outcome(evidence, "test")
    found = reading(evidence, test)
    assert found is not None
    row = found["rows"][0]
    place = test.batch.row_B.tolist().index(row["row"])
    probability = predict(evidence, test.batch.part(place, place + 1)).probability[0]
    forming = row["forming"]
    assert forming["ends"][-1] == row["length"] and len(forming["ends"]) <= PREFIXES
    for name, values in forming["classes"].items():
        code = evidence.signature.target.classes.index(name)
        assert values[-1] == pytest.approx(float(probability[code]), abs=1e-5)
    assert forming["truth"] == evidence.signature.target.classes[int(test.truth[place])]


def test_attention_has_the_names_of_both_sentences(sequence) -> None:
    evidence = sequence("attentive")
    test = outcome(evidence, "test", 400)
    found = reading(evidence, test)
    assert found is not None
    first, last = found["rows"][0]["attention"]
    assert "encoder" in first["layer"] and first["down"] == first["across"] and len(first["heads"]) == 2
    assert "cross" in last["layer"] and last["down"][0] == "<begin> " and last["across"][-1] == "<end> "
    assert not found["rows"][0]["forming"]


def test_nothing_is_traced_afterwards(sequence) -> None:
    evidence = sequence("opinions")
    reading(evidence, outcome(evidence, "test"))
    assert all(getattr(module, "trace", None) is None for module in evidence.network.modules())


def test_a_table_is_not_read(evidence) -> None:
    sample = evidence("iris")
    assert reading(sample, outcome(sample, "test")) is None


def test_beginnings_of_a_row_of_tokens() -> None:
    from pellucid.report.reading import _beginnings

    cut = _beginnings(Tokens(torch.tensor([[5, 6, 7]])), [1, 3])
    assert isinstance(cut, Tokens) and cut.code_BT.tolist() == [[5, 0, 0], [5, 6, 7]]
