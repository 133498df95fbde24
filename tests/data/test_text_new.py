"""New texts: read by the stored vocabulary, never refused for a word, always for a missing column."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import torch

from pellucid.data.signature import Signature
from pellucid.data.splitting import choose_split
from pellucid.data.text import Text
from pellucid.data.text_prepare import TextPreparation
from pellucid.data.vocabulary import UNKNOWN
from pellucid.errors import SchemaError

TEXTS = [f"{('good', 'bad')[at % 2]} soup number {at % 9}" for at in range(80)]
LABELS = [text.split()[0] for text in TEXTS]


def trained(rows: Any, **fields: Any) -> tuple[Text, Signature, TextPreparation]:
    data = Text(**fields)
    raw = data.read_rows(rows)
    signature = data.inspect(raw)
    loaded = data.load(raw, signature, choose_split(signature)[0], 0)
    preparation = loaded.preparation
    assert isinstance(preparation, TextPreparation)
    return data, loaded.signature, preparation


def write(path: Path, text: str) -> str:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return str(path)


def test_a_list_a_file_of_lines_a_table_and_a_folder_are_read_alike(tmp_path: Path) -> None:
    data, signature, preparation = trained((TEXTS, LABELS))
    sources: list[Any] = [
        ["good soup", "bad soup"],
        {"text": ["good soup", "bad soup"]},
        write(tmp_path / "new.txt", "good soup\nbad soup\n"),
        write(tmp_path / "new.csv", "id,text\n7,good soup\n8,bad soup\n"),
        write(tmp_path / "new.jsonl", '{"text": "good soup"}\n{"text": "bad soup"}\n'),
    ]
    write(tmp_path / "folder" / "1.txt", "good soup")
    write(tmp_path / "folder" / "2.txt", "bad soup")
    found = [data.read_new(source, signature) for source in [*sources, str(tmp_path / "folder")]]
    batches = [preparation.apply(raw, signature) for raw in found]
    assert all(torch.equal(batch.input[0], batches[0].input[0]) and batch.target is None for batch in batches)
    assert [name.endswith(".txt") for name in found[-1].names_of_rows(signature)["file"] if name] == [True, True]


def test_an_unknown_word_is_counted_and_leaves_the_vocabulary_as_it_is() -> None:
    data, signature, preparation = trained((TEXTS, LABELS))
    before = json.dumps(signature.vocabulary)
    raw = data.read_new(["good zebra", "bad soup"], signature)
    (found,) = raw.findings
    assert found.check == "unknown-token" and found.severity == "warning" and '"zebra"' in found.message
    assert found.evidence == {"tokens": 1, "share": 0.25, "texts": 1}
    assert int(preparation.apply(raw, signature).input[0][0, 1]) == UNKNOWN
    assert json.dumps(signature.vocabulary) == before


def test_long_and_empty_texts_are_taken_and_told() -> None:
    data, signature, preparation = trained((TEXTS, LABELS))
    raw = data.read_new(["good " * 50, "", "  "], signature)
    assert {found.check for found in raw.findings} == {"text-cut", "empty-text"}
    assert preparation.apply(raw, signature).input[0].shape == (3, signature.length)


def test_a_missing_column_is_refused_with_the_nearest(tmp_path: Path) -> None:
    data, signature, _ = trained({"review": TEXTS, "label": LABELS}, text="review")
    with pytest.raises(SchemaError, match='"review" is missing') as caught:
        data.read_new(write(tmp_path / "a.csv", "reviews,y\ngood soup,1\n"), signature)
    assert caught.value.hint == "is it 'reviews'? rename it"
    assert data.read_new(["good soup"], signature).rows == 1
    for source, said in [(str(tmp_path / "no.csv"), "no such file"), (7, "expected a list"), (["a", 7], "is no text")]:
        with pytest.raises(SchemaError, match=said):
            data.read_new(source, signature)


def test_labels_are_needed_for_judging_and_must_be_known() -> None:
    data, signature, preparation = trained((TEXTS, LABELS))
    batch = preparation.apply(data.read_new((["good soup"], ["good"]), signature, labelled=True), signature)
    assert batch.target is not None and batch.target.tolist() == [1]
    for source, said in [((["good soup"], ["fair"]), '"fair" is not one of bad, good'), (["good soup"], "is missing")]:
        with pytest.raises(SchemaError, match=said):
            data.read_new(source, signature, labelled=True)


def test_words_to_label_come_in_lists_or_in_lines(tmp_path: Path) -> None:
    data, signature, preparation = trained(([text.split() for text in TEXTS], [["A", "B", "C", "D"]] * 80))
    wanted = preparation.apply(data.read_new([["good", "soup", "!"]], signature), signature).input[0]
    for source in (
        ["good soup!"],
        write(tmp_path / "a.txt", "good soup!\n"),
        write(tmp_path / "a.conll", "good\nsoup\n!"),
    ):
        raw = data.read_new(source, signature)
        assert raw.words == [["good", "soup", "!"]] and not raw.labels
        assert torch.equal(preparation.apply(raw, signature).input[0], wanted)
    assert data.read_new(write(tmp_path / "b.conll", "good A\nsoup B\n"), signature, labelled=True).labels == [
        ["A", "B"]
    ]
    with pytest.raises(SchemaError, match='the label "Z" is not one of A, B, C, D'):
        data.read_new(([["good"]], [["Z"]]), signature, labelled=True)
    with pytest.raises(SchemaError, match="have no labels"):
        data.read_new([["good"]], signature, labelled=True)
    with pytest.raises(SchemaError, match="1 labels stand beside 2"):
        data.read_new(([["good", "soup"]], [["A"]]), signature, labelled=True)


def test_new_pairs_need_their_reply_only_for_judging() -> None:
    data, signature, preparation = trained({"source": TEXTS, "target": [text[::-1] for text in TEXTS]})
    assert data.read_new(["good soup"], signature).into == ""
    with pytest.raises(SchemaError, match="to compare with is missing"):
        data.read_new(["good soup"], signature, labelled=True)
    raw = data.read_new({"source": ["good soup"], "target": ["puos doog"]}, signature, labelled=True)
    assert preparation.apply(raw, signature).target is not None


def test_new_running_text_may_be_shorter_than_a_window(tmp_path: Path) -> None:
    data, signature, preparation = trained([" ".join(TEXTS)])
    raw = data.read_new(write(tmp_path / "a.txt", "good\nsöup"), signature, labelled=True)
    assert [found.evidence["tokens"] for found in raw.findings] == [2]  # the line end, and ö
    batch = preparation.apply(raw, signature)
    assert batch.target is not None and batch.target.shape == (1, signature.length)
    assert int((batch.target >= 0).sum()) == len("good\nsöup")


def test_hints_and_cures_can_be_followed_without_training() -> None:
    data, signature, _ = trained((TEXTS, LABELS))
    for found in data.read_new(["a long unknown text " * 40], signature).findings:
        assert "data." not in found.cure and found.cure


def test_words_that_only_blanks_split_are_labelled_whole() -> None:
    words = [[f"C4:{at % 9}", f"D4:{at % 7}"] for at in range(80)]
    data, signature, _ = trained((words, [["A", "B"]] * 80), tokenizer={"kind": "word", "signs": False})
    raw = data.read_new(["C4:1 D4:2"], signature)
    assert raw.words == [["C4:1", "D4:2"]] and not raw.findings
