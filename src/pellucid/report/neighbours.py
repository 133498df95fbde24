"""What vectors of words have learnt: which words are alike, and how well a word tells those around it.

N  rows    T  positions    V  tokens of the vocabulary
"""

from __future__ import annotations

from typing import Any

import torch
from torch.nn import functional as F

from pellucid.data.vocabulary import FIRST, vocabulary
from pellucid.forms import UNJUDGED_STEP
from pellucid.network.embed import TokenIntake
from pellucid.report.baselines import Baseline
from pellucid.report.evidence import Evidence
from pellucid.report.outcome import Outcome
from pellucid.report.spelling import codes
from pellucid.report.words import plain
from pellucid.tasks.embedding import Embedding

WORDS = 20
"""Words whose neighbours are listed,"""
AMONG = (20, 400)
"""from those of these ranks by frequency: the first ones stand beside everything."""
NEAREST = 6


def neighbours_section(evidence: Evidence, valid: Outcome, test: Outcome) -> dict[str, Any]:
    """The part of a report about vectors of words."""
    spelling, count_V = vocabulary(evidence.signature, "input"), _counts(evidence)
    found = next((module for module in evidence.network.modules() if isinstance(module, TokenIntake)), None)
    listed: list[dict[str, Any]] = []
    if found is not None:
        unit_VD = F.normalize(found.embedding.weight.detach().cpu().double(), dim=1)
        order = count_V.argsort(descending=True, stable=True)
        order = order[count_V[order] > 0][: AMONG[1]]
        order = order[AMONG[0] :] if len(order) > 2 * AMONG[0] else order
        for code in order[torch.linspace(0, len(order) - 1, min(WORDS, len(order))).long()].tolist():
            cosine_V = unit_VD @ unit_VD[code]
            cosine_V[[*range(FIRST), code]] = -1.0
            best = cosine_V.topk(min(NEAREST, len(cosine_V) - FIRST - 1))
            near = zip(best.indices.tolist(), best.values.tolist(), strict=True)
            alike = [{"word": spelling.pieces[other].strip(), "cosine": plain(value)} for other, value in near]
            listed.append({"word": spelling.pieces[code].strip(), "times": int(count_V[code]), "near": alike})
    return {"kind": "neighbours", "words": listed}


def baselines(evidence: Evidence, train: Outcome, valid: Outcome, test: Outcome) -> list[Baseline]:
    """What is said of the words around a word without looking at it."""
    count_V = _counts(evidence) + 1.0
    count_V[:FIRST] = 0
    share_V, size = count_V / count_V.sum(), len(count_V)
    everything = torch.arange(len(test))
    said = (
        ("uniform", "Uniform", f"each of the {size - FIRST:,} tokens alike", (count_V > 0).double() / (size - FIRST)),
        ("unigram", "Unigram", "each token as frequent as it is in the training rows", share_V),
    )
    return [
        Baseline(
            name, title, note, test.prediction._replace(likelihood_NT2=around(evidence, test, chance_V)), everything
        )
        for name, title, note, chance_V in said
    ]


def around(evidence: Evidence, test: Outcome, chance_V: torch.Tensor) -> torch.Tensor:
    """sum_NT2: the logs of the chances of the tokens around each judged position, and how many they are."""
    code_NT, target = codes(test.batch), test.batch.target
    assert code_NT is not None and isinstance(evidence.task, Embedding)
    text_NT = (code_NT >= FIRST).double()
    log_NT = chance_V.clamp_min(1e-300).log()[code_NT] * text_NT
    width = 2 * evidence.task.context + 1
    sums = [
        F.avg_pool1d(part_NT.unsqueeze(1), width, 1, width // 2).squeeze(1) * width - part_NT
        for part_NT in (log_NT, text_NT)
    ]
    judged_NT = text_NT if target is None else text_NT * (target.cpu() != UNJUDGED_STEP)
    return torch.stack(sums, 2) * judged_NT.unsqueeze(2)


def _counts(evidence: Evidence) -> torch.Tensor:
    """count_V of the training rows, codes of no text left out."""
    code_NT = codes(evidence.dataset.part("train"))
    assert code_NT is not None
    count_V = torch.bincount(code_NT.flatten(), minlength=vocabulary(evidence.signature, "input").size).double()
    count_V[:FIRST] = 0
    return count_V
