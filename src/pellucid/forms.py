"""What flows between the pieces of a network: the five Forms, and the Signals that carry them.

Shape legend, used as suffixes of tensor names throughout the code:

    B  examples in a batch        C  channels, or classes of an output      H, W  height and width
    N  rows of a whole data set   D  features of a vector                   T     positions of a sequence
    K  categorical columns        I, O  inputs and outputs of a layer       E     edges of a graph

A Signal is a tensor, or a tuple of tensors where one is not enough:

    vector    x_BD                           grid      x_BCHW
    sequence  Steps(x_BTD, mask_BT)          pyramid   (x_BCHW, x_BCHW, ...), finest first
    nodes     (x_ND, edge_2E, graph_N)

Before the intake a sequence of words is `Tokens(code_BT)`. A sequence that is continued by another one (a sentence and
its translation, a past and the known columns of its future) is `Paired(source, context)`.

A clip of F frames is a grid whose channels are those of its frames, first frame first: any family for images reads it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, NamedTuple, TypeAlias, cast

if TYPE_CHECKING:
    import torch

Signal: TypeAlias = "torch.Tensor | tuple[Signal, ...]"
"""A tensor, or a tuple of them."""

UNJUDGED = 255
"""The code of a mask's pixels that count neither for the loss nor for any score."""
UNJUDGED_STEP = -1
"""The code of target positions of a sequence that count for neither."""
PADDING = 0
"""The code of what only fills up a row of tokens, always behind its last one."""
FormKind = Literal["vector", "sequence", "grid", "pyramid", "nodes"]


@dataclass(frozen=True, slots=True)
class Form:
    """The kind of a Signal, its width (features or channels) and its extent."""

    kind: FormKind
    width: int
    extent: tuple[int, ...] = ()
    """(T,) of a sequence, (H, W) of a grid, empty for a vector; of the coarsest level for a pyramid."""
    levels: tuple[Form, ...] = ()
    """The grids of a pyramid, finest first."""
    frames: int = 1
    """Pictures of a clip, whose channels follow one another in `width`."""
    even: bool = False
    """Whether every sequence has the whole extent, so that nothing is ever padded."""
    causal: bool = False
    """Whether what is given at a position may depend on that position and those before it alone."""
    context: Form | None = None
    """Of the sequence that continues this one: a trunk gives one output for each of its positions."""

    @property
    def size(self) -> int:
        """Numbers in one example."""
        if self.levels:
            return sum(level.size for level in self.levels)
        size = self.width
        for length in self.extent:
            size *= length
        return size

    def __str__(self) -> str:
        if self.levels:
            return "pyramid of " + ", ".join(str(level) for level in self.levels)
        clip = f" of {self.frames} frames" if self.frames > 1 else ""
        then = f", then {self.context}" if self.context else ""
        return f"{self.kind} {'x'.join(str(length) for length in (self.width, *self.extent))}{clip}{then}"

    def as_json(self) -> dict[str, Any]:
        """Plain values, for `model.json`; no pyramid is ever the input of a network."""
        context = self.context.as_json() if self.context else None
        own = {"kind": self.kind, "width": self.width, "extent": list(self.extent), "frames": self.frames}
        return {**own, "even": self.even, "causal": self.causal, "context": context}


def from_json(value: dict[str, Any]) -> Form:
    """The Form that `as_json` gave."""
    context = value.get("context")
    return Form(
        value["kind"],
        value["width"],
        tuple(value["extent"]),
        frames=value.get("frames", 1),
        even=value.get("even", False),
        causal=value.get("causal", False),
        context=from_json(context) if context else None,
    )


class Steps(NamedTuple):
    """A sequence: what stands at each position, and which positions there are."""

    x_BTD: torch.Tensor
    mask_BT: torch.Tensor
    """bool: False for the positions behind the last one, which only fill up."""


class Tokens(NamedTuple):
    """A sequence of codes that the intake embeds."""

    code_BT: torch.Tensor
    """int64: `PADDING` behind the last token, else 1 and more."""


class Paired(NamedTuple):
    """A sequence and the one that continues it."""

    source: Steps | Tokens
    context: Steps | Tokens


class Branched(NamedTuple):
    """What a trunk with auxiliary branches gives in training, and what becomes of it on its way through the network."""

    main: Any
    """A Signal after the trunk and the bridge, raw outputs after the head."""
    sides: tuple[torch.Tensor, ...]
    """One tensor for each branch: x_BD after the trunk, raw outputs after the head."""


def sequence(width: int, length: int, *, even: bool = False, causal: bool = False, context: Form | None = None) -> Form:
    """The Form of Steps(x_BTD, mask_BT) with D = width and at most T = length positions."""
    return Form("sequence", width, (length,), even=even, causal=causal, context=context)


def vector(width: int) -> Form:
    """The Form of x_BD."""
    return Form("vector", width)


def grid(width: int, height: int, breadth: int, frames: int = 1) -> Form:
    """The Form of x_BCHW with C = width (of all frames together), H = height, W = breadth."""
    return Form("grid", width, (height, breadth), frames=frames)


def pyramid(levels: tuple[Form, ...]) -> Form:
    """The Form of a tuple of grids, finest first."""
    return Form("pyramid", levels[-1].width, levels[-1].extent, levels)


def each(signal: Signal, change: Callable[[torch.Tensor], torch.Tensor]) -> Signal:
    """`signal` with `change` applied to every tensor in it; named tuples stay named tuples."""
    if not isinstance(signal, tuple):
        return change(signal)
    parts = [each(part, change) for part in signal]
    named = cast("Callable[..., Signal]", type(signal)) if type(signal) is not tuple else None
    return named(*parts) if named else tuple(parts)


def tensors(signal: Signal) -> list[torch.Tensor]:
    """The tensors of a Signal, in order."""
    if not isinstance(signal, tuple):
        return [signal]
    return [tensor for part in signal for tensor in tensors(part)]


def length(signal: Signal) -> int:
    """Examples in a Signal: the first extent of its first tensor."""
    return tensors(signal)[0].shape[0]
