"""Signals on their way through the layers: they saturate, die, grow without end or stop being numbers."""

from __future__ import annotations

import math
from collections.abc import Iterator
from statistics import median
from typing import ClassVar, Literal

from pellucid.doctor.check import Check
from pellucid.doctor.checks.facts import SHAKES, STANDS, evidence, number, text
from pellucid.doctor.checks.measure import (
    HOT,
    LAST,
    Sample,
    called,
    changed_rate,
    first_over_even,
    in_order,
    is_output,
    lasts,
    leapt,
    onset,
    ran_away,
    series,
    weighted_before,
)
from pellucid.doctor.history import Fact, History
from pellucid.findings import Finding, Severity

SATURATED = 0.5
"""Share of flat outputs above which a layer is ill (fault 3: SageMaker and DeepDiagnosis; healthy at most 0.06)."""
STUCK, IDLE = 0.8, 1 / 30
"""Share of flat outputs from the first step on, and updates of the weights before them over those of the weights that
move most, that are an alarm though the loss falls: then the last layer learns alone, and the hidden ones stay as they
began. Healthy: at most 0.06, and at least 1/7 (DOCTOR 2.1, measured); `saturated_tanh` of the zoo: 0.85, and 1/100."""
DEAD = 0.5
"""Share of dead units above which a layer is ill (fault 4: SageMaker and TheDeepChecker; healthy at most 0.12)."""
MOSTLY_DEAD = 0.9
"""Share of dead units below which the finding only informs (fault 4)."""
DYING, WINDOW = 0.1, 100
"""Growth of the dead share within so many steps that is told (fault 4)."""
HEALTHY_DEAD, HEALTHY_SATURATED = 0.12, 0.06
"""The largest shares seen in healthy networks (DOCTOR 2.1, measured)."""
GROWTH = 2.0
"""Growth of the largest output within `WINDOW` steps that is told (fault 9: Wortsman et al. 2023)."""
CURES = {
    "log": "Keep the argument above zero: `torch.log(x.clamp_min(1e-8))`, or `log_softmax` for probabilities.",
    "sqrt": "Keep the argument above zero: `torch.sqrt(x + 1e-8)`; the slope of a root at 0 is infinite.",
    "norm": "Keep the argument above zero: add 1e-8 before the root; the slope of a norm at 0 is infinite.",
    "div": "Keep the divisor away from zero: `a / (b + 1e-8)`.",
    "exp": "Take the largest value off before the exponential, or use `torch.logsumexp` or `softmax`.",
    "softmax": "Give every row at least one position that is not masked.",
    "pow": "Keep the base above zero: `x.clamp_min(1e-8)`.",
}
"""Part of the name of an operation -> what keeps it finite (fault 8)."""


class SaturatedUnits(Check):
    """Most outputs of a tanh or sigmoid layer stand at its flat ends, where hardly any gradient passes."""

    kind: Literal["saturated-units"] = "saturated-units"
    cause: ClassVar = "forward"
    gate: ClassVar = "contract"  # an alarm with harm, or where the layers do not move; else information
    explains: ClassVar = STANDS
    reference: ClassVar = "Glorot and Bengio 2010, https://proceedings.mlr.press/v9/glorot10a.html"

    def look(self, history: History) -> Iterator[Finding]:
        """The first layer in the order of execution; the answer itself may be as sure as it likes."""
        found = _persistent(history, "saturated", SATURATED)
        for name, (step, now) in list(found.items())[:1]:
            jumped = _killed_by_rate(history, "saturated", name, step)
            at_once = step <= 1 and first_over_even(history) > HOT
            harmed = history.harmed or at_once or all(_stuck(history, name) for name in found)
            yield Finding(
                "saturated-units",
                "severe" if harmed and not jumped else "info",
                f"{now:.0%} of the outputs of {called(history, name)} are stuck at the flat ends of its curve "
                f"(healthy: at most {HEALTHY_SATURATED:.0%}).",
                place=name,
                evidence={"saturated": now, "layers": len(found), "behind": weighted_before(history, name)},
                cure=_slower(history)
                if jumped
                else "Standardise the inputs to mean 0 and deviation 1, start the weights of "
                f"{weighted_before(history, name) or 'the layer before'} with `torch.nn.init.xavier_uniform_`, or use "
                "ReLU in its place.",
                reference=self.reference,
                why="Where the curve is flat a change of the input changes nothing, so the gradient behind it is "
                "almost zero" + ("; steps that were too large pushed the units there." if jumped else "."),
                confidence="persistent",
                step=step,
            )


