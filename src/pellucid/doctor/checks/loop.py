"""Faults of the training loop: what is cleared, stepped, switched and shuffled, and when."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import ClassVar, Literal

from pellucid.doctor.check import Check
from pellucid.doctor.checks.facts import SHAKES, STANDS, evidence, named, number, numbers, of_losses, text
from pellucid.doctor.history import Fact, History
from pellucid.findings import Finding

FEW_ROWS = 8
"""Rows in a batch below which the statistics of a batch norm are noise (DOCTOR 30)."""
REPEATS = 3.0
"""Ratio of what a batch's labels tell of the next ones' to what shuffled batches tell (DOCTOR 31)."""
TOLD = 0.05
"""The same as a share of all there is to be told. Ours: shuffled labels of two classes reach a ratio of 7 by chance,
and those of sequences 5, with shares below 0.001; sorted ones have shares of 0.6 to 0.8, runs of ten rows of a class in
batches of 32 have 0.06."""
FULL, MOSTLY = 8, 0.8
"""Rows of a batch from which it is no chance that they all have one class, and share of such batches; ours."""
LABELLED = ("cross_entropy", "nll_loss", "binary_cross_entropy", "binary_cross_entropy_with_logits")
"""The losses of classes, as functions."""
GROWS = 3.0
"""Growth of live memory above which something is kept that should go (DOCTOR 33)."""
DIFFERS = 1e-6
"""Difference of two evaluations of one input above which it is no rounding (DOCTOR 29 asks for equal bits)."""
LEARNING = "https://pytorch.org/tutorials/beginner/basics/optimization_tutorial.html"
MODES = "https://pytorch.org/docs/stable/notes/autograd.html#evaluation-mode-nn-module-eval"


class GradientsNotCleared(Check):
    """The gradients of a step are still there at the next one, so every step goes along the sum of all before."""

    kind: Literal["gradients-not-cleared"] = "gradients-not-cleared"
    cause: ClassVar = "loop"
    gate: ClassVar = "contract"
    explains: ClassVar = SHAKES | {"wrong-sign", "learns-slowly"}
    reference: ClassVar = LEARNING

    def look(self, history: History) -> Iterator[Finding]:
        """One finding for all parameters."""
        facts = list(history.seen("gradients-left"))
        if not facts:
            return
        names = list(dict.fromkeys(fact.place for fact in facts))
        first = facts[0]
        steps = max([1, *map(int, numbers(facts, "steps"))])
        yield Finding(
            "gradients-not-cleared",
            "severe",
            f"After a step, {len(names)} of the gradients looked at were not cleared ({named(names)}; 0 is right): "
            f"those of the next batch are added on top.",
            evidence=evidence(first, parameters=len(names), steps=steps),
            cure="Call `optimizer.zero_grad()` before each `loss.backward()`.",
            reference=self.reference,
            why="PyTorch adds gradients up until you clear them, so each step follows a sum over all batches so far.",
            confidence="contract",
            step=first.step,
        )


class GradientsClearedEarly(Check):
    """The gradients are cleared after they were worked out and before the step that needs them."""

    kind: Literal["gradients-cleared-early"] = "gradients-cleared-early"
    cause: ClassVar = "loop"
    gate: ClassVar = "contract"
    explains: ClassVar = STANDS
    reference: ClassVar = LEARNING

    def look(self, history: History) -> Iterator[Finding]:
        """The first step without gradients; a loss of exactly 0, or a softmax over one unit, has none by right."""
        done = {update.step for update in history.updates if update.loss == 0}
        given = list(history.seen("loss-input"))
        if 1 in numbers(given, "softmax_size") or 1 in numbers(given, "classes"):
            return
        for fact in history.seen("gradients-lost"):
            if fact.step + 1 in done:
                continue
            yield Finding(
                "gradients-cleared-early",
                "severe",
                "At the step, all gradients were empty or 0 though `backward()` had run: the weights cannot change.",
                evidence=evidence(fact, parameters=number(fact, "parameters")),
                cure="Use this order: `optimizer.zero_grad()`, `loss.backward()`, `optimizer.step()`.",
                reference=self.reference,
                why="`zero_grad()` between `backward()` and `step()` throws away what the step is made of.",
                confidence="contract",
                step=fact.step,
            )
            return


class TrainsInEval(Check):
    """The network is trained while it is switched to evaluation."""

    kind: Literal["trains-in-eval"] = "trains-in-eval"
    cause: ClassVar = "loop"
    gate: ClassVar = "contract"
    explains: ClassVar = SHAKES | STANDS | {"overfits"}
    reference: ClassVar = MODES

    def look(self, history: History) -> Iterator[Finding]:
        """Frozen batch norm over trained weights is a known way to fine-tune, and only noted."""
        fact = next(history.seen("trained-in-eval"), None)
        if fact is None:
            return
        fact = fact if fact.line else replace(fact, line=next((one.line for one in history.seen("input")), ""))
        module, steps = text(fact, "module"), number(fact, "steps")
        trained = any(number(other, "fresh") == 0 for other in history.seen("frozen"))
        tuned = "BatchNorm" in module and "Dropout" not in module and trained
        yield Finding(
            "trains-in-eval",
            "info" if tuned else "severe",
            f"{f'At least {steps:g} steps were' if steps else 'The network was'} trained in evaluation mode (0 steps "
            f"is right), where {f'{module} works' if module else 'some layers work'} differently.",
            evidence=evidence(fact, module=module, steps=steps),
            cure="Nothing, if it is meant."
            if tuned
            else "Call `model.train()` at the start of every epoch, after the `model.eval()` of the validation.",
            reference=self.reference,
            why="In evaluation mode dropout is off and batch norm no longer follows the data.",
            confidence="likely" if tuned else "contract",
            step=fact.step,
        )


class EvaluatesInTrain(Check):
    """The network is judged while it is switched to training."""

    kind: Literal["evaluates-in-train"] = "evaluates-in-train"
    cause: ClassVar = "generalisation"
    gate: ClassVar = "contract"
    explains: ClassVar = frozenset({"overfits"})
    reference: ClassVar = MODES

    def look(self, history: History) -> Iterator[Finding]:
        """Two batches in a row without gradients are an evaluation; one may be a teacher's answer."""
        facts = [fact for fact in history.seen("evaluated-in-train") if (number(fact, "batches") or 0) >= 2]
        if not facts:
            return
        first, batches = facts[0], sum(numbers(facts, "batches"))
        module = text(first, "module")
        yield Finding(
            "evaluates-in-train",
            "warning",
            f"{batches:g} batches were evaluated in training mode (0 is right), where "
            f"{f'{module} works' if module else 'some layers work'} differently.",
            evidence=evidence(first, batches=batches, module=module),
            cure="Call `model.eval()` before the evaluation and `model.train()` after it.",
            reference=self.reference,
            why="In training mode dropout switches units off at random, and batch norm learns from the rows it should "
            "only judge.",
            confidence="contract",
            step=first.step,
        )


