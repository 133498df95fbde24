"""Batches and data sets: inputs, targets, weights and row numbers that travel together."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, NamedTuple

from pellucid import forms
from pellucid.forms import Form

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
    target_BHW of a class code for each pixel, 255 where it is not judged; or float32 target_BM5 of boxes (left, top,
    right, bottom in pixels, class code), where rows with the code -1 only fill up."""
    weight_B: torch.Tensor | None = None
    """Sample weight times class weight; None means 1 for every example."""
    row_B: torch.Tensor | None = None
    """Position of each example in its data set."""
    mixed: tuple[torch.Tensor, torch.Tensor] | None = None
    """Mixup: the second target and its share_B, or None."""
    pixels: tuple[torch.Tensor, torch.Tensor] | None = None
    """(mean_C, deviation_C) where the input is uint8 pixels of a set too large for memory."""

    def __len__(self) -> int:
        return forms.length(self.input)

    def take(self, index: torch.Tensor) -> Batch:
        """The examples at `index`."""
        return Batch(
            forms.each(self.input, lambda tensor: tensor.index_select(0, index)),
            None if self.target is None else self.target.index_select(0, index),
            None if self.weight_B is None else self.weight_B.index_select(0, index),
            None if self.row_B is None else self.row_B.index_select(0, index),
            pixels=self.pixels,
        )

    def part(self, start: int, stop: int) -> Batch:
        """The examples from `start` to `stop`, without copying."""
        return Batch(
            forms.each(self.input, lambda tensor: tensor[start:stop]),
            None if self.target is None else self.target[start:stop],
            None if self.weight_B is None else self.weight_B[start:stop],
            None if self.row_B is None else self.row_B[start:stop],
            pixels=self.pixels,
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
        )

    def ready(self) -> Batch:
        """The batch as networks take it: itself, or with its uint8 pixels standardised."""
        pixels = self.pixels
        if pixels is None:
            return self

        def standard(pixel_BCHW: torch.Tensor) -> torch.Tensor:
            mean_1C11, deviation_1C11 = (value_C.to(pixel_BCHW.device)[None, :, None, None] for value_C in pixels)
            return (pixel_BCHW.float() - mean_1C11) / deviation_1C11

        return replace(self, input=forms.each(self.input, standard), pixels=None)


@dataclass(slots=True)
class Dataset:
    """The prepared data of a run, resident in memory: three parts and the Form of their input.

    Every part is one `Batch` whose `row_B` numbers the rows as they stood in the source.
    """

    train: Batch
    valid: Batch
    test: Batch
    form: Form
    """Form of the input before `intake`: vector for a table, grid for images."""
    categories: tuple[int, ...] = ()
    """Codes of each categorical column, unknown included: what `intake` must embed. Empty: the input is one tensor."""
    scale: Scale | None = None
    """Of the target values of regression."""
    augment: tuple[Augment, ...] = ()
    """What happens to a training batch each time it is drawn."""
    black_C: torch.Tensor | None = None
    """The prepared value of a black pixel in each channel: what a shifted image is filled with."""

    def part(self, name: str) -> Batch:
        """The part called train, valid or test."""
        return {"train": self.train, "valid": self.valid, "test": self.test}[name]
