from __future__ import annotations

import struct

import numpy as np
import pytest

from pellucid.data.frozen_frames import read_frame


def text(value: str) -> bytes:
    data = value.encode()
    return (
        b"\x8c" + bytes([len(data)]) + data + b"\x94" if len(data) < 256 else b"X" + struct.pack("<I", len(data)) + data
    )


def name(module: str, word: str) -> bytes:
    return text(module) + text(word) + b"\x93\x94"


def number(value: int) -> bytes:
    return b"K" + bytes([value]) if value < 256 else b"J" + struct.pack("<i", value)


def many(*items: bytes) -> bytes:
    return b"(" + b"".join(items) + b"t\x94"


def texts(rows: list[list[str]]) -> bytes:
    """An array of objects, in rows."""
    made = (
        name("numpy.core.multiarray", "_reconstruct")
        + many(name("numpy", "ndarray"), many(number(0)), b"C\x01b")
        + b"R"
    )
    shape = many(number(len(rows)), number(len(rows[0])))
    cells = b"](" + b"".join(text(cell) for row in rows for cell in row) + b"e"
    return made + many(number(1), shape, text("O8"), b"\x89", cells) + b"b"


def numbers(values: np.ndarray) -> bytes:
    """An array that lies in a buffer."""
    kind = (
        name("numpy", "dtype")
        + many(text(values.dtype.str[1:]), b"\x89", b"\x88")
        + b"R"
        + many(number(3), text("<"))
        + b"b"
    )
    data = b"\x96" + struct.pack("<Q", values.nbytes) + values.tobytes()
    shape = many(*map(number, values.shape))
    return name("numpy.core.numeric", "_frombuffer") + many(data, kind, shape, text("C")) + b"R"


def frozen(blocks: list[tuple[bytes, tuple[int, int, int]]], columns: list[str]) -> bytes:
    """A frame as pandas would freeze it: blocks of columns of one type each, and the names of all."""
    made = []
    for values, place in blocks:
        where = name("builtins", "slice") + many(*map(number, place)) + b"R"
        made.append(name("pandas._libs.internals", "_unpickle_block") + many(values, where, number(2)) + b"R")
    index = name("numpy.core.multiarray", "_reconstruct") + many(number(0)) + b"R"
    index += (
        many(number(1), many(number(len(columns))), text("O8"), b"\x89", b"](" + b"".join(map(text, columns)) + b"e")
        + b"b"
    )
    axis = name("pandas", "_new_Index") + many(name("pandas", "Index"), b"}" + text("data") + index + b"s") + b"R"
    manager = name("pandas", "BlockManager") + many(many(*made), b"](" + axis + b"e") + b"R"
    state = b"}(" + text("_mgr") + manager + b"u"
    return b"\x80\x05" + name("pandas.core.frame", "DataFrame") + b")\x81" + state + b"b."


def test_texts_and_numbers_come_back_under_their_names():
    values = np.arange(6, dtype=np.float64).reshape(2, 3) / 4
    blocks = [(numbers(values), (1, 4, 2)), (texts([["a", "b", "c"], ["x" * 300, "", "ß"]]), (0, 3, 2))]
    frame = read_frame(frozen(blocks, ["text", "first", "more", "second"]))
    assert list(frame) == ["text", "first", "more", "second"]
    assert frame["text"] == ["a", "b", "c"] and frame["more"] == ["x" * 300, "", "ß"]
    assert np.array_equal(frame["first"], values[0]) and np.array_equal(frame["second"], values[1])


def test_nothing_in_the_file_is_called():
    harmful = b"\x80\x05" + name("os", "system") + many(text("touch harmed")) + b"R."
    with pytest.raises(ValueError, match="no frame"):
        read_frame(harmful)


GOOD = frozen([(texts([["a"]]), (0, 1, 1))], ["text"])


@pytest.mark.parametrize(
    "data", [b"", b"\x80\x05.", b"N.", GOOD[:-1], GOOD[: len(GOOD) // 2], b"\x80\x05c" + GOOD, b"t."]
)
def test_a_damaged_file_is_refused(data: bytes):
    with pytest.raises(ValueError):
        read_frame(data)
    assert read_frame(GOOD) == {"text": ["a"]}
