"""Recurrent trunks: layers over one another, in one direction or both, and a decoder that goes on from an encoder."""

from __future__ import annotations

from typing import cast

import torch
from torch import nn

from pellucid.forms import Form, Paired, Steps, each, length
from pellucid.nn.noise import Dropout
from pellucid.nn.recurrent_cells import Lengths, Recurrent, State, both_ways, lengths
from pellucid.nn.sequence import Memory, SequenceTrunk
from pellucid.nn.traces import Traced


class Level(nn.Module):
    """One layer, or two of opposite directions over the same inputs whose outputs stand side by side."""

    def __init__(self, forth: Recurrent, back: Recurrent | None, dropout: float) -> None:
        super().__init__()
        self.forth = forth
        self.back = back
        self.dropout = Dropout(dropout)

    def begin(self, rows: int) -> State:
        """The states of both directions before the first position of either."""
        return self.forth.begin(rows) + (() if self.back is None else self.back.begin(rows))

    def forward(
        self, x_BTD: torch.Tensor, state: State, rows: Lengths | None, remember: bool
    ) -> tuple[torch.Tensor, State]:
        """x_BTI -> (x_BTD, the states after the last position of each row); those are () unless asked to `remember`."""
        if rows is None and self._at_once(x_BTD.device):
            assert self.back is not None
            x_BTD, after = both_ways(self.forth, self.back, x_BTD, state)
            return self.dropout(x_BTD), after
        count = len(self.forth.states)
        forth_BTD, after = self.forth(x_BTD, state[:count], rows, remember)
        if self.back is None:
            return self.dropout(forth_BTD), after
        back_BTD, behind = self.back(x_BTD, state[count:], rows, remember)
        return self.dropout(torch.cat([forth_BTD, back_BTD], 2)), after + behind

    def _at_once(self, device: torch.device) -> bool:
        """Whether one kernel takes both directions; that of CUDA would first copy all weights next to one another."""
        return self.back is not None and device.type == "cpu" and not (self.forth.stepwise() or self.back.stepwise())


def through(
    levels: nn.ModuleList, steps: Steps, memory: tuple[State, ...], *, even: bool, remember: bool
) -> tuple[Steps, tuple[State, ...]]:
    """One level after the other, each from its own state in `memory`; on a processor always in full precision."""
    x_BTD, mask_BT = steps
    if x_BTD.device.type == "cpu" and torch.is_autocast_enabled("cpu"):
        with torch.autocast("cpu", enabled=False):  # oneDNN's LSTM fails where the processor has no bfloat16
            steps = Steps(x_BTD.to(next(levels.parameters()).dtype), mask_BT)
            return through(levels, steps, memory, even=even, remember=remember)
    rows, after = None if even else lengths(steps), list[State]()
    for level, state in zip(levels, memory, strict=True):
        x_BTD, last = level(x_BTD, state, rows, remember)
        after.append(last)
    return Steps(x_BTD, mask_BT), tuple(after)


class RecurrentTrunk(SequenceTrunk):
    """Recurrent layers over one another, each with dropout behind it.

    `stateful`: in training each row of a batch goes on where that row of the batch before ended, until `forget`;
    gradients end where the batch begins (truncated backpropagation through time, Williams and Peng 1990).
    """

    def __init__(self, levels: list[Level], out: Form, *, stateful: bool = False) -> None:
        super().__init__(list(levels), out)
        self.two_ways = any(level.back is not None for level in levels)
        self.stateful = stateful

    def forward(self, signal: Steps | Paired) -> Steps:
        """Steps(x_BTI, mask_BT) -> Steps(x_BTD, mask_BT)."""
        assert isinstance(signal, Steps)
        rows = len(signal.x_BTD)
        if not (self.stateful and self.training):
            return self._read(signal, self.begin(None, rows), remember=False)[0]
        memory = self.begin(None, rows) if self.carried is None else self.carried
        assert length(memory) == rows, f"{length(memory)} rows are carried on, and this batch has {rows}"
        steps, memory = self._read(signal, memory, remember=True)
        self.carried = each(memory, lambda tensor: tensor.detach())
        return steps

    def begin(self, source: Steps | None, rows: int) -> Memory:
        """Zeros: (hidden_BD,) or (hidden_BD, cell_BD) for each layer, both directions of it side by side."""
        return tuple(cast("Level", level).begin(rows) for level in self.blocks)

    def proceed(self, steps: Steps, memory: Memory) -> tuple[Steps, Memory]:
        """The outputs of further positions, and the states behind the last of them."""
        if self.two_ways:
            raise RuntimeError("a bidirectional network needs the whole sequence")
        return self._read(steps, memory, remember=True)

    def _read(self, steps: Steps, memory: Memory, *, remember: bool) -> tuple[Steps, Memory]:
        states = cast("tuple[State, ...]", memory)
        return through(self.blocks, steps, states, even=self.out.even, remember=remember)