class DropoutAtEvaluation(Check):
    """The network answers the same input in two ways although it is switched to evaluation."""

    kind: Literal["dropout-at-evaluation"] = "dropout-at-evaluation"
    cause: ClassVar = "generalisation"
    gate: ClassVar = "contract"
    reference: ClassVar = "https://pytorch.org/docs/stable/generated/torch.nn.functional.dropout.html"

    def look(self, history: History) -> Iterator[Finding]:
        """The first input that was answered in two ways."""
        for fact in history.seen("random-eval"):
            difference = number(fact, "difference")
            if difference is not None and not difference > DIFFERS:
                continue
            yield Finding(
                "dropout-at-evaluation",
                "warning",
                "In evaluation mode, the same input gave two answers"
                + ("." if difference is None else f" that differ by {difference:.3g} (0 is right)."),
                place=fact.place,
                evidence=evidence(fact, difference=difference),
                cure="Write `F.dropout(x, p, training=self.training)`, or use the layer `nn.Dropout(p)`.",
                reference=self.reference,
                why="Something still draws random numbers; `F.dropout` does so unless it is told about the mode.",
                confidence="contract",
                step=fact.step,
            )
            return


class BatchNormSmall(Check):
    """Batch norm takes its mean and spread from too few rows."""

    kind: Literal["batch-norm-small"] = "batch-norm-small"
    cause: ClassVar = "loop"
    gate: ClassVar = "contract"
    explains: ClassVar = frozenset({"oscillates", "learns-slowly", "overfits"})
    reference: ClassVar = "https://arxiv.org/abs/1803.08494"

    def look(self, history: History) -> Iterator[Finding]:
        """All such layers at once."""
        facts = [fact for fact in history.seen("batch-norm-small") if (number(fact, "batch") or 0) < FEW_ROWS]
        if not facts:
            return
        batch = min(numbers(facts, "batch"), default=0)
        names = [fact.place for fact in facts]
        yield Finding(
            "batch-norm-small",
            "warning",
            f"Batch norm in {named(names) or 'the network'} takes mean and spread from {batch:g} rows "
            f"({FEW_ROWS} or more are needed).",
            place=names[0],
            evidence=evidence(facts[0], batch=batch),
            cure="Use larger batches, or `nn.GroupNorm(8, channels)`, which looks at one row at a time.",
            reference=self.reference,
            why="Mean and spread of a few rows are mostly chance, and evaluation uses other ones.",
            confidence="contract",
            step=0,  # what is noted at the end was there from the first batch on
        )


