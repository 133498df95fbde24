"""How a network starts: the size of its signals, weights that are all alike, answers that are too sure."""

from __future__ import annotations

import math
from collections.abc import Iterator
from itertools import pairwise
from statistics import median
from typing import ClassVar, Literal

from pellucid.doctor.check import Check
from pellucid.doctor.checks.facts import SHAKES, STANDS, number
from pellucid.doctor.checks.measure import (
    HOT,
    called,
    even,
    finite,
    first_deviations,
    first_over_even,
    in_order,
    is_output,
    judged,
    leapt,
    mispaired,
    series,
    weighted_before,
)
from pellucid.doctor.history import History
from pellucid.findings import Finding

LOUD = 5.0
"""First loss over that of an even guess from which a signal that grows through the network is an alarm by itself. Ours:
healthy ones have up to 2.5; 32 with five ReLU layers that each double it."""
FAINT = 100.0
"""How many times smaller than usual the weights of a layer in the middle are that let nothing through. Ours: default
ones are alike within 3, GPT-2's within 10; residual branches start at exactly 0, which is another thing."""
JUMP, REACH, SPAN = 10.0, 2, 1e3
"""Change of the deviation from a layer to the next but one, and over the network, that is told (fault 5: SageMaker)."""
HOT_VALUES, COLD = 2.0, 0.5
"""First loss over that of the best constant, and below ln C (fault 7: Karpathy, CS231n, neuroscope)."""
TEARS, TEARING = 10, 2.5
"""Steps in which answers that are too sure tear up the layers before, if they do: a change of some weights by more than
a tenth makes this an alarm though the loss comes down; and first loss over the usual one from which it is the answers
that do so, not the optimizer. Ours; the zoo's `hot_head` has 226 % and 6.3, healthy ones 2 % and up to 1.6."""
MIXES = ("Linear", "Conv", "RNN", "LSTM", "GRU", "Bilinear")
"""Parts of the names of layers whose units are to differ; a table of numbers or a scale may start as one."""


class OutputScale(Check):
    """The signal shrinks or grows so much from layer to layer that the last ones see next to nothing, or too much."""

    kind: Literal["output-scale"] = "output-scale"
    cause: ClassVar = "start"
    gate: ClassVar = "contract"  # harm is judged here: a first loss that is far too large is harm as well
    explains: ClassVar = SHAKES | STANDS
    reference: ClassVar = "He et al. 2015, arXiv:1502.01852; Mishkin and Matas 2016, arXiv:1511.06422"

    def look(self, history: History) -> Iterator[Finding]:
        """The first step between two layers that changes the size so much; a small last layer is a habit, no fault."""
        sizes = _deviations(history)
        change = next((one for one in _changes(history, sizes) if one[1] > JUMP), None)
        values = list(sizes.values())
        span = max(values) / min(values) if values else 1.0
        loud = first_over_even(history) > LOUD and len(values) > 1 and values[-1] > JUMP * values[0]
        if not loud and not history.harmed:
            return
        if change is None and span <= SPAN and not loud:
            yield from self._faint(history)
            return
        named = list(sizes)
        steps = [(abs(math.log(sizes[after] / sizes[before])), after) for before, after in pairwise(named)]
        if change is not None:
            inside = named[named.index(change[0]) + 1 : named.index(change[2]) + 1]
            steps = [step for step in steps if step[1] in inside]
        place = max(steps)[1]
        before = named[named.index(place) - 1]
        yield Finding(
            "output-scale",
            "severe",
            f"Before the first step the outputs of {called(history, place)} spread by {sizes[place]:.2g}, those of the "
            f"layer before it, {before}, by {sizes[before]:.2g} (healthy: less than {JUMP:g} times over three layers).",
            place=place,
            evidence={"deviation": sizes[place], "before": sizes[before], "span": span, "layers": len(sizes)},
            cure=f"Start `{place}` with `torch.nn.init.kaiming_normal_` (ReLU) or `xavier_normal_` (tanh), about "
            f"{sizes[before] / sizes[place]:.1g} times its weights; or put a LayerNorm between the layers.",
            reference=self.reference,
            why="Each layer multiplies the signal by the size of its weights, and over the layers that multiplies up.",
            confidence="likely",
            step=0,
        )

    def _faint(self, history: History) -> Iterator[Finding]:
        """A layer whose weights are next to nothing; its bias hides that from the deviation of its outputs."""
        gains = _gains(history)
        usual = median(gains.values()) if len(gains) > 2 else 0.0
        for name, gain in gains.items():
            if gain * FAINT < usual and not is_output(history, name):
                yield Finding(
                    "output-scale",
                    "severe",
                    f"The weights of {called(history, name)} start at {gain / usual:.1g} times the size of those of "
                    f"the other layers (healthy: above {1 / FAINT:g}), so that next to nothing comes through.",
                    place=name,
                    evidence={"gain": gain, "usual": usual, "layers": len(gains)},
                    cure=f"Start `{name}` with `torch.nn.init.kaiming_normal_` (ReLU) or `xavier_normal_` (tanh).",
                    reference=self.reference,
                    why="What one layer loses none behind it brings back, and its gradient is lost as well.",
                    confidence="likely",
                    step=0,
                )
                return


