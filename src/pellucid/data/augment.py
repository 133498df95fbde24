"""The abstract Augment: what happens to a training batch each time it is drawn."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Sequence
from typing import TYPE_CHECKING, ClassVar

from pellucid.errors import Place, RecipeError
from pellucid.forms import Form
from pellucid.parts import Part

if TYPE_CHECKING:
    import torch

    from pellucid.data.batch import Batch
    from pellucid.seeds import Draw


class Augment(Part):
    """A random change of a whole batch that keeps what it shows."""

    catalogue: ClassVar = "pellucid.data.catalogue_augment"
    forms: ClassVar[frozenset[str]] = frozenset()
    """The kinds of Form it can change: grid, vector."""
    never: ClassVar[frozenset[str]] = frozenset()
    """The answers of a Task it does not go with."""
    channels: ClassVar[int | None] = None
    """The channels that a picture must have; None means any."""

    @abstractmethod
    def apply(self, batch: Batch, draw: Draw, black_C: torch.Tensor | None) -> Batch:
        """A new batch; `black_C` is the prepared value of a black pixel, for filling."""


def check(augment: Sequence[Augment], form: Form, answers: str) -> None:
    """Raises: RecipeError where one of `augment` does not go with input of `form`, or with a Task that `answers` so."""
    channels = form.width // form.frames
    for part in augment:
        kind = part.dump()["kind"]
        if form.kind not in part.forms:
            why = f"{kind} changes a {' or a '.join(sorted(part.forms))}, and this data is a {form.kind}"
        elif answers in part.never:
            why = f"{kind} does not go with {answers}"
        elif part.channels not in (None, channels):
            why = f"{kind} needs pictures of {part.channels} channels, and these have {channels}"
        else:
            continue
        raise RecipeError("RECIPE-FIT", why, place=Place(path="data.augment"), hint=f"take {kind} out")