class Attention(Traced):
    """Each position looks back at another sequence: weight = softmax(x s), c = sum weight s, tanh(W [c, x]).

    Global attention with the dot score (Luong et al. 2015, arXiv:1508.04025, section 3.1), without input feeding.
    """

    def __init__(self, width: int) -> None:
        super().__init__()
        self.join = nn.Linear(2 * width, width, bias=False)

    def forward(self, x_BTD: torch.Tensor, source_BSD: torch.Tensor, mask_BS: torch.Tensor) -> torch.Tensor:
        """x_BTD -> x_BTD."""
        score_BTS = x_BTD @ source_BSD.transpose(1, 2)
        least = torch.finfo(score_BTS.dtype).min
        weight_BTS = score_BTS.masked_fill(~mask_BS[:, None], least).softmax(2)
        if self.trace is not None:
            self.trace["attention"] = weight_BTS.detach()[:, None]
        return self.join(torch.cat([weight_BTS @ source_BSD, x_BTD], 2)).tanh()


class EncoderDecoder(SequenceTrunk):
    """Reads one sequence and begins a second one where that ended (Sutskever et al. 2014, arXiv:1409.3215).

    The encoder may read in both directions; a linear map then brings its last states, and what attention looks at, to
    the width of the decoder.
    """

    def __init__(
        self, encoder: list[Level], decoder: list[Level], out: Form, *, source_even: bool, attention: bool
    ) -> None:
        super().__init__([], out)
        self.encoder = nn.ModuleList(encoder)
        self.decoder = nn.ModuleList(decoder)
        self.source_even = source_even
        width, both = out.width, encoder[0].back is not None
        states = len(decoder[0].forth.states)
        self.hand_over = nn.ModuleList(nn.Linear(2 * width, width) for _ in range(len(encoder) * states * both))
        self.narrow = nn.Linear(2 * width, width, bias=False) if attention and both else None
        self.attention = Attention(width) if attention else None

    def forward(self, signal: Steps | Paired) -> Steps:
        """Paired(Steps(x_BSI, mask_BS), Steps(x_BTI, mask_BT)) -> Steps(x_BTD, mask_BT)."""
        assert isinstance(signal, Paired) and isinstance(signal.source, Steps) and isinstance(signal.context, Steps)
        memory = self.begin(signal.source, len(signal.source.x_BTD))
        return self._write(signal.context, memory, remember=False)[0]

    def begin(self, source: Steps | None, rows: int) -> Memory:
        """The states of the decoder after reading `source`, and what attention looks at."""
        assert source is not None
        zeros = tuple(cast("Level", level).begin(rows) for level in self.encoder)
        read, states = through(self.encoder, source, zeros, even=self.source_even, remember=True)
        if self.hand_over:
            half = len(states[0]) // 2
            pairs = [torch.cat([level[place], level[half + place]], 1) for level in states for place in range(half)]
            handed = [narrow(pair_BD) for narrow, pair_BD in zip(self.hand_over, pairs, strict=True)]
            states = tuple(tuple(handed[first : first + half]) for first in range(0, len(handed), half))
        if self.attention is None:
            return (states,)
        source_BSD = read.x_BTD if self.narrow is None else self.narrow(read.x_BTD)
        return states, source_BSD * source.mask_BT.unsqueeze(2), source.mask_BT

    def proceed(self, steps: Steps, memory: Memory) -> tuple[Steps, Memory]:
        """The outputs of further positions of the second sequence, and the memory then."""
        return self._write(steps, memory, remember=True)

    def _write(self, steps: Steps, memory: Memory, *, remember: bool) -> tuple[Steps, Memory]:
        states, *looked_at = cast("tuple[tuple[State, ...], torch.Tensor, torch.Tensor]", memory)
        steps, states = through(self.decoder, steps, states, even=self.out.even, remember=remember)
        if self.attention is not None:
            steps = Steps(self.attention(steps.x_BTD, *looked_at), steps.mask_BT)
        return steps, (states, *looked_at)
