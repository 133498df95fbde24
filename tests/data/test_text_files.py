"""Reading texts from paths, whole and broken."""

from __future__ import annotations

import io
import sys
from pathlib import Path

import pytest

from pellucid.data.text_files import Reader, holds_lists
from pellucid.errors import DataError


def write(path: Path, text: str | bytes) -> str:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return str(path)


def test_a_plain_text_is_one_document_or_one_text_a_line(tmp_path: Path) -> None:
    path = write(tmp_path / "a.txt", "\ufeffone\r\ntwo\r\n")
    raw = Reader().read(path)
    assert raw.shape == "documents" and raw.texts() == ["one\ntwo\n"]
    lines = Reader(lines=True).read(path)
    assert lines.shape == "rows" and lines.texts() == ["one", "two"] and str(lines.place(1)) == f"{path}:2"


@pytest.mark.parametrize(
    ("data", "code", "said"),
    [
        (
            b"fine\ncaf\xe9 here\n",
            "DATA-CSV-ENCODING",
            "a.txt:2: byte 0xe9 at offset 8 is not UTF-8; it may be Windows",
        ),
        (b"a\0b", "DATA-CSV-NUL", "a.txt:1: a NUL byte at offset 1"),
        ("text".encode("utf-32"), "DATA-CSV-ENCODING", "UTF-32"),
        ("word".encode("utf-16-le"), "DATA-CSV-NUL", "a NUL byte"),
        (b"", "DATA-CSV-EMPTY", "the file is empty"),
        (b"\xef\xbb\xbf \n", "DATA-CSV-EMPTY", "the file holds no text"),
    ],
)
def test_what_is_no_text_is_refused_with_its_place(tmp_path: Path, data: bytes, code: str, said: str) -> None:
    with pytest.raises(DataError) as caught:
        Reader().read(write(tmp_path / "a.txt", data))
    assert caught.value.code == code and said in str(caught.value) and caught.value.exit_code == 2


def test_utf_16_with_a_mark_is_read(tmp_path: Path) -> None:
    assert Reader().read(write(tmp_path / "a.txt", "wörd".encode("utf-16"))).texts() == ["wörd"]


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    write(tmp_path / "novel.txt", "x")
    with pytest.raises(DataError, match="there is no such file") as caught:
        Reader().read(str(tmp_path / "novle.txt"))
    assert caught.value.hint is not None and "novel.txt" in caught.value.hint


def test_folders_of_classes(tmp_path: Path) -> None:
    for name, text in [
        ("good/b.txt", "fine\r\n"),
        ("good/a.txt", "nice"),
        ("bad/x.txt", ""),
        ("bad/.hidden.txt", "no"),
    ]:
        write(tmp_path / name, text)
    raw = Reader().read(str(tmp_path))
    assert raw.shape == "rows" and raw.target == ("folder",) and raw.filed
    assert raw.table.frame["folder"].to_list() == ["bad", "good", "good"] and raw.texts() == ["", "nice", "fine\n"]
    assert str(raw.place(1)).endswith("good/a.txt")


def test_ready_made_parts_of_class_folders(tmp_path: Path) -> None:
    for name in ("train/pos/1.txt", "train/neg/1.txt", "test/pos/1.txt", "test/neg/1.txt"):
        write(tmp_path / name, name)
    raw = Reader().read(str(tmp_path))
    assert raw.table.frame["split"].to_list() == ["test", "test", "train", "train"]
    assert raw.table.frame["folder"].to_list() == ["neg", "pos", "neg", "pos"]


def test_ready_made_parts_of_running_text(tmp_path: Path) -> None:
    for name in ("wiki.train.txt", "wiki.test.txt"):
        write(tmp_path / "odd" / name, name)
    for name in ("train.txt", "valid.txt", "test.txt"):
        write(tmp_path / "even" / name, name)
    assert "split" not in Reader().read(str(tmp_path / "odd")).table.names
    raw = Reader().read(str(tmp_path / "even"))
    assert raw.shape == "documents" and raw.table.frame["split"].to_list() == ["test", "train", "valid"]


