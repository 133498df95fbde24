"""Where labelling errs: what the positions of each class are taken for, and the worst rows position by position.

N  rows    T  positions    C  classes    a position with the code -1 is not judged
"""

from __future__ import annotations

from typing import Any

import torch

from pellucid import seeds
from pellucid.data.vocabulary import vocabulary
from pellucid.forms import UNJUDGED_STEP, Steps
from pellucid.metrics.curves import confusion_matrix
from pellucid.report.baselines import Baseline, nearest
from pellucid.report.classes import MATRIX, hits, worst_pairs
from pellucid.report.evidence import Evidence
from pellucid.report.outcome import Outcome, rows_of
from pellucid.report.spelling import codes, lengths, shown

SHOWN = 8
"""Rows that are shown,"""
LONGEST = 120
"""and positions of one."""
NEIGHBOURS = 15
LEARNT, ASKED = 5_000, 20_000
"""Positions among which neighbours are searched, and positions that they are searched for."""


def steps_section(evidence: Evidence, valid: Outcome, test: Outcome) -> dict[str, Any]:
    """The labelling part of a report."""
    names, label_NT = _names(evidence), _label(test)
    judged_NT = test.truth != UNJUDGED_STEP
    label, truth = label_NT[judged_NT], test.truth[judged_NT]
    matrix = confusion_matrix(label, truth, classes=len(names))
    section: dict[str, Any] = {
        "kind": "steps",
        "names": names,
        "judged": int(judged_NT.sum()),
        "by_class": [{"name": name, **hits(label == at, truth == at)} for at, name in enumerate(names)],
        "worst_pairs": worst_pairs(names, matrix),
        "rows": _worst(evidence, test, label_NT, judged_NT),
    }
    if len(names) <= MATRIX:
        section["confusion"] = [[int(cell) for cell in row] for row in matrix.tolist()]
    return section


def baselines(evidence: Evidence, train: Outcome, valid: Outcome, test: Outcome) -> list[Baseline]:
    """What needs no order: the most frequent class, and what each position is by itself."""
    names, known = _names(evidence), evidence.dataset.part("train")
    truth_NT = evidence.truth(known)
    judged_NT = truth_NT != UNJUDGED_STEP
    constant = int(torch.bincount(truth_NT[judged_NT], minlength=len(names)).argmax())
    everything = torch.arange(len(test))
    note = f"calls every position {names[constant]}, the most frequent class"
    same_NT = torch.full_like(test.truth, constant)
    found = [Baseline("constant", "Constant", note, test.prediction._replace(label=same_NT), everything)]
    code_NT, asked_NT = codes(known), codes(test.batch)
    if code_NT is not None and asked_NT is not None:
        pair_P = code_NT[judged_NT] * len(names) + truth_NT[judged_NT]
        size = int(max(code_NT.max(), asked_NT.max())) + 1
        count_VC = torch.bincount(pair_P, minlength=size * len(names)).view(size, len(names))
        said_V = torch.where(count_VC.sum(1) > 0, count_VC.argmax(1), constant)
        label_NT = said_V[_cut(asked_NT, test.truth)]
        note = f"calls each token what it mostly is in the training rows, an unknown one {names[constant]}"
        own = ("token", "Each token alone", note)
    else:
        label_NT, note = _by_value(evidence, truth_NT, test, constant)
        own = ("values", "Each position alone", note)
    return [*found, Baseline(*own, test.prediction._replace(label=label_NT), everything)]


def _names(evidence: Evidence) -> list[str]:
    assert evidence.signature.target is not None
    return list(evidence.signature.target.classes)


def _label(outcome: Outcome) -> torch.Tensor:
    """label_NT at the positions of the truth."""
    assert outcome.prediction.label is not None
    return _cut(outcome.prediction.label.long(), outcome.truth)


def _cut(value_NT: torch.Tensor, like_NT: torch.Tensor) -> torch.Tensor:
    return torch.nn.functional.pad(value_NT, (0, max(0, like_NT.shape[1] - value_NT.shape[1])))[:, : like_NT.shape[1]]


def _by_value(evidence: Evidence, truth_NT: torch.Tensor, test: Outcome, constant: int) -> tuple[torch.Tensor, str]:
    """What most of the positions with the nearest values are; positions that are not asked about stay `constant`."""
    known, asked = evidence.dataset.part("train").input, test.batch.input
    assert isinstance(known, Steps) and isinstance(asked, Steps)
    x_PD, truth_P = known.x_BTD.cpu()[truth_NT != UNJUDGED_STEP], truth_NT[truth_NT != UNJUDGED_STEP]
    taken = torch.randperm(len(x_PD), generator=seeds.generator(evidence.seed, "report"))[:LEARNT]
    place_P2 = (test.truth != UNJUDGED_STEP).nonzero()
    place_P2 = place_P2[torch.linspace(0, len(place_P2) - 1, min(ASKED, len(place_P2))).long()]
    near = nearest(x_PD[taken], asked.x_BTD.cpu()[place_P2[:, 0], place_P2[:, 1]], min(NEIGHBOURS, len(taken)))
    label_NT = torch.full_like(test.truth, constant)
    label_NT[place_P2[:, 0], place_P2[:, 1]] = truth_P[taken][near].mode(1).values
    note = f"what most of the {min(NEIGHBOURS, len(taken))} positions with the nearest values are"
    note += f"; searched {len(taken):,} of {len(x_PD):,} training positions" if len(taken) < len(x_PD) else ""
    return label_NT, note


def _worst(evidence: Evidence, test: Outcome, label_NT: torch.Tensor, judged_NT: torch.Tensor) -> list[dict[str, Any]]:
    """The rows with most positions wrong."""
    wrong_N = ((label_NT != test.truth) & judged_NT).sum(1)
    rows, length_N, code_NT = rows_of(test.batch), lengths(test.batch), codes(test.batch)
    assert length_N is not None
    spelling = vocabulary(evidence.signature, "input") if code_NT is not None else None
    found = []
    for place in wrong_N.argsort(descending=True, stable=True)[:SHOWN].tolist():
        end = min(int(length_N[place]), LONGEST)
        shown_row: dict[str, Any] = {
            "row": rows[place],
            "wrong": int(wrong_N[place]),
            "judged": int(judged_NT[place].sum()),
            "length": int(length_N[place]),
            "truth": test.truth[place, :end].tolist(),
            "said": label_NT[place, :end].tolist(),
        }
        if code_NT is not None and spelling is not None:
            shown_row["tokens"] = shown(spelling, code_NT[place, :end].tolist())
        found.append(shown_row)
    return found
