"""Losses of masks: the sum over the judged pixels of each image and their count; an image without any has 0 of both.

output_BCHW  a logit for each class and pixel    target_BHW  class codes, 255 where a pixel is not judged
"""

from __future__ import annotations

import torch
from torch.nn import functional as F

from pellucid.forms import UNJUDGED
from pellucid.losses import classification
from pellucid.losses.loss import Loss


def cross_entropy(output_BCHW: torch.Tensor, target_BHW: torch.Tensor, label_smoothing: float = 0.0) -> Loss:
    """-log softmax(output)[target], summed over the judged pixels."""
    loss_BHW = F.cross_entropy(
        output_BCHW, target_BHW.long(), ignore_index=UNJUDGED, reduction="none", label_smoothing=label_smoothing
    )
    return Loss(loss_BHW.sum((1, 2)), _count(output_BCHW, target_BHW))


def focal(output_BCHW: torch.Tensor, target_BHW: torch.Tensor, gamma: float = 2.0) -> Loss:
    """-(1 - p)^gamma log p, with p the softmax of the true class, summed over the judged pixels."""
    judged_BHW = target_BHW != UNJUDGED
    loss_BHW = classification.focal(output_BCHW, torch.where(judged_BHW, target_BHW, 0).long(), gamma)
    return Loss(torch.where(judged_BHW, loss_BHW, 0).sum((1, 2)), _count(output_BCHW, target_BHW))


def dice(output_BCHW: torch.Tensor, target_BHW: torch.Tensor) -> Loss:
    """1 - 2 sum(p t) / (sum(p^2) + sum(t^2)), with sums over the judged pixels, averaged over classes (Dice loss).

    Milletari et al. 2016, arXiv:1606.04797, section 3, who have one class. Here the mean is over the classes that an
    image holds, background included: no term needs a constant against 0 / 0, and an empty mask still teaches, by its
    background. Every judged pixel carries the value of its image, so that it adds up with `cross_entropy`.
    """
    codes_C11 = torch.arange(output_BCHW.shape[1], device=output_BCHW.device)[:, None, None]
    true_BCHW = target_BHW.unsqueeze(1) == codes_C11
    p_BCHW = torch.softmax(output_BCHW, 1)
    both_BC = (p_BCHW * true_BCHW).sum((2, 3))
    true_BC = true_BCHW.sum((2, 3))
    square_BC = (p_BCHW.square() * (target_BHW != UNJUDGED).unsqueeze(1)).sum((2, 3))
    held_BC = true_BC > 0
    dice_BC = torch.where(held_BC, 2 * both_BC / torch.where(held_BC, square_BC + true_BC, 1), 0)
    held_B = held_BC.sum(1)
    loss_B = torch.where(held_B > 0, 1 - dice_BC.sum(1) / held_B.clamp(min=1), 0)
    count_B = _count(output_BCHW, target_BHW)
    return Loss(loss_B * count_B, count_B)


def _count(output_BCHW: torch.Tensor, target_BHW: torch.Tensor) -> torch.Tensor:
    """Judged pixels of each image."""
    return (target_BHW != UNJUDGED).sum((1, 2)).to(output_BCHW.dtype)
