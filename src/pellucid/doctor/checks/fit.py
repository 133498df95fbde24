"""Faults that the end of a training shows: learning by heart, too small, too short, the same answer for everything."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from statistics import fmean, median
from typing import ClassVar, Literal

from pellucid.doctor.check import Check
from pellucid.doctor.checks.facts import evidence, level, named, number, numbers
from pellucid.doctor.checks.measure import updates
from pellucid.doctor.history import EARLY, STALLED, Fact, History
from pellucid.findings import Finding, Severity

RISE = 0.05
"""Rise of the validation loss above its least from which a network overfits (DOCTOR 52)."""
HARDER = 1.5
"""Loss of training rows over that of new ones from which their labels may be wrong. Ours: 2 where 40 % of the labels
are, below 1.1 in the zoo's healthy trainings without dropout."""
MANY_WRONG, CONTRADICTED, KNOWS = 0.1, 40, 0.35
"""Share of labels that neighbours contradict from which it is told, in at least so many rows, where neighbours know so
much of what can be known beyond the most frequent class. Ours."""
AT_A_BORDER = 0.35
"""How far, from labels drawn by lot to labels next in the vote, contradicted labels are those of a border between
classes. Ours: below 0.32 where labels are wrong, above 0.57 in healthy trainings of the zoo, 0.2 to 0.4 in tables where
neighbours know less than a third."""
RISEN = 3
"""Evaluations in a row that must be that much higher."""
NEXT_TO_NOTHING = 0.02
"""Share of the first loss, or that of the best constant, below which it does not matter that a loss doubles."""
SURE = 3.0
"""Standard errors beyond which a trend is no noise."""
HIGH = 0.5
"""Share of the loss of the best constant above which a training that stands still has learnt little (DOCTOR 53)."""
FALLING = 0.02
"""Fall of the loss in a twentieth of the training from which it ended too early (DOCTOR 56)."""
DONE = 0.1
"""Share of the loss of the best constant below which more steps matter little."""
SAME = 0.03
"""Distance from the loss of the best constant within which a network gives that constant."""
ONE_ANSWER = 0.05
"""Entropy of the predictions over that of the labels when nearly all rows get one answer."""
MUCH_DROPOUT, MOST_DROPOUT = 0.8, 0.9
"""Share of dropped units that may be too much (DOCTOR 17), and one that nobody uses with success."""
TOO_SMALL = 1e-5
"""Median relative update below which it is the rate that keeps a network from learning (DOCTOR 12)."""
RECIPE = "https://karpathy.github.io/2019/04/25/recipe/"
BOOK = "https://www.deeplearningbook.org/contents/regularization.html"


class Overfits(Check):
    """The network goes on learning its training rows by heart and gets worse on new ones."""

    kind: Literal["overfits"] = "overfits"
    cause: ClassVar = "generalisation"
    gate: ClassVar = "contract"
    reference: ClassVar = BOOK

    def look(self, history: History) -> Iterator[Finding]:
        """Where validation turned; a run keeps the weights of that moment, so there it is only noted."""
        looks = [look for look in history.looks if math.isfinite(look.loss) and math.isfinite(look.train_loss)]
        if len(looks) <= RISEN:
            return
        losses = [look.loss for look in looks]
        turn = turning_point(losses)
        best, last = looks[turn], fmean(losses[-RISEN:])
        least = fmean(losses[max(0, turn - 1) : turn + 2])
        scale = max(abs(least), NEXT_TO_NOTHING * max(losses[0] - least, history.constant or 0.0))
        rise = min(losses[-RISEN:]) - least
        enough = len(looks) - turn > RISEN and rise > max(RISE * scale, SURE * _noise(losses))
        if not enough or not looks[-1].train_loss < best.train_loss:
            return
        yield Finding(
            "overfits",
            "info" if history.source == "run" else "warning",
            f"Since step {best.step} (evaluation {turn + 1} of {len(looks)}) the loss of new rows rose from "
            f"{least:.3g} to {last:.3g}, by {(last - least) / max(abs(least), 1e-12):.0%} (below {RISE:.0%} is well), "
            f"while that of training fell.",
            evidence={"evaluation": turn + 1, "least": least, "last": last, "train_loss": looks[-1].train_loss},
            cure="The weights of that step are the ones that are kept; more data, `model.dropout: 0.2` or a larger "
            "`optimizer.weight_decay` may move it."
            if history.source == "run"
            else "Stop there and keep those weights; then try weight decay, dropout or more data: "
            "`AdamW(..., weight_decay=0.01)`.",
            reference=self.reference,
            why="What all rows share is learnt first; what is left is the chance of single training rows.",
            confidence="persistent",
            step=best.step,
        )


