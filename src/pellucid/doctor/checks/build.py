"""What a network is made of: activations that are missing, start weights that do not fit them, no hidden layer."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from statistics import median
from typing import ClassVar, Literal

from pellucid.doctor.check import Check
from pellucid.doctor.checks.facts import text
from pellucid.doctor.checks.measure import first_deviations, series, updates
from pellucid.doctor.history import STALLED, History, Layer
from pellucid.findings import Finding

KEPT = 2.0
"""Change of the variance over a stack that the right start weights stay within (row D1)."""
STACK = 4
"""Layers that a stack must have before its drift is judged; ours."""
NEAR = 0.15
"""Relative distance within which weights count as drawn by a rule; ours: a matrix of 16 x 16 spreads by 9 percent."""
ABOVE = 1.1
"""Loss over that of the best constant above which a network does worse than standing still; ours, mirrors 0.9."""
TOO_SMALL = 1e-5
"""Relative update below which nothing is learnt whatever the network is (fault 12)."""
RECTIFIERS = ("ReLU", "LeakyReLU", "PReLU", "GELU", "SiLU", "ELU", "Mish")
CURES = {
    **dict.fromkeys(RECTIFIERS, "torch.nn.init.kaiming_normal_(weight)"),
    "Tanh": 'torch.nn.init.xavier_normal_(weight, gain=torch.nn.init.calculate_gain("tanh"))',
    "Sigmoid": "torch.nn.init.xavier_normal_(weight)",
    "SELU": 'torch.nn.init.kaiming_normal_(weight, nonlinearity="linear")',
}
"""Activation -> the start weights that keep the variance through it."""
SQUASHING = frozenset({"Tanh", "Sigmoid", "SELU"})
"""Activations for which weights by He's rule, made for rectifiers, are not made."""
BLOCK = re.compile(r"blocks\.\d+\.linear$")
"""Name of the linear layer of a block of ours, which its activation follows if there is one."""
TRANSPARENT = ("Dropout", "Flatten", "Noisy", "BatchNorm")
"""Parts of the names of layers through which a linear map stays linear when the network answers."""
BETWEEN = ("Dropout", "Flatten", "Pool", "Noisy")
"""Parts of the names of layers that may stand between weights and their activation."""


class MissingActivation(Check):
    """Two linear layers follow each other with nothing in between, and together can do no more than one."""

    kind: Literal["missing-activation"] = "missing-activation"
    cause: ClassVar = "forward"
    gate: ClassVar = "contract"
    explains: ClassVar = frozenset({"learns-slowly", "cannot-fit", "predicts-the-prior"})
    reference: ClassVar = "Goodfellow, Bengio and Courville 2016, Deep Learning, section 6.1"

    def look(self, history: History) -> Iterator[Finding]:
        """Seen in Pellucid's own layers, or where a layer got another's output itself; narrow waists are meant so."""
        pairs = [pair for pair in self._pairs(history) if _loses_nothing(history, *pair)]
        if not pairs:
            return
        first, second = pairs[0]
        yield Finding(
            "missing-activation",
            "warning",
            f"No activation stands between {first} and {second}: {len(pairs) + 1} linear layers in a row are one "
            "linear map (healthy: an activation behind each hidden layer).",
            place=first,
            evidence={"layers": len(pairs) + 1, "next": second},
            cure="Set `model.activation: relu`." if history.source == "run" else f"Put `nn.ReLU()` behind `{first}`.",
            reference=self.reference,
            why="A product of matrices is a matrix: without a bend in between, depth adds nothing.",
            confidence="contract",
            step=0,
        )

    @staticmethod
    def _pairs(history: History) -> Iterator[tuple[str, str]]:
        for fact in history.seen("chained"):
            yield text(fact, "after"), fact.place
        if history.source == "script":  # F.relu between two layers cannot be seen in their order
            return
        last = None
        for layer in history.layers:
            if layer.kind == "Linear":
                if last is not None:
                    yield last, layer.name
                last = layer.name if BLOCK.search(layer.name) else None
            elif not any(part in layer.kind for part in TRANSPARENT):
                last = None


class InitMismatch(Check):
    """The start weights are made for another activation, so the variance drifts from layer to layer."""

    kind: Literal["init-mismatch"] = "init-mismatch"
    cause: ClassVar = "start"
    gate: ClassVar = "information"
    explains: ClassVar = frozenset({"vanishing-gradient", "saturated-units", "learns-slowly"})
    reference: ClassVar = "He et al. 2015, arXiv:1502.01852; Glorot and Bengio 2010"

    def look(self, history: History) -> Iterator[Finding]:
        """A stack whose variance leaves a factor of 2 behind its first layer, or weights by He's rule before tanh."""
        stack = _stack(history)
        if not stack:
            return
        kind = stack[0][1].kind
        deviations = first_deviations(history)
        variances = [size**2 for layer, _ in stack if (size := deviations.get(layer.name))]
        later = variances[1:]
        drift = max(later) / min(later) if len(variances) >= STACK else 1.0
        most = KEPT * _luck(history, {layer.name for layer, _ in stack})
        he = kind in SQUASHING and _drawn_by_he(history, {layer.name for layer, _ in stack})
        if not variances or (drift <= most and not he):
            return
        shown = ", ".join(f"{one:.2g}" for one in variances[:6]) + (", ..." if len(variances) > 6 else "")
        begin = (
            f"These start weights follow He's rule, which is made for ReLU, not for {kind}"
            if he
            else (
                f"The variance changes {drift:.3g} times over {len(variances)} {kind} layers (healthy: below "
                f"{most:.2g})"
            )
        )
        yield Finding(
            "init-mismatch",
            "info",
            f"{begin}. Variance of the outputs, layer by layer: {shown}.",
            place=stack[0][0].name,
            evidence={"drift": drift, "first": variances[0], "last": variances[-1], "layers": len(variances)},
            cure=f"Start the weights with `{CURES[kind]}`.",
            reference=self.reference,
            why=f"{kind} passes on a share of the variance of its own; start weights are made to undo just that.",
            confidence="likely",
            step=0,
        )


