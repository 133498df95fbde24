"""Settings of an optimizer that are far from any in use."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar, Literal

from pellucid.doctor.check import Check
from pellucid.doctor.checks.measure import ran_away
from pellucid.doctor.history import History
from pellucid.findings import Finding

TINY_EPS = 1e-12
"""`eps` of Adam below which a tiny gradient becomes a full step (fault 20: TheDeepChecker; default 1e-8)."""


class OptimizerSettings(Check):
    """A setting of the optimizer is far from any that is in use, and the training does badly."""

    kind: Literal["optimizer-settings"] = "optimizer-settings"
    cause: ClassVar = "optimizer"
    gate: ClassVar = "information"
    reference: ClassVar = "https://pytorch.org/docs/stable/generated/torch.optim.Adam.html"

    def look(self, history: History) -> Iterator[Finding]:
        """One finding for the first setting out of range; none while the training does well."""
        if not history.harmed and ran_away(history) is None:
            return
        for name, value, range_, cure, why in _odd(history):
            yield Finding(
                "optimizer-settings",
                "info",
                f"`{name}` of {history.optimizer.get('kind', 'the optimizer')} is {value:g} (usual: {range_}).",
                evidence={name: value},
                cure=cure,
                reference=self.reference,
                why=why,
                confidence="likely",
                step=0,
            )
            return


def _odd(history: History) -> Iterator[tuple[str, float, str, str, str]]:
    known = {name: float(value) for name, value in history.optimizer.items() if isinstance(value, (int, float))}
    if "eps" in known and known["eps"] < TINY_EPS:
        why = "The step is divided by the size of the gradient plus eps, so a gradient of almost 0 makes a full step."
        yield "eps", known["eps"], "1e-8", "Set eps to 1e-8.", why
    if "beta2" in known and "beta1" in known and known["beta2"] <= known["beta1"]:
        why = "The size of the gradient is to be known over more steps than its direction, or steps become erratic."
        yield "beta2", known["beta2"], "0.99 to 0.9999, above beta1", "Set betas to (0.9, 0.999).", why
    if known.get("momentum", 0.0) >= 1:
        yield "momentum", known["momentum"], "0 to 0.99", "Set momentum to 0.9.", "Nothing ever slows the steps down."
    attends = any("Attention" in layer.kind or "Transformer" in layer.kind for layer in history.layers)
    if history.optimizer.get("kind") == "SGD" and not known.get("momentum") and attends:
        why = "The gradients of attention differ in size from layer to layer, and plain SGD has one rate for all."
        yield "momentum", 0.0, "Adam for networks with attention", "Use AdamW with a learning rate of 0.0003.", why
