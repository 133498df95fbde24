"""Between gradient and weights: schedules, skipped steps, weight decay, clipping and the sign of a step."""

from __future__ import annotations

import math
from collections.abc import Iterator
from itertools import pairwise
from statistics import median, quantiles
from typing import ClassVar, Literal

from pellucid.doctor.check import Check
from pellucid.doctor.checks.facts import SHAKES, STANDS, evidence, number, numbers
from pellucid.doctor.checks.measure import (
    HOLDS,
    LAST,
    decay_wins,
    finite,
    highest_rate,
    one_digit,
    series,
    updates,
)
from pellucid.doctor.history import EARLY as EARLY_STEPS
from pellucid.doctor.history import STALLED, History
from pellucid.findings import Finding

NOTHING, EARLY = 1e-3, 0.2
"""Share of the largest rate that is as good as 0, and of the training before which that is early (fault 15)."""
SURE = 20
"""Steps after which it is seen that they are skipped."""
SKIPPED = 0.2
"""Share of steps without an update that is told (fault 16)."""
HIGH = 0.2
"""Share of the loss of the best constant above which a training that decay brought to rest has more to learn; ours."""
CLIPPED, BARELY = 0.5, 1e-4
"""Share of steps clipped, and relative update, that together are told (fault 18: playbook)."""
DEEP, FIFTHS = 10.0, 5
"""Last loss over a first one below 0, while each fifth of the training lowers it more than the one before: a loss
without a floor. Ours; likelihoods of densities go below 0 too, but slower and slower."""
WORSE, PROBES = 0.8, 10
"""Share of so many probes after which the loss on the same batch was higher (fault 19)."""


class ScheduleEndsEarly(Check):
    """The learning rate has fallen to almost 0 long before the training is over."""

    kind: Literal["schedule-ends-early"] = "schedule-ends-early"
    cause: ClassVar = "optimizer"
    gate: ClassVar = "contract"
    explains: ClassVar = STANDS
    reference: ClassVar = "https://pytorch.org/docs/stable/optim.html#how-to-adjust-learning-rate"

    def look(self, history: History) -> Iterator[Finding]:
        """The rate stays near 0 since before a fifth of the training; or a cosine runs far beyond its end."""
        facts = list(history.seen("schedule"))
        per_epoch = next(iter(numbers(reversed(facts), "per_epoch_batches")), None)
        found = self._stopped(history)
        if found is not None:
            step, rate, largest, total = found
            line = next((fact.line for fact in reversed(facts) if fact.line), "")
            yield self._finding(
                f"Since step {step} of {total} the learning rate is below {largest * NOTHING:.1g}, a thousandth of its "
                "largest value (healthy: not before the last fifth).",
                {"step": step, "rate": rate, "largest": largest, "steps": total, **({"line": line} if line else {})},
                per_epoch,
                total,
                step,
            )
            return
        for fact in reversed(facts):
            planned, stepped = number(fact, "planned"), number(fact, "stepped")
            plain_cosine = fact.place == "CosineAnnealingLR"  # a cycle is meant with warm restarts only
            if plain_cosine and planned and stepped and stepped > 2 * planned:
                yield self._finding(
                    f"{fact.place} was planned for {planned:g} steps and has been stepped {stepped:g} times, so the "
                    "rate goes up and down again (healthy: once at most).",
                    evidence(fact, planned=planned, stepped=stepped),
                    per_epoch,
                    history.planned or len(history.updates),
                    fact.step,
                )
                return

    @staticmethod
    def _stopped(history: History) -> tuple[int, float, float, int] | None:
        rates = [update.learning_rate for update in history.updates]
        total = history.planned or len(rates)
        largest = max(rates, default=0.0)
        if largest <= 0 or rates[-1] >= NOTHING * largest:
            return None
        first = max(place for place, rate in enumerate(rates) if rate >= NOTHING * largest) + 1
        step = history.updates[first].step
        return (step, rates[-1], largest, total) if step < EARLY * total and len(rates) - first >= LAST else None

    def _finding(
        self, message: str, found: dict[str, float | int | str], per_epoch: float | None, total: int, step: int
    ) -> Finding:
        each = f"; there are {per_epoch or 0:g} batches in an epoch, so call `scheduler.step()` once an epoch"
        return Finding(
            self.kind,
            "severe",
            message,
            evidence=found,
            cure=f"Give the schedule its true length, {total} steps (`T_max={total}`, or `total_steps={total}`)"
            + (each if per_epoch and per_epoch > 1 else ", or call `scheduler.step()` once an epoch, not once a batch")
            + ".",
            reference=self.reference,
            why="The schedule counts calls of `step()`: meant for epochs and called for each batch, it ends too soon.",
            confidence="contract",
            step=step,
        )


