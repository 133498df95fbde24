"""The abstract Family: builds a trunk that turns a Signal of one Form into another."""

from __future__ import annotations

from abc import abstractmethod
from typing import TYPE_CHECKING, ClassVar

from pellucid.forms import Form
from pellucid.parts import Part

if TYPE_CHECKING:
    from pellucid.nn.trunk import Trunk


class Family(Part):
    """An architecture; `build` gives an ordinary torch module that says the Form it puts out."""

    catalogue: ClassVar = "pellucid.families.catalogue"
    accepts: ClassVar[frozenset[str]] = frozenset()
    """The kinds of Form this family takes."""

    @abstractmethod
    def build(self, form: Form) -> Trunk:
        """The trunk for inputs of `form`.

        Raises: RecipeError where the form is too small for what was asked.
        """
