"""Losses of embeddings of length 1: what belongs together comes near, the rest goes apart.

B  examples    D  numbers of an embedding    C  classes of training    K  classes among the examples
"""

from __future__ import annotations

import math

import torch
from torch.nn import functional as F

CHUNK = 512
"""Examples that are compared with all others at once."""
TINY = 1e-7
"""Keeps the slope of a root finite at nought."""


def cosine_margin(
    cosine_BC: torch.Tensor, target_B: torch.Tensor, scale: float = 30.0, margin: float = 0.35
) -> torch.Tensor:
    """Cross-entropy of scale * cosine, the true one less `margin` (Wang et al. 2018, arXiv:1801.09414) -> loss_B."""
    return _softmax(cosine_BC, target_B, _own(cosine_BC, target_B) - margin, scale)


def angular_margin(
    cosine_BC: torch.Tensor, target_B: torch.Tensor, scale: float = 30.0, margin: float = 0.35
) -> torch.Tensor:
    """The same with `margin` radians added to the angle of the true class (Deng et al. 2018, arXiv:1801.07698).

    Where angle and margin exceed half a turn, cosine - margin * sin(margin) goes on falling, as in the authors' code.
    """
    cosine_B = _own(cosine_BC, target_B)
    sine_B = (1 - cosine_B.square()).clamp(min=TINY).sqrt()
    turned_B = cosine_B * math.cos(margin) - sine_B * math.sin(margin)
    own_B = torch.where(cosine_B > -math.cos(margin), turned_B, cosine_B - margin * math.sin(margin))
    return _softmax(cosine_BC, target_B, own_B, scale)


def triplet(
    embedding_BD: torch.Tensor, target_B: torch.Tensor, margin: float = 0.2
) -> tuple[torch.Tensor, torch.Tensor]:
    """max(0, d(same) - d(other) + margin), d the squared distance, of the hardest of each in the batch -> loss_B.

    Schroff et al. 2015, arXiv:1503.03832, with the mining of Hermans et al. 2017, arXiv:1703.07737: the furthest of
    its class and the nearest of any other. The second tensor is weight_B: 0, as the loss, where one of them is missing.
    """
    losses, weights = [embedding_BD[:0, 0]], [embedding_BD[:0, 0].detach()]
    for first in range(0, len(target_B), CHUNK):
        rows = slice(first, first + CHUNK)
        apart_AB = 2 - 2 * embedding_BD[rows] @ embedding_BD.T
        same_AB = target_B[rows, None] == target_B
        other_AB = ~same_AB
        # itself is the nearest of its class, so it never is the furthest but where it is alone
        furthest_A = apart_AB.masked_fill(other_AB, -torch.inf).amax(1)
        nearest_A = apart_AB.masked_fill(same_AB, torch.inf).amin(1)
        whole_A = (same_AB.sum(1) > 1) & other_AB.any(1)
        losses.append(torch.where(whole_A, furthest_A - nearest_A + margin, 0.0).clamp(min=0))
        weights.append(whole_A.to(embedding_BD.dtype))
    return torch.cat(losses), torch.cat(weights)


def with_means(embedding_BD: torch.Tensor, target_B: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """The cosine of each example with the mean of each class among them, its own class without itself.

    Snell et al. 2017, arXiv:1703.05175: it stands in for learnt prototypes where nobody was in training. Gives
    (cosine_BK, code_B of the own class among the K, weight_B: 0 where nobody else is of that class).
    """
    _, code_B, count_K = torch.unique(target_B, return_inverse=True, return_counts=True)
    sum_KD = embedding_BD.new_zeros(len(count_K), embedding_BD.shape[1]).index_add(0, code_B, embedding_BD)
    cosine_BK = embedding_BD @ F.normalize(sum_KD, dim=1).T
    own_B = (embedding_BD * F.normalize(sum_KD[code_B] - embedding_BD, dim=1)).sum(1)
    weight_B = (count_K[code_B] > 1).to(embedding_BD.dtype)
    return cosine_BK.scatter(1, code_B[:, None], own_B[:, None]), code_B, weight_B


def _own(cosine_BC: torch.Tensor, target_B: torch.Tensor) -> torch.Tensor:
    return cosine_BC.gather(1, target_B[:, None]).squeeze(1)


def _softmax(cosine_BC: torch.Tensor, target_B: torch.Tensor, own_B: torch.Tensor, scale: float) -> torch.Tensor:
    logit_BC = scale * cosine_BC.scatter(1, target_B[:, None], own_B[:, None])
    return F.cross_entropy(logit_BC, target_B, reduction="none")
