"""What every family of recurrent layers has in common: the fields, and how layers are put over one another."""

from __future__ import annotations

from abc import abstractmethod
from dataclasses import replace
from typing import TYPE_CHECKING, Annotated, ClassVar, Literal

from annotated_types import Ge, Lt

from pellucid.errors import Place, RecipeError
from pellucid.families.family import Family
from pellucid.findings import Finding
from pellucid.forms import Form
from pellucid.nn.init_parts import Initializer, Xavier

if TYPE_CHECKING:
    from pellucid.nn.recurrent import EncoderDecoder, Level, RecurrentTrunk
    from pellucid.nn.recurrent_cells import Recurrent as Layer


class Recurrent(Family):
    """A family that goes through a sequence position by position; concrete ones name their cell."""

    accepts: ClassVar = frozenset({"sequence"})
    gives: ClassVar = frozenset({"sequence"})
    continues: ClassVar = True

    width: Annotated[int, Ge(1)] = 128
    """Units of each layer, in each direction."""
    depth: Annotated[int, Ge(1)] = 1
    """Layers over one another."""
    bidirectional: bool = False
    """Whether each layer also reads from the last position to the first."""
    dropout: Annotated[float, Ge(0), Lt(1)] = 0.0
    """Share of the outputs of each layer set to 0 in each training step."""
    recurrent_dropout: Annotated[float, Ge(0), Lt(1)] = 0.0
    """Share of the state hidden from the gates, the same all through a sequence (Gal and Ghahramani 2015)."""
    norm: Literal["none", "layer"] = "none"
    """Normalisation inside the cell."""
    stateful: bool = False
    """Whether each row of a batch goes on where that row of the batch before ended."""
    pool: Literal["last", "mean", "max", "attention"] | None = None
    """How a sequence becomes a vector; none given: the state at the end of each direction."""
    attention: bool = True
    """Whether what is written looks back at every position of what was read."""
    init: Initializer | None = None
    """Initial weights of inputs; none given: Xavier. Those from state to state start as rotations."""

    @abstractmethod
    def layer(self) -> type[Layer]:
        """The layer of one direction."""

    def build(self, form: Form) -> RecurrentTrunk | EncoderDecoder:
        """Steps(x_BTI, mask_BT) -> Steps(x_BTD, mask_BT); of a pair, over the positions of the second.

        Raises: RecipeError where both directions are asked and no output may know what follows, or a state is to be
        carried from batch to batch that does not go on there.
        """
        from pellucid.nn.recurrent import EncoderDecoder, RecurrentTrunk

        self._refuse(form)
        context = form.context
        if context is None:
            out = replace(form, width=self.width * (2 if self.bidirectional else 1))
            return RecurrentTrunk(self._levels(form.width, self.bidirectional), out, stateful=self.stateful)
        encoder = self._levels(form.width, self.bidirectional)
        decoder = self._levels(context.width, False)
        out = replace(context, width=self.width)
        return EncoderDecoder(encoder, decoder, out, source_even=form.even, attention=self.attention)

    def start(self) -> tuple[Initializer, float]:
        """The initialiser of what comes in."""
        return self.init or Xavier(), 1.0

    def embedding(self) -> int:
        """As wide as a layer."""
        return self.width

    def pools(self) -> str:
        """The last state of each direction, unless `pool` says something else."""
        return self.pool or ("ends" if self.bidirectional else "last")

    def remarks(self) -> tuple[Finding, ...]:
        """That a cell for which torch has no kernel runs position by position, and what that costs.

        Measured at 128 units and 64 and 128 positions by `benchmarks/recurrent.py --costs`.
        """
        slower = {"norm": "1.6 to 2.8", "recurrent_dropout": "1.1 to 1.9"}
        asked = {"norm": self.norm == "layer", "recurrent_dropout": self.recurrent_dropout > 0}
        message = "the cell runs position by position, outside of torch's kernels: a step takes {} times as long."
        return tuple(
            Finding("step-by-step", "info", message.format(times), f"model.{field}")
            for field, times in slower.items()
            if asked[field]
        )

    def _levels(self, inputs: int, both: bool) -> list[Level]:
        from pellucid.nn.recurrent import Level

        cell, levels, norm = self.layer(), list[Level](), self.norm == "layer"
        for _ in range(self.depth):
            forth = cell(inputs, self.width, dropout=self.recurrent_dropout, norm=norm)
            back = cell(inputs, self.width, backward=True, dropout=self.recurrent_dropout, norm=norm) if both else None
            levels.append(Level(forth, back, self.dropout))
            inputs = self.width * (2 if both else 1)
        return levels

    def _refuse(self, form: Form) -> None:
        place, hint = "model.bidirectional", "model.bidirectional: false"
        if self.bidirectional and form.causal:
            message = "what follows each position is asked, and the second direction has read it already"
            raise RecipeError("RECIPE-FIT", message, place=Place(path=place), hint=hint)
        if self.bidirectional and self.stateful:
            message = "a second direction begins at the end of each batch, so no state can be carried on to the next"
            raise RecipeError("RECIPE-FIT", message, place=Place(path=place), hint=hint)
        if self.stateful and form.context is not None:
            message = "what is written begins at what was read, so no state is carried on from the batch before"
            raise RecipeError("RECIPE-FIT", message, place=Place(path="model.stateful"), hint="model.stateful: false")