class SameWeights(Check):
    """All units of a hidden layer start with the same weights, so they learn the same thing and count as one."""

    kind: Literal["same-weights"] = "same-weights"
    cause: ClassVar = "start"
    gate: ClassVar = "contract"
    explains: ClassVar = STANDS | {"dead-units", "gradients-cleared-early"}
    reference: ClassVar = "Goodfellow, Bengio and Courville 2016, Deep Learning, section 8.4"

    def look(self, history: History) -> Iterator[Finding]:
        """All rows alike in a hidden layer; all zero only where no gradient follows, as LoRA and ReZero get one."""
        learning = [one.name for one in history.weights]
        for fact in history.seen("constant-weights"):
            layer = history.layer_of(fact.place)
            one = next((one for one in history.weights if one.name == fact.place), None)
            mixes = any(part in layer.kind for part in MIXES) or not layer.kind
            if one is None or not mixes or one.shape[0] < 2 or fact.place == learning[-1]:
                continue
            zero = bool(number(fact, "zero"))
            if zero and _first_gradient(history, fact.place) != 0.0:
                continue
            yield Finding(
                "same-weights",
                "severe",
                f"All {one.shape[0]} units of {called(history, layer.name)} start with "
                + ("weights of exactly 0, and get a gradient of 0." if zero else "the same weights.")
                + " Healthy: no two alike.",
                place=layer.name,
                evidence={"units": one.shape[0], "zero": int(zero)},
                cure=f"Draw them at random: `torch.nn.init.kaiming_normal_({fact.place})`.",
                reference=self.reference,
                why="Units that are equal get equal gradients, so they stay equal for ever: one unit would do as well.",
                confidence="contract",
                step=fact.step,
            )
            return


