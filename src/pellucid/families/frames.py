"""Video: an image network that sees every frame of a clip."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Literal

from pellucid.errors import Place, RecipeError
from pellucid.families.cnn import CNN
from pellucid.families.family import Family
from pellucid.forms import Form, grid

if TYPE_CHECKING:
    from torch import nn

    from pellucid.nn.init_parts import Initializer
    from pellucid.nn.trunk import Trunk


class Frames(Family):
    """One image network for every frame of a clip, its maps taken together over the frames (arXiv:1406.2199).

    The mean over frames forgets their order: what tells a motion from its reverse is the `difference`.
    """

    kind: Literal["frames"] = "frames"
    accepts: ClassVar = frozenset({"grid"})
    gives: ClassVar = frozenset({"grid", "pyramid", "vector"})

    image: Family = CNN()
    """The network that sees one frame."""
    over: Literal["mean", "max"] = "mean"
    """What becomes of the maps of the frames."""
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
            raise _inside(fault) from None
        return ClipTrunk(image, form.frames, over=self.over, difference=self.difference)

    def foreign(self) -> bool:
        """As the image network."""
        return self.image.foreign()

    def start(self) -> tuple[Initializer, float] | None:
        """That of the image network."""
        return self.image.start()

    def neck(self) -> tuple[int, ...]:
        """That of the image network."""
        return self.image.neck()

    def dense(self, width: int, wider: int) -> nn.Module:
        """That of the image network."""
        return self.image.dense(width, wider)


def _inside(fault: RecipeError) -> RecipeError:
    """A fault of the image network with its place in this family."""
    path, hint = (text and text.replace("model", "model.image", 1) for text in (fault.place.path, fault.hint))
    return RecipeError(fault.code, fault.message, place=Place(path=path), hint=hint)
