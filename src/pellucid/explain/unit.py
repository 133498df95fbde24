"""One unit opened: inputs times weights, their sum, the bias, and the activation that follows."""

from __future__ import annotations

from itertools import product
from typing import Any, Literal, NamedTuple, cast

import torch
from torch import nn
from torch.nn import functional as F

from pellucid.errors import Place, UsageError, did_you_mean, quote
from pellucid.explain.trace import Step
from pellucid.network.embed import TableIntake
from pellucid.nn import activations

TOLERANCE = 1e-6
"""How far the sum by hand (float64) may be from the tensor (float32), as a share of all that was added, 1 at least."""
OWN = (activations.Own, activations.Threshold, activations.Softmax)
Modes = Literal["constant", "reflect", "replicate", "circular"]


class Terms(NamedTuple):
    """What a unit adds up, one entry for each of its weights."""

    labels: list[str]
    value: torch.Tensor
    weight: torch.Tensor
    place: tuple[int, ...]
    """Where in the layer's output the unit was read: (unit,) or (unit, row, column)."""
    shape: tuple[int, ...]
    """(I,) of a Linear; channels, height and width of the patch under a filter."""


def choose(steps: list[Step], layer: str | None) -> Step:
    """The Linear or Conv2d layer called `layer`, or the first Linear.

    Raises: UsageError naming the nearest layer that can be opened.
    """
    open_ = {step.name: step for step in reversed(steps) if _opens(step)}
    names = [step.name for step in steps if step.name in open_]
    if layer is None:
        first = [name for name in names if isinstance(open_[name].module, nn.Linear)] or names
        if not first:
            raise UsageError("CLI-LAYER", "this network has no Linear and no Conv2d layer to open")
        return open_[first[0]]
    if layer in open_:
        return open_[layer]
    inside = [name for name in names if name.startswith(f"{layer}.")]
    hint = f"did you mean '{inside[0]}'?" if inside else did_you_mean(layer, names)
    kinds = [step.kind for step in steps if step.name == layer]
    if kinds and not inside:
        raise UsageError("CLI-LAYER", f"{layer} is a {kinds[0]}; only Linear and Conv2d layers have units", hint=hint)
    raise UsageError("CLI-LAYER", f"no layer {quote(layer)} that can be opened", hint=hint)


def algebra(module: nn.Conv2d, input_BCHW: torch.Tensor) -> list[str]:
    """How the output's height and width come from the input's, as equations."""
    lines = []
    for name, axis in (("height", 0), ("width", 1)):
        side, kernel, stride = input_BCHW.shape[2 + axis], module.kernel_size[axis], module.stride[axis]
        reach = module.dilation[axis] * (kernel - 1) + 1
        around = 2 * module.padding[axis] if isinstance(module.padding, tuple) else reach - 1  # "same"
        out = (side + around - reach) // stride + 1
        lines.append(f"{name}: ({side} + {around} - {reach}) / {stride} + 1 = {out}")
    return lines


def opened(steps: list[Step], step: Step, unit: int | None, names: list[str]) -> dict[str, Any]:
    """The sum of one unit, its terms by falling size; `unit` None is the one with the largest weighted sum.

    Raises: UsageError giving the valid range.
    """
    output = step.output[0]
    count = output.shape[0]
    if unit is not None and not 0 <= unit < count:
        raise UsageError(
            "CLI-UNIT", f"{step.name} has no unit {unit}", place=Place(), hint=f"units are 0 to {count - 1}"
        )
    chosen = int(output.flatten(1).amax(1).argmax() if output.dim() > 1 else output.argmax()) if unit is None else unit
    terms = _patch(step, chosen) if isinstance(step.module, nn.Conv2d) else _row(step, chosen, names)
    value, weight = terms.value.double().cpu(), terms.weight.detach().double().cpu()
    products = value * weight
    bias = step.module.bias
    offset = float(bias.detach()[chosen]) if isinstance(bias, torch.Tensor) else None
    total = float(products.sum())
    by_hand, tensor = total + (offset or 0.0), float(output[terms.place])
    size = float(products.abs().sum()) + abs(offset or 0.0)
    delta = None if step.slope is None else float(step.slope[0][terms.place])
    order = products.abs().argsort(descending=True, stable=True).tolist()
    return {
        "layer": step.name,
        "kind": step.kind,
        "unit": chosen,
        "units": count,
        "chosen": "given" if unit is not None else "most active",
        "from": "the prepared row" if step.source is None else step.source.name,
        "place": None if len(terms.place) == 1 else {"row": terms.place[1], "column": terms.place[2]},
        "contributions": [_term(terms, at, value, weight, products, delta) for at in order],
        "patch": None if len(terms.shape) == 1 else value.reshape(terms.shape).tolist(),
        "filter": None if len(terms.shape) == 1 else weight.reshape(terms.shape).tolist(),
        "algebra": algebra(step.module, step.input) if isinstance(step.module, nn.Conv2d) else None,
        "sum": total,
        "bias": offset,
        "weighted_sum": by_hand,
        "tensor": tensor,
        "difference": abs(by_hand - tensor),
        "tolerance": TOLERANCE * max(1.0, size),
        "equal": abs(by_hand - tensor) <= TOLERANCE * max(1.0, size),
        "then": (then := _after(steps, step, terms.place)),
        "activation": next((item["kind"] for item in then if item["activation"]), None),
        "output": then[-1]["output"] if then else tensor,
        "delta": delta,
    }


