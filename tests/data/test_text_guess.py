"""Text is told by names and first lines, and everything else is left to the other kinds."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from pellucid.data.source import Data
from pellucid.data.text_guess import form, free_text, is_text, pair
from pellucid.parts import concrete

REVIEWS = [f"this soup was number {place} of {place + 3} I had" for place in range(40)]


def write(path: Path, text: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return path


def kind(path: Path, **fields: object) -> object:
    return concrete(Data, {"path": str(path), **fields}).dump()["kind"]


def csv(path: Path, **columns: list[str]) -> Path:
    rows = [",".join(row) for row in zip(*columns.values(), strict=True)]
    return write(path, "\n".join([",".join(columns), *rows]) + "\n")


def test_free_text_has_several_words_and_many_different_ones() -> None:
    assert free_text(REVIEWS) == 1.0
    assert free_text(["red", "green", "blue"]) == 0.0
    assert free_text(["a b c"] * 10) == 0.0
    assert free_text([]) == 0.0 and free_text([None, None]) == 0.0
    assert 0.5 < free_text([*REVIEWS[:6], "yes", "no"]) < 1.0


@pytest.mark.parametrize("name", ["a.txt", "a.conll", "a.conllu", "a.iob", "a.bio"])
def test_plain_and_tagged_text_is_told_by_its_suffix(tmp_path: Path, name: str) -> None:
    assert kind(write(tmp_path / name, "the cat\n")) == "text"


def test_a_table_is_text_where_its_only_input_is(tmp_path: Path) -> None:
    label = ["good", "bad"] * 20
    number = [str(place) for place in range(7, 47)]
    assert kind(csv(tmp_path / "a.csv", review=REVIEWS, label=label), target="label") == "text"
    assert kind(csv(tmp_path / "b.csv", review=REVIEWS, stars=number, label=label), target="label") == "table"
    assert kind(csv(tmp_path / "c.csv", word=label, label=label), target="label") == "table"
    assert kind(csv(tmp_path / "d.csv", id=number, review=REVIEWS, split=label, label=label), target="label") == "text"
    assert kind(csv(tmp_path / "e.csv", review=REVIEWS)) == "text"
    assert kind(csv(tmp_path / "f.csv", review=REVIEWS, label=label)) == "table"
    assert kind(csv(tmp_path / "g.csv", english=REVIEWS, spanish=REVIEWS), target="spanish") == "text"


def test_a_word_of_the_person_decides(tmp_path: Path) -> None:
    file = csv(tmp_path / "a.csv", review=REVIEWS, label=["good", "bad"] * 20)
    assert kind(file, target="label", columns={"review": "category"}) == "table"
    assert kind(file, target="label", kind="table") == "table"
    other = csv(tmp_path / "b.csv", word=["x", "y"] * 5, label=["good", "bad"] * 5)
    assert kind(other, target="label", text="word") == "text"
    assert kind(other, target="label", tokenizer="byte") == "text"


def test_json_lines_and_parquet_are_looked_into(tmp_path: Path) -> None:
    import polars as pl

    lines = "".join(json.dumps({"review": text, "label": "x"}) + "\n" for text in REVIEWS)
    assert kind(write(tmp_path / "a.jsonl", lines), target="label") == "text"
    assert kind(write(tmp_path / "b.jsonl", '{"tokens": ["a"], "labels": ["b"]}\n')) == "text"
    assert kind(write(tmp_path / "c.jsonl", '{"a": 1, "b": 2}\n'), target="b") == "table"
    assert kind(write(tmp_path / "d.jsonl", "{broken\n"), target="b") == "table"
    pl.DataFrame({"review": REVIEWS, "n": range(40)}).write_parquet(tmp_path / "e.parquet")
    assert kind(tmp_path / "e.parquet", target="n") == "text"
    (tmp_path / "f.parquet").write_bytes(b"PAR1 no")
    assert kind(tmp_path / "f.parquet", target="n") == "table"


def test_a_text_file_with_a_header_that_names_the_target_is_a_table(tmp_path: Path) -> None:
    numbers = "x\ty\n" + "".join(f"{place}.5\t{place % 2}\n" for place in range(30))
    assert kind(write(tmp_path / "numbers.txt", numbers), target="y") == "table"
    assert kind(write(tmp_path / "numbers.txt", numbers)) == "text"


def test_folders_of_texts_are_told_from_folders_of_images(tmp_path: Path) -> None:
    write(tmp_path / "classes" / "good" / "1.txt", "fine")
    write(tmp_path / "classes" / "bad" / "1.txt", "poor")
    write(tmp_path / "plain" / "1.txt", "fine")
    write(tmp_path / "boxes" / "images" / "1.jpg", "")
    write(tmp_path / "boxes" / "labels" / "1.txt", "0 0.5 0.5 1 1")
    (tmp_path / "empty").mkdir()
    assert kind(tmp_path / "classes") == kind(tmp_path / "plain") == "text"
    assert kind(tmp_path / "boxes") == kind(tmp_path / "empty") == "images"


def test_strange_files_are_left_to_the_reader(tmp_path: Path) -> None:
    assert not is_text(tmp_path / "missing.csv", "y")
    assert not is_text(write(tmp_path / "open.csv", 'a,b\n"never closed,1\n'), "b")
    assert not is_text(write(tmp_path / "empty.csv", ""), None)
    (tmp_path / "wide.csv").write_bytes("a,b\nthe cat sat,1\n".encode("utf-16"))
    assert is_text(tmp_path / "wide.csv", "b")


def test_columns_that_are_called_a_pair_are_one(tmp_path: Path) -> None:
    replies = [f"it was not that bad on day {place}" for place in range(40)]
    topic = ["soup", "salad"] * 20
    for one, other in [("source", "target"), ("Question", "Answer"), ("src", "tgt"), ("input", "output")]:
        assert pair({one: REVIEWS, other: replies, "topic": topic}) == (one, other)
    assert pair({"source": REVIEWS, "answer": replies}) is None
    assert pair({"input": REVIEWS, "output": topic}) is None
    few = [replies[place % 13] for place in range(40)]
    assert pair({"question": REVIEWS, "answer": few}) and not pair({"question": REVIEWS, "answer": ["a b c"] * 40})
    assert kind(csv(tmp_path / "d.csv", question=few, answer=REVIEWS), target="answer") == "text"
    assert kind(csv(tmp_path / "a.csv", question=REVIEWS, answer=replies, topic=topic)) == "text"
    assert kind(csv(tmp_path / "b.csv", input=REVIEWS, output=topic)) == "table"
    assert kind(csv(tmp_path / "c.csv", source=["1", "2"] * 20, target=["2", "3"] * 20)) == "table"


@pytest.mark.parametrize(
    ("data", "suffix"),
    [
        ("a plain text\nand another, here\n", ".txt"),
        ("yes, it was\nno, it was\n", ".txt"),
        ("", ".txt"),
        ("review\ngood, but cold\n", ".csv"),
        ("stars;review\n1;good\n", ".csv"),
        ("other,label\ngood,1\n", ".csv"),
        ('\ufeff"review"\n"good\nsoup"\n', ".csv"),
        ('\n{"review": "good"}\n', ".jsonl"),
        ("{not an object\n", ".txt"),
        ('"review\nnever closed\n', ".txt"),
    ],
)
def test_the_form_of_a_stream(data: str, suffix: str) -> None:
    assert form(data.encode(), {"review"}, tagged=False, running=False) == suffix


def test_streams_of_tagged_words_and_of_running_text() -> None:
    def tagged(data: str) -> str:
        return form(data.encode(), {"text"}, tagged=True, running=False)

    assert tagged("the D\ncat N\n\nit P\n") == tagged("the\tD\ncat\tN\n") == tagged("the\ncat\nsat\n") == ".conll"
    assert tagged("\t".join(["1", "the", *"________"])) == ".conllu"
    assert tagged("the cat sat\nit slept\n") == tagged("the cat sat\n") == tagged("cat\n") == ".txt"
    assert tagged('{"tokens": ["a"]}\n') == ".jsonl" and tagged("id,text\n1,a cat\n") == ".csv"
    verses = "cat,dog\ndog,cat\n"
    assert form(verses.encode(), {"text"}, tagged=False, running=True) == ".txt"
    assert form(b'{"text": "' + b"a" * 2**17 + b'"}\n', set(), tagged=False, running=True) == ".jsonl"
    assert form("\ufeffreview\ngood\n".encode("utf-16-le"), {"review"}, tagged=False, running=False) == ".csv"
