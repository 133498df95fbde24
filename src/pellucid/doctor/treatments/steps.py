"""Treatments of how the weights move: rate, clipping, schedule, batch, length."""

from __future__ import annotations

from typing import Annotated, Any, ClassVar, Literal

from annotated_types import Ge, Gt

from pellucid.doctor.treatment import Shim, Treatment
from pellucid.findings import Finding
from pellucid.recipe import Recipe


def changed(recipe: Recipe, **fields: Any) -> Recipe | None:
    """The recipe with other settings of its optimizer."""
    if recipe.optimizer is None:
        return None
    return recipe.replace(optimizer=recipe.optimizer.replace(**fields))


def _suggested(finding: Finding) -> float:
    """What the rate is to be multiplied by, as the finding says; 1 where it does not."""
    suggested, rate = (float(finding.evidence.get(name, 0.0)) for name in ("suggested", "learning_rate"))
    return suggested / rate if suggested > 0 and rate > 0 else 1.0


class LowerRate(Treatment):
    """A smaller learning rate."""

    kind: Literal["lower_rate"] = "lower_rate"
    divisor: Annotated[float, Gt(1)] = 10.0
    """What the rate is divided by."""
    reason: ClassVar = "smaller steps do not jump over the valley they should go down into"
    rolls_back: ClassVar = True

    def recipe(self, recipe: Recipe, finding: Finding) -> Recipe | None:
        """Takes the rate that the finding suggests, where it suggests a lower one."""
        rate = recipe.optimizer and recipe.optimizer.learning_rate
        if rate is None:
            return None
        suggested = float(finding.evidence.get("suggested", 0.0))
        return changed(recipe, learning_rate=suggested if 0 < suggested < rate else rate / self.divisor)

    def shim(self, finding: Finding) -> Shim:
        """No more than the rate that the finding suggests, so that smaller ones stay; else a tenth of each."""
        if _suggested(finding) < 1:
            return {"kind": "rate", "most": float(finding.evidence["suggested"])}
        return {"kind": "rate", "factor": 1 / self.divisor}


class RaiseRate(Treatment):
    """A larger learning rate."""

    kind: Literal["raise_rate"] = "raise_rate"
    factor: Annotated[float, Gt(1)] = 10.0
    """What the rate is multiplied by."""
    reason: ClassVar = "steps this small would take thousands of epochs to get anywhere"
    rolls_back: ClassVar = True

    def recipe(self, recipe: Recipe, finding: Finding) -> Recipe | None:
        """Takes the rate that the finding suggests, where it suggests a higher one."""
        rate = recipe.optimizer and recipe.optimizer.learning_rate
        if rate is None:
            return None
        suggested = float(finding.evidence.get("suggested", 0.0))
        return changed(recipe, learning_rate=suggested if suggested > rate else rate * self.factor)

    def shim(self, finding: Finding) -> Shim:
        """The same for every group of the optimizer."""
        factor = _suggested(finding)
        return {"kind": "rate", "factor": factor if factor > 1 else self.factor}


class Clip(Treatment):
    """A limit for the norm of the gradient (Pascanu et al. 2013, arXiv:1211.5063)."""

    kind: Literal["clip"] = "clip"
    norm: Annotated[float, Gt(0)] = 1.0
    """The largest norm, where the finding names none."""
    reason: ClassVar = "one huge gradient cannot throw away what many small ones have learnt"
    rolls_back: ClassVar = True

    def recipe(self, recipe: Recipe, finding: Finding) -> Recipe | None:
        """Clips at the norm below which nine of ten steps stay, where the finding says it."""
        norm = float(finding.evidence.get("usual", 0.0)) or self.norm
        now = recipe.optimizer and recipe.optimizer.clip
        return None if now is not None and now <= norm else changed(recipe, clip=norm)

    def shim(self, finding: Finding) -> Shim:
        """Before each step."""
        return {"kind": "clip", "norm": float(finding.evidence.get("usual", 0.0)) or self.norm}


