"""The multi-layer perceptron: fully connected layers, one after another."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, Annotated, ClassVar, Literal

from annotated_types import Ge, Lt

from pellucid.families.family import Family
from pellucid.forms import Form, vector
from pellucid.nn.activation_parts import Activation, ReLU
from pellucid.nn.init_parts import He, Initializer, Xavier
from pellucid.nn.norm import NormKind, norm

if TYPE_CHECKING:
    from torch import nn

    from pellucid.nn.trunk import Trunk


class MLP(Family):
    """Fully connected layers (Rumelhart, Hinton and Williams 1986); no widths at all is a linear model."""

    kind: Literal["mlp"] = "mlp"
    accepts: ClassVar = frozenset({"vector"})
    gives: ClassVar = frozenset({"vector"})
    positionwise: ClassVar = True

    widths: tuple[Annotated[int, Ge(1)], ...] | None = None
    """Units of each hidden layer; planned from the number of rows and inputs."""
    activation: Activation = ReLU()
    """The function each hidden unit applies to its weighted sum."""
    norm: NormKind = "none"
    """Normalisation between the weighted sum and the activation."""
    dropout: Annotated[float, Ge(0), Lt(1)] = 0.0
    """Share of hidden units set to 0 in each training step."""
    residual: bool = False
    """Whether a layer of the same width as the one before adds its input to its output."""
    bias: bool = True
    """Whether a unit has an offset."""
    init: Initializer | None = None
    """Initial weights; none given: He for rectifiers, Xavier for the others."""

    def build(self, form: Form) -> Trunk:
        """x_BD -> x_BD with the last of `widths`."""
        from pellucid.nn.trunk import Trunk

        widths = (form.width, *(self.widths or ()))
        blocks = [self.dense(width, wider) for width, wider in pairwise(widths)]
        return Trunk(blocks, vector(widths[-1]))

    def dense(self, width: int, wider: int) -> nn.Module:
        """One layer of `wider` units over `width` inputs."""
        from torch import nn

        from pellucid.nn.blocks import Dense
        from pellucid.nn.noise import Dropout

        return Dense(
            nn.Linear(width, wider, bias=self.bias),
            norm=norm(self.norm, vector(wider)) if self.norm != "none" else None,
            activation=self.activation.build(),
            dropout=Dropout(self.dropout) if self.dropout else None,
            residual=self.residual,
        )

    def start(self) -> tuple[Initializer, float]:
        """The initialiser and the gain of the activation."""
        return self.init or fitting(self.activation), self.activation.gain


def fitting(activation: Activation) -> Initializer:
    """The initialiser that keeps the size of signals through layers with this activation."""
    return He() if activation.rectifier else Xavier()
