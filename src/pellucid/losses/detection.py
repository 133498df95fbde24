"""Losses of boxes, one sum for each image and the count of places that answer for a box.

output_BPK   P places: x, y and stride of the place, left, top, right, bottom of its box, then one logit a class
target_BM5   M boxes: left, top, right, bottom, class code; rows with the code -1 only fill up
"""

from __future__ import annotations

import torch
from torch.nn import functional as F

LONGEST = 8
"""Strides that a box of a level is long at most; longer ones belong to a coarser level, the longest to the last."""
RADIUS = 1.5
"""Strides around the centre of a box within which places answer for it (Tian et al. 2019, arXiv:1904.01355v5)."""


def focal_giou(
    output_BPK: torch.Tensor, target_BM5: torch.Tensor, alpha: float = 0.25, gamma: float = 2.0, box: float = 1.0
) -> tuple[torch.Tensor, torch.Tensor]:
    """(value_B, weight_B): the focal loss of all logits plus `box` times 1 - GIoU of the places that answer for a box.

    weight_B counts those places, at least 1.
    """
    if not len(output_BPK):  # no image to read the places from
        return output_BPK.sum((1, 2)), output_BPK.new_zeros(0)
    target_BM5 = target_BM5.to(output_BPK)
    index_BP = assign(output_BPK[0, :, :3].detach(), target_BM5)
    answers_BP = index_BP >= 0
    true_BP5 = target_BM5.gather(1, index_BP.clamp(min=0)[:, :, None].expand(-1, -1, 5))
    logit_BPC = output_BPK[:, :, 7:]
    is_BPC = (true_BP5[:, :, 4:] == torch.arange(logit_BPC.shape[2]).to(true_BP5)) & answers_BP[:, :, None]
    # a place that answers for nothing compares two equal boxes: no loss and a finite gradient, which is 0
    unit_4 = target_BM5.new_tensor([0.0, 0.0, 1.0, 1.0])
    said_BP4 = torch.where(answers_BP[:, :, None], output_BPK[:, :, 3:7], unit_4)
    gap_BP = 1 - generalized_overlap(said_BP4, torch.where(answers_BP[:, :, None], true_BP5[:, :, :4], unit_4))
    value_B = sigmoid_focal(logit_BPC, is_BPC, alpha, gamma).sum((1, 2)) + box * gap_BP.sum(1)
    return value_B, answers_BP.sum(1).clamp(min=1).to(value_B)


def sigmoid_focal(logit: torch.Tensor, true: torch.Tensor, alpha: float, gamma: float) -> torch.Tensor:
    """-a (1 - p)^gamma log p, p the probability of what is true, a = alpha for yes and 1 - alpha for no.

    Lin et al. 2017, arXiv:1708.02002, equation 5. Any shape, `true` is boolean.
    """
    signed = torch.where(true, logit, -logit)
    share = torch.where(true, alpha, 1 - alpha)
    return -share * (gamma * F.logsigmoid(-signed)).exp() * F.logsigmoid(signed)


def generalized_overlap(one: torch.Tensor, other: torch.Tensor) -> torch.Tensor:
    """Intersection over union, minus the share of the smallest box around both that neither covers: -1 to 1.

    Rezatofighi et al. 2019, arXiv:1902.09630. (..., 4) of left, top, right, bottom -> (...).
    """
    low, high = torch.maximum(one[..., :2], other[..., :2]), torch.minimum(one[..., 2:], other[..., 2:])
    shared = (high - low).clamp(min=0).prod(-1)
    joint = (one[..., 2:] - one[..., :2]).prod(-1) + (other[..., 2:] - other[..., :2]).prod(-1) - shared
    around = torch.maximum(one[..., 2:], other[..., 2:]) - torch.minimum(one[..., :2], other[..., :2])
    around = around.prod(-1)
    return shared / joint - (around - joint) / around


def assign(place_P3: torch.Tensor, target_BM5: torch.Tensor) -> torch.Tensor:
    """index_BP: the box that each place (x, y, stride) answers for, -1 for none.

    A box belongs to the finest level of which it is at most `LONGEST` strides long, and there to the places inside it
    that are at most `RADIUS` strides from its centre; a box smaller than a stride to the nearest place. Where boxes
    share a place it goes to the smallest.
    """
    stride_P, stride_L = place_P3[:, 2], place_P3[:, 2].unique()
    side_BM2 = target_BM5[:, :, 2:4] - target_BM5[:, :, :2]
    level_BM = torch.searchsorted(LONGEST * stride_L, side_BM2.amax(2).contiguous()).clamp(max=len(stride_L) - 1)
    away_BPM2 = (place_P3[:, None, :2] - (target_BM5[:, None, :, :2] + target_BM5[:, None, :, 2:4]) / 2).abs()
    stride_P11 = stride_P[:, None, None]
    reach_BPM2 = (side_BM2[:, None] / 2).clamp(stride_P11 / 2, RADIUS * stride_P11)
    inside_BPM = (away_BPM2 <= reach_BPM2).all(3)
    inside_BPM &= (stride_L[level_BM][:, None] == stride_P[:, None]) & (target_BM5[:, None, :, 4] >= 0)
    area_BPM = torch.where(inside_BPM, side_BM2.prod(2)[:, None], torch.inf)
    area_BP, index_BP = area_BPM.min(2)
    return torch.where(area_BP.isfinite(), index_BP, -1)
