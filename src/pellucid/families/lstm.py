"""Long short-term memory: cells that keep what they hold, behind gates."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Literal

from pellucid.families.recurrent import Recurrent

if TYPE_CHECKING:
    from pellucid.nn.recurrent_cells import Recurrent as Layer


class LSTM(Recurrent):
    """Cells with gates for what comes in, what stays and what goes out (Hochreiter and Schmidhuber 1997)."""

    kind: Literal["lstm"] = "lstm"
    reference: ClassVar = "doi:10.1162/neco.1997.9.8.1735"

    def layer(self) -> type[Layer]:
        """One layer of such units, in one direction."""
        from pellucid.nn.recurrent_cells import LSTMLayer

        return LSTMLayer
