"""The size of the steps: a loss that runs away, stands still under large or tiny steps, swings, or falls slowly."""

from __future__ import annotations

import math
from collections.abc import Iterator
from itertools import pairwise
from statistics import fmean, median
from typing import ClassVar, Literal

from pellucid.doctor.check import Check
from pellucid.doctor.checks.facts import SHAKES, STANDS, number
from pellucid.doctor.checks.measure import (
    HOLDS,
    LAST,
    LEAP,
    LEARNT,
    Sample,
    called,
    changed_rate,
    decay_wins,
    highest_rate,
    leapt,
    one_digit,
    ran_away,
    rate_jump,
    series,
    strangers,
    updates,
)
from pellucid.doctor.history import EARLY, History, Update
from pellucid.findings import Finding

LARGE, SMALL = 3e-2, 1e-5
"""Median relative update above and below which the rate is at fault (faults 11 and 12; healthy 0.0012 to 0.0085)."""
FIRST_STEPS, TORN, SURGE = 10, 0.2, 1.5
"""The first steps, in which Adam makes large updates of any gradient; one of them from which weights are torn up, and
the loss, over that of the start, that comes of it. Ours: healthy first updates reach 0.125, healthy losses 1.1."""
LOW = 3e-4
"""Median relative update below which a training that stands still may well be too slow: healthy ones / 4."""
NO_FALL, EVERY = 1e-3, 50
"""Fall of the loss within so many steps below which it stands still (fault 12)."""
SWING, BOUNCE = 3.0, -0.4
"""Swings over the noise of one batch, and correlation of one loss with the next, that the rate makes (fault 13)."""
SWINGS = 4
"""Turns of the loss within the last steps that are swinging; ours: two whole periods."""
USUAL_MOMENTUM = 0.9
"""Momentum of most trainings; one of 0.99 makes steps ten times as long."""
DEAD = 0.5
"""Share of dead units above which a layer is ill (fault 4)."""
SLOW, FIFTHS = 0.05, 5
"""Gain per fifth of the training below which it is slow (fault 14: TheDeepChecker)."""
USUAL_MOST = {"SGD": 0.1}
"""Class of the optimizer -> the largest rate that is suggested without a trial; ours."""
MOST = 1e-2
"""The largest rate that is suggested for any other; ours: ten times Adam's default."""


class Diverges(Check):
    """The steps are so large that the loss grows instead of falling."""

    kind: Literal["diverges"] = "diverges"
    cause: ClassVar = "optimizer"
    gate: ClassVar = "contract"
    explains: ClassVar = SHAKES | STANDS
    reference: ClassVar = "https://cs231n.github.io/neural-networks-3/"

    def look(self, history: History) -> Iterator[Finding]:
        """The loss ran away, and steps that were too large came with it."""
        step = ran_away(history)
        if step is None:
            return
        losses = [update.loss for update in history.updates if math.isfinite(update.loss)]
        largest = max((one.value for each in series(history, "update").values() for one in each), default=None)
        early = [one.value for one in updates(history) if one.step <= max(step, 1)]
        jump = rate_jump(history, step)
        rate = jump[1] if jump else changed_rate(history, max(early, default=None), 1e-3, 0.1)
        now = f"{history.smooth[-1]:.3g}" if not history.broken else "not a number any more"
        least = f"from {min(losses):.3g} to " if losses else ""
        momentum = history.optimizer.get("momentum")
        heavy = isinstance(momentum, (int, float)) and momentum > USUAL_MOMENTUM
        yield Finding(
            "diverges",
            "severe",
            f"The loss ran away {least}{now} since step {step}; "
            + (f"one step changed weights by up to {largest:.0%}." if largest else "its steps are too large.")
            + " Healthy: 0.1 to 1 %, and a loss that falls."
            + _jumped(jump),
            evidence={
                **({"largest_update": largest} if largest else {}),
                **({"least": min(losses)} if losses else {}),
                "learning_rate": highest_rate(history) or 0.0,
                **_suggested(rate),
                **_stepping(history, jump),
            },
            cure=(f"Set the momentum, {momentum:g}, to {USUAL_MOMENTUM}; if that is not enough: " if heavy else "")
            + (f"Set the learning rate to {rate:g}" if rate else "Divide the learning rate by 10")
            + f" and start again from before step {step}.",
            reference=self.reference,
            why="Each step jumps over the valley and lands higher on the other side than it came from."
            + (" Momentum adds up the steps of the past, so it makes them many times longer." if heavy else ""),
            confidence="persistent",
            step=step,
        )