class HotOutput(Check):
    """The first answers are sure, and wrong: the first steps only undo them."""

    kind: Literal["hot-output"] = "hot-output"
    cause: ClassVar = "start"
    gate: ClassVar = "contract"  # an alarm with harm, else information: fault 7 is of both sorts
    explains: ClassVar = SHAKES | STANDS
    reference: ClassVar = "Karpathy 2019, https://karpathy.github.io/2019/04/25/recipe/"

    def look(self, history: History) -> Iterator[Finding]:
        """The first loss against that of an even guess; for values against that of the best constant."""
        fact = next(history.seen("loss-input"), None)
        first = history.updates[0].loss if history.updates else math.nan
        usual = even(history)
        if usual is None or not math.isfinite(first) or (fact and mispaired(fact)):
            return
        values = history.asked == "values"
        spread, target = (number(fact, name) if fact else None for name in ("deviation", "target_deviation"))
        if values and (spread is None or target is None or spread <= target):
            return  # the targets are far off, not the answers
        sizes, head = first_deviations(history), self._head(history)
        if sizes.get(weighted_before(history, head), 0.0) > JUMP:
            return  # what the last layer is given is large, not what it makes of it
        last = called(history, head)
        limit = HOT_VALUES if values else HOT
        if first > limit * usual:
            tore = first > TEARING * usual and leapt(history, TEARS + 1)
            yield Finding(
                "hot-output",
                "warning" if history.harmed or tore else "info",
                f"The first loss is {first:.3g}; a network that does not know anything yet should be near {usual:.3g} "
                f"(healthy: below {limit * usual:.3g})"
                + (", and its first steps changed other weights by more than a tenth." if tore else "."),
                place=head,
                evidence={"loss": first, "expected": usual, "ratio": first / usual},
                cure=f"Make the start weights of {last} smaller, for example times {min(0.1, usual / first):.1g}, and "
                "its bias that of the classes: the logarithm of their shares.",
                reference=self.reference,
                why="The weights of the last layer start so large that the first answers are certain and mostly wrong.",
                confidence="likely",
                step=1,
            )
        elif not values and first < COLD * (math.log(2) if history.asked == "binary" else usual):
            yield Finding(
                "hot-output",
                "info",
                f"The first loss is {first:.3g}, already below half of {usual:.3g}, which an even guess costs. That is "
                "right for a network that was trained before.",
                evidence={"loss": first, "expected": usual, "ratio": first / usual},
                cure="If it was not trained before, look for the answer among the inputs.",
                reference=self.reference,
                why="A network that starts at random cannot know this much.",
                confidence="likely",
                step=1,
            )

    @staticmethod
    def _head(history: History) -> str:
        return history.layer_of(history.weights[-1].name).name if history.weights else ""


def _gains(history: History) -> dict[str, float]:
    """Layers with matrices of weights -> how much they make of a signal: the norm of the weights of one unit."""
    norms = series(history, "norm")
    return {
        history.layer_of(one.name).name: norms[one.name][0].value / math.sqrt(one.shape[0])
        for one in judged(history)
        if norms.get(one.name) and norms[one.name][0].value > 0
    }


def _deviations(history: History) -> dict[str, float]:
    """Layers with weights, in the order of execution -> deviation of their outputs before the first step, above 0.

    The last one is left out where it starts small: heads and residual branches are made so on purpose.
    """
    known = first_deviations(history)
    weighted = {history.layer_of(one.name).name for one in judged(history)}
    sizes = {name: known[name] for name in in_order(history, known) if name in weighted}
    sizes = {name: size for name, size in sizes.items() if finite(size) and size > 0}
    named = list(sizes)
    if len(named) > 1 and sizes[named[-1]] < sizes[named[-2]]:
        del sizes[named[-1]]
    return sizes


def _changes(history: History, sizes: dict[str, float]) -> Iterator[tuple[str, float, str]]:
    """(layer, how many times larger or smaller, layer up to two further on), with no norm layer between the two."""
    order = [layer.name for layer in history.layers]
    norms = [place for place, layer in enumerate(history.layers) if "Norm" in layer.kind]
    named = list(sizes)
    for place, name in enumerate(named):
        for other in named[place + 1 : place + 1 + REACH]:
            inside = range(order.index(name), order.index(other)) if name in order and other in order else ()
            if not any(norm in inside for norm in norms):
                ratio = sizes[other] / sizes[name]
                yield name, max(ratio, 1 / ratio), other


def _first_gradient(history: History, name: str) -> float | None:
    known = (reading.parameters[name] for reading in history.readings if name in reading.parameters)
    return next((numbers["gradient"] for numbers in known if "gradient" in numbers), None)
