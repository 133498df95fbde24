from __future__ import annotations

import struct
import zlib
from pathlib import Path

import pytest

from pellucid.data.sword import plain, read_verses


def module(folder: Path, **testaments: list[list[str]]) -> Path:
    """Writes both testaments: of each the entries of its books, a block a book."""
    folder.mkdir(parents=True, exist_ok=True)
    for testament, books in testaments.items():
        blocks, entries, packed = b"", struct.pack("<IIH", 0, 0, 0), b""
        for number, book in enumerate(books):
            data = b""
            for entry in book:
                text = entry.encode()
                entries += struct.pack("<IIH", number, len(data), len(text))
                data += text
            block = zlib.compress(data)
            blocks += struct.pack("<III", len(packed), len(block), len(data))
            packed += block
        for end, content in (("bzs", blocks), ("bzv", entries), ("bzz", packed)):
            (folder / f"{testament}.{end}").write_bytes(content)
    return folder


def book(name: str, chapters: list[list[str]]) -> list[str]:
    """The entries of a book."""
    made = [f'<div osisID="{name}" type="book"/>']
    for number, verses in enumerate(chapters, 1):
        made += [f'<chapter n="{number}" osisID="{name}.{number}" sID="{name}.{number}"/>', *verses]
    return made


def test_verses_are_found_by_chapter_and_number(tmp_path: Path):
    old = [book("Gen", [["one", "two"], ["three"]]), book("Exod", [["four"]])]
    new = [book("Matt", [["five", "", "seven"]])]
    assert read_verses(module(tmp_path, ot=old, nt=new)) == {
        ("Gen.1", 1): "one",
        ("Gen.1", 2): "two",
        ("Gen.2", 1): "three",
        ("Exod.1", 1): "four",
        ("Matt.1", 1): "five",
        ("Matt.1", 3): "seven",
    }


def test_markup_is_taken_off():
    text = (
        'In <w lemma="strong:H1">the</w> <title>Heading</title>beginning<note placement="foot">a <b>note</b></note>, '
    )
    assert plain(text + "&quot;God&quot;<note>x</note>created") == 'In the beginning, "God" created'


def test_damaged_files_are_refused(tmp_path: Path):
    folder = module(tmp_path, ot=[book("Gen", [["one"]])], nt=[book("Matt", [["two"]])])
    good = (folder / "nt.bzz").read_bytes()
    for name, data in (("nt.bzz", good[:-4]), ("nt.bzs", b""), ("nt.bzv", b"123"), ("nt.bzs", b"12345")):
        before = (folder / name).read_bytes()
        (folder / name).write_bytes(data)
        with pytest.raises(ValueError):
            read_verses(folder)
        (folder / name).write_bytes(before)
    assert len(read_verses(folder)) == 2