class RateTooHigh(Check):
    """The steps are so large that the network cannot settle, and the loss stays where it began."""

    kind: Literal["rate-too-high"] = "rate-too-high"
    cause: ClassVar = "optimizer"
    gate: ClassVar = "contract"  # harm is judged here: a jump of the rate may cost half the training and be made good
    explains: ClassVar = SHAKES | STANDS
    reference: ClassVar = "https://cs231n.github.io/neural-networks-3/"

    def look(self, history: History) -> Iterator[Finding]:
        """Large updates at 4 of 5 looks, one leap after which units died, a jump of the rate that cost many steps, or
        first steps that tore the weights up.

        DOCTOR's other symptom, a correlation of consecutive loss changes below -0.4, is left out: independent noise
        has -0.5 by arithmetic, whatever the rate is.
        """
        jump = rate_jump(history)
        cost = 0 if jump is None else _cost(history, jump[0].step)
        sizes = updates(history)
        torn = _torn(history, sizes)
        if ran_away(history) is not None or not (history.harmed or cost > EARLY or torn):
            return
        if not torn and (decay_wins(history) is not None or strangers(history)):
            return  # it is decay that moves the weights, or there is nothing to learn whatever the rate
        killed = _killed(history)
        found = _killing(history, killed) or _window(sizes) if history.harmed else torn
        if found is None and not cost > EARLY:
            return
        rate = jump[1] if jump else changed_rate(history, found.value if found else None, 1e-3, 0.1)
        step = found.step if found else jump[0].step if jump else 0
        yield Finding(
            "rate-too-high",
            "severe",
            (
                f"One step changes the weights by {found.value:.1%} of their size since step {found.step} (healthy: "
                "0.1 to 1 %), "
                + ("and the loss does not fall." if history.harmed else "and the loss leapt up at the start.")
                if found
                else f"For {cost} steps since step {step} the loss stood above what it was before (healthy: it falls)."
            )
            + _jumped(jump)
            + (f" Most units of {called(history, killed)} died of it." if killed else ""),
            place=killed,
            evidence={
                **({"update": found.value} if found else {"lost_steps": cost}),
                "learning_rate": highest_rate(history) or 0.0,
                **_suggested(rate),
                **_stepping(history, jump),
            },
            cure=f"Set the learning rate to {rate:g}." if rate else "Divide the learning rate by 10.",
            reference=self.reference,
            why="Steps this large jump past every good place, or throw units to where no gradient reaches them.",
            confidence="persistent",
            step=step,
        )


class RateTooLow(Check):
    """The steps are so small that nothing visible changes."""

    kind: Literal["rate-too-low"] = "rate-too-low"
    cause: ClassVar = "optimizer"
    explains: ClassVar = STANDS
    reference: ClassVar = "https://cs231n.github.io/neural-networks-3/"

    def look(self, history: History) -> Iterator[Finding]:
        """Tiny updates from first to last while the loss stands still, or small ones where it never gets below that of
        the best constant; a rate that is still rising is warming up."""
        sizes = [one for one in updates(history) if one.value > 0]
        clipped = any((number(fact, "share") or 0) > 0.5 for fact in history.seen("clipped"))
        if len(sizes) < HOLDS or clipped or _warming(history):
            return
        size = median(one.value for one in sizes)
        stands = _fall(history) < NO_FALL
        least = LOW if len(history.updates) >= 2 * EARLY and history.constant else SMALL if stands else 0.0
        if size >= least or sum(one.value < least for one in sizes[-LAST:]) < HOLDS:
            return
        kind = str(history.optimizer.get("kind", ""))
        rate = changed_rate(history, size, 10.0, 1e6)
        best = None if rate is None else one_digit(max(min(rate, USUAL_MOST.get(kind, MOST)), _tenfold(history)))
        yield Finding(
            "rate-too-low",
            "severe",
            f"One step changes the weights by {size:.1g} of their size (healthy: 0.001 to 0.01), and in {EVERY} steps "
            f"the loss falls by {max(0.0, _fall(history)):.2%}.",
            evidence={
                "update": size,
                "fall": _fall(history),
                "learning_rate": highest_rate(history) or 0.0,
                **_suggested(best),
            },
            cure=f"Set the learning rate to {best:g}." if best else "Multiply the learning rate by 10, then by 100.",
            reference=self.reference,
            why="At this pace weights need a hundred thousand steps to become other weights.",
            confidence="persistent",
            step=sizes[0].step,
        )


