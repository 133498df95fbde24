"""Stamps, steps and the calendar."""

from __future__ import annotations

import numpy as np
import pytest

from pellucid.data.frames import from_memory
from pellucid.data.series_time import DAY, Step, calendar, cycles, find_step, offset, read_stamps
from pellucid.errors import DataError


def stamps(*cells: object):
    return read_stamps(from_memory({"t": list(cells)}), "t")


@pytest.mark.parametrize(
    ("cells", "step", "following"),
    [
        (("2024-01-30", "2024-01-31", "2024-02-01"), "1 day", ["2024-02-02", "2024-02-03"]),
        (("2024-01-31", "2024-02-29", "2024-03-31"), "1 month", ["2024-04-30", "2024-05-31"]),
        (("2023-12-15", "2024-01-15", "2024-02-15"), "1 month", ["2024-03-15", "2024-04-15"]),
        (("2024-01", "2024-02", "2024-03"), "1 month", ["2024-04", "2024-05"]),
        (("2023-Q3", "2023-Q4", "2024-Q1"), "3 months", ["2024-Q2", "2024-Q3"]),
        (("2022", "2023", "2024"), "1 year", ["2025", "2026"]),
        (("2024-01-01 23:00", "2024-01-01 23:30"), "30 minutes", ["2024-01-02 00:00", "2024-01-02 00:30"]),
        (("2024-01-01T23:00:00Z", "2024-01-02T00:00:00Z"), "1 hour", [f"2024-01-02 0{at}:00+00:00" for at in (1, 2)]),
        (("1700000000", "1700000060"), "1 minute", ["1700000120", "1700000180"]),
        (("1700000000000", "1700000000500"), "0.5 seconds", ["1700000001000", "1700000001500"]),
        (("1", "2", "3"), "1", ["4", "5"]),
        (("0.1", "0.2", "0.3"), "0.1", ["0.4", "0.5"]),
        (tuple(f"2024-01-{day:02}" for day in (4, 5, 8, 9, 10, 11, 12)), "1 weekday", ["2024-01-15", "2024-01-16"]),
    ],
)
def test_every_way_to_write_time_goes_on(cells: tuple[str, ...], step: str, following: list[str]) -> None:
    read = stamps(*cells)
    assert read.text(read.second_N) == [cell.replace("T", " ").replace(":00Z", "+00:00") for cell in cells]
    found = find_step([read.second_N], read.written)
    assert str(found) == step
    assert found is not None and read.text(found.after(float(read.second_N[-1]), 2)) == following
    apart = np.diff(found.places(read.second_N))
    assert np.allclose(apart, 1, atol=1e-6)


def test_a_leap_year_and_the_ends_of_months_are_kept() -> None:
    step = Step(1, "month", last_day=True)
    assert [int(day) for day in step.after(28 * DAY + 30 * DAY, 3) / DAY] == [89, 119, 150]  # from 28 February 1970
    assert str(Step(12, "month")) == "1 year" and str(Step(6 * 3600, "second")) == "6 hours"
    plain = Step(1, "month")
    assert int(plain.after(30 * DAY, 1)[0] / DAY) == 58  # the 31st of January 1970 is followed by the 28th of February


def test_clocks_that_change_lose_and_repeat_no_hour() -> None:
    read = stamps("2024-03-31T01:00+01:00", "2024-03-31T03:00+02:00", "2024-03-31T04:00+02:00")
    assert read.zone == "+01:00" and np.diff(read.second_N).tolist() == [3600.0, 3600.0]
    assert read.text(read.second_N)[1] == "2024-03-31 02:00+01:00"
    moved = read.at("+00:00")
    assert moved.text(moved.second_N)[0] == "2024-03-31 00:00+00:00" and read.at("") is read
    assert offset("-03:30") == -12600


