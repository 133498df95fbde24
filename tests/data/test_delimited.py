"""What CSV and TSV may look like; what they may not is in test_malformed_tables."""

from __future__ import annotations

import csv

import pytest

from pellucid.data.delimited import BadRecord, guess_delimiter, read_delimited


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_the_delimiter_comes_from_the_header(delimiter: str) -> None:
    raw = read_delimited(f"a{delimiter}b{delimiter}c\n1{delimiter}2{delimiter}3\n".encode(), "x.csv")
    assert raw.names == ["a", "b", "c"] and raw.frame.row(0) == ("1", "2", "3")


def test_delimiters_in_quotes_do_not_count() -> None:
    assert guess_delimiter('"a;b;c;d",e\n', "x.csv") == ","
    assert guess_delimiter("a,b,c\td\n", "x.tsv") == "\t"


def test_lines_are_those_where_a_record_starts() -> None:
    raw = read_delimited(b'a,b\n1,"x\ny"\n\n2,z\r\n"3","w"\n', "x.csv")
    assert raw.line_N.tolist() == [2, 5, 6]
    assert raw.frame["b"].to_list() == ["x\ny", "z", "w"]
    assert str(raw.place(1)) == "x.csv:5"


def test_quotes_twice_blanks_and_old_line_ends() -> None:
    raw = read_delimited(b'a , b\r "x ""y""" , 1 \r', "x.csv", delimiter=",")
    assert raw.names == ["a", "b"] and raw.frame["b"].to_list() == ["1"]


def test_rows_of_wrong_length_can_be_told_instead_of_raised() -> None:
    told: list[BadRecord] = []
    raw = read_delimited(b"a,b\n1,2\n3\n4,5,6\n7,8\n", "x.csv", refuse=told.append)
    assert raw.rows == 2 and [record.line for record in told] == [3, 4]


def test_the_limit_of_the_csv_module_is_put_back() -> None:
    before = csv.field_size_limit()
    read_delimited(b"a\n1\n", "x.csv")
    assert csv.field_size_limit() == before
