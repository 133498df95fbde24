"""Trainings in several processes that should be one: weights that drift apart, and rows that all of them see."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar, Literal

from pellucid.doctor.check import Check
from pellucid.doctor.checks.facts import evidence, number
from pellucid.doctor.history import Fact, History
from pellucid.findings import Finding

ENOUGH = 2
"""Steps at which all processes must have been seen; ours, as the first weights may be sent around at the first step."""
DISTRIBUTED = "https://pytorch.org/docs/stable/notes/ddp.html"


class ReplicasDiffer(Check):
    """Processes that train together have other weights each: they are several trainings, not one."""

    kind: Literal["replicas-differ"] = "replicas-differ"
    cause: ClassVar = "loop"
    gate: ClassVar = "contract"
    explains: ClassVar = frozenset({"oscillates", "learns-slowly"})
    reference: ClassVar = DISTRIBUTED

    def look(self, history: History) -> Iterator[Finding]:
        """Weights that are not equal though the batches are not either: who shares out layers sees the same rows."""
        fact, (processes, compared, differ, same) = _seen(history)
        if fact is None:
            return
        alone = bool(number(fact, "alone")) and len(history.updates) >= ENOUGH
        if not alone and (compared < ENOUGH or differ < compared or same):
            return
        yield Finding(
            "replicas-differ",
            "severe",
            f"{processes} processes were started, and none of them joined the others: each trains a network of its own."
            if alone
            else f"At {differ} of {compared} steps that were compared the weights of {processes} processes were not "
            "the same (healthy: the same at each step).",
            evidence=evidence(fact, processes=processes, compared=compared, differ=differ),
            cure=("Call `torch.distributed.init_process_group()`, then wrap" if alone else "Wrap")
            + " the network: `model = DistributedDataParallel(model)`, and call `model(x)`, not `model.module(x)`.",
            reference=self.reference,
            why="Only the wrapper sends gradients around; without it each process learns from its own rows alone.",
            confidence="contract",
            step=fact.step if alone else 1,
        )


class SameBatches(Check):
    """All processes that train together see the same rows, so they do the same work several times."""

    kind: Literal["same-batches"] = "same-batches"
    cause: ClassVar = "data"
    gate: ClassVar = "contract"
    explains: ClassVar = frozenset({"overfits"})
    reference: ClassVar = "https://pytorch.org/docs/stable/data.html#torch.utils.data.distributed.DistributedSampler"

    def look(self, history: History) -> Iterator[Finding]:
        """The same input at every step that was compared, of networks that are the same."""
        fact, (processes, compared, differ, same) = _seen(history)
        if fact is None or compared < ENOUGH or differ or same < compared:
            return
        yield Finding(
            "same-batches",
            "warning",
            f"At {same} of {compared} steps that were compared all {processes} processes saw the same batch (healthy: "
            "never).",
            place="input",
            evidence=evidence(fact, processes=processes, compared=compared, same=same),
            cure="`DataLoader(data, sampler=DistributedSampler(data))`, and `sampler.set_epoch(epoch)` in each epoch.",
            reference=self.reference,
            why="The mean of equal gradients is the gradient of one process: the others change nothing.",
            confidence="contract",
            step=1,
        )


def _seen(history: History) -> tuple[Fact | None, tuple[int, int, int, int]]:
    fact = next(history.seen("replicas"), None)
    names = ("processes", "compared", "differ", "same")
    processes, compared, differ, same = (int((number(fact, name) or 0) if fact else 0) for name in names)
    return fact, (processes, compared, differ, same)
