"""A large CSV file in pieces says what the reader of small files says, line for line and fault for fault."""

from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest

from pellucid.data import chunks as room
from pellucid.data.chunks import chunks, digest, pieces
from pellucid.data.delimited import read_delimited
from pellucid.errors import DataError

PLAIN = "a,b\n" + "".join(f"{row},x{row}\n" for row in range(40))
QUOTED = 'a,b\n1,"two\nlines"\n2,"a ""word"", and more"\n' + "".join(f"{row},x\n" for row in range(20))


@pytest.fixture(autouse=True)
def small(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(room, "PIECE", 32)


def write(folder: Path, text: str | bytes) -> str:
    path = folder / "table.csv"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return str(path)


@pytest.mark.parametrize(
    "text",
    [PLAIN, QUOTED, PLAIN.rstrip("\n"), "\ufeff" + PLAIN, PLAIN.replace("\n", "\r\n"), PLAIN.replace("\n7", "\n\n7"),
     PLAIN.replace("x3", "NA").replace("x5", ""), PLAIN.replace(",", ";"), '"a",b\n1,2\n3,4\n', "a\n1\n2\n"],
)  # fmt: skip
def test_pieces_hold_what_the_whole_holds(text: str, tmp_path: Path):
    path = write(tmp_path, text)
    whole = read_delimited(Path(path).read_bytes(), path)
    parts = list(chunks(path, None, ()))
    assert pl.concat([part.frame for part in parts]).equals(whole.frame)
    assert [line for part in parts for line in part.line_N.tolist()] == whole.line_N.tolist()
    assert digest(path) == whole.fingerprint


def test_a_piece_ends_with_a_record(tmp_path: Path):
    found = list(pieces(write(tmp_path, QUOTED)))
    assert len(found) > 3 and b"".join(data for data, _ in found) == QUOTED.encode()
    assert all(data.endswith(b"\n") and data.count(b'"') % 2 == 0 for data, _ in found)


@pytest.mark.parametrize(
    ("text", "code"),
    [(PLAIN.replace("x30", "x30,more"), "DATA-CSV-RAGGED"), (PLAIN.replace("30,x30", "30"), "DATA-CSV-RAGGED"),
     (PLAIN.replace("30,x30", "30").replace("31,x31", "31,x31,more"), "DATA-CSV-RAGGED"),
     (PLAIN.replace("x30", '"x30'), "DATA-CSV-QUOTE"), (PLAIN.replace("x30", '"x"y'), "DATA-CSV-QUOTE")],
)  # fmt: skip
def test_a_fault_is_told_with_its_line_in_the_file(text: str, code: str, tmp_path: Path):
    with pytest.raises(DataError) as fault:
        list(chunks(write(tmp_path, text), None, ()))
    assert fault.value.code == code and fault.value.place.line == 32


def test_bytes_that_are_no_text_are_told_with_their_line(tmp_path: Path):
    with pytest.raises(DataError) as fault:
        list(chunks(write(tmp_path, PLAIN.encode().replace(b"x30", b"x\xff0")), None, ()))
    assert fault.value.code == "DATA-CSV-ENCODING" and fault.value.place.line == 32


def test_bad_records_are_refused_one_by_one(tmp_path: Path):
    lines: list[int] = []
    path = write(tmp_path, PLAIN.replace("x30", "x30,more").replace("11,x11", "11"))
    parts = list(chunks(path, None, (), lambda record: lines.append(record.line)))
    assert lines == [13, 32] and sum(part.rows for part in parts) == 38
