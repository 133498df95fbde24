"""What the network says about one part of the data: outputs, predictions and truth, computed once."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import torch

from pellucid import forms
from pellucid.data.batch import Batch
from pellucid.metrics.catalogue import metric
from pellucid.metrics.metric import Metric, Prediction
from pellucid.report.evidence import Evidence

CHUNK = 1024
"""Examples in one forward pass."""


@dataclass(frozen=True)
class Outcome:
    """Predictions on one part, with the truth they are held against."""

    part: str
    batch: Batch
    output: torch.Tensor
    prediction: Prediction
    truth: torch.Tensor

    def __len__(self) -> int:
        return self.truth.shape[0]

    def measure(self, chosen: Metric) -> float:
        """The score of this part; NaN where it is undefined. Every row counts once: class weights are no part of it."""
        return chosen.measure(self.prediction, self.truth, None)


def outcome(evidence: Evidence, part: str, positions: int | None = None) -> Outcome:
    """The network on a part; where `positions` are given, on rows from all over it that have about so many."""
    batch = evidence.dataset.part(part)
    if positions is not None:
        batch = spread(batch, max(1, positions // forms.tensors(batch.input)[0].shape[1]))
    if evidence.write is not None:
        batch, output = evidence.write(batch)
    else:
        output = outputs(evidence, batch)
    return Outcome(part, batch, output, evidence.decode(output), evidence.truth(batch))


def outputs(evidence: Evidence, batch: Batch) -> torch.Tensor:
    """Raw outputs of `batch`, in pieces that fit in memory."""
    count = len(batch)
    with torch.no_grad():
        pieces = [evidence.forward(batch.part(start, start + CHUNK)) for start in range(0, max(count, 1), CHUNK)]
    return torch.cat(pieces).detach()


def predict(evidence: Evidence, batch: Batch) -> Prediction:
    """Decoded predictions of `batch`."""
    return evidence.decode(outputs(evidence, batch))


@contextmanager
def one_thread() -> Iterator[None]:
    """Thousands of small operations in a row: waking a second thread for each costs more than it gives."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(before)


def take(prediction: Prediction, index: torch.Tensor) -> Prediction:
    """The predictions at `index`."""
    taken = {name: value[index] for name, value in prediction._asdict().items() if isinstance(value, torch.Tensor)}
    return prediction._replace(**taken)


def first(batch: Batch, count: int) -> Batch:
    """At most the first `count` examples; parts are in random order already."""
    return batch if len(batch) <= count else batch.part(0, count)


def spread(batch: Batch, count: int) -> Batch:
    """At most `count` examples, evenly spread."""
    if len(batch) <= count:
        return batch
    return batch.take(torch.linspace(0, len(batch) - 1, count, device=forms.tensors(batch.input)[0].device).long())


def rows_of(batch: Batch) -> list[int]:
    """The row numbers of `batch` in its source."""
    return batch.row_B.tolist() if batch.row_B is not None else list(range(len(batch)))


def chosen_metric(evidence: Evidence) -> Metric:
    """The metric that decides."""
    return metric(evidence.metrics[0])


def is_table(evidence: Evidence) -> bool:
    """Whether the rows are those of a table (numbers and codes), not images."""
    return evidence.signature.kind == "table"


def replaced(batch: Batch, signal: forms.Signal) -> Batch:
    """`batch` with another input."""
    return Batch(signal, batch.target, batch.weight_B, batch.row_B)
