"""What the targets of a loss say without a network: the loss of the best constant answer, the order of the labels."""

from __future__ import annotations

import math
import random
from collections import deque
from itertools import pairwise
from typing import Literal

import torch
from torch import Tensor
from torch.nn import functional

MOST_CLASSES = 100_000
ORDERED = 20
"""Batches in a row whose labels are compared."""
RECENT = 20
"""Batches of which the predictions are counted together."""
KEPT = 8192
"""Values that are kept for losses whose best constant has no formula."""


class Classes:
    """Counts class labels and what was predicted for them."""

    asked: Literal["classes"] = "classes"

    def __init__(self, classes: int, weight: Tensor | None, smoothing: float) -> None:
        self.classes, self.smoothing = classes, smoothing
        self.weight = None if weight is None else weight.detach().double().cpu()
        self.counts: Tensor | None = None
        self.batches: list[Tensor] = []
        self.recent: deque[tuple[Tensor, Tensor, Tensor]] = deque(maxlen=RECENT)

    def add(self, label_N: Tensor) -> None:
        """Counts labels that are judged."""
        count_C = torch.bincount(label_N.clamp(0, self.classes - 1), minlength=self.classes)
        self.counts = count_C if self.counts is None else self.counts + count_C
        if len(self.batches) < ORDERED and self.classes <= 1000:
            self.batches.append(count_C)

    def predicted(self, guess_N: Tensor, label_N: Tensor) -> None:
        """Counts predictions beside the labels."""
        if self.classes > 1000:
            return
        each = [guess_N, label_N, label_N[guess_N == label_N]]
        guess_C, label_C, hit_C = (
            torch.bincount(one.clamp(0, self.classes - 1), minlength=self.classes) for one in each
        )
        self.recent.append((guess_C, label_C, hit_C))

    def constant(self) -> float | None:
        """Cross-entropy of the best constant prediction."""
        if self.counts is None or not float(self.counts.sum()):
            return None
        count_C = self.counts.double().cpu()
        if self.weight is not None:
            count_C = count_C * self.weight
        share_C = count_C / count_C.sum()
        share_C = (1 - self.smoothing) * share_C + self.smoothing / self.classes
        return float(torch.special.entr(share_C).sum())

    def order(self) -> dict[str, float]:
        """`repeat`, what a batch's labels tell of the next one's over what they would if the labels were shuffled, and
        `share`, that over all there is to be told."""
        if len(self.batches) < ORDERED:
            return {}
        counts = [count_C.cpu() for count_C in self.batches]
        sizes = [int(count_C.sum()) for count_C in counts]
        if not all(sizes) or (torch.stack(counts).sum(0) > 0).sum() < 2:
            return {}
        pool = [label for count_C in counts for label, many in enumerate(count_C.tolist()) for _ in range(many)]
        chance, told = random.Random(0), []
        for _ in range(5):
            chance.shuffle(pool)
            begin, mixed = 0, []
            for size in sizes:
                mixed.append(torch.bincount(torch.tensor(pool[begin : begin + size]), minlength=self.classes))
                begin += size
            told.append(_shared(mixed))
        share_C = torch.stack(counts).sum(0).double() / sum(sizes)
        shared, whole = _shared(counts), float(torch.special.entr(share_C).sum())
        return {"repeat": shared / max(sum(told) / len(told), 1e-6), "share": shared / whole}

    def predictions(self) -> dict[str, float]:
        """`distinct entropy rarest recall_rarest` of the last batches."""
        if not self.recent:
            return {}
        guess_C, label_C, hit_C = (torch.stack(each).sum(0).double().cpu() for each in zip(*self.recent, strict=True))
        present = label_C > 0
        if int(present.sum()) < 2:
            return {}
        rarest = int(torch.where(present, label_C, math.inf).argmin())
        labels, guesses = label_C / label_C.sum(), guess_C / guess_C.sum()
        return {
            "distinct": float((guess_C > 0).sum() / present.sum()),
            "entropy": float(torch.special.entr(guesses).sum() / torch.special.entr(labels).sum()),
            "rarest": float(labels[rarest]),
            "recall_rarest": float(hit_C[rarest] / label_C[rarest]),
            "rows": float(label_C[rarest]),
            "classes": float(present.sum()),
        }


class Shares:
    """Adds up targets that are probabilities: of two outcomes, or of several classes."""

    def __init__(self, asked: Literal["classes", "binary"], boost: float = 1.0) -> None:
        self.asked: Literal["classes", "binary"] = asked
        self.boost = boost
        self.total: Tensor | None = None
        self.rows = 0

    def add(self, share_NC: Tensor) -> None:
        """Adds rows of probabilities."""
        total_C = share_NC.double().sum(0)
        if self.total is None:
            self.total = total_C
        elif self.total.shape == total_C.shape:
            self.total = self.total + total_C
        else:
            return
        self.rows += len(share_NC)

    def constant(self) -> float | None:
        """The cross-entropy of the best constant prediction."""
        if self.total is None:
            return None
        share_C = (self.total / self.rows).cpu()
        if self.asked == "classes":
            return float(torch.special.entr(share_C).sum())
        share_C = share_C.clamp(0, 1)
        ours = self.boost * share_C
        best = (ours / (ours + 1 - share_C)).clamp(1e-12, 1 - 1e-12)
        return float(-(ours * best.log() + (1 - share_C) * (1 - best).log()).mean())


class Values:
    """Keeps some values, spread over the training, for the best constant under a loss of differences."""

    asked: Literal["values"] = "values"

    def __init__(self, loss: str, width: float) -> None:
        self.loss, self.width = loss, width
        self.kept: list[Tensor] = []
        self.rows = 0

    def add(self, value_NC: Tensor) -> None:
        """Adds rows of values."""
        room = KEPT - self.rows
        if room <= 0 or (self.kept and self.kept[0].shape[1:] != value_NC.shape[1:]):
            return
        taken = value_NC[: min(room, 256), :1024].double().clone()
        self.kept.append(taken)
        self.rows += len(taken)

    def constant(self) -> float | None:
        """The loss of the best constant: variance, mean distance from the median, or the like."""
        if self.rows < 2:
            return None
        value_NC = torch.cat(self.kept).cpu()
        best_C = value_NC.mean(0) if self.loss == "mse_loss" else value_NC.median(0).values
        guess_NC = best_C.expand_as(value_NC)
        match self.loss:
            case "mse_loss":
                return float(functional.mse_loss(guess_NC, value_NC))
            case "l1_loss":
                return float(functional.l1_loss(guess_NC, value_NC))
            case "smooth_l1_loss":
                return float(functional.smooth_l1_loss(guess_NC, value_NC, beta=self.width))
            case _:
                return float(functional.huber_loss(guess_NC, value_NC, delta=self.width))


Targets = Classes | Shares | Values


def _shared(counts: list[Tensor]) -> float:
    """Mutual information, in nats, between the label of a row and that of a row of the next batch."""
    shares = [(count_C / count_C.sum()).double() for count_C in counts]
    joint_CC = torch.stack([torch.outer(a, b) for a, b in pairwise(shares)]).mean(0)
    apart_CC = torch.outer(joint_CC.sum(1), joint_CC.sum(0))
    part = joint_CC > 0
    return float((joint_CC[part] * (joint_CC[part] / apart_CC[part]).log()).sum())
