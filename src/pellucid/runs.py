"""Looking at runs, models, data and kinds from their files alone: none of it imports torch."""

from __future__ import annotations

import inspect as python
import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any, Literal

from pellucid import parts
from pellucid.artifacts import verify_folder
from pellucid.data.augment import Augment
from pellucid.data.embedded import EMBEDDED
from pellucid.data.source import Data
from pellucid.data.split import Split
from pellucid.data.tokenizers import Tokenizer
from pellucid.doctor import run as doctor
from pellucid.documents import read_file, read_json
from pellucid.errors import ArtifactError, Place, UsageError, did_you_mean
from pellucid.families.family import Family
from pellucid.files import Lock
from pellucid.findings import Finding
from pellucid.losses.loss import LossFunction
from pellucid.methods.method import Method
from pellucid.metrics.catalogue import METRICS
from pellucid.nn.activation_parts import Activation
from pellucid.nn.init_parts import Initializer
from pellucid.optim.optimizer import Optimizer, Schedule
from pellucid.optim.regularize import Averaging, Constraint, Penalty
from pellucid.recipe import RECIPES, Recipe, read_recipe, recipe_of
from pellucid.record import read_lines
from pellucid.tasks.task import Task
from pellucid.training.layout import RUNS, journal, read_identity
from pellucid.transfer.start import Start

ABSTRACT: dict[str, type[parts.Part]] = {
    "data": Data, "split": Split, "augment": Augment, "tokenizer": Tokenizer, "task": Task, "loss": LossFunction,
    "model": Family, "activation": Activation, "init": Initializer, "start": Start, "method": Method,
    "optimizer": Optimizer, "schedule": Schedule, "penalty": Penalty, "constraint": Constraint, "averaging": Averaging,
}  # fmt: skip
"""What a recipe can name, by the place it stands in."""


def status(run: Path | str) -> dict[str, Any]:
    """Where a run stands."""
    folder = Path(run)
    identity = read_identity(folder)
    lines = list(read_lines(folder / "record.jsonl")) if (folder / "record.jsonl").exists() else []
    said = journal(folder)
    last = said[-1]["event"] if said else "started"
    beat = folder / "heartbeat.json"
    heartbeat: Any = read_json(beat.read_bytes(), str(beat)) if beat.exists() else None
    running = Lock.held(folder)
    state = "running" if running else "finished" if last == "finished" else "stopped"
    tested = [line for line in lines if line["event"] == "tested"]
    return {
        "run": str(folder),
        "state": state,
        "why": _why(state, said, heartbeat),
        "step": max((line.get("step", 0) for line in (*lines, *said)), default=0),
        "steps": next((line["steps"] for line in reversed(said) if line["event"] in ("started", "lengthened")), None),
        "evaluated": next((line for line in reversed(lines) if line["event"] == "evaluated"), None),
        "stopped": next((line for line in reversed(lines) if line["event"] == "stopped"), None),
        "tested": {line["part"]: {"loss": line["loss"], **line["metrics"]} for line in tested},
        "heartbeat": heartbeat,
        "created": identity["created"],
        "recipe": identity["recipe"][:12],
    }


def _why(state: str, said: list[dict[str, Any]], heartbeat: dict[str, Any] | None) -> str | None:
    """What ended a run that is neither running nor finished."""
    if state != "stopped":
        return None
    if said and said[-1]["event"] == "signal":
        return f"stopped by {said[-1]['signal']}"
    if said and said[-1]["event"] == "failed":
        return f"failed at {said[-1]['message']}"
    held = heartbeat["memory"] / 2**30 if heartbeat else None
    return "killed" + (f"; it held {held:.1f} GiB of memory" if held else "")


def diagnose(run: Path | str, *, ignore: Iterable[str] = ()) -> list[Finding]:
    """What is wrong with a run and its data, finished or not: the cause first, what only informs last.

    Args:
        ignore: checks that are not to speak.

    Raises: UsageError where there is no run; ArtifactError where it is damaged.
    """
    return doctor.findings(Path(run), ignore)


def silenced(run: Path | str) -> dict[str, str]:
    """Check -> why the recipe says that its findings about this run are not to count."""
    return doctor.silenced(Path(run))


def recorded(run: Path | str) -> list[Path]:
    """The steps that the flight recorder of a run kept: where the loss was not finite or leapt, the newest last."""
    return sorted((Path(run) / "crash").glob("step-*.safetensors"))


def inspect(path: Path | str, target: str | None = None) -> dict[str, Any]:
    """What a run, a model, a checkpoint, a recipe or data is; files of models and checkpoints are hashed.

    Args:
        target: the column of a table that would be predicted.
    """
    place = Path(path)
    if (place / "run.json").exists():
        return {"kind": "run", **status(place)}
    if (place / "MANIFEST.json").exists():
        manifest = verify_folder(place)
        return {"kind": str(manifest.get("format", "pellucid-checkpoint")), **manifest}
    if place.suffix.lower() in RECIPES:
        return {"kind": "recipe", **read_recipe(read_file(place)).dump()}
    recipe, _ = recipe_of(str(path), target)
    raw = recipe.data.read()
    return recipe.data.inspect(raw).as_json() | recipe.data.told(raw)


def read_report(run: Path) -> dict[str, Any]:
    """`report.json` of a run."""
    path = run / "report.json"
    if not path.exists():
        raise UsageError("CLI-RUN", "this run has no report", place=Place(str(run)), hint=f"pellucid report {run}")
    return json.loads(path.read_bytes())


def listed(what: Literal["runs", "data", "kinds"], root: Path = RUNS) -> list[dict[str, Any]]:
    """Rows for `pellucid list`."""
    if what == "data":
        return [
            {"name": name, "kind": item.kind, "target": item.target, "title": item.title}
            for name, item in EMBEDDED.items()
        ]
    if what == "kinds":
        rows = [{"in": place, "kind": kind} for place, part in ABSTRACT.items() for kind in sorted(parts.kinds(part))]
        return rows + [{"in": "metrics", "kind": name} for name in METRICS]
    found = [path.parent for path in root.glob("*/run.json")] if root.is_dir() else []
    rows = []
    for folder in sorted(found, key=lambda path: path.stat().st_mtime, reverse=True):
        try:
            value = status(folder)
        except ArtifactError as fault:
            rows.append({"run": str(folder), "state": "damaged", "score": str(fault)})
            continue
        score = " ".join(f"{name} {number:.4f}" for name, number in list(value["tested"].get("test", {}).items())[1:2])
        rows.append({"run": str(folder), "state": value["state"], "score": score, "created": value["created"]})
    return rows


def described(kind: str) -> dict[str, Any]:
    """One kind: what it is, its fields, and where it comes from.

    Raises: UsageError with the nearest kind.
    """
    if kind == "recipe":
        return _described("recipe", "the whole", Recipe)
    known: dict[str, tuple[str, type[parts.Part]]] = {}
    for place, part in ABSTRACT.items():
        for name in parts.kinds(part):
            known.setdefault(name, (place, part))
    if kind not in known:
        raise UsageError("CLI-KIND", f"no kind '{kind}'", hint=did_you_mean(kind, [*known, "recipe"]))
    place, abstract = known[kind]
    return _described(kind, place, parts.load_kind(abstract, kind))


def _described(kind: str, place: str, cls: type[parts.Part]) -> dict[str, Any]:
    meaning = (python.getdoc(cls) or "").splitlines()[0]
    return {"kind": kind, "is": place, "meaning": meaning, "fields": parts.describe(cls), "reference": cls.reference}
