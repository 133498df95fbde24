"""Tables of series that cannot be used: each is refused with its line and column, and exit code 2."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from pellucid.data.source import Data
from pellucid.data.splitting import choose_split
from pellucid.errors import DataError
from pellucid.parts import concrete

VALUES = [f"{10 + np.sin(at):.4f}" for at in range(58)]


def text(changes: dict[int, str] | None = None, drop: tuple[int, ...] = (), head: str = "day,y") -> str:
    """A table of 58 days, with some lines changed and others left out."""
    days = [str(np.datetime64("2024-01-01") + at) for at in range(len(VALUES))]
    lines = [f"{day},{value}" for day, value in zip(days, VALUES, strict=True)]
    for at, line in (changes or {}).items():
        lines[at] = line
    return "\n".join([head, *(line for at, line in enumerate(lines) if at not in drop)]) + "\n"


CASES: list[tuple[str, str, dict[str, Any], str, str]] = [
    (
        "a stamp twice",
        text({5: "2024-01-05,1"}),
        {},
        "DATA-TIME",
        'a.csv:7: column "day": there are two rows for "2024-01-05", in lines 6 and 7',
    ),
    (
        "a stamp missing",
        text(drop=(7,)),
        {},
        "DATA-GAP",
        'a.csv:9: the stamp "2024-01-08" is missing after "2024-01-07"',
    ),
    (
        "stamps missing",
        text(drop=(7, 8, 20)),
        {},
        "DATA-GAP",
        'a.csv:9: the stamp "2024-01-08" is missing after "2024-01-07"; 2 more are',
    ),
    ("a blank cell", text({3: "2024-01-04,"}), {}, "DATA-GAP", 'a.csv:5: column "y": the cell is blank'),
    ("a blank stamp", text({3: ",5"}), {}, "DATA-TIME", 'a.csv:5: column "day": the stamp is blank'),
    ("no date", text({3: "4 January,5"}), {}, "DATA-TIME", 'a.csv:5: column "day": "4 January" is not a date'),
    ("no such day", text({3: "2024-01-32,5"}), {}, "DATA-TIME", 'a.csv:5: column "day": "2024-01-32" is not a date'),
    (
        "mixed zones",
        text({3: "2024-01-04T00:00Z,5"}),
        {},
        "DATA-TIME",
        'a.csv:5: column "day": the stamp "2024-01-04T00:00Z" names a time zone',
    ),
    (
        "off the grid",
        text({3: "2024-01-04 07:30,5"}),
        {},
        "DATA-TIME",
        'a.csv:5: the stamp "2024-01-04 07:30" is no whole number of steps after "2024-01-03 00:00"',
    ),
    ("no number", text({3: "2024-01-04,much"}), {}, "DATA-CSV-TYPE", 'a.csv:5: column "y": "much" is not a number'),
    (
        "an infinite number",
        text({3: "2024-01-04,inf"}),
        {},
        "DATA-CSV-TYPE",
        'a.csv:5: column "y": "inf" is not a number',
    ),
    (
        "a decimal comma",
        text({3: '2024-01-04,"1,5"'}),
        {},
        "DATA-CSV-TYPE",
        'a.csv:5: column "y": "1,5" is not a number',
    ),
    ("a short record", text({3: "2024-01-04"}), {}, "DATA-CSV-RAGGED", "a.csv:5: the row has 1 cells"),
    ("no rows", "day,y\n", {}, "DATA-CSV-EMPTY", "a.csv:1: the file has a header"),
    ("no target", text(), {"target": "z"}, "DATA-COLUMN", 'there is no column "z"'),
    ("no time", text(), {"time": "when"}, "DATA-COLUMN", 'there is no column "when"'),
    ("no series", text(), {"series": "shop"}, "DATA-COLUMN", 'there is no column "shop"'),
    ("no column known", text(), {"known": ["sun"]}, "DATA-COLUMN", 'there is no column "sun"'),
    ("words to forecast", text(), {"target": "day", "time": "y"}, "DATA-TARGET", 'the target column "day" holds words'),
    (
        "a horizon too long",
        text(),
        {"horizon": 58},
        "DATA-SERIES",
        "data.horizon: the horizon of 58 rows is longer than the series",
    ),
    (
        "a horizon longer than test",
        text(),
        {"horizon": 20},
        "DATA-SERIES",
        "data.horizon: the test part has 12 rows of a series: no horizon of 20 rows",
    ),
    (
        "a window too long",
        text(),
        {"window": 50},
        "DATA-SERIES",
        "data.window: window 50 and horizon 3 take 53 rows, and train has 42 of a series",
    ),
    (
        "a season too long",
        text(),
        {"season": 40},
        "DATA-SERIES",
        "data.window: season 40 and horizon 3 take 43 rows, and train has 42 of a series",
    ),
    (
        "a split by chance",
        text(),
        {"split": "hash"},
        "DATA-SPLIT",
        "data.split: the future would leak into training with hash",
    ),
    (
        "exact shares",
        text(),
        {"split": "stratified"},
        "DATA-SPLIT",
        "data.split: the future would leak into training with stratified",
    ),
    (
        "groups",
        text(),
        {"split": {"kind": "by_group", "column": "day"}},
        "DATA-SPLIT",
        "data.split: the future would leak",
    ),
    (
        "time of another column",
        text(),
        {"split": {"kind": "by_time", "column": "y"}},
        "DATA-SPLIT",
        'data.split: the split goes by "y"',
    ),
    ("nothing at all", "", {}, "DATA-CSV-EMPTY", "a.csv: the file is empty"),
    ("no text", "\x00\x00", {}, "DATA-CSV-NUL", "a.csv:1: a NUL byte at offset 0"),
    (
        "only blanks to forecast",
        "day,y\n2024-01-01,\n2024-01-02,\n",
        {},
        "DATA-TARGET-BLANK",
        'a.csv:2: the target "y" is blank in every row',
    ),
    ("one row", "day,y\n2024-01-01,1\n", {}, "DATA-SERIES", "every series has one row only"),
]


@pytest.mark.parametrize(
    ("content", "keys", "code", "message"), [case[1:] for case in CASES], ids=[case[0] for case in CASES]
)
def test_it_is_refused_by_its_place(
    tmp_path: Path, content: str, keys: dict[str, Any], code: str, message: str
) -> None:
    path = tmp_path / "a.csv"
    path.write_text(content, encoding="utf-8")
    data = concrete(Data, {"path": str(path), "target": "y", "horizon": 3, **keys})
    with pytest.raises(DataError) as fault:
        raw = data.read()
        signature = data.inspect(raw)
        data.load(raw, signature, data.split or choose_split(signature)[0], 0)
    assert fault.value.code == code and fault.value.exit_code == 2
    assert message in str(fault.value).replace(f"{tmp_path}/", "")


def test_the_table_itself_is_right(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text(text(), encoding="utf-8")
    data = concrete(Data, {"path": str(path), "target": "y", "horizon": 3})
    signature = data.inspect(data.read())
    assert data.load(data.read(), signature, choose_split(signature)[0], 0).share == {
        "train": 28,
        "valid": 2,
        "test": 10,
    }
