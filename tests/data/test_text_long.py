"""Running text in its files: read in pieces, and learnt from like the same text in memory."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch

from pellucid import record
from pellucid.data import text_files, text_long, text_stream
from pellucid.data.batch import Batch
from pellucid.data.source import Loaded
from pellucid.data.splitting import choose_split
from pellucid.data.text import Text
from pellucid.data.text_long import LongText, chunks, content
from pellucid.data.vocabulary import vocabulary
from pellucid.errors import DataError
from pellucid.methods.supervised import Shuffled
from pellucid.recipe import Recipe
from pellucid.training.run import Writer, events
from pellucid.training.session import prepare

TEXT = "".join(f"Zeile {at}: größer, 東京 und 😀 naïve {'xyz'[at % 3]}.\n" for at in range(400))


@pytest.fixture(autouse=True)
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(text_files, "LONG", 1)
    monkeypatch.setattr(text_long, "PIECE", 101)  # no divisor of anything: characters lie across the ends
    monkeypatch.setattr(text_long, "CHUNK", 500)
    monkeypatch.setattr(text_stream, "RUN", 500)


def write(path: Path, text: str | bytes) -> str:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return str(path)


def loaded(path: str, monkeypatch: pytest.MonkeyPatch, *, long: bool, **fields: Any) -> Loaded:
    with monkeypatch.context() as patch:
        patch.setattr(text_files, "LONG", 1 if long else 2**40)
        data = Text.model_validate({"path": path, **fields})
        raw = data.read()
        assert bool(raw.long) == long
        signature = data.inspect(raw)
        return data.load(raw, signature, data.split or choose_split(signature)[0], 0)


def same(one: Batch, two: Batch) -> bool:
    assert one.target is not None and two.target is not None and one.row_B is not None and two.row_B is not None
    return (
        torch.equal(one.input[0], two.input[0])
        and torch.equal(one.target, two.target)
        and torch.equal(one.row_B, two.row_B)
    )


@pytest.mark.parametrize("code", ["utf-8", "utf-8-sig", "utf-16"])
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_a_text_in_its_file_is_the_text(tmp_path: Path, code: str, end: str) -> None:
    text = LongText(write(tmp_path / "a.txt", TEXT.replace("\n", end).encode(code)))
    expected = TEXT if end != "\r" else TEXT.replace("\n", "\r")
    assert len(text) == len(expected) and text[:] == expected and text.beginning == expected[:40]
    for start in range(0, len(expected), 97):
        assert text[start : start + 230] == expected[start : start + 230]
    assert text[5:5] == "" and text.lines == (0 if end == "\r" else 400)
    assert text.content == content(expected) and content(text, 3, 900) == content(expected[3:900])


def test_chunks_are_whole_lines_words_or_characters() -> None:
    for text in (TEXT, TEXT.replace("\n", " "), "x" * 2000, "", " " * 1200):
        found = list(chunks(text))
        assert "".join(found) == text and all(0 < len(chunk) <= 500 for chunk in found)
    assert all(chunk.endswith("\n") for chunk in chunks(TEXT))
    assert all(chunk.startswith(" ") for chunk in list(chunks(TEXT.replace("\n", " ")))[1:])
    assert "".join(chunks(TEXT, 100, 1500)) == TEXT[100:1500]


@pytest.mark.parametrize(
    ("bad", "code", "said"),
    [(b"caf\xe9 here", "DATA-CSV-ENCODING", "byte 0xe9 at offset {}"), (b"nul\0", "DATA-CSV-NUL", "offset {}"),
     (b"cut\xf0\x9f", "DATA-CSV-ENCODING", "byte 0xf0 at offset {}")],
)  # fmt: skip
def test_what_is_no_text_is_told_with_line_and_offset(tmp_path: Path, bad: bytes, code: str, said: str) -> None:
    before = ("a line of text\n" * 200).encode()
    with pytest.raises(DataError) as fault:
        Text(path=write(tmp_path / "a.txt", before + bad)).read()
    assert fault.value.code == code and fault.value.place.line == 201
    assert said.format(len(before) + 3) in fault.value.message


def test_blank_and_changed_files_are_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="holds no text"):
        Text(path=write(tmp_path / "a.txt", " \n" * 300)).read()
    text = LongText(write(tmp_path / "b.txt", TEXT))
    write(tmp_path / "b.txt", TEXT[:1000])
    with pytest.raises(DataError, match="changed"):
        text[5000:5010]


@pytest.mark.parametrize("tokenizer", ["character", "byte", "word", {"kind": "subword", "size": 700}])
def test_it_is_learnt_from_like_the_same_text_in_memory(
    tokenizer: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = write(tmp_path / "a.txt", TEXT.replace("\n", "\r\n"))
    one, two = (loaded(path, monkeypatch, long=long, tokenizer=tokenizer, window=16) for long in (True, False))
    assert one.signature.vocabulary == two.signature.vocabulary and one.share == two.share
    assert one.signature.fingerprint == two.signature.fingerprint
    assert all(same(one.dataset.part(name), two.dataset.part(name)) for name in one.share)
    drawn = [list(Shuffled(made.dataset, 7, 3).batches(1, 0)) for made in (one, two)]
    assert all(same(*pair) for pair in zip(*drawn, strict=True))
    told = {finding.check: finding.message for finding in one.signature.findings}
    assert "read piece by piece" in told["long-text"]


@pytest.mark.parametrize("count", [3, 30])
def test_a_folder_is_learnt_from_like_the_same_texts_in_memory(
    count: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for at in range(count):
        write(tmp_path / "texts" / f"{at:02}.txt", f"Text {at % 28}\n" + TEXT[: 600 + 40 * (at % 28)])
    one, two = (loaded(str(tmp_path / "texts"), monkeypatch, long=long, window=16) for long in (True, False))
    assert one.signature.fingerprint == two.signature.fingerprint and one.share == two.share
    assert all(same(one.dataset.part(name), two.dataset.part(name)) for name in one.share)
    checks = [{finding.check for finding in made.signature.findings} - {"long-text"} for made in (one, two)]
    assert checks[0] == checks[1] and ("duplicate-texts" in checks[0]) == (count == 30)


def test_parts_may_lie_in_files_of_their_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    paths = [write(tmp_path / name, TEXT[at:]) for at, name in enumerate(("train.txt", "dev.txt", "test.txt"))]
    split = {"kind": "by_files", "valid": paths[1], "test": paths[2]}
    one, two = (loaded(paths[0], monkeypatch, long=long, window=16, split=split) for long in (True, False))
    assert one.share == two.share and all(same(one.dataset.part(name), two.dataset.part(name)) for name in one.share)


def test_long_parts_are_judged_by_some_of_them(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(text_stream, "JUDGED", 800)
    made = loaded(write(tmp_path / "a.txt", TEXT), monkeypatch, long=True, window=16)
    assert made.share["valid"] == made.share["test"] == 50 and len(made.dataset.part("train")) == 50
    assert made.share["train"] == len(made.dataset.train) > 700
    told = [finding for finding in made.signature.findings if finding.check == "judged-by"]
    assert [finding.place for finding in told] == ["valid", "test"] and "by 800 of its" in told[0].message


def test_words_are_learnt_from_some_of_a_long_text(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from pellucid.data.tokenizers import Words

    monkeypatch.setattr(Words, "learnt", 4000)
    path = write(tmp_path / "a.txt", TEXT)
    made = loaded(path, monkeypatch, long=True, tokenizer={"kind": "word", "least": 1}, window=16)
    found = vocabulary(made.signature, "input")
    numbers = [int(piece) for piece in found.pieces if piece.isdigit()]
    assert len(numbers) < 200 and min(numbers) < 20 and max(numbers) > 300
    told = next(finding for finding in made.signature.findings if finding.check == "long-text")
    assert "at most 4,000 of the" in told.message


def test_it_trains_judges_and_goes_on(tmp_path: Path) -> None:
    recipe = Recipe.model_validate(
        {"data": {"kind": "text", "path": write(tmp_path / "a.txt", TEXT), "window": 16}, "threads": 1,
         "method": {"epochs": 2, "batch": 64}, "model": {"kind": "gru", "width": 16}}
    )  # fmt: skip
    happened = list(events(prepare(recipe), Writer(None)))
    tested = [event for event in happened if isinstance(event, record.Tested)]
    assert [event.part for event in tested] == ["train", "valid", "test"]
    again = [event for event in events(prepare(recipe), Writer(None)) if isinstance(event, record.Evaluated)]
    assert again == [event for event in happened if isinstance(event, record.Evaluated)]
    assert again[1].loss < again[0].loss
    stream = Shuffled(prepare(recipe).dataset, 64, 0)
    whole = list(stream.batches(1, 0))
    assert len(whole) == stream.steps_per_epoch
    assert all(same(*pair) for pair in zip(stream.batches(1, 4), whole[4:], strict=True))
