"""Which words matter: taking words out."""

from __future__ import annotations

from dataclasses import replace

import torch

from pellucid.data.batch import Batch
from pellucid.data.vocabulary import vocabulary
from pellucid.forms import Tokens
from pellucid.metrics.metric import Prediction
from pellucid.report.dropped import without_code, words_that_matter
from pellucid.report.outcome import outcome


def test_what_follows_a_word_moves_up() -> None:
    batch = Batch(Tokens(torch.tensor([[5, 6, 5, 7], [6, 5, 0, 0], [5, 5, 0, 0]])), None)
    cut = without_code(batch, 5)
    assert isinstance(cut.input, Tokens)
    assert cut.input.code_BT.tolist() == [[6, 7, 0, 0], [6, 0, 0, 0], [5, 5, 0, 0]]


def test_the_word_that_decides_is_found(sequence) -> None:
    evidence = sequence("opinions")
    good = vocabulary(evidence.signature, "input").encode("good")[0]
    like = evidence.signature.target.classes.index("like")

    def decode(output: torch.Tensor) -> Prediction:
        probability = torch.full((len(output), 2), 0.0, dtype=torch.float64)
        probability[:, like] = output[:, 0].double()
        probability[:, 1 - like] = 1 - output[:, 0].double()
        return Prediction(label=probability.argmax(1), probability=probability)

    def forward(batch: Batch) -> torch.Tensor:
        assert isinstance(batch.input, Tokens)
        return 0.2 + 0.6 * (batch.input.code_BT == good).any(1, keepdim=True).float()

    told = replace(evidence, forward=forward, decode=decode)
    found = words_that_matter(told, outcome(told, "test"))
    assert found is not None
    assert (found["rows"][0]["column"], found["rows"][0]["toward"], found["rows"][0]["gain"]) == ("good", "like", 0.6)
    assert all(abs(row["gain"]) < 1e-6 for row in found["rows"][1:])
