"""Tables made from a good one by one fault each: refused with exit code 2, naming file, line and column."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import polars as pl
import pytest

from pellucid.data.source import SkipBadRows
from pellucid.data.table import Table
from pellucid.errors import DataError

Break = Callable[[bytes], bytes]
HEADER = b"age,income,city,left"


def good() -> bytes:
    """400 rows: two numbers, a category and two classes that the numbers explain in part."""
    lines = [HEADER.decode()]
    for row in range(400):
        age, income = 20 + row * 7 % 50, round(1000 + row * 37 % 911 + row / 1000, 3)
        lines.append(f"{age},{income},{('Bonn', 'Kiel', 'Ulm')[row % 3]},{('no', 'yes')[(row * 31 % 17) > 8]}")
    return ("\n".join(lines) + "\n").encode()


def line(number: int, text: str | bytes) -> Break:
    """Puts `text` in place of a line, counted from 1."""
    new = text if isinstance(text, bytes) else text.encode()

    def act(data: bytes) -> bytes:
        lines = data.split(b"\n")
        lines[number - 1] = new
        return b"\n".join(lines)

    return act


def cell(number: int, column: int, text: str) -> Break:
    """Puts `text` in place of one cell."""

    def act(data: bytes) -> bytes:
        cells = data.split(b"\n")[number - 1].split(b",")
        cells[column] = text.encode()
        return line(number, b",".join(cells))(data)

    return act


def column(at: int, make: Callable[[int], str]) -> Break:
    """Puts other cells into a whole column."""

    def act(data: bytes) -> bytes:
        rows = [text.split(b",") for text in data.strip().split(b"\n")]
        for number, row in enumerate(rows[1:]):
            row[at] = make(number).encode()
        return b"\n".join(b",".join(row) for row in rows) + b"\n"

    return act


FAULTS: dict[str, tuple[Break, str, int | None, str]] = {
    # name: (fault, code, line, what the message must say)
    "empty file": (lambda data: b"", "DATA-CSV-EMPTY", None, "empty"),
    "blanks only": (lambda data: b" \n\n \n", "DATA-CSV-EMPTY", None, "empty"),
    "byte order mark only": (lambda data: b"\xef\xbb\xbf", "DATA-CSV-EMPTY", 1, "no header"),
    "header only": (lambda data: HEADER + b"\n", "DATA-CSV-EMPTY", 1, "no rows"),
    "header twice the name": (line(1, "age,age,city,left"), "DATA-CSV-HEADER", 1, '"age" is in the header twice'),
    "header twice after blanks": (line(1, "age, age ,city,left"), "DATA-CSV-HEADER", 1, '"age"'),
    "empty name": (line(1, "age,,city,left"), "DATA-CSV-HEADER", 1, "column 2"),
    "last name empty": (line(1, "age,income,city,left,"), "DATA-CSV-HEADER", 1, "column 5"),
    "no header": (lambda data: data.split(b"\n", 1)[1], "DATA-COLUMN", None, '"left"'),
    "target renamed": (line(1, "age,income,city,leaves"), "DATA-COLUMN", None, '"left"'),
    "too many columns": (
        lambda data: b",".join(b"c%d" % at for at in range(100_001)) + b"\n",
        "DATA-CSV-COLUMNS",
        1,
        "100001",
    ),
    "escape sequence in a name": (line(1, "age,\x1b[31mred,city,left"), "DATA-CSV-HEADER", 1, r"\x1b[31mred"),
    "short row": (line(7, "30,1000,Bonn"), "DATA-CSV-RAGGED", 7, "3 cells where the header has 4"),
    "row of one cell": (line(7, "30"), "DATA-CSV-RAGGED", 7, "1 cells"),
    "long row": (line(9, "30,1000,Bonn,no,5"), "DATA-CSV-RAGGED", 9, '"5"'),
    "delimiter in a cell": (line(9, "30,1,000,Bonn,no"), "DATA-CSV-RAGGED", 9, "5 cells"),
    "another delimiter half way": (line(50, "30;1000;Bonn;no"), "DATA-CSV-RAGGED", 50, "1 cells"),
    "cut off": (lambda data: data[: data.rindex(b",")], "DATA-CSV-RAGGED", 401, "3 cells"),
    "quote never closed": (line(12, '30,1000,"Bonn,no'), "DATA-CSV-QUOTE", 12, "never closed"),
    "quote closed by a later row": (
        lambda data: line(30, '30,1,"Ulm",no')(line(12, '3,1,"Bonn,no')(data)),
        "DATA-CSV-QUOTE",
        12,
        "quot",
    ),
    "text after a quote": (line(12, '30,1000,"Bonn"x,no'), "DATA-CSV-QUOTE", 12, "closing quote"),
    "row after a cell of two lines": (
        lambda data: line(9, "1,2")(line(6, '30,1,"Bonn\nam Rhein",no')(data)),
        "DATA-CSV-RAGGED",
        9,
        "2 cells",
    ),
    "cell of 2 MiB": (cell(20, 2, "x" * 2**21), "DATA-CSV-LONG", 20, "1 MiB"),
    "NUL": (cell(15, 2, "Bo\0nn"), "DATA-CSV-NUL", 15, "NUL byte at offset"),
    "Latin-1": (line(11, "30,1000,Köln,no".encode("latin-1")), "DATA-CSV-ENCODING", 11, "Windows-1252"),
    "cut inside a character": (line(11, b"30,1000,K\xc3,no"), "DATA-CSV-ENCODING", 11, "0xc3"),
    "UTF-16 without a mark": (lambda data: data.decode().encode("utf-16-le"), "DATA-CSV-NUL", 1, "NUL byte"),
    "broken UTF-16": (
        lambda data: b"\xff\xfe" + data.decode().encode("utf-16-le") + b"\x00",
        "DATA-CSV-ENCODING",
        402,
        "broken UTF-16",
    ),
    "UTF-32": (lambda data: data.decode().encode("utf-32"), "DATA-CSV-ENCODING", 1, "UTF-32"),
    "a zip archive": (lambda data: b"PK\x03\x04" + data, "DATA-FILE", None, "zip"),
    "a gzip file": (lambda data: b"\x1f\x8b" + data, "DATA-FILE", None, "gzip"),
    "a picture": (lambda data: b"\x89PNG\r\n" + data, "DATA-FILE", None, "image"),
    "word among numbers": (cell(101, 0, "abc"), "DATA-CSV-TYPE", 101, 'column "age": "abc" is not a number'),
    "decimal comma": (cell(101, 1, '"1000,5"'), "DATA-CSV-TYPE", 101, '"1000,5" is not a number'),
    "thousands": (cell(102, 0, "1_000"), "DATA-CSV-TYPE", 102, '"1_000" is not a number'),
    "infinite": (cell(103, 1, "inf"), "DATA-CSV-TYPE", 103, 'column "income": "inf"'),
    "minus infinite": (cell(103, 1, "-Infinity"), "DATA-CSV-TYPE", 103, "Infinity"),
    "too large": (cell(104, 1, "1e400"), "DATA-CSV-TYPE", 104, "1e400"),
    "Arabic digits": (cell(105, 0, "٣٤"), "DATA-CSV-TYPE", 105, 'column "age"'),
    "hexadecimal": (cell(106, 0, "0x1f"), "DATA-CSV-TYPE", 106, "0x1f"),
    "per cent": (cell(107, 0, "12%"), "DATA-CSV-TYPE", 107, "12%"),
    "units": (cell(108, 0, "30 years"), "DATA-CSV-TYPE", 108, "30 years"),
    "plus sign": (cell(108, 0, "+30"), "DATA-CSV-TYPE", 108, "+30"),
    "date among numbers": (cell(109, 0, "2024-01-01"), "DATA-CSV-TYPE", 109, "2024-01-01"),
    "escape sequence": (cell(110, 0, "\x1b[31mred"), "DATA-CSV-TYPE", 110, r"\x1b[31mred"),
    "every tenth no number": (
        column(0, lambda row: "x" if row % 10 == 0 else str(row)),
        "DATA-CSV-TYPE",
        2,
        "90% of its cells",
    ),
    "decimal commas throughout": (
        lambda data: data.replace(b",", b";").replace(b".", b","),
        "DATA-CSV-TYPE",
        2,
        'column "income"',
    ),
    "thirteenth month": (
        column(2, lambda row: "2024-13-01" if row == 60 else f"2024-05-{1 + row % 28:02d}"),
        "DATA-CSV-TYPE",
        62,
        "2024-13-01",
    ),
    "blank target": (cell(33, 3, ""), "DATA-TARGET-BLANK", 33, 'column "left": the target is blank'),
    "target NA": (cell(33, 3, "NA"), "DATA-TARGET-BLANK", 33, 'column "left"'),
    "target empty throughout": (column(3, lambda row: ""), "DATA-TARGET-BLANK", 2, "empty in every row"),
    "one class": (column(3, lambda row: "no"), "DATA-TARGET-CONSTANT", None, '"no" in every row'),
    "constant value": (column(3, lambda row: "3.5"), "DATA-TARGET-CONSTANT", None, "3.5"),
    "target names the rows": (column(3, lambda row: f"person-{row}"), "DATA-TARGET", None, "400 different values"),
    "target of dates": (column(3, lambda row: f"2024-05-{1 + row % 28:02d}"), "DATA-TARGET", None, "dates"),
    "target almost numbers": (column(3, lambda row: "?!" if row == 5 else str(row / 7)), "DATA-CSV-TYPE", 7, "?!"),
    "no input left": (
        lambda data: b"left\n" + b"\n".join([b"yes", b"no"] * 50),
        "DATA-NO-INPUT",
        None,
        "no column is left",
    ),
    "only texts": (
        lambda data: (
            b"note,left\n"
            + b"\n".join(b"the word number %d is long,%s" % (at, b"no" if at % 3 else b"yes") for at in range(60))
        ),
        "DATA-NO-INPUT",
        None,
        "note",
    ),
}

JSON_FAULTS: dict[str, tuple[str, str]] = {
    "no JSON": ("{age: 3}", "is not JSON"),
    "cut off": ('{"age": 3', "is not JSON"),
    "two objects": ('{"age": 3} {"age": 4}', "is not JSON"),
    "a list": ("[1, 2]", "one object"),
    "a number": ("3", "one object"),
    "NaN": ('{"age": NaN, "left": "no"}', "NaN is not JSON"),
    "Infinity": ('{"age": -Infinity, "left": "no"}', "Infinity"),
    "key twice": ('{"age": 1, "age": 2, "left": "no"}', 'key "age" is there twice'),
    "nested": ('{"age": {"years": 3}, "left": "no"}', 'column "age"'),
    "list in a cell": ('{"age": [3], "left": "no"}', 'column "age"'),
    "half a surrogate": ('{"age": 3, "left": "\\ud800"}', "surrogate"),
    "NUL": ('{"age": 3, "left": "a\\u0000"}', "NUL"),
    "too deep": ('{"age": ' + "[" * 5000 + "]" * 5000 + "}", "nests deeper"),
    "single quotes": ("{'age': 3}", "is not JSON"),
    "comma at the end": ('{"age": 3,}', "is not JSON"),
    "word for a number": ('{"age": "old", "left": "no"}', '"old" is not a number'),
}


def refused(table: Table) -> DataError:
    with pytest.raises(DataError) as caught:
        table.inspect(table.read())
    assert caught.value.exit_code == 2
    text = caught.value.lines()
    assert "\n" not in str(caught.value) and "\x1b" not in text and len(str(caught.value)) < 600
    return caught.value


def test_the_good_table_is_taken(tmp_path: Path) -> None:
    path = tmp_path / "good.csv"
    path.write_bytes(good())
    table = Table(path=str(path), target="left")
    signature = table.inspect(table.read())
    assert signature.rows == 400
    assert [column.type for column in signature.columns] == ["number", "number", "category", "boolean"]


@pytest.mark.parametrize("name", FAULTS)
def test_one_fault_is_named_with_its_place(name: str, tmp_path: Path) -> None:
    act, code, at, says = FAULTS[name]
    path = tmp_path / "people.csv"
    path.write_bytes(act(good()))
    error = refused(Table(path=str(path), target="left"))
    assert error.code == code
    assert error.place.file == str(path)
    assert error.place.line == at
    assert says in error.message


@pytest.mark.parametrize("name", JSON_FAULTS)
def test_one_bad_json_line_is_named(name: str, tmp_path: Path) -> None:
    bad, says = JSON_FAULTS[name]
    lines = [f'{{"age": {20 + row % 40}, "left": "{("no", "yes")[row % 3 == 0]}"}}' for row in range(300)]
    lines[17] = bad
    path = tmp_path / "people.jsonl"
    path.write_text("\n".join(lines), encoding="utf-8")
    error = refused(Table(path=str(path), target="left"))
    assert (error.place.file, error.place.line) == (str(path), 18)
    assert says in error.message


@pytest.mark.parametrize("name", ["cut off", "flipped", "no Parquet"])
def test_a_damaged_parquet_file_is_refused(name: str, tmp_path: Path) -> None:
    path = tmp_path / "people.parquet"
    pl.DataFrame({"age": list(range(300)), "left": ["no", "yes"] * 150}).write_parquet(path)
    data = path.read_bytes()
    broken = {"cut off": data[:-20], "flipped": data[:-9] + b"\xff" * 5 + data[-4:], "no Parquet": b"age,left\n1,no"}
    path.write_bytes(broken[name])
    assert str(path) in str(refused(Table(path=str(path), target="left")))


def test_a_list_column_of_parquet_is_named(tmp_path: Path) -> None:
    path = tmp_path / "people.parquet"
    pl.DataFrame({"age": [[1, 2]] * 30, "left": ["no", "yes"] * 15}).write_parquet(path)
    assert '"age"' in refused(Table(path=str(path), target="left")).message


def test_paths_that_are_no_file(tmp_path: Path) -> None:
    (tmp_path / "people.csv").write_bytes(good())
    missing = refused(Table(path=str(tmp_path / "poeple.csv"), target="left"))
    assert missing.hint is not None and "people.csv" in missing.hint
    assert "not a file" in refused(Table(path=str(tmp_path), target="left")).message
    assert refused(Table(path="tytanic", target="left")).hint == "did you mean 'titanic'?"


def test_no_target_lists_the_columns(tmp_path: Path) -> None:
    (tmp_path / "people.csv").write_bytes(good())
    error = refused(Table(path=str(tmp_path / "people.csv")))
    assert '"age", "income", "city", "left"' in error.message and error.hint == "for example data.target: left"


def test_further_bad_rows_are_counted(tmp_path: Path) -> None:
    path = tmp_path / "people.csv"
    path.write_bytes(cell(300, 0, "x")(cell(101, 0, '"12;5"'.replace(";", "."))(cell(100, 0, "12;5")(good()))))
    assert "1 more row" in refused(Table(path=str(path), target="left")).message


def test_a_decimal_comma_is_recognised(tmp_path: Path) -> None:
    path = tmp_path / "people.csv"
    data = good().replace(b",", b";").replace(b".", b",")
    path.write_bytes(data)
    error = refused(Table(path=str(path), target="left"))
    assert error.hint == 'decimal comma? set data.decimal: ","'
    table = Table(path=str(path), target="left", decimal=",")
    assert table.inspect(table.read()).columns[1].type == "number"


def test_bad_rows_are_skipped_counted_and_limited(tmp_path: Path) -> None:
    path = tmp_path / "people.csv"
    path.write_bytes(cell(33, 3, "")(cell(101, 0, "abc")(line(7, "30,1000,Bonn")(good()))))
    table = Table(path=str(path), target="left", on_bad_row=SkipBadRows(skip=0.01))
    raw = table.read()
    assert raw.rows == 397 and len(raw.skipped) == 3
    assert {place.rsplit(":", 1)[1] for place in raw.skipped} == {"7", "33", "101"}
    finding = next(found for found in table.inspect(raw).findings if found.check == "bad-rows")
    assert finding.evidence["rows"] == 3
    strict = table.replace(on_bad_row=SkipBadRows(skip=0.001))
    assert "3 of 400 rows cannot be used" in refused(strict).message
