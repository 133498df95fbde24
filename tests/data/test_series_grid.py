"""Missing stamps and blank cells."""

from __future__ import annotations

import numpy as np
import pytest

from pellucid.data.frames import from_memory
from pellucid.data.series_gather import gather
from pellucid.data.series_grid import blanks, filled
from pellucid.data.series_raw import SeriesRaw
from pellucid.data.series_roles import Asked, Gaps
from pellucid.errors import DataError

NAN = float("nan")


def series(day: list[int], value: list[float | None], gaps: Gaps = "error", **more: list[object]) -> SeriesRaw:
    times = [f"2024-01-{number:02}" for number in day]
    return gather(from_memory({"day": times, "y": value, **more}), Asked(("y",), horizon=2, gaps=gaps))


def test_a_missing_stamp_is_named() -> None:
    with pytest.raises(DataError) as fault:
        series([1, 2, 3, 6], [1, 2, 3, 6])
    assert fault.value.code == "DATA-GAP"
    assert str(fault.value) == 'row 4: the stamp "2024-01-04" is missing after "2024-01-03"; 1 more are'


def test_a_blank_cell_is_named() -> None:
    with pytest.raises(DataError) as fault:
        series([1, 2, 3, 4], [1, None, None, 4])
    assert str(fault.value) == 'row 2: column "y": the cell is blank; 1 more are'
    assert fault.value.hint is not None and "data.gaps" in fault.value.hint


@pytest.mark.parametrize(("gaps", "expected"), [("interpolate", [1, 2, 3, 4, 5, 6]), ("forward", [1, 2, 3, 3, 3, 6])])
def test_holes_are_filled_by_the_stated_rule_and_counted(gaps: Gaps, expected: list[float]) -> None:
    raw = series([1, 2, 3, 5, 6], [1, 2, 3, None, 6], gaps)
    assert raw.count_S.tolist() == [6] and np.isnan(raw.value_NC[:, 0]).tolist() == [False] * 3 + [True, True, False]
    assert blanks(raw).sum() == 2
    assert {finding.check for finding in raw.findings} == {"stamps-missing", "gaps-filled"}
    assert filled(raw, gaps).value_NC[:, 0].tolist() == expected
    assert raw.stamp(3) == "2024-01-04"


def test_nothing_of_a_later_part_fills_an_earlier_one() -> None:
    raw = series([1, 2, 3, 4, 5, 6], [1, 2, None, 100, None, 7], "interpolate")
    part_N = np.array([0, 0, 0, 1, 1, 2], np.uint8)
    assert filled(raw, "interpolate", part_N).value_NC[:, 0].tolist() == [1, 2, 2, 100, 100, 7]


def test_what_cannot_be_filled_is_named() -> None:
    raw = series([1, 2, 3], [None, 2, 3], "forward")
    with pytest.raises(DataError, match='column "y" begins with a blank cell, and nothing to fill from'):
        filled(raw, "forward")
    raw = series([1, 2, 3], [1, 2, 3], "interpolate", x=[None, None, None])
    with pytest.raises(DataError, match='column "x" has no cell to fill from'):
        filled(raw, "interpolate")


@pytest.mark.parametrize(
    ("stamps", "message"),
    [
        (["2024-01-01", "2024-01-02", "2024-01-03", "2024-01-03 05:00"], 'row 4: the stamp "2024-01-03 05:00" is no'),
        (["1", "2", "3", "3.4"], 'the stamp "3.4" is no whole number of steps after "3": most rows are 1 apart'),
        (["1", "2", "3", "9999999"], "more stamps are missing than there are"),
    ],
)
def test_an_uneven_stamp_is_named(stamps: list[str], message: str) -> None:
    with pytest.raises(DataError) as fault:
        gather(from_memory({"time": stamps, "y": [1, 2, 3, 4]}), Asked(("y",), horizon=1, gaps="forward"))
    assert fault.value.code == "DATA-TIME" and message in str(fault.value)


def test_rows_without_a_target_at_the_end_are_still_to_come() -> None:
    raw = series([1, 2, 3, 4], [1, 2, None, None], x=[1, 2, 3, 4])
    assert raw.coming_S is not None and raw.coming_S.tolist() == [2] and raw.past_S.tolist() == [2]
    assert [finding.check for finding in raw.findings] == ["rows-to-come"]
    with pytest.raises(DataError, match='the target "y" is blank in every row'):
        series([1, 2], [None, None])


def test_a_single_row_has_no_step() -> None:
    with pytest.raises(DataError, match="every series has one row only"):
        series([1], [1])
