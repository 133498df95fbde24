"""Gated recurrent units: one state, a gate that resets it and one that updates it."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Literal

from pellucid.families.recurrent import Recurrent

if TYPE_CHECKING:
    from pellucid.nn.recurrent_cells import Recurrent as Layer


class GRU(Recurrent):
    """A state with one gate that resets and one that updates it: three quarters of the weights of an LSTM."""

    kind: Literal["gru"] = "gru"
    reference: ClassVar = "Cho et al. 2014, arXiv:1406.1078"

    def layer(self) -> type[Layer]:
        """One layer of such units, in one direction."""
        from pellucid.nn.recurrent_cells import GRULayer

        return GRULayer
