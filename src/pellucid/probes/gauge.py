"""The gauge of one step of an optimizer: gradients and weights before it, how far the weights went behind it.

It reads and copies; it never writes to what it measures. Numbers stay on their device until `read` brings those of
several instruments to the processor at once.
"""

# pyright: reportPrivateImportUsage=false
# (torch marks its operations over lists of tensors as private; it has had them since 1.9.)

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from typing import Generic, NamedTuple, TypeVar

import torch
from torch import Tensor

Said = TypeVar("Said")
MOST = 2**17
"""Numbers of one tensor that are looked at; of larger ones, rows evenly spread, and of few rows places."""
FEWEST_ROWS = 16
"""Rows that must be left."""


class Later(NamedTuple, Generic[Said]):
    """Numbers on a device, and what they say once they are known."""

    tensors: Sequence[Tensor]
    say: Callable[[list[float]], Said]


def read(waiting: Iterable[Later[Said]]) -> list[Said]:
    """What each of them says, by one transfer for each device and kind of number."""
    listed = list(waiting)
    flat = [tensor.detach() for later in listed for tensor in later.tensors]
    groups: dict[tuple[torch.device, torch.dtype], list[int]] = {}
    for place, tensor in enumerate(flat):
        groups.setdefault((tensor.device, tensor.dtype), []).append(place)
    numbers = [0.0] * len(flat)
    for places in groups.values():
        for place, number in zip(places, torch.stack([flat[place] for place in places]).tolist(), strict=True):
            numbers[place] = float(number)
    said, begin = [], 0
    for later in listed:
        end = begin + len(later.tensors)
        said.append(later.say(numbers[begin:end]))
        begin = end
    return said


class Gauge:
    """Measures one update of some parameters."""

    def __init__(self, names: Sequence[str], params: Sequence[Tensor]) -> None:
        self.names = list(names)
        self.params = list(params)
        self._spread = [math.ceil(param.numel() / MOST) for param in self.params]
        self._parts: list[float] = []
        """How many times as many numbers each has as are looked at."""
        self._copies: list[Tensor] = []
        self._gradients: list[Tensor | None] = []
        self._sizes: tuple[list[Tensor], list[Tensor]] = [], []
        self._scale = 1.0

    def before(self, scale: float = 1.0) -> None:
        """Copies the weights; call it before the update.

        Args:
            scale: what the gradients were multiplied by and are still to be divided by (`GradScaler`, fused).
        """
        self._scale = scale
        self._copies = [self._some(param, at).clone() for at, param in enumerate(self.params)]
        held = zip(self.params, self._copies, strict=True)
        self._parts = [param.numel() * (1 + param.is_complex()) / max(1, copy.numel()) for param, copy in held]
        self._gradients = self._seen()
        self._sizes = self._norms(self._known()), self._norms(self._known(), math.inf)

    def after(self) -> Later[dict[str, dict[str, float]]]:
        """Parameter -> `gradient largest norm update` as in `record.Reading`, and `along`: the sum of gradient times
        change, below 0 where the update goes down the loss. What has no gradient has no first two and no `along`."""
        if all(gradient is None for gradient in self._gradients):  # a closure makes them during the step
            self._gradients = self._seen()
            self._sizes = self._norms(self._known()), self._norms(self._known(), math.inf)
        norms, deltas = self._norms(self._copies), self._copies
        if deltas:  # in the place of the copies: memory that is new costs more than the sums
            torch._foreach_sub_(deltas, [self._some(param, at) for at, param in enumerate(self.params)])
        shown = [at for at, gradient in enumerate(self._gradients) if gradient is not None and gradient.numel()]
        known, along = self._known(), []
        for at, gradient in zip(shown, known, strict=True):
            along.append(_product(gradient, deltas[at]))
        tensors = [*norms, *self._norms(deltas), *self._sizes[0], *self._sizes[1], *along]
        self._copies, self._gradients = [], []
        return Later(tensors, lambda numbers: self._say(numbers, shown, [one.numel() for one in known]))

    def _say(self, numbers: list[float], shown: list[int], sizes: list[int]) -> dict[str, dict[str, float]]:
        count, found = len(self.params), {}
        norms, moves, rest = numbers[:count], numbers[count : 2 * count], numbers[2 * count :]
        for at, name in enumerate(self.names):
            update = moves[at] / norms[at] if norms[at] else (math.inf if moves[at] else 0.0)
            found[name] = {"norm": norms[at] * math.sqrt(self._parts[at]), "update": update}
        for place, at in enumerate(shown):
            norm, largest, along = (rest[place + part * len(shown)] for part in range(3))
            found[self.names[at]] |= {
                "gradient": norm / math.sqrt(sizes[place]) / self._scale,
                "largest": largest / self._scale,
                "along": -along / self._scale,
            }
        return found

    def _known(self) -> list[Tensor]:
        return [gradient for gradient in self._gradients if gradient is not None and gradient.numel()]

    def _some(self, tensor: Tensor, at: int) -> Tensor:
        tensor = torch.view_as_real(tensor.detach()) if tensor.is_complex() else tensor.detach()
        every = self._spread[at]
        if every <= 1:
            return tensor
        spread = tensor[::every] if tensor.shape[0] >= FEWEST_ROWS * every else tensor.reshape(-1)[::every]
        return spread.contiguous()

    def _seen(self) -> list[Tensor | None]:
        found: list[Tensor | None] = []
        for at, param in enumerate(self.params):
            gradient = param.grad
            if gradient is not None and gradient.is_sparse:
                found.append(gradient.detach().coalesce().values())
            else:
                found.append(None if gradient is None else self._some(gradient, at))
        return found

    @staticmethod
    def _norms(tensors: list[Tensor], order: float = 2.0) -> list[Tensor]:
        if not tensors:
            return []
        if any(tensor.numel() == 0 or tensor.dtype != torch.float32 for tensor in tensors):
            return [torch.linalg.vector_norm(one.float(), order) if one.numel() else one.sum() for one in tensors]
        return list(torch._foreach_norm(tensors, order))


def _product(gradient: Tensor, delta: Tensor) -> Tensor:
    """The sum of the products of their numbers; 0 where only some rows have a gradient."""
    if gradient.shape != delta.shape:
        return gradient.new_zeros(()).float()
    if gradient.dtype == delta.dtype == torch.float32 and gradient.is_contiguous() and delta.is_contiguous():
        return torch.dot(gradient.reshape(-1), delta.reshape(-1))
    return (gradient.float() * delta.float()).sum()
