"""Parts that follow one another in time, the season of series, and the windows that are learnt from and judged.

A window is `window` rows of the past and the `horizon` rows behind them; the first of these is its origin. Windows of
train lie wholly in train. Those of valid and test forecast rows of their own part alone, from every row that leaves
room for a whole horizon, and may read the rows before it, which were known by then.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from pellucid.data.series_grid import blanks
from pellucid.data.series_raw import SeriesRaw
from pellucid.data.series_time import DAY, Step
from pellucid.data.signature import PARTS, Clock
from pellucid.data.split import Split
from pellucid.data.splitting import ByColumn, ByTime, Facts
from pellucid.errors import DataError, Place, quote

SEASONS: dict[tuple[str, float], tuple[int, ...]] = {
    ("month", 1): (12,),
    ("month", 3): (4,),
    ("weekday", 1): (5,),
    ("second", 7 * DAY): (52,),
    ("second", DAY): (7, 365),
}
"""Rows of a year or a week, by the step; below a day, those of a day and a week."""
MOST_HORIZON = 48
"""Rows to forecast at most where no horizon is given."""
CLEAR = 0.2
"""How far the autocorrelation at a season stands above its lowest value before."""
SAME = 0.1
"""Autocorrelations that are as good as equal."""
MOST_SERIES = 32
"""Series that are looked at for a season."""
LONGEST_SEASON = 2**16


@dataclass(frozen=True)
class Planned:
    """What a recipe left open, and why it was filled in so."""

    horizon: int
    window: int
    season: int
    why: str


def parts(raw: SeriesRaw, split: Split, seed: int) -> np.ndarray:
    """uint8 part_N of all rows: 0 train, 1 valid, 2 test, never an earlier one behind a later one.

    Raises: DataError for a split that lets the future into training.
    """
    place = Place(path="data.split")
    hint = "data.split: by_time, or by_column where a column says train, valid and test in the order of time"
    if not isinstance(split, (ByTime, ByColumn)):
        message = (
            f"the future would leak into training with {split.dump()['kind']}: forecasts are judged by what comes later"
        )
        raise DataError("DATA-SPLIT", message, place=place, hint=hint)
    when_N, row_N = _when(raw), np.flatnonzero(past(raw))
    if isinstance(split, ByTime):
        time = next((column.name for column in raw.columns if column.role == "time"), "")
        if split.column not in ("", time):
            message = f"the split goes by {quote(split.column)}, and the time of these series is {quote(time)}"
            raise DataError("DATA-SPLIT", message, place=place)
        assigned = split.assign(_facts(raw, when_N[row_N], {}), seed)
    else:
        if split.column not in raw.cells:
            message = f"there is no column {quote(split.column)} that says train, valid and test"
            raise DataError("DATA-SPLIT", message, place=place, hint=hint)
        facts = _facts(raw, when_N[row_N], {split.column: raw.cells[split.column][row_N]})
        assigned = split.replace(valid=0.0).assign(facts, seed)
        if split.valid and not (assigned == 1).any():  # the last rows of train, where the column names none
            train = assigned == 0
            assigned[train] = ByTime(valid=split.valid, test=0).assign(_facts(raw, when_N[row_N[train]], {}), seed)
    part_N = np.full(len(when_N), 2, np.uint8)
    part_N[row_N] = assigned
    past_N = past(raw)
    for code in (1, 2):
        later = when_N[past_N & (part_N >= code)]
        if not len(later):
            continue
        late_N = past_N & (part_N < code) & (when_N >= later.min())
        if late_N.any():
            row = int(np.flatnonzero(late_N)[0])
            message = f"the future would leak into training: row {quote(raw.stamp(row))} is in {PARTS[part_N[row]]}, "
            message += f"and {PARTS[code]} begins before it"
            raise DataError("DATA-SPLIT", message, place=raw.place(row), hint=hint)
    return part_N


def plan(raw: SeriesRaw, part_N: np.ndarray, told: tuple[int | None, int | None, int | None]) -> Planned:
    """(horizon, window, season), those that are not told filled in.

    Raises: DataError with figures where they do not fit into the parts.
    """
    horizon, window, season = told
    why = "as data.season says"
    if season is None:
        season, why = find_season(raw, part_N)
    rooms = [_longest(raw, part_N, code) for code in range(3)]
    if horizon is None:
        horizon = max(1, min(season, MOST_HORIZON, *(room for room in rooms[1:] if room)))
    _check_horizon(raw, rooms, horizon)
    if window is None:
        window = max(2, min(max(2 * season, 2 * horizon), 2 * (rooms[0] - horizon) // 3))
        if told[2] is None and season > window:
            season, why = 1, "no season fits into the rows there are"
    reach = max(window, season)
    if reach + horizon > rooms[0]:
        what = f"window {window}" if window >= season else f"season {season}"
        message = f"{what} and horizon {horizon} take {reach + horizon} rows, and train has {rooms[0]} of a series"
        hint = f"with this horizon at most {rooms[0] - horizon} fit, and a few windows less are better"
        raise DataError("DATA-SERIES", message, place=Place(path="data.window"), hint=hint)
    return Planned(horizon, window, season, why)


def find_season(raw: SeriesRaw, part_N: np.ndarray) -> tuple[int, str]:
    """Rows after which the training part repeats itself, by its autocorrelation, and why; 1: it does not.

    That of the calendar is taken where the series does repeat itself then; else the clearest peak.
    """
    alike_L = _autocorrelation(raw, part_N)
    usual = [lag for lag in _calendar(raw.step) if lag < len(alike_L) and _stands_out(alike_L, lag)]
    best = max(usual, key=lambda lag: (alike_L[lag] > 0, alike_L[lag] - 0.05 * (lag != usual[0])), default=0)
    if best:
        return best, f"rows are {raw.step} apart; autocorrelation {alike_L[best]:.2f} at {best} rows of train"
    within_L = alike_L[: 2 * len(alike_L) // 3]
    tops = np.flatnonzero((within_L[1:-1] > CLEAR) & (within_L[1:-1] >= np.maximum(within_L[2:], within_L[:-2]))) + 1
    lags = [int(lag) for lag in tops if _stands_out(alike_L, int(lag))]
    if not lags:
        return 1, "the autocorrelation of train has no clear peak"
    highest = max(alike_L[lag] for lag in lags)
    found = next(lag for lag in lags if alike_L[lag] >= highest - SAME)  # its multiples come after it
    return found, f"the autocorrelation of train has its clearest peak, {alike_L[found]:.2f}, at {found} rows"


def origins(raw: SeriesRaw, part_N: np.ndarray, code: int, clock: Clock, stride: int = 1) -> np.ndarray:
    """int64: the rows at which windows of a part begin to forecast, every `stride`-th counted from the last one.

    A row whose predecessor was blank is left out: what filled it may come from the row to be forecast.
    """
    reach = max(clock.window, clock.season)
    blank_N = np.any(blanks(raw), 1)
    found: list[np.ndarray] = []
    for start, past in zip(raw.start_S, raw.past_S, strict=True):
        rows = start + np.flatnonzero(part_N[start : start + past] == code)
        if not len(rows):
            continue
        first, last = max(int(rows[0]), int(start) + reach), int(rows[-1]) + 1 - clock.horizon
        if last >= first:
            found.append(np.arange(last, first - 1, -stride)[::-1])
    row_O = np.concatenate(found) if found else np.zeros(0, np.int64)
    return row_O[~blank_N[row_O - 1]]


def _facts(raw: SeriesRaw, when_N: np.ndarray, cells: dict[str, np.ndarray]) -> Facts:
    return Facts(
        np.zeros(len(when_N), np.uint64), None, lambda name: cells[name], lambda _: when_N, source=raw.source or None
    )


def past(raw: SeriesRaw) -> np.ndarray:
    """bool: the rows that are not still to come."""
    return np.arange(len(raw.value_NC)) < np.repeat(raw.start_S + raw.past_S, raw.count_S)


def _when(raw: SeriesRaw) -> np.ndarray:
    """float64: what orders the rows of all series: their stamps, else their number in their series."""
    if raw.stamps is not None:
        return raw.stamps.second_N
    return (np.arange(len(raw.value_NC)) - np.repeat(raw.start_S, raw.count_S)).astype(np.float64)


def _longest(raw: SeriesRaw, part_N: np.ndarray, code: int) -> int:
    """Rows that a part has of the series of which it has most."""
    past = [part_N[start : start + count] for start, count in zip(raw.start_S, raw.past_S, strict=True)]
    return max(int((own_N == code).sum()) for own_N in past)


def _check_horizon(raw: SeriesRaw, rooms: list[int], horizon: int) -> None:
    longest = int(raw.past_S.max())
    place = Place(path="data.horizon")
    if horizon >= longest:
        message = f"the horizon of {horizon} rows is longer than the series: the longest has {longest} rows"
        hint = f"a horizon of at most {max(1, longest // 8)} leaves rows to learn from and to judge by"
        raise DataError("DATA-SERIES", message, place=place, hint=hint)
    for code in (2, 1):
        if 0 < rooms[code] < horizon:
            message = (
                f"the {PARTS[code]} part has {rooms[code]} rows of a series: no horizon of {horizon} rows fits into it"
            )
            hint = (
                f"a horizon of at most {rooms[code]}; or more rows by data.split: {{kind: by_time, {PARTS[code]}: ...}}"
            )
            raise DataError("DATA-SERIES", message, place=place, hint=hint)


def _calendar(step: Step | None) -> tuple[int, ...]:
    if step is None:
        return ()
    if step.unit == "second" and step.size < DAY and DAY % step.size == 0:
        day = int(DAY / step.size)
        return (day, 7 * day)
    return SEASONS.get((step.unit, step.size), ())


def _autocorrelation(raw: SeriesRaw, part_N: np.ndarray) -> np.ndarray:
    """float64 alike_L at the lags 0, 1, ... of the first target less its trend, averaged over series."""
    found: list[np.ndarray] = []
    for start, past in list(zip(raw.start_S, raw.past_S, strict=True))[:MOST_SERIES]:
        own_N = raw.value_NC[start : start + past, 0][part_N[start : start + past] == 0]
        lacking = np.isnan(own_N)
        if len(own_N) < 8 or lacking.all():
            continue
        at_N = np.arange(len(own_N))
        own_N = np.interp(at_N, at_N[~lacking], own_N[~lacking])
        own_N = own_N - np.polyval(np.polyfit(at_N, own_N, 1), at_N)
        size = 2 ** int(np.ceil(np.log2(2 * len(own_N))))
        power = np.abs(np.fft.rfft(own_N / max(float(np.abs(own_N).max()), 1e-300), size)) ** 2
        sums_L = np.fft.irfft(power, size)[: min(len(own_N) // 2, LONGEST_SEASON) + 1]
        if sums_L[0] > 0:
            found.append(sums_L / sums_L[0] * len(own_N) / (len(own_N) - np.arange(len(sums_L))))
    length = min((len(alike_L) for alike_L in found), default=0)
    return np.mean([alike_L[:length] for alike_L in found], 0) if length else np.zeros(0)


def _stands_out(alike_L: np.ndarray, lag: int) -> bool:
    """Whether a lag is the highest within a quarter of it on both sides, and clearly above the lowest one before."""
    if lag < 2 or lag >= len(alike_L) or alike_L[lag] - alike_L[1:lag].min() < CLEAR:
        return False
    around = max(1, lag // 4)
    low, high = max(1, lag - around), min(len(alike_L), lag + around + 1)
    return bool(alike_L[lag] >= alike_L[low:high].max() - 1e-12)
