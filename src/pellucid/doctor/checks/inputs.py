"""Faults of the data: scales, broken values, unequal classes, labels that do not belong, answers among the inputs."""

from __future__ import annotations

import math
from collections.abc import Iterator
from statistics import fmean, median
from typing import ClassVar, Literal

from pellucid.doctor.check import Check
from pellucid.doctor.checks.facts import SHAKES, STANDS, VALUES, evidence, level, number, numbers, of_losses, shape
from pellucid.doctor.checks.measure import judged, strangers, updates
from pellucid.doctor.history import EARLY, Fact, History
from pellucid.findings import Finding

OFF_CENTRE = 3.0
"""Mean of all inputs in their own deviations (DOCTOR 44)."""
FEATURE_OFF_CENTRE = 30.0
"""The same for one feature: ten times that, as a feature that is nearly always the same is off by nature."""
SMALL, LARGE = 0.05, 20.0
"""Deviation of inputs that a network can start with (DOCTOR 44)."""
SPREAD = 1e3
"""Largest deviation of a feature over the smallest one (DOCTOR 44)."""
FAR = 3.0
"""How far beyond these limits inputs are worth a warning although the training goes well; 0 to 255 is 4 times."""
FIRST = 3
"""Looks at the input that must agree."""
BEYOND, FAR_BEYOND = 10.0, 100.0
"""Targets in deviations of the first outputs, and beside standardised ones, which vary by 1 (DOCTOR 45); and so many
that it is told though the training gets somewhere."""
RARE = 0.1
"""Share of the rarest class in that of equal classes (DOCTOR 47, cleanlab)."""
COLLAPSED = 0.5
"""Entropy of the predictions over that of the labels (DOCTOR 47)."""
MISSED = 0.1
"""Share of the rarest class that is found (DOCTOR 47)."""
OUTCOMES = ("binary_cross_entropy_with_logits", "binary_cross_entropy")
"""The losses of two outcomes, as functions."""
HALF, EVEN = 0.5, 0.5
"""Loss over that of the best constant below which the rare outcome is told apart in any case; and even chances."""
ENOUGH = 20
"""Rows of the rarest class from which it counts how many are found (DOCTOR 47)."""
TELLS, COPIES = 0.99, 0.9999
"""Score of one feature alone that is too good (DOCTOR 50), and that only a copy of the target has."""
SHARED, MANY_SHARED = 0.001, 0.01
"""Share of validation rows found in training: more than chance (DOCTOR 51), and enough to change a score."""
AT_CONSTANT = 0.05
"""Distance from the loss of the best constant within which nothing was learnt."""
BY_HEART = 0.25
"""The same below which labels that neighbours do not share were learnt all the same, by a rule or by heart. Ours."""
GENERALISES_LATE = 0.1
"""Weight decay from which a network may learn by heart first and understand later (Power et al. 2022, 2201.02177)."""
HEALTHY_UPDATES = (3e-4, 3e-2)
"""Median relative updates at which the rate is not to blame: healthy ones (DOCTOR 2.1), and 4 times as far."""
HEALTHY_GRADIENTS = 0.03
"""Least gradient of a layer over their median at which no signal is lost: 0.15 in healthy networks (DOCTOR 2.1) / 5."""
HARMLESS = frozenset({"loss-input", "input", "label-order", "predictions", "start", "schedule", "memory", "sign"})
HARMLESS |= {"dropout", "clipped", "batch-norm-small", "overlap", "feature-tells", "neighbours", "replicas", "noise"}
HARMLESS |= {"judged-input"}
"""Kinds of facts that are there in a healthy training as well."""


