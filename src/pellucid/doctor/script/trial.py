"""Proof of a cure of a script: the script as it is, run again in processes of its own, with and without a shim.

Each pair of runs has its own seed, added to every seed that the script sets (and set at the start, where it sets none):
both draw the same weights and the same rows in the same order, so what differs is the shim. Nothing is forked and no
state of the watched process is needed; what a script writes to disk, it writes again.
"""

from __future__ import annotations

import json
import math
import os
import random
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any, NamedTuple

import torch
from torch.optim.optimizer import register_optimizer_step_post_hook

from pellucid.doctor.diagnose import diagnose
from pellucid.doctor.history import HALF_LIFE
from pellucid.doctor.script import shims
from pellucid.doctor.script.edits import diff
from pellucid.doctor.script.hooks import installed
from pellucid.doctor.script.launch import plainly
from pellucid.doctor.script.watch import Watch
from pellucid.doctor.treatment import Shim, Treatment
from pellucid.doctor.treatment import shims as offered
from pellucid.doctor.verify import Arm, Verdict, arm, pairs, time_of, verdict
from pellucid.doctor.verify import said as in_words
from pellucid.findings import Finding
from pellucid.record import defined

TRIES = 3
"""Treatments of one finding that are tried, and findings of one script."""
HORIZON = 1000
"""Steps after which a run is ended, or three times as many as a finding took to show."""
LIMIT = 3600.0
"""Seconds after which a run is given up."""


class Command(NamedTuple):
    """What a person ran."""

    name: str
    args: list[str]
    module: bool = False
    folder: str | None = None
    """Where it was run."""
    code: int = 0
    """How it ended."""


class Broke(Exception):
    """A script that ended well does not when it is run again; the message is its last word."""


class Enough(SystemExit):
    """Ends a script after the steps that are asked for; no `except Exception` of its own stops it."""


def prove(
    command: Command,
    finding: Finding,
    *,
    seeds: int,
    seconds: float | None = None,
    tell: Callable[[str], None] = lambda line: None,
    into: list[Verdict] | None = None,
) -> list[Verdict]:
    """Tries what may cure a finding without an edit, at most three treatments, until one is proved.

    Args:
        seeds: pairs of runs for each treatment.
        seconds: how long the script took.
        tell: is called with each line worth showing while it takes its time.
        into: takes what came of each as soon as it is known.

    Returns: what came of each; nothing where every cure takes an edit.

    Raises: Broke where the script cannot be run again.
    """
    tries = offered(finding)[:TRIES]
    if not tries:
        return []
    if seconds is not None:
        least, most = 2 * seeds * seconds, (1 + len(tries)) * seeds * seconds
        tell(f"{finding.check}: {pairs(seeds)} of runs for each of at most {len(tries)} treatments: "
             f"up to {time_of(least)} for one, {time_of(most)} for all")  # fmt: skip
    steps = max(HORIZON, 3 * (finding.step or 0))
    plain: dict[str, tuple[Arm, ...]] = {}
    found = [] if into is None else into
    for treatment, shim in tries:
        kind = str(treatment.dump()["kind"])
        units = shim["kind"] if shim["kind"] in shims.MEASURING else ""
        if units not in plain:
            runs = runs_of(command, shim, seeds, control=True, steps=steps)
            plain[units] = _told(runs, f"{finding.check}: as it is", seeds, tell)
        cure = _told(runs_of(command, shim, seeds, control=False, steps=steps), f"{finding.check}: {kind}", seeds, tell)
        found.append(verdict(treatment, _changes(treatment, shim), finding, plain[units], cure))
        if found[-1].word != "not cured":
            break
    return found


def proofs(
    command: Command,
    findings: Iterable[Finding],
    *,
    seeds: int,
    seconds: float | None = None,
    tell: Callable[[str], None] = lambda line: None,
) -> list[dict[str, Any]]:
    """What came of the cures of the findings that no other explains, until one of them is cured; edits are shown.

    Returns: for each finding its `verdicts`, the `diff` of an edit that nobody verified, what is `said` of them, and
        whether somebody `interrupted` the runs.
    """
    known = list(findings)
    explained = {check for finding in known for check in finding.explains}
    told: list[dict[str, Any]] = []
    left = TRIES
    for finding in known:
        if finding.severity == "info" or finding.check in explained:
            continue
        verdicts: list[Verdict] = []
        word, interrupted = "a cure that takes an edit, unverified", False
        try:
            if left:
                prove(command, finding, seeds=seeds, seconds=seconds, tell=tell, into=verdicts)
        except KeyboardInterrupt:
            left, interrupted = 0, True  # what is known by now is told
            word = "interrupted before a cure was proved"
        except Broke as fault:
            left, word = 0, f"unverified, as the script fails when it is run again: {fault}"
        left = 0 if verdicts and verdicts[-1].word != "not cured" else max(0, left - bool(verdicts))
        change = diff(finding, command.name)
        said = [f"{finding.check}: {verdicts[-1].word if verdicts else word}"]
        said += [f"   {line}" for one in verdicts for line in in_words(one).splitlines()]
        said += [f"   {line}" for line in change or ([] if verdicts else [finding.cure])]
        plain = [one.as_json() for one in verdicts]
        told.append({"finding": finding.check, "verdicts": plain, "diff": change, "said": said,
                     "interrupted": interrupted})  # fmt: skip
    return told


