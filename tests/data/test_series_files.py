"""Files of whole series: .ts and JSON lines."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from pellucid.data.series_files import find_ts, read_lists, read_ts
from pellucid.errors import DataError

HEAD = "#a comment\n@problemName Toy\n@timeStamps false\n@classLabel true up down\n@data\n"


def written(folder: Path, text: str, name: str = "toy.ts") -> str:
    (folder / name).write_text(text, encoding="utf-8")
    return str(folder / name)


def test_dimensions_and_classes_are_read(tmp_path: Path) -> None:
    whole = read_ts(written(tmp_path, HEAD + "1,2,3:4,5,?:up\n\n1,2:3,4:down\n"), "label")
    assert [value_TD.shape for value_TD in whole.values] == [(3, 2), (2, 2)]
    assert whole.values[0][:2].tolist() == [[1, 4], [2, 5]] and np.isnan(whole.values[0][2, 1])
    assert whole.label is not None and whole.label["label"].to_list() == ["up", "down"]
    assert whole.line_S == (6, 8) and len(whole.fingerprint) == 64


def test_numbers_are_targets_and_labels_may_be_missing(tmp_path: Path) -> None:
    head = "@targetlabel true\n@data\n"
    whole = read_ts(written(tmp_path, head + "1,2:0.5\n1,2:?\n"), "y")
    assert whole.label is not None and whole.label["y"].to_list() == ["0.5", None]
    assert read_ts(written(tmp_path, "@classLabel false\n@data\n1,2\n3,4,5\n"), "y").label is None


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (HEAD + "1,2,x:up", ':6: value 3: "x" is not a number'),
        (HEAD + "1,2:3,1e400:up", ':6: value 2 of dimension 2: "1e400" is not a number'),
        (HEAD + "1,2:up\n1,2:left", ':7: the class "left" is none of @classLabel (up, down)'),
        (HEAD + "1,2:3:up", ":6: dimension 2 has 1 values, and the first one 2"),
        (HEAD + "1,2:up\n1,2:3,4:up", ":7: the series has 2 dimensions, and the first one 1"),
        (HEAD + "1,2", ":6: the line has values and no class behind the last ':'"),
        (HEAD, "the file has no series behind @data"),
        ("1,2,3:up", ":1: a line before @data begins with @ or #"),
        ("@timeStamps true\n@data\n(0,1):up", ":1: series with time stamps of their own"),
    ],
)
def test_a_line_that_is_no_series_is_named(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(DataError) as fault:
        read_ts(written(tmp_path, text), "label")
    assert message in str(fault.value)


def test_a_folder_has_a_file_that_trains_and_one_that_judges(tmp_path: Path) -> None:
    test, train = (Path(written(tmp_path, HEAD, f"Toy_{part}.ts")) for part in ("TEST", "TRAIN"))
    assert find_ts(tmp_path) == [train, test]
    test.unlink()
    assert find_ts(tmp_path) == [train]
    written(tmp_path, HEAD, "Other_TRAIN.ts")
    with pytest.raises(DataError, match=r"there is Other_TRAIN\.ts, Toy_TRAIN\.ts"):
        find_ts(tmp_path)


def test_lines_of_lists_are_series(tmp_path: Path) -> None:
    text = '{"values": [1, 2.5, null], "label": "a", "who": "x"}\n{"values": [[4], [5]], "label": true}\n'
    whole = read_lists(written(tmp_path, text, "toy.jsonl"), "label")
    assert [value_TD.shape for value_TD in whole.values] == [(3, 1), (2, 1)] and np.isnan(whole.values[0][2, 0])
    assert whole.label is not None and whole.label["label"].to_list() == ["a", "true"] and not whole.steps
    assert whole.cells["who"].tolist() == ["x", None]
    steps = read_lists(written(tmp_path, '{"values": [1, 2], "tag": ["a", null]}\n', "toy.jsonl"), "tag")
    assert steps.steps and steps.label is not None and steps.label["tag"].to_list() == ["a", None]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('{"values": [1, "x"]}', ':1: values[1]: "x" is not a number'),
        ('{"values": [[1, 2], [3, true]]}', ":1: values[1][1]:"),
        ('{"values": [[1, 2], [3]]}', ":1: values[1] has 1 numbers, and values[0] 2"),
        ('{"values": []}', ":1: the series is empty"),
        ('{"label": 1}', ':1: there is no list of numbers under "values"'),
        ('{"values": [1]}\n{"values": [1', ":2: is not JSON"),
        ('{"values": [1]}\n{"values": [[1, 2]]}', ":2: a step has 2 values here and 1 in the first line"),
        ('{"values": [1, 2], "label": ["a"]}', ':1: "label" has 1 entries for 2 steps'),
        ('{"values": [1], "label": "a"}\n{"values": [1], "label": ["a"]}', ':2: "label" is a list here'),
    ],
)
def test_a_line_that_is_no_list_is_named(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(DataError) as fault:
        read_lists(written(tmp_path, text + "\n", "toy.jsonl"), "label")
    assert message in str(fault.value)
