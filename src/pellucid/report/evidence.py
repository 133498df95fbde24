"""What a report is made from: everything a finished run knows, in one value."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    import torch
    from torch import nn

    from pellucid.data.batch import Batch, Dataset
    from pellucid.data.signature import Signature
    from pellucid.metrics.metric import Prediction
    from pellucid.tasks.task import Task


class Past(NamedTuple):
    """What came before a forecast."""

    value_TD: torch.Tensor
    """The window of the forecast's own channels, float64, in the units of the data."""
    series: str
    """The name of the series; empty where there is one."""
    stamp: str
    """When the first row to forecast is."""


@dataclass(frozen=True)
class Evidence:
    """The facts of a run, and the trained network as a function."""

    name: str
    """Name of the run folder."""
    task: Task
    signature: Signature
    dataset: Dataset
    """Prepared rows, in three parts; `part.row_B` numbers them as they stood in the source."""
    recipe: dict[str, Any]
    """The resolved recipe, as plain values."""
    decisions: list[dict[str, str]]
    """What the plan filled in: path, value, reason, source."""
    layers: list[dict[str, Any]]
    """The layer table: name, layer, output (shape as text), parameters, work (multiply-adds of one example)."""
    record: list[dict[str, Any]]
    """Lines of `record.jsonl`: events step, evaluated, stopped (see `record.py`)."""
    forward: Callable[[Batch], torch.Tensor]
    """The network in evaluation mode: prepared batch -> raw outputs on the CPU."""
    decode: Callable[[torch.Tensor], Prediction]
    """Raw outputs -> predictions in the units of the data."""
    truth: Callable[[Batch], torch.Tensor]
    """Targets of a batch in the units of the data: codes, 0/1 labels or values."""
    network: nn.Module
    """The trained network itself, on whichever device it is."""
    metrics: tuple[str, ...]
    """Names of the metrics of this task, the chosen one first."""
    columns: tuple[str, ...]
    """Names of the prepared input columns of a table, in order (numbers first, then categories); empty for images."""
    seed: int
    seconds: float
    """Training time."""
    examples_per_second: float
    facts: dict[str, str] = field(default_factory=dict)
    """Machine, versions, threads, precision: shown as they are."""
    findings: list[dict[str, Any]] = field(default_factory=list)
    """What the doctor found in the training, as plain values, the cause first."""
    healing: list[str] = field(default_factory=list)
    """What was tried before this training, one sentence for each finding (`train --heal`)."""
    cells: Callable[[int], dict[str, str]] | None = None
    """Row number -> the row as it stood in the source (column -> text), for the worst mistakes."""
    text: Callable[[int], str] | None = None
    """Row number -> the whole text, also what the network does not get of it; None where the rows are no texts."""
    write: Callable[[Batch], tuple[Batch, torch.Tensor]] | None = None
    """The rows of a batch by which a task that writes is judged, and what it wrote for them; None for all others."""
    past: Callable[[int], Past] | None = None
    """Row number of a forecast -> what came before it."""
    groups: dict[str, tuple[str, ...]] = field(default_factory=dict)
    """Columns that are no inputs but say whose a row is (hospital, sex), with a cell for every source row."""
    redraw: Callable[..., Any] | None = None
    """Target values, in order -> the uint8 picture HW they describe; None where nothing can draw it."""
    to_pixels: Callable[[torch.Tensor], Any] | None = None
    """A prepared x_CHW on the CPU -> the uint8 image HWC it came from; of a clip, its first frame."""
    pixels: Callable[[int], Any] | None = None
    """Row number -> uint8 image array HWC or HW, for the worst mistakes of images."""
