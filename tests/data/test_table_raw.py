"""Row hashes, fingerprints and places of a table as read."""

from __future__ import annotations

from pellucid.data.delimited import read_delimited
from pellucid.data.frames import from_memory
from pellucid.data.table_raw import join


def test_hashes_do_not_depend_on_the_order_of_columns() -> None:
    one, other = from_memory({"a": ["1", "2"], "b": ["x", None]}), from_memory({"b": ["x", None], "a": ["1", "2"]})
    assert one.hashes().tolist() == other.hashes().tolist()
    assert one.fingerprint != other.fingerprint
    assert one.hashes()[0] != one.hashes()[1]


def test_a_hash_is_the_same_for_ever() -> None:
    # Pinned: splits of every stored run depend on it.
    assert from_memory({"a": ["1"], "b": ["x"]}).hashes().tolist() == [6343199631984200525]


def test_joined_files_keep_their_places() -> None:
    one, other = read_delimited(b"a,b\n1,2\n3,4\n", "one.csv"), read_delimited(b"b,a\n6,5\n", "other.csv")
    raw = join([one, other])
    assert raw.frame.rows() == [("1", "2"), ("3", "4"), ("5", "6")]
    assert [str(raw.place(row)) for row in range(3)] == ["one.csv:2", "one.csv:3", "other.csv:2"]


def test_cells_of_one_row() -> None:
    assert from_memory({"a": [1, 2], "b": [None, "x"]}).cells(0) == {"a": "1"}
