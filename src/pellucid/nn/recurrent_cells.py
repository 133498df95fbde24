"""One recurrent layer, in one direction: by torch's own kernels, or step by step where those cannot.

The kernels know neither layer norm inside a cell nor one dropout mask for a whole sequence, and tell no gates; for
these the same formula runs one position after the other, over the same weights. Both ways give the same numbers.

G: all gates of a cell side by side, each as wide as the layer, in the order of torch's weights.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable
from typing import TYPE_CHECKING, ClassVar, NamedTuple, TypeAlias

import torch
from torch import nn
from torch.nn import functional as F

from pellucid.forms import Steps
from pellucid.nn import init
from pellucid.nn.noise import Dropout
from pellucid.nn.traces import Traced

if TYPE_CHECKING:
    from pellucid.nn.init_parts import Initializer

State: TypeAlias = tuple[torch.Tensor, ...]
"""x_BD of the hidden state, and of the cell where there is one."""
SHUT = 1e4
"""Taken from the weighted sum of a gate it makes that exactly 0, added exactly 1."""


class Lengths(NamedTuple):
    """How many positions each row of a batch has, where some have fewer than others."""

    length_B: torch.Tensor
    mirror: torch.Tensor
    """For each place of the batch, row after row: what stands there when rows are read from their last position."""
    padded_BT1: torch.Tensor
    """bool: True behind the last position."""


def lengths(steps: Steps) -> Lengths:
    """The lengths of rows that are padded behind their last position."""
    length_B = steps.mask_BT.sum(1)
    place_T = torch.arange(steps.mask_BT.shape[1], device=length_B.device)
    mirror_BT = torch.where(steps.mask_BT, length_B[:, None] - 1 - place_T, place_T)
    mirror_BT += torch.arange(len(length_B), device=length_B.device)[:, None] * len(place_T)
    return Lengths(length_B, mirror_BT.flatten(), ~steps.mask_BT.unsqueeze(2))


def mirrored(x_BTD: torch.Tensor, rows: Lengths | None) -> torch.Tensor:
    """Every row of x_BTD from its last position to its first; twice is the row itself. Padding stays behind."""
    if rows is None:
        return x_BTD.flip(1)
    return x_BTD.flatten(0, 1).index_select(0, rows.mirror).view_as(x_BTD)


def at_the_end(x_BTD: torch.Tensor, before_BD: torch.Tensor, rows: Lengths | None) -> torch.Tensor:
    """What stands at the last position of each row; what was before where there is none."""
    if rows is None:
        return x_BTD[:, -1]
    last_BD = x_BTD[torch.arange(len(x_BTD), device=x_BTD.device), (rows.length_B - 1).clamp_min(0)]
    return torch.where(rows.length_B[:, None] > 0, last_BD, before_BD)


class GateNorm(nn.Module):
    """Layer norm of weighted sums, over so many gates together at a time (Ba et al. 2016, arXiv:1607.06450)."""

    def __init__(self, width: int, together: tuple[int, ...]) -> None:
        super().__init__()
        self.sizes = [width * gates for gates in together]
        self.weight = nn.Parameter(torch.ones(sum(self.sizes)))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """x_...G -> x_...G; the biases of the cell, which come after, are its offsets."""
        normed = [F.layer_norm(part, part.shape[-1:]) for part in x.split(self.sizes, -1)]
        return torch.cat(normed, -1) * self.weight


class Recurrent(Traced):
    """h_t = cell(x_t, h_t-1) over all positions of a sequence, or from the last to the first with `backward`.

    With `dropout` a share of the hidden state is hidden from the gates, the same at every position of a sequence (Gal
    and Ghahramani 2015, arXiv:1512.05287). With `norm` what inputs and what the state bring to the gates are each
    normalised (Ba et al. 2016, arXiv:1607.06450, supplement).
    """

    torch_layer: ClassVar[type[nn.RNN | nn.GRU | nn.LSTM]]
    """Torch's layer, which holds the weights."""
    torch_kernel: ClassVar[Callable[..., tuple[torch.Tensor, ...]]]
    """What that layer calls."""
    together: ClassVar[tuple[int, ...]]
    """Gates that are normalised with one another."""
    states: ClassVar[tuple[str, ...]] = ("hidden",)
    """What goes on from position to position."""
    told: ClassVar[tuple[str, ...]] = ()
    """The gates that `step` tells, in its order."""

    def __init__(
        self, inputs: int, width: int, *, backward: bool = False, dropout: float = 0.0, norm: bool = False
    ) -> None:
        super().__init__()
        self.kernel = self.torch_layer(inputs, width, batch_first=True)
        self.width = width
        self.backward = backward
        self.dropout = Dropout(dropout)
        self.norm_inward = GateNorm(width, self.together) if norm else None
        self.norm_onward = GateNorm(width, self.together) if norm else None

    @abstractmethod
    def step(self, inward_BG: torch.Tensor, onward_BG: torch.Tensor, state: State) -> tuple[State, State]:
        """The state after one position, and the gates `told`, from what its inputs and the state before bring."""

    def weights(self) -> list[nn.Parameter]:
        """weight_GI of inputs, weight_GD of the hidden state, and the bias_G of each."""
        return self.kernel.all_weights[0]

    def begin(self, rows: int) -> State:
        """The state of `rows` examples before their first position."""
        zero_BD = self.weights()[1].new_zeros(rows, self.width)
        return tuple(zero_BD for _ in self.states)

    def forward(
        self, x_BTD: torch.Tensor, state: State, rows: Lengths | None, remember: bool
    ) -> tuple[torch.Tensor, State]:
        """x_BTI -> (x_BTD, the state after the last position of each row); that is () unless asked to `remember`."""
        x_BTD = mirrored(x_BTD, rows) if self.backward else x_BTD
        state = tuple(part.to(x_BTD.dtype) for part in state)
        run = self._step_by_step if self.stepwise() else self._fused
        x_BTD, state = run(x_BTD, state, rows, remember)
        return mirrored(x_BTD, rows) if self.backward else x_BTD, state if remember else ()

    def stepwise(self) -> bool:
        """Whether torch's kernel cannot do what is asked."""
        return self.norm_inward is not None or self.trace is not None or (self.training and self.dropout.share > 0)

    def fill(self, initializer: Initializer, gain: float, generator: torch.Generator) -> None:
        """Weights of inputs as `initializer` says, gate by gate; those of the state rotations; biases 0."""
        inward_GI, onward_GD, *biases = self.weights()
        for weight_DI in inward_GI.chunk(sum(self.together)):
            initializer.fill(weight_DI, generator, gain)
        for weight_DD in onward_GD.chunk(sum(self.together)):
            init.orthogonal(weight_DD, generator)
        for bias_G in biases:
            bias_G.zero_()

    def _fused(
        self, x_BTD: torch.Tensor, state: State, rows: Lengths | None, remember: bool
    ) -> tuple[torch.Tensor, State]:
        """All positions by torch's kernel."""
        x_BTD, _ = self.kernel(x_BTD, state[0][None])
        return x_BTD, (at_the_end(x_BTD, state[0], rows),) if remember else ()

    def _step_by_step(
        self, x_BTD: torch.Tensor, state: State, rows: Lengths | None, remember: bool
    ) -> tuple[torch.Tensor, State]:
        """One position after the other."""
        kept_BD = self.dropout(torch.ones_like(state[0])) if self.training and self.dropout.share > 0 else None
        before, passed, told = state, list[State](), list[State]()
        inward_GI, onward_GD, inward_G, onward_G = self.weights()
        for inward_BG in _summed(x_BTD, inward_GI, inward_G, self.norm_inward).unbind(1):
            seen_BD = state[0] if kept_BD is None else state[0] * kept_BD
            onward_BG = _summed(seen_BD, onward_GD, onward_G, self.norm_onward)
            state, gates = self.step(inward_BG, onward_BG, state)
            passed.append(state)
            told.append(gates)
        over = [torch.stack(values, 1) for values in zip(*passed, strict=True)]
        if self.trace is not None:
            gates = [torch.stack(values, 1) for values in zip(*told, strict=True)]
            for name, x_BTD in zip(self.states + self.told, over + gates, strict=True):
                self.trace[name] = (mirrored(x_BTD, rows) if self.backward else x_BTD).detach()
        ends = zip(over, before, strict=True)
        return over[0], tuple(at_the_end(x_BTD, start_BD, rows) for x_BTD, start_BD in ends) if remember else ()

    def extra_repr(self) -> str:
        return "backward=True" if self.backward else ""


