"""What a probe reads off a tensor, as 0-dimensional tensors: whoever asks brings them all to the processor at once."""

from __future__ import annotations

import math

import torch

ROWS = 32
"""Examples of a batch that are looked at."""
MOST = 65_536
"""Numbers of one output that are looked at, about; of larger ones, places evenly spread."""
FLAT = {"Sigmoid": (0.015, 0.985), "Tanh": (-0.97, 0.97)}
"""Class of an activation -> outputs beyond which its curve is flat (0.97: Karpathy's; the sigmoid there is as flat)."""
RECTIFIERS = frozenset({"ReLU", "ReLU6"})
"""Classes of activations that put out exactly 0, with a gradient of 0, for half of all inputs."""


def units(value: torch.Tensor) -> int:
    """The dimension that counts the units of an output: features at the end of vectors and sequences, else channels."""
    return 1 if value.dim() > 3 else value.dim() - 1


def part(value: torch.Tensor, most: int = MOST) -> torch.Tensor:
    """Some rows of an output, in float32, outside of its graph; where it is large, some of its places."""
    value = value.detach()[:ROWS]
    excess, unit = value.numel() / most, units(value)
    if excess > 1:
        places = [dim for dim in range(1, value.dim()) if dim != unit] or [0]
        stride = math.ceil(excess ** (1 / len(places)))
        for dim in places:
            step = max(1, min(stride, value.shape[dim]))
            value = value[(slice(None),) * dim + (slice(None, None, step),)]
    return value.float()


def activation(kind: str, value: torch.Tensor) -> dict[str, torch.Tensor]:
    """What `record.Reading` says of an output of a layer of class `kind`, all but `dead`; `value` is from `part`."""
    variance, mean = torch.var_mean(value, correction=0)
    found = {"mean": mean, "deviation": variance.sqrt(), "largest": torch.linalg.vector_norm(value, torch.inf)}
    if kind in FLAT:
        low, high = FLAT[kind]
        found["saturated"] = ((value < low) | (value > high)).float().mean()
    if kind in RECTIFIERS:
        found["silent"] = (value <= 0).float().mean()
    return found


def silent_units(value: torch.Tensor) -> torch.Tensor:
    """silent_D: the units of a rectifier that put out 0 for everything in `value`."""
    unit = units(value)
    return value.amax([dim for dim in range(value.dim()) if dim != unit]) <= 0