class StepsSkipped(Check):
    """The gradient scaler leaves out step after step, because the scaled gradients are infinite."""

    kind: Literal["steps-skipped"] = "steps-skipped"
    cause: ClassVar = "optimizer"
    gate: ClassVar = "contract"
    explains: ClassVar = STANDS
    reference: ClassVar = "https://pytorch.org/docs/stable/amp.html#gradient-scaling"

    def look(self, history: History) -> Iterator[Finding]:
        """More than a fifth skipped, and the scale never stopped shrinking; a few at the start are its search."""
        facts = [fact for fact in history.seen("step-skipped") if number(fact, "share") is not None]
        scales = numbers(facts, "scale")
        if not facts or (share := number(facts[-1], "share") or 0.0) <= SKIPPED:
            return
        if len(scales) > 1 and scales[-1] >= scales[0]:
            return
        yield Finding(
            "steps-skipped",
            "severe",
            f"{share:.0%} of the steps were skipped because gradients were infinite (healthy: below 1 %)"
            + (f"; the scale has fallen to {scales[-1]:.3g}." if scales else "."),
            evidence=evidence(facts[-1], share=share, scale=scales[-1] if scales else None),
            cure="Use `torch.autocast(device, dtype=torch.bfloat16)`, which needs no scaler; or look for the operation "
            "that overflows in half precision (the largest number is 65504).",
            reference=self.reference,
            why="GradScaler skips a step whose gradients are not finite and halves its scale; if some operation "
            "overflows whatever the scale is, no step is ever made.",
            confidence="contract",
            step=min(facts[0].step, SURE),
        )


class OverRegularised(Check):
    """Weight decay takes away more than the gradient can build up."""

    kind: Literal["over-regularised"] = "over-regularised"
    cause: ClassVar = "optimizer"
    gate: ClassVar = "contract"  # harm is judged here: what decay holds back may stand well below a constant's loss
    explains: ClassVar = STANDS
    reference: ClassVar = "Loshchilov and Hutter 2019, arXiv:1711.05101"

    def look(self, history: History) -> Iterator[Finding]:
        """Decay above the gradient's part of the update while the weights shrink; dropout has a check of its own."""
        decay, rate = history.optimizer.get("weight_decay", 0.0), highest_rate(history)
        start = decay_wins(history)
        if start is None or not isinstance(decay, (int, float)) or not (history.harmed or _rests_high(history)):
            return
        yield Finding(
            "over-regularised",
            "severe",
            f"Since step {start} weight decay ({decay:g}) moves the weights more than the gradient does, and they "
            "shrink (healthy: a small part of each step).",
            evidence={"weight_decay": decay, "learning_rate": rate or 0.0, **_shrunk(history)},
            cure=f"Set weight_decay to {one_digit(decay / 10):g}, then {one_digit(min(decay / 100, 1e-2)):g}; "
            "leave biases and norms out of it.",
            reference=self.reference,
            why="Decay pulls every weight to 0 at each step, so what the loss builds up is gone before it counts.",
            confidence="persistent",
            step=start,
        )


class ClipStrangles(Check):
    """Clipping cuts most gradients so short that the weights hardly move."""

    kind: Literal["clip-strangles"] = "clip-strangles"
    cause: ClassVar = "optimizer"
    explains: ClassVar = STANDS
    reference: ClassVar = "https://github.com/google-research/tuning_playbook"

    def look(self, history: History) -> Iterator[Finding]:
        """Most steps clipped and the updates tiny; Adam divides by the size of the gradient, so it does not mind."""
        sizes = updates(history)
        share, before, after, step = self._clipped(history)
        line = next((fact.line for fact in history.seen("clipped")), "")
        if not sizes or share <= CLIPPED:
            return
        tail = [one.value < BARELY for one in sizes[-LAST:]]
        if sum(tail) < HOLDS:
            return
        size = median(one.value for one in sizes)
        yield Finding(
            "clip-strangles",
            "severe",
            f"{share:.0%} of the steps were clipped"
            + (f", from a gradient of {before:.2g} to {after:.2g}" if before and after else "")
            + f"; a step changes the weights by {size:.1g} of their size (healthy: at most half of the steps, and "
            "0.001 to 0.01).",
            evidence={
                "share": share,
                "update": size,
                **({"before": before} if before else {}),
                **({"line": line} if line else {}),
            },
            cure=f"Clip at {before:.1g}: `torch.nn.utils.clip_grad_norm_(model.parameters(), {before:.1g})`."
            if before
            else "Clip at the norm that 90 % of the gradients stay below.",
            reference=self.reference,
            why="Clipping is for the rare large gradient; below the usual size it only makes every step smaller.",
            confidence="persistent",
            step=min(step, sizes[: 1 + LAST][-1].step),
        )

    @staticmethod
    def _clipped(history: History) -> tuple[float, float | None, float | None, int]:
        """Share of steps clipped, the norm nine in ten stay below, the norm that was let through, first step."""
        limit = history.optimizer.get("clip")
        norms = [update.norm for update in history.updates if update.norm is not None and finite(update.norm)]
        usual = quantiles(norms, n=10)[-1] if len(norms) > 1 else None
        facts = list(history.seen("clipped"))
        if facts:
            last = facts[-1]
            return number(last, "share") or 0.0, usual or number(last, "before"), number(last, "after"), facts[0].step
        if isinstance(limit, (int, float)) and norms:
            return sum(norm > limit for norm in norms) / len(norms), usual, float(limit), history.updates[0].step
        return 0.0, None, None, 0


