"""Bootstrap intervals: how far a score could be off because the test part is only a sample.

The percentile bootstrap (Efron and Tibshirani 1993, chapter 13): the test rows are drawn again with replacement many
times, every score is measured on every draw, and the middle 95 % of the results is the interval. Network and baselines
are measured on the same draws, so the interval of their difference is paired. Examples are drawn, so a mask counts as
one; a score that is a function of sums over examples is not measured again: what each example adds is.

Forecasts from neighbouring rows overlap, so that their errors are alike; drawn one by one they would seem to be more
than they are. They are drawn as blocks of all forecasts that begin within one horizon (the moving-block bootstrap:
Kuensch 1989, The Annals of Statistics 17).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import torch

from pellucid import seeds
from pellucid.metrics.metric import Metric, Prediction
from pellucid.report.outcome import Outcome, one_thread, rows_of, take
from pellucid.report.words import COSTLY

RESAMPLES = 1000
LEVEL = 0.95


@dataclass(frozen=True)
class Interval:
    """A score with the range in which it would fall on 95 of 100 samples like this one."""

    value: float
    low: float
    high: float
    resamples: int
    """Draws the interval stands on; 0 where the score is undefined."""


@dataclass(frozen=True)
class Blocks:
    """Neighbouring examples that are drawn together."""

    start_S: torch.Tensor
    """int64: the example with which each block begins."""
    size_S: torch.Tensor
    """int64: examples in each."""
    weight_S: torch.Tensor
    """float64: how often each is drawn, such that every series counts by its forecasts."""

    def draw(self, count: int, stream: torch.Generator) -> torch.Tensor:
        """int64 index_N of `count` examples."""
        least = -(-count // int(self.size_S.min()))
        block_B = torch.multinomial(self.weight_S, least, replacement=True, generator=stream)
        size_B = self.size_S[block_B]
        within_N = torch.arange(int(size_B.sum())) - (size_B.cumsum(0) - size_B).repeat_interleave(size_B)
        return (self.start_S[block_B].repeat_interleave(size_B) + within_N)[:count]


def blocks(rows: Sequence[int], horizon: int) -> Blocks | None:
    """Blocks of the forecasts that begin at these rows, which ascend; None where no two of them overlap.

    Rows of different series lie more than a horizon apart. A series with fewer forecasts than a block is one block.
    """
    row_N = torch.tensor(list(rows))
    if len(row_N) < 2 or int(row_N.diff().min()) >= horizon:
        return None
    run_N = torch.cat([torch.zeros(1, dtype=torch.int64), (row_N.diff() >= horizon).long().cumsum(0)])
    count_R = torch.bincount(run_N)
    end_N = torch.searchsorted(row_N, row_N + horizon)
    last_N = row_N[count_R.cumsum(0) - 1][run_N]
    first_N = torch.cat([torch.ones(1, dtype=torch.bool), run_N.diff() > 0])
    start_S = torch.nonzero((row_N + horizon - 1 <= last_N) | first_N).flatten()
    size_S, run_S = end_N[start_S] - start_S, run_N[start_S]
    added_R = torch.zeros(len(count_R), dtype=torch.float64).index_add_(0, run_S, size_S.double())
    return Blocks(start_S, size_S, count_R[run_S] / added_R[run_S])


def together(test: Outcome) -> Blocks | None:
    """The forecasts of a part as blocks; None for all other examples, which are drawn one by one."""
    if test.prediction.naive_NHD is None:
        return None
    return blocks(rows_of(test.batch), test.truth.shape[1])


def resamples(chosen: Metric, count: int, columns: int = 2) -> int:
    """How many draws `chosen` gets on `count` examples: 1000, fewer where that would take seconds.

    A costly score sorts the rows once for each of the `columns` of probabilities.
    """
    if chosen.name in COSTLY:
        return max(100, min(600 // max(columns, 2), 500_000 // max(count, 1)))
    return max(200, min(RESAMPLES, 2_000_000 // max(count, 1)))


def draws(
    metrics: list[Metric], prediction: Prediction, truth: torch.Tensor, seed: int, blocked: Blocks | None = None
) -> dict[str, torch.Tensor]:
    """Each metric on its resamples of the same rows; the r-th number of each belongs to the r-th draw.

    No draw is made where all rows are in one block, which says nothing of others.
    """
    count = truth.shape[0]
    columns = 2 if prediction.probability is None else prediction.probability.shape[1]
    columns = columns if prediction.box_NK6 is None else prediction.box_NK6.shape[2]
    wanted = {chosen.name: resamples(chosen, count, columns) for chosen in metrics}
    if not count or (blocked is not None and len(blocked.start_S) == 1):
        return {name: torch.zeros(0, dtype=torch.float64) for name in wanted}
    sums = {chosen.name: chosen.sums for chosen in metrics if chosen.sums is not None}
    parts = {one.of: one.of(prediction, truth) for one in sums.values()}
    totals: dict[Any, list[torch.Tensor]] = {of: [] for of in parts}
    found: dict[str, list[float]] = {chosen.name: [] for chosen in metrics if chosen.sums is None}
    stream = seeds.generator(seed, "bootstrap")
    with one_thread():
        for draw in range(max(wanted.values(), default=0)):
            if blocked is None:
                index = torch.randint(count, (count,), generator=stream)
            else:
                index = blocked.draw(count, stream)
            times_N = torch.bincount(index, minlength=count).double()
            for of, part_NS in parts.items():
                totals[of].append(times_N @ part_NS)
            due = [chosen for chosen in metrics if chosen.name in found and draw < wanted[chosen.name]]
            drawn, target = (take(prediction, index), truth.index_select(0, index)) if due else (prediction, truth)
            for chosen in due:
                found[chosen.name].append(chosen.measure(drawn, target, None))
    scores = {name: one.score(torch.stack(totals[one.of][: wanted[name]])) for name, one in sums.items()}
    return scores | {name: torch.tensor(values, dtype=torch.float64) for name, values in found.items()}


def interval(value: float, drawn: torch.Tensor) -> Interval:
    """The middle 95 % of `drawn`, leaving out draws where the score is undefined (a class was not drawn)."""
    finite = drawn[torch.isfinite(drawn)]
    if len(finite) < 20 or not math.isfinite(value):
        return Interval(value, math.nan, math.nan, 0)
    low, high = finite.quantile(torch.tensor([(1 - LEVEL) / 2, (1 + LEVEL) / 2], dtype=torch.float64)).tolist()
    return Interval(value, low, high, len(finite))


def difference(chosen: Metric, network: tuple[float, torch.Tensor], other: tuple[float, torch.Tensor]) -> Interval:
    """How much better the network is than another model: positive is better, whichever way the metric points."""
    sign = 1.0 if chosen.better == "higher" else -1.0
    (ours, our_draws), (theirs, their_draws) = network, other
    return interval(sign * (ours - theirs), sign * (our_draws - their_draws))
