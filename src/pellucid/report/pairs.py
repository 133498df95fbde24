"""Where verification errs: the curve of its pairs, the threshold, and the pairs that deceive it most."""

from __future__ import annotations

from typing import Any

import torch
from torch.nn import functional as F

from pellucid.metrics.curves import Roc
from pellucid.metrics.metric import Prediction
from pellucid.metrics.verification import Pairs, accepts, accepts_at, midway, pairs, roc
from pellucid.report.baselines import Baseline, numbers
from pellucid.report.classes import points
from pellucid.report.drawing import scene
from pellucid.report.evidence import Evidence
from pellucid.report.outcome import Outcome, rows_of
from pellucid.report.words import plain

FALSE_SHARES = (0.1, 0.01, 0.001)
"""False accepts that the table lists."""
BINS = 40
WORST = 6
"""Pairs of each kind that are shown,"""
SEARCHED = 500
"""and those among which they are found."""
COMPONENTS = 32
LEARNT = 5_000
"""Training rows that the components are fitted on."""


def pairs_section(evidence: Evidence, valid: Outcome, test: Outcome) -> dict[str, Any]:
    """The pairs part of a report."""
    target, threshold = evidence.signature.target, test.prediction.threshold
    assert target is not None
    found = _pairs(test.prediction, test.truth)
    curve = roc(found)
    same, different = (int(kind_NN.sum()) // 2 for kind_NN in (found.same_NN, found.other_NN))
    decided = None
    if threshold is not None:
        accepted, falsely = accepts(found, threshold)
        decided = {"cosine": plain(threshold), "accepted": plain(accepted), "falsely": plain(falsely)}
    both = min(same, different) > 0
    return {
        "kind": "pairs",
        "name": target.names[0],
        "classes": len(test.truth.unique()),
        "same": same,
        "different": different,
        "roc": points(curve.false_share_P, curve.true_share_P) if both else [],
        "threshold": decided,
        "rates": [_rate(curve, share) for share in FALSE_SHARES] if both else [],
        "histogram": _histogram(found) if both else None,
        "worst": {
            "different": _worst(evidence, test, found, found.other_NN, most_alike=True),
            "same": _worst(evidence, test, found, found.same_NN, most_alike=False),
        },
    }


def told(evidence: Evidence, test: Outcome, place: int) -> dict[str, Any]:
    """The class of one image, and that of the image most like it."""
    target, vector_ND = evidence.signature.target, test.prediction.embedding_ND
    assert target is not None and vector_ND is not None
    cosine_N = vector_ND @ vector_ND[place]
    cosine_N[place] = -torch.inf
    nearest = target.classes[int(test.truth[int(cosine_N.argmax())])]
    true = target.classes[int(test.truth[place])]
    return {"truth": true, "prediction": nearest, "right": true == nearest}


def pair_baselines(evidence: Evidence, train: Outcome, valid: Outcome, test: Outcome) -> list[Baseline]:
    """Cosines of the inputs themselves, and of their first principal components (Turk and Pentland 1991)."""
    x, shrunk = numbers([train.batch, valid.batch, test.batch])
    what = "pixels" if evidence.signature.kind == "images" else "inputs"
    mean_D, way_DK = _components(x[0])
    settled = "; threshold from validation"
    found = [
        ("inputs", what.capitalize(), f"the cosine of the standardised {what}{settled}{shrunk}", x),
        (
            "components",
            "Principal components",
            f"the cosine of the first {way_DK.shape[1]} principal components of the training {what}{settled}{shrunk}",
            [(part.double() - mean_D) @ way_DK for part in x],
        ),
    ]
    everything = torch.arange(len(test))
    return [
        Baseline(name, title, note, _settled(vectors[1], vectors[2], valid.truth), everything)
        for name, title, note, vectors in found
    ]


def _components(x_ND: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """mean_D and the directions of largest spread way_DK, in float64."""
    x_ND = x_ND[torch.linspace(0, len(x_ND) - 1, min(len(x_ND), LEARNT)).round().long()].double()
    mean_D = x_ND.mean(0)
    count = min(COMPONENTS, x_ND.shape[1], max(len(x_ND) - 1, 1))
    return mean_D, torch.linalg.svd(x_ND - mean_D, full_matrices=False).Vh[:count].T


def _settled(valid_ND: torch.Tensor, test_ND: torch.Tensor, valid_truth: torch.Tensor) -> Prediction:
    """Embeddings of the test rows, with the threshold that the validation rows give."""
    valid_ND, test_ND = (F.normalize(vector_ND.double(), dim=1) for vector_ND in (valid_ND, test_ND))
    return Prediction(embedding_ND=test_ND, threshold=midway(pairs(valid_ND, valid_truth)))


def _pairs(prediction: Prediction, truth: torch.Tensor) -> Pairs:
    assert prediction.embedding_ND is not None
    return pairs(prediction.embedding_ND, truth)


def _rate(curve: Roc, share: float) -> dict[str, Any]:
    accepted, threshold = accepts_at(curve, share)
    return {"falsely": share, "accepted": plain(accepted), "cosine": plain(threshold)}


def _histogram(found: Pairs) -> dict[str, Any]:
    """Shares of each kind of pair by cosine, at the middle of each bin."""
    kinds = {"same": found.cosine_NN[found.same_NN], "different": found.cosine_NN[found.other_NN]}
    low = min(float(cosine_M.min()) for cosine_M in kinds.values())
    shares = {
        name: (torch.histc(cosine_M.clamp(max=1), BINS, low, 1.0) / len(cosine_M)).tolist()
        for name, cosine_M in kinds.items()
    }
    middle = low + (torch.arange(BINS, dtype=torch.float64) + 0.5) * (1 - low) / BINS
    return {name: list(map(plain, values)) for name, values in {"cosine": middle.tolist(), **shares}.items()}


def _worst(
    evidence: Evidence, test: Outcome, found: Pairs, kind_NN: torch.Tensor, *, most_alike: bool
) -> list[dict[str, Any]]:
    """The pairs of one kind that look most as if they were of the other, the worst one for every pair of classes."""
    pair_M2 = kind_NN.triu().nonzero()
    cosine_M = found.cosine_NN[pair_M2[:, 0], pair_M2[:, 1]]
    order_M = cosine_M.argsort(descending=most_alike, stable=True)[:SEARCHED]
    worst: dict[tuple[int, ...], tuple[float, list[int]]] = {}
    for cosine, pair in zip(cosine_M[order_M].tolist(), found.at_N[pair_M2[order_M]].tolist(), strict=True):
        worst.setdefault(tuple(sorted(test.truth[pair].tolist())), (cosine, pair))
    return [
        {"cosine": plain(cosine), "sides": [_side(evidence, test, place) for place in pair]}
        for cosine, pair in list(worst.values())[:WORST]
    ]


def _side(evidence: Evidence, test: Outcome, place: int) -> dict[str, Any]:
    target = evidence.signature.target
    assert target is not None
    row = rows_of(test.batch)[place]
    side: dict[str, Any] = {"row": row, "name": target.classes[int(test.truth[place])]}
    if evidence.pixels is not None:
        side["image"] = scene(evidence.pixels(row))
    return side
