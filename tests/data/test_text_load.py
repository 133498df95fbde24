"""From texts to a data set: nothing of what is held back reaches what is fitted."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from pellucid.data.signature import Signature
from pellucid.data.source import Loaded
from pellucid.data.splitting import ByColumn, ByFiles, ByTime, Hash, Stratified, choose_split
from pellucid.data.text import Text
from pellucid.data.text_raw import TextRaw
from pellucid.data.vocabulary import BEGIN, END, PADDING, UNKNOWN, vocabulary
from pellucid.errors import DataError, RecipeError
from pellucid.forms import UNJUDGED_STEP, Paired, Tokens

GOOD, BAD = ["fine", "tasty", "lovely"], ["awful", "stale", "bitter"]
ROWS = 120


def loaded(data: Text, rows: Any, seed: int = 0) -> tuple[TextRaw, Signature, Loaded]:
    raw = data.read_rows(rows)
    signature = data.inspect(raw)
    split = data.split or choose_split(signature)[0]
    made = data.load(raw, signature, split, seed)
    return raw, made.signature, made


def reviews(count: int = ROWS) -> tuple[list[str], list[str]]:
    texts = [f"a {(GOOD, BAD)[at % 2][at // 2 % 3]} soup, number {at}" for at in range(count)]
    return texts, [("good", "bad")[at % 2] for at in range(count)]


def codes(batch: Any) -> torch.Tensor:
    assert isinstance(batch.input, Tokens)
    return batch.input.code_BT


def test_a_classified_text_becomes_its_tokens() -> None:
    raw, signature, made = loaded(Text(), reviews())
    assert signature.kind == "text" and signature.target is not None and signature.target.classes == ("bad", "good")
    assert made.share["train"] + made.share["valid"] + made.share["test"] == ROWS and made.share["test"] == 18
    words = vocabulary(signature, "input")
    assert made.dataset.categories == (words.size,) and "word" in signature.notes["tokenizer"]
    assert str(made.dataset.form) == f"sequence 1x{signature.length}" and not made.dataset.form.even
    train = made.dataset.train
    assert train.row_B is not None and train.target is not None
    for code_T, row, target in zip(codes(train), train.row_B.tolist(), train.target.tolist(), strict=True):
        assert code_T[code_T != PADDING].tolist() == words.encode(raw.texts()[row])
        assert signature.target.classes[target] == raw.table.frame["label"][row]
    assert {name: why != "" for name, (_, why) in made.chosen.items()} == {"tokenizer": True, "length": True}


def test_the_vocabulary_is_that_of_the_training_part_alone() -> None:
    texts, labels = reviews()
    split = ["test" if at >= 100 else "valid" if at >= 90 else "train" for at in range(ROWS)]
    texts[95], texts[105] = "mirabelle mirabelle chutney", "rutabaga rutabaga"
    data = Text(split=ByColumn(column="split"), target="label")
    _, signature, made = loaded(data, {"text": texts, "label": labels, "split": split})
    known = vocabulary(signature, "input").pieces
    assert "fine" in known and not {"mirabelle", "chutney", "rutabaga"} & set(known)
    assert bool((codes(made.dataset.test) == UNKNOWN).any())
    assert any(found.check == "unknown-token" and "rutabaga" in found.message for found in signature.findings)


def test_equal_texts_share_a_part_whatever_their_labels() -> None:
    texts, labels = [f"a soup of kind {at % 40} today" for at in range(200)], ["x", "y"] * 100
    raw, signature, made = loaded(Text(split=Hash(valid=0.3, test=0.3)), (texts, labels))
    parts = [{raw.texts()[row] for row in made.dataset.part(name).row_B.tolist()} for name in made.share]  # type: ignore[union-attr]
    assert not parts[0] & parts[1] and not parts[0] & parts[2] and not parts[1] & parts[2]
    assert any(found.check == "duplicate-rows" for found in signature.findings)


def test_texts_that_a_ready_made_split_shares_are_told() -> None:
    texts, labels = reviews()
    texts[-1] = texts[1]
    split = ["train"] * 80 + ["valid"] * 20 + ["test"] * 20
    data = Text(split=ByColumn(column="split"), target="label")
    _, signature, _ = loaded(data, {"text": texts, "label": labels, "split": split})
    assert any(found.check == "rows-shared" for found in signature.findings)


def test_the_test_part_may_lie_in_a_file_of_its_own_alone(tmp_path: Path) -> None:
    texts, labels = reviews()
    for name, low, high in (("a.csv", 0, 90), ("b.csv", 90, ROWS)):
        rows = zip(texts[low:high], labels[low:high], strict=True)
        (tmp_path / name).write_text("text,label\n" + "".join(f'"{text}",{label}\n' for text, label in rows))
    split = ByFiles(test=str(tmp_path / "b.csv"))
    data = Text(path=str(tmp_path / "a.csv"), target="label", split=split)
    raw = data.read()
    made = data.load(raw, data.inspect(raw), split, 0)
    assert made.share["test"] == 30 and made.share["valid"] > 0 and sum(made.share.values()) == ROWS
    assert made.dataset.test.row_B is not None and made.dataset.test.row_B.tolist() == list(range(90, ROWS))


def test_empty_and_long_texts_are_prepared_and_told() -> None:
    texts, labels = reviews()
    texts[3], texts[4], texts[6] = "", "  \t ", "soup " * 900
    _, signature, made = loaded(Text(length=16), (texts, labels))
    assert signature.length == 16 and made.dataset.form.extent == (16,)
    every = torch.cat([codes(part) for part in (made.dataset.train, made.dataset.valid, made.dataset.test)])
    assert bool((every[:, 0] != PADDING).all()) and bool(((every != PADDING).sum(1) >= 1).all())
    said = {found.check: found for found in signature.findings}
    assert said["empty-text"].evidence["texts"] == 2 and said["text-cut"].evidence["longest"] == 900


def test_long_texts_are_cut_behind_all_but_a_twentieth() -> None:
    texts, labels = reviews(200)
    for at in range(6):
        texts[at * 30] = "soup " * (300 + at)
    _, signature, _ = loaded(Text(split=Stratified()), (texts, labels))
    assert signature.length == 64 and any(found.check == "text-cut" for found in signature.findings)
    long = [text + " and soup" * 400 for text in texts]
    assert loaded(Text(split=Stratified()), (long, labels))[1].length == 512


def test_values_are_standardised_and_come_back() -> None:
    texts, _ = reviews()
    values = [at / 7 for at in range(ROWS)]
    _, signature, made = loaded(Text(), (texts, values))
    assert signature.target is not None and signature.target.kind == "values"
    scale, train = made.preparation.scale, made.dataset.train
    assert scale is not None and train.target is not None and train.row_B is not None
    back = train.target[:, 0] * scale.scale_D + scale.mean_D
    assert torch.allclose(back.double(), torch.tensor(values).double()[train.row_B], atol=1e-5)
    assert abs(float(train.target.mean())) < 1e-5


def test_words_with_labels_keep_their_places() -> None:
    tokens = [[f"w{at % 7}", "New York", "."][: 1 + at % 3] for at in range(60)]
    labels = [["A", "B", "C"][: 1 + at % 3] for at in range(60)]
    _, signature, made = loaded(Text(), (tokens, labels))
    batch, target = made.dataset.train, signature.target
    assert target is not None and target.kind == "steps" and batch.target is not None and batch.row_B is not None
    words = vocabulary(signature, "input")
    for code_T, target_T, row in zip(codes(batch), batch.target, batch.row_B.tolist(), strict=True):
        size = len(tokens[row])
        assert [words.pieces[code] for code in code_T[:size].tolist()] == tokens[row]
        assert [target.classes[code] for code in target_T[:size].tolist()] == labels[row]
        assert set(code_T[size:].tolist()) <= {PADDING} and set(target_T[size:].tolist()) <= {UNJUDGED_STEP}
    with pytest.raises(RecipeError, match="byte does not go with labels of words"):
        loaded(Text(tokenizer="byte"), (tokens, labels))  # type: ignore[arg-type]


def test_a_reply_is_written_behind_its_beginning_up_to_its_end() -> None:
    rows = {"source": [f"the cat saw {at}" for at in range(60)], "target": [f"el gato vio {at}" for at in range(60)]}
    _, signature, made = loaded(Text(tokenizer="character"), rows)  # type: ignore[arg-type]
    batch = made.dataset.train
    assert isinstance(batch.input, Paired) and batch.target is not None and batch.row_B is not None
    sides = [vocabulary(signature, side) for side in ("input", "target")]
    assert made.dataset.categories == (sides[0].size, sides[1].size)
    form = made.dataset.form
    assert form.context is not None and form.context.causal and form.context.extent == (batch.target.shape[1],)
    assert set(sides[1].pieces) - set(sides[0].pieces) >= {"l", "g", "o", "v", "i"}
    for place, row in enumerate(batch.row_B.tolist()):
        source, prefix, target = batch.input.source[0][place], batch.input.context[0][place], batch.target[place]
        written = target[target != UNJUDGED_STEP].tolist()
        assert source[source != PADDING].tolist() == [*sides[0].encode(rows["source"][row]), END]
        assert written == [*sides[1].encode(rows["target"][row]), END]
        assert prefix[prefix != PADDING].tolist() == [BEGIN, *written[:-1]]


def test_a_reply_that_is_cut_does_not_end() -> None:
    rows = {"source": ["a b c d"] * 9 + ["a"] * 51, "target": ["x y z v w"] * 9 + ["x"] * 51}
    rows = {name: [f"{text} {at}" for at, text in enumerate(texts)] for name, texts in rows.items()}
    _, signature, made = loaded(Text(length=3, target="target"), rows)
    batch = made.dataset.train
    assert isinstance(batch.input, Paired) and batch.target is not None
    assert batch.target.shape[1] == 4 and batch.input.source[0].shape[1] == 4
    long = batch.target[batch.target[:, 3] != UNJUDGED_STEP]
    assert len(long) and bool((long[:, 3] != END).all())
    assert any(found.check == "text-cut" and found.place == "target" for found in signature.findings)


def test_running_text_shares_nothing_between_its_parts() -> None:
    text = "".join(chr(0x4E00 + at) for at in range(6000))  # every character once: where it is tells where it was
    _, signature, made = loaded(Text(window=32, tokenizer={"kind": "byte"}), [text])  # type: ignore[arg-type]
    assert signature.target is not None and signature.target.kind == "next"
    form = made.dataset.form
    assert form.even and form.causal and form.extent == (32,) and signature.length == 32
    seen: list[str] = []
    for part in map(made.dataset.part, made.share):
        assert part.target is not None
        seen.append(vocabulary(signature, "input").decode(part.target[part.target != UNJUDGED_STEP].tolist()))
        read = vocabulary(signature, "input").decode(codes(part).flatten().tolist())
        assert set(read) - {"\ufffd"} <= set(seen[-1]), "what a window reads is of its own part"
    assert "".join(seen) == text and [len(part) for part in seen] == [4800, 600, 600]
    assert signature.findings == () or all(found.severity == "info" for found in signature.findings)


def test_documents_are_held_back_whole_where_there_are_enough() -> None:
    documents = [f"{chr(97 + at)}{at} " * 40 for at in range(26)]
    _, signature, made = loaded(Text(), documents)
    assert choose_split(signature)[0].dump()["kind"] == "by_group"
    found = vocabulary(signature, "input")
    texts = [found.decode(codes(part).flatten().tolist()) for part in map(made.dataset.part, ("train", "valid"))]
    letters = [{char for char in text if char.isalpha()} for text in texts]
    assert not letters[0] & letters[1]


def test_a_text_too_short_for_its_parts_is_refused() -> None:
    with pytest.raises(DataError, match="at least 8 are needed"):
        loaded(Text(), ["a short text"])
    _, signature, made = loaded(Text(window=500), ["a text that is not very long " * 20])
    assert made.dataset.form.extent[0] < 60 and any(found.check == "window-cut" for found in signature.findings)


def test_running_text_is_characters_bytes_or_parts_of_words() -> None:
    assert loaded(Text(), ["the cat saw a dog " * 100])[1].vocabulary["input"]["kind"] == "character"
    han = "".join(chr(0x4E00 + at % 3000) for at in range(9000))
    assert loaded(Text(), [han])[1].vocabulary["input"]["kind"] == "byte"
    _, signature, _ = loaded(Text(tokenizer={"kind": "subword", "size": 600}), ["the cat saw a dog\n" * 300])  # type: ignore[arg-type]
    assert signature.vocabulary["input"]["kind"] == "subword"


def test_a_language_without_blanks_is_read_by_characters() -> None:
    texts = ["".join(chr(0x4E00 + (at * 7 + place) % 500) for place in range(40)) for at in range(60)]
    assert loaded(Text(), (texts, ["x", "y"] * 30))[1].vocabulary["input"]["kind"] == "character"


def test_a_split_by_position_is_for_running_text_alone() -> None:
    with pytest.raises(DataError, match='no column "position"'):
        loaded(Text(split=ByTime(column="position")), reviews())


CODE = """
import hashlib, json, sys
from pellucid.data.splitting import choose_split
from pellucid.data.text import Text
for rows, fields in json.load(sys.stdin):
    data = Text(**fields)
    raw = data.read_rows(tuple(rows) if len(rows) == 2 else rows)
    signature = data.inspect(raw)
    loaded = data.load(raw, signature, choose_split(signature)[0], 3)
    text = json.dumps(loaded.signature.as_json(), sort_keys=True)
    print(hashlib.sha256(text.encode()).hexdigest(), loaded.dataset.train.input[0].sum().item(), loaded.share)
"""


def test_every_process_makes_the_same_data_set() -> None:
    texts, labels = reviews()
    cases = [([texts, labels], {}), ([texts, labels], {"tokenizer": {"kind": "subword", "size": 700}})]
    found = set()
    for salt in ("1", "2"):
        environment = {**os.environ, "PYTHONHASHSEED": salt}
        done = subprocess.run(
            [sys.executable, "-c", CODE], input=json.dumps(cases), env=environment, capture_output=True, text=True
        )
        assert done.returncode == 0, done.stderr
        found.add(done.stdout)
    assert len(found) == 1 and np.array(list(found)).size == 1
