"""A session: data, network and phases of one recipe, brought together and ready for the first step."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any

import torch

from pellucid import devices, plan
from pellucid.data.augment import check
from pellucid.data.batch import Dataset
from pellucid.data.signature import Signature
from pellucid.data.source import Loaded, Raw
from pellucid.data.splitting import choose_split
from pellucid.data.stored import Stored
from pellucid.errors import DataError, Place
from pellucid.findings import Finding
from pellucid.methods.method import Phase
from pellucid.network.assemble import assemble
from pellucid.network.summary import Layer, summarize
from pellucid.plan import Decision
from pellucid.recipe import Recipe
from pellucid.training import engine
from pellucid.training.state import State, player

NOTHING_ASIDE = Finding(
    "nothing-aside",
    "warning",
    "no row was set aside to choose by: the training rows choose, and their score says nothing about new rows.",
    "split",
    cure="Give more rows, or a split that sets some aside.",
)


@dataclass
class Session:
    """Everything a training needs; `state` is where it stands."""

    recipe: Recipe
    """Resolved: every value explicit."""
    decisions: list[Decision]
    raw: Raw
    loaded: Loaded
    layers: list[Layer]
    state: State
    steps: int
    """Steps of all phases together."""
    per_epoch: int

    def phases(self) -> Iterable[Phase]:
        """The phases, from the first; the loop skips those that are done."""
        assert self.recipe.method is not None and self.recipe.task is not None
        return self.recipe.method.phases(self.state.network, self.recipe.task, self.dataset, self.recipe.seed)

    @property
    def dataset(self) -> Dataset:
        """The prepared data."""
        return self.loaded.dataset

    @property
    def signature(self) -> Signature:
        """What the data is."""
        return self.loaded.signature


def prepare(recipe: Recipe, raw: Raw | None = None) -> Session:
    """Reads and splits the data, completes the recipe, builds the network and sets its first weights.

    Raises: DataError or RecipeError, before anything is learnt.
    """
    raw = recipe.data.read() if raw is None else raw
    signature = recipe.data.inspect(raw)
    if signature.target is None:
        hint = "images: one folder for each class, or a CSV file of paths and labels"
        raise DataError("DATA-TARGET", "there is nothing to predict", place=Place(signature.source), hint=hint)
    split, why = recipe.data.split, None
    if split is None:
        split, why = choose_split(signature)
    loaded = recipe.data.load(raw, signature, split, recipe.seed)
    given = recipe
    recipe, decisions = plan.resolve(recipe.replace(data=recipe.data.replace(split=split)), loaded)
    if why is not None:
        decisions.insert(0, Decision("data.split", split.dump(), why, "docs/data.md"))
    assert (
        recipe.task is not None and recipe.model is not None and recipe.method is not None and recipe.start is not None
    )
    dataset = loaded.dataset
    check(dataset.augment, dataset.form, type(recipe.task).answers)
    if len(dataset.valid) == 0:
        dataset.valid = dataset.train.sample()  # a split may set no rows aside
        findings = (*loaded.signature.findings, NOTHING_ASIDE)
        loaded = replace(loaded, signature=loaded.signature.replace(findings=findings))
    if remarks := recipe.model.remarks():
        findings = (*loaded.signature.findings, *remarks)
        loaded = replace(loaded, signature=loaded.signature.replace(findings=findings))
    _weigh(recipe, loaded)
    network = assemble(
        dataset.form,
        dataset.categories,
        signature=loaded.signature,
        family=recipe.model,
        task=recipe.task,
        seed=given.seed,
    )
    phases = list(recipe.method.phases(network, recipe.task, dataset, recipe.seed))
    first = phases[0]
    sample = next(iter(first.batches.batches(0, 0)))
    with torch.random.fork_rng(devices=[]):
        recipe.start.apply(network, recipe.model, sample, recipe.seed)
        recipe.task.begin(network.head)
    layers = summarize(network, sample.part(0, min(2, len(sample))).input)
    per_epoch = -(-first.batches.steps_per_epoch // first.accumulate)
    steps, batch = sum(phase.steps for phase in phases), len(sample) * first.accumulate
    recipe, engine_decisions = engine.decide(
        recipe, network, layers, batch=batch, steps=steps, per_epoch=per_epoch, sample=sample
    )
    state = State(network, recipe)
    _place(recipe, loaded, state)
    for phase in phases:
        for turn in phase.turns:
            player(state, turn)
    if recipe.averaging is not None:
        state.average = [param.detach().clone() for param in network.parameters()]
    return Session(recipe, decisions + engine_decisions, raw, loaded, layers, state, steps, per_epoch)


def _place(recipe: Recipe, loaded: Loaded, state: State) -> None:
    """Moves network and data to the device, and to the memory order of the recipe."""
    dataset, device = loaded.dataset, recipe.device
    if device != "cpu":
        state.network.to(device)
        dataset.train, dataset.valid, dataset.test = (
            part.to(device) for part in (dataset.train, dataset.valid, dataset.test)
        )
        if dataset.black_C is not None:
            dataset.black_C = dataset.black_C.to(device)
        draw = state.network.draw
        assert draw is not None
        draw.generator = torch.Generator(device)
    if recipe.layout == "channels_last":
        state.network.to(memory_format=torch.channels_last)  # pyright: ignore[reportCallIssue] - not in torch's stubs
        for part in (dataset.train, dataset.valid, dataset.test):
            if isinstance(part.input, torch.Tensor) and part.input.dim() == 4 and part.pixels is None:
                part.input = part.input.contiguous(memory_format=torch.channels_last)


def _weigh(recipe: Recipe, loaded: Loaded) -> None:
    """Multiplies class weights into the weights of the rows that train and of those that choose."""
    task, target, train = recipe.task, loaded.signature.target, loaded.dataset.train
    assert task is not None and target is not None
    weight_C = task.class_weights(train.sample(), target)
    if weight_C is None:
        return
    if isinstance(train, Stored):
        train.weight_C = weight_C
    for part in (loaded.dataset.valid,) if isinstance(train, Stored) else (train, loaded.dataset.valid):
        part.weight_B = part.weighed(weight_C).weight_B


def facts(session: Session) -> dict[str, Any]:
    """What the run's bits rest on beside recipe and data."""
    return {**devices.exactness(), "device": session.recipe.device, "threads": session.recipe.threads,
            "precision": session.recipe.precision, "layout": session.recipe.layout}  # fmt: skip