@pytest.mark.parametrize(
    ("cells", "message"),
    [
        (("2024-01-01", "yesterday", "2024-01-03"), 'row 2: column "t": "yesterday" is not a date'),
        (("2024-01-01", None, "2024-01-03"), 'row 2: column "t": the stamp is blank'),
        (("2024-01", "2024-13", "2024-02"), '"2024-13" is not a month'),
        (("2024-01-01", "2024-02-30", "2024-01-03"), '"2024-02-30" is not a date'),
        (("1", "2", "x"), 'row 3: column "t": "x" is not a number'),
        (("2001", "2002", "x"), 'row 3: column "t": "x" is not a year (2024)'),
        (("Mon", "Tue", "Wed"), '"Mon" is not a date, moment, month, quarter, year or number; 2 more rows'),
        (("30/01/2024", "31/02/2024"), '"31/02/2024" is not a date written day first (31/12/2024), as the others are'),
        (("01/02/2024", "07/05/2024", "08/05/2024"), '"01/02/2024" may be day first or month first'),
        (("2024-01-01 10:00Z", "2024-01-01 11:00"), "names no time zone and those before do"),
        (("2024-01-01 10:00", "2024-01-01 11:00Z"), "names a time zone and those before do not"),
        (("2024-01-01 10:00+01:00", "2024-01-01 11:00+05:00"), "is at +05:00 from UTC and the first at +01:00"),
    ],
)
def test_a_stamp_that_cannot_be_read_is_named(cells: tuple[object, ...], message: str) -> None:
    with pytest.raises(DataError) as fault:
        stamps(*cells)
    assert fault.value.code == "DATA-TIME" and message in str(fault.value)


def test_the_usual_step_is_that_of_most_rows() -> None:
    read = stamps("2024-01-01", "2024-01-02", "2024-01-03", "2024-01-06", "2024-01-07")
    found = find_step([read.second_N], read.written)
    assert str(found) == "1 day" and found is not None
    assert np.diff(found.places(read.second_N)).tolist() == [1, 1, 3, 1]
    assert find_step([read.second_N[:1]], read.written) is None


def test_the_calendar_names_what_varies() -> None:
    hour, day, month = Step(3600, "second"), Step(DAY, "second"), Step(1, "month")
    assert cycles(hour, 3 * DAY) == (True, False, False)
    assert cycles(hour, 400 * DAY) == (True, True, True)
    assert cycles(day, 100 * DAY) == (False, True, False)
    assert cycles(month, 4000 * DAY) == (False, False, True)
    assert cycles(Step(1, "number"), 1e9) == cycles(None, 1e9) == (False, False, False)
    second_N = np.array([0.0, 6 * 3600.0])
    wave = calendar(second_N, (True, False, False))
    assert np.allclose(wave, [[0, 1], [1, 0]], atol=1e-12)
    assert calendar(second_N, (True, True, True)).shape == (2, 6)
    assert calendar(second_N, (False, False, False)).shape == (2, 0)


@pytest.mark.parametrize(
    ("cells", "rule", "read"),
    [
        (("30/01/2024", "31/01/2024", "01/02/2024"), "day first (31/12/2024): a number above 12", "2024-02-01"),
        (("1/30/2024 1:30 PM", "1/31/2024 1:30 PM"), "month first (12/31/2024): a number above 12", "2024-01-31 13:30"),
        (("2024/1/30", "2024/1/31"), "year first (2024/12/31): the year stands first", "2024-01-31"),
        (("20240130", "20240131"), "year first (2024/12/31): the year stands first", "2024-01-31"),
        (("2024-1-30", "2024-1-31", "2024-10-10"), "year first", "2024-10-10"),
        (("01/01/2024", "01/02/2024", "01/03/2024", "01/01/2025"), "", ""),
        (
            ("01/11/2024", "01/12/2024", "01/01/2025"),
            "day first (31/12/2024): only so the rows come in even",
            "2025-01-01",
        ),
    ],
)
def test_other_dates_are_read_by_a_rule_that_is_said(cells: tuple[str, ...], rule: str, read: str) -> None:
    if not rule:
        with pytest.raises(DataError, match="no row says which"):
            stamps(*cells)
        return
    found = stamps(*cells)
    assert found.rule.startswith(rule) and found.text(found.second_N)[-1] == read


def test_the_step_that_a_model_knows_tells_days_from_months() -> None:
    few = from_memory({"t": ["03/02/2024", "04/02/2024", "05/02/2024"]})
    with pytest.raises(DataError, match="no row says which"):
        read_stamps(few, "t")
    for step, last in (("1 day", "2024-02-05"), ("1 month", "2024-05-02")):
        found = read_stamps(few, "t", step)
        assert found.text(found.second_N)[-1] == last and found.rule.endswith(f"only so rows are {step} apart")
    assert stamps("2024-01-30", "2024-01-31").rule == ""
