"""Where a position is in its sequence: as waves that are added, or as an angle by which queries and keys are turned.

Shape legend beside that of `forms`: H heads, G of them with keys and values, K numbers of a head, P = K / 2 pairs.
"""

from __future__ import annotations

from typing import Any, cast

import torch

SLOWEST = 10_000.0
"""A full turn of the slowest wave takes 2 pi times as many positions (section 3.5 of the paper)."""


def angles(position: torch.Tensor, pairs: int, dtype: torch.dtype) -> torch.Tensor:
    """position_... -> radian_...P: position / SLOWEST ** (p / P)."""
    speed_P = SLOWEST ** (torch.arange(pairs, dtype=dtype, device=position.device) / -pairs)
    return position.unsqueeze(-1) * speed_P


def sinusoids(position: torch.Tensor, width: int, dtype: torch.dtype = torch.float32) -> torch.Tensor:
    """position_... -> wave_...D: sine and cosine of each angle in turn (Vaswani et al. 2017, arXiv:1706.03762)."""
    radian = angles(position, (width + 1) // 2, dtype)
    return torch.stack([radian.sin(), radian.cos()], -1).flatten(-2)[..., :width]


def turns(position: torch.Tensor, width: int, dtype: torch.dtype = torch.float32) -> torch.Tensor:
    """position_...T -> turn_...T1P: the complex numbers of length 1 that `split` multiplies pairs of a head with."""
    radian = angles(position, width // 2, dtype).unsqueeze(-2)
    return torch.polar(torch.ones_like(radian), radian)


def split(
    x_BTHK: torch.Tensor, heads: int, groups: int, turn: torch.Tensor | None
) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """Queries, keys and values out of one tensor of heads + 2 groups heads.

    With `turn`, queries and keys are rotated by the angle of their position, so that their product depends on how far
    apart they are alone (Su et al. 2021, arXiv:2104.09864).
    """
    if turn is None:
        q_BTHK, k_BTGK, v_BTGK = x_BTHK.split([heads, groups, groups], 2)
        return q_BTHK, k_BTGK, v_BTGK
    return cast("tuple[torch.Tensor, torch.Tensor, torch.Tensor]", Turned.apply(x_BTHK, turn, heads, groups))


def turn_in_place(x_BTHK: torch.Tensor, heads: int, turn: torch.Tensor) -> torch.Tensor:
    """x_BTHK, in the precision of `turn`, with the first `heads` rotated; without a gradient, but faster."""
    x_BTHK = x_BTHK.to(turn.dtype.to_real())
    _pairs(x_BTHK[:, :, :heads], turn).mul_(turn)
    return x_BTHK


class Turned(torch.autograd.Function):
    """`split` with rotation; by hand, as its gradient is then one pass that writes where it belongs."""

    @staticmethod
    def forward(
        ctx: Any, x_BTHK: torch.Tensor, turn: torch.Tensor, heads: int, groups: int
    ) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
        """x_BTHK -> q_BTHK, k_BTGK, v_BTGK."""
        ctx.save_for_backward(turn)
        ctx.heads, ctx.groups = heads, groups
        turned = torch.view_as_real(_pairs(x_BTHK[:, :, : heads + groups], turn) * turn)
        turned_BTHK = turned.flatten(-2).to(x_BTHK.dtype)
        return turned_BTHK[:, :, :heads], turned_BTHK[:, :, heads:], x_BTHK[:, :, heads + groups :]

    @staticmethod
    def backward(ctx: Any, *grads: torch.Tensor) -> tuple[torch.Tensor | None, ...]:  # pyright: ignore[reportIncompatibleMethodOverride]
        """Rotates back."""
        (turn,) = ctx.saved_tensors
        q_BTHK, k_BTGK, v_BTGK = grads
        heads, both = ctx.heads, ctx.heads + ctx.groups
        shape = (*q_BTHK.shape[:2], both + ctx.groups, q_BTHK.shape[3])
        x_BTHK = torch.empty(shape, dtype=turn.dtype.to_real(), device=turn.device)
        for grad, place in ((q_BTHK, slice(heads)), (k_BTGK, slice(heads, both))):
            torch.mul(_pairs(grad.contiguous(), turn), turn.conj(), out=_pairs(x_BTHK[:, :, place], turn))
        x_BTHK[:, :, both:] = v_BTGK
        return x_BTHK.to(v_BTGK.dtype), None, None, None


def _pairs(x_BTHK: torch.Tensor, turn: torch.Tensor) -> torch.Tensor:
    """Neighbouring numbers as one complex number, in the precision of `turn`: x_BTHK -> z_BTHP."""
    return torch.view_as_complex(x_BTHK.to(turn.dtype.to_real()).unflatten(-1, (x_BTHK.shape[-1] // 2, 2)))