class ElmanLayer(Recurrent):
    """h_t = tanh(W x_t + U h_t-1 + b) (Elman 1990, Cognitive Science 14)."""

    torch_layer: ClassVar = nn.RNN
    torch_kernel: ClassVar = torch.rnn_tanh
    together: ClassVar = (1,)

    def step(self, inward_BG: torch.Tensor, onward_BG: torch.Tensor, state: State) -> tuple[State, State]:
        return ((inward_BG + onward_BG).tanh(),), ()


class GRULayer(Recurrent):
    """A gate that resets the state and one that updates it (Cho et al. 2014, arXiv:1406.1078).

    r, z = sigmoid(W x_t + U h_t-1 + b);  n = tanh(W x_t + r (U h_t-1 + b));  h_t = (1 - z) n + z h_t-1. The reset comes
    after the product with U, as in torch's kernels and unlike the paper's equation 8.
    """

    torch_layer: ClassVar = nn.GRU
    torch_kernel: ClassVar = torch.gru
    together: ClassVar = (2, 1)
    told: ClassVar = ("reset gate", "update gate")

    def step(self, inward_BG: torch.Tensor, onward_BG: torch.Tensor, state: State) -> tuple[State, State]:
        reset_BD, update_BD, new_BD = inward_BG.chunk(3, 1)
        reset_onward_BD, update_onward_BD, new_onward_BD = onward_BG.chunk(3, 1)
        reset_BD = (reset_BD + reset_onward_BD).sigmoid()
        update_BD = (update_BD + update_onward_BD).sigmoid()
        new_BD = (new_BD + reset_BD * new_onward_BD).tanh()
        return (new_BD + update_BD * (state[0] - new_BD),), (reset_BD, update_BD)


