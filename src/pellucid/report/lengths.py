"""How long sequences are, and the score of short and of long ones."""

from __future__ import annotations

from typing import Any

import torch

from pellucid.data.batch import Batch
from pellucid.data.signature import Signature
from pellucid.data.vocabulary import vocabulary
from pellucid.metrics.metric import Metric
from pellucid.report.outcome import Outcome, take
from pellucid.report.spelling import lengths
from pellucid.report.words import plain, plural

GROUPS = 5
FEWEST = 5
"""Rows of a group of which a score says anything."""


def by_length(test: Outcome, chosen: Metric) -> list[dict[str, Any]]:
    """The chosen score of about equally many rows from the shortest to the longest; none where all are alike."""
    length_N = lengths(test.batch)
    if length_N is None or len(test) < 2 * FEWEST or int(length_N.min()) == int(length_N.max()):
        return []
    edges = length_N.double().quantile(torch.linspace(0, 1, GROUPS + 1, dtype=torch.float64)[1:-1]).floor()
    group_N = torch.bucketize(length_N.double(), edges.unique())
    found = []
    for group in group_N.unique().tolist():
        index = (group_N == group).nonzero().flatten()
        told = {"low": int(length_N[index].min()), "high": int(length_N[index].max()), "rows": len(index)}
        score = chosen.measure(take(test.prediction, index), test.truth[index], None) if len(index) >= FEWEST else None
        found.append({**told, "value": None if score is None else plain(score)})
    return found


def sequences(signature: Signature, train: Batch) -> dict[str, str]:
    """What is known of the sequences: how long they are, their tokens, and their time."""
    length_N = lengths(train)
    if length_N is None or not len(length_N):
        return {}
    low, middle, high = (int(value) for value in (length_N.min(), length_N.double().median(), length_N.max()))
    what = "tokens" if signature.vocabulary else "positions"
    found = {"length": f"{low:,} {what}" if low == high else f"{low:,} to {high:,} {what}, median {middle:,}"}
    for side in signature.vocabulary:
        name = "vocabulary" if side == "input" else "vocabulary to write"
        found[name] = plural(vocabulary(signature, side).size, "code")
    clock = signature.clock
    if clock is not None:
        told = {
            "time": clock.time,
            "step": clock.step,
            "series": clock.series,
            "channels": ", ".join(clock.channels[:20]),
            "known of the future": ", ".join(clock.known[:20]),
            "window": plural(clock.window, "row") if clock.window else "",
            "horizon": plural(clock.horizon, "row") if clock.horizon else "",
            "season": plural(clock.season, "row") if clock.season > 1 else "",
        }
        found |= {name: value for name, value in told.items() if value}
    return found
