"""Treatments of what keeps a network from fitting too much, or enough: decay, dropout, stopping."""

from __future__ import annotations

from typing import ClassVar, Literal

from pellucid.doctor.treatment import Shim, Treatment
from pellucid.doctor.treatments import network, steps
from pellucid.findings import Finding
from pellucid.recipe import Recipe

MUCH_DROPOUT = 0.2
"""What too much of it is cut to; 0.2 to 0.5 is customary (Srivastava et al. 2014)."""


class LessDropout(Treatment):
    """Less dropout."""

    kind: Literal["less_dropout"] = "less_dropout"
    reason: ClassVar = "most units can take part in each step again"

    def recipe(self, recipe: Recipe, finding: Finding) -> Recipe | None:
        """0.2, or none where it is no more than that."""
        share = getattr(recipe.model, "dropout", 0.0)
        return network.changed(recipe, dropout=MUCH_DROPOUT if share > MUCH_DROPOUT else 0.0)

    def shim(self, finding: Finding) -> Shim:
        """At most 0.2 in each layer."""
        return {"kind": "dropout", "most": MUCH_DROPOUT}


class MoreDropout(Treatment):
    """More dropout (Srivastava et al. 2014)."""

    kind: Literal["more_dropout"] = "more_dropout"
    reason: ClassVar = "no unit can rely on what a single other one has memorised"

    def recipe(self, recipe: Recipe, finding: Finding) -> Recipe | None:
        """Half of the units, where it was less."""
        return network.changed(recipe, dropout=0.5) if getattr(recipe.model, "dropout", 1.0) < 0.5 else None


class LessDecay(Treatment):
    """Less weight decay, and no penalties on weights."""

    kind: Literal["less_decay"] = "less_decay"
    reason: ClassVar = "the pull towards 0 is no longer stronger than what the data says"
    rolls_back: ClassVar = True

    def recipe(self, recipe: Recipe, finding: Finding) -> Recipe | None:
        """A tenth of the decay; penalties go."""
        decay = recipe.optimizer and recipe.optimizer.weight_decay
        made = steps.changed(recipe, weight_decay=decay / 10) if decay else recipe
        return made and made.replace(penalties=())

    def shim(self, finding: Finding) -> Shim:
        """Next to none: what is far too much may be so by more than ten times."""
        return {"kind": "decay", "factor": 0.001}


class MoreDecay(Treatment):
    """More weight decay (Loshchilov and Hutter 2019, arXiv:1711.05101)."""

    kind: Literal["more_decay"] = "more_decay"
    reason: ClassVar = "weights that the data does not need stay small"
    rolls_back: ClassVar = True

    def recipe(self, recipe: Recipe, finding: Finding) -> Recipe | None:
        """Ten times as much, and at least 0.01."""
        decay = recipe.optimizer and recipe.optimizer.weight_decay
        return steps.changed(recipe, weight_decay=max(0.01, 10 * (decay or 0.0)))

    def shim(self, finding: Finding) -> Shim:
        """The same for every group of the optimizer."""
        return {"kind": "decay", "factor": 10.0, "least": 0.01}


class StopEarly(Treatment):
    """Stopping when the validation loss rises; the best weights are kept."""

    kind: Literal["stop_early"] = "stop_early"
    reason: ClassVar = "what is learnt after the validation loss has begun to rise is noise"

    def recipe(self, recipe: Recipe, finding: Finding) -> Recipe | None:
        """After five evaluations without improvement."""
        return recipe.replace(stop=recipe.stop.replace(patience=5)) if recipe.stop.patience is None else None