class Oscillates(Check):
    """The loss swings up and down far more than one batch differs from the next."""

    kind: Literal["oscillates"] = "oscillates"
    cause: ClassVar = "optimizer"
    explains: ClassVar = frozenset({"learns-slowly"})
    reference: ClassVar = "Cohen et al. 2021, Gradient Descent at the Edge of Stability, arXiv:2103.00065"

    def look(self, history: History) -> Iterator[Finding]:
        """Swings over the last half. Changes of sign alone, as published, are no sign of it: noise changes it 55 %."""
        losses = [update.loss for update in history.updates[len(history.updates) // 2 :]]
        if len(losses) < EVERY or not all(map(math.isfinite, losses)):
            return
        noise = median(abs(after - before) for before, after in pairwise(losses)) / 0.954  # of normal noise: sd
        turns, swing = _swings(losses, SWING * noise)
        bounce = _correlation(losses)
        if turns < SWINGS and bounce > BOUNCE:
            return
        momentum = history.optimizer.get("momentum")
        heavy = isinstance(momentum, (int, float)) and momentum > USUAL_MOMENTUM
        rate = highest_rate(history)
        lower = f"{one_digit(rate / 3):g}" if rate else "a third"
        yield Finding(
            "oscillates",
            "warning",
            (
                f"The loss swings by {swing:.3g}, {turns} times in the last {len(losses)} steps; one batch differs "
                f"from the next by {noise:.2g} (healthy: swings below {SWING:g} times that)."
                if turns >= SWINGS
                else f"Each step undoes the one before: a loss and the next one correlate by {bounce:.2f} (healthy: "
                f"above {BOUNCE:g})."
            ),
            evidence={"swings": turns, "swing": swing, "noise": noise, "correlation": bounce},
            cure=("Set the momentum to 0.9; if that is not enough, " if heavy else "")
            + f"{'set' if heavy else 'Set'} the learning rate to {lower}.",
            reference=self.reference,
            why="The optimizer overshoots the valley, comes back and overshoots again; momentum keeps it going."
            if heavy
            else "The steps are as long as the valley is wide, so the loss jumps from side to side.",
            confidence="persistent",
            step=history.updates[len(history.updates) // 2].step,
        )


class LearnsSlowly(Check):
    """The loss falls, but so slowly that the training will not get far."""

    kind: Literal["learns-slowly"] = "learns-slowly"
    cause: ClassVar = "optimizer"
    gate: ClassVar = "information"
    reference: ClassVar = "Smith 2017, arXiv:1506.01186"

    def look(self, history: History) -> Iterator[Finding]:
        """A fall of less than 5 % in each of the last four fifths, far from having learnt."""
        smooth, constant = history.smooth, history.constant
        if len(smooth) < 200 or not constant or not math.isfinite(smooth[-1]) or smooth[-1] < LEARNT * constant:
            return
        marks = [smooth[len(smooth) * part // FIFTHS - 1] for part in range(1, FIFTHS + 1)]
        gains = [(before - after) / abs(before) for before, after in pairwise(marks) if before]
        if not gains or max(gains) >= SLOW or marks[-1] >= (1 - NO_FALL) * marks[0]:
            return
        yield Finding(
            "learns-slowly",
            "info",
            f"The loss falls by {fmean(gains):.1%} in a fifth of the training (healthy: above {SLOW:.0%} while it is "
            f"still far from its end) and is at {smooth[-1] / constant:.0%} of what one answer for all rows costs.",
            evidence={"gain": fmean(gains), "loss": smooth[-1], "constant": constant},
            cure="Try a learning rate ten times as large"
            + (f" ({one_digit(10 * rate):g})" if (rate := highest_rate(history)) else "")
            + ("." if "adam" in str(history.optimizer.get("kind", "")).lower() else ", or Adam with 0.001."),
            reference=self.reference,
            why="The steps are small for this loss, or some layers hardly take part.",
            confidence="likely",
            step=history.updates[-1].step,
        )


def _cost(history: History, step: int) -> int:
    """How many steps behind a step the smoothed loss stood above that before it; its own loss is from before it."""
    place = next((place for place, update in enumerate(history.updates) if update.step >= step), 0)
    later = history.smooth[place + 1 :]
    return next((after for after, loss in enumerate(later) if loss <= history.smooth[place]), len(later))


def _jumped(jump: tuple[Update, float] | None) -> str:
    """What is said of a learning rate that jumped."""
    if jump is None:
        return ""
    return f" The learning rate rose from {jump[1]:g} to {jump[0].learning_rate:g} at step {jump[0].step}."


def _stepping(history: History, jump: tuple[Update, float] | None) -> dict[str, float | int | str]:
    """Where the optimizer steps: a rate that jumps was set right before."""
    line = history.optimizer.get("step_line")
    return {"line": line} if jump and line else {}


def _suggested(rate: float | None) -> dict[str, float]:
    """The evidence that a treatment takes its rate from."""
    return {"suggested": rate} if rate else {}


def _torn(history: History, sizes: list[Sample]) -> Sample | None:
    """First steps that tore up the weights, if the loss leapt up with them."""
    first = sizes[:LAST]
    losses = [update.loss for update in history.updates[:EVERY]]
    if len(first) < LAST or first[-1].step > 2 * FIRST_STEPS or sum(one.value > TORN for one in first) < HOLDS:
        return None
    most = SURGE * max([*losses[:1], history.constant or 0.0])
    leapt_up = any(loss > most for loss in losses[1:])
    return Sample(first[0].step, median(one.value for one in first)) if leapt_up else None


def _window(sizes: list[Sample]) -> Sample | None:
    """The first sample of the first five of which four are too large, with their median."""
    for place in range(max(1, len(sizes) - LAST + 1)):
        window = sizes[place : place + LAST]
        large = [one for one in window if one.value > (TORN if one.step <= FIRST_STEPS else LARGE)]
        if len(large) >= HOLDS:
            return Sample(large[0].step, median(one.value for one in window))
    return None


def _killed(history: History) -> str:
    """The layer of which most units, alive at first, died after a leap; the first to die; empty where there is none."""
    found: list[tuple[int, str]] = []
    for name, samples in series(history, "dead", "layers").items():
        died = next((one.step for one in samples if one.value > DEAD), samples[0].step)
        if samples[-1].value > DEAD and died > samples[0].step and leapt(history, died):
            found.append((died, name))
    return min(found)[1] if found else ""


def _killing(history: History, layer: str) -> Sample | None:
    """The last leap before most units of a layer were dead."""
    samples = series(history, "dead", "layers").get(layer, [])
    died = next((one.step for one in samples if one.value > DEAD), 0)
    changes = [one for each in series(history, "update").values() for one in each]
    return max((one for one in changes if one.value > LEAP and one.step < died), default=None)


def _warming(history: History) -> bool:
    """Whether the learning rate was rising over the last steps."""
    rates = [update.learning_rate for update in history.updates[-EVERY:]]
    return bool(rates) and rates[-1] > rates[0] * 1.001


def _fall(history: History) -> float:
    """The share of its loss that a training loses in 50 steps: mean of the last quarter against that of the first."""
    losses = [update.loss for update in history.updates]
    quarter = len(losses) // 4
    if quarter == 0 or not all(map(math.isfinite, losses)):
        return 0.0
    first, last = fmean(losses[:quarter]), fmean(losses[-quarter:])
    return (first - last) / abs(first) / (len(losses) - quarter) * EVERY if first else 0.0


def _tenfold(history: History) -> float:
    return 10 * (highest_rate(history) or 0.0)


def _swings(losses: list[float], least: float) -> tuple[int, float]:
    """How often the smoothed loss turns after moving by at least so much, and the median of these moves."""
    level, extreme, rising = losses[0], losses[0], None
    moves: list[float] = []
    for loss in losses[1:]:
        level += (loss - level) / 3  # the mean over about 5 steps of fault 13
        if rising is None:
            rising = (level > extreme) if abs(level - extreme) > least else None
            extreme = level if rising is not None else extreme
        elif (level > extreme) == rising:
            extreme = level
        elif abs(level - extreme) > least:
            moves.append(abs(level - extreme))
            rising, extreme = not rising, level
    return len(moves), median(moves) if moves else 0.0


def _correlation(losses: list[float]) -> float:
    """Correlation of a loss with the next one, the trend taken off."""
    mean, middle = fmean(losses), (len(losses) - 1) / 2
    spread = sum((place - middle) ** 2 for place in range(len(losses)))
    slope = sum((place - middle) * loss for place, loss in enumerate(losses)) / spread
    rest = [loss - mean - slope * (place - middle) for place, loss in enumerate(losses)]
    total = sum(one**2 for one in rest)
    return sum(one * after for one, after in pairwise(rest)) / total if total else 0.0
