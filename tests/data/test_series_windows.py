"""Parts in the order of time, seasons, and the windows that fit."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from pellucid.data.frames import from_memory
from pellucid.data.series_gather import gather
from pellucid.data.series_raw import SeriesRaw
from pellucid.data.series_roles import Asked
from pellucid.data.series_time import DAY, Stamps, Step
from pellucid.data.series_windows import find_season, origins, parts, plan
from pellucid.data.signature import Clock
from pellucid.data.split import Split
from pellucid.data.splitting import ByColumn, ByGroup, ByTime, Hash, Stratified
from pellucid.errors import DataError


def series(value: object, **more: object) -> SeriesRaw:
    return gather(
        from_memory({"y": list(np.asarray(value, float)), **more}),
        Asked(("y",), horizon=1, split="part" if "part" in more else None),
    )


def train(raw: SeriesRaw) -> np.ndarray:
    return np.zeros(len(raw.value_NC), np.uint8)


@pytest.mark.parametrize("split", [Hash(), Stratified(), ByGroup(column="y")])
def test_a_split_by_chance_lets_the_future_leak(split: Split) -> None:
    with pytest.raises(DataError) as fault:
        parts(series(range(50)), split, 0)
    assert fault.value.code == "DATA-SPLIT" and str(fault.value.place) == "data.split"
    assert "the future would leak into training" in str(fault.value)


def test_time_cuts_all_series_at_the_same_moments() -> None:
    table = from_memory({"t": [*range(10), *range(5, 15)], "s": ["a"] * 10 + ["b"] * 10, "y": [*range(20)]})
    raw = gather(table, Asked(("y",), "t", "s", horizon=1))
    part_N = parts(raw, ByTime(valid=0.2, test=0.2), 0)
    assert raw.stamps is not None
    when_N = raw.stamps.second_N
    assert (
        when_N[part_N == 0].max() < when_N[part_N == 1].min() <= when_N[part_N == 1].max() < when_N[part_N == 2].min()
    )
    assert (part_N == 2).sum() == 4 and set(part_N[:10]) == {0, 1}
    with pytest.raises(DataError, match='the split goes by "s", and the time of these series is "t"'):
        parts(raw, ByTime(column="s"), 0)


def test_a_column_of_parts_must_follow_time() -> None:
    told = ["train"] * 6 + ["valid"] * 2 + ["test"] * 2
    assert parts(series(range(10), part=told), ByColumn(column="part"), 0).tolist() == [0] * 6 + [1] * 2 + [2] * 2
    last = parts(series(range(10), part=["train"] * 8 + ["test"] * 2), ByColumn(column="part", valid=0.25), 0)
    assert last.tolist() == [0] * 6 + [1] * 2 + [2] * 2
    with pytest.raises(DataError, match='row "10" is in train, and valid begins before it'):
        parts(series(range(10), part=[*told[:9], "train"]), ByColumn(column="part"), 0)
    with pytest.raises(DataError, match='there is no column "gone" that says train, valid and test'):
        parts(series(range(10)), ByColumn(column="gone"), 0)


def test_the_season_of_the_calendar_is_confirmed() -> None:
    random = np.random.default_rng(0)
    at = np.arange(160)
    raw = series(np.sin(2 * np.pi * at / 12) + 0.05 * at + 0.3 * random.normal(size=160))
    raw = replace(raw, stamps=Stamps(at * DAY, "date"), step=Step(1, "month"))
    season, why = find_season(raw, train(raw))
    assert season == 12 and "rows are 1 month apart" in why
    assert find_season(replace(raw, step=Step(1, "number")), train(raw))[0] == 12
    assert find_season(replace(raw, step=Step(2 * 3600, "second")), train(raw))[0] == 12


def test_another_season_than_that_of_the_calendar_is_found() -> None:
    random = np.random.default_rng(0)
    raw = series(np.sin(2 * np.pi * np.arange(400) / 50) + 0.2 * random.normal(size=400))
    season, why = find_season(replace(raw, step=Step(1, "month")), train(raw))
    assert abs(season - 50) <= 2 and "clearest peak" in why


@pytest.mark.parametrize("value", [np.random.default_rng(0).normal(size=300), np.arange(300.0), np.ones(300)])
def test_what_does_not_repeat_has_no_season(value: np.ndarray) -> None:
    assert find_season(series(value), np.zeros(300, np.uint8))[0] == 1


def test_windows_are_planned_within_the_training_part() -> None:
    raw = series(np.arange(100.0))
    part_N = np.repeat(np.array([0, 1, 2], np.uint8), [70, 10, 20])
    assert plan(raw, part_N, (5, None, 8)).window == 16
    assert plan(raw, part_N, (10, None, 2)).window == 20
    assert plan(raw, part_N, (10, 30, 1)).window == 30
    planned = plan(raw, part_N, (None, None, 6))
    assert planned.horizon == 6
    assert plan(raw, part_N, (10, None, 45)).window == 40 and plan(raw, part_N, (10, None, 45)).season == 45


@pytest.mark.parametrize(
    ("told", "message"),
    [
        ((100, None, 1), "the horizon of 100 rows is longer than the series: the longest has 100 rows"),
        ((30, None, 1), "the test part has 20 rows of a series: no horizon of 30 rows fits into it"),
        ((15, None, 1), "the valid part has 10 rows of a series: no horizon of 15 rows fits into it"),
        ((5, 80, 1), "window 80 and horizon 5 take 85 rows, and train has 70 of a series"),
        ((5, None, 68), "season 68 and horizon 5 take 73 rows, and train has 70 of a series"),
    ],
)
def test_what_does_not_fit_is_refused_with_figures(told: tuple[int, int | None, int], message: str) -> None:
    part_N = np.repeat(np.array([0, 1, 2], np.uint8), [70, 10, 20])
    with pytest.raises(DataError) as fault:
        plan(series(np.arange(100.0)), part_N, told)
    assert fault.value.code == "DATA-SERIES" and message in str(fault.value) and fault.value.hint


def test_origins_stay_in_their_part_and_cover_it() -> None:
    raw = series(np.arange(40.0))
    part_N = np.repeat(np.array([0, 1, 2], np.uint8), [25, 5, 10])
    clock = Clock("", "", "", ("y",), horizon=3, window=4, season=6)
    assert origins(raw, part_N, 0, clock).tolist() == list(range(6, 23))
    assert origins(raw, part_N, 1, clock).tolist() == [25, 26, 27]
    assert origins(raw, part_N, 2, clock).tolist() == list(range(30, 38))
    assert origins(raw, part_N, 0, clock, 5).tolist() == [7, 12, 17, 22]


def test_no_forecast_begins_behind_a_blank_row() -> None:
    value = np.arange(12.0)
    value[6] = np.nan
    table = from_memory({"y": list(value)})
    raw = gather(table, Asked(("y",), horizon=1, gaps="interpolate"))
    clock = Clock("", "", "", ("y",), horizon=1, window=2)
    assert origins(raw, train(raw), 0, clock).tolist() == [2, 3, 4, 5, 6, 8, 9, 10, 11]
