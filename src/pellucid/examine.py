"""The job of examining: a person's script, or a loop of their own, under watch, and what was found."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from types import TracebackType
from typing import Any

from torch import nn
from torch.optim import Optimizer

from pellucid.doctor.check import Check
from pellucid.doctor.diagnose import diagnose
from pellucid.doctor.script import report
from pellucid.doctor.script.hooks import installed
from pellucid.doctor.script.launch import launch, plainly
from pellucid.doctor.script.ranks import quiet_rank, through
from pellucid.doctor.script.replicas import compared
from pellucid.doctor.script.trial import Command, proofs
from pellucid.doctor.script.watch import Outcome, Watch
from pellucid.errors import UsageError, did_you_mean
from pellucid.findings import Finding
from pellucid.parts import kinds
from pellucid.report.script_html import script_page, script_part

Plain = dict[str, Any]
ENDED = 128
"""Exit statuses from which on a signal ended a script: whoever sent it does not wait for proofs."""


@dataclass(frozen=True, slots=True)
class Proving:
    """How cures that need no edit are tried."""

    seeds: int
    """Pairs of runs of the script for each, with it and without."""
    tell: Callable[[str], None]
    """Is called with each line worth showing while that takes its time."""


@dataclass(frozen=True, slots=True)
class Examined:
    """What was seen of a training, and what is wrong with it."""

    findings: tuple[Finding, ...]
    """The cause before what it brings about; silenced ones are left out."""
    told: Plain
    """All of it as JSON can hold it."""

    @property
    def interrupted(self) -> bool:
        """Whether somebody ended the proofs before they were done."""
        return any(one["interrupted"] for one in self.told.get("proofs", []))

    def lines(self) -> list[str]:
        """What a terminal shows."""
        proved: list[Plain] = self.told.get("proofs", [])
        return [*report.lines(self.told), *(line for one in proved for line in ("", *one["said"]))]

    def json(self) -> str:
        """A document for programs."""
        return report.text(self.told)

    def page(self) -> str:
        """A page that loads nothing."""
        return script_page(self.told)

    def fails(self, at: str | None) -> bool:
        """Whether there is a finding at least as bad as `severe` or `warning`; of nothing, never."""
        bad = report.SEVERITIES[: report.SEVERITIES.index(at) + 1] if at else ()
        return any(finding.severity in bad for finding in self.findings)


def examine(
    name: str,
    args: list[str],
    *,
    module: bool = False,
    ignore: Mapping[str, str] = {},
    options: Sequence[str] = (),
    proving: Proving | None = None,
    on_end: Callable[[Examined], None],
) -> int:
    """Runs a script, or a module by its name, under watch; what it prints and how it ends stay as they are.

    Args:
        ignore: check -> why its findings are not to count.
        options: how this was asked for on the command line, for the processes that `torch.distributed.run` starts.
        proving: how cures are tried once the script is over; they are not where it is left out.
        on_end: is told what was found, once the script is over.

    Returns: the exit status of the script.
    """
    quiet, command, began = silenced(ignore), Command(name, list(args), module, os.getcwd()), time.monotonic()
    passed = through(name, args, options) if module else None
    if proving and (passed is not None or "WORLD_SIZE" in os.environ):
        raise UsageError("CLI-USAGE", "--verify: a training in several processes cannot be run again from here")
    if passed is not None:
        return plainly(name, passed, module=True)
    if quiet_rank():
        with compared():
            return plainly(name, args, module=module)

    def end(outcome: Outcome) -> None:
        seen = _examined(name, outcome, quiet)
        if proving and outcome.code < ENDED:
            took = time.monotonic() - began
            told = proofs(
                command._replace(code=outcome.code), seen.findings, seeds=proving.seeds, seconds=took, tell=proving.tell
            )
            seen = replace(seen, told=seen.told | {"proofs": told})
        on_end(seen)

    return launch(name, args, module=module, on_end=end)


def silenced(ignore: Mapping[str, str]) -> dict[str, str]:
    """The checks that are not to count, with their reasons.

    Raises: UsageError for a check that there is not, or that lacks a reason.
    """
    for check, reason in ignore.items():
        if check not in kinds(Check):
            hint = did_you_mean(check, kinds(Check))
            raise UsageError("CLI-USAGE", f"--ignore {check}: there is no such check", hint=hint)
        if not reason.strip():
            hint = f"--ignore {check}='the reason', so that whoever reads the findings knows it"
            raise UsageError("CLI-USAGE", f"--ignore {check}: a reason is needed", hint=hint)
    return dict(ignore)


class Watching:
    """Watches the training in a notebook or a loop of one's own, until `stop()` or the end of its `with`."""

    def __init__(self, watched: tuple[nn.Module | Optimizer, ...], ignore: Mapping[str, str]) -> None:
        self._ignore = silenced(ignore)
        self._watch = Watch()
        self._stack = ExitStack()
        self._stack.enter_context(installed(self._watch))
        for one in watched:
            self._watch.know(one)

    def stop(self) -> None:
        """Ends the watch; what was found is kept."""
        global _running
        self._stack.close()
        _running = None if _running is self else _running

    def findings(self) -> list[Finding]:
        """What was found so far, the cause before what it brings about."""
        return list(self._examined().findings)

    def _examined(self) -> Examined:
        return _examined("this training", self._watch.outcome(0), self._ignore)

    def __enter__(self) -> Watching:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, fault: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def __repr__(self) -> str:
        return "\n".join(self._examined().lines())

    def _repr_html_(self) -> str:
        return script_part(self._examined().told, alone=True)


_running: Watching | None = None
"""The watch that runs: there is one at a time, so a cell of a notebook can be run again."""


def watch(*watched: nn.Module | Optimizer, ignore: Mapping[str, str] = {}) -> Watching:
    """Watches what is trained from now on: `watch(model, optimizer)` before the loop, in a notebook or a script.

        with pellucid.watch(model, optimizer) as seen:
            train(model, optimizer)
        print(seen)

    The losses stay what they would be without it. A watch that still runs ends.

    Args:
        watched: networks and optimizers that are made already; those made later are seen by themselves.
        ignore: check -> why its findings are not to count.
    """
    global _running
    if _running is not None:
        _running.stop()
    _running = Watching(watched, ignore)
    return _running


def _examined(name: str, outcome: Outcome, ignore: Mapping[str, str]) -> Examined:
    faults: dict[str, str] = {}
    found = diagnose(outcome.history, faults=faults)
    outcome = replace(outcome, faults=(*outcome.faults, *faults.values()))
    spoken = tuple(finding for finding in found if finding.check not in ignore)
    quiet = [(finding, ignore[finding.check]) for finding in found if finding.check in ignore]
    return Examined(spoken, report.plain(name, outcome, spoken, quiet))
