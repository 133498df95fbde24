"""Faults in how a loss compares answers with targets: unequal shapes, other kinds of targets, sums, padding."""

from __future__ import annotations

import math
from collections.abc import Iterator
from itertools import zip_longest
from statistics import fmean
from typing import ClassVar, Literal

from pellucid.doctor.check import Check
from pellucid.doctor.checks.facts import (
    SHAKES,
    STANDS,
    VALUES,
    evidence,
    most_classes,
    number,
    numbers,
    of_losses,
    shape,
    text,
)
from pellucid.doctor.history import Fact, History
from pellucid.findings import Finding

FEW_VALUES = 20
"""Different whole numbers up to which targets look like codes of classes."""
PADDED = 0.2
"""Share of positions that look like padding above which it is worth a note; an end mark alone is one in a row."""
LOSSES = "https://pytorch.org/docs/stable/nn.html#loss-functions"
ENTROPY = "https://pytorch.org/docs/stable/generated/torch.nn.CrossEntropyLoss.html"


class BroadcastLoss(Check):
    """The loss compares every answer with every target, because their shapes differ."""

    kind: Literal["broadcast-loss"] = "broadcast-loss"
    cause: ClassVar = "loss"
    gate: ClassVar = "contract"
    explains: ClassVar = STANDS
    reference: ClassVar = "https://pytorch.org/docs/stable/notes/broadcasting.html"

    def look(self, history: History) -> Iterator[Finding]:
        """Shapes that blow up to more numbers than either has; one target for all rows does not."""
        for fact in history.seen("stretched"):
            given, made = text(fact, "input_shape"), text(fact, "made_shape")
            said = (
                f"The loss got answers of shape {given} and compares {made} pairs with the targets ({given} is right)."
            )
            yield self._finding(fact, said, math.prod(shape(fact, "made_shape")), math.prod(shape(fact, "input_shape")))
            return
        for fact in history.seen("loss-input"):
            given, target = shape(fact, "input_shape"), shape(fact, "target_shape")
            pairs = list(zip_longest(reversed(given), reversed(target), fillvalue=1))
            made = [max(pair) for pair in reversed(pairs)]
            if number(fact, "broadcast") != 1 or math.prod(made) <= max(math.prod(given), math.prod(target)):
                continue
            said = (
                f"`{fact.place}` got answers of shape {text(fact, 'input_shape')} and targets of shape "
                f"{text(fact, 'target_shape')} (equal shapes are right) and compares {'x'.join(map(str, made))} pairs."
            )
            yield self._finding(fact, said, math.prod(made), max(given[0], target[0]))
            return

    def _finding(self, fact: Fact, message: str, pairs: int, rows: int) -> Finding:
        return Finding(
            "broadcast-loss",
            "severe",
            message,
            evidence=evidence(fact, pairs=pairs, rows=rows),
            cure="Give both the same shape: `loss(output.squeeze(1), target)`.",
            reference=self.reference,
            why="PyTorch stretches unequal shapes to fit, so each answer is drawn to the mean of all targets.",
            confidence="contract",
            step=fact.step,
        )