class WrongSign(Check):
    """Each step makes the loss of its own batch larger: the training climbs instead of descending."""

    kind: Literal["wrong-sign"] = "wrong-sign"
    cause: ClassVar = "loop"
    gate: ClassVar = "contract"
    explains: ClassVar = SHAKES | STANDS
    reference: ClassVar = "Robbins and Monro 1951"

    def look(self, history: History) -> Iterator[Finding]:
        """The probes of the first steps; strong weight decay may go up the slope too, and is left to its check.

        A loss that a script works out itself shows no sign: there a fall without a floor tells.
        """
        facts = [fact for fact in history.seen("sign") if (number(fact, "probes") or 0) >= PROBES]
        share = (number(facts[-1], "worse") or 0.0) if facts else 0.0
        if share <= WORSE or decay_wins(history) is not None:
            yield from self._without_floor(history)
            return
        probes = number(facts[-1], "probes") or 0.0
        yield Finding(
            "wrong-sign",
            "severe",
            f"{share:.0%} of {probes:g} steps led up their own loss, not down (healthy: below {1 - WORSE:.0%})"
            + ("; its sign changes before the backward pass." if number(facts[-1], "flipped") else "."),
            evidence=evidence(facts[-1], worse=share, probes=probes),
            cure="Take away the minus before the loss (`loss.backward()`, not `(-loss).backward()`), or subtract the "
            "gradient: `p -= learning_rate * p.grad`; for an optimizer, `maximize=False`.",
            reference=self.reference,
            why="The gradient points to where the loss grows; a step has to go against it.",
            confidence="contract",
            step=facts[-1].step,
        )

    def _without_floor(self, history: History) -> Iterator[Finding]:
        """A loss that is negative from the start, as a mean logarithm of probabilities is, and falls ever faster."""
        smooth = history.smooth
        if len(smooth) < FIFTHS * LAST or not all(map(math.isfinite, smooth)):
            return
        marks = [smooth[len(smooth) * part // FIFTHS - 1] for part in range(1, FIFTHS + 1)]
        falls = [before - after for before, after in pairwise(marks)]
        if smooth[0] >= 0 or marks[-1] > DEEP * smooth[0] or any(after <= before for before, after in pairwise(falls)):
            return
        fact = next(history.seen("sign"), None)
        yield Finding(
            "wrong-sign",
            "severe",
            f"The loss begins at {smooth[0]:.3g}, below 0, and falls ever faster, to {marks[-1]:.3g} (healthy: a loss "
            "slows down as it comes near its least value).",
            evidence={"first": smooth[0], "last": marks[-1], **(evidence(fact) if fact else {})},
            cure="If it is the logarithm of a probability, put a minus before it: `loss = -log_probability.mean()`.",
            reference=self.reference,
            why="A step makes the loss smaller, but the logarithm of the right answer's probability is to become "
            "larger: its negative is the loss.",
            confidence="likely",
            step=history.updates[len(smooth) // FIFTHS].step,
        )


def _rests_high(history: History) -> bool:
    """Whether the loss stands still over the last fifth, well above nothing."""
    smooth, constant = history.smooth, history.constant
    if len(smooth) < EARLY_STEPS or not constant or not all(map(math.isfinite, smooth)):
        return False
    return smooth[-1] > max(HIGH * constant, (1 - STALLED) * smooth[-(len(smooth) // 5) - 1])


def _shrunk(history: History) -> dict[str, float]:
    """How much is left of the weights: norm at the end over norm at the start, of all together."""
    norms = [one for one in series(history, "norm").values() if one[0].value > 0]
    first, last = sum(one[0].value for one in norms), sum(one[-1].value for one in norms)
    return {"left": last / first} if first else {}