class LabelNoise(Check):
    """Some labels seem to be wrong: neighbours contradict them by lot, or training rows stay harder than new ones."""

    kind: Literal["label-noise"] = "label-noise"
    cause: ClassVar = "generalisation"
    gate: ClassVar = "contract"
    explains: ClassVar = frozenset({"cannot-fit", "overfits", "learns-slowly"})
    reference: ClassVar = "https://arxiv.org/abs/1911.00068"

    def look(self, history: History) -> Iterator[Finding]:
        """Labels that are any other than their neighbours', where at a border it is the next; else only a note."""
        fact = next(history.seen("neighbours"), None)
        if fact is not None and (share := _contradicted(fact)):
            message = (
                f"{share:.0%} of the rows have another label than most rows around them, and any other: "
                f"{number(fact, 'second'):.0%} of these have the one that comes second there (at a border between "
                f"classes above {_flat(fact) + AT_A_BORDER * (1 - _flat(fact)):.0%})."
            )
            yield self._finding("warning", message, {"contradicted": share, "second": number(fact, "second") or 0.0}, 0)
            return
        nothing = NEXT_TO_NOTHING * max(history.constant or 0.0, 0.0)
        looks = [look for look in history.looks if math.isfinite(look.loss) and look.loss > nothing]
        hampered = any("Dropout" in layer.kind or "Noisy" in layer.kind for layer in history.layers)
        if len(looks) < 2 * RISEN or hampered or any(history.seen("dropout")):
            return
        ratio = median(look.train_loss / look.loss for look in looks)
        if ratio > HARDER:
            message = (
                f"Rows that are trained on cost {ratio:.2g} times as much as new ones (healthy: less than once), "
                "though there is no dropout."
            )
            seen = {"ratio": ratio, "train_loss": looks[-1].train_loss, "loss": looks[-1].loss}
            yield self._finding("info", message, seen, looks[0].step)

    def _finding(self, severity: Severity, message: str, seen: Mapping[str, float], step: int) -> Finding:
        return Finding(
            "label-noise",
            severity,
            message,
            place="target",
            evidence={**seen},
            cure="Look at the twenty training rows with the largest loss by eye, and mend their labels; ignore this if "
            "training rows are changed on purpose, such as cropped or mixed.",
            reference=self.reference,
            why="A network learns the rule first, and then the wrong labels by heart, which spoils the rule.",
            confidence="likely",
            step=step,
        )


class CannotFit(Check):
    """The network stands still although its training loss is still high: it may be too small."""

    kind: Literal["cannot-fit"] = "cannot-fit"
    cause: ClassVar = "generalisation"
    gate: ClassVar = "information"
    reference: ClassVar = RECIPE

    def look(self, history: History) -> Iterator[Finding]:
        """A high plateau that neither too few steps, nor a low rate, nor shrinking weights explain."""
        constant, loss = history.constant, level(history)
        if constant is None or constant <= 0 or loss is None or len(history.updates) < 2 * EARLY or history.broken:
            return
        losses = [update.loss for update in history.updates]
        fifth = len(losses) // 5
        before, after = fmean(losses[-2 * fifth : -fifth]), fmean(losses[-fifth:])
        sizes = [sample.value for sample in updates(history)[-RISEN:]]
        slow = bool(sizes) and median(sizes) < TOO_SMALL
        ratio = loss / constant
        if not HIGH < ratio < 1 or before - after > STALLED * before or slow or _shrinks(history) or _dropped(history):
            return
        weights = sum(math.prod(one.shape) for one in history.parameters)
        yield Finding(
            "cannot-fit",
            "info",
            f"The training loss stands at {loss:.3g}, {ratio:.0%} of what a constant answer has (below {HIGH:.0%} is "
            f"usual), and gained {max(0.0, before - after) / before:.1%} in the last fifth: the {weights} weights can "
            "do no more, or the inputs do not say more.",
            evidence={"loss": loss, "constant": constant, "weights": weights, "gain": (before - after) / before},
            cure="Train on 16 rows first: if even their loss stays up, look for a mistake; else try twice the width.",
            reference=self.reference,
            why="A network that is too small finds no weights that fit; noise in the labels looks the same.",
            confidence="likely",
            step=history.updates[-2 * fifth].step,
        )


