"""The proof of a cure: the training as it was and the changed one, with the same seeds, side by side.

Both arms of a pair have the same seed: the same rows in the same order, the same first weights where the shapes are the
same. So what differs between them is the treatment, and a sign-flip test over the pairs says whether it is more than
luck (Fisher 1935; exact for every number of pairs).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator
from dataclasses import asdict, dataclass
from itertools import product
from pathlib import Path
from statistics import fmean, stdev
from typing import Any, Literal

from pellucid.data.source import Raw
from pellucid.doctor.check import Check
from pellucid.doctor.history import History
from pellucid.doctor.run import diagnosed, history
from pellucid.doctor.treatment import Treatment
from pellucid.files import write_atomic
from pellucid.findings import Finding
from pellucid.parts import load_kind
from pellucid.recipe import Recipe
from pellucid.record import defined
from pellucid.training import checkpoint, stacked
from pellucid.training import folder as folders
from pellucid.training.run import Writer
from pellucid.training.session import Session, prepare

GAIN = 0.02
"""Share of the control's loss by which a cure must be better."""
NOISE = 2.0
"""Standard deviations of the mean of the control arms that it must be better by."""
WIDE = 10.0
"""Largest over smallest loss of the control arms from which they are compared by their logarithms."""
CLEARED = 0.8
"""Share of the arms in which the finding must be gone."""
AT_EVALUATION = ("evaluates-in-train", "dropout-at-evaluation", "growing-outputs", "sorted-batches")
"""Findings that the training loss tells nothing true about: batches of one class, say, are easy while they last, and
outputs without bound lower it for ever."""
LUCK = {"verified": 1 / 32, "likely": 1 / 8}
"""Word -> the largest probability of such a difference by luck: 5 and 3 pairs that all agree."""


