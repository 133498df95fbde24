"""The Recipe: everything about a run in one frozen value; the one place where all kinds of Part meet."""

from __future__ import annotations

from collections.abc import Mapping
from hashlib import sha256
from pathlib import Path
from typing import Annotated, Any, Literal

from annotated_types import Ge, Gt

from pellucid.data.source import Data
from pellucid.documents import Document, canonical_json, read_file
from pellucid.errors import Place, RecipeError
from pellucid.families.family import Family
from pellucid.methods.method import Method
from pellucid.optim.optimizer import Optimizer
from pellucid.optim.regularize import Averaging, Constraint, Penalty
from pellucid.parts import Part, assign, read
from pellucid.tasks.task import Task
from pellucid.transfer.start import Start


class Stop(Part):
    """When training ends before its last epoch; the best weights are restored."""

    patience: Annotated[int, Ge(1)] | None = None
    """Evaluations without improvement before training stops; none given: no early stopping."""
    metric: str | None = None
    """The validation score to watch: `loss`, or a metric; none given: `loss`."""
    target: float | None = None
    """Training stops as soon as the mean training loss of an epoch is at or under this."""


class Evaluate(Part):
    """How often the validation part is looked at."""

    every: Annotated[int, Ge(1)] | None = None
    """Steps between evaluations; planned: once an epoch."""


class Checkpoint(Part):
    """How often the run is committed to disk."""

    every: Annotated[int, Ge(1)] | None = None
    """Steps between checkpoints; planned: once an epoch, and at least every 60 seconds of work."""


class Probes(Part):
    """How often gradients, updates, weights and outputs are read while a network learns; they change nothing."""

    every: Annotated[int, Ge(0)] | None = None
    """Steps between readings, beside some of the first 20; 0: none; planned: about 1 % of the time."""


class Doctor(Part):
    """What the doctor is not to say of a run."""

    ignore: dict[str, str] = {}
    """Check -> why its findings are not to count, such as `init-mismatch: weights as the paper has them`."""


class Recipe(Part):
    """A run, said completely. What is left out (`None`) is filled by the plan, with a reason."""

    data: Data
    """Where the data is, what is predicted, how it is split and prepared."""
    task: Task | None = None
    """What is asked: classification, multilabel, regression."""
    model: Family | None = None
    """The architecture."""
    start: Start | None = None
    """Where the first weights come from."""
    method: Method | None = None
    """How the network learns: epochs, batch."""
    optimizer: Optimizer | None = None
    """The rule that turns gradients into updates."""
    penalties: tuple[Penalty, ...] = ()
    """Prices on large weights."""
    constraints: tuple[Constraint, ...] = ()
    """Bounds that hold after every step."""
    averaging: Averaging | None = None
    """A running average of the weights; none given: the weights themselves."""
    stop: Stop = Stop()
    """When to end early."""
    evaluate: Evaluate = Evaluate()
    """How often to look at the validation part."""
    checkpoint: Checkpoint = Checkpoint()
    """How often to commit to disk."""
    probes: Probes = Probes()
    """How often to read what the doctor judges by."""
    doctor: Doctor = Doctor()
    """Which of its findings are not to count."""
    device: Literal["auto", "cpu", "cuda", "mps"] = "auto"
    """Where to compute."""
    precision: Literal["auto", "float32", "bfloat16"] = "auto"
    """Number format of the forward and backward pass; weights stay float32."""
    layout: Literal["auto", "contiguous", "channels_last"] = "auto"
    """Memory order of images."""
    threads: Annotated[int, Gt(0)] | None = None
    """Processor threads of one tensor operation; part of what makes a run repeatable."""
    seed: Annotated[int, Ge(0)] = 0
    """The one root of all random numbers."""

    @property
    def hash(self) -> str:
        """SHA-256 of the recipe as canonical JSON."""
        return sha256(canonical_json(self.dump())).hexdigest()


def read_recipe(document: Document, settings: dict[str, Any] | None = None) -> Recipe:
    """The recipe of a document, after `settings` (dotted path -> value, as `--set` gives them) were put in.

    Raises: RecipeError naming file, line, column and path of what is wrong.
    """
    given = settings or {}
    for path, value in given.items():
        assign(document.value, path, value, Recipe)
    try:
        return read(Recipe, document)
    except RecipeError as fault:
        dotted = fault.place.path or ""
        source = next((path for path in given if dotted == path or dotted.startswith(f"{path}.")), None)
        if source is None:
            raise
        place = Place(f"--set {source}", path=dotted if dotted != source else None)
        raise RecipeError(fault.code, fault.message, place=place, hint=fault.hint) from None


RECIPES = frozenset({".yaml", ".yml", ".json"})
"""Suffixes of recipe files."""


def recipe_of(
    source: str, target: str | None = None, settings: Mapping[str, Any] | None = None
) -> tuple[Recipe, str | None]:
    """The recipe that SOURCE means, and its text where it is a recipe file.

    SOURCE is a recipe, a table, an image folder, or the name of an embedded data set.
    """
    path = Path(source)
    values = dict(settings or {})
    if target is not None:
        values["data.target"] = target if "," not in target else target.split(",")
    if path.suffix.lower() in RECIPES and not path.is_dir():
        return read_recipe(read_file(path), values), path.read_text(encoding="utf-8-sig")
    return read_recipe(Document({"data": {"path": source}}, "command line"), values), None
