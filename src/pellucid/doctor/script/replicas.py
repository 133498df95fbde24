"""Trainings in several processes: whether their weights stay the same, and their batches do not.

Nobody waits for anybody: after some steps each process writes what it has to the store that all of them share, and the
first one reads what is there when it is over.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.modules.module import register_module_forward_pre_hook
from torch.optim import Optimizer
from torch.optim.optimizer import register_optimizer_step_post_hook

from pellucid.doctor.script.ranks import place

STEPS = tuple(2**power for power in range(11))
"""Steps after which the processes write down what they have."""
SHARDED = ("DTensor", "FlatParameter", "ShardedTensor")
"""Classes of weights of which each process holds a part of its own."""


class Replica:
    """What one of the processes has after some steps."""

    def __init__(self, rank: int, world: int) -> None:
        self.rank, self.world = rank, world
        self.step = 0
        self.store: Any = None
        """The one that all processes share, once there is one."""
        self.alone = True
        """Whether no process knew of the others while it trained."""
        self.sharded = False
        self._batch: str | None = None

    @property
    def due(self) -> bool:
        """Whether what the step that runs makes is to be written down."""
        return self.step + 1 in STEPS and not self.sharded

    def runs(self, args: Any) -> None:
        """A module is about to run: the first one of a step is given the batch."""
        if self._batch is None and self.due and torch.is_grad_enabled():
            given = next((one for one in args if isinstance(one, Tensor) and one.numel()), None)
            self._batch = "" if given is None else _digest([given])

    def stepped(self, groups: list[dict[str, Any]]) -> None:
        """An optimizer of these groups of weights has stepped."""
        due, (batch, self._batch) = self.due, (self._batch, None)
        self.step += 1
        if not due:
            return
        params = [param for group in groups for param in group["params"]]
        self.sharded = any(kind.__name__ in SHARDED for param in params for kind in type(param).__mro__)
        self.store = self.store or _store()
        self.alone = self.alone and self.store is None
        if self.store is not None and not self.sharded:
            self.store.set(self._key(self.step, self.rank), json.dumps([_digest(params), batch]))

    def told(self) -> dict[str, int] | None:
        """`processes` and `alone`, steps `compared`, and at how many of them weights `differ` and batches are the
        `same`; None of a training that did not step, or whose weights are shared out."""
        if not self.step or self.sharded:
            return None
        seen = [one for step in STEPS if (one := self._read(step)) is not None]
        return {
            "processes": self.world,
            "alone": int(self.alone),
            "compared": len(seen),
            "differ": sum(len({weights for weights, _ in one}) > 1 for one in seen),
            "same": sum(len({batch for _, batch in one}) == 1 and bool(one[0][1]) for one in seen),
        }

    def _read(self, step: int) -> list[tuple[str, str | None]] | None:
        """What all processes wrote after a step; None where one of them has not."""
        keys = [self._key(step, rank) for rank in range(self.world)]
        if self.store is None or step > self.step or not self.store.check(keys):
            return None
        return [tuple(json.loads(self.store.get(key))) for key in keys]

    @staticmethod
    def _key(step: int, rank: int) -> str:
        return f"pellucid/{step}/{rank}"


@contextmanager
def compared() -> Iterator[Replica | None]:
    """Follows this process among those that train together; None where it is alone."""
    here = place()
    if here is None or here[1] < 2:
        yield None
        return
    replica, hooks = Replica(*here), ExitStack()
    listens: list[Any] = []
    """The hook of all modules, while a batch is to be seen: it makes every one of them slower."""

    def listen(on: bool) -> None:
        if on and not listens:
            listens.append(register_module_forward_pre_hook(runs))
        while listens and not on:
            listens.pop().remove()

    def guarded(act: Callable[[Any], None], given: Any) -> None:
        try:
            act(given)
        except Exception:  # noqa: BLE001 - a store that is gone, or weights of a strange kind, must not end a training
            hooks.close()

    def runs(module: nn.Module, args: Any) -> None:
        if not torch.compiler.is_compiling():
            guarded(replica.runs, args)

    def stepped(optimizer: Optimizer, args: Any, kwargs: Any) -> None:
        listen(False)
        guarded(followed, optimizer.param_groups)

    def followed(groups: list[dict[str, Any]]) -> None:
        replica.stepped(groups)
        listen(replica.due)

    with hooks:
        hooks.callback(listen, False)
        hooks.callback(register_optimizer_step_post_hook(stepped).remove)
        listen(True)
        yield replica


def _store() -> Any:
    """The store of the processes; None while they do not know of each other."""
    distributed = sys.modules.get("torch.distributed")
    if distributed is None or not distributed.is_available() or not distributed.is_initialized():
        return None
    return distributed.distributed_c10d._get_default_store()


def _digest(tensors: list[Tensor]) -> str:
    """What equal tensors have in common, and others hardly ever."""
    with torch.no_grad():
        sums = [part for one in tensors for part in (one.double().sum(), one.double().abs().sum())]
        total = torch.stack([one.to("cpu") for one in sums])
    sizes = sum(one.numel() for one in tensors)
    return f"{sizes} {total.sum().item()!r} {total.square().sum().item()!r}"