@dataclass(frozen=True, slots=True)
class Arm:
    """One training of a pair."""

    seed: int
    loss: float
    """Running mean of the training loss at the end; infinite where it was not finite."""
    valid: float
    """The validation loss at the end."""
    checks: tuple[str, ...]
    """Kinds of checks that found something beside information."""
    start: float = math.inf
    """The training loss of the first batch."""
    informs: tuple[str, ...] = ()
    """Kinds of checks that only inform."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """What came of a treatment."""

    treatment: str
    reason: str
    changes: tuple[tuple[str, Any, Any], ...]
    """(path in the recipe, before, after); of a script, (what is changed, nothing, to what)."""
    control: tuple[Arm, ...]
    cure: tuple[Arm, ...]
    judged: Literal["training loss", "validation loss"]
    luck: float
    """Probability of a difference like this where the treatment does nothing."""
    word: Literal["verified", "likely", "not cured"]
    why: str

    @property
    def gain(self) -> float:
        """By how much the mean loss is lower with the treatment."""
        before, after = _levels(self.control, self.cure, self.judged)
        return fmean(before) - fmean(after)

    def as_json(self) -> dict[str, Any]:
        """As plain values; a loss that is not finite becomes None."""
        sides = {"control": self.control, "cure": self.cure}
        arms = {name: [defined(asdict(one)) for one in side] for name, side in sides.items()}
        return asdict(self) | arms


@dataclass(frozen=True, slots=True)
class Side:
    """One side of a comparison: a recipe that is trained with several seeds."""

    recipe: Recipe
    folder: Path
    """Each training has a folder of its own in it."""
    start: Path | None = None
    """A checkpoint of another run with the same data and network; every training goes on from it, and seeds differ in
    what comes after."""

    def begin(self, number: int, raw: Raw) -> tuple[Session, Writer]:
        """A training before its first step."""
        own = self.recipe.replace(seed=self.recipe.seed + number)
        place = self.folder / f"{number}"
        place.mkdir(parents=True)
        session = prepare(own if self.start is None else self.recipe, raw)
        writer: Writer = folders.create(place, session, None, "")
        if self.start is not None:
            _go_on(session, writer, self.start, own.seed)
        return session, writer


def arms(sides: list[Side], raw: Raw, seeds: int, tell: Callable[[str], None] = lambda line: None) -> Iterator[Arm]:
    """Trains all sides, and yields the arms of the first, of the second, and so on.

    Args:
        tell: is called with a line where all are trained side by side, so that none ends before the others.
    """
    todo = [(side, number) for side in sides for number in range(seeds)]
    first = sides[0].begin(0, raw)
    together = stacked.worth(first[0], len(todo))
    if together:
        tell(f"  {len(todo)} trainings side by side")
        stacked.train([first, *(side.begin(number, raw) for side, number in todo[1:])])
    for place, (side, number) in enumerate(todo):
        if not together:
            stacked.train([side.begin(number, raw) if place else first])
        folder = side.folder / f"{number}"
        yield arm(side.recipe.seed + number, history(folder), diagnosed(folder))


def arm(seed: int, told: History, found: Iterable[Finding]) -> Arm:
    """What counts of one training."""
    loss = math.inf if told.broken or not told.smooth else told.smooth[-1]
    valid = told.looks[-1].loss if told.looks and not told.broken else math.inf
    alarms, informs = (
        tuple(dict.fromkeys(one.check for one in found if (one.severity == "info") == calm)) for calm in (False, True)
    )
    first = told.updates[0].loss if told.updates else math.inf
    return Arm(seed, loss, valid if math.isfinite(valid) else math.inf, alarms, first, informs)


def _go_on(session: Session, writer: Writer, start: Path, seed: int) -> None:
    """Puts a session where a checkpoint stands, with the record up to there; what is drawn after it is of `seed`."""
    offset = int(checkpoint.restore(start, session.state)["record"])
    session.recipe = session.state.recipe = session.recipe.replace(seed=seed)
    draw = session.state.network.draw
    assert writer.folder is not None and draw is not None
    draw.seed = seed
    with (start.parents[1] / "record.jsonl").open("rb") as file:
        write_atomic(writer.folder / "record.jsonl", file.read(offset))
    writer.offset = offset


def judge(
    finding: Finding, control: tuple[Arm, ...], cure: tuple[Arm, ...]
) -> tuple[Literal["verified", "likely", "not cured"], float, str]:
    """The word, the probability of luck, and the reason, for a cure of `finding`."""
    name = judged_by(finding)
    before, after = _levels(control, cure, name)
    luck, gain, needed = _effect(before, after)
    gone = sum(not _shows(arm, finding) for arm in cure) / len(cure)
    word = next((word for word, most in LUCK.items() if luck <= most), None)
    new = {check for arm in cure for check in arm.checks if _tells(check, finding)}
    new -= {check for arm in control for check in arm.checks}
    if not any(_shows(arm, finding) for arm in control):
        return "not cured", luck, "the finding does not come back without the treatment: there is nothing to compare"
    if gone < CLEARED:
        return "not cured", luck, f"the finding is still there in {len(cure) - round(gone * len(cure))} of {len(cure)}"
    if name == "validation loss" and not any(math.isfinite(arm.valid) for arm in (*control, *cure)):
        return "not cured", luck, "the finding is gone, but there is no validation loss to compare"
    if word is None:
        return "not cured", luck, f"the {name} is not lower in enough pairs: luck does this {luck:.0%} of the time"
    if gain <= needed:
        return "not cured", luck, f"the {name} falls by {gain:.3g}, within the noise of {needed:.3g}"
    if _worse(control, cure):
        return "not cured", luck, "the validation loss is worse"
    if new:
        return "not cured", luck, f"it brings a new finding: {', '.join(sorted(new))}"
    return word, luck, f"the {name} falls from {fmean(before):.3g} to {fmean(after):.3g} in {len(cure)} pairs"  # type: ignore[return-value]


def verdict(
    treatment: Treatment,
    changes: Iterable[tuple[str, Any, Any]],
    finding: Finding,
    control: tuple[Arm, ...],
    cure: tuple[Arm, ...],
) -> Verdict:
    """What came of a treatment."""
    word, luck, why = judge(finding, control, cure)
    kind, judged = str(treatment.dump()["kind"]), judged_by(finding)
    return Verdict(kind, treatment.reason, tuple(changes), control, cure, judged, luck, word, why)


def said(told: Verdict) -> str:
    """A verdict as text: the change, both arms, the word."""
    name = "loss" if told.judged == "training loss" else "valid"
    lines = [f"{told.treatment}: {changed(told.changes)}", f"  why:    {told.reason}"]
    for one, other in zip(told.control, told.cure, strict=True):
        lines.append(f"  seed {one.seed}: {told.judged} {getattr(one, name):.4g} -> {getattr(other, name):.4g}")
    return "\n".join([*lines, f"  {told.word}: {told.why} (luck: {told.luck:.1%})"])


def changed(changes: Iterable[tuple[str, Any, Any]]) -> str:
    """Changes in one line."""
    said = [
        f"{path}: {_plain(after)}" if before is None else f"{path}: {_plain(before)} -> {_plain(after)}"
        for path, before, after in changes
    ]
    return ", ".join(line.removesuffix(": None") for line in said)


def pairs(seeds: int) -> str:
    """`1 pair` or `3 pairs`."""
    return f"{seeds} pair" if seeds == 1 else f"{seeds} pairs"


def time_of(seconds: float) -> str:
    """`40 s` or `3 min`."""
    return f"{seconds:.0f} s" if seconds < 90 else f"{seconds / 60:.0f} min"


def _plain(value: Any) -> str:
    return f"{value:.4g}" if isinstance(value, float) else str(value)


def judged_by(finding: Finding) -> Literal["training loss", "validation loss"]:
    """What a cure must lower: what is wrong with new rows does not show in the training loss."""
    late = load_kind(Check, finding.check).cause == "generalisation" or finding.check in AT_EVALUATION
    return "validation loss" if late else "training loss"


def sign_flip(difference: list[float]) -> float:
    """Probability of a sum at least as large where each sign is a toss of a coin; over all 2^n of them."""
    total = sum(difference)
    flips = [sum(sign * one for sign, one in zip(signs, difference, strict=True))
             for signs in product((1, -1), repeat=len(difference))]  # fmt: skip
    return sum(flip >= total for flip in flips) / len(flips)


def _levels(control: tuple[Arm, ...], cure: tuple[Arm, ...], name: str) -> tuple[list[float], list[float]]:
    """What counts of each arm: a loss above where trainings begin taught nothing, and how far above is chance."""
    starts = [arm.start for arm in (*control, *cure) if math.isfinite(arm.start)]
    losses = [arm.loss if name == "training loss" else arm.valid for arm in (*control, *cure)]
    most = max(starts or [loss for loss in losses if math.isfinite(loss)] or [0.0])
    levels = [min(loss, most) if math.isfinite(loss) else most for loss in losses]
    return levels[: len(control)], levels[len(control) :]


def _effect(before: list[float], after: list[float]) -> tuple[float, float, float]:
    """(probability of luck, how much lower the losses are, how much lower they must be)."""
    mean = fmean(before)
    if min(*before, *after) > 0 and max(before) > WIDE * min(before):  # such losses differ by factors, not by sums
        before, after = ([math.log(one) for one in losses] for losses in (before, after))
        gain = -mean * math.expm1(fmean(after) - fmean(before))
        needed = mean * max(GAIN, -math.expm1(-NOISE * _between(before)))
    else:
        gain, needed = mean - fmean(after), max(GAIN * abs(mean), NOISE * _between(before))
    return sign_flip([one - other for one, other in zip(before, after, strict=True)]), gain, needed


def _shows(arm: Arm, finding: Finding) -> bool:
    return finding.check in arm.checks or (finding.severity == "info" and finding.check in arm.informs)


def _noise(levels: list[float]) -> float:
    return stdev(levels) if len(levels) > 1 else 0.0


def _between(levels: list[float]) -> float:
    """The deviation of the difference of two means over as many controls: what a treatment that does nothing shows."""
    return _noise(levels) * math.sqrt(2 / len(levels))


def _worse(control: tuple[Arm, ...], cure: tuple[Arm, ...]) -> bool:
    before, after = _levels(control, cure, "validation loss")
    return fmean(after) > fmean(before) + max(GAIN * abs(fmean(before)), _noise(before))


def _tells(check: str, finding: Finding) -> bool:
    """Whether a new finding speaks against a cure: only a network that learns can begin to overfit."""
    late = "generalisation"
    return load_kind(Check, check).cause != late or load_kind(Check, finding.check).cause == late
