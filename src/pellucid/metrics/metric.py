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
    """int64 label_N of classes, 0/1 label_NC of labels, uint8 label_NHW of the class of each pixel, or int64
    label_NT of classes of positions or of the tokens of a sentence."""
    probability: torch.Tensor | None = None
    """probability_NC of classes (rows sum to 1; binary has two columns) or of labels."""
    value: torch.Tensor | None = None
    """value_ND of regression, or value_NHD of forecasts: H times ahead."""
    box_NK6: torch.Tensor | None = None
    """left, top, right, bottom in pixels, class code and score; best first, rows with the code -1 only fill up."""
    embedding_ND: torch.Tensor | None = None
    """Unit vectors of verification: near means alike."""
    threshold: float | None = None
    """The cosine from which two embeddings are the same, fixed on other data; None: not yet."""
    classes: int | None = None
    """How many classes a mask has, or a position, whether they occur or not."""
    names: tuple[str, ...] = ()
    """The classes of positions by name, for scores of spans such as B-PER, I-PER."""
    likelihood_NT2: torch.Tensor | None = None
    """float32. Of the token that follows each position: the log of its probability, and 1 where it was the most
    probable. Of the tokens around it: the sum of the logs of their probabilities, and how many they are."""
    quantile_NHDQ: torch.Tensor | None = None
    """Of forecasts, in rising order; `value` is then value_NHD, their median."""
    naive_NHD: torch.Tensor | None = None
    """What the seasonal-naive rule forecasts for the same rows."""
    levels: tuple[float, ...] = ()
    """Which quantiles these are."""
    characters: tuple[int, ...] = ()
    """Characters of each token of the vocabulary, for scores that must not depend on it."""
    spell: Callable[[torch.Tensor], list[str]] | None = None
    """code_NT -> the text of each row."""


@dataclass(frozen=True)
class Sums:
    """What makes a score a function of sums over examples, so that a bootstrap adds up instead of scoring anew."""

    of: Callable[[Prediction, torch.Tensor], torch.Tensor]
    """(prediction, target) -> part_NS in float64, what each example adds."""
    score: Callable[[torch.Tensor], torch.Tensor]
    """total_S -> the score; dimensions before the last stay."""

    def measure(self, prediction: Prediction, target: torch.Tensor, weight_N: torch.Tensor | None = None) -> float:
        """The score of all examples, each counted `weight_N` times."""
        part_NS = self.of(prediction, target)
        return self.score(part_NS.sum(0) if weight_N is None else weight_N.double() @ part_NS).item()


def mean_of(value: Callable[[Prediction, torch.Tensor], torch.Tensor]) -> Sums:
    """The mean over examples of a `value` that is one number, float64, for each."""

    def of(prediction: Prediction, target: torch.Tensor) -> torch.Tensor:
        value_N = value(prediction, target)
        part_N2 = value_N.new_ones(len(value_N), 2)
        part_N2[:, 0] = value_N
        return part_N2

    return Sums(of, lambda total_2: total_2[..., 0] / total_2[..., 1])


@dataclass(frozen=True)
class Metric:
    """A score with its direction."""

    name: str
    better: Literal["higher", "lower"]
    targets: frozenset[str]
    """Which answers of a task it is for: classes, labels, values, mask, boxes, pairs, steps, next, sentence, future,
    neighbours."""
    title: str
    """As a person writes it: "ROC AUC"."""
    measure: Callable[[Prediction, torch.Tensor, torch.Tensor | None], float]
    """(prediction, target, sample weight_N or None) -> score; NaN where it is undefined (one class only)."""
    sums: Sums | None = None
    """The same score from sums over examples, where it is a function of such."""

    def improves(self, value: float, best: float | None) -> bool:
        """Whether `value` is better than `best`."""
        if value != value:
            return False
        return best is None or (value > best if self.better == "higher" else value < best)
