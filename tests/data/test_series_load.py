"""From series to parts: what is planned, said and refused."""

from __future__ import annotations

import numpy as np
import pytest

from pellucid.data import series_load
from pellucid.data.frames import from_memory
from pellucid.data.series_gather import gather
from pellucid.data.series_load import Told, load_future, load_whole, signature_of
from pellucid.data.series_raw import SeriesRaw
from pellucid.data.series_roles import Asked
from pellucid.data.series_whole import assembled, of_mapping
from pellucid.data.splitting import ByColumn, ByFiles, ByGroup, ByTime, choose_split
from pellucid.errors import DataError


def waves(rows: int = 120, series: int = 1) -> SeriesRaw:
    at = np.arange(rows)
    value = np.sin(2 * np.pi * at / 8).tolist()
    table = {
        "y": value * series,
        "name": [str(code) for code in range(series) for _ in at],
        "time": at.tolist() * series,
    }
    return gather(from_memory(table), Asked(("y",), series="name", horizon=4))


def test_what_is_open_is_planned_and_said() -> None:
    raw = waves()
    signature = signature_of(raw, Told(), None, "waves")
    split, why = choose_split(signature)
    assert isinstance(split, ByTime) and "what comes later judges" in why and signature.length == 120
    found = load_future(raw, signature, split, 0, Told())
    assert {name: value for name, (value, _) in found.chosen.items()} == {
        "horizon": 8,
        "window": 16,
        "season": 8,
        "stride": 1,
    }
    assert all(why for _, why in found.chosen.values())
    told = Told(4, 12, 1, 3)
    found = load_future(raw, signature_of(raw, told, None, "waves"), ByTime(valid=0.1, test=0.2), 0, told)
    assert found.chosen == {} and found.signature.clock is not None and found.signature.clock.window == 12
    assert found.share == {"train": 23, "valid": 9, "test": 21}


def test_the_part_that_chooses_has_room_for_the_horizon() -> None:
    signature = signature_of(waves(100), Told(12), None, "waves")
    assert choose_split(signature)[0] == ByTime(valid=0.18, test=0.2)


def test_windows_that_would_fill_memory_are_thinned(monkeypatch: pytest.MonkeyPatch) -> None:
    raw, told = waves(400), Told(4, 12, 8)
    signature = signature_of(raw, told, None, "waves")
    whole = load_future(raw, signature, choose_split(signature)[0], 0, told)
    monkeypatch.setattr(series_load, "MOST_NUMBERS", 2000)
    thinned = load_future(raw, signature, choose_split(signature)[0], 0, told)
    assert thinned.chosen["stride"][0] > 1 and thinned.share["train"] < whole.share["train"]
    assert [finding.check for finding in thinned.signature.findings if finding.place == "test"] == ["origins-thinned"]


def test_series_too_short_to_learn_from_are_counted() -> None:
    at = [*range(100), *range(60, 100)]
    table = from_memory({"time": at, "name": ["a"] * 100 + ["b"] * 40, "y": [np.sin(place) for place in at]})
    raw, told = gather(table, Asked(("y",), series="name", horizon=2)), Told(2, 30, 1)
    found = load_future(raw, signature_of(raw, told, None, "short"), ByTime(valid=0.1, test=0.2), 0, told)
    assert [finding.check for finding in found.signature.findings] == ["series-short"]


def test_whole_series_are_split_by_class_by_column_and_by_group() -> None:
    values = [[float(at), 1.0] for at in range(40)]
    rows = {"values": values, "labels": ["a", "b"] * 20, "split": [0] * 30 + [2] * 10}
    raw = assembled(of_mapping(rows, ()), "error")
    signature = signature_of(raw, Told(), None, "memory")
    split, _ = choose_split(signature)
    assert split == ByColumn(column="split")
    found = load_whole(raw, signature, split, 0, Told())
    assert found.share == {"train": 26, "valid": 4, "test": 10}
    assert found.dataset.valid.target is not None and sorted(found.dataset.valid.target.tolist()) == [0, 0, 1, 1]
    with pytest.raises(DataError, match="series have no split by files"):
        load_whole(raw, signature, ByFiles(), 0, Told())
    with pytest.raises(DataError, match='no column "who" says one thing for each series'):
        load_whole(raw, signature, ByGroup(column="who"), 0, Told())


def test_a_class_of_each_row_needs_several_series() -> None:
    raw = assembled(of_mapping({"values": [[1.0, 2.0]], "labels": [["a", "b"]]}, ()), "error")
    signature = signature_of(raw, Told(), None, "m")
    with pytest.raises(DataError, match="learnt from several series, and there are 1"):
        load_whole(raw, signature, choose_split(signature)[0], 0, Told())


def test_copies_in_two_parts_are_found() -> None:
    rows = {"values": [[1.0], [2.0], [1.0], [2.0], [3.0]], "labels": [*"ababa"], "split": [0, 0, 1, 2, 2]}
    raw = assembled(of_mapping(rows, ()), "error")
    found = load_whole(raw, signature_of(raw, Told(), None, "m"), ByColumn(column="split"), 0, Told())
    assert "rows-shared" in {finding.check for finding in found.signature.findings}


def test_a_series_that_never_changes_in_train_is_a_finding() -> None:
    table = from_memory({"name": ["a"] * 60 + ["b"] * 60, "y": [5.0] * 60 + np.sin(np.arange(60.0)).tolist()})
    raw, told = gather(table, Asked(("y",), series="name", horizon=2)), Told(2, 4, 1)
    found = load_future(raw, signature_of(raw, told, None, "still"), ByTime(valid=0.1, test=0.2), 0, told)
    (finding,) = [one for one in found.signature.findings if one.check == "series-constant"]
    assert '1 of 2 series never change in train, "a" first' in finding.message and finding.evidence["value"] == 5
    batch = found.dataset.part("train")
    assert batch.relative is not None and all(bool(one.isfinite().all()) for one in batch.relative)
    lone = gather(from_memory({"y": [5.0] * 50 + [6.0] * 10}), Asked(("y",), horizon=2))
    found = load_future(lone, signature_of(lone, told, None, "still"), ByTime(valid=0.1, test=0.2), 0, told)
    assert found.signature.findings[0].message.startswith("it never changes in train")


def test_the_signature_says_how_many_series_there_are_and_when() -> None:
    days = [f"2024-01-{day:02}" for day in range(1, 29)]
    table = {"date": days + days[:20], "name": ["a"] * 28 + ["b"] * 20, "y": np.sin(np.arange(48.0)).tolist()}
    raw = gather(from_memory(table), Asked(("y",), series="name", horizon=1))
    notes = signature_of(raw, Told(1, 2, 1), None, "memory").notes
    assert notes == {"extent": "2 series of 20 to 28 rows", "period": "2024-01-01 to 2024-01-28, rows 1 day apart"}
    raw = gather(from_memory({"y": list(range(40))}), Asked(("y",), horizon=1))
    assert signature_of(raw, Told(1, 2, 1), None, "memory").notes == {"extent": "1 series of 40 rows"}
