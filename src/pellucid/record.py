"""The record of a run: typed events, one JSON object a line.

`record.jsonl` holds only what is a function of recipe, data and machine, so two runs of one recipe give equal bytes;
what depends on the clock (speed, commits, signals) goes to `journal.jsonl`.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

from pellucid.errors import ArtifactError, Place


class Built(NamedTuple):
    """What is about to be trained; the first line of a record, so that a run is diagnosed from its files alone."""

    layers: list[dict[str, str]]
    """In the order of execution: `name` (path in the network), `kind` (class) and `says` (class and arguments)."""
    parameters: list[dict[str, Any]]
    """`name`, `shape`, whether it `learns`, and of matrices and kernels whether all rows are `alike`."""
    constant: float | None
    """The loss of the best answer that is the same for every training row; None where there is no such answer."""

    def line(self) -> str:
        """One line of `record.jsonl`."""
        return _line("built", self._asdict())


class Step(NamedTuple):
    """One update of the weights."""

    step: int
    """Updates so far, this one included."""
    epoch: int
    """The pass over the training part it belongs to, from 0."""
    turn: str
    loss: float
    """Mean loss of the batch before the update, penalties not included."""
    learning_rate: float
    norm: float | None = None
    """Norm of the gradient before clipping; only where clipping is on."""

    def line(self) -> str:
        """One line of `record.jsonl`; written by hand because it is the one in the hot loop."""
        norm = "" if self.norm is None else f',"norm":{json.dumps(defined(self.norm))}'
        return (
            f'{{"event":"step","step":{self.step},"epoch":{self.epoch},"turn":"{self.turn}",'
            f'"loss":{self.loss!r},"learning_rate":{self.learning_rate!r}{norm}}}\n'
        )


class Evaluated(NamedTuple):
    """One look at the validation part."""

    step: int
    epoch: int
    """Passes over the training part that are complete."""
    train_loss: float
    """Mean training loss since the last evaluation."""
    loss: float
    metrics: dict[str, float]
    best: bool
    """Whether these weights are the best so far."""
    penalty: float | None = None

    def line(self) -> str:
        """One line of `record.jsonl`."""
        return _line("evaluated", {name: value for name, value in self._asdict().items() if value is not None})


class Stopped(NamedTuple):
    """The end of training and its reason."""

    step: int
    reason: str
    """`epochs`: all are done; `patience`; `target`."""
    best_step: int

    def line(self) -> str:
        """One line of `record.jsonl`."""
        return _line("stopped", self._asdict())


class Tested(NamedTuple):
    """The final scores of the kept weights on one part."""

    part: str
    loss: float
    metrics: dict[str, float]

    def line(self) -> str:
        """One line of `record.jsonl`."""
        return _line("tested", self._asdict())


class Reading(NamedTuple):
    """What the probes read at one step: numbers by place and name."""

    step: int
    """The update whose gradients and weights these are, from 1."""
    parameters: dict[str, dict[str, float]]
    """Parameter -> `gradient` (root mean square), `largest` (of the gradient), `norm` (Euclidean, of the weights before
    the update), `update` (norm of the realised change / norm of the weights)."""
    layers: dict[str, dict[str, float]]
    """Layer, in the order of execution -> `mean`, `deviation`, `largest` (absolute) of its output; `saturated` (share
    of tanh and sigmoid outputs at the flat ends); `silent` (share of zeros behind a rectifier) and `dead` (share of its
    units that were silent on all of the last sampled batches)."""

    def line(self) -> str:
        """One line of `record.jsonl`."""
        return _line("reading", self._asdict())


class Found(NamedTuple):
    """A finding, at the step at which the doctor told it first."""

    step: int
    finding: dict[str, Any]
    """`Finding.as_json()`."""

    def line(self) -> str:
        """One line of `record.jsonl`."""
        return _line("found", self._asdict())


Event = Built | Step | Evaluated | Stopped | Tested | Reading | Found
KINDS: dict[str, type[Event]] = {
    "built": Built, "step": Step, "evaluated": Evaluated, "stopped": Stopped, "tested": Tested, "reading": Reading,
    "found": Found,
}  # fmt: skip
"""What a line of the record calls itself -> its class."""


def read_lines(path: Path) -> Iterator[dict[str, Any]]:
    """The lines of a record or journal; a last line without its end (a killed writer) is left out.

    Raises: ArtifactError for a line that is no JSON object.
    """
    with path.open("rb") as file:
        for number, line in enumerate(file, 1):
            if not line.endswith(b"\n"):
                return
            try:
                yield json.loads(line)
            except ValueError as fault:
                place = Place(str(path), number)
                raise ArtifactError("FILE-RECORD", f"not a JSON line: {fault}", place=place) from None


def events_in(path: Path) -> Iterator[Event]:
    """The events of a `record.jsonl`; null stands where there was a number that is not finite.

    Raises: ArtifactError for a line that is no JSON object.
    """
    for line in read_lines(path):
        kind = KINDS.get(line.pop("event", ""))
        if kind is not None:
            yield kind(**line)


def defined(value: Any) -> Any:
    """`value` as JSON can hold it: a number that is not finite, such as an undefined metric, becomes None."""
    if isinstance(value, dict):
        return {name: defined(item) for name, item in value.items()}
    if isinstance(value, list | tuple):
        return [defined(item) for item in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value


def _line(event: str, fields: dict[str, Any]) -> str:
    return json.dumps({"event": event, **defined(fields)}, separators=(",", ":"), allow_nan=False) + "\n"
