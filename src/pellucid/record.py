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


Event = Step | Evaluated | Stopped | Tested


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


def defined(value: Any) -> Any:
    """`value` as JSON can hold it: a number that is not finite, such as an undefined metric, becomes None."""
    if isinstance(value, dict):
        return {name: defined(item) for name, item in value.items()}
    return None if isinstance(value, float) and not math.isfinite(value) else value


def _line(event: str, fields: dict[str, Any]) -> str:
    return json.dumps({"event": event, **defined(fields)}, separators=(",", ":"), allow_nan=False) + "\n"
