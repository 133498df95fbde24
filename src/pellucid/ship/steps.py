"""Predicted labels of positions: what each word of a sentence, or each row of a series, is taken for.

B  rows    T  positions    C  classes
"""

from __future__ import annotations

import json
from typing import Any

from pellucid.data.series_raw import SeriesRaw
from pellucid.data.source import Raw
from pellucid.data.text_raw import TextRaw
from pellucid.ship.bundle import Model
from pellucid.ship.decoding import batches
from pellucid.training.evaluate import outputs

DIGITS = 6
"""Digits of a probability after the point."""


def written(model: Model, raw: Raw) -> tuple[dict[str, list[Any]], str]:
    """(`tokens` of sentences, `labels` and `probability` of each position; the same as one JSON object a line).

    The probability is that of the label. Positions that were cut, because they are behind the longest sequence the
    model learnt from, have neither: null.
    """
    target = model.signature.target
    assert target is not None
    tokens = [list(words) for words in raw.words] if isinstance(raw, TextRaw) else None
    counts = raw.count_S.tolist() if isinstance(raw, SeriesRaw) else [len(words) for words in tokens or ()]
    labels: list[list[str | None]] = []
    probability: list[list[float | None]] = []
    for batch in batches(model, raw):
        output_BTC = outputs(model.network, batch, None, model.recipe.precision)
        most = output_BTC.double().softmax(2).max(2)
        for code_T, share_T in zip(most.indices.tolist(), most.values.tolist(), strict=True):
            count = counts[len(labels)]
            cut = [None] * max(0, count - len(code_T))
            labels.append([*(target.classes[code] for code in code_T[:count]), *cut])
            probability.append([*(round(share, DIGITS) for share in share_T[:count]), *cut])
    columns: dict[str, list[Any]] = {} if tokens is None else {"tokens": tokens}
    columns |= {"labels": labels, "probability": probability}
    named = {**raw.names_of_rows(model.signature), **columns}
    rows = (dict(zip(named, row, strict=True)) for row in zip(*named.values(), strict=True))
    return columns, "".join(json.dumps(row, ensure_ascii=False, allow_nan=False) + "\n" for row in rows)