def labels(source: Step | None, width: int, names: list[str]) -> list[str]:
    """What to call the inputs of a layer that come from `source`."""
    if source is None:
        return names if len(names) == width else [f"input {number}" for number in range(width)]
    if isinstance(source.module, TableIntake):
        learnt = [cast(nn.Embedding, module).embedding_dim for module in source.module.embeddings]
        plain = len(names) - len(learnt)
        parts = [
            f"{name} ({k + 1} of {many})" for name, many in zip(names[plain:], learnt, strict=True) for k in range(many)
        ]
        return names[:plain] + parts if plain + len(parts) == width else [f"input {number}" for number in range(width)]
    if isinstance(source.module, nn.Flatten) and source.input.dim() == 4:
        return places(tuple(source.input.shape[1:]))
    return [f"unit {number}" for number in range(width)]


def places(
    shape: tuple[int, ...], start: tuple[int, int, int] = (0, 0, 0), step: tuple[int, int] = (1, 1)
) -> list[str]:
    """Names of the places of a grid, channels first; the channel is left out where there is only one."""
    named = []
    for c, r, k in product(*map(range, shape)):
        channel = f"channel {start[0] + c}, " if shape[0] > 1 else ""
        named.append(f"{channel}row {start[1] + r * step[0]}, column {start[2] + k * step[1]}")
    return named


def _opens(step: Step) -> bool:
    linear = isinstance(step.module, nn.Linear) and step.output.dim() == 2
    return linear or (isinstance(step.module, nn.Conv2d) and step.output.dim() == 4)


def _term(
    terms: Terms, at: int, value: torch.Tensor, weight: torch.Tensor, products: torch.Tensor, delta: float | None
) -> dict[str, Any]:
    got = float(value[at])
    return {
        "input": terms.labels[at],
        "position": at,
        "value": got,
        "weight": float(weight[at]),
        "product": float(products[at]),
        # a filter is moved by every place it looks at, so one place alone says nothing of its gradient
        "gradient": None if delta is None or len(terms.place) > 1 else delta * got,
    }


def _row(step: Step, unit: int, names: list[str]) -> Terms:
    module = cast(nn.Linear, step.module)
    width = module.in_features
    return Terms(labels(step.source, width, names), step.input[0], module.weight[unit], (unit,), (width,))


def _patch(step: Step, unit: int) -> Terms:
    """The patch under a filter at the place of its largest response."""
    module = cast(nn.Conv2d, step.module)
    output_HW = step.output[0, unit]
    row, column = divmod(int(output_HW.argmax()), output_HW.shape[1])
    tall, wide = module.kernel_size
    down, across = module.dilation
    above, below = _padding(module, 0)
    left, right = _padding(module, 1)
    mode = cast(Modes, "constant" if module.padding_mode == "zeros" else module.padding_mode)
    padded = F.pad(step.input, (left, right, above, below), mode=mode)[0]
    deep = module.in_channels // module.groups
    first = unit // (module.out_channels // module.groups) * deep
    top, edge = row * module.stride[0], column * module.stride[1]
    patch = padded[
        first : first + deep, top : top + down * (tall - 1) + 1 : down, edge : edge + across * (wide - 1) + 1 : across
    ]
    named = places((deep, tall, wide), (first, top - above, edge - left), (down, across))
    height, breadth = step.input.shape[2:]
    for at, (_, r, k) in enumerate(product(range(deep), range(tall), range(wide))):
        if not (0 <= top - above + r * down < height and 0 <= edge - left + k * across < breadth):
            named[at] += " (padding)"
    return Terms(named, patch.reshape(-1), module.weight[unit].reshape(-1), (unit, row, column), (deep, tall, wide))


def _padding(module: nn.Conv2d, axis: int) -> tuple[int, int]:
    """Rows (or columns) added before and after."""
    if isinstance(module.padding, str):
        total = module.dilation[axis] * (module.kernel_size[axis] - 1) if module.padding == "same" else 0
        return total // 2, total - total // 2
    return module.padding[axis], module.padding[axis]


def _after(steps: list[Step], step: Step, place: tuple[int, ...]) -> list[dict[str, Any]]:
    """What happens to the weighted sum next: norms, up to and with the activation."""
    found: list[dict[str, Any]] = []
    current = step
    for later in steps[steps.index(step) + 1 :]:
        activates = isinstance(later.module, OWN) or type(later.module).__module__ == "torch.nn.modules.activation"
        norms = "norm" in later.kind.lower()
        if later.source is not current or not (activates or norms):
            break
        output = float(later.output[0][place])
        found.append({"layer": later.name, "kind": later.kind, "activation": activates, "output": output})
        current = later
        if activates:
            break
    return found
