"""Doing a recorded step again, from its file alone."""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch

from pellucid.artifacts import read_safetensors
from pellucid.data.batch import Batch, Dataset, Rows
from pellucid.data.signature import from_json
from pellucid.documents import Document, read_json
from pellucid.errors import ArtifactError, Place
from pellucid.forms import Paired, Signal, Steps, Tokens
from pellucid.forms import from_json as form_from_json
from pellucid.methods.method import Turn
from pellucid.network.assemble import assemble
from pellucid.recipe import Recipe, read_recipe
from pellucid.syntax import Limits
from pellucid.training.finite import Bad, walk
from pellucid.training.flight import FORMAT

LIMITS = Limits(bytes=1 << 28, nodes=1 << 24)
TUPLES: dict[str, Any] = {cls.__name__: cls for cls in (Rows, Steps, Tokens, Paired)}


@dataclass(frozen=True)
class Replayed:
    """A step that was done again."""

    step: int
    loss: float
    bad: Bad | None
    """What was not finite first; None where everything is finite: a loss that leapt, or a step that was too large."""
    about: dict[str, Any]
    """What was recorded: `rows`, `steps`, `readings`, `what`, `place`, `loss` and more."""

    @property
    def same(self) -> bool:
        """Whether the loss and what was bad are those that were recorded."""
        then = Bad(self.about["what"], self.about["place"])
        loss = float(self.about["loss"])
        alike = math.isclose(self.loss, loss, rel_tol=1e-6) or (math.isnan(self.loss) and math.isnan(loss))
        return alike and self.bad == (None if then.what in ("leap", "update") else then)

    def as_json(self) -> dict[str, Any]:
        """As plain values."""
        bad = None if self.bad is None else self.bad._asdict()
        named = {name: self.about[name] for name in ("rows", "turn", "steps", "readings")}
        return {"step": self.step, "loss": str(self.loss), "bad": bad, "same": self.same, **named}


def replay(path: Path, bind: Any = None) -> Replayed:
    """Does a recorded step again: forward and backward, with every tensor looked at.

    Args:
        bind: gives a recipe a person's own code back.

    Raises: ArtifactError where the file is damaged or something else.
    """
    held = read_safetensors(path)
    if "about" not in held:
        raise ArtifactError("FILE-FORMAT", "this is no recorded step", place=Place(str(path)))
    about: Any = read_json(bytes(held.pop("about").tolist()), str(path), limits=LIMITS)
    if about.get("format") != FORMAT:
        raise ArtifactError("FILE-FORMAT", "this is no recorded step", place=Place(str(path)))
    recipe = read_recipe(Document(about["recipe"], str(path)))
    recipe = recipe if bind is None else bind(recipe)
    batch = _batch(held, about)
    dataset = Dataset(batch, batch, batch, form_from_json(about["form"]), tuple(about["categories"]))
    assert recipe.model is not None and recipe.task is not None
    network = assemble(
        dataset.form,
        dataset.categories,
        signature=from_json(about["signature"]),
        family=recipe.model,
        task=recipe.task,
        seed=recipe.seed,
    )
    weights = {name.removeprefix("network/"): value for name, value in held.items() if name.startswith("network/")}
    network.load_state_dict(weights)
    if recipe.layout == "channels_last":
        network.to(memory_format=torch.channels_last)  # pyright: ignore[reportCallIssue] - not in torch's stubs
    at = (about["step"] - 1, about["micro"])
    with torch.random.fork_rng(devices=[]):
        turn = _turn(recipe, network.train(), dataset, about["turn"])
        bad, loss = walk(network, turn, batch, at, half=recipe.precision == "bfloat16")
    return Replayed(about["step"], loss, bad, about)


def _turn(recipe: Recipe, network: Any, dataset: Dataset, name: str) -> Turn:
    assert recipe.method is not None and recipe.task is not None
    phases = recipe.method.phases(network, recipe.task, dataset, recipe.seed)
    return next(turn for phase in phases for turn in phase.turns if turn.name == name)


def _batch(held: dict[str, torch.Tensor], about: dict[str, Any]) -> Batch:
    tensors = {name.removeprefix("batch/"): value for name, value in held.items() if name.startswith("batch/")}
    inputs = iter([tensors[f"input/{place}"] for place in range(sum(name.startswith("input/") for name in tensors))])

    def signal(shape: dict[str, Any] | None) -> Signal:
        if shape is None:
            return next(inputs)
        parts = [signal(part) for part in shape["parts"]]
        return TUPLES[shape["kind"]](*parts) if shape["kind"] in TUPLES else tuple(parts)

    def pair(name: str) -> tuple[torch.Tensor, torch.Tensor] | None:
        return (tensors[f"{name}/0"], tensors[f"{name}/1"]) if f"{name}/0" in tensors else None

    return Batch(
        signal(about["signal"]),
        tensors.get("target"),
        tensors.get("weight"),
        tensors.get("rows"),
        mixed=pair("mixed"),
        relative=pair("relative"),
        fresh=about["fresh"],
    )