class WrongLoss(Check):
    """The loss is made for another kind of target."""

    kind: Literal["wrong-loss"] = "wrong-loss"
    cause: ClassVar = "loss"
    gate: ClassVar = "contract"
    reference: ClassVar = LOSSES

    def look(self, history: History) -> Iterator[Finding]:
        """Several classes at once given to `cross_entropy`, then codes of classes given to a loss of values."""
        for facts in of_losses(history, "cross_entropy"):
            classes, two = most_classes(facts), max(numbers(facts, "target_distinct"), default=0) == 2
            mean = fmean(numbers(facts, "target_mean") or [0.0])
            floats = max(numbers(facts, "target_integer"), default=1) == 0
            if floats and two and abs(mean * classes - 1) > 0.05:  # one-hot and soft targets sum to 1
                said = f"Targets have {mean * classes:.2g} classes a row on average (`cross_entropy` is for exactly 1)."
                cure = "Use `BCEWithLogitsLoss`, which asks about each class by itself."
                yield self._finding(facts, "warning", said, cure, {"classes_a_row": mean * classes})
        for facts in of_losses(history, *VALUES):
            distinct = max(numbers(facts, "target_distinct"), default=0)
            whole = min(numbers(facts, "target_whole") or numbers(facts, "target_integer"), default=0) == 1
            if whole and 2 <= distinct <= FEW_VALUES and min(numbers(facts, "target_least"), default=1) == 0:
                said = (
                    f"`{facts[0].place}` compares with {distinct:g} different whole numbers, which look like classes."
                )
                cure = "If they are classes: `CrossEntropyLoss` with a score for each; if they are counts, ignore this."
                yield self._finding(facts, "info", said, cure, {"values": distinct})

    def _finding(
        self,
        facts: list[Fact],
        severity: Literal["info", "warning"],
        message: str,
        cure: str,
        found: dict[str, float],
    ) -> Finding:
        return Finding(
            "wrong-loss",
            severity,
            message,
            evidence=evidence(facts[0], **found),
            cure=cure,
            reference=self.reference,
            why="Each loss is the measure of one kind of question; another one pulls towards answers nobody wants.",
            confidence="likely",
            step=facts[0].step,
        )


class SummedLoss(Check):
    """The loss is the sum over the batch instead of its mean, so the steps grow with the batch."""

    kind: Literal["summed-loss"] = "summed-loss"
    cause: ClassVar = "loss"
    gate: ClassVar = "contract"
    explains: ClassVar = SHAKES | {"clip-strangles"}
    reference: ClassVar = LOSSES

    def look(self, history: History) -> Iterator[Finding]:
        """A note where the training goes well: sums are common where the rate was chosen for them."""
        for fact in history.seen("loss-input"):
            batch = number(fact, "batch") or 0
            if text(fact, "reduction") != "sum" or batch < 2:
                continue
            yield Finding(
                "summed-loss",
                "warning" if history.harmed else "info",
                f"The loss is summed over {batch:g} rows, so its gradients are {batch:g} times those of the mean (1 is "
                f"usual).",
                evidence=evidence(fact, batch=batch),
                cure="Use `reduction='mean'`, or divide the learning rate by the size of the batch.",
                reference=self.reference,
                why="Usual learning rates are made for the mean over a batch.",
                confidence="likely",
                step=fact.step,
            )
            return


class PaddingCounted(Check):
    """Positions that only fill up short rows count in the loss."""

    kind: Literal["padding-counted"] = "padding-counted"
    cause: ClassVar = "loss"
    gate: ClassVar = "contract"
    explains: ClassVar = frozenset({"predicts-the-prior", "imbalance"})
    reference: ClassVar = ENTROPY

    def look(self, history: History) -> Iterator[Finding]:
        """Padding that was seen in the loss, else a note about row ends that look like it."""
        told = history.seen("padding-counted")
        sure = next((fact for fact in told if (number(fact, "share") or 0) > PADDED), None)
        like = [fact for fact in history.seen("loss-input") if not number(fact, "ignored")]
        maybe = next((fact for fact in like if (number(fact, "padded") or 0) > PADDED), None)
        fact = sure or maybe
        if fact is None:
            return
        share = number(fact, "share" if sure else "padded")
        yield Finding(
            "padding-counted",
            "warning" if sure else "info",
            f"{share:.0%} of the positions in the loss {'are' if sure else 'look like'} padding (0 % is right).",
            evidence=evidence(fact, share=share),
            cure="Tell the loss: `cross_entropy(scores, target, ignore_index=PAD)`.",
            reference=self.reference,
            why="Padding is easy to guess, so the loss looks good and says little about the real positions.",
            confidence="contract" if sure else "likely",
            step=maybe.step if maybe else fact.step,
        )
