"""Every initialiser as a Part."""

from __future__ import annotations

from abc import abstractmethod
from typing import TYPE_CHECKING, Annotated, ClassVar, Literal

from annotated_types import Gt

from pellucid.parts import Part

if TYPE_CHECKING:
    import torch


class Initializer(Part):
    """What the weights of a layer are before training; biases start at 0 whatever is chosen."""

    catalogue: ClassVar = "pellucid.nn.catalogue_init"
    needs_data: ClassVar[bool] = False
    """Whether `nn.init.lsuv_scale` must follow, with a batch of the data."""

    @abstractmethod
    def fill(self, weight: torch.Tensor, generator: torch.Generator, gain: float) -> None:
        """Fills weight_OI... in place; `gain` is that of the activation that follows."""


class Zeros(Initializer):
    """All weights 0: every unit of a layer stays like every other."""

    kind: Literal["zeros"] = "zeros"

    def fill(self, weight: torch.Tensor, generator: torch.Generator, gain: float) -> None:
        from torch import nn

        nn.init.zeros_(weight)


class Constant(Initializer):
    """All weights the same: every unit of a layer stays like every other."""

    kind: Literal["constant"] = "constant"
    value: float
    """The value of every weight."""

    def fill(self, weight: torch.Tensor, generator: torch.Generator, gain: float) -> None:
        from torch import nn

        nn.init.constant_(weight, self.value)


class Normal(Initializer):
    """Normal numbers of mean 0, whatever the size of the layer."""

    kind: Literal["normal"] = "normal"
    std: Annotated[float, Gt(0)] = 0.01
    """Standard deviation."""

    def fill(self, weight: torch.Tensor, generator: torch.Generator, gain: float) -> None:
        from torch import nn

        nn.init.normal_(weight, 0.0, self.std, generator=generator)


class Uniform(Initializer):
    """Uniform numbers around 0, whatever the size of the layer."""

    kind: Literal["uniform"] = "uniform"
    bound: Annotated[float, Gt(0)] = 0.05
    """Weights lie between -bound and bound."""

    def fill(self, weight: torch.Tensor, generator: torch.Generator, gain: float) -> None:
        from torch import nn

        nn.init.uniform_(weight, -self.bound, self.bound, generator=generator)


class Xavier(Initializer):
    """gain * sqrt(2 / (fan_in + fan_out)): keeps the size of signals and of gradients; for tanh and sigmoid."""

    kind: Literal["xavier"] = "xavier"
    distribution: Literal["uniform", "normal"] = "uniform"
    """Which numbers are drawn; both have the same spread."""
    gain: Annotated[float, Gt(0)] | None = None
    """Factor; not given, that of the activation."""
    reference: ClassVar = "Glorot and Bengio 2010, AISTATS"

    def fill(self, weight: torch.Tensor, generator: torch.Generator, gain: float) -> None:
        from pellucid.nn import init

        init.xavier(weight, generator, gain=self.gain or gain, distribution=self.distribution)


class He(Initializer):
    """gain / sqrt(fan_in): keeps the size of signals; for ReLU and its relatives."""

    kind: Literal["he"] = "he"
    distribution: Literal["uniform", "normal"] = "normal"
    """Which numbers are drawn; both have the same spread."""
    gain: Annotated[float, Gt(0)] | None = None
    """Factor; not given, that of the activation."""
    reference: ClassVar = "He et al. 2015, arXiv:1502.01852"

    def fill(self, weight: torch.Tensor, generator: torch.Generator, gain: float) -> None:
        from pellucid.nn import init

        init.he(weight, generator, gain=self.gain or gain, distribution=self.distribution)


class Orthogonal(Initializer):
    """A random rotation: signals keep their length exactly."""

    kind: Literal["orthogonal"] = "orthogonal"
    gain: Annotated[float, Gt(0)] | None = None
    """Factor; not given, that of the activation."""
    reference: ClassVar = "Saxe et al. 2014, arXiv:1312.6120"

    def fill(self, weight: torch.Tensor, generator: torch.Generator, gain: float) -> None:
        from pellucid.nn import init

        init.orthogonal(weight, generator, gain=self.gain or gain)


class LSUV(Initializer):
    """A random rotation, then each layer scaled on a batch of the data so that its output has standard deviation 1."""

    kind: Literal["lsuv"] = "lsuv"
    needs_data: ClassVar[bool] = True
    reference: ClassVar = "Mishkin and Matas 2016, arXiv:1511.06422"

    def fill(self, weight: torch.Tensor, generator: torch.Generator, gain: float) -> None:
        from pellucid.nn import init

        init.orthogonal(weight, generator)
