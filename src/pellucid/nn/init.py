"""Initial weights, filled in place from a given generator; nothing here touches torch's default generators."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import torch
from torch import nn

if TYPE_CHECKING:
    from pellucid.forms import Signal

Distribution = Literal["uniform", "normal"]

TOLERANCE = 0.01
"""How near 1 the standard deviation of a layer's output must come, `Tol_var` of the paper."""
ATTEMPTS = 10
"""Rescalings of one layer at most, `T_max` of the paper; a layer without bias needs one."""


def fans(weight: torch.Tensor) -> tuple[int, int]:
    """(fan_in, fan_out) of weight_OI...: inputs that reach one output, outputs that one input reaches."""
    assert weight.ndim >= 2, f"a weight of shape {tuple(weight.shape)} has no fan"
    field = weight[0, 0].numel()
    return weight.shape[1] * field, weight.shape[0] * field


def scaled(weight: torch.Tensor, std: float, *, distribution: Distribution, generator: torch.Generator) -> None:
    """Fills `weight` with mean 0 and standard deviation `std`; the uniform bound is sqrt(3) * std."""
    if distribution == "normal":
        nn.init.normal_(weight, 0.0, std, generator=generator)
    else:
        bound = 3**0.5 * std
        nn.init.uniform_(weight, -bound, bound, generator=generator)


def xavier(
    weight: torch.Tensor, generator: torch.Generator, *, gain: float = 1.0, distribution: Distribution = "uniform"
) -> None:
    """std = gain * sqrt(2 / (fan_in + fan_out)) (Glorot and Bengio 2010, AISTATS, equation 16)."""
    scaled(weight, gain * (2 / sum(fans(weight))) ** 0.5, distribution=distribution, generator=generator)


def he(
    weight: torch.Tensor, generator: torch.Generator, *, gain: float = 2**0.5, distribution: Distribution = "normal"
) -> None:
    """std = gain / sqrt(fan_in) (He et al. 2015, arXiv:1502.01852, equation 10)."""
    scaled(weight, gain / fans(weight)[0] ** 0.5, distribution=distribution, generator=generator)


def orthogonal(weight: torch.Tensor, generator: torch.Generator, *, gain: float = 1.0) -> None:
    """Rows (or columns, if there are fewer) orthogonal and of length `gain` (Saxe et al. 2014, arXiv:1312.6120)."""
    fans(weight)
    nn.init.orthogonal_(weight, gain, generator=generator)


@torch.no_grad()
def lsuv_scale(module: nn.Module, inputs: Signal) -> dict[str, float]:
    """Rescales every linear and convolution layer, in forward order, so that its output has standard deviation 1.

    Layer-sequential unit variance (Mishkin and Matas 2016, arXiv:1511.06422, algorithm 1), after an orthogonal fill.
    Where the paper runs the network once for each layer, here one pass is enough: a layer is rescaled before its output
    goes on. The pass is in evaluation mode, so noise is off and running statistics stay. A layer whose output is
    constant is left as it is.

    Returns the standard deviation that each layer had before, by name.
    """
    before: dict[str, float] = {}
    names = {layer: name for name, layer in module.named_modules() if isinstance(layer, _WEIGHTED)}

    def rescale(layer: nn.Module, given: tuple[torch.Tensor, ...], output: torch.Tensor) -> torch.Tensor:
        assert isinstance(layer, _WEIGHTED)
        if names[layer] in before:
            return output  # a layer used twice is scaled for its first use
        before[names[layer]] = output.std(correction=0).item()
        for _ in range(ATTEMPTS):
            std = output.std(correction=0).item()
            if not 0 < std < float("inf") or abs(std - 1) < TOLERANCE:
                break
            layer.weight.div_(std)
            output = layer.forward(*given)
        return output

    modes = {part: part.training for part in module.modules()}
    hooks = [layer.register_forward_hook(rescale) for layer in names]
    try:
        module.eval()
        module(inputs)
    finally:
        for hook in hooks:
            hook.remove()
        for part, training in modes.items():
            part.training = training
    return before


_WEIGHTED = (nn.Linear, nn.Conv1d, nn.Conv2d, nn.Conv3d)