class InputScale(Check):
    """The inputs are much larger or smaller than what first weights are made for."""

    kind: Literal["input-scale"] = "input-scale"
    cause: ClassVar = "data"
    gate: ClassVar = "contract"
    explains: ClassVar = SHAKES | STANDS | {"init-mismatch", "overfits"}
    reference: ClassVar = "https://cs231n.github.io/neural-networks-2/#data-preprocessing"

    def look(self, history: History) -> Iterator[Finding]:
        """Numbers that are no codes, where no norm comes first; in batches that agree."""
        facts = [fact for fact in history.seen("input") if not number(fact, "integer")][:FIRST]
        if any(number(fact, "normalised") for fact in facts):
            return
        deviation = median(numbers(facts, "deviation") or [1.0])
        mean = median(numbers(facts, "mean") or [0.0])
        spread, centre = median(numbers(facts, "spread") or [1.0]), median(numbers(facts, "centre") or [0.0])
        off = abs(mean) / deviation if deviation > 0 else 0.0
        ways = [
            (spread / SPREAD, f"the features differ in size by a factor of {spread:.3g} (at most {SPREAD:g} is well)"),
            (deviation / LARGE, f"the inputs vary by {deviation:.3g} ({SMALL:g} to {LARGE:g} is well, 1 is best)"),
            (SMALL / deviation if deviation > 0 else 0.0, f"the inputs vary by {deviation:.3g} only (1 is best)"),
            (off / OFF_CENTRE, f"the mean of the inputs is {off:.3g} times their deviation (at most {OFF_CENTRE:g})"),
            (centre / FEATURE_OFF_CENTRE, f"the mean of a feature is {centre:.3g} times its deviation (0 is best)"),
        ]
        worst, said = max(ways)
        if not worst > 1:
            return
        yield Finding(
            "input-scale",
            "warning" if history.harmed or worst > FAR else "info",
            f"Inputs are not on a common scale: {said}.",
            place="input",
            evidence=evidence(facts[0], mean=mean, deviation=deviation, spread=spread, centre=centre),
            cure="Standardise with numbers of the training part: `x = (x - mean) / deviation`; images: `x / 255`.",
            reference=self.reference,
            why="First weights and usual learning rates are made for inputs around 0 that vary by about 1.",
            confidence="persistent" if len(facts) == FIRST else "likely",
            step=facts[0].step,
        )


class TargetScale(Check):
    """The values to predict are far larger than what a fresh network gives."""

    kind: Literal["target-scale"] = "target-scale"
    cause: ClassVar = "data"
    gate: ClassVar = "contract"  # harm is judged here: targets that are far off cost most of a training
    explains: ClassVar = SHAKES | STANDS
    reference: ClassVar = "https://scikit-learn.org/stable/modules/compose.html#transforming-target-in-regression"

    def look(self, history: History) -> Iterator[Finding]:
        """Targets against the outputs of the first batches."""
        for facts in of_losses(history, *VALUES):
            fresh = [fact for fact in facts if fact.step == facts[0].step]
            output = max(numbers(fresh, "deviation"), default=0.0)
            deviation = max(numbers(fresh, "target_deviation"), default=0.0)
            mean = fmean(numbers(fresh, "target_mean") or [0.0])
            size = max(deviation, abs(mean))
            if not output > 0 or size <= (BEYOND if history.harmed else FAR_BEYOND) * max(output, 1.0):
                continue
            yield Finding(
                "target-scale",
                "warning",
                f"Targets are {mean:.3g} on average and vary by {deviation:.3g}; first outputs vary by {output:.3g}, "
                f"{size / output:.0f} times less (up to {BEYOND:g} times is well).",
                place="target",
                evidence=evidence(facts[0], target_mean=mean, target_deviation=deviation, output_deviation=output),
                cure="Standardise the targets, `y = (y - mean) / deviation`, and undo it on the predictions.",
                reference=self.reference,
                why="The weights have to grow a long way first, and the errors on that way make huge gradients.",
                confidence="persistent",
                step=facts[0].step,
            )


class BadValues(Check):
    """Some inputs are no numbers: NaN or infinite."""

    kind: Literal["bad-values"] = "bad-values"
    cause: ClassVar = "data"
    gate: ClassVar = "contract"
    explains: ClassVar = SHAKES | {"steps-skipped"}
    reference: ClassVar = "https://scikit-learn.org/stable/modules/impute.html"

    def look(self, history: History) -> Iterator[Finding]:
        """The first batch that has any, with its first bad row."""
        for fact in history.facts:
            count = number(fact, "not_finite") if fact.kind == "input" else None
            if not count and not (fact.kind == "not-finite" and fact.values.get("what") == "input"):
                continue
            row = number(fact, "row" if fact.kind == "input" else "batch_row")
            where = "" if row is None else f", first in row {row:g} of the batch"
            given = next((one for one in history.seen("input") if one.line), fact)  # where a batch enters the network
            yield Finding(
                "bad-values",
                "severe",
                f"{f'{count:g}' if count else 'Some'} numbers of the input are NaN or infinite (0 is right){where}.",
                place="input",
                evidence=evidence(given, not_finite=count, row=row),
                cure="Find them with `torch.isfinite(x).all(1)`; drop the rows, or fill the gaps.",
                reference=self.reference,
                why="One NaN makes the loss NaN, and one step with it makes every weight NaN.",
                confidence="contract",
                step=fact.step,
            )
            return


