"""The temporal convolutional network: dilated convolutions in place of a state."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Annotated, ClassVar, Literal

from annotated_types import Ge, Lt

from pellucid.families.family import Family
from pellucid.families.mlp import fitting
from pellucid.forms import Form, sequence
from pellucid.nn.activation_parts import Activation, ReLU
from pellucid.nn.init_parts import Initializer
from pellucid.nn.norm import norm

if TYPE_CHECKING:
    from pellucid.nn.temporal import TemporalTrunk


class TCN(Family):
    """Residual blocks of two convolutions over time, each block dilated twice as far as the one before.

    Causal where what follows each position is asked, centred elsewhere. Layer norm takes the place of the paper's
    weight normalisation.
    """

    kind: Literal["tcn"] = "tcn"
    accepts: ClassVar = frozenset({"sequence"})
    gives: ClassVar = frozenset({"sequence"})
    reference: ClassVar = "Bai, Kolter and Koltun 2018, arXiv:1803.01271"

    width: Annotated[int, Ge(1)] = 128
    """Features of each block."""
    depth: Annotated[int, Ge(1)] | None = None
    """Blocks; none given: as many as it takes for one output to see the longest sequence."""
    kernel: Annotated[int, Ge(2)] = 3
    """Positions that one filter sees."""
    dropout: Annotated[float, Ge(0), Lt(1)] = 0.0
    """Share of the outputs of each convolution set to 0 in each training step."""
    norm: Literal["none", "layer"] = "layer"
    """Normalisation between convolution and activation."""
    activation: Activation = ReLU()
    """The function each unit applies to its weighted sum."""
    pool: Literal["mean", "max", "last", "attention"] = "mean"
    """How a sequence becomes a vector."""
    init: Initializer | None = None
    """Initial weights; none given: He for rectifiers, Xavier for the others."""

    def build(self, form: Form) -> TemporalTrunk:
        """Steps(x_BTI, mask_BT) -> Steps(x_BTD, mask_BT)."""
        from pellucid.nn.temporal import TemporalTrunk, TimeBlock, TimeConv

        out = replace(form, width=self.width)
        blocks: list[TimeBlock] = []
        for place in range(self.depth or levels(form.extent[0], self.kernel)):
            inputs = form.width if place == 0 else self.width
            convs = [TimeConv(wide, self.width, kernel=self.kernel, dilation=2**place) for wide in (inputs, self.width)]
            norms = [norm(self.norm, sequence(self.width, 1)) for _ in convs]
            activations = [self.activation.build() for _ in range(len(convs) + 1)]
            blocks.append(TimeBlock(convs, norms, activations, dropout=self.dropout))
        return TemporalTrunk(blocks, out)

    def start(self) -> tuple[Initializer, float]:
        """The initialiser and the gain of the activation."""
        return self.init or fitting(self.activation), self.activation.gain

    def embedding(self) -> int:
        """As wide as a block."""
        return self.width

    def pools(self) -> str:
        """What `pool` says."""
        return self.pool


def levels(length: int, kernel: int) -> int:
    """Blocks of dilation 1, 2, 4, ... until 1 + 2 (kernel - 1) (1 + 2 + 4 + ...) positions are at least `length`."""
    count = 1
    while 1 + 2 * (kernel - 1) * (2**count - 1) < length:
        count += 1
    return count
