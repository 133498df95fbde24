"""Plain recurrent layers: each unit sees the inputs and the outputs of its layer one position before."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Literal

from pellucid.families.recurrent import Recurrent

if TYPE_CHECKING:
    from pellucid.nn.recurrent_cells import Recurrent as Layer


class RNN(Recurrent):
    """Units of tanh that see their own outputs of the position before (Elman 1990, Cognitive Science 14)."""

    kind: Literal["rnn"] = "rnn"
    reference: ClassVar = "doi:10.1207/s15516709cog1402_1"

    def layer(self) -> type[Layer]:
        """One layer of such units, in one direction."""
        from pellucid.nn.recurrent_cells import ElmanLayer

        return ElmanLayer
