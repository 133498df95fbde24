"""From series as read to data ready for training: what is planned, the parts, and the findings only they could show."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import polars as pl
import torch

from pellucid.data import series_items, series_prepare
from pellucid.data.augment import Augment
from pellucid.data.batch import Dataset
from pellucid.data.cells import numbers
from pellucid.data.leaks import check_parts, shared_rows
from pellucid.data.series_grid import filled
from pellucid.data.series_raw import SeriesRaw
from pellucid.data.series_roles import Gaps
from pellucid.data.series_whole import PART_COLUMN
from pellucid.data.series_windows import MOST_HORIZON, origins, parts, past, plan
from pellucid.data.signature import PARTS, Clock, Column, Signature, Target
from pellucid.data.source import Loaded
from pellucid.data.split import Split
from pellucid.data.splitting import ByColumn, ByFiles, Facts, Stratified, of_series
from pellucid.data.targets import target_codes
from pellucid.errors import DataError, Place, did_you_mean, quote
from pellucid.findings import Finding

MOST_NUMBERS = 2**26
"""Numbers of all windows of a part: with more of them not every row begins one."""


@dataclass(frozen=True)
class Told:
    """What the recipe says of windows."""

    horizon: int | None = None
    window: int | None = None
    season: int | None = None
    stride: int | None = None
    gaps: Gaps = "error"
    augment: tuple[Augment, ...] = ()


def signature_of(raw: SeriesRaw, told: Told, split: Split | None, source: str) -> Signature:
    """What the series are, and what is asked of them.

    Raises: DataError for targets that are blank or teach nothing, and for horizons and windows that do not fit.
    """
    if raw.asks == "future":
        length = int(raw.past_S.max())
        split = split or of_series(length, told.horizon or MOST_HORIZON)
        clock, _ = _planned(raw, told, parts(raw, split, 0))
        names = raw.channels[: raw.targets]
        target: Target | None = Target("future", names, why=f"the next {clock.horizon} rows are forecast")
        columns = tuple(_as_target(column, names) for column in raw.columns)
    else:
        length = int(raw.count_S.max())
        target, clock = series_items.target_of(raw), _clock(raw)
        columns = tuple(replace(column, role="dropped") if column.role == "time" else column for column in raw.columns)
        columns = columns or _split_column(raw)
    return Signature(
        "series",
        source,
        raw.rows,
        raw.fingerprint,
        target,
        columns,
        length=length,
        clock=clock,
        findings=raw.findings,
        notes={**raw.notes, **_described(raw)},
    )


def load_future(raw: SeriesRaw, signature: Signature, split: Split, seed: int, told: Told) -> Loaded:
    """Windows of the three parts. Raises: DataError for a split that leaks, and where no window fits."""
    assert signature.clock is not None and signature.target is not None
    part_N = parts(raw, split, seed)
    clock, chosen = _planned(raw, replace(told, horizon=signature.clock.horizon), part_N)
    if told.horizon is None:
        chosen["horizon"] = (clock.horizon, f"a season of {clock.season} rows, as far as it fits into every part")
    signature = signature.replace(clock=clock)
    whole = filled(raw, told.gaps, part_N)
    preparation = series_prepare.fit(whole, part_N, clock)
    each = clock.window * preparation.width(clock) + clock.horizon * preparation.known_width(clock)
    batches, findings = [], list(signature.findings)
    for code, part in enumerate(PARTS):
        row_O = origins(raw, part_N, code, clock)
        least = -(-len(row_O) * each // MOST_NUMBERS)
        stride = max(1, least) if code or told.stride is None else told.stride
        if code == 0 and told.stride is None:
            chosen["stride"] = (stride, "every row begins a window" if stride == 1 else "as many as fit into memory")
        elif stride > 1 and code:
            findings.append(_thinned(part, stride))
        row_O = origins(raw, part_N, code, clock, stride) if stride > 1 else row_O
        if not len(row_O) and (part_N == code).any():
            message = f"no window of {clock.window} rows and a horizon of {clock.horizon} fits into the {part} part"
            hint = "shorter ones fit; or more rows"
            raise DataError("DATA-SERIES", message, place=Place(raw.source or None), hint=hint)
        batches.append(preparation.apply(replace(whole, origin_O=row_O), signature))
    findings += _unused(raw, part_N, clock) + _still(raw, part_N)
    train, valid, test = batches
    dataset = Dataset(train, valid, test, preparation.form(clock), augment=told.augment)
    share = {str(part): len(batch) for part, batch in zip(PARTS, batches, strict=True)}
    return Loaded(dataset, preparation, signature.replace(findings=tuple(findings)), share, chosen)


def load_whole(raw: SeriesRaw, signature: Signature, split: Split, seed: int, told: Told) -> Loaded:
    """Series of the three parts. Raises: DataError for a part that is empty or lacks a class."""
    target = signature.target
    assert target is not None
    facts = _facts(raw, target)
    if isinstance(split, ByFiles):
        hint = "a column split with train, valid and test; or files NAME_TRAIN.ts and NAME_TEST.ts"
        raise DataError("DATA-SPLIT", "series have no split by files", place=Place(path="data.split"), hint=hint)
    if raw.asks == "steps" and len(raw.series) < len(PARTS):
        message = f"a class of each row is learnt from several series, and there are {len(raw.series)}"
        hint = "data.series names the column that says which series a row is of"
        raise DataError("DATA-SERIES", message, place=Place(raw.source or None), hint=hint)
    part_S = _assigned(split, facts, seed)
    findings = (*check_parts(part_S, facts, target.classes, split), *shared_rows(facts.row_N, part_S))
    whole = filled(raw, told.gaps)
    preparation = series_items.fit(whole, part_S, target)
    batch = preparation.apply(whole, signature)
    train, valid, test = (batch.take(torch.from_numpy(np.flatnonzero(part_S == code))) for code in range(3))
    dataset = Dataset(train, valid, test, preparation.form, scale=preparation.scale, augment=told.augment)
    share = {part: int((part_S == code).sum()) for code, part in enumerate(PARTS)}
    return Loaded(dataset, preparation, signature.replace(findings=(*signature.findings, *findings)), share)


def _assigned(split: Split, facts: Facts, seed: int) -> np.ndarray:
    """uint8 part_S; where a column names no series to choose by, exact shares of the train series of every class."""
    if not isinstance(split, ByColumn) or not split.valid:
        return split.assign(facts, seed)
    part_S = split.replace(valid=0.0).assign(facts, seed)
    if not (part_S == 1).any():
        train = part_S == 0
        class_S = None if facts.class_N is None else facts.class_N[train]
        part_S[train] = Stratified(valid=split.valid, test=0.0).assign(Facts(facts.row_N[train], class_S), seed)
    return part_S


def _planned(raw: SeriesRaw, told: Told, part_N: np.ndarray) -> tuple[Clock, dict[str, tuple[int, str]]]:
    """The clock with horizon, window and season, and those of them that were open."""
    made = plan(raw, part_N, (told.horizon, told.window, told.season))
    clock = replace(_clock(raw), horizon=made.horizon, window=made.window, season=made.season)
    chosen: dict[str, tuple[int, str]] = {}
    if told.window is None:
        chosen["window"] = (made.window, "two seasons or two horizons, as far as train has room for them")
    if told.season is None:
        chosen["season"] = (made.season, made.why)
    return clock, chosen


def _clock(raw: SeriesRaw) -> Clock:
    roles = {column.role: column.name for column in raw.columns}
    series = roles.get("id", "")
    known = raw.channels[len(raw.channels) - raw.known :]
    step, zone = "" if raw.step is None else str(raw.step), "" if raw.stamps is None else raw.stamps.zone
    return Clock(roles.get("time", ""), series, step, raw.channels, known, zone=zone)


def _described(raw: SeriesRaw) -> dict[str, str]:
    """How many series there are, how long, and from when to when, in words."""
    few, many = int(raw.past_S.min()), int(raw.past_S.max())
    each = f"{few:,}" if few == many else f"{few:,} to {many:,}"
    found = {"extent": f"{len(raw.series):,} series of {each} rows"}
    if raw.stamps is not None:
        past_N = raw.stamps.second_N[past(raw)]
        first, last = raw.stamps.text(np.array([past_N.min(), past_N.max()]))
        apart = f", rows {raw.step} apart" if raw.step is not None else ""
        found["period"] = f"{first} to {last}{apart}"
    return found


def _as_target(column: Column, names: tuple[str, ...]) -> Column:
    return replace(column, role="target") if column.name in names and column.role == "input" else column


def _split_column(raw: SeriesRaw) -> tuple[Column, ...]:
    """The ready-made parts, as the column that `choose_split` looks for."""
    if PART_COLUMN not in raw.cells:
        return ()
    distinct = tuple(dict.fromkeys(str(cell) for cell in raw.cells[PART_COLUMN]))
    why = "the parts are ready-made"
    return (Column(PART_COLUMN, "category", "split", why, distinct=len(distinct), categories=distinct),)


def _facts(raw: SeriesRaw, target: Target) -> Facts:
    """What a split of whole series may look at."""
    assert raw.row_S is not None
    class_S = None
    if target.kind == "classes" and raw.label is not None:
        class_S = target_codes(raw.label[target.names[0]], target)

    def text(name: str) -> np.ndarray:
        if name not in raw.cells:
            hint = did_you_mean(name, raw.cells) if raw.cells else None
            message = f"no column {quote(name)} says one thing for each series"
            raise DataError("DATA-SPLIT", message, place=Place(raw.source or None), hint=hint)
        return raw.cells[name]

    def number(name: str) -> np.ndarray:
        return numbers(pl.Series([None if cell is None else str(cell) for cell in text(name)], dtype=pl.String))

    return Facts(raw.row_S, class_S, text, number, source=raw.source or None)


def _thinned(part: str, stride: int) -> Finding:
    message = f"only every {stride}th row of {part} begins a forecast: more would not fit into memory."
    return Finding("origins-thinned", "info", message, part, {"stride": stride})


def _unused(raw: SeriesRaw, part_N: np.ndarray, clock: Clock) -> list[Finding]:
    """Series that have too few rows to learn from."""
    least = series_prepare.reach_of(clock) + clock.horizon
    pairs = zip(raw.start_S, raw.past_S, strict=True)
    short = [name for name, (a, n) in zip(raw.series, pairs, strict=True) if (part_N[a : a + n] == 0).sum() < least]
    if not short:
        return []
    message = (
        f"{len(short)} series have fewer than {least} rows in train and are not learnt from: {quote(short[0])} first."
    )
    return [Finding("series-short", "warning", message, "", {"series": len(short)}, "A shorter window takes more in.")]


def _still(raw: SeriesRaw, part_N: np.ndarray) -> list[Finding]:
    """Targets that never change in train, which say nothing of how they will."""
    pairs = list(enumerate(zip(raw.start_S, raw.past_S, strict=True)))
    found: list[Finding] = []
    for channel, name in enumerate(raw.channels[: raw.targets]):
        own = {series: raw.value_NC[a : a + n, channel][part_N[a : a + n] == 0] for series, (a, n) in pairs}
        there = {series: value_N[~np.isnan(value_N)] for series, value_N in own.items()}
        still = [series for series, value_N in there.items() if len(value_N) and value_N.min() == value_N.max()]
        if not still:
            continue
        message = f"{len(still)} of {len(raw.series)} series never change in train, {quote(raw.series[still[0]])} first"
        message = "it never changes in train" if len(raw.series) == 1 else message
        message += ": there is nothing to learn from that. Skill is undefined where the truth never changes either."
        evidence: dict[str, float | int | str] = {"series": len(still), "value": float(there[still[0]][0])}
        cure = "Check how it was measured; a rule such as `the last value goes on` needs no network."
        found.append(Finding("series-constant", "warning", message, name, evidence, cure))
    return found
