"""Text is told by names and first lines, and everything else is left to the other kinds."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from pellucid.data.source import Data
from pellucid.data.text_guess import free_text, is_text
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
