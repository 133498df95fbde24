"""A run of Pellucid as a history, from its files alone: running or finished, here or on another machine."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, Literal

from pellucid.data.signature import Signature, from_json
from pellucid.doctor.diagnose import SEVERITY, diagnose
from pellucid.doctor.history import Fact, History, Layer, Look, Parameter, Update
from pellucid.documents import read_file, read_json
from pellucid.findings import Finding
from pellucid.record import Built, Evaluated, Event, Reading, Step, events_in
from pellucid.training.layout import journal, read_identity

Asked = Literal["classes", "binary", "values", "other"]
ASKED: dict[str, Asked] = {
    "classes": "classes", "mask": "classes", "steps": "classes", "next": "classes", "sentence": "classes",
    "labels": "binary", "values": "values", "future": "values",
}  # fmt: skip
"""Kind of target -> what its loss is for; two classes are `binary`."""


def findings(folder: Path, ignore: Iterable[str] = (), own: list[Finding] | None = None) -> list[Finding]:
    """What is wrong with a run and with its data: the cause first, what only informs last.

    Args:
        ignore: kinds of checks that are not to speak.
        own: what is wrong beside the data, where that is known.
    """
    own, silent = diagnosed(folder, ignore) if own is None else own, {*ignore, *silenced(folder)}
    data = [finding for finding in _signature(folder).findings if finding.check not in silent]
    severe = [finding for finding in data if finding.severity == "severe"]
    rest = sorted((finding for finding in data if finding.severity != "severe"), key=lambda one: SEVERITY[one.severity])
    # a leak says more than all that follows; a warning about data may be one of many
    return sorted([*severe, *own, *rest], key=lambda finding: finding.severity == "info")


def diagnosed(folder: Path, ignore: Iterable[str] = ()) -> list[Finding]:
    """What is wrong with a run beside its data."""
    return diagnose(history(folder), {*ignore, *silenced(folder)})


def silenced(folder: Path) -> dict[str, str]:
    """Check -> why the recipe of a run says that its findings are not to count."""
    recipe: Any = read_file(folder / "recipe.lock.yaml").value
    return dict(recipe.get("doctor", {}).get("ignore", {}))


def history(folder: Path) -> History:
    """Everything that the files of a run say.

    Raises: UsageError where there is no run; ArtifactError where it is damaged.
    """
    read_identity(folder)
    path, said = folder / "record.jsonl", journal(folder)
    recipe: Any = read_file(folder / "recipe.lock.yaml").value
    planned = next((line["steps"] for line in reversed(said) if line["event"] in ("started", "lengthened")), None)
    account = Account(recipe, _signature(folder), planned)
    for event in events_in(path) if path.exists() else ():
        account.note(event)
    told = account.history()
    failed = said[-1] if said and said[-1].get("code") == "TRAIN-NONFINITE" else None
    if failed is not None:
        rate = told.updates[-1].learning_rate if told.updates else 0.0
        told.updates.append(Update(failed["step"], math.nan, rate))
        told.facts += _not_finite(failed)
    return told


class Account:
    """What is told of a training event by event, and the history that it makes."""

    def __init__(self, recipe: dict[str, Any], signature: Signature, planned: int | None) -> None:
        self.recipe, self.signature, self.planned = recipe, signature, planned
        self.built = Built([], [], None)
        self.updates: list[Update] = []
        self.readings: list[Reading] = []
        self.looks: list[Look] = []

    def note(self, event: Event) -> None:
        """Takes one event in."""
        if isinstance(event, Step):
            self.updates.append(Update(event.step, event.loss, event.learning_rate, event.norm))
        elif isinstance(event, Reading):
            self.readings.append(event)
        elif isinstance(event, Evaluated):
            self.looks.append(Look(event.step, _number(event.train_loss), _number(event.loss)))
        elif isinstance(event, Built):
            self.built = event

    def history(self) -> History:
        """All of it so far."""
        target = self.signature.target
        asked: Asked = "other" if target is None else ASKED.get(target.kind, "other")
        if target is not None and target.kind == "classes" and len(target.classes) == 2:
            asked = "binary"
        settings = self.recipe["optimizer"].items()
        told = History(
            layers=[Layer(**layer) for layer in self.built.layers],
            parameters=[_parameter(one) for one in self.built.parameters],
            updates=list(self.updates),
            readings=list(self.readings),
            looks=list(self.looks),
            constant=self.built.constant,
            asked=asked,
            optimizer={name: value for name, value in settings if isinstance(value, int | float | str)},
            planned=self.planned,
        )
        told.facts += _static(told, self.built, self.recipe["method"].get("batch"), self.signature)
        told.facts += _clipped(told)
        return told


def _signature(folder: Path) -> Signature:
    path = folder / "signature.json"
    value: Any = read_json(path.read_bytes(), str(path))
    return from_json(value)


def _number(value: float | None) -> float:
    """What the record says, where null stands for a number that is not finite."""
    return math.nan if value is None else value


def _parameter(said: dict[str, Any]) -> Parameter:
    layer = said["name"].rpartition(".")[0]
    return Parameter(said["name"], layer, tuple(said["shape"]), learns=said["learns"], optimized=said["learns"])


def _static(told: History, built: Built, batch: int | None, signature: Signature) -> Iterator[Fact]:
    """What is true from the first step on."""
    for layer in told.layers:
        share = re.search(r"share=([\d.]+)", layer.says)
        if "Dropout" in layer.kind and share:
            yield Fact("dropout", 0, layer.name, {"share": float(share[1])})
        if layer.kind.startswith("BatchNorm") and batch is not None:
            yield Fact("batch-norm-small", 0, layer.name, {"batch": batch})
    if signature.length:
        yield Fact("input", 0, "", {"length": signature.length})
    start = next((reading for reading in told.readings if reading.step == 1), None)
    hidden = {weights.name for weights in told.weights[:-1]}
    for said in built.parameters:
        if said["name"] in hidden and said.get("alike"):
            zero = start is not None and start.parameters.get(said["name"], {}).get("norm") == 0
            yield Fact("constant-weights", 0, said["name"], {"rows": said["shape"][0], "zero": int(zero)})
    previous = None
    weighted = {weights.layer for weights in told.weights}
    for name, numbers in {} if start is None else start.layers.items():
        deviation = numbers.get("deviation")
        if name in weighted and deviation is not None:
            if previous is not None:
                yield Fact("start", 0, name, {"deviation": deviation, "previous": previous})
            previous = deviation


def _clipped(told: History) -> Iterator[Fact]:
    """How many steps were cut short, where clipping is on."""
    most, norms = told.optimizer.get("clip"), [update.norm for update in told.updates if update.norm is not None]
    if isinstance(most, int | float) and norms:
        clipped = [norm for norm in norms if norm > most]
        before = sum(norms) / len(norms)
        share, after = len(clipped) / len(norms), min(before, most)
        yield Fact("clipped", told.updates[-1].step, "", {"share": share, "before": before, "after": after})


def _not_finite(failed: dict[str, Any]) -> Iterator[Fact]:
    """The first bad tensor of a training that failed (`training.finite.Bad`)."""
    what, place = failed.get("what", ""), failed.get("place", "")
    if what in ("weight", "update"):
        what, place = "forward", place.rpartition(".")[0]
    if what:
        yield Fact("not-finite", failed["step"], "" if what == "input" else place, {"what": what})
