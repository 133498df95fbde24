"""The constraints: bounds that the weights are put back into after every step."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, ClassVar, Literal

from annotated_types import Gt

from pellucid.optim.regularize import Constraint

if TYPE_CHECKING:
    import torch


class MaxNorm(Constraint):
    """No unit's incoming weights are longer than `limit`: w_i <- w_i min(1, limit / |w_i|).

    A row is what feeds one unit or filter: one index of dimension 0, the others flattened.
    """

    kind: Literal["max_norm"] = "max_norm"
    reference: ClassVar = "Srebro and Shraibman 2005; Srivastava et al. 2014, jmlr.org/papers/v15, section 5.1"
    limit: Annotated[float, Gt(0)] = 3.0
    """Longest row, as its Euclidean norm."""

    def apply(self, params: list[torch.Tensor]) -> None:
        """Shortens rows over the limit, in place, under `no_grad`; parameters of one dimension have no rows."""
        for param in params:
            if param.dim() >= 2:
                param.renorm_(2, 0, self.limit)
