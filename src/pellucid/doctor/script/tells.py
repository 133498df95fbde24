"""Whether one feature of the input alone tells the target."""

from __future__ import annotations

import torch
from torch import Tensor

MOST_FEATURES = 256
ROWS = 2000
"""Rows that are kept."""
FEWEST = 50
"""Rows below which nothing is said."""
CLASSES = 50
TELLS = 0.9
"""Score above which it is noted."""


class Tells:
    """Keeps rows of features with their targets."""

    def __init__(self) -> None:
        self.features: list[Tensor] = []
        self.targets: list[Tensor] = []
        self.rows = 0

    def add(self, feature_NF: Tensor | None, target: Tensor) -> None:
        """Keeps the rows of a batch, where these are vectors with one target each."""
        if feature_NF is None or not feature_NF.is_floating_point() or feature_NF.dim() != 2 or self.rows >= ROWS:
            return
        if feature_NF.shape[1] > MOST_FEATURES or target.numel() != len(feature_NF):
            return
        if self.features and self.features[0].shape[1] != feature_NF.shape[1]:
            return
        self.features.append(feature_NF.detach().float().clone()[: ROWS - self.rows])
        self.targets.append(target.detach().reshape(-1).float().clone()[: ROWS - self.rows])
        self.rows += len(self.features[-1])

    def scores(self) -> list[tuple[str, float]]:
        """(`feature 3`, share of its variance that goes with the target) of those that tell nearly all, best first."""
        if self.rows < FEWEST:
            return []
        x_NF, y_N = torch.cat(self.features).double().cpu(), torch.cat(self.targets).double().cpu()
        kinds = y_N.unique()
        if len(kinds) < 2 or not bool(torch.isfinite(x_NF).all()):
            return []
        if len(kinds) <= CLASSES and bool((kinds == kinds.round()).all()):
            score_F = _between(x_NF, y_N, kinds)
        else:
            z_NF, w_N = x_NF - x_NF.mean(0), y_N - y_N.mean()
            scale_F = z_NF.square().sum(0) * w_N.square().sum()
            score_F = (z_NF * w_N[:, None]).sum(0).square() / scale_F.clamp_min(1e-30)
        order = score_F.argsort(descending=True)
        return [(f"feature {place}", float(score_F[place])) for place in order.tolist() if score_F[place] > TELLS]


def _between(x_NF: Tensor, y_N: Tensor, kinds: Tensor) -> Tensor:
    """Share of the variance of each feature that lies between the classes."""
    whole_F = x_NF.var(0, correction=0)
    inside_F = torch.zeros_like(whole_F)
    for kind in kinds:
        rows = x_NF[y_N == kind]
        inside_F += rows.var(0, correction=0) * len(rows) / len(x_NF)
    return torch.where(whole_F > 0, 1 - inside_F / whole_F.clamp_min(1e-30), 0.0)