def test_the_fingerprint_goes_by_names_and_contents(tmp_path: Path) -> None:
    for folder, text in (("a", "x"), ("b", "x"), ("c", "y")):
        write(tmp_path / folder / "1.txt", text)
    first, same, other = (Reader().read(str(tmp_path / name)).fingerprint for name in "abc")
    assert first == same != other


def test_folders_that_cannot_be_read(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    write(tmp_path / "mixed" / "good" / "1.txt", "x")
    write(tmp_path / "mixed" / "stray.txt", "x")
    write(tmp_path / "tagged" / "train.conll", "a X\n")
    write(tmp_path / "broken" / "a.txt", b"\xff")
    write(tmp_path / "broken" / "b.txt", "fine")
    for name, said in [
        ("empty", "no .txt files"),
        ("mixed", 'beside the folders of the classes, such as "stray.txt"'),
        ("tagged", "read one at a time"),
        ("broken", "a.txt:1: byte 0xff at offset 0"),
    ]:
        with pytest.raises(DataError) as caught:
            Reader().read(str(tmp_path / name))
        assert said in str(caught.value)
    raw = Reader(tolerant=True).read(str(tmp_path / "broken"))
    assert raw.texts() == ["fine"] and len(raw.skipped) == 1


def test_tables_and_tagged_files_go_to_their_readers(tmp_path: Path) -> None:
    table = Reader().read(write(tmp_path / "a.csv", "text,y\nthe cat,1\n"))
    assert table.shape == "rows" and table.table.names == ["text", "y"]
    assert Reader("y").read(write(tmp_path / "a.txt", "text\ty\nthe cat\t1\n")).table.names == ["text", "y"]
    assert Reader().read(write(tmp_path / "a.iob", "a X\n")).shape == "tagged"
    assert Reader().read(write(tmp_path / "a.jsonl", '{"tokens": ["a"], "labels": ["X"]}\n')).shape == "tagged"
    ragged = write(tmp_path / "b.csv", "text,y\nthe cat\nfine,1\n")
    with pytest.raises(DataError, match="one cell is missing"):
        Reader().read(ragged)
    assert Reader(tolerant=True).read(ragged).texts() == ["fine"]


def test_named_sets_are_read() -> None:
    assert Reader().read("tagged").shape == "tagged"
    assert "split" in Reader().read("melodies").table.names


def test_lists_are_looked_for_in_the_first_line() -> None:
    assert holds_lists(b'\xef\xbb\xbf{"tokens": ["a"]}\n')
    assert not any(map(holds_lists, [b"", b"{", b"[1]", b'{"tokens": 1}', b'{"text": ["a"]}']))


@pytest.mark.parametrize(
    ("data", "shape", "texts"),
    [
        ("good soup\nbad soup\n", "rows", ["good soup", "bad soup"]),
        ("id,review\n1,good soup\n2,bad soup\n", "rows", ["good soup", "bad soup"]),
        ('{"review": "good soup"}\n{"review": "bad soup"}\n', "rows", ["good soup", "bad soup"]),
        ("good A\nsoup B\n\nbad A\nsoup B\n", "tagged", ["good soup", "bad soup"]),
        ('{"tokens": ["good", "soup"]}\n{"tokens": ["bad", "soup"]}\n', "tagged", ["good soup", "bad soup"]),
    ],
)
def test_standard_input_is_read_as_what_it_is(
    data: str, shape: str, texts: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(data.encode())))
    raw = Reader(text="review", tagged=shape == "tagged", labelled=False, lines=True).read("-")
    assert raw.shape == shape and raw.texts("review" if "review" in raw.table.names else None) == texts
    assert str(raw.place()) == "standard input"