class LooserClip(Treatment):
    """A larger limit for the norm of the gradient."""

    kind: Literal["looser_clip"] = "looser_clip"
    factor: Annotated[float, Gt(1)] = 100.0
    """What the limit is multiplied by, where the finding names no norm."""
    reason: ClassVar = "only the rare large gradient is cut short, and the usual ones keep their size"
    rolls_back: ClassVar = True

    def recipe(self, recipe: Recipe, finding: Finding) -> Recipe | None:
        """The norm of usual gradients, where the finding names it."""
        now = recipe.optimizer and recipe.optimizer.clip
        before = float(finding.evidence.get("before", 0.0))
        return None if now is None else changed(recipe, clip=before if before > now else now * self.factor)

    def shim(self, finding: Finding) -> Shim | None:
        """At every call of `clip_grad_norm_`."""
        before = float(finding.evidence.get("before", 0.0))
        return {"kind": "loose_clip", "norm": before} if before > 0 else None


class WarmUp(Treatment):
    """A learning rate that rises slowly (Goyal et al. 2017, arXiv:1706.02677)."""

    kind: Literal["warm_up"] = "warm_up"
    reason: ClassVar = "the first steps, when gradients are largest, are the smallest"

    def recipe(self, recipe: Recipe, finding: Finding) -> Recipe | None:
        """Puts a warm-up before the schedule, where it has none."""
        schedule = recipe.optimizer and recipe.optimizer.schedule
        then = schedule.dump() if schedule else {"kind": "constant"}
        rises = then["kind"] in ("warmup", "one_cycle")
        return None if rises else changed(recipe, schedule={"kind": "warmup", "then": then})

    def shim(self, finding: Finding) -> Shim:
        """Over the first 100 steps."""
        return {"kind": "warm_up", "steps": 100}


class NoSchedule(Treatment):
    """The same learning rate all the time."""

    kind: Literal["no_schedule"] = "no_schedule"
    reason: ClassVar = "a rate that stays can still move the weights at the end"
    rolls_back: ClassVar = True

    def recipe(self, recipe: Recipe, finding: Finding) -> Recipe | None:
        """Puts a constant rate in the place of the schedule."""
        return changed(recipe, schedule={"kind": "constant"})

    def shim(self, finding: Finding) -> Shim:
        """The largest rate so far, at every step."""
        return {"kind": "steady_rate"}


class LessMomentum(Treatment):
    """Less momentum."""

    kind: Literal["less_momentum"] = "less_momentum"
    reason: ClassVar = "with less momentum the weights stop swinging past the place they are drawn to"
    rolls_back: ClassVar = True

    def recipe(self, recipe: Recipe, finding: Finding) -> Recipe | None:
        """0.9 where it is more."""
        momentum = getattr(recipe.optimizer, "momentum", None)
        return changed(recipe, momentum=0.9) if momentum is not None and momentum > 0.9 else None

    def shim(self, finding: Finding) -> Shim:
        """At most 0.9 at every step."""
        return {"kind": "momentum", "most": 0.9}


class Longer(Treatment):
    """More epochs."""

    kind: Literal["longer"] = "longer"
    factor: Annotated[int, Ge(2)] = 3
    """How many times as many."""
    reason: ClassVar = "the loss was still falling when the training ended"

    def recipe(self, recipe: Recipe, finding: Finding) -> Recipe | None:
        """Multiplies the epochs."""
        epochs = getattr(recipe.method, "epochs", None)
        if recipe.method is None or epochs is None:
            return None
        return recipe.replace(method=recipe.method.replace(epochs=epochs * self.factor))


class LargerBatch(Treatment):
    """More rows for each step."""

    kind: Literal["larger_batch"] = "larger_batch"
    factor: Annotated[int, Ge(2)] = 4
    """How many times as many."""
    reason: ClassVar = "the mean of more rows points more steadily downhill"

    def recipe(self, recipe: Recipe, finding: Finding) -> Recipe | None:
        """Multiplies the rows of a batch."""
        batch = getattr(recipe.method, "batch", None)
        if recipe.method is None or batch is None:
            return None
        return recipe.replace(method=recipe.method.replace(batch=batch * self.factor))
