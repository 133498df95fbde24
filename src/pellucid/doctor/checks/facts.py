"""What checks share when they read facts: values that may be missing, names in a row, and what a fault brings about."""

from __future__ import annotations

from collections.abc import Iterable
from statistics import fmean

from pellucid.doctor.history import Fact, History

SHAKES = frozenset(
    {
        "dead-units",
        "diverges",
        "exploding-gradient",
        "growing-outputs",
        "hot-output",
        "not-finite",
        "oscillates",
        "output-scale",
        "rate-too-high",
        "saturated-units",
    }
)
"""Kinds of findings about a training whose numbers grow too large."""
STANDS = frozenset(
    {
        "cannot-fit",
        "ignores-input",
        "labels-shuffled",
        "learns-slowly",
        "over-regularised",
        "predicts-the-prior",
        "rate-too-low",
        "too-few-steps",
        "vanishing-gradient",
    }
)
"""Kinds of findings about a training that hardly gets anywhere."""

VALUES = ("mse_loss", "l1_loss", "smooth_l1_loss", "huber_loss")
"""The losses of values, as functions."""


NO_LOGARITHM = 0.01
"""Logarithm of a row's sum, 0 for probabilities, above which a row holds no logarithms of them (DOCTOR 36)."""


def number(fact: Fact, name: str) -> float | None:
    """A value of a fact as a number, if it has it."""
    value = fact.values.get(name)
    return None if value is None or isinstance(value, str) else float(value)


def text(fact: Fact, name: str) -> str:
    """A value of a fact as text; empty if it does not have it."""
    return str(fact.values.get(name, ""))


def numbers(facts: Iterable[Fact], name: str) -> list[float]:
    """That value of all facts that have it."""
    return [value for fact in facts if (value := number(fact, name)) is not None]


def named(names: Iterable[str], most: int = 3) -> str:
    """`a, b, c and 4 more`."""
    each = list(dict.fromkeys(name for name in names if name))
    return ", ".join(each[:most]) + (f" and {len(each) - most} more" if len(each) > most else "")


def evidence(fact: Fact, **more: float | int | str | None) -> dict[str, float | int | str]:
    """The numbers given that are known, and the line in a person's code."""
    known = {name: value for name, value in more.items() if value is not None}
    return {**known, "line": fact.line} if fact.line else known


def of_losses(history: History, *functions: str) -> list[list[Fact]]:
    """The facts about what each loss was given, one list for each place it is worked out (a GAN has several)."""
    found: dict[tuple[str, str, str], list[Fact]] = {}
    for fact in history.seen("loss-input"):
        if fact.place in functions:
            found.setdefault((fact.place, fact.line, text(fact, "producer_layer")), []).append(fact)
    return list(found.values())


def most_classes(facts: Iterable[Fact]) -> int:
    """How many classes a loss was given scores for."""
    return int(max(numbers(facts, "classes"), default=0))


def shape(fact: Fact, name: str) -> tuple[int, ...]:
    """(64, 1) of `64x1`."""
    return tuple(int(size) for size in text(fact, name).split("x") if size.isdigit())


def made_by(history: History, fact: Fact) -> str:
    """The layer that made what a loss was given: the last of that class, else the last with weights on the way."""
    kinds = [layer.name for layer in history.layers if layer.kind == text(fact, "producer") != ""]
    return kinds[-1] if kinds and text(fact, "producer") not in ("Linear", "Conv") else text(fact, "producer_layer")


def level(history: History, share: float = 0.1) -> float | None:
    """Mean loss of the last updates; `share` of all."""
    tail = [update.loss for update in history.updates[-max(1, round(share * len(history.updates))) :]]
    return fmean(tail) if tail else None