class NoHiddenLayer(Check):
    """A single linear layer stands still at chance: no straight line tells these classes apart."""

    kind: Literal["no-hidden-layer"] = "no-hidden-layer"
    cause: ClassVar = "forward"
    explains: ClassVar = frozenset({"oscillates", "learns-slowly", "predicts-the-prior", "cannot-fit", "rate-too-high"})
    reference: ClassVar = "Minsky and Papert 1969, Perceptrons"

    def look(self, history: History) -> Iterator[Finding]:
        """One matrix of weights, classes, a loss that stands still, and steps that are large enough to learn by."""
        matrices = [one for one in history.parameters if len(one.shape) >= 2]
        linear = [layer for layer in history.layers if layer.kind == "Linear"]  # some may not be in `parameters()`
        if (
            len(matrices) != 1
            or len(linear) > 1
            or history.asked not in ("classes", "binary")
            or len(matrices[0].shape) != 2
        ):
            return
        one, layer = matrices[0], history.layer_of(matrices[0].name)
        if layer.kind not in ("Linear", "") or not one.learns or not _stands_still(history):
            return
        now = history.smooth[-1]
        out, width = one.shape
        against = "" if history.constant is None else f", and one answer for all rows costs {history.constant:.3g}"
        yield Finding(
            "no-hidden-layer",
            "warning",
            f"The only layer, {layer.name or one.name}, is linear, and its loss stands still at {now:.3g}{against}: "
            "not linearly separable: add a hidden layer.",
            place=layer.name,
            evidence={
                "loss": now,
                "inputs": width,
                **({} if history.constant is None else {"constant": history.constant}),
            },
            cure="Set `model: {kind: mlp, widths: [8]}`."
            if history.source == "run"
            else f"For example `nn.Sequential(nn.Linear({width}, 8), nn.Tanh(), nn.Linear(8, {out}))`.",
            reference=self.reference,
            why="One linear layer draws one straight border; classes like those of XOR need a bent one.",
            confidence="likely",
            step=history.updates[-1].step,
        )


def _stands_still(history: History) -> bool:
    """Whether the loss rests next to that of the best constant, after steps that were large enough to learn by.

    Above it the rate is too high; relative steps at the end tell nothing, as the best weights are 0 then.
    """
    smooth = history.smooth
    if not smooth or (history.constant is not None and smooth[-1] > ABOVE * history.constant):
        return False
    steps = [sample.value for sample in updates(history)]
    moved = not steps or median(steps[: len(steps) // 2 + 1]) > TOO_SMALL
    then = smooth[-(len(smooth) // 5) - 1]
    return moved and smooth[-1] > (1 - STALLED) * then


def _loses_nothing(history: History, first: str, second: str) -> bool:
    """Whether the values between two layers are at least as many as before or behind; fewer are a waist, and meant."""
    shapes = {history.layer_of(one.name).name: one.shape for one in history.parameters if len(one.shape) == 2}
    before, behind = shapes.get(first), shapes.get(second)
    if before is None or behind is None or before[0] != behind[1]:
        return False
    return before[0] >= min(before[1], behind[0])


def _stack(history: History) -> list[tuple[Layer, Layer]]:
    """Layers with weights, each with the activation right behind it, where these are of one kind, without norms."""
    weighted = {history.layer_of(one.name).name for one in history.parameters if len(one.shape) >= 2}
    found: list[tuple[Layer, Layer]] = []
    waiting: Layer | None = None
    for layer in history.layers:
        if "Norm" in layer.kind:
            return []
        if layer.name in weighted:
            waiting = layer
        elif waiting is not None and layer.kind in CURES:
            found.append((waiting, layer))
            waiting = None
        elif not any(part in layer.kind for part in BETWEEN):
            waiting = None
    return found if len({activation.kind for _, activation in found}) == 1 else []


def _luck(history: History, layers: set[str]) -> float:
    """What the luck of the draw alone may change the variance by: the narrower the layers, the more.

    The logarithm of the variance behind L layers of n units spreads by sqrt(5 L / n) (Hanin and Nica 2018,
    arXiv:1812.05994); two deviations of it.
    """
    widths = [one.shape[0] for one in history.weights if history.layer_of(one.name).name in layers]
    return math.exp(2 * math.sqrt(5 * sum(1 / width for width in widths)))


def _drawn_by_he(history: History, layers: set[str]) -> bool:
    """Whether the weights of layers had the sum of squares of He's rule before the first step, and not of Glorot's."""
    norms = series(history, "norm")
    chosen = [one for one in history.parameters if len(one.shape) >= 2 and history.layer_of(one.name).name in layers]
    chosen = [one for one in chosen if norms.get(one.name) and norms[one.name][0].step == 1]
    squares = sum(norms[one.name][0].value ** 2 for one in chosen)
    if not squares:
        return False
    he = sum(2 * one.shape[0] for one in chosen)
    glorot = sum(2 * one.shape[0] * one.shape[1] / (one.shape[0] + one.shape[1]) for one in chosen)
    others = (glorot, glorot * (5 / 3) ** 2)
    return abs(squares / he - 1) < NEAR and all(abs(squares / other - 1) >= NEAR for other in others)
