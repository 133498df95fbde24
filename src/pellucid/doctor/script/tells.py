"""What the rows tell without a network: whether one feature gives the target away, and whether neighbours agree."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional

MOST_FEATURES = 256
ROWS = 2000
"""Rows that are kept."""
FEWEST = 50
"""Rows below which nothing is said."""
CLASSES = 50
TELLS = 0.9
"""Score above which it is noted."""
NEIGHBOURS = 20
"""Nearest rows that vote on the class of a row (deep k-NN: Bahri et al. 2020, 2004.12289)."""
SHUFFLES = 20
"""Times the labels are shuffled to see how far neighbours agree by chance."""


class Tells:
    """Keeps rows of features with their targets."""

    def __init__(self) -> None:
        self.features: list[Tensor] = []
        self.targets: list[Tensor] = []
        self.rows = 0

    def add(self, feature_NF: Tensor | None, target: Tensor) -> None:
        """Keeps the rows of a batch, where these are vectors or small images with one target each."""
        if feature_NF is None or not feature_NF.is_floating_point() or self.rows >= ROWS:
            return
        if feature_NF.dim() not in (2, 4):  # in time a shift changes every number and no label
            return
        if not 0 < feature_NF[:1].numel() <= MOST_FEATURES or target.numel() != len(feature_NF):
            return
        places = torch.arange(len(target), device=target.device)
        if not target.is_floating_point() and torch.equal(target.reshape(-1).long(), places):
            return  # contrastive: the row itself is its class
        if self.features and self.features[0].shape[1:] != feature_NF.shape[1:]:
            return
        self.features.append(feature_NF.detach().float().clone()[: ROWS - self.rows])
        self.targets.append(target.detach().reshape(-1).float().clone()[: ROWS - self.rows])
        self.rows += len(self.features[-1])

    def scores(self) -> list[tuple[str, float]]:
        """(`feature 3`, share of its variance that goes with the target) of those that tell nearly all, best first."""
        if self.rows < FEWEST or self.features[0].dim() != 2:
            return []
        x_NF, y_N = self._kept()
        kinds = y_N.unique()
        if len(kinds) < 2 or not bool(torch.isfinite(x_NF).all()):
            return []
        if _are_classes(kinds):
            score_F = _between(x_NF, y_N, kinds)
        else:
            z_NF, w_N = x_NF - x_NF.mean(0), y_N - y_N.mean()
            scale_F = z_NF.square().sum(0) * w_N.square().sum()
            score_F = (z_NF * w_N[:, None]).sum(0).square() / scale_F.clamp_min(1e-30)
        order = score_F.argsort(descending=True)
        return [(f"feature {place}", float(score_F[place])) for place in order.tolist() if score_F[place] > TELLS]

    def neighbours(self) -> dict[str, float]:
        """What the nearest rows of a row say of its class; empty where nothing can be said.

        Features that vary more than most are brought down to them; raising the others would give a pixel that is
        hardly ever lit as much to say.

        Returns: `rows` that differ; `classes`; `chance`, the share of the most frequent one; `right`, the share of rows
        whose class most neighbours have; `second`, of the others the share that have the class second in the vote;
        `agree`, in how many standard deviations neighbours have the same class more often than shuffled ones.
        """
        if self.rows < FEWEST:
            return {}
        given_NF, y_N = self._kept()
        row_NF = torch.cat([given_NF, y_N[:, None]], 1).unique(dim=0)
        x_NF, (kinds, class_N) = row_NF[:, :-1], row_NF[:, -1].unique(return_inverse=True)
        spread_F = x_NF.std(0)
        fit = len(row_NF) >= FEWEST and len(kinds) > 1 and bool(torch.isfinite(x_NF).all())
        if not fit or not _are_classes(kinds) or not bool(spread_F.any()):
            return {}
        z_NF = x_NF / torch.maximum(spread_F, spread_F[spread_F > 0].median())
        far_NN = torch.cdist(z_NF, z_NF).fill_diagonal_(torch.inf)
        near_NK = far_NN.topk(NEIGHBOURS, largest=False).indices
        vote_NC = functional.one_hot(class_N[near_NK], len(kinds)).sum(1)
        first_N, second_N = vote_NC.topk(2, 1).indices.unbind(1)
        wrong_N = first_N != class_N
        chance = torch.Generator().manual_seed(0)
        mixed = [class_N[torch.randperm(len(class_N), generator=chance)] for _ in range(SHUFFLES)]
        same, *lucky = [(one_N[near_NK] == one_N[:, None]).double().mean() for one_N in (class_N, *mixed)]
        luck = torch.stack(lucky)
        return {
            "rows": float(len(class_N)),
            "classes": float(len(kinds)),
            "chance": float(class_N.bincount().max() / len(class_N)),
            "right": float((~wrong_N).double().mean()),
            "second": float((second_N == class_N)[wrong_N].double().mean()) if bool(wrong_N.any()) else 1.0,
            "agree": float((same - luck.mean()) / luck.std().clamp_min(1e-12)),
        }

    def _kept(self) -> tuple[Tensor, Tensor]:
        return torch.cat(self.features).double().cpu().flatten(1), torch.cat(self.targets).double().cpu()


def _are_classes(kinds: Tensor) -> bool:
    return len(kinds) <= CLASSES and bool((kinds == kinds.round()).all())


def _between(x_NF: Tensor, y_N: Tensor, kinds: Tensor) -> Tensor:
    """Share of the variance of each feature that lies between the classes."""
    whole_F = x_NF.var(0, correction=0)
    inside_F = torch.zeros_like(whole_F)
    for kind in kinds:
        rows = x_NF[y_N == kind]
        inside_F += rows.var(0, correction=0) * len(rows) / len(x_NF)
    return torch.where(whole_F > 0, 1 - inside_F / whole_F.clamp_min(1e-30), 0.0)
