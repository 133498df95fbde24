"""Weights that do not learn: not held by the optimizer, frozen, not in use, or cut off from the loss."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import ClassVar, Literal

from pellucid.doctor.check import Check
from pellucid.doctor.checks.facts import SHAKES, STANDS, evidence, named, number, numbers, text
from pellucid.doctor.checks.measure import in_order
from pellucid.doctor.history import Fact, History
from pellucid.findings import Finding

LONG_UNUSED = 20
"""Steps without a gradient after which a part of the network counts as unused (DOCTOR 25)."""
FRESH_FROZEN = 0.5
"""Share of frozen layers above which random weights that never learn are a mistake (DOCTOR 24: all but the head)."""


class NotOptimized(Check):
    """Weights get gradients, but no optimizer holds them, so they never change."""

    kind: Literal["not-optimized"] = "not-optimized"
    cause: ClassVar = "loop"
    gate: ClassVar = "contract"
    explains: ClassVar = SHAKES | STANDS
    reference: ClassVar = "https://pytorch.org/docs/stable/optim.html#constructing-it"

    def look(self, history: History) -> Iterator[Finding]:
        """One finding for all weights that an optimizer should hold."""
        facts = list(history.seen("not-optimized"))
        lost = next(history.seen("unowned"), None)
        if not facts and lost is None:
            return
        first = facts[0] if facts else lost
        assert first is not None
        names = list(dict.fromkeys(fact.place for fact in facts))
        said = f"{len(names)} tensors of weights get gradients but are in no optimizer ({named(names)}; 0 is right)."
        if lost is not None:
            count, shapes = number(lost, "parameters"), text(lost, "shapes")
            stale = f"The optimizer holds {f'{count:g}' if count else 'some'} tensors that no part of the network uses"
            said = f"{said if facts else ''} {stale}{f' ({shapes})' if shapes else ''}.".strip()
        yield Finding(
            "not-optimized",
            "severe",
            said,
            place=names[0] if names else "",
            evidence=evidence(first, parameters=len(names), unowned=number(lost, "parameters") if lost else None),
            cure="Make the optimizer after the network is complete: `optimizer = Adam(model.parameters())`; or freeze "
            "them on purpose with `requires_grad_(False)`.",
            reference=self.reference,
            why="An optimizer changes only the tensors it was given when it was made; a layer put in later, or "
            "copied, is unknown to it.",
            confidence="contract",
            step=first.step,
        )


class FrozenLayers(Check):
    """Layers are told not to learn; that is a choice for trained weights and a mistake for fresh ones."""

    kind: Literal["frozen"] = "frozen"
    cause: ClassVar = "loop"
    gate: ClassVar = "contract"
    explains: ClassVar = STANDS
    reference: ClassVar = "https://pytorch.org/docs/stable/notes/autograd.html#setting-requires-grad"

    def look(self, history: History) -> Iterator[Finding]:
        """A warning where most layers are frozen with random weights, else a note."""
        facts = list(history.seen("frozen"))
        if not facts:
            return
        share = max(numbers(facts, "share"), default=0.0)
        fresh = [fact for fact in facts if number(fact, "fresh") == 1]
        wrong = bool(fresh) and share >= FRESH_FROZEN
        shown = fresh if wrong else facts
        names = [fact.place for fact in shown]
        state = "at the random weights they began with" if wrong else "at weights they were given"
        yield Finding(
            "frozen",
            "warning" if wrong else "info",
            f"{share:.0%} of the layers are frozen ({named(names)}), {state}.",
            place=names[0],
            evidence=evidence(shown[0], share=share, fresh=len(fresh)),
            cure="Let them learn: `for p in model.parameters(): p.requires_grad_(True)`, before the optimizer is made."
            if wrong
            else "Nothing, if it is meant.",
            reference=self.reference,
            why="`requires_grad=False` keeps a layer as it is; random weights that never learn scramble the input.",
            confidence="likely",
            step=shown[0].step,
        )


class Unused(Check):
    """A part of the network is made and given to the optimizer, but the answer does not come through it."""

    kind: Literal["unused"] = "unused"
    cause: ClassVar = "forward"
    gate: ClassVar = "contract"
    explains: ClassVar = STANDS | {"missing-activation"}
    reference: ClassVar = "https://pytorch.org/docs/stable/generated/torch.nn.Module.html"

    def look(self, history: History) -> Iterator[Finding]:
        """Weights that never got a gradient though others did; of equal siblings, such as experts, some may rest."""
        if any(history.seen("gradients-lost")):
            return
        sure = [fact for fact in _idle(history, resting=False) if _layer(fact.place) not in _ran(history)]
        if any(history.seen("unowned")):  # what was replaced in the network is told by `not-optimized`
            sure = [fact for fact in sure if any(one.name == fact.place and one.layer for one in history.parameters)]
        shown = sure or _idle(history, resting=True)
        if not shown:
            return
        names = list(dict.fromkeys(_layer(fact.place) for fact in shown))
        steps = int(max(numbers(shown, "steps"), default=LONG_UNUSED))
        yield Finding(
            "unused",
            "warning" if sure else "info",
            f"{named(names)} got no gradient in {steps} steps (every part in use gets one at each step).",
            place=names[0],
            evidence=evidence(shown[0], parameters=len(shown), steps=steps),
            cure=f"Call `self.{names[0]}(...)` in `forward`, or take it out of the network."
            if sure
            else "Nothing, if the network chooses between these parts.",
            reference=self.reference,
            why="A layer learns only if `forward` sends the data through it and its output reaches the loss.",
            confidence="contract" if sure else "likely",
            step=min(shown[0].step, LONG_UNUSED),
        )


class BrokenGraph(Check):
    """The way back from the loss is cut, so layers before the cut learn nothing."""

    kind: Literal["broken-graph"] = "broken-graph"
    cause: ClassVar = "forward"
    gate: ClassVar = "contract"
    explains: ClassVar = SHAKES | STANDS | {"not-optimized", "unused"}
    reference: ClassVar = "https://pytorch.org/docs/stable/generated/torch.Tensor.detach.html"

    def look(self, history: History) -> Iterator[Finding]:
        """Layers that ran and got no gradient, then layers that the network does not know of."""
        cut = list(history.seen("cut"))
        lost = any(history.seen("gradients-lost"))  # cleared before the step, so none is to be seen then
        silent = [fact for fact in _idle(history, resting=False) if _layer(fact.place) in _ran(history) and not lost]
        if cut or silent:
            names = in_order(history, {fact.place for fact in cut} or {_layer(fact.place) for fact in silent})
            after = next((text(fact, "downstream") for fact in cut if text(fact, "downstream")), "")
            first = (cut or silent)[0]
            yield Finding(
                "broken-graph",
                "severe",
                f"{named(names)} ran, but no gradient came back to them"
                + (f", while {after}, which comes later, got one." if after else "."),
                place=names[-1],  # the cut comes right after it
                evidence=evidence(first, layers=len(names), downstream=after or None),
                cure="Take away what cuts: `.detach()`, `.data`, `.item()`, `torch.no_grad()`, `torch.tensor(x)`.",
                reference=self.reference,
                why="Gradients flow back only through tensors that PyTorch followed from the weights to the loss.",
                confidence="contract",
                step=first.step,
            )
        hidden = list(history.seen("unregistered"))
        if hidden:
            names = list(dict.fromkeys(fact.place for fact in hidden))
            owner = text(hidden[0], "owner")
            yield Finding(
                "broken-graph",
                "severe",
                f"{len(names)} tensors of weights work in the network but are not in `model.parameters()` "
                f"({named(names)}; 0 is right), so nothing trains, moves or saves them.",
                place=owner or names[0],
                evidence=evidence(hidden[0], parameters=len(names), owner=owner or None),
                cure="Keep layers in `nn.ModuleList([...])` instead of a list, and weights in `nn.Parameter(...)`.",
                reference="https://pytorch.org/docs/stable/generated/torch.nn.ModuleList.html",
                why="A network finds its layers only as attributes of their own; it does not look into Python lists.",
                confidence="contract",
                step=hidden[0].step,
            )


def _idle(history: History, *, resting: bool) -> list[Fact]:
    """Weights without a gradient: those that rest while equal siblings work, as experts do, or the others."""
    facts = [fact for fact in history.seen("unused") if (number(fact, "steps") or LONG_UNUSED) >= LONG_UNUSED]
    kin = {one.name: (_pattern(one.name), one.shape) for one in history.parameters}
    used = {kin[name] for name in kin.keys() - {fact.place for fact in facts}}
    return [fact for fact in facts if (kin.get(fact.place) in used) == resting]


def _ran(history: History) -> set[str]:
    """Layers whose outputs were read."""
    return {layer for reading in history.readings for layer in reading.layers}


def _layer(parameter: str) -> str:
    return parameter.rpartition(".")[0] or parameter


def _pattern(parameter: str) -> str:
    """`experts.#.weight` of `experts.3.weight`: what it shares with its siblings."""
    return re.sub(r"(?<=\.)\d+(?=\.)", "#", f".{parameter}")
