"""Video: an image network that sees every frame of a clip."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Literal

from pellucid.errors import Place, RecipeError
from pellucid.families.cnn import CNN
from pellucid.families.family import Family
from pellucid.forms import Form, grid, sequence

if TYPE_CHECKING:
    from torch import nn

    from pellucid.nn.init_parts import Initializer
    from pellucid.nn.trunk import Trunk


class Frames(Family):
    """One image network for every frame of a clip, its maps taken together over the frames (arXiv:1406.2199).

    The mean over frames forgets their order: what tells a motion from its reverse is the `difference`, or a family for
    sequences, which reads the mean of every map frame after frame (arXiv:1411.4389).
    """

    kind: Literal["frames"] = "frames"
    accepts: ClassVar = frozenset({"grid"})
    gives: ClassVar = frozenset({"grid", "pyramid", "sequence", "vector"})

    image: Family = CNN()
    """The network that sees one frame."""
    over: Literal["mean", "max"] | Family = "mean"
    """What becomes of the maps of the frames: their mean, the largest, or what a family for sequences reads in them."""
    difference: bool = False
    """Whether the change since the frame before joins each frame as further channels; that of the first is 0."""

    def build(self, form: Form) -> Trunk:
        """x_BCHW with the channels of all frames -> what `image` gives, over all frames.

        Raises: RecipeError for a still image, and for an image family that does not take the frames.
        """
        from pellucid.nn.clips import ClipTrunk

        kind = str(self.image.dump()["kind"])
        if form.frames == 1:
            message = f"frames takes clips, and this data is {form}, one frame"
            raise RecipeError("RECIPE-FIT", message, place=Place(path="model.kind"), hint=f"use model: {kind}")
        if "grid" not in self.image.takes():
            message = f"{kind} takes {' or '.join(sorted(self.image.takes()))}, and a frame is a grid"
            raise RecipeError("RECIPE-FIT", message, place=Place(path="model.image.kind"), hint="model.image: cnn")
        channels = form.width // form.frames * (2 if self.difference else 1)
        try:
            image = self.image.build(grid(channels, *form.extent))
        except RecipeError as fault:
            raise _inside(fault, "model.image") from None
        over = self._over(image.out, form.frames) if isinstance(self.over, Family) else self.over
        return ClipTrunk(image, form.frames, over=over, difference=self.difference)

    def _over(self, form: Form, frames: int) -> Trunk:
        """The trunk that reads what the image network gives for each frame."""
        assert isinstance(self.over, Family)
        if "sequence" not in self.over.takes():
            message = (
                f"{self.over.dump()['kind']} takes {' or '.join(sorted(self.over.takes()))}, no sequence of frames"
            )
            hint = "model.over: lstm, mean or max"
            raise RecipeError("RECIPE-FIT", message, place=Place(path="model.over.kind"), hint=hint)
        try:
            return self.over.build(sequence(form.width, frames, even=True))
        except RecipeError as fault:
            raise _inside(fault, "model.over") from None

    def foreign(self) -> bool:
        """Whether one of its networks does."""
        return self.image.foreign() or (isinstance(self.over, Family) and self.over.foreign())

    def pools(self) -> str:
        """That of the family for sequences."""
        return self.over.pools() if isinstance(self.over, Family) else super().pools()

    def start(self) -> tuple[Initializer, float] | None:
        """That of the image network."""
        return self.image.start()

    def neck(self) -> tuple[int, ...]:
        """That of the image network; none where a family for sequences stands behind it."""
        return () if isinstance(self.over, Family) else self.image.neck()

    def dense(self, width: int, wider: int) -> nn.Module:
        """That of the image network."""
        return self.image.dense(width, wider)


def _inside(fault: RecipeError, place: str) -> RecipeError:
    """A fault of a family held by this one, with its place in it."""
    path, hint = (text and text.replace("model", place, 1) for text in (fault.place.path, fault.hint))
    return RecipeError(fault.code, fault.message, place=Place(path=path), hint=hint)
