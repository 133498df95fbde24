"""Convolutions over time, dilated further in every level."""

from __future__ import annotations

from typing import cast

import torch
from torch import nn
from torch.nn import functional as F

from pellucid.forms import Form, Paired, Steps
from pellucid.nn.noise import Dropout
from pellucid.nn.sequence import Memory, SequenceTrunk


class TimeConv(nn.Module):
    """y_t = W [x_t-(k-1)d, ..., x_t-d, x_t] + b: a convolution of k taps, d positions from one to the next.

    What each output sees stands side by side, so that it is one product of matrices.
    """

    def __init__(self, inputs: int, outputs: int, *, kernel: int, dilation: int) -> None:
        super().__init__()
        self.linear = nn.Linear(kernel * inputs, outputs)
        self.kernel = kernel
        self.dilation = dilation
        self.reach = (kernel - 1) * dilation
        """Positions that one output sees beside its own."""

    def forward(self, x_BTD: torch.Tensor) -> torch.Tensor:
        """x_BTI -> x_BTD with `reach` positions fewer."""
        count = x_BTD.shape[1] - self.reach
        taps = [x_BTD[:, first : first + count] for first in range(0, self.reach + 1, self.dilation)]
        return self.linear(torch.cat(taps, 2))

    def extra_repr(self) -> str:
        return f"kernel={self.kernel}, dilation={self.dilation}"


class TimeBlock(nn.Module):
    """activation(x + two of (convolution -> norm -> activation -> dropout)) (Bai et al. 2018, arXiv:1803.01271).

    Where the width changes, x is brought to the new one by a linear map. Padded positions count as 0. The last of
    `activations` is that of the sum.
    """

    def __init__(
        self, convs: list[TimeConv], norms: list[nn.Module], activations: list[nn.Module], *, dropout: float
    ) -> None:
        super().__init__()
        self.convs = nn.ModuleList(convs)
        self.norms = nn.ModuleList(norms)
        self.activations = nn.ModuleList(activations[:-1])
        self.activation = activations[-1]
        self.dropout = Dropout(dropout)
        inputs, width = convs[0].linear.in_features // convs[0].kernel, convs[0].linear.out_features
        self.skip = nn.Linear(inputs, width) if inputs != width else None
        self.widths = (inputs, width)
        self.reach = convs[0].reach

    def begin(self, rows: int) -> tuple[torch.Tensor, ...]:
        """What stands before the first position: zeros, as far back as each convolution sees."""
        weight = cast("TimeConv", self.convs[0]).linear.weight
        return tuple(weight.new_zeros(rows, self.reach, width) for width in self.widths)

    def forward(
        self, x_BTD: torch.Tensor, past: tuple[torch.Tensor, ...] | None, mask_BT: torch.Tensor | None
    ) -> tuple[torch.Tensor, tuple[torch.Tensor, ...]]:
        """x_BTI -> (x_BTD, what stands before the positions to come).

        Without `past` each position sees as many behind it as before it.
        """
        y_BTD, kept = x_BTD, list[torch.Tensor]()
        stages = zip(self.convs, self.norms, self.activations, strict=True)
        for number, (conv, norm, activation) in enumerate(stages):
            if mask_BT is not None:
                y_BTD = y_BTD * mask_BT.unsqueeze(2)
            if past is None:
                wide_BTD = F.pad(y_BTD, (0, 0, self.reach // 2, self.reach - self.reach // 2))
            else:
                wide_BTD = torch.cat([past[number].to(y_BTD.dtype), y_BTD], 1)
                kept.append(_last(wide_BTD, self.reach, mask_BT))
            y_BTD = self.dropout(activation(norm(conv(wide_BTD))))
        x_BTD = x_BTD if self.skip is None else self.skip(x_BTD)
        return self.activation(x_BTD + y_BTD), tuple(kept)


def _last(wide_BTD: torch.Tensor, reach: int, mask_BT: torch.Tensor | None) -> torch.Tensor:
    """The last `reach` positions there are, of what lies behind so many older ones."""
    if mask_BT is None:
        return wide_BTD[:, wide_BTD.shape[1] - reach :]
    row_B1 = torch.arange(len(wide_BTD), device=wide_BTD.device)[:, None]
    return wide_BTD[row_B1, mask_BT.sum(1)[:, None] + torch.arange(reach, device=wide_BTD.device)]


class TemporalTrunk(SequenceTrunk):
    """Blocks of convolutions over one another, each dilated more than the one before."""

    def __init__(self, blocks: list[TimeBlock], out: Form) -> None:
        super().__init__(list(blocks), out)

    def forward(self, signal: Steps | Paired) -> Steps:
        """Steps(x_BTI, mask_BT) -> Steps(x_BTD, mask_BT)."""
        assert isinstance(signal, Steps)
        if self.out.causal:
            return self.proceed(signal, self.begin(None, len(signal.x_BTD)))[0]
        x_BTD, mask_BT = signal.x_BTD, None if self.out.even else signal.mask_BT
        for block in self.blocks:
            x_BTD, _ = block(x_BTD, None, mask_BT)
        return Steps(x_BTD, signal.mask_BT)

    def begin(self, source: Steps | None, rows: int) -> Memory:
        """For each block what its convolutions saw last: zeros."""
        return tuple(cast("TimeBlock", block).begin(rows) for block in self.blocks)

    def proceed(self, steps: Steps, memory: Memory) -> tuple[Steps, Memory]:
        """The outputs of further positions, and the last inputs of every convolution."""
        if not self.out.causal:
            raise RuntimeError("a convolution that is not causal needs the whole sequence")
        x_BTD, mask_BT = steps.x_BTD, None if self.out.even else steps.mask_BT
        after: list[Memory] = []
        for block, past in zip(self.blocks, cast("tuple[Memory, ...]", memory), strict=True):
            x_BTD, kept = block(x_BTD, past, mask_BT)
            after.append(kept)
        return Steps(x_BTD, steps.mask_BT), tuple(after)
