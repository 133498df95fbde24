"""Batches: whether those of training and evaluation are prepared alike, and whether their size suits the noise."""

from __future__ import annotations

import math
from collections.abc import Iterator
from statistics import fmean, median, stdev
from typing import ClassVar, Literal

from pellucid.doctor.check import Check
from pellucid.doctor.checks.facts import evidence, number, numbers
from pellucid.doctor.history import History
from pellucid.findings import Finding

SKEW = 0.5
"""Difference of the means, in deviations of the training's inputs, that is told (DOCTOR 55)."""
STRETCH = 2.0
"""Ratio of the deviations that is told; ours: crops and noise change it by less."""
WORSE = 1.5
"""Loss of new rows over that of training from which the difference is a warning; ours."""
FACTOR = 10.0
"""Noise scale over the size of the batch, or the other way round, that is worth a note (DOCTOR 57)."""
LOOKS = 5
"""Steps that must be known for it; the noise of a single one is as large as itself."""
SURE = 2.0
"""Standard errors by which signal and noise must be more than nothing."""


class ServeSkew(Check):
    """What the network is judged on is prepared in another way than what it learns from."""

    kind: Literal["serve-skew"] = "serve-skew"
    cause: ClassVar = "data"
    gate: ClassVar = "contract"
    explains: ClassVar = frozenset({"overfits"})
    reference: ClassVar = "https://developers.google.com/machine-learning/guides/rules-of-ml#training-serving_skew"

    def look(self, history: History) -> Iterator[Finding]:
        """Mean and deviation of all inputs; a warning where new rows cost more than those of training."""
        learnt, judged = ([fact for fact in history.seen(kind) if not number(fact, "integer")]
                          for kind in ("input", "judged-input"))  # fmt: skip
        if not learnt or not judged:
            return
        mean, deviation = (median(numbers(learnt, name) or [0.0]) for name in ("mean", "deviation"))
        other, spread = (median(numbers(judged, name) or [0.0]) for name in ("mean", "deviation"))
        if not (deviation > 0 and spread > 0 and math.isfinite(other - mean)):
            return
        shift, stretch = abs(other - mean) / deviation, max(spread / deviation, deviation / spread)
        if shift <= SKEW and stretch <= STRETCH:
            return
        looks = [look for look in history.looks if math.isfinite(look.loss) and look.train_loss > 0]
        worse = bool(looks) and median(look.loss / look.train_loss for look in looks) > WORSE
        yield Finding(
            "serve-skew",
            "warning" if worse else "info",
            f"Inputs in evaluation have a mean of {other:.3g} and a deviation of {spread:.3g}, those of training "
            f"{mean:.3g} and {deviation:.3g} (healthy: means within {SKEW:g} deviations).",
            place="input",
            evidence=evidence(judged[0], mean=mean, deviation=deviation, judged_mean=other, judged_deviation=spread),
            cure="Prepare both with one function and the same numbers: `(x - mean) / deviation` of the training rows.",
            reference=self.reference,
            why="The weights fit numbers of one size, and give something else for those of another.",
            confidence="likely",
            step=judged[0].step,
        )


class BatchNoise(Check):
    """The batch is far larger or far smaller than the noise of its gradient asks for."""

    kind: Literal["batch-noise"] = "batch-noise"
    cause: ClassVar = "optimizer"
    gate: ClassVar = "information"
    reference: ClassVar = "McCandlish et al. 2018, arXiv:1812.06162"

    def look(self, history: History) -> Iterator[Finding]:
        """The simple noise scale, from the gradient of one part of a batch and of all of it."""
        facts = [fact for fact in history.seen("noise") if (number(fact, "parts") or 0) > 1]
        rows = median(numbers(history.seen("input"), "rows") or [0.0])
        if len(facts) < LOOKS or rows < 1 or history.optimizer.get("rivals"):
            return
        signal, noise = [], []
        for fact in facts:
            parts, part, whole = (number(fact, name) or 0.0 for name in ("parts", "part", "whole"))
            mean = whole / parts**2  # of the mean over all parts, each as large as the first one was
            signal.append((parts * mean - part) / (parts - 1))
            noise.append((part - mean) * rows / (1 - 1 / parts))
        batch = rows * median(number(fact, "parts") or 0.0 for fact in facts)
        if any(fmean(one) <= SURE * stdev(one) / math.sqrt(len(one)) for one in (signal, noise)):
            return
        scale = fmean(noise) / fmean(signal)
        if batch / FACTOR <= scale <= batch * FACTOR:
            return
        larger = scale > batch
        yield Finding(
            "batch-noise",
            "info",
            f"A step takes {batch:g} rows, and the gradient's noise scale is {scale:.3g} rows: "
            + ("most of each step is noise." if larger else "most rows tell what the others told already.")
            + f" (Within {FACTOR:g} times of each other is well.)",
            evidence={"batch": batch, "noise_scale": scale, "looks": len(facts)},
            cure=f"Take {'more' if larger else 'fewer'} rows for a step, and change the learning rate by the square "
            "root of that factor (Adam), or by the factor itself (SGD).",
            reference=self.reference,
            why="A batch of the size of the noise scale gets most of what a step can get, with the fewest rows.",
            confidence="likely",
            step=facts[0].step,
        )
