"""The state of a training: everything that influences its future and is not a function of recipe and position."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import nn

from pellucid.data.batch import Batch
from pellucid.methods.method import Turn
from pellucid.network.assemble import Network
from pellucid.nn.sequence import SequenceTrunk
from pellucid.recipe import Recipe
from pellucid.record import Reading

CARRIED = "carried/"
"""Before the names of what a stateful trunk remembers of the batch before."""
SILENT = "silent/"
"""Before the names of the rectifiers whose silent units the probes count."""


@dataclass
class Group:
    """Parameters that are updated alike."""

    params: list[torch.Tensor]
    slots: dict[str, list[torch.Tensor]]
    decay: float


@dataclass
class Player:
    """One turn's share of the network and of the optimizer's state."""

    turn: Turn
    params: list[torch.Tensor]
    weights: list[torch.Tensor]
    """Those with two or more dimensions that are no embeddings: what penalties and constraints act on."""
    groups: list[Group]


@dataclass
class State:
    """Where a training stands. At every yield of the loop it is complete: it can be committed and resumed."""

    network: Network
    recipe: Recipe
    players: dict[str, Player] = field(default_factory=dict)
    phase: int = 0
    step: int = 0
    epoch: int = 0
    batch: int = 0
    """Batches of this epoch that are done."""
    scores: list[tuple[int, float]] = field(default_factory=list)
    """(step, score) of every evaluation, lower is better."""
    loss_total: float = 0.0
    """Sum of the losses of the steps since the last evaluation, each times the weight of its rows."""
    loss_rows: float = 0.0
    """The weight of those rows; their number where rows have no weights."""
    average: list[torch.Tensor] | None = None
    best: dict[str, torch.Tensor] | None = None
    best_step: int = 0
    best_score: float | None = None
    waited: int = 0
    """Evaluations since the best one."""
    stopped: str | None = None
    silent: dict[str, torch.Tensor] = field(default_factory=dict)
    """Rectifier -> in how many readings in a row each of its units was silent."""
    reading: Reading | None = None
    """What the probes read at this step; None where they do not read it."""
    together: bool = False
    """Whether each step first asks for its gradient, which one program computes for several networks."""
    see: Callable[[str, Batch, int, float], None] | None = None
    """Is given every batch before its gradient is known: the name of the turn, the batch, its number in the step, and
    its mean loss."""

    def numbers(self) -> dict[str, Any]:
        """What is not a tensor, exactly: floats as hexadecimal text."""
        return {
            "phase": self.phase,
            "step": self.step,
            "epoch": self.epoch,
            "batch": self.batch,
            "scores": [[step, score.hex()] for step, score in self.scores],
            "loss_total": self.loss_total.hex(),
            "loss_rows": self.loss_rows.hex(),
            "best_step": self.best_step,
            "best_score": None if self.best_score is None else self.best_score.hex(),
            "waited": self.waited,
            "stopped": self.stopped,
        }

    def set_numbers(self, value: dict[str, Any]) -> None:
        """Puts back what `numbers` gave."""
        self.phase, self.step, self.epoch, self.batch = (value[name] for name in ("phase", "step", "epoch", "batch"))
        self.scores = [(step, float.fromhex(score)) for step, score in value["scores"]]
        self.loss_total, self.loss_rows = (float.fromhex(value[name]) for name in ("loss_total", "loss_rows"))
        self.best_step, self.waited, self.stopped = value["best_step"], value["waited"], value["stopped"]
        self.best_score = None if value["best_score"] is None else float.fromhex(value["best_score"])

    def tensors(self) -> dict[str, torch.Tensor]:
        """The optimizer's state and the running average, under typed names."""
        named = {id(parameter): name for name, parameter in self.network.named_parameters()}
        tensors: dict[str, torch.Tensor] = {}
        for player in self.players.values():
            for group in player.groups:
                for slot, values in group.slots.items():
                    for param, value in zip(group.params, values, strict=True):
                        tensors[f"{player.turn.name}/{slot}/{named[id(param)]}"] = value
        if self.average is not None:
            for (name, _), value in zip(self.network.named_parameters(), self.average, strict=True):
                tensors[f"average/{name}"] = value
        trunk = self.network.trunk
        carried = trunk.memories() if isinstance(trunk, SequenceTrunk) else {}
        tensors |= {f"{CARRIED}{name}": value for name, value in carried.items()}
        return tensors | {f"{SILENT}{name}": value for name, value in self.silent.items()}

    def set_tensors(self, tensors: dict[str, torch.Tensor]) -> None:
        """Puts back what `tensors` gave, in place."""
        if isinstance(self.network.trunk, SequenceTrunk):
            carried = {name.removeprefix(CARRIED): value for name, value in tensors.items() if name.startswith(CARRIED)}
            self.network.trunk.restore(carried)
        device = next(self.network.parameters()).device
        counted = {name: value for name, value in tensors.items() if name.startswith(SILENT)}
        self.silent = {name.removeprefix(SILENT): value.to(device) for name, value in counted.items()}
        with torch.no_grad():
            for name, value in self.tensors().items():
                value.copy_(tensors[name])

    def keep_best(self, score: float) -> None:
        """Keeps a copy of the weights as evaluated now."""
        self.best_score, self.best_step, self.waited = score, self.step, 0
        self.best = {name: value.detach().clone() for name, value in self.network.state_dict().items()}


def player(state: State, turn: Turn) -> Player:
    """The player of a turn; its optimizer state begins the first time it moves."""
    if turn.name not in state.players:
        part: nn.Module = state.network.get_submodule(turn.learns)
        optimizer, decay = state.recipe.optimizer, state.recipe.optimizer and state.recipe.optimizer.weight_decay
        assert optimizer is not None
        params: list[torch.Tensor] = [param for param in part.parameters() if param.requires_grad]
        embedded = {id(m.weight) for m in part.modules() if isinstance(m, nn.Embedding)}
        weights = [param for param in params if param.dim() >= 2 and id(param) not in embedded]
        heavy = {id(param) for param in weights}
        lists = [weights, [param for param in params if id(param) not in heavy]]
        groups = [
            Group(list_, optimizer.begin(list_), rate)
            for list_, rate in zip(lists, (decay or 0.0, 0.0), strict=True)
            if list_
        ]
        state.players[turn.name] = Player(turn, params, weights, groups)
    return state.players[turn.name]


@contextmanager
def averaged(state: State) -> Iterator[None]:
    """Evaluates with the running average of the weights in place of the weights, and puts them back."""
    if state.average is None:
        yield
        return
    params = list(state.network.parameters())
    own = [param.detach().clone() for param in params]
    with torch.no_grad():
        for param, value in zip(params, state.average, strict=True):
            param.copy_(value)
    try:
        yield
    finally:
        with torch.no_grad():
            for param, value in zip(params, own, strict=True):
                param.copy_(value)
