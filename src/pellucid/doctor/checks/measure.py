"""What several checks measure: numbers over steps, whether a symptom lasts, how large the steps of an optimizer are."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from statistics import median
from typing import Literal, NamedTuple

from pellucid.doctor.checks.facts import NO_LOGARITHM, level, number
from pellucid.doctor.history import Fact, History, Parameter, Update

LAST, HOLDS = 5, 4
"""A symptom lasts that is there in so many of the last samples (DOCTOR 2.1)."""
LEAP = 0.1
"""Relative change of a weight tensor in one step that is too large (DOCTOR 2.3, fault 10); healthy: up to 0.045."""
EARLY_STEPS = 50
"""Steps at the start in which large changes tell of a rate that is too high (fault 10)."""
JUMPS = 3.0
"""Learning rate over the largest one before that is a jump: seen at every step, while leaps are seen at looks only.
Ours: a warm-up rises by less from step to step, and a restart only comes back."""
CHECK = 10
"""Steps between two looks at the loss; fault 10 must be there at three of them."""
ROWS, ONE_CLASS, BY_CHANCE = 300, 0.9, 3.0
"""Rows from which neighbours are asked, the most of them that may have one label, and the standard deviations of
shuffled labels that count as chance. Ours: -2 to 2 with labels left behind, 7 and more in healthy trainings."""
HOT = 1.5
"""First loss over that of an even guess from which the first answers are too sure (fault 7: Karpathy, CS231n)."""
LEARNT = 0.5
"""Share of the loss of the best constant below which a network has learnt what matters (fault 53)."""
HEALTHY_UPDATE = 3e-3
"""The middle of healthy relative updates, 0.0012 to 0.0085 (DOCTOR 2.1, measured); suggested rates aim at it."""


class Sample(NamedTuple):
    """One number at one step."""

    step: int
    value: float


def series(
    history: History, name: str, places: Literal["parameters", "layers"] = "parameters"
) -> dict[str, list[Sample]]:
    """Place -> the finite numbers called `name`, with their steps."""
    found: dict[str, list[Sample]] = {}
    for reading in history.readings:
        for place, numbers in getattr(reading, places).items():
            if finite(numbers.get(name)):
                found.setdefault(place, []).append(Sample(reading.step, numbers[name]))
    return found


def finite(value: float | str | None) -> bool:
    """Whether it is a number that can be counted with."""
    return isinstance(value, (int, float)) and math.isfinite(value)


def lasts(flags: Sequence[bool]) -> bool:
    """Whether a symptom was there in at least 4 of the last 5 samples."""
    return sum(flags[-LAST:]) >= HOLDS


def onset(samples: Sequence[Sample], flags: Sequence[bool]) -> int:
    """The step since which a symptom that lasts was there; one sample without it does not end it."""
    first = len(flags) - 1
    for place in range(len(flags) - 1, -1, -1):
        if flags[place]:
            first = place
        elif place and not flags[place - 1]:
            break
    return samples[first].step


def judged(history: History) -> list[Parameter]:
    """The weights whose gradients and updates can be compared: no embeddings, of which a batch touches few rows."""
    return [one for one in history.weights if "Embedding" not in history.layer_of(one.name).kind]


def updates(history: History) -> list[Sample]:
    """The median over all weight tensors of their relative change in one step."""
    names = {one.name for one in judged(history)}
    found: list[Sample] = []
    for reading in history.readings:
        sizes = [
            numbers["update"]
            for name, numbers in reading.parameters.items()
            if name in names and finite(numbers.get("update"))
        ]
        if sizes:
            found.append(Sample(reading.step, median(sizes)))
    return found


def leapt(history: History, before: float = math.inf, since: int = 0) -> bool:
    """Whether some weight tensor changed by more than a tenth in one of the steps before `before`.

    Tensors that start at zero do so by arithmetic, and do not count.
    """
    changes = series(history, "update")
    norms = series(history, "norm")
    names = [one.name for one in judged(history) if not norms.get(one.name) or norms[one.name][0].value > 0]
    return any(
        sample.value > LEAP for name in names for sample in changes.get(name, ()) if since <= sample.step < before
    )


def rate_jump(history: History, until: float = math.inf) -> tuple[Update, float] | None:
    """(the first update whose learning rate is far above any before it, the largest rate before) up to a step."""
    most = 0.0
    for place, update in enumerate(history.updates):
        if place >= CHECK and update.learning_rate > JUMPS * most > 0:
            return (update, most) if update.step <= until else None
        most = max(most, update.learning_rate)
    return None


def highest_rate(history: History) -> float | None:
    """The largest learning rate that was in force."""
    rates = [update.learning_rate for update in history.updates if finite(update.learning_rate)]
    if rates:
        return max(rates)
    given = history.optimizer.get("learning_rate")
    return float(given) if isinstance(given, (int, float)) else None


def one_digit(value: float) -> float:
    """A number as one would type it: rounded to one significant digit."""
    return float(f"{value:.0e}")


def changed_rate(history: History, size: float | None, least: float, most: float) -> float | None:
    """The learning rate that brings updates of `size` to a healthy one, changed by a factor within two bounds."""
    rate = highest_rate(history)
    if rate is None or rate <= 0:
        return None
    factor = HEALTHY_UPDATE / size if size else least
    return one_digit(rate * min(max(factor, least), most))


def is_output(history: History, name: str) -> bool:
    """Whether no layer with weights runs after the layer called `name`."""
    weighted = {one.layer for one in history.parameters if len(one.shape) >= 2}
    order = [layer.name for layer in history.layers]
    return name in order and not weighted.intersection(order[order.index(name) + 1 :])


def weighted_before(history: History, name: str) -> str:
    """The last layer with weights that runs before the layer called `name`; empty where there is none."""
    weighted = {one.layer for one in history.parameters if len(one.shape) >= 2}
    order = [layer.name for layer in history.layers]
    before = order[: order.index(name)] if name in order else []
    return next((other for other in reversed(before) if other in weighted), "")


def called(history: History, name: str) -> str:
    """A layer as it is said: `trunk.2`, or `trunk.2 (Linear(64, 64))` where that is known."""
    layer = next((layer for layer in history.layers if layer.name == name), None)
    says = "" if layer is None else layer.says or layer.kind
    return f"{name} ({says})" if says else name


def in_order(history: History, names: Iterable[str]) -> list[str]:
    """Layers in the order of execution."""
    order = {layer.name: place for place, layer in enumerate(history.layers)}
    return sorted(names, key=lambda name: order.get(name, len(order)))


def first_deviations(history: History) -> dict[str, float]:
    """Layer -> deviation of its outputs before the first step: of the first reading, else of the facts `start`."""
    first = next((reading.layers for reading in history.readings if reading.step == 1), {})
    known = {name: numbers["deviation"] for name, numbers in first.items() if finite(numbers.get("deviation"))}
    facts = {fact.place: fact.values.get("deviation") for fact in history.seen("start")}
    return known or {name: float(value) for name, value in facts.items() if value is not None and finite(value)}


def recurrent_gains(history: History) -> dict[str, float]:
    """Plain recurrent weights -> how much of a signal one step in time keeps, at the start of the training.

    The spectral radius of a random square matrix is about its Euclidean norm over the square root of its width
    (Girko's circular law); gated cells hold several matrices in one tensor, which is not square.
    """
    norms = series(history, "norm")
    gains: dict[str, float] = {}
    for one in history.weights:
        square = len(one.shape) == 2 and one.shape[0] == one.shape[1]
        if square and "weight_hh" in one.name and norms.get(one.name):
            gains[one.name] = norms[one.name][0].value / math.sqrt(one.shape[0])
    return gains


def even(history: History) -> float | None:
    """The loss of an even guess among the classes; of values that of the best constant."""
    fact = next(history.seen("loss-input"), None)
    classes = number(fact, "classes") if fact else None
    if history.asked == "classes" and classes and classes > 1:
        return math.log(classes)
    if history.asked == "binary":  # a weight of the positive rows makes every loss larger
        return max(math.log(2), history.constant or 0.0)
    return history.constant if history.asked == "values" and history.constant else None


def first_over_even(history: History) -> float:
    """The first loss over that of an even guess among classes; 0 where there is none, or the loss is given other things
    than it asks for."""
    fact, usual = next(history.seen("loss-input"), None), even(history)
    first = history.updates[0].loss if history.updates else math.nan
    if not usual or history.asked == "values" or not math.isfinite(first) or (fact and mispaired(fact)):
        return 0.0
    return first / usual


def mispaired(fact: Fact) -> bool:
    """Whether the loss was given something else than it asks for, which says nothing of how sure the answers are."""
    raw = fact.place == "nll_loss" and (number(fact, "log_sum") or 0.0) > NO_LOGARITHM
    return raw or number(fact, "softmax_size") == 1


def learnt(history: History) -> bool:
    """Whether the loss came down to half of that of the best constant."""
    loss = level(history)
    return loss is not None and history.constant is not None and loss < LEARNT * history.constant


def strangers(history: History) -> bool:
    """Whether the labels of rows that are near each other have nothing to do with each other."""
    fact = next(history.seen("neighbours"), None)
    if fact is None or (number(fact, "rows") or 0) < ROWS or (number(fact, "chance") or 1.0) > ONE_CLASS:
        return False
    return (number(fact, "agree") or 0.0) < BY_CHANCE


def ran_away(history: History) -> int | None:
    """The step since which the loss ran away, or None.

    It ends above where it began and above twice its least (fault 10), with steps that were too large; or it stopped
    being finite while it was rising, or right after such a step.
    """
    losses = [update.loss for update in history.updates]
    end = next((place for place, loss in enumerate(losses) if not math.isfinite(loss)), None)
    return _climbed(history, losses) if end is None else _burst(history, losses[:end], history.updates[end].step)


def _climbed(history: History, losses: list[float]) -> int | None:
    smooth = history.smooth
    if len(smooth) <= 2 * CHECK or (history.constant is not None and smooth[-1] <= history.constant):
        return None
    least = min(smooth)
    worse = [value > max(least + abs(least), losses[0]) for value in smooth]
    if not all(worse[-1 - CHECK * back] for back in range(3)):
        return None
    first = max((place for place, bad in enumerate(worse) if not bad), default=-1) + 1
    step = history.updates[first].step
    return step if leapt(history, max(step, EARLY_STEPS) + 1) or rate_jump(history, step) else None


def _burst(history: History, losses: list[float], step: int) -> int | None:
    least = min(losses, default=math.inf)
    high = max(least + abs(least), losses[0]) if losses else math.inf
    if len(losses) > 2 and min(losses[-2:]) > high:
        last = max((place for place, loss in enumerate(losses) if loss <= high), default=-1)
        return history.updates[last + 1].step
    return step if leapt(history, step, since=step - 2 * CHECK) or rate_jump(history, step) else None


def decay_wins(history: History) -> int | None:
    """The step since which decay moves the weights more than the gradient at 4 of 5 looks, while they shrink."""
    decay = history.optimizer.get("weight_decay", 0.0)
    if not isinstance(decay, (int, float)) or decay <= 0:
        return None
    rates, most = {update.step: update.learning_rate for update in history.updates}, highest_rate(history) or 0.0
    names = [one.name for one in judged(history)]
    shapes = {one.name: math.prod(one.shape) for one in history.parameters}
    decoupled = str(history.optimizer.get("kind", "")).lower().endswith(("w", "lion", "muon"))
    looks: list[tuple[int, bool, float]] = []
    for reading in history.readings:
        wins: list[bool] = []
        sizes: list[float] = []
        for name in names:
            each = reading.parameters.get(name, {})
            norm, update, gradient = each.get("norm"), each.get("update"), each.get("gradient")
            if norm is None or update is None or not finite(norm) or not finite(update):
                continue
            sizes.append(norm)
            if decoupled:  # at right angles: update**2 = decay**2 + gradient's part**2
                rate = rates.get(reading.step, most)
                wins.append(rate * decay > update / math.sqrt(2) > 0)
            elif gradient is not None and finite(gradient):
                wins.append(decay * norm / math.sqrt(shapes[name]) > gradient > 0)
        if wins:
            looks.append((reading.step, sum(wins) > len(wins) / 2, sum(sizes)))
    for place in range(len(looks) - LAST + 1):
        window = looks[place : place + LAST]
        if sum(won for _, won, _ in window) >= HOLDS and window[-1][2] < window[0][2]:
            return next(step for step, won, _ in window if won)
    return None
