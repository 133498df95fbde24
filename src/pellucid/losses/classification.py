"""Losses of classes and labels, one number per example, all from logits and in log space.

Class weights and sample weights are not here: they multiply `loss_B` outside, in `losses.loss.reduce`.
"""

from __future__ import annotations

import torch
from torch.nn import functional as F


def cross_entropy(output_BC: torch.Tensor, target_B: torch.Tensor, label_smoothing: float = 0.0) -> torch.Tensor:
    """-log softmax(output)[target], with codes in int64 -> loss_B.

    With smoothing e the target is 1 - e + e/C for the true class and e/C for the others (Szegedy et al. 2016,
    arXiv:1512.00567, section 7).
    """
    return F.cross_entropy(output_BC, target_B, reduction="none", label_smoothing=label_smoothing)


def binary_cross_entropy(output: torch.Tensor, target: torch.Tensor, label_smoothing: float = 0.0) -> torch.Tensor:
    """-t log s(x) - (1 - t) log(1 - s(x)), with s the sigmoid, averaged over the labels of an example -> loss_B.

    output_B1 and target_B of 0/1 for two classes; output_BC and target_BC for labels. With smoothing e the target t is
    t (1 - e) + e/2.
    """
    target = _labels(output, target)
    if label_smoothing:
        target = target * (1 - label_smoothing) + label_smoothing / 2
    return F.binary_cross_entropy_with_logits(output, target, reduction="none").mean(dim=1)


def focal(output_BC: torch.Tensor, target_B: torch.Tensor, gamma: float = 2.0) -> torch.Tensor:
    """-(1 - p)^gamma log p, with p the softmax of the true class (Lin et al. 2017, arXiv:1708.02002) -> loss_B.

    log(1 - p) is taken from the logits of the other classes, so the gradient is finite even where p rounds to 1 and
    gamma < 1.
    """
    index_B1 = target_B.unsqueeze(1)
    total_B = output_BC.logsumexp(dim=1)
    log_p_B = output_BC.gather(1, index_B1).squeeze(1) - total_B
    log_rest_B = output_BC.scatter(1, index_B1, -torch.inf).logsumexp(dim=1) - total_B
    return -(gamma * log_rest_B).exp() * log_p_B


def binary_focal(output: torch.Tensor, target: torch.Tensor, gamma: float = 2.0) -> torch.Tensor:
    """-(1 - p)^gamma log p, with p the sigmoid's probability of what is true, averaged over labels -> loss_B.

    output_B1 and target_B of 0/1 for two classes; output_BC and target_BC for labels.
    """
    signed = output * (2 * _labels(output, target) - 1)
    return (-(gamma * F.logsigmoid(-signed)).exp() * F.logsigmoid(signed)).mean(dim=1)


def _labels(output: torch.Tensor, target: torch.Tensor) -> torch.Tensor:
    """The target in the shape and dtype of the output; never by broadcasting."""
    if target.ndim == 1:
        target = target.unsqueeze(1)
    assert output.shape == target.shape, f"output {tuple(output.shape)} and target {tuple(target.shape)} differ"
    return target.to(output.dtype)
