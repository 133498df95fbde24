"""Receptive fields: how much of the image each number of a layer has seen.

They are followed along the tensors of one pass. A convolution or pooling of kernel k over a signal whose neighbours
lie `jump` pixels apart sees (k - 1) jump pixels more; where signals meet, the larger field counts; whatever mixes all
places (a fully connected layer, a mean over the map) sees the whole image.
"""

from __future__ import annotations

from typing import NamedTuple

from torch import nn

from pellucid.forms import Signal, tensors


class Field(NamedTuple):
    """What one number of a signal has seen, in pixels of the image (Araujo et al. 2019, doi:10.23915/distill.00021)."""

    size: tuple[float, float]
    """Height and width of the window; it may be larger than the image, which is then padded."""
    jump: tuple[float, float]
    """Pixels between the windows of neighbours."""


START = Field((1.0, 1.0), (1.0, 1.0))
POOLS = (nn.MaxPool2d, nn.AvgPool2d)


class Fields:
    """Follows receptive fields through a pass; `entered` and `left` are called around every module, leaf or not."""

    def __init__(self, signal: Signal) -> None:
        self.known: dict[int, Field] = {id(part): START for part in tensors(signal)}
        self.alive: list[Signal] = [signal]
        """So that no `id` is used twice."""
        self.inside: list[list[Field]] = []
        """For each module that is running, the fields that were made in it."""

    def entered(self, module: nn.Module, inputs: tuple[Signal, ...]) -> None:
        """Before a module runs."""
        known = [self.known[id(part)] for part in tensors(inputs) if id(part) in self.known]
        # a sum or a join of signals is no module: what was made around it before says what met there
        self.inside.append(known or ([_meet(self.inside[-1])] if self.inside and self.inside[-1] else []))

    def left(self, module: nn.Module, output: Signal) -> Field | None:
        """After it ran: the field of its (last) output; None where that has no places any more."""
        seen = self.inside.pop()
        self.alive.append(output)
        found: Field | None = None
        for part in tensors(output):
            if part.dim() == 4 and seen:
                found = self.known.get(id(part)) or _after(module, _meet(seen))
                self.known[id(part)] = found
                if self.inside:
                    self.inside[-1].append(found)
            else:
                found = None
        return found


def _meet(fields: list[Field]) -> Field:
    """Where signals meet: the larger field, and the places of the one that was made last, to which the others came."""
    heights, widths = zip(*(field.size for field in fields), strict=True)
    return Field((max(heights), max(widths)), fields[-1].jump)


def _after(module: nn.Module, field: Field) -> Field:
    """The field after one layer; blocks have been followed inside already."""
    if isinstance(module, nn.Conv2d):
        reach = [dilation * (kernel - 1) for dilation, kernel in zip(module.dilation, module.kernel_size, strict=True)]
        strides = module.stride
    elif isinstance(module, POOLS):
        reach = [kernel - 1 for kernel in _pair(module.kernel_size)]
        strides = _pair(module.stride)
    elif isinstance(module, nn.ConvTranspose2d):
        # each number is made from ceil(kernel / stride) neighbours, and lies stride times nearer to the next
        reach = [-(-kernel // stride) - 1 for kernel, stride in zip(module.kernel_size, module.stride, strict=True)]
        size = tuple(own + more * jump for own, more, jump in zip(field.size, reach, field.jump, strict=True))
        jump = tuple(own / stride for own, stride in zip(field.jump, module.stride, strict=True))
        return Field((size[0], size[1]), (jump[0], jump[1]))
    else:
        return field
    size = tuple(own + more * jump for own, more, jump in zip(field.size, reach, field.jump, strict=True))
    jump = tuple(own * int(stride) for own, stride in zip(field.jump, strides, strict=True))
    return Field((size[0], size[1]), (jump[0], jump[1]))


def _pair(value: int | tuple[int, ...]) -> tuple[int, int]:
    return (value, value) if isinstance(value, int) else (value[0], value[-1])