class IgnoresInput(Check):
    """The network gives the same class for every row, whatever the row says."""

    kind: Literal["ignores-input"] = "ignores-input"
    cause: ClassVar = "generalisation"
    explains: ClassVar = frozenset({"predicts-the-prior", "cannot-fit"})
    reference: ClassVar = RECIPE

    def look(self, history: History) -> Iterator[Finding]:
        """Predictions without variety in all late samples."""
        late = [fact for fact in history.seen("predictions") if fact.step >= EARLY]
        entropy, distinct = numbers(late, "entropy"), numbers(late, "distinct")
        if len(entropy) < RISEN or max(entropy[-RISEN:]) > ONE_ANSWER:
            return
        yield Finding(
            "ignores-input",
            "warning",
            f"Nearly all rows get the same answer: predictions have {max(entropy[-RISEN:]):.0%} of the variety "
            f"of labels (about 100 % is well).",
            evidence=evidence(late[0], entropy=max(entropy[-RISEN:]), distinct=distinct[-1] if distinct else None),
            cure="Give it zeros: if the loss is the same, print `x.std(0)` after each layer of `forward`.",
            reference=self.reference,
            why="Somewhere on the way the differences between rows are lost, so only the most frequent class is left.",
            confidence="persistent",
            step=late[0].step,
        )


