"""What is taken for series."""

from __future__ import annotations

from pathlib import Path

import pytest

from pellucid.data.series_guess import holds_lists, is_series
from pellucid.data.source import Data


def test_files_of_series_are_known_by_their_name_and_first_line(tmp_path: Path) -> None:
    (tmp_path / "a_TRAIN.ts").write_text("@data\n", encoding="utf-8")
    lists, flat = tmp_path / "a.jsonl", tmp_path / "b.jsonl"
    lists.write_text('{"label": 1, "values": [1, 2]}\n', encoding="utf-8")
    flat.write_text('{"values": 1}\n', encoding="utf-8")
    assert is_series(tmp_path) and is_series(tmp_path / "a_TRAIN.ts") and is_series(lists)
    assert holds_lists(lists) and not holds_lists(flat) and not is_series(flat) and not is_series(tmp_path / "a.csv")


@pytest.mark.row("F6")
@pytest.mark.parametrize(
    "key", [{"horizon": 3}, {"time": "day"}, {"season": 7}, {"gaps": "forward"}, {"series": "shop"}]
)
def test_a_table_is_series_by_what_only_series_have(tmp_path: Path, key: dict[str, object]) -> None:
    path = tmp_path / "a.csv"
    path.write_text("day,y\n2024-01-01,1\n2024-01-02,2\n", encoding="utf-8")
    assert Data.guess_kind({"path": str(path), **key}) == "series"
    assert Data.guess_kind({"path": str(path), "target": "y"}) == "table"
    assert Data.guess_kind({"path": str(tmp_path / "a.ts")}) == "series"
