"""How good what is written is: sentences beside the ones that were wanted, and what a dictionary alone would write.

N  rows    U  tokens to write
"""

from __future__ import annotations

from typing import Any

import torch

from pellucid.data.vocabulary import CLOSING, END, PADDING, WORD, vocabulary
from pellucid.metrics.catalogue import metric
from pellucid.metrics.metric import Prediction
from pellucid.report.baselines import Baseline
from pellucid.report.evidence import Evidence
from pellucid.report.lexicon import Lexicon
from pellucid.report.outcome import Outcome, rows_of, spread, take
from pellucid.report.spelling import read
from pellucid.report.words import plain

SHOWN = 4
"""Sentences of each kind: the best, those in the middle, the worst."""
LEARNT = 5_000
"""Training sentences that the dictionary is learnt from."""


def sentences_section(evidence: Evidence, valid: Outcome, test: Outcome) -> dict[str, Any]:
    """The part of a report about what was written."""
    source, written, reference = read(evidence.signature, test.batch), spelt(test), _references(test)
    chrf = metric("chrf")
    score_N = [
        chrf.measure(take(test.prediction, one), test.truth.index_select(0, one), None)
        for one in torch.arange(len(test)).split(1)
    ]
    order = sorted(range(len(test)), key=lambda place: -score_N[place])
    middle = max(0, (len(order) - SHOWN) // 2)
    kinds = {"best": order[:SHOWN], "middle": order[middle : middle + SHOWN], "worst": order[::-1][:SHOWN]}
    rows = rows_of(test.batch)
    return {
        "kind": "sentence",
        "exact": sum(a == b for a, b in zip(written, reference, strict=True)),
        "title": chrf.title,
        "examples": {
            kind: [
                {
                    "row": rows[place],
                    "source": source[place],
                    "written": written[place],
                    "reference": reference[place],
                    "score": plain(score_N[place]),
                }
                for place in places
            ]
            for kind, places in kinds.items()
        },
    }


def baselines(evidence: Evidence, train: Outcome, valid: Outcome, test: Outcome) -> list[Baseline]:
    """The source as it is, and each of its words by a dictionary."""
    known, spell = spread(evidence.dataset.part("train"), LEARNT), test.prediction.spell
    assert spell is not None
    wanted = zip(read(evidence.signature, known), spell(evidence.truth(known)), strict=True)
    lexicon = Lexicon([(_words(source.lower()), _words(target)) for source, target in wanted])
    source = read(evidence.signature, test.batch)
    by_word = [CLOSING.sub(r"\1", " ".join(lexicon.translate(_words(text.lower())))) for text in source]
    learnt = f"learnt from {len(known):,} of {len(evidence.dataset.train):,} training sentences"
    everything = torch.arange(len(test))
    return [
        Baseline("copy", "Copy", "the source as it is", _as_written(evidence, test, source), everything),
        Baseline("dictionary", "Word by word", f"each word by the most probable one (IBM model 1, {learnt})",
                 _as_written(evidence, test, by_word), everything),
    ]  # fmt: skip


def spelt(outcome: Outcome) -> list[str]:
    """What was written, as text."""
    label, spell = outcome.prediction.label, outcome.prediction.spell
    assert label is not None and spell is not None
    return spell(label)


def _references(outcome: Outcome) -> list[str]:
    assert outcome.prediction.spell is not None
    return outcome.prediction.spell(outcome.truth)


def _words(text: str) -> list[str]:
    return WORD.findall(text)


def _as_written(evidence: Evidence, test: Outcome, texts: list[str]) -> Prediction:
    """Texts in the tokens of the network, no longer than what it may write."""
    spelling, width = vocabulary(evidence.signature, "target"), test.truth.shape[1]
    label_NU = torch.full((len(texts), width), PADDING)
    for place, text in enumerate(texts):
        code_U = [*spelling.encode(text)[: width - 1], END]
        label_NU[place, : len(code_U)] = torch.tensor(code_U)
    return test.prediction._replace(label=label_NU)
