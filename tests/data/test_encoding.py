"""Bytes to text: marks are taken, guesses are only told."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from pellucid.data.encoding import Before, decode, decode_part, read_bytes
from pellucid.errors import DataError


@pytest.mark.parametrize("name", ["utf-8", "utf-8-sig", "utf-16"])
def test_text_with_or_without_a_mark(name: str) -> None:
    assert decode("größe\n1\n".encode(name), "a.csv") == "größe\n1\n"


def test_the_offset_and_the_line_are_told() -> None:
    with pytest.raises(DataError) as caught:
        decode(b"a\nb\nK\xf6ln\n", "a.csv")
    assert caught.value.place.line == 3
    assert "offset 5" in caught.value.message and '"a b Köln"' in caught.value.message


def test_a_pipe_is_no_table(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.csv")
    with pytest.raises(DataError, match="not a file"):
        read_bytes(str(tmp_path / "pipe.csv"))


def test_a_nul_in_a_path_is_a_data_error() -> None:
    with pytest.raises(DataError):
        read_bytes("a\0b.csv")


def test_offsets_count_from_the_first_byte_of_the_file() -> None:
    with pytest.raises(DataError, match="offset 5 "):
        decode(b"\xef\xbb\xbfa\n\xff", "a.txt")
    with pytest.raises(DataError, match="broken UTF-16 at byte offset 4"):
        decode("a".encode("utf-16") + b"\x00\xdc", "a.txt")


def test_a_part_of_a_file_ends_with_a_whole_character() -> None:
    assert decode_part("aé".encode()[:2], "a.txt", "utf-8", Before(), last=False) == ("a", 1)
    assert decode_part("😀".encode("utf-16-le")[:2], "a.txt", "utf-16-le", Before(), last=False) == ("", 0)
    for data, said in ((b"b\n\xff", "0xff at offset 102"), (b"b\nc\0", "NUL byte at offset 83")):
        with pytest.raises(DataError, match=said) as caught:
            decode_part(data, "a.txt", "utf-8", Before(100, 80, 7))
        assert caught.value.place.line == 9
