"""Losses of values, one number per example: the mean over the outputs of that example, of forecasts over all times."""

from __future__ import annotations

import torch
from torch.nn import functional as F


def mse(output_BD: torch.Tensor, target_BD: torch.Tensor) -> torch.Tensor:
    """(output - target)^2, averaged over D -> loss_B."""
    return (output_BD - _values(output_BD, target_BD)).square().flatten(1).mean(dim=1)


def mae(output_BD: torch.Tensor, target_BD: torch.Tensor) -> torch.Tensor:
    """|output - target|, averaged over D -> loss_B."""
    return (output_BD - _values(output_BD, target_BD)).abs().flatten(1).mean(dim=1)


def huber(output_BD: torch.Tensor, target_BD: torch.Tensor, delta: float = 1.0) -> torch.Tensor:
    """d^2 / 2 where |d| <= delta, else delta (|d| - delta / 2), averaged over D (Huber 1964) -> loss_B."""
    loss_BD = F.huber_loss(output_BD, _values(output_BD, target_BD), reduction="none", delta=delta)
    return loss_BD.flatten(1).mean(dim=1)


def _values(output: torch.Tensor, target: torch.Tensor) -> torch.Tensor:
    """The target in the shape and dtype of the output; never by broadcasting."""
    if target.ndim == 1:
        target = target.unsqueeze(1)
    assert output.shape == target.shape, f"output {tuple(output.shape)} and target {tuple(target.shape)} differ"
    return target.to(output.dtype)