class Imbalance(Check):
    """A class is so rare that the network never answers with it."""

    kind: Literal["imbalance"] = "imbalance"
    cause: ClassVar = "data"
    gate: ClassVar = "contract"
    explains: ClassVar = STANDS
    reference: ClassVar = "https://arxiv.org/abs/1901.05555"

    def look(self, history: History) -> Iterator[Finding]:
        """A warning only where the rare class is missed; classes may be unequal and well told apart."""
        facts = list(history.seen("predictions")) or _two_outcomes(history)
        late = [fact for fact in facts[len(facts) // 2 :] if fact.step >= EARLY and _enough(fact)]
        rarest = fmean(numbers(facts, "rarest") or [1.0])
        classes = max([2.0, *(numbers(facts, "classes") or numbers(history.seen("loss-input"), "classes"))])
        if not facts or not rarest < RARE / classes:
            return
        found, entropy = numbers(late, "recall_rarest"), numbers(late, "entropy")
        missed = bool(found) and fmean(found) < MISSED and fmean(entropy or [0.0]) < COLLAPSED
        share = fmean(found) if found else None
        yield Finding(
            "imbalance",
            "warning" if missed else "info",
            f"The rarest class has {rarest:.2%} of the rows ({1 / classes:.0%} if all were equal)"
            + ("." if share is None else f", and {share:.0%} of them are found."),
            place="target",
            evidence=evidence(facts[0], rarest=rarest, recall=share, entropy=fmean(entropy) if entropy else None),
            cure="Weigh the classes: `CrossEntropyLoss(weight=...)`, or draw rare rows more often with "
            "`WeightedRandomSampler`."
            if missed
            else "Judge by recall of each class, not by accuracy.",
            reference=self.reference,
            why="The loss counts rows, so a network that never says the rare class loses next to nothing.",
            confidence="persistent" if missed else "likely",
            step=(late or facts)[0].step,
        )


class LabelsShuffled(Check):
    """The labels seem not to belong to the inputs: nothing that is learnt holds for new rows."""

    kind: Literal["labels-shuffled"] = "labels-shuffled"
    cause: ClassVar = "generalisation"
    gate: ClassVar = "contract"
    explains: ClassVar = frozenset({"overfits", "predicts-the-prior", "learns-slowly", "ignores-input", "cannot-fit"})
    reference: ClassVar = "https://arxiv.org/abs/1611.03530"

    def look(self, history: History) -> Iterator[Finding]:
        """What is learnt by heart and helps nowhere; rows that are strangers to their neighbours; or a network that
        works in all its parts and learns nothing."""
        constant, loss = history.constant, level(history)
        if constant is None or constant <= 0 or loss is None or history.broken:
            return
        held = [one.loss / constant for one in history.looks]
        by_heart = len(held) >= 3 and history.looks[0].train_loss > 0.8 * constant > history.looks[-1].train_loss
        if held and min(held) < 1 - 2 * AT_CONSTANT:
            return  # new rows were foretold
        if by_heart and min(held) > 1 - AT_CONSTANT / 2:
            decay = history.optimizer.get("weight_decay", 0.0)
            may_come = isinstance(decay, float) and decay >= GENERALISES_LATE
            severity, step = ("info" if may_come else "warning"), history.looks[0].step
            said = f"training rows are learnt (loss {history.looks[-1].train_loss:.3g})"
            said += f", but the loss of new rows never fell below {min(held) * constant:.3g}"
        elif loss > BY_HEART * constant and strangers(history):
            severity, step = "warning", history.updates[0].step
            said = (
                f"rows that are near each other share a label no more often than by chance, and the loss is {loss:.3g}"
            )
        elif history.harmed and _at(loss, constant) and _at(min(history.smooth), constant) and _works(history):
            severity, step = "warning", history.updates[0].step
            said = f"gradients and steps are healthy, but the loss stays at {loss:.3g}"
        else:
            return
        yield Finding(
            "labels-shuffled",
            severity,
            f"The inputs seem to say nothing about the labels: {said}, where a constant answer has {constant:.3g}.",
            place="target",
            evidence={"loss": loss, "constant": constant, "looks": len(held)},
            cure="Look at ten rows with their labels by eye; shuffle both with one order: `x, y = x[order], y[order]`.",
            reference=self.reference,
            why="If inputs and labels were shuffled or joined apart, only learning by heart is left.",
            confidence="likely",
            step=step,
        )


class FeatureTells(Check):
    """One input alone gives the answer away; it may be the answer itself."""

    kind: Literal["feature-tells"] = "feature-tells"
    cause: ClassVar = "data"
    gate: ClassVar = "contract"
    reference: ClassVar = "https://doi.org/10.1145/2382577.2382579"

    def look(self, history: History) -> Iterator[Finding]:
        """The best feature; a warning only for a copy of the target among other features."""
        facts = [fact for fact in history.seen("feature-tells") if (number(fact, "score") or 0) >= TELLS]
        if not facts:
            return
        best = max(facts, key=lambda fact: number(fact, "score") or 0)
        score = number(best, "score") or 0
        alone = max(numbers(history.seen("input"), "features"), default=2) < 2
        yield Finding(
            "feature-tells",
            "warning" if score >= COPIES and not alone else "info",
            f"{best.place or 'One feature'} alone predicts the target with a score of {score:.4g} (1 is a copy of it, "
            f"{TELLS:g} or less is usual).",
            place=best.place,
            evidence=evidence(best, score=score),
            cure="Leave it away, unless it is known by the time you want to predict.",
            reference=self.reference,
            why="A column that was filled in with or after the answer is not there when the answer is asked for.",
            confidence="likely",
            step=best.step,
        )


class SharedRows(Check):
    """Rows that judge the network were also trained on."""

    kind: Literal["shared-rows"] = "shared-rows"
    cause: ClassVar = "data"
    gate: ClassVar = "contract"
    reference: ClassVar = "https://doi.org/10.1145/2382577.2382579"

    def look(self, history: History) -> Iterator[Finding]:
        """The largest overlap that was seen."""
        facts = [fact for fact in history.seen("overlap") if (number(fact, "share") or 0) > SHARED]
        if not facts:
            return
        most = max(facts, key=lambda fact: number(fact, "share") or 0)
        share, rows = number(most, "share") or 0, number(most, "rows")
        yield Finding(
            "shared-rows",
            "warning" if share > MANY_SHARED else "info",
            f"{share:.1%} of the validation rows{f' ({rows:g})' if rows else ''} were trained on as well (0 is right), "
            f"so scores are too good.",
            place="validation",
            evidence=evidence(most, share=share, rows=rows),
            cure="Take copies out before you split, and split once; keep rows of one person or file together.",
            reference=self.reference,
            why="A network can know rows by heart; only new ones show what it has understood.",
            confidence="contract",
            step=most.step,
        )


def _two_outcomes(history: History) -> list[Fact]:
    """What `predictions` tell of classes, for one question of yes or no: the share of the rarer answer, and how much of
    it can have been found, as no more rows can than are answered so. Empty where the loss is far below a constant's."""
    facts = [fact for facts in of_losses(history, *OUTCOMES) for fact in facts if number(fact, "target_whole")]
    alone = all(math.prod(shape(fact, "input_shape")) == number(fact, "batch") for fact in facts)
    loss, constant = level(history), history.constant
    if not facts or not alone or loss is None or not constant or loss < HALF * constant:
        return []
    ones = fmean(numbers(facts, "target_mean"))
    rarest = min(ones, 1 - ones)
    rows = rarest * (number(facts[0], "batch") or 0) * len(history.updates)
    found: list[Fact] = []
    for fact in facts if rarest > 0 else ():
        yes = number(fact, "positive") if fact.place == OUTCOMES[0] else None
        if yes is None and (number(fact, "largest") or 1.0) <= EVEN:
            yes = 0.0
        if yes is not None:
            share = (yes if ones <= EVEN else 1 - yes) / rarest
            told: dict[str, float | int | str] = {
                "rarest": rarest,
                "classes": 2.0,
                "recall_rarest": min(1.0, share),
                "entropy": share,
                "rows": rows,
            }
            found.append(Fact("predictions", fact.step, fact.place, told, fact.line))
    return found


def _at(loss: float, constant: float) -> bool:
    """Whether a loss is that of the best constant, more or less."""
    return abs(loss / constant - 1) < AT_CONSTANT


def _enough(fact: Fact) -> bool:
    rows = number(fact, "rows")
    return rows is None or rows >= ENOUGH


def _works(history: History) -> bool:
    """Whether rate and gradients are healthy in every layer, no fault of another kind was noted, and it ran long."""
    sizes = [sample.value for sample in updates(history)]
    names = [one.name for one in judged(history)]
    if len(sizes) < FIRST or not names or any(fact.kind not in HARMLESS for fact in history.facts):
        return False
    last = history.readings[-1].parameters
    gradients = [last[name].get("gradient", 0.0) for name in names if name in last]
    units = history.readings[-1].layers.values()
    return (
        len(history.updates) >= 2 * EARLY
        and HEALTHY_UPDATES[0] <= median(sizes) <= HEALTHY_UPDATES[1]
        and min(gradients, default=0.0) >= HEALTHY_GRADIENTS * median(gradients or [1.0])
        and all(max(numbers.get("dead", 0), numbers.get("saturated", 0)) < 0.5 for numbers in units)
    )
