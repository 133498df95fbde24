"""What a metric is: a named function of predictions and targets, with the direction that is better."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, NamedTuple

if TYPE_CHECKING:
    import torch


class Prediction(NamedTuple):
    """Decoded outputs of a network, on the CPU in float64 (codes in int64), in the units of the data."""

    label: torch.Tensor | None = None
    """int64 label_N of classes, 0/1 label_NC of labels, or label_NHW of the class of each pixel."""
    probability: torch.Tensor | None = None
    """probability_NC of classes (rows sum to 1; binary has two columns) or of labels."""
    value: torch.Tensor | None = None
    """value_ND of regression."""
    box_NK6: torch.Tensor | None = None
    """left, top, right, bottom in pixels, class code and score; best first, rows with the code -1 only fill up."""
    embedding_ND: torch.Tensor | None = None
    """Unit vectors of verification: near means alike."""
    threshold: float | None = None
    """The cosine from which two embeddings are the same, fixed on other data; None: not yet."""


@dataclass(frozen=True)
class Metric:
    """A score with its direction."""

    name: str
    better: Literal["higher", "lower"]
    targets: frozenset[str]
    """Which answers of a task it is for: classes, labels, values, mask, boxes, pairs."""
    title: str
    """As a person writes it: "ROC AUC"."""
    measure: Callable[[Prediction, torch.Tensor, torch.Tensor | None], float]
    """(prediction, target, sample weight_N or None) -> score; NaN where it is undefined (one class only)."""

    def improves(self, value: float, best: float | None) -> bool:
        """Whether `value` is better than `best`."""
        if value != value:
            return False
        return best is None or (value > best if self.better == "higher" else value < best)
