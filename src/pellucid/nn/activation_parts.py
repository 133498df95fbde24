"""Every activation as a Part: what a recipe says, the module it builds, and how weights before it should start.

`gain` makes the mean square of a layer's output 1 for normal inputs: 1 / sqrt(E[f(z)^2]), z ~ N(0, 1), which is sqrt(2)
for ReLU (He et al. 2015, arXiv:1502.01852, section 2.2). Sigmoid and tanh, which are meant to stay in their near-linear
middle, have the customary 1 and 5/3 (LeCun et al. 1998, "Efficient BackProp", section 4.4, for the latter).
"""

from __future__ import annotations

import copy
from abc import abstractmethod
from collections.abc import Callable
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Literal

from annotated_types import Gt, Lt
from pydantic import BeforeValidator, Field, WithJsonSchema

from pellucid.errors import RecipeError, quote
from pellucid.parts import Part

if TYPE_CHECKING:
    from torch import nn

Function = Annotated[Callable[..., Any], WithJsonSchema({"type": "function"})]


class Activation(Part):
    """The function that a unit applies to its weighted sum."""

    catalogue: ClassVar = "pellucid.nn.catalogue_activations"
    gain: ClassVar[float] = 1.0
    """What initial weights before it are multiplied by."""
    rectifier: ClassVar[bool] = False
    """Whether it passes positive inputs on and holds negative ones back, so that He's start suits it."""

    @abstractmethod
    def build(self) -> nn.Module:
        """A new module; those with parameters share them with no other layer.

        Raises: RecipeError where it cannot be trained through.
        """


class Threshold(Activation):
    """1 where x >= 0, else 0 (McCulloch and Pitts 1943)."""

    kind: Literal["threshold"] = "threshold"
    straight_through: bool = False
    """Whether the backward pass treats the step as the identity, so that training is possible."""
    reference: ClassVar = "Bengio et al. 2013, arXiv:1308.3432"

    def build(self) -> nn.Module:
        """A step to train through; `nn.activations.Threshold()` itself is the one without training."""
        from pellucid.nn.activations import Threshold as Module

        if not self.straight_through:
            raise RecipeError(
                "RECIPE-THRESHOLD",
                "threshold: a step function has gradient 0 everywhere, so nothing before it can learn",
                hint="choose straight_through: true, or sigmoid, the smooth step",
            )
        return Module(straight_through=True)


class Identity(Activation):
    """x itself: the layer stays linear."""

    kind: Literal["identity"] = "identity"

    def build(self) -> nn.Module:
        from torch import nn

        return nn.Identity()


class Sigmoid(Activation):
    """1 / (1 + exp(-x)): between 0 and 1, steepest (0.25) at 0."""

    kind: Literal["sigmoid"] = "sigmoid"

    def build(self) -> nn.Module:
        from torch import nn

        return nn.Sigmoid()


class Tanh(Activation):
    """Hyperbolic tangent: between -1 and 1, zero-centred."""

    kind: Literal["tanh"] = "tanh"
    gain: ClassVar[float] = 5 / 3

    def build(self) -> nn.Module:
        from torch import nn

        return nn.Tanh()


class ReLU(Activation):
    """max(0, x)."""

    kind: Literal["relu"] = "relu"
    gain: ClassVar[float] = 2**0.5
    rectifier: ClassVar[bool] = True
    reference: ClassVar = "Nair and Hinton 2010, ICML"

    def build(self) -> nn.Module:
        from torch import nn

        return nn.ReLU()


class LeakyReLU(Activation):
    """x where x >= 0, else slope * x."""

    kind: Literal["leaky_relu"] = "leaky_relu"
    slope: Annotated[float, Gt(0), Lt(1)] = 0.01
    """Slope for negative inputs."""
    # Of slope 0.01; at slope 0.3 it would be 4 % smaller.
    gain: ClassVar[float] = (2 / (1 + 0.01**2)) ** 0.5
    rectifier: ClassVar[bool] = True
    reference: ClassVar = "Maas et al. 2013, ICML workshop"

    def build(self) -> nn.Module:
        from torch import nn

        return nn.LeakyReLU(self.slope)


class PReLU(Activation):
    """x where x >= 0, else alpha * x, with one alpha per layer that is learnt."""

    kind: Literal["prelu"] = "prelu"
    start: Annotated[float, Gt(0), Lt(1)] = 0.25
    """Alpha before training."""
    gain: ClassVar[float] = (2 / (1 + 0.25**2)) ** 0.5
    rectifier: ClassVar[bool] = True
    reference: ClassVar = "He et al. 2015, arXiv:1502.01852"

    def build(self) -> nn.Module:
        from torch import nn

        return nn.PReLU(init=self.start)


class ELU(Activation):
    """x where x >= 0, else alpha * (exp(x) - 1)."""

    kind: Literal["elu"] = "elu"
    alpha: Annotated[float, Gt(0)] = 1.0
    """Minus what it approaches for large negative inputs."""
    gain: ClassVar[float] = 1.2452
    rectifier: ClassVar[bool] = True
    reference: ClassVar = "Clevert et al. 2016, arXiv:1511.07289"

    def build(self) -> nn.Module:
        from torch import nn

        return nn.ELU(self.alpha)


class GELU(Activation):
    """x * P(z <= x) with z standard normal, computed exactly."""

    kind: Literal["gelu"] = "gelu"
    gain: ClassVar[float] = 1.5335
    rectifier: ClassVar[bool] = True
    reference: ClassVar = "Hendrycks and Gimpel 2016, arXiv:1606.08415"

    def build(self) -> nn.Module:
        from torch import nn

        return nn.GELU()


class Swish(Activation):
    """x * sigmoid(x), also called SiLU: smooth, not monotonic, least (-0.278) at -1.278."""

    kind: Annotated[Literal["swish"], BeforeValidator(lambda kind: "swish" if kind == "silu" else kind)] = "swish"
    gain: ClassVar[float] = 1.6765
    rectifier: ClassVar[bool] = True
    reference: ClassVar = "Ramachandran et al. 2017, arXiv:1710.05941"

    def build(self) -> nn.Module:
        from torch import nn

        return nn.SiLU()


class Softmax(Activation):
    """exp(x_i) / sum_j exp(x_j) over features, or over the channels of a grid."""

    kind: Literal["softmax"] = "softmax"

    def build(self) -> nn.Module:
        from pellucid.nn.activations import Softmax as Module

        return Module()


class Own(Activation):
    """A person's own function of a tensor, tried on a grid before it is trained with."""

    kind: Literal["own"] = "own"
    code: ClassVar = "function"
    name: str
    """What it is called in code and in every view."""
    function: Function | None = Field(default=None, exclude=True)
    """The function; given from Python, or bound by name from a code file, never written to a recipe."""

    def build(self) -> nn.Module:
        """The function as a module; if it is a module itself, a copy, so that layers share no parameters."""
        from pellucid.nn.activations import Own as Module
        from pellucid.nn.activations import fault

        if self.function is None:
            raise RecipeError(
                "RECIPE-ACTIVATION",
                f"activation {quote(self.name)} has no function",
                hint="give function=... from Python, or a code file that defines it",
            )
        function = copy.deepcopy(self.function)
        wrong = fault(function)
        if wrong:
            raise RecipeError(
                "RECIPE-ACTIVATION",
                f"activation {quote(self.name)} {wrong}",
                hint="it must give finite numbers and a gradient, in the shape of its input",
            )
        return Module(self.name, function)