class SortedBatches(Check):
    """Rows come in the order of their labels, so a batch shows few classes and the next one the same."""

    kind: Literal["sorted-batches"] = "sorted-batches"
    cause: ClassVar = "data"
    gate: ClassVar = "contract"
    explains: ClassVar = SHAKES | STANDS | {"overfits", "imbalance"}
    reference: ClassVar = "https://pytorch.org/docs/stable/data.html#data-loading-order-and-sampler"

    def look(self, history: History) -> Iterator[Finding]:
        """The measurement over the first batches; or batches of one class each, and not always the same."""
        fact = next(history.seen("label-order"), None)
        repeat, share = (number(fact, "repeat"), number(fact, "share")) if fact else (None, None)
        if fact and repeat is not None and repeat > REPEATS and (share is None or share > TOLD):
            batches = number(fact, "batches")
            said = (
                f"The labels of a batch tell {repeat:.3g} times as much about those of the next as chance does (about "
                f"1 when rows are shuffled, at most {REPEATS:g})."
                if share is None
                else f"The labels of a batch tell {share:.0%} of what there is to know of those of the next (about 0% "
                f"when rows are shuffled, at most {TOLD:.0%})."
            )
            yield self._finding(fact, said, int(batches or fact.step), repeat=repeat, share=share, batches=batches)
            return
        if history.constant is None:  # of several losses each may be for one class, as those of a GAN are
            return
        given = [fact for facts in of_losses(history, *LABELLED) for fact in facts]
        full = [fact for fact in given if (number(fact, "batch") or 0) >= FULL]
        alone = [fact for fact in full if number(fact, "target_distinct") == 1]
        if len(alone) > max(2.0, MOSTLY * len(full)) and len(set(numbers(alone, "target_least"))) > 1:
            said = f"{len(alone)} of {len(full)} batches looked at have rows of one class only (0 are usual)."
            yield self._finding(alone[0], said, alone[2].step, batches=len(alone))

    def _finding(self, fact: Fact, message: str, step: int, **numbers: float | None) -> Finding:
        return Finding(
            "sorted-batches",
            "warning",
            message,
            evidence=evidence(fact, **numbers),
            cure="Shuffle: `DataLoader(dataset, batch_size=..., shuffle=True)`.",
            reference=self.reference,
            why="The network learns the class at hand and forgets the one before.",
            confidence="persistent",
            step=step,
        )


class MemoryGrows(Check):
    """The program keeps more and more memory while it trains."""

    kind: Literal["memory-grows"] = "memory-grows"
    cause: ClassVar = "loop"
    gate: ClassVar = "contract"
    reference: ClassVar = "https://pytorch.org/docs/stable/notes/faq.html"

    def look(self, history: History) -> Iterator[Finding]:
        """The last measurement."""
        facts = list(history.seen("memory"))
        growth = number(facts[-1], "growth") if facts else None
        if growth is None or not growth > GROWS:
            return
        steps = number(facts[-1], "steps")
        yield Finding(
            "memory-grows",
            "warning",
            f"What the program keeps in memory grew {growth:.3g} times{f' in {steps:g} steps' if steps else ''} "
            f"(it should stay near 1).",
            evidence=evidence(facts[-1], growth=growth, steps=steps),
            cure="Add up numbers, not tensors: `total += loss.item()`; do not use `retain_graph=True`.",
            reference=self.reference,
            why="A loss that is kept as a tensor keeps everything it was worked out from.",
            confidence="persistent",
            step=facts[-1].step,
        )