def runs_of(
    command: Command, shim: Shim, seeds: int, *, control: bool, steps: int = HORIZON, first: int = 0
) -> Iterator[Arm]:
    """Runs a script with several seeds; `control` runs it without the shim, and tells its losses in the same units."""
    for seed in range(first, first + seeds):
        yield run(command, shim, seed, control=control, steps=steps)


def run(command: Command, shim: Shim, seed: int, *, control: bool, steps: int) -> Arm:
    """One run in a process of its own; one that fails or does not end counts as the worst there is."""
    with tempfile.TemporaryDirectory() as folder:
        asked, told, last = (Path(folder) / name for name in ("asked.json", "told.json", "errors.txt"))
        order = {"command": command._asdict(), "shim": shim, "seed": seed, "control": control, "steps": steps}
        asked.write_text(json.dumps(order), encoding="utf-8")
        try:
            with last.open("wb") as errors:
                done = subprocess.run(
                    [sys.executable, "-m", "pellucid.doctor.script.trial", str(asked), str(told)],
                    stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=errors, cwd=command.folder,
                    check=False, timeout=LIMIT, env={**os.environ, "PYTHONUNBUFFERED": "1"},
                )  # fmt: skip
        except subprocess.TimeoutExpired:
            return read("", seed)
        if control and done.returncode and not command.code:
            said = last.read_text(encoding="utf-8", errors="replace").strip().splitlines()
            raise Broke(said[-1] if said else f"exit status {done.returncode}")
        return read(told.read_text(encoding="utf-8") if told.exists() else "", seed)


def read(text: str, seed: int) -> Arm:
    """The arm that a run has written; the worst there is where it wrote nothing."""
    if not text:
        return Arm(seed, math.inf, math.inf, ())
    value: dict[str, Any] = json.loads(text)["arm"]
    losses = {name: math.inf if value[name] is None else value[name] for name in ("loss", "valid", "start")}
    return Arm(**{**value, **losses, "checks": tuple(value["checks"]), "informs": tuple(value["informs"])})


def _told(runs: Iterator[Arm], what: str, seeds: int, tell: Callable[[str], None]) -> tuple[Arm, ...]:
    """The arms, with a line for each as it ends."""
    found: list[Arm] = []
    for one in runs:
        found.append(one)
        tell(f"  {what}: run {len(found)} of {seeds}, loss {one.loss:.4g}")
    return tuple(found)


def _changes(treatment: Treatment, shim: Shim) -> list[tuple[str, None, str | None]]:
    """What a treatment is, and its numbers."""
    what = (type(treatment).__doc__ or "").splitlines()[0].rstrip(".")
    numbers = [f"{name} {value:g}" for name, value in shim.items() if type(value) is float]
    return [(what[:1].lower() + what[1:], None, ", ".join(numbers) or None)]


# -- inside the process of one run


def main(asked: Path, told: Path) -> int:
    """Does what `asked` says, and writes what came of it, with the loss of each step."""
    order = json.loads(asked.read_text(encoding="utf-8"))
    command, watch = Command(**order["command"]), Watch()
    with ExitStack() as stack:
        stack.enter_context(seeded(order["seed"]))
        stack.enter_context(installed(watch))
        losses = shims.install(stack, order["shim"], control=order["control"])
        stack.enter_context(ended(order["steps"]))
        code = plainly(command.name, command.args, module=command.module)
    outcome = watch.outcome(code)
    one = arm(order["seed"], outcome.history, diagnose(outcome.history))
    if losses is not None:
        one = replace(one, loss=_last(losses), start=losses[0] if losses else math.inf)
    if code:
        one = replace(one, loss=math.inf, valid=math.inf)
    steps = [update.loss for update in outcome.history.updates]
    value = {"arm": defined(asdict(one)), "losses": [defined(loss) for loss in losses or steps]}
    told.write_text(json.dumps(value, allow_nan=False), encoding="utf-8")
    return code


@contextmanager
def seeded(offset: int) -> Iterator[None]:
    """Adds `offset` to every seed that is set, and seeds all that a script may leave as it finds it."""
    import numpy

    with ExitStack() as stack:
        for place, name in ((torch, "manual_seed"), (random, "seed"), (numpy.random, "seed")):
            original = getattr(place, name)
            setattr(place, name, _shifted(original, offset))
            stack.callback(setattr, place, name, original)
            original(offset)
        yield


def _shifted(original: Callable[..., Any], offset: int) -> Callable[..., Any]:
    def called(*args: Any, **kwargs: Any) -> Any:
        if args and isinstance(args[0], int):
            args = args[0] + offset, *args[1:]
        else:
            kwargs = {name: value + offset if isinstance(value, int) else value for name, value in kwargs.items()}
        return original(*args, **kwargs)

    return called


@contextmanager
def ended(steps: int) -> Iterator[None]:
    """Ends a script after so many steps of its busiest optimizer."""
    made: dict[int, int] = {}

    def count(optimizer: Any, args: Any, kwargs: Any) -> None:
        made[id(optimizer)] = made.get(id(optimizer), 0) + 1
        if made[id(optimizer)] >= steps:
            raise Enough(0)

    handle = register_optimizer_step_post_hook(count)
    try:
        yield
    finally:
        handle.remove()


def _last(losses: list[float]) -> float:
    """The running mean of the losses at the end, as a history has it; infinite where one is not finite."""
    if not losses or not all(map(math.isfinite, losses)):
        return math.inf
    keep, mean = 0.5 ** (1 / HALF_LIFE), 0.0
    for loss in losses:
        mean = keep * mean + (1 - keep) * loss
    return mean / (1 - keep ** len(losses))


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]), Path(sys.argv[2])))
