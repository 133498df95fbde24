"""The Treatment: a change of a recipe, or of a script while it runs, that may cure a fault, with its reason."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, ClassVar

from pellucid.findings import Finding
from pellucid.parts import Part, concrete
from pellucid.recipe import Recipe

Shim = dict[str, Any]
"""`kind` and settings of what `doctor.script.shims` changes in a script while it runs."""


class Treatment(Part):
    """Changes a training in one way."""

    catalogue: ClassVar[str | None] = "pellucid.doctor.treatments.catalogue"
    reason: ClassVar[str]
    """Why it should help, in one sentence."""
    rolls_back: ClassVar[bool] = False
    """Whether it can be told from a checkpoint before the fault began; else only from the first step on."""

    def recipe(self, recipe: Recipe, finding: Finding) -> Recipe | None:
        """The changed recipe; None where there is nothing to change in this way."""
        return None

    def shim(self, finding: Finding) -> Shim | None:
        """What is changed in a script while it runs, without an edit; None where that takes an edit."""
        return None


def treatments(recipe: Recipe, finding: Finding) -> list[tuple[Treatment, Recipe]]:
    """What may cure a finding, in the order in which to try it, with the recipe that each makes of a resolved one."""
    found: list[tuple[Treatment, Recipe]] = []
    for treatment in _menu(finding):
        changed = treatment.recipe(recipe, finding)
        if changed is not None and changed.changes(recipe):
            found.append((treatment, changed))
    return found


def shims(finding: Finding) -> list[tuple[Treatment, Shim]]:
    """What may cure a finding of a script without an edit, in the order in which to try it."""
    offered = [(treatment, treatment.shim(finding)) for treatment in _menu(finding)]
    return [(treatment, shim) for treatment, shim in offered if shim is not None]


def _menu(finding: Finding) -> Iterator[Treatment]:
    from pellucid.doctor.treatments.catalogue import MENU

    return (concrete(Treatment, kind) for kind in MENU.get(finding.check, ()))