class PredictsThePrior(Check):
    """The loss stands exactly where the best constant answer has it: nothing of the input is used."""

    kind: Literal["predicts-the-prior"] = "predicts-the-prior"
    cause: ClassVar = "generalisation"
    explains: ClassVar = frozenset({"learns-slowly", "cannot-fit"})
    reference: ClassVar = RECIPE

    def look(self, history: History) -> Iterator[Finding]:
        """A plateau at the loss of the best constant over the last fifth."""
        constant, count = history.constant, len(history.updates)
        if constant is None or constant <= 0 or count < EARLY or history.broken:
            return
        tail = [update.loss for update in history.updates[-(count // 5) :]]
        half = len(tail) // 2
        if any(abs(fmean(part) / constant - 1) > SAME for part in (tail[:half], tail[half:])):
            return
        near = (update.step for update in history.updates if abs(update.loss / constant - 1) <= 2 * SAME)
        yield Finding(
            "predicts-the-prior",
            "warning",
            f"The loss stands at {fmean(tail):.4g}, where the best constant answer has {constant:.4g} (well below is "
            f"right).",
            evidence={"loss": fmean(tail), "constant": constant, "steps": count},
            cure="Look at ten rows with their labels by eye, whether they belong together; then try ten times the "
            "learning rate.",
            reference=self.reference,
            why="The network has learnt how often each answer occurs (the prior), and nothing from the inputs.",
            confidence="persistent",
            step=next(near, count),
        )


class TooFewSteps(Check):
    """The training ended while the loss was still falling."""

    kind: Literal["too-few-steps"] = "too-few-steps"
    cause: ClassVar = "generalisation"
    gate: ClassVar = "information"
    reference: ClassVar = "https://github.com/google-research/tuning_playbook"

    def look(self, history: History) -> Iterator[Finding]:
        """A line through the last fifth that falls, by more than noise, from a loss that is worth lowering."""
        count = len(history.updates)
        loss = level(history)
        if count < EARLY or loss is None or loss <= 0 or history.broken:
            return
        if loss < DONE * (history.constant or history.smooth[0]):
            return
        slope, error = _line([update.loss for update in history.updates[-(count // 5) :]])
        fall = -slope * count / 20 / loss
        if fall < FALLING or -slope < SURE * error:
            return
        yield Finding(
            "too-few-steps",
            "info",
            f"The loss, {loss:.3g} at the end, still fell by {fall:.1%} in a twentieth of the training (below "
            f"{FALLING:.0%} it is done).",
            evidence={"fall": fall, "loss": loss, "steps": count},
            cure=f"Train for {2 * count} steps instead of {count}.",
            reference=self.reference,
            why="The weights were still getting better when the training stopped.",
            confidence="likely",
            step=history.updates[-1].step,
        )


class OverDropout(Check):
    """Dropout throws away so much that too little is left to learn from."""

    kind: Literal["over-dropout"] = "over-dropout"
    cause: ClassVar = "forward"
    gate: ClassVar = "contract"
    explains: ClassVar = frozenset({"learns-slowly", "cannot-fit", "predicts-the-prior", "vanishing-gradient"})
    reference: ClassVar = "https://jmlr.org/papers/v15/srivastava14a.html"

    def look(self, history: History) -> Iterator[Finding]:
        """The strongest; below nine tenths only where the training does badly."""
        strong = _dropped(history)
        if not strong:
            return
        place, share = max(strong, key=lambda pair: pair[1])
        yield Finding(
            "over-dropout",
            "warning" if history.harmed or share >= MOST_DROPOUT else "info",
            f"Dropout throws away {share:.0%} of the units in {named(name for name, _ in strong)} (0 to 50 % is well).",
            place=place,
            evidence={"share": share, "layers": len(strong)},
            cure="Try `nn.Dropout(0.2)`.",
            reference=self.reference,
            why="The share that is given is what is dropped, not what is kept.",
            confidence="likely",
            step=0,
        )


def turning_point(losses: Sequence[float]) -> int:
    """Where a curve that falls and then rises is lowest; means of three neighbours, so one lucky look is none."""
    means = [fmean(losses[max(0, place - 1) : place + 2]) for place in range(len(losses))]
    return min(range(len(means)), key=means.__getitem__)


def _noise(losses: Sequence[float]) -> float:
    """Deviation of single values around a smooth curve, by second differences; 1.4826 makes it one of a normal law."""
    bends = [abs(left - 2 * here + right) for left, here, right in zip(losses, losses[1:], losses[2:], strict=False)]
    return 1.4826 * median(bends) / math.sqrt(6) if bends else 0.0


def _flat(fact: Fact) -> float:
    """How many of the labels that neighbours contradict are their second choice, if these were drawn by lot."""
    return 1 / max((number(fact, "classes") or 2) - 1, 1)


def _contradicted(fact: Fact) -> float:
    """The share of labels that neighbours contradict; 0 where these know too little, or the border between classes
    explains it."""
    rows, right, chance = (number(fact, name) or 0.0 for name in ("rows", "right", "chance"))
    flat, wrong = _flat(fact), 1 - right
    known = flat < 1 and right - chance > KNOWS * (1 - chance) and wrong * rows >= CONTRADICTED
    border = ((number(fact, "second") or 0.0) - flat) / (1 - flat) if known else 1.0
    return wrong if wrong > MANY_WRONG and border < AT_A_BORDER else 0.0


def _line(values: Sequence[float]) -> tuple[float, float]:
    """Slope of the line of least squares and its standard error."""
    middle, mean = (len(values) - 1) / 2, fmean(values)
    spread = sum((place - middle) ** 2 for place in range(len(values)))
    slope = sum((place - middle) * (value - mean) for place, value in enumerate(values)) / spread
    left = sum((value - mean - slope * (place - middle)) ** 2 for place, value in enumerate(values))
    return slope, math.sqrt(left / max(1, len(values) - 2) / spread)


def _shrinks(history: History) -> bool:
    """Whether weights have lost half their size: then it is the penalty that holds the network back."""
    norms = [values for values in history.values("norm").values() if len(values) > 1 and values[0] > 0]
    return bool(norms) and median(values[-1] / values[0] for values in norms) < 0.5


def _dropped(history: History) -> list[tuple[str, float]]:
    """Layers with strong dropout, and its share."""
    shares = ((fact.place, number(fact, "share") or 0.0) for fact in history.seen("dropout"))
    return [(place, share) for place, share in shares if share >= MUCH_DROPOUT]
