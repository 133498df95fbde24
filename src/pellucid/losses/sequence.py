"""Losses over the positions of sequences: the sum over a row, and how many positions were judged."""

from __future__ import annotations

import torch
from torch.nn import functional as F

from pellucid.forms import UNJUDGED_STEP


def cross_entropy(
    output_BTC: torch.Tensor, target_BT: torch.Tensor, label_smoothing: float = 0.0
) -> tuple[torch.Tensor, torch.Tensor]:
    """-log softmax(output)[target] at every judged position -> (its sum over each row, the judged positions)_B."""
    flat = F.cross_entropy(
        output_BTC.flatten(0, 1),
        target_BT.flatten(),
        reduction="none",
        ignore_index=UNJUDGED_STEP,
        label_smoothing=label_smoothing,
    )
    return flat.view(target_BT.shape).sum(1), (target_BT != UNJUDGED_STEP).sum(1).to(output_BTC.dtype)


def skip_gram(output_BTC: torch.Tensor, around_BTN: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """-log softmax(output) of every token around a position -> (its sum over each row, how many tokens)_B.

    The full softmax of Mikolov et al. 2013, arXiv:1301.3781, equation 1 of arXiv:1310.4546.
    """
    log_BTN = around(output_BTC, around_BTN)
    return -log_BTN.sum((1, 2)), (around_BTN != UNJUDGED_STEP).sum((1, 2)).to(log_BTN.dtype)


def around(output_BTC: torch.Tensor, around_BTN: torch.Tensor) -> torch.Tensor:
    """log_BTN: the log of the probability that each position gives to each token around it, 0 where there is none."""
    log_BTN = output_BTC.gather(2, around_BTN.clamp_min(0)) - output_BTC.logsumexp(2, keepdim=True)
    return torch.where(around_BTN == UNJUDGED_STEP, 0.0, log_BTN)


def pinball(output_BHDQ: torch.Tensor, target_BHD: torch.Tensor, quantiles: tuple[float, ...]) -> torch.Tensor:
    """max(q e, (q - 1) e) for the error e = target - output of each quantile q, averaged -> loss_B.

    Koenker and Bassett 1978, Econometrica 46; its best constant is the quantile.
    """
    assert output_BHDQ.shape == (*target_BHD.shape, len(quantiles))
    error_BHDQ = target_BHD.unsqueeze(3) - output_BHDQ
    level_Q = output_BHDQ.new_tensor(quantiles)
    return torch.maximum(level_Q * error_BHDQ, (level_Q - 1) * error_BHDQ).flatten(1).mean(1)