class DeadUnits(Check):
    """Most units of a ReLU layer give 0 for every input, so no gradient reaches their weights any more."""

    kind: Literal["dead-units"] = "dead-units"
    cause: ClassVar = "forward"
    explains: ClassVar = STANDS | {"gradients-cleared-early"}
    reference: ClassVar = "Lu et al. 2019, Dying ReLU and Initialization, arXiv:1903.06733"

    def look(self, history: History) -> Iterator[Finding]:
        """The first layer that is dead, or else the first that is dying; how many outputs are 0 is not asked."""
        found = _persistent(history, "dead", DEAD)
        if not found:
            yield from self._dying(history)
            return
        name = next((name for name, (_, now) in found.items() if now >= MOSTLY_DEAD), next(iter(found)))
        step, now = found[name]
        jumped = _killed_by_rate(history, "dead", name, step)
        before = weighted_before(history, name) or "the layer before"
        severity: Severity = "severe" if now >= MOSTLY_DEAD and not jumped else "info"
        yield Finding(
            "dead-units",
            severity,
            f"{now:.0%} of the units of {called(history, name)} have been 0 for every input since step {step} "
            f"(healthy: at most {HEALTHY_DEAD:.0%}).",
            place=name,
            evidence={"dead": now, "layers": len(found), "behind": weighted_before(history, name)},
            cure=_slower(history)
            if jumped
            else f"Start {before} anew: `torch.nn.init.kaiming_normal_({before}.weight)` and its biases at 0; or use "
            "LeakyReLU or GELU; check that the inputs are standardised.",
            reference=self.reference,
            why="A unit that gives 0 for every input gets no gradient, so it cannot come back"
            + ("; steps that were too large pushed the units below zero." if jumped else "."),
            confidence="persistent",
            step=step,
        )

    def _dying(self, history: History) -> Iterator[Finding]:
        samples = series(history, "dead", "layers")
        for name in in_order(history, samples):
            now = samples[name][-1]
            before = [one.value for one in samples[name] if one.step <= now.step - WINDOW]
            if before and now.value > HEALTHY_DEAD and now.value - before[-1] > DYING and not is_output(history, name):
                yield Finding(
                    "dead-units",
                    "info",
                    f"Units of {called(history, name)} are dying: {now.value:.0%} are 0 for every input, {WINDOW} "
                    f"steps ago {before[-1]:.0%} (healthy: at most {HEALTHY_DEAD:.0%}).",
                    place=name,
                    evidence={"dead": now.value, "before": before[-1]},
                    cure=_slower(history),
                    reference=self.reference,
                    why="Steps that are too large push units below zero for good; no gradient reaches them there.",
                    confidence="likely",
                    step=now.step,
                )
                return


class GrowingOutputs(Check):
    """The largest output of a layer doubles again and again, until a number no longer fits."""

    kind: Literal["growing-outputs"] = "growing-outputs"
    cause: ClassVar = "forward"
    gate: ClassVar = "contract"  # an alarm with harm, else information: fault 9 is of both sorts
    explains: ClassVar = frozenset({"not-finite", "saturated-units", "diverges", "oscillates"})
    reference: ClassVar = "Wortsman et al. 2023, arXiv:2309.14322"

    def look(self, history: History) -> Iterator[Finding]:
        """The layer that grew most within the last steps.

        The first hundred, in which all grow, do not count, and neither does coming back to where a layer began.
        """
        worst: tuple[float, str, list[Sample], list[bool]] | None = None
        for name, samples in series(history, "largest", "layers").items():
            late = [one for one in samples if one.step >= 2 * WINDOW]
            growths = [one.value / then if (then := _value_at(samples, one.step - WINDOW)) else 0.0 for one in late]
            flags = [growth > GROWTH for growth in growths]
            if lasts(flags) and late[-1].value > samples[0].value:
                growth = median(growths[-LAST:])
                if worst is None or growth > worst[0]:
                    worst = growth, name, late, flags
        if worst is None:
            return
        growth, name, late, flags = worst
        step = onset(late, flags)
        yield Finding(
            "growing-outputs",
            "warning" if history.harmed and not leapt(history, step) else "info",
            f"The largest output of {called(history, name)} is {late[-1].value:.3g}, and since step {step} it "
            f"grows {growth:.1f} times within {WINDOW} steps (healthy: less than {GROWTH:g} times).",
            place=name,
            evidence={"largest": late[-1].value, "growth": growth},
            cure="Hold the weights down with `weight_decay=1e-2` (AdamW), or put a LayerNorm behind the layer.",
            reference=self.reference,
            why="Nothing bounds the outputs of this layer, and the loss keeps gaining from larger ones.",
            confidence="persistent",
            step=step,
        )


