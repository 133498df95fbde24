"""The fitted preparation: stored as numbers, and new texts go the same way."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from pellucid.data.signature import Signature, Target, from_json
from pellucid.data.splitting import choose_split
from pellucid.data.text import Text
from pellucid.data.text_prepare import TextPreparation, coded, restore, strange
from pellucid.data.text_raw import TextRaw, of_columns
from pellucid.data.tokenizers import Words
from pellucid.data.vocabulary import UNKNOWN
from pellucid.errors import ArtifactError
from pellucid.forms import Paired, tensors

TEXTS = [f"{('good', 'bad')[at % 2]} soup number {at % 9}" for at in range(80)]
CASES = {
    "classes": (TEXTS, [text[:3] for text in TEXTS]),
    "values": (TEXTS, [at / 3 for at in range(80)]),
    "steps": ([text.split() for text in TEXTS], [["A", "B", "C", "D"]] * 80),
    "sentence": {"source": TEXTS, "target": [text[::-1] for text in TEXTS]},
    "next": [" ".join(TEXTS)],
}


@pytest.mark.parametrize("kind", CASES)
def test_what_was_stored_prepares_the_same(kind: str) -> None:
    data = Text()
    raw = data.read_rows(CASES[kind])
    signature = data.inspect(raw)
    loaded = data.load(raw, signature, choose_split(signature)[0], 0)
    again = from_json(loaded.signature.as_json())
    assert again == loaded.signature and again.target is not None and again.target.kind == kind
    other = data.restore(loaded.preparation.arrays(), again)
    assert isinstance(other, TextPreparation) and list(other.names()) == []
    first, second = loaded.preparation.apply(raw, loaded.signature), other.apply(raw, again)
    assert first.target is not None and second.target is not None and torch.equal(first.target, second.target)
    assert all(map(torch.equal, tensors(first.input), tensors(second.input)))


def test_a_target_that_is_not_known_is_none() -> None:
    signature = Signature("text", "", 2, "", Target("classes", ("y",), ("a", "b")))
    signature = signature.replace(vocabulary={"input": Words(least=1).fit(["soup"]).as_json()})
    preparation = TextPreparation(4)
    raw = TextRaw("rows", of_columns({"text": ["soup", "stew"], "y": ["a", "c"]}))
    assert preparation.apply(raw, signature).target is None
    bare = TextRaw("rows", of_columns({"text": ["soup", ""]}))
    assert preparation.apply(bare, signature).target is None
    assert preparation.apply(bare, signature).input[0].tolist() == [[4], [UNKNOWN]]
    assert strange(raw, signature)(1) == ["stew"] and [code.tolist() for code in coded(raw, signature)[0]] == [[4], [1]]


def test_a_source_without_a_reply_begins_one() -> None:
    data = Text()
    raw = data.read_rows(CASES["sentence"])
    loaded = data.load(raw, data.inspect(raw), choose_split(data.inspect(raw))[0], 0)
    new = data.read_new({"source": ["good soup"]}, loaded.signature)
    batch = loaded.preparation.apply(new, loaded.signature)
    assert isinstance(batch.input, Paired) and batch.input.context[0].tolist() == [[2]] and batch.target is None


@pytest.mark.parametrize("arrays", [{}, {"length": np.zeros(2, np.int64)}, {"length": np.ones(3, np.int64)}])
def test_damaged_numbers_are_refused(arrays: dict[str, np.ndarray]) -> None:
    with pytest.raises(ArtifactError) as caught:
        restore(arrays)
    assert caught.value.code == "FILE-PREPARE"
