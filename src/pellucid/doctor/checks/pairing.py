"""Faults between what a network gives, the loss it is given to, and the targets it is compared with."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import ClassVar, Literal

from pellucid.doctor.check import Check
from pellucid.doctor.checks.facts import (
    NO_LOGARITHM,
    SHAKES,
    STANDS,
    VALUES,
    evidence,
    made_by,
    most_classes,
    number,
    numbers,
    of_losses,
    shape,
    text,
)
from pellucid.doctor.history import Fact, History
from pellucid.findings import Finding

ALL_ROWS = 0.99
"""Share of rows that sum to 1 above which an output is one of probabilities; logits never are (DOCTOR 34)."""
RANGES = {"relu": (0.0, math.inf), "softplus": (0.0, math.inf), "sigmoid": (0.0, 1.0), "softmax": (0.0, 1.0)}
RANGES |= {"tanh": (-1.0, 1.0), "hardsigmoid": (0.0, 1.0)}
"""What the last layer can give, by what made it, in small letters."""
LOSSES = "https://pytorch.org/docs/stable/nn.html#loss-functions"
ENTROPY = "https://pytorch.org/docs/stable/generated/torch.nn.CrossEntropyLoss.html"


class SoftmaxTwice(Check):
    """The network ends in a softmax, and the loss puts another one on top."""

    kind: Literal["softmax-twice"] = "softmax-twice"
    cause: ClassVar = "loss"
    gate: ClassVar = "contract"
    explains: ClassVar = STANDS | {"squashed-output"}
    reference: ClassVar = ENTROPY

    def look(self, history: History) -> Iterator[Finding]:
        """Probabilities given to `cross_entropy`; their logarithms are right there, as a softmax leaves them alone."""
        for facts in of_losses(history, "cross_entropy"):
            shares, classes = numbers(facts, "probabilities"), most_classes(facts)
            if not shares or min(shares) < ALL_ROWS or classes < 2:
                continue
            floor = math.log(1 + (classes - 1) / math.e)
            yield Finding(
                "softmax-twice",
                "severe",
                f"`cross_entropy` got probabilities: {min(shares):.0%} of the rows sum to 1 (0 % of raw scores do). "
                f"The loss cannot fall below {floor:.3f} for {classes} classes.",
                place=made_by(history, facts[0]),
                evidence=evidence(facts[0], rows=min(shares), classes=classes, floor=floor),
                cure="Leave the last `Softmax` away: `cross_entropy` wants raw scores.",
                reference=self.reference,
                why="`cross_entropy` works out the softmax itself; a second one flattens the probabilities and shrinks "
                "the gradients.",
                confidence="contract",
                step=facts[0].step,
            )


class SigmoidTwice(Check):
    """The network ends in a sigmoid, and the loss puts another one on top."""

    kind: Literal["sigmoid-twice"] = "sigmoid-twice"
    cause: ClassVar = "loss"
    gate: ClassVar = "contract"
    explains: ClassVar = STANDS | {"squashed-output"}
    reference: ClassVar = "https://pytorch.org/docs/stable/generated/torch.nn.BCEWithLogitsLoss.html"

    def look(self, history: History) -> Iterator[Finding]:
        """By what made the numbers; that they lie between 0 and 1 is no proof, as first outputs are small."""
        for facts in of_losses(history, "binary_cross_entropy_with_logits"):
            if _squash(facts) not in ("sigmoid", "hardsigmoid"):
                continue
            least, largest = min(numbers(facts, "least"), default=0.0), max(numbers(facts, "largest"), default=1.0)
            yield Finding(
                "sigmoid-twice",
                "severe",
                f"`binary_cross_entropy_with_logits` was given numbers from {least:.3g} to {largest:.3g}; raw "
                f"scores lie on both sides of 0. No answer can come below 0.5.",
                place=made_by(history, facts[0]),
                evidence=evidence(facts[0], least=least, largest=largest),
                cure="Leave the last `Sigmoid` away, or use `BCELoss` with it.",
                reference=self.reference,
                why="This loss works out the sigmoid itself; a second one squeezes all answers into 0.5 to 0.73.",
                confidence="contract",
                step=facts[0].step,
            )


class RawLikelihood(Check):
    """`nll_loss` wants logarithms of probabilities and is given something else."""

    kind: Literal["raw-likelihood"] = "raw-likelihood"
    cause: ClassVar = "loss"
    gate: ClassVar = "contract"
    explains: ClassVar = STANDS | SHAKES | {"softmax-twice", "wrong-sign"}
    reference: ClassVar = "https://pytorch.org/docs/stable/generated/torch.nn.NLLLoss.html"

    def look(self, history: History) -> Iterator[Finding]:
        """Rows whose exponentials do not sum to 1."""
        for facts in of_losses(history, "nll_loss"):
            sums = numbers(facts, "log_sum")
            off, positive = min(sums, default=0.0), min(numbers(facts, "positive"), default=0.0)
            if not (off > NO_LOGARITHM if sums else positive > 0):
                continue
            given = "probabilities" if min(numbers(facts, "probabilities"), default=0.0) >= ALL_ROWS else "raw scores"
            losses = numbers(facts, "loss")
            yield Finding(
                "raw-likelihood",
                "severe",
                f"`nll_loss` was given {given}: the logarithm of a row's sum is {off:.3g} off (0 for logarithms of "
                f"probabilities){f', and the loss is {losses[-1]:.3g}' if losses and losses[-1] < 0 else ''}.",
                place=made_by(history, facts[0]),
                evidence=evidence(facts[0], log_sum=off, positive=positive, loss=losses[-1] if losses else None),
                cure="End the network in `nn.LogSoftmax(dim=1)`, or use `cross_entropy` with raw scores.",
                reference=self.reference,
                why="`nll_loss` only picks the number at the right class: without the logarithm it falls for ever as "
                "the scores grow.",
                confidence="contract",
                step=facts[0].step,
            )


class SquashedOutput(Check):
    """The last layer cannot give the numbers that the targets or the loss ask for."""

    kind: Literal["squashed-output"] = "squashed-output"
    cause: ClassVar = "loss"
    gate: ClassVar = "contract"
    explains: ClassVar = STANDS | {"dead-units", "saturated-units", "hot-output"}
    reference: ClassVar = LOSSES

    def look(self, history: History) -> Iterator[Finding]:
        """Targets out of reach, then raw scores that were squashed."""
        for facts in of_losses(history, *VALUES):
            name = _squash(facts)
            least, largest = RANGES.get(name, (-math.inf, math.inf))
            lowest = min(numbers(facts, "target_least"), default=least)
            highest = max(numbers(facts, "target_largest"), default=largest)
            slack = 0.01 * max(1.0, highest - lowest)  # rounding, and targets that only just miss the end
            if name and (lowest < least - slack or highest > largest + slack):
                yield self._finding(
                    made_by(history, facts[0]),
                    facts,
                    name,
                    f"Targets go from {lowest:.3g} to {highest:.3g}, but the last layer gives {_span(name)}.",
                )
        for facts in of_losses(history, "cross_entropy", "binary_cross_entropy_with_logits"):
            name = _squash(facts)
            sigmoid = facts[0].place != "cross_entropy" and "sigmoid" in name  # that has a finding of its own
            if name and name != "softmax" and not sigmoid:
                said = (
                    f"`{facts[0].place}` wants raw scores, any number from below 0 to above, but the last layer gives"
                )
                yield self._finding(made_by(history, facts[0]), facts, name, f"{said} {_span(name)}.")

    def _finding(self, place: str, facts: list[Fact], name: str, message: str) -> Finding:
        return Finding(
            "squashed-output",
            "severe" if facts[0].place in VALUES else "warning",
            message,
            place=place,
            evidence=evidence(
                facts[0],
                output_least=min(numbers(facts, "least"), default=None),
                output_largest=max(numbers(facts, "largest"), default=None),
                target_least=min(numbers(facts, "target_least"), default=None),
                target_largest=max(numbers(facts, "target_largest"), default=None),
            ),
            cure=f"End the network in its last `Linear`; leave the {name} behind it away.",
            reference=self.reference,
            why="What the last layer cannot give can never be learnt, and at the ends of its range no gradient comes "
            "through.",
            confidence="contract",
            step=facts[0].step,
        )


class OneUnitSoftmax(Check):
    """A softmax over one number is always 1, whatever goes in."""

    kind: Literal["one-unit-softmax"] = "one-unit-softmax"
    cause: ClassVar = "loss"
    gate: ClassVar = "contract"
    explains: ClassVar = STANDS | {"softmax-twice", "dead-units", "squashed-output", "gradients-cleared-early"}
    reference: ClassVar = "https://pytorch.org/docs/stable/generated/torch.nn.Softmax.html"

    def look(self, history: History) -> Iterator[Finding]:
        """A softmax before the loss, or the one inside `cross_entropy`."""
        for fact in history.seen("loss-input"):
            inside = fact.place in ("cross_entropy", "nll_loss") and number(fact, "classes") == 1
            if number(fact, "softmax_size") != 1 and not inside:
                continue
            yield Finding(
                "one-unit-softmax",
                "severe",
                "A softmax runs over 1 number (2 or more are needed): its answer is always 1 and its gradient 0.",
                place=made_by(history, fact),
                evidence=evidence(fact, size=1, shape=text(fact, "input_shape") or None),
                cure="For two classes give one raw score to `BCEWithLogitsLoss`, or two to `CrossEntropyLoss`.",
                reference=self.reference,
                why="Softmax shares out 1 among its inputs; where there is one, it always gets all.",
                confidence="contract",
                step=fact.step,
            )
            return


class WrongSoftmaxAxis(Check):
    """The answer to one row depends on the other rows of the batch."""

    kind: Literal["wrong-softmax-axis"] = "wrong-softmax-axis"
    cause: ClassVar = "forward"
    gate: ClassVar = "contract"
    explains: ClassVar = STANDS | {"softmax-twice", "raw-likelihood", "squashed-output"}
    reference: ClassVar = "https://karpathy.github.io/2019/04/25/recipe/"

    def look(self, history: History) -> Iterator[Finding]:
        """A softmax along the rows, or rows that were found to leak into each other."""
        given = (fact for fact in history.seen("loss-input") if number(fact, "softmax_dim") == 0)
        along = next((fact for fact in given if len(shape(fact, "input_shape")) > 1), None)
        leak = next((fact for fact in history.seen("leak-batch") if (number(fact, "share") or 0) > 0), None)
        fact = along or leak
        if fact is None:
            return
        share = number(leak, "share") if leak else None
        said = "Softmax runs along the rows of the batch (dim=0)." if along else ""
        if share is not None:
            said += f" {share:.0%} of the answers change when another row changes (0 % is right)."
        yield Finding(
            "wrong-softmax-axis",
            "severe" if along else "warning",
            said.strip(),
            place=made_by(history, along) if along else fact.place,
            evidence=evidence(fact, share=share, softmax_dim=0 if along else None),
            cure="Use `softmax(dim=1)` or `dim=-1`, the classes."
            if along
            else "Look for `dim=0`, for a `view` or `reshape` that mixes rows, and for `batch_first=True`.",
            reference=self.reference,
            why="The rows of a batch were drawn together by chance; each has to be answered by itself.",
            confidence="contract" if along else "likely",
            step=fact.step,
        )


class SeesTheFuture(Check):
    """The answer at one position can see later ones, which are what it should predict."""

    kind: Literal["sees-the-future"] = "sees-the-future"
    cause: ClassVar = "forward"
    gate: ClassVar = "contract"
    explains: ClassVar = frozenset({"overfits"})
    reference: ClassVar = "https://pytorch.org/docs/stable/generated/torch.nn.Transformer.html"

    def look(self, history: History) -> Iterator[Finding]:
        """The first time a later input changed an earlier answer."""
        for fact in history.seen("leak-future"):
            share = number(fact, "share") or 0
            if share <= 0:
                continue
            yield Finding(
                "sees-the-future",
                "severe",
                f"{share:.0%} of the answers change when a later position changes (0 % is right).",
                place=fact.place,
                evidence=evidence(fact, share=share),
                cure="Give attention its mask: `is_causal=True`, or for your own scores `masked_fill(mask, -inf)`.",
                reference=self.reference,
                why="A network that is to predict what comes next can simply copy it, and fails when it is not there.",
                confidence="contract",
                step=fact.step,
            )
            return


def _squash(facts: list[Fact]) -> str:
    """The squashing function in front of a loss; empty if there is none."""
    made = {text(fact, "producer").lower() for fact in facts}
    name = made.pop() if len(made) == 1 else ""
    return name if name in RANGES else ""


def _span(name: str) -> str:
    least, largest = RANGES[name]
    return f"only {least:g} and above ({name})" if math.isinf(largest) else f"only {least:g} to {largest:g} ({name})"
