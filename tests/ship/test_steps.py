from __future__ import annotations

import json
import random
from collections.abc import Callable
from pathlib import Path

import pytest

from pellucid.jobs import Run, load
from pellucid.ship.decoding import decoded

READS = {"model": {"kind": "gru", "width": 8}, "optimizer.learning_rate": 0.02}


def test_one_object_for_each_sentence(labelling: Run, tmp_path: Path):
    path = tmp_path / "new.txt"
    path.write_text("the cat sees a dog\nold\nthe red zebra\n")
    made = labelling.predict(path)
    assert made.document is not None
    lines = [json.loads(line) for line in made.document.splitlines()]
    assert [line["tokens"] for line in lines] == [["the", "cat", "sees", "a", "dog"], ["old"], ["the", "red", "zebra"]]
    assert [len(line["labels"]) for line in lines] == [len(line["probability"]) for line in lines] == [5, 1, 3]
    assert lines[0]["labels"] == ["O", "N", "O", "O", "N"]
    assert all(0.5 <= share <= 1 for line in lines for share in line["probability"])
    assert {name: made.columns[name] for name in lines[0]} == {name: [row[name] for row in lines] for name in lines[0]}
    assert any(finding.check == "unknown-token" for finding in made.findings)


def test_the_labels_are_those_of_the_task_whatever_else_is_predicted(labelling: Run, sequences: Path):
    assert labelling.folder is not None
    model = load(labelling.folder).model
    raw = model.recipe.data.read_new(sequences / "tagged.conll", model.signature)
    label_NT = decoded(model, raw).label
    assert label_NT is not None
    made = labelling.predict(sequences / "tagged.conll")
    classes = labelling.model.signature.target.classes if labelling.model.signature.target else ()
    for row, labels in enumerate(made["labels"]):
        assert labels == [classes[code] for code in label_NT[row, : len(labels)].tolist()]
    short = labelling.predict([["the", "cat"]])
    long = labelling.predict([["the", "cat"], ["a", "dog", "sees", "the", "cat"]])
    assert short["labels"][0] == long["labels"][0]
    assert short["probability"][0] == pytest.approx(long["probability"][0], abs=1e-5)


def test_words_behind_the_longest_sentence_have_no_label(labelling: Run):
    made = labelling.predict([["cat"] * 9, ["dog"]])
    assert made["labels"][0][:5] == ["N"] * 5 and made["labels"][0][5:] == [None] * 4 == made["probability"][0][5:]
    assert len(made["labels"][1]) == 1 and any(finding.check == "text-cut" for finding in made.findings)


def test_rows_of_series_have_labels_too(trained: Callable[..., Run], tmp_path_factory: pytest.TempPathFactory):
    path, draw = tmp_path_factory.mktemp("waves") / "waves.jsonl", random.Random(1)
    values = [[draw.uniform(-1, 1) for _ in range(draw.randint(3, 6))] for _ in range(60)]
    rows = [{"values": row, "label": ["up" if value > 0 else "down" for value in row]} for row in values]
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    run = trained(path, {**READS, "data.kind": "series", "data.target": "label", "method.epochs": 15})
    made = run.predict(path)
    assert list(made.columns) == ["labels", "probability"] and [len(row) for row in made["labels"]] == list(
        map(len, values)
    )
    pairs = [
        pair
        for row, labels in zip(rows, made["labels"], strict=True)
        for pair in zip(row["label"], labels, strict=True)
    ]
    assert sum(one == other for one, other in pairs) > 0.8 * len(pairs)