class NotFinite(Check):
    """A number became infinite or undefined (NaN), and everything worked out from it is lost."""

    kind: Literal["not-finite"] = "not-finite"
    cause: ClassVar = "forward"
    gate: ClassVar = "contract"
    explains: ClassVar = SHAKES | STANDS
    reference: ClassVar = "IEEE 754; https://pytorch.org/docs/stable/autograd.html#anomaly-detection"

    def look(self, history: History) -> Iterator[Finding]:
        """Where the first such number appeared; silent where the loss had run away before: that is the fault then."""
        fact = next(history.seen("not-finite"), None)
        broken = next((update.step for update in history.updates if not math.isfinite(update.loss)), None)
        if fact is None and broken is None:
            return
        what = text(fact, "what") if fact else "loss"
        if what != "input" and (ran_away(history) is not None or (broken is None and what == "gradient")):
            return  # a gradient that overflows while the loss stays finite is what GradScaler skips
        step = broken if fact is None else fact.step
        yield Finding(
            "not-finite",
            "severe",
            self._message(history, fact, what, step),
            place=fact.place if fact else "",
            evidence=evidence(fact, what=what, operation=text(fact, "operation") or None, row=number(fact, "batch_row"))
            if fact
            else {"what": what},
            cure=self._cure(fact, what),
            reference=self.reference,
            why="One NaN is enough: added to or multiplied with anything it gives NaN, and the next step puts it into "
            "every weight.",
            confidence="contract",
            step=step,
        )

    @staticmethod
    def _message(history: History, fact: Fact | None, what: str, step: int | None) -> str:
        if fact is None or not fact.place:
            return f"The {what} is no finite number any more since step {step} (0 such numbers are healthy)."
        operation = text(fact, "operation")
        of = {"forward": "output", "gradient": "gradient"}.get(what, what)
        row = number(fact, "batch_row")
        return (
            f"The first number that is infinite or NaN is in the {of} of {called(history, fact.place)} at step {step}"
            + (f", made by {operation}" if operation else "")
            + (f", row {row:g} of the batch" if row is not None and row >= 0 else "")
            + " (0 such numbers are healthy)."
        )

    @staticmethod
    def _cure(fact: Fact | None, what: str) -> str:
        if what == "input":
            return "Drop or fill the rows with missing values before the training: `x = x[x.isfinite().all(1)]`."
        operation = text(fact, "operation").lower() if fact else ""
        fits = sorted((name for name in CURES if name in operation), key=len)
        return (
            CURES[fits[-1]]
            if fits
            else (
                "Look at that operation for log, sqrt or division near 0; clip gradients with "
                "`torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)`; with half precision use bfloat16."
            )
        )


def _persistent(history: History, name: str, limit: float) -> dict[str, tuple[int, float]]:
    """Hidden layers, in the order of execution, whose share is above a limit for good -> (since which step, share)."""
    found: dict[str, tuple[int, float]] = {}
    samples = series(history, name, "layers")
    for layer in in_order(history, samples):
        flags = [one.value > limit for one in samples[layer]]
        if lasts(flags) and not is_output(history, layer):
            found[layer] = onset(samples[layer], flags), samples[layer][-1].value
    return found


def _stuck(history: History, layer: str) -> bool:
    """Whether a layer was flat from the first step on, and the weights before it hardly move beside others."""
    first = series(history, "saturated", "layers")[layer][0].value
    changes = series(history, "update")
    moves = [
        (one.layer, median(each)) for one in history.weights if (each := [at.value for at in changes.get(one.name, ())])
    ]
    own = [size for name, size in moves if name == weighted_before(history, layer)]
    return first > STUCK and bool(own) and max(own) < IDLE * max(size for _, size in moves)


def _killed_by_rate(history: History, name: str, layer: str, step: int) -> bool:
    """Whether a layer was well at first, and a step that was too large came before its illness.

    Then it is a consequence and only informs: `rate-too-high` or `diverges` is the alarm.
    """
    first = series(history, name, "layers")[layer][0].step
    return step > first and leapt(history, step)


def _slower(history: History) -> str:
    rate = changed_rate(history, None, 0.1, 0.1)
    return f"Set the learning rate to {rate:g}." if rate else "Divide the learning rate by 10."


def _value_at(samples: list[Sample], step: int) -> float | None:
    """The last value known at a step."""
    return next((one.value for one in reversed(samples) if one.step <= step), None)
