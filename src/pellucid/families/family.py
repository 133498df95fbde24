"""The abstract Family: builds a trunk that turns a Signal of one Form into another."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, ClassVar

from pellucid.findings import Finding
from pellucid.forms import Form
from pellucid.parts import Part, kinds, load_kind

if TYPE_CHECKING:
    from torch import nn

    from pellucid.nn.init_parts import Initializer
    from pellucid.nn.trunk import Trunk


class Family(Part):
    """An architecture; `build` gives an ordinary torch module that says the Form it puts out."""

    catalogue: ClassVar = "pellucid.families.catalogue"
    accepts: ClassVar[frozenset[str]] = frozenset()
    """The kinds of Form this family takes."""
    gives: ClassVar[frozenset[str]] = frozenset()
    """The kinds of Form its trunk can put out."""
    positionwise: ClassVar[bool] = False
    """Whether its trunk takes x_BTD as it takes x_BD, each position by itself."""
    continues: ClassVar[bool] = False
    """Whether its trunk takes a `Paired` signal: reads one sequence, gives outputs for the one that continues it."""

    @classmethod
    def guess_kind(cls, value: Mapping[str, Any]) -> str | None:
        """The one family that has all the keys that are given, where there is just one."""
        fitting = [kind for kind in kinds(cls) if value.keys() <= load_kind(cls, kind).model_fields.keys()]
        return fitting[0] if value and len(fitting) == 1 else None

    def takes(self) -> frozenset[str]:
        """The kinds of Form this one takes; differs from `accepts` only where a field decides."""
        return type(self).accepts

    def foreign(self) -> bool:
        """Whether it draws from torch's default generators, so that the loop must seed them before every step."""
        return False

    def start(self) -> tuple[Initializer, float] | None:
        """How the trunk's weights begin, and the gain of the activation after them; None: as the module made them."""
        return None

    def embedding(self) -> int:
        """Numbers that stand for a token, a column or a patch where this family reads them as a sequence."""
        return 64

    def pools(self) -> str:
        """How its sequences become vectors, a key of `network.pooling.POOLS`."""
        return "mean"

    def remarks(self) -> tuple[Finding, ...]:
        """What should be said before training: choices that cost more than they look."""
        return ()

    def neck(self) -> tuple[int, ...]:
        """Widths of fully connected layers between trunk and head, used where the task wants a vector."""
        return ()

    def dense(self, width: int, wider: int) -> nn.Module:
        """One fully connected layer in the manner of this family, for its neck."""
        raise AssertionError(f"{type(self).__name__} has no neck")

    @abstractmethod
    def build(self, form: Form) -> Trunk:
        """The trunk for inputs of `form`.

        Raises: RecipeError where the form is too small for what was asked.
        """
