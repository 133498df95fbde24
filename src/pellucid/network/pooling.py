"""How a sequence becomes one vector."""

from __future__ import annotations

import torch
from torch import nn

from pellucid.forms import Steps


class Mean(nn.Module):
    """The mean over the positions there are."""

    def forward(self, steps: Steps) -> torch.Tensor:
        """Steps(x_BTD, mask_BT) -> x_BD."""
        mask_BT1 = steps.mask_BT.unsqueeze(2).to(steps.x_BTD.dtype)
        return (steps.x_BTD * mask_BT1).sum(1) / mask_BT1.sum(1).clamp_min(1)


class Max(nn.Module):
    """The largest number of each feature over the positions there are; 0 for a sequence without any."""

    def forward(self, steps: Steps) -> torch.Tensor:
        """Steps(x_BTD, mask_BT) -> x_BD."""
        x_BTD = steps.x_BTD.masked_fill(~steps.mask_BT.unsqueeze(2), -torch.inf)
        largest_BD = x_BTD.amax(1)
        return largest_BD.masked_fill(largest_BD == -torch.inf, 0.0)


class Last(nn.Module):
    """What stands at the last position there is."""

    def forward(self, steps: Steps) -> torch.Tensor:
        """Steps(x_BTD, mask_BT) -> x_BD."""
        last_B = (steps.mask_BT.sum(1) - 1).clamp_min(0)
        return steps.x_BTD[torch.arange(len(last_B), device=last_B.device), last_B]


class Ends(nn.Module):
    """The first half of the features at the last position, the second half at the first: of what reads both ways."""

    def forward(self, steps: Steps) -> torch.Tensor:
        """Steps(x_BTD, mask_BT) -> x_BD."""
        last_B = (steps.mask_BT.sum(1) - 1).clamp_min(0)
        half = steps.x_BTD.shape[2] // 2
        forward_BD = steps.x_BTD[torch.arange(len(last_B), device=last_B.device), last_B, :half]
        return torch.cat([forward_BD, steps.x_BTD[:, 0, half:]], 1)


class Attention(nn.Module):
    """A mean weighted by a learnt score of each position (Yang et al. 2016, NAACL, without its hidden layer)."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.score = nn.Linear(width, 1)

    def forward(self, steps: Steps) -> torch.Tensor:
        """Steps(x_BTD, mask_BT) -> x_BD."""
        score_BT = self.score(steps.x_BTD).squeeze(2).masked_fill(~steps.mask_BT, torch.finfo(steps.x_BTD.dtype).min)
        return torch.einsum("bt,btd->bd", score_BT.softmax(1), steps.x_BTD)


POOLS = {
    "mean": (lambda width: Mean(), "mean over the positions"),
    "max": (lambda width: Max(), "largest over the positions"),
    "last": (lambda width: Last(), "the last position"),
    "ends": (lambda width: Ends(), "the last position of one way, the first of the other"),
    "attention": (lambda width: Attention(width), "mean weighted by attention"),
}
"""Name -> (what makes it for so many features, what it does in words)."""
