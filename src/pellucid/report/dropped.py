"""Which words matter: what becomes of the answer when a word is taken out of the texts that have it.

Li, Monroe and Jurafsky 2016, arXiv:1612.08220. A word that others can stand in for seems unimportant.
"""

from __future__ import annotations

from typing import Any

import torch

from pellucid.data.batch import Batch
from pellucid.data.vocabulary import FIRST, vocabulary
from pellucid.forms import PADDING, Tokens
from pellucid.report.evidence import Evidence
from pellucid.report.outcome import Outcome, first, predict, replaced
from pellucid.report.words import plain, plural

TRIED = 60
"""Words that are taken out: those whose texts are answered most unlike the others,"""
TEXTS = 40
"""and texts out of which each is taken, at most."""
FEWEST = 4
"""Texts that must have a word."""
ROWS = 1_000


def words_that_matter(evidence: Evidence, test: Outcome) -> dict[str, Any] | None:
    """For telling words, the class whose probability falls most without them; None for tokens that are no words."""
    target, spelling = evidence.signature.target, vocabulary(evidence.signature, "input")
    letters = sum(spelling.characters) / max(1, spelling.size - FIRST)
    if target is None or target.kind != "classes" or letters < 2:
        return None
    batch = first(test.batch, ROWS)
    assert isinstance(batch.input, Tokens)
    code_NT = batch.input.code_BT
    base_NC = predict(evidence, batch).probability
    assert base_NC is not None
    rows = []
    for code in _tried(code_NT.cpu(), base_NC, spelling.size):
        has_N = (code_NT == code).any(1).nonzero().flatten()[:TEXTS]
        without = without_code(batch.take(has_N), code)
        cut_NC = predict(evidence, without).probability
        assert cut_NC is not None
        gain_C = (base_NC[has_N.cpu()] - cut_NC).mean(0)
        toward = int(gain_C.argmax())
        rows.append(
            {
                "column": spelling.pieces[code].strip(),
                "toward": target.classes[toward],
                "texts": len(has_N),
                "gain": plain(float(gain_C[toward])),
            }
        )
    if not rows:
        return None
    rows.sort(key=lambda row: -(row["gain"] or 0.0))
    note = f"{plural(len(rows), 'word')} in {plural(len(batch), f'{test.part} text')}; "
    note += f"each was taken out of at most {TEXTS} texts that have it."
    return {"kind": "words", "rows": rows, "note": note}


def without_code(batch: Batch, code: int) -> Batch:
    """The rows without one token; what follows moves up."""
    assert isinstance(batch.input, Tokens)
    code_NT = batch.input.code_BT
    gone_NT = code_NT == code
    order_NT = gone_NT.long().argsort(dim=1, stable=True)
    kept_NT = code_NT.masked_fill(gone_NT, PADDING).gather(1, order_NT)
    alone_N = (kept_NT == PADDING).all(1)
    kept_NT[alone_N] = code_NT[alone_N]  # nothing would be left
    return replaced(batch, Tokens(kept_NT))


def _tried(code_NT: torch.Tensor, base_NC: torch.Tensor, size: int) -> list[int]:
    """The codes of words whose texts get other probabilities than texts do on the whole, the surest first."""
    row_NT = torch.arange(len(code_NT))[:, None].expand_as(code_NT)
    pair_P = torch.unique(code_NT * len(code_NT) + row_NT)
    code_P, row_P = pair_P // len(code_NT), pair_P % len(code_NT)
    count_V = torch.bincount(code_P, minlength=size)
    away_VC = torch.zeros(size, base_NC.shape[1], dtype=base_NC.dtype)
    away_VC.index_add_(0, code_P, (base_NC - base_NC.mean(0))[row_P])
    sure_V = away_VC.abs().amax(1) / count_V.clamp_min(1).sqrt()
    sure_V[:FIRST] = 0
    sure_V[count_V < FEWEST] = 0
    order_V = sure_V.argsort(descending=True, stable=True)[:TRIED]
    return [code for code in order_V.tolist() if sure_V[code]]
