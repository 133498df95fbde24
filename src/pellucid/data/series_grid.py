"""Even steps and no holes: stamps that are missing, cells that are blank, rows still to come."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from pellucid.data.series_raw import INSERTED, SeriesRaw
from pellucid.data.series_roles import Gaps
from pellucid.data.series_time import EVEN, Step, find_step
from pellucid.errors import DataError, Place, quote
from pellucid.findings import Finding

FILL = "data.gaps: interpolate or forward fills them, and counts what it fills"


def evened(raw: SeriesRaw, gaps: Gaps, *, weekdays: bool = False) -> SeriesRaw:
    """Series whose stamps follow one another in even steps, with a blank row for each stamp that is missing.

    Raises: DataError naming the first stamp off the grid, or the first that is missing where `gaps` is `error`.
    """
    if raw.stamps is None:
        return raw
    bounds = list(zip(raw.start_S, raw.start_S + raw.count_S, strict=True))
    second_N = raw.stamps.second_N
    step = find_step([second_N[start:stop] for start, stop in bounds], raw.stamps.written, weekdays=weekdays)
    if step is None:
        message = "every series has one row only: there is no step from one row to the next"
        raise DataError("DATA-SERIES", message, place=raw.place(), hint="data.series may name the wrong column")
    places_N = step.places(second_N)
    index: list[np.ndarray] = []
    second: list[np.ndarray] = []
    missing, first = 0, -1
    for start, stop in bounds:
        apart = np.diff(places_N[start:stop])
        jumps = np.rint(apart).astype(np.int64)
        _refuse_uneven(raw, int(start), (np.abs(apart - jumps) > EVEN) | (jumps < 1), step)
        holes = np.flatnonzero(jumps > 1)
        missing += int((jumps[holes] - 1).sum())
        if len(holes) and first < 0:
            first = int(start + holes[0])
        if missing > max(len(second_N), 100):
            raise _uneven(raw, first + 1, f"more stamps are missing than there are, if rows are {step} apart")
        index.append(np.insert(np.arange(start, stop), np.repeat(holes + 1, jumps[holes] - 1), INSERTED))
        filled = [step.after(float(second_N[start + at]), int(jumps[at] - 1)) for at in holes]
        second.append(
            np.insert(second_N[start:stop], np.repeat(holes + 1, jumps[holes] - 1), np.concatenate([[], *filled]))
        )
    if not missing:
        return replace(raw, step=step)
    if gaps == "error":
        raise _missing(raw, first, missing, step)
    count_S = np.array([len(rows) for rows in index], np.int64)
    made = raw.rearranged(np.concatenate(index), count_S, np.concatenate(second))
    message = f"{missing} stamps are missing between rows that are {step} apart; data.gaps: {gaps} fills them."
    evidence: dict[str, float | int | str] = {"rows": missing, "first after": raw.stamp(first)}
    found = Finding("stamps-missing", "warning", message, "", evidence, "Learn why nothing was measured then.")
    return replace(made, step=step, findings=(*raw.findings, found))


def find_coming(raw: SeriesRaw) -> SeriesRaw:
    """With the rows at the end of each series that have no target yet counted as still to come.

    Raises: DataError for a series without any target.
    """
    there_N = np.any(~np.isnan(raw.value_NC[:, : raw.targets]), 1)
    coming = np.zeros(len(raw.series), np.int64)
    for series, (start, count) in enumerate(zip(raw.start_S, raw.count_S, strict=True)):
        filled = np.flatnonzero(there_N[start : start + count])
        if not len(filled):
            name = f' of series "{raw.series[series]}"' if len(raw.series) > 1 else ""
            message = f'the target "{raw.channels[0]}"{name} is blank in every row'
            raise DataError("DATA-TARGET-BLANK", message, place=raw.place(int(start)))
        coming[series] = count - 1 - filled[-1]
    if not coming.any():
        return raw
    message = f"{int(coming.sum())} rows at the end have no target: they are taken as still to come."
    found = Finding("rows-to-come", "info", message, raw.channels[0], {"rows": int(coming.sum())})
    return replace(raw, coming_S=coming, findings=(*raw.findings, found))


def refuse_blanks(raw: SeriesRaw, gaps: Gaps) -> SeriesRaw:
    """Counts blank cells as a finding. Of rows still to come only the channels known ahead are looked at.

    Raises: DataError with line and column of the first blank cell where `gaps` is `error`.
    """
    blank_NC = blanks(raw)
    count = int(blank_NC.sum())
    if not count:
        return raw
    rows, channels = np.nonzero(blank_NC)
    line_N = rows if raw.line_N is None else raw.line_N[rows]
    measured = np.flatnonzero(line_N > 0) if raw.line_N is not None else np.arange(len(rows))
    at = int(measured[line_N[measured].argmin()]) if len(measured) else 0
    name = raw.channels[int(channels[at])]
    if gaps == "error":
        series = _named(raw, int(rows[at]))
        more = f"; {count - 1} more are" if count > 1 else ""
        message = f'column "{name}": the cell is blank{series}{more}'
        raise DataError("DATA-GAP", message, place=raw.place(int(rows[at])), hint=FILL)
    share = count / raw.value_NC.size
    message = f"{count} cells ({share:.1%}) are blank and filled ({gaps}): they are learnt and judged as if measured."
    evidence: dict[str, float | int | str] = {"cells": count, "share": share, "first": raw.stamp(int(rows[at]))}
    found = Finding("gaps-filled", "warning", message, name, evidence, "Learn why nothing was measured then.")
    return replace(raw, findings=(*raw.findings, found))


def blanks(raw: SeriesRaw) -> np.ndarray:
    """bool blank_NC; what is not known of rows still to come is no blank."""
    blank_NC = np.isnan(raw.value_NC)
    if raw.coming_S is not None and raw.coming_S.any():
        past_N = np.arange(len(blank_NC)) < np.repeat(raw.start_S + raw.past_S, raw.count_S)
        blank_NC[~past_N, : blank_NC.shape[1] - raw.known] = False
    return blank_NC


def filled(raw: SeriesRaw, gaps: Gaps, part_N: np.ndarray | None = None) -> SeriesRaw:
    """`raw` without blank cells. Of `part_N` (0, 1, 2 along each series) nothing of a later part fills an earlier one.

    Raises: DataError where there is nothing to fill a cell from.
    """
    blank_NC = blanks(raw)
    if not blank_NC.any():
        return raw
    value_NC = raw.value_NC.copy()
    for series, (start, count) in enumerate(zip(raw.start_S, raw.count_S, strict=True)):
        rows = slice(start, start + count)
        ends = [int(count)] if part_N is None else [int((part_N[rows] <= code).sum()) for code in range(3)]
        for channel in np.flatnonzero(np.any(blank_NC[rows], 0)):
            column = value_NC[rows, channel]
            for end in ends:
                if not _fill(column[:end], blank_NC[rows, channel][:end], gaps):
                    where = f' of series "{raw.series[series]}"' if len(raw.series) > 1 else ""
                    what = "has no cell" if gaps == "interpolate" else "begins with a blank cell, and nothing"
                    message = f'column "{raw.channels[channel]}"{where} {what} to fill from'
                    raise DataError("DATA-GAP", message, place=raw.place(int(start)))
    return replace(raw, value_NC=value_NC)


def _fill(value_N: np.ndarray, blank_N: np.ndarray, gaps: Gaps) -> bool:
    """Fills one stretch in place; False where it cannot."""
    lacking = np.flatnonzero(np.isnan(value_N) & blank_N)
    if not len(lacking):
        return True
    there = np.flatnonzero(~np.isnan(value_N))
    if not len(there) or (gaps != "interpolate" and there[0] > lacking[0]):
        return False
    if gaps == "interpolate":
        value_N[lacking] = np.interp(lacking, there, value_N[there])
    else:
        value_N[lacking] = value_N[there[np.searchsorted(there, lacking) - 1]]
    return True


def _refuse_uneven(raw: SeriesRaw, start: int, bad: np.ndarray, step: Step) -> None:
    if bad.any():
        row = start + int(np.flatnonzero(bad)[0]) + 1
        raise _uneven(
            raw, row, f"is no whole number of steps after {quote(raw.stamp(row - 1))}: most rows are {step} apart"
        )


def _uneven(raw: SeriesRaw, row: int, said: str) -> DataError:
    hint = "bring the rows to even steps; or take the time column out: the rows then only follow one another"
    return DataError(
        "DATA-TIME", f"the stamp {quote(raw.stamp(row))}{_named(raw, row)} {said}", place=raw.place(row), hint=hint
    )


def _missing(raw: SeriesRaw, row: int, missing: int, step: Step) -> DataError:
    assert raw.stamps is not None
    absent = raw.stamps.text(step.after(float(raw.stamps.second_N[row]), 1))[0]
    more = f"; {missing - 1} more are" if missing > 1 else ""
    message = f"the stamp {quote(absent)}{_named(raw, row)} is missing after {quote(raw.stamp(row))}{more}"
    place: Place = raw.place(row + 1)
    return DataError("DATA-GAP", message, place=place, hint=FILL)


def _named(raw: SeriesRaw, row: int) -> str:
    if len(raw.series) < 2:
        return ""
    return f' of series "{raw.series[int(raw.series_of(np.array([row + 1]))[0])]}"'
