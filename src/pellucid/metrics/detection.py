"""Scores of boxes, in float64, equal to those of COCO's own code (Lin et al. 2014, arXiv:1405.0312).

A predicted box is right at an overlap t where its intersection over union with a true box of its image and class is at
least t. The boxes of an image choose one after another, best score first, each the true box it overlaps most of those
that are left.

    N  images             K, M  predicted and true boxes of an image; rows with the class code -1 only fill up
    D, G  all predicted boxes, all true ones    P  pairs of both in one image and class    E  pairs with an overlap t
    T  overlaps           R  recalls at which precision is read: 0, 0.01, ..., 1
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import torch

from pellucid.metrics.curves import weights
from pellucid.metrics.metric import Metric, Prediction

OVERLAPS = tuple(np.linspace(0.5, 0.95, 10).tolist())
RECALLS = tuple(np.linspace(0, 1, 101).tolist())
MOST = 100
"""Boxes of an image that count, the best ones."""
AT_ONCE = 2**14
"""Pairs that are compared at once: what a cache holds."""


class Matches(NamedTuple):
    """Which predicted boxes are right, and which true ones were found."""

    image_D: torch.Tensor
    code_D: torch.Tensor
    score_D: torch.Tensor
    right_DT: torch.Tensor
    """Whether a predicted box is right at each overlap; the boxes of an image are together, best first."""
    image_G: torch.Tensor
    code_G: torch.Tensor
    found_GT: torch.Tensor


def average_precisions(
    matches: Matches, weight_N: torch.Tensor, classes: int | None = None
) -> tuple[torch.Tensor, torch.Tensor]:
    """(precision_CTR at each recall, total_C of true boxes); NaN precision for a class that has no true box."""
    classes = classes or int(torch.cat([matches.code_G, matches.code_D]).amax()) + 1
    order_D = matches.score_D.argsort(descending=True, stable=True)
    order_D = order_D[matches.code_D[order_D].argsort(stable=True)]
    weight_D = weight_N[matches.image_D[order_D]]
    right_TD = (matches.right_DT[order_D] * weight_D[:, None]).T
    total_C = torch.bincount(matches.code_G, weight_N[matches.image_G], classes)
    count_C = torch.bincount(matches.code_D, minlength=classes).tolist()
    recall_TR = torch.tensor(RECALLS, dtype=torch.float64).expand(len(right_TD), -1).contiguous()
    by_class = []
    for right_TK, weight_K, total in zip(right_TD.split(count_C, 1), weight_D.split(count_C), total_C, strict=True):
        if not total:
            by_class.append(torch.full_like(recall_TR, torch.nan))
            continue
        right_TK = right_TK.cumsum(1)
        # the same tiny addend as COCO's code, where no box has any weight yet
        precision_TK = right_TK / (weight_K.cumsum(0) + np.spacing(1))
        highest_TK = precision_TK.flip(1).cummax(1).values.flip(1)
        reached_TR = torch.searchsorted((right_TK / total).contiguous(), recall_TR)
        by_class.append(torch.nn.functional.pad(highest_TK, (0, 1)).gather(1, reached_TR))
    return torch.stack(by_class), total_C


def match(box_NK6: torch.Tensor, target_NM5: torch.Tensor, overlaps: tuple[float, ...] = OVERLAPS) -> Matches:
    """Every predicted box beside the true box it takes, at each overlap (rising)."""
    box_NK6 = box_NK6[:, :MOST]
    image_D, place_D = (box_NK6[:, :, 4] >= 0).nonzero(as_tuple=True)
    image_G, place_G = (target_NM5[:, :, 4] >= 0).nonzero(as_tuple=True)
    box_D6, box_G5 = box_NK6[image_D, place_D].double(), target_NM5[image_G, place_G].double()
    code_D, code_G = box_D6[:, 4].long(), box_G5[:, 4].long()
    first_P, second_P = _pairs(torch.stack([image_D, code_D]), torch.stack([image_G, code_G]))
    pieces = zip(first_P.split(AT_ONCE), second_P.split(AT_ONCE), strict=True)
    overlap_P = torch.cat([intersection_over_union(box_D6[first], box_G5[second]) for first, second in pieces])
    # by falling overlap; of equal ones the later true box first, as COCO's code does
    enough_P = (overlap_P >= overlaps[0]).nonzero().flatten().flip(0)
    order_P = enough_P[overlap_P[enough_P].argsort(descending=True, stable=True)]
    enough_PT = overlap_P[order_P, None] >= torch.tensor(overlaps, dtype=torch.float64)
    pair_E, at_E = enough_PT.nonzero(as_tuple=True)
    first_E, second_E = (side_P[order_P[pair_E]] * len(overlaps) + at_E for side_P in (first_P, second_P))
    right_D, found_G = _chosen(first_E, second_E, len(image_D) * len(overlaps), len(image_G) * len(overlaps))
    right_DT, found_GT = (flag.view(-1, len(overlaps)) for flag in (right_D, found_G))
    return Matches(image_D, code_D, box_D6[:, 5], right_DT, image_G, code_G, found_GT)


def intersection_over_union(one_P4: torch.Tensor, other_P4: torch.Tensor) -> torch.Tensor:
    """Shared area over joint area of left, top, right, bottom (further numbers do not count); shapes broadcast."""
    low = torch.maximum(one_P4[..., :2], other_P4[..., :2])
    high = torch.minimum(one_P4[..., 2:4], other_P4[..., 2:4])
    shared = (high - low).clamp(min=0).prod(-1)
    areas = [(box[..., 2] - box[..., 0]) * (box[..., 3] - box[..., 1]) for box in (one_P4, other_P4)]
    return shared / (areas[0] + areas[1] - shared)


def _pairs(key_2D: torch.Tensor, key_2G: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """(first_P, second_P): all pairs of equal keys (image, class), in rising order."""
    classes = 1 + int(torch.cat([key_2D[1], key_2G[1], key_2G.new_zeros(1)]).amax())
    key_D, key_G = (key[0] * classes + key[1] for key in (key_2D, key_2G))
    sorted_G, order_G = key_G.sort(stable=True)
    begin_D = torch.searchsorted(sorted_G, key_D)
    count_D = torch.searchsorted(sorted_G, key_D, right=True) - begin_D
    first_P = torch.arange(len(key_D)).repeat_interleave(count_D)
    within_P = torch.arange(len(first_P)) - (count_D.cumsum(0) - count_D)[first_P]
    return first_P, order_G[begin_D[first_P] + within_P]


def _chosen(
    first_E: torch.Tensor, second_E: torch.Tensor, firsts: int, seconds: int
) -> tuple[torch.Tensor, torch.Tensor]:
    """Who gets a partner when lower firsts choose before higher ones, each by the order of its pairs.

    All choose at once, a second keeps the lowest first that chose it, and the others choose again (Gale and Shapley
    1962): few rounds instead of one for each first, and the same outcome.
    """
    pair_E = torch.arange(len(first_E))
    open_E = torch.ones_like(pair_E, dtype=torch.bool)
    while True:
        wish_D = _lowest(first_E, torch.where(open_E, pair_E, len(pair_E)), firsts, len(pair_E))
        wished_E = wish_D[first_E] == pair_E
        kept_G = _lowest(second_E, torch.where(wished_E, first_E, firsts), seconds, firsts)
        lost_E = open_E & (kept_G[second_E] < first_E)
        if not lost_E.any():
            return wish_D < len(pair_E), kept_G < firsts
        open_E &= ~lost_E


def _lowest(group_E: torch.Tensor, value_E: torch.Tensor, groups: int, none: int) -> torch.Tensor:
    """The lowest value of each group, `none` where it has no member."""
    return torch.full((groups,), none).scatter_reduce(0, group_E, value_E, "amin")


def _mean(prediction: Prediction, target: torch.Tensor, weight_N: torch.Tensor | None, *overlaps: float) -> float:
    """The mean precision over recalls, overlaps and classes; NaN where there is no true box."""
    assert prediction.box_NK6 is not None
    matches = match(prediction.box_NK6, target, overlaps)
    if not len(matches.code_G):
        return torch.nan
    precision_CTR, _ = average_precisions(matches, weights(target, weight_N))
    return precision_CTR.mean((1, 2)).nanmean().item()


def mean_average_precision(prediction: Prediction, target: torch.Tensor, weight_N: torch.Tensor | None = None) -> float:
    """COCO's mAP: the mean over the overlaps 0.5, 0.55, ..., 0.95."""
    return _mean(prediction, target, weight_N, *OVERLAPS)


def mean_average_precision_50(
    prediction: Prediction, target: torch.Tensor, weight_N: torch.Tensor | None = None
) -> float:
    """mAP at the overlap 0.5 alone."""
    return _mean(prediction, target, weight_N, OVERLAPS[0])


_BOXES = frozenset({"boxes"})

MAP = Metric("map", "higher", _BOXES, "mAP", mean_average_precision)
MAP50 = Metric("map50", "higher", _BOXES, "mAP at 0.5", mean_average_precision_50)