class LSTMLayer(Recurrent):
    """A cell that keeps what it holds but for what its gates let in and out (Hochreiter and Schmidhuber 1997).

    i, f, o = sigmoid(W x_t + U h_t-1 + b);  g = tanh(the same);  c_t = f c_t-1 + i g;  h_t = o tanh(c_t), with the
    forget gate of Gers et al. 2000, Neural Computation 12. With `norm` the cell is normalised on its way out too.
    """

    torch_layer: ClassVar = nn.LSTM
    torch_kernel: ClassVar = torch.lstm
    together: ClassVar = (4,)
    states: ClassVar = ("hidden", "cell")
    told: ClassVar = ("input gate", "forget gate", "output gate")

    def __init__(
        self, inputs: int, width: int, *, backward: bool = False, dropout: float = 0.0, norm: bool = False
    ) -> None:
        super().__init__(inputs, width, backward=backward, dropout=dropout, norm=norm)
        self.norm_cell = nn.LayerNorm(width) if norm else None

    def step(self, inward_BG: torch.Tensor, onward_BG: torch.Tensor, state: State) -> tuple[State, State]:
        input_BD, forget_BD, new_BD, output_BD = (inward_BG + onward_BG).chunk(4, 1)
        input_BD, forget_BD, output_BD = input_BD.sigmoid(), forget_BD.sigmoid(), output_BD.sigmoid()
        cell_BD = forget_BD * state[1] + input_BD * new_BD.tanh()
        shown_BD = cell_BD if self.norm_cell is None else self.norm_cell(cell_BD)
        return (output_BD * shown_BD.tanh(), cell_BD), (input_BD, forget_BD, output_BD)

    def fill(self, initializer: Initializer, gain: float, generator: torch.Generator) -> None:
        """As every layer; the forget gates start open, with an offset of 1 (Jozefowicz et al. 2015, ICML)."""
        super().fill(initializer, gain, generator)
        self.weights()[2][self.width : 2 * self.width] = 1.0

    def _fused(
        self, x_BTD: torch.Tensor, state: State, rows: Lengths | None, remember: bool
    ) -> tuple[torch.Tensor, State]:
        """All positions by torch's kernel, which tells the cell at the end of the batch alone.

        So where rows end earlier and their cell is asked for, one input more shuts the input gate and opens the forget
        gate behind the last position: the cell stays as it was there.
        """
        first = (state[0][None], state[1][None])
        if rows is None or not remember:
            x_BTD, (_, cell_1BD) = self.kernel(x_BTD, first)
        else:
            hold_4 = torch.tensor([-SHUT, SHUT, 0.0, 0.0], dtype=x_BTD.dtype, device=x_BTD.device)
            hold_G1 = hold_4.repeat_interleave(self.width)[:, None]
            flagged_BTD = torch.cat([x_BTD, rows.padded_BT1.to(x_BTD.dtype)], 2)
            inward_GI, *others = self.weights()
            weights = [torch.cat([inward_GI, hold_G1], 1), *others]
            x_BTD, _, cell_1BD = self.torch_kernel(
                flagged_BTD, first, weights, True, 1, 0.0, self.training, False, True
            )
        return x_BTD, (at_the_end(x_BTD, state[0], rows), cell_1BD[0]) if remember else ()


def both_ways(forth: Recurrent, back: Recurrent, x_BTD: torch.Tensor, state: State) -> tuple[torch.Tensor, State]:
    """Two layers of opposite directions by one call of torch's kernel, over rows of which none is padded.

    It reads a row from its end without turning it round first.
    """
    count = len(forth.states)
    first = [torch.stack(pair).to(x_BTD.dtype) for pair in zip(state[:count], state[count:], strict=True)]
    weights = [*forth.weights(), *back.weights()]
    begun = first[0] if count == 1 else tuple(first)
    x_BTD, *last = forth.torch_kernel(x_BTD, begun, weights, True, 1, 0.0, forth.training, True, True)
    return x_BTD, tuple(part_2BD[way] for way in (0, 1) for part_2BD in last)


def _summed(x: torch.Tensor, weight_GI: torch.Tensor, bias_G: torch.Tensor, norm: GateNorm | None) -> torch.Tensor:
    """What x brings to the gates: x_...I -> x_...G."""
    return F.linear(x, weight_GI, bias_G) if norm is None else norm(F.linear(x, weight_GI)) + bias_G
