"""From a box at every place to few boxes: of those that cover one another, only the best is kept.

N images, B of them at once   P places   C classes   J candidates of an image   K boxes that are kept
"""

from __future__ import annotations

import torch

from pellucid.metrics.detection import intersection_over_union

CANDIDATES = 1000
"""Boxes of an image that are compared with one another, the best ones."""
AT_ONCE = 2**15
"""Candidates of several images that are compared at once: what a cache holds."""


def best_boxes(
    box_NP4: torch.Tensor, logit_NPC: torch.Tensor, *, lowest: float, overlap: float, most: int
) -> torch.Tensor:
    """box_NK6: left, top, right, bottom, class code, score (the sigmoid), best first; float64.

    At most `most` boxes of an image, with a score of at least `lowest`, none of which overlaps a better one of its
    class by more than `overlap`; images with fewer are filled up with code -1 and score 0. K is at least 1.
    """
    classes, cut = logit_NPC.shape[2], torch.tensor(lowest, dtype=torch.float64).logit().item()
    above_N = (logit_NPC >= cut).sum((1, 2))
    count = max(1, min(CANDIDATES, int(above_N.max()) if len(above_N) else 0))
    parts = []
    for images_B in torch.arange(len(box_NP4)).split(max(1, AT_ONCE // count)):
        logit_BJ, at_BJ = logit_NPC[images_B].flatten(1).topk(count)
        box_BJ4 = box_NP4[images_B[:, None], at_BJ // classes]
        candidate_BJ6 = torch.cat([box_BJ4, (at_BJ % classes)[:, :, None], logit_BJ.sigmoid()[:, :, None]], 2).double()
        parts.append(suppressed(candidate_BJ6, logit_BJ >= cut, overlap, most))
    longest = max((part.shape[1] for part in parts), default=1)
    return torch.cat([_filled(part, longest) for part in parts] or [box_NP4.new_zeros(0, 1, 6).double()])


def suppressed(box_BJ6: torch.Tensor, open_BJ: torch.Tensor, overlap: float, most: int) -> torch.Tensor:
    """box_BK6: the best box that is open, then the best of those of other classes or apart from it, and so on."""
    box_BJ6, open_BJ = box_BJ6.clone(), open_BJ.clone()
    box_BJ6[:, :, 5].masked_fill_(~open_BJ, -1.0)
    nothing_6 = box_BJ6.new_tensor([0, 0, 0, 0, -1, 0])
    kept = []
    while len(kept) < most:
        score_B1, best_B1 = box_BJ6[:, :, 5].max(1, keepdim=True)
        if len(kept) and not (score_B1 >= 0).any():
            break
        best_B16 = box_BJ6.gather(1, best_B1[:, :, None].expand(-1, -1, 6))
        kept.append(torch.where(score_B1[:, :, None] >= 0, best_B16, nothing_6))
        covered_BJ = (box_BJ6[:, :, 4] == best_B16[:, :, 4]) & (intersection_over_union(box_BJ6, best_B16) > overlap)
        box_BJ6[:, :, 5].masked_fill_(covered_BJ, -1.0).scatter_(1, best_B1, -1.0)
    return torch.cat(kept, 1)


def _filled(box_BK6: torch.Tensor, length: int) -> torch.Tensor:
    """`length` boxes for each image."""
    filled_BK6 = box_BK6.new_zeros(len(box_BK6), length, 6)
    filled_BK6[:, :, 4] = -1
    filled_BK6[:, : box_BK6.shape[1]] = box_BK6
    return filled_BK6
