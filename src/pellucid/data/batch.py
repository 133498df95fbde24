"""Batches and data sets: inputs, targets, weights and row numbers that travel together."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, NamedTuple, cast

from pellucid import forms
from pellucid.forms import Form, Paired, Steps, Tokens

if TYPE_CHECKING:
    import torch

    from pellucid.data.augment import Augment
    from pellucid.forms import Signal


class Rows(NamedTuple):
    """Rows of a table that has categories: numbers and codes. A table of numbers alone is a plain x_BD."""

    number_BD: torch.Tensor
    """float32: standardised numbers, then one 0/1 column for each input column that had missing cells."""
    code_BK: torch.Tensor
    """int64: 0 for unknown or rare, then 1.. in the order of the column's categories."""


class Scale(NamedTuple):
    """How target values were standardised: value = standard * scale_D + mean_D."""

    mean_D: torch.Tensor
    scale_D: torch.Tensor


@dataclass(slots=True)
class Batch:
    """Examples that are learnt from together."""

    input: Signal
    target: torch.Tensor | None
    """int64 target_B of class codes; float32 target_BC of labels or target_BD of (standardised) values; uint8
    target_BHW of a class code for each pixel, 255 where it is not judged; float32 target_BM5 of boxes (left, top,
    right, bottom in pixels, class code), where rows with the code -1 only fill up; int64 target_BT of a code for each
    position of a sequence, -1 where it is not judged; or float32 target_BHD of values to come, in the units of the
    data."""
    weight_B: torch.Tensor | None = None
    """Sample weight times class weight; None means 1 for every example. weight_BT where each position has its own."""
    row_B: torch.Tensor | None = None
    """Position of each example in its data set."""
    mixed: tuple[torch.Tensor, torch.Tensor] | None = None
    """Mixup: the second target and its share_B, or None."""
    pixels: tuple[torch.Tensor, torch.Tensor] | None = None
    """(mean_C, deviation_C) where the input is uint8 pixels of a set too large for memory."""
    relative: tuple[torch.Tensor, torch.Tensor] | None = None
    """(base_BHD, unit_BD) of forecasts: value = base + output * unit, in the units of the data."""
    fresh: bool = True
    """Whether the rows begin anew; False where each continues that row of the batch before (truncated backpropagation
    through time)."""

    def __len__(self) -> int:
        return forms.length(self.input)

    def weighed(self, weight_C: torch.Tensor) -> Batch:
        """With the weight of each row, or of each position that is judged, times that of its class."""
        assert self.target is not None
        own = weight_C[self.target.clamp_min(0)].float()
        if own.dim() == 1:
            return replace(self, weight_B=own if self.weight_B is None else self.weight_B * own)
        own = own.masked_fill(self.target < 0, 0.0)
        return replace(self, weight_B=own if self.weight_B is None else self.weight_B[:, None] * own)

    def sample(self) -> Batch:
        """The rows by which it is judged: all of them."""
        return self

    def take(self, index: torch.Tensor) -> Batch:
        """The examples at `index`."""
        return Batch(
            forms.each(self.input, lambda tensor: tensor.index_select(0, index)),
            None if self.target is None else self.target.index_select(0, index),
            None if self.weight_B is None else self.weight_B.index_select(0, index),
            None if self.row_B is None else self.row_B.index_select(0, index),
            pixels=self.pixels,
            relative=self.relative
            and (self.relative[0].index_select(0, index), self.relative[1].index_select(0, index)),
        )

    def part(self, start: int, stop: int) -> Batch:
        """The examples from `start` to `stop`, without copying."""
        return Batch(
            forms.each(self.input, lambda tensor: tensor[start:stop]),
            None if self.target is None else self.target[start:stop],
            None if self.weight_B is None else self.weight_B[start:stop],
            None if self.row_B is None else self.row_B[start:stop],
            pixels=self.pixels,
            relative=self._relative(lambda tensor: tensor[start:stop]),
        )

    def to(self, device: str) -> Batch:
        """The batch on another device."""
        move = lambda tensor: None if tensor is None else tensor.to(device)  # noqa: E731 - four uses, one line
        return Batch(
            forms.each(self.input, lambda tensor: tensor.to(device)),
            move(self.target),
            move(self.weight_B),
            move(self.row_B),
            pixels=self.pixels,
            relative=self._relative(lambda tensor: tensor.to(device)),
        )

    def ready(self) -> Batch:
        """The batch as networks take it: uint8 pixels standardised, sequences cut behind the longest of them."""
        pixels = self.pixels
        if pixels is None:
            return self._cut()

        def standard(pixel_BCHW: torch.Tensor) -> torch.Tensor:
            mean_1C11, deviation_1C11 = (value_C.to(pixel_BCHW.device)[None, :, None, None] for value_C in pixels)
            return (pixel_BCHW.float() - mean_1C11) / deviation_1C11

        return replace(self, input=forms.each(self.input, standard), pixels=None)

    def _relative(self, change: Callable[[torch.Tensor], torch.Tensor]) -> tuple[torch.Tensor, torch.Tensor] | None:
        return self.relative and (change(self.relative[0]), change(self.relative[1]))

    def _cut(self) -> Batch:
        """Itself, or without the positions at the end that no row of it has."""
        cut, longest = _cut(self.input)
        if longest is None:
            return self
        target, weight = self.target, self.weight_B
        if target is not None and target.dim() == 2 and not target.is_floating_point():
            target = target[:, :longest]
        if weight is not None and weight.dim() == 2:
            weight = weight[:, :longest]
        return replace(self, input=cut, target=target, weight_B=weight)


def _cut(signal: Signal) -> tuple[Signal, int | None]:
    """A signal without the positions that no row has, and how many there are; None where it is no sequence.

    Of a pair, that of the second, which the outputs go with.
    """
    if isinstance(signal, Paired):
        source, context = _cut(signal.source), _cut(signal.context)
        return Paired(cast("Tokens", source[0]), cast("Tokens", context[0])), context[1]
    if isinstance(signal, Tokens):
        longest = _longest(signal.code_BT != forms.PADDING)
        return Tokens(signal.code_BT[:, :longest]), longest
    if isinstance(signal, Steps):
        longest = _longest(signal.mask_BT)
        return Steps(signal.x_BTD[:, :longest], signal.mask_BT[:, :longest]), longest
    return signal, None


def _longest(mask_BT: torch.Tensor) -> int:
    """Positions of the longest row, at least 1."""
    return max(1, int(mask_BT.sum(1).max())) if len(mask_BT) else mask_BT.shape[1]


@dataclass(slots=True)
class Dataset:
    """The prepared data of a run, resident in memory: three parts and the Form of their input.

    Every part is one `Batch` whose `row_B` numbers the rows as they stood in the source.
    """

    train: Batch
    valid: Batch
    test: Batch
    form: Form
    """Form of the input before `intake`: vector for a table, grid for images, sequence for text, series and sound."""
    categories: tuple[int, ...] = ()
    """Codes of each categorical column, unknown included, or of the vocabulary of each sequence, padding included: what
    `intake` must embed. Empty: there is nothing to embed."""
    scale: Scale | None = None
    """Of the target values of regression."""
    augment: tuple[Augment, ...] = ()
    """What happens to a training batch each time it is drawn."""
    black_C: torch.Tensor | None = None
    """The prepared value of a black pixel in each channel: what a shifted image is filled with."""

    def part(self, name: str) -> Batch:
        """The part called train, valid or test; of rows that stay in a file, some of them all over it."""
        part = {"train": self.train, "valid": self.valid, "test": self.test}[name]
        return part.sample()
