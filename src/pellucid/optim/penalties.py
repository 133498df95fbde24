"""The penalties on large weights: absolute values (L1), squares (L2) and both (elastic net), by one code path.

The square is smooth, so its slope joins the gradient. The absolute value has a corner at 0, where a gradient step only
jumps to and fro; it acts after the step, by the proximal rule (soft threshold), which gives weights of exactly 0.

`reach` of `after_step` is how far a steady gradient of 1 moves a weight in one step, as the optimizer says: the rate
under plain gradient descent, rate / (1 - momentum) with momentum, one number for each weight under Adam. Then the
weights settle where loss plus price is least, whatever the optimizer; the bare rate would leave only (1 - momentum) of
the strength, and no zeros under Adam. The caller passes weights, under `no_grad`.
"""

# pyright: reportPrivateImportUsage=false
# (torch marks its operations over lists of tensors as private; it has had them since 1.9.)

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, ClassVar, Literal

from annotated_types import Ge

from pellucid.optim.regularize import Penalty

if TYPE_CHECKING:
    import torch

    Tensors = list[torch.Tensor]
    Reach = float | list[torch.Tensor]

Strength = Annotated[float, Ge(0)]


class L1(Penalty):
    """alpha sum |w|: drives weights that do not help to exactly 0."""

    kind: Literal["l1"] = "l1"
    reference: ClassVar = "Tibshirani 1996, doi:10.1111/j.2517-6161.1996.tb02080.x"
    alpha: Strength
    """Strength of the pull, the same for small and large weights."""

    def value(self, params: Tensors) -> torch.Tensor:
        """alpha sum |w|, 0-dim."""
        return price(params, self.alpha, 0.0)

    def before_step(self, params: Tensors, grads: Tensors) -> None:
        """Nothing: L1 has no smooth part."""

    def after_step(self, params: Tensors, reach: Reach) -> None:
        """Moves every weight towards 0 by reach times alpha, and those within it to 0."""
        shrink(params, scaled(reach, self.alpha))


class L2(Penalty):
    """alpha / 2 sum w^2: keeps all weights small, and similar columns alike."""

    kind: Literal["l2"] = "l2"
    reference: ClassVar = "Hoerl and Kennard 1970, doi:10.1080/00401706.1970.10488634"
    alpha: Strength
    """Strength of the pull, in proportion to the weight."""

    def value(self, params: Tensors) -> torch.Tensor:
        """alpha / 2 sum w^2, 0-dim."""
        return price(params, 0.0, self.alpha)

    def before_step(self, params: Tensors, grads: Tensors) -> None:
        """Adds alpha w to the gradients."""
        add_slope(params, grads, self.alpha)

    def after_step(self, params: Tensors, reach: Reach) -> None:
        """Nothing: L2 is smooth."""


class ElasticNet(Penalty):
    """l1 sum |w| + l2 / 2 sum w^2: sparse as L1, steady among similar columns as L2.

    The paper's penalty has l2 without the half.
    """

    kind: Literal["elastic_net"] = "elastic_net"
    reference: ClassVar = "Zou and Hastie 2005, doi:10.1111/j.1467-9868.2005.00503.x, equation 3"
    l1: Strength
    """Strength of the pull that is the same for small and large weights."""
    l2: Strength
    """Strength of the pull in proportion to the weight."""

    def value(self, params: Tensors) -> torch.Tensor:
        """l1 sum |w| + l2 / 2 sum w^2, 0-dim."""
        return price(params, self.l1, self.l2)

    def before_step(self, params: Tensors, grads: Tensors) -> None:
        """Adds l2 w to the gradients."""
        add_slope(params, grads, self.l2)

    def after_step(self, params: Tensors, reach: Reach) -> None:
        """Moves every weight towards 0 by reach times l1, and those within it to 0."""
        shrink(params, scaled(reach, self.l1))


def price(params: Tensors, l1: float, l2: float) -> torch.Tensor:
    """l1 sum |w| + l2 / 2 sum w^2 over all `params`, 0-dim."""
    import torch

    total = params[0].new_zeros(()) if params else torch.zeros(())
    if l1 and params:
        total = total + l1 * torch.stack(torch._foreach_norm(params, 1)).sum()
    if l2 and params:
        total = total + l2 / 2 * torch.stack(torch._foreach_norm(params, 2)).square().sum()
    return total


def add_slope(params: Tensors, grads: Tensors, l2: float) -> None:
    """g <- g + l2 w, in place."""
    import torch

    if l2 and params:
        torch._foreach_add_(grads, params, alpha=l2)


def scaled(reach: Reach, strength: float) -> Reach:
    """The threshold of each weight."""
    return [part * strength for part in reach] if isinstance(reach, list) else reach * strength


def shrink(params: Tensors, threshold: Reach) -> None:
    """w <- sign(w) max(|w| - threshold, 0), in place; as w - clamp(w, -threshold, threshold), so zeros are exact."""
    import torch

    if isinstance(threshold, list):
        for param, bound in zip(params, threshold, strict=True):
            param.sub_(torch.minimum(torch.maximum(param, -bound), bound))
    elif threshold and params:
        moves = torch._foreach_clamp_max(params, threshold)
        torch._foreach_clamp_min_(moves, -threshold)
        torch._foreach_sub_(params, moves)
