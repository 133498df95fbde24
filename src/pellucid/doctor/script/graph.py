"""What the graph behind a loss tells: what made a tensor, which leaves it reaches, where a number stopped being one."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any

import torch
from torch import Tensor

MOST = 20_000
"""Nodes that are walked through."""
SHAPING = ("View", "UnsafeView", "Reshape", "Squeeze", "Unsqueeze", "Transpose", "Permute", "Alias", "T", "ToCopy")
"""Nodes that only rearrange."""
MAKERS = {
    "Addmm": "Linear",
    "Mm": "Linear",
    "Linear": "Linear",
    "Convolution": "Conv",
    "Relu": "ReLU",
    "NativeBatchNorm": "BatchNorm",
    "NativeLayerNorm": "LayerNorm",
    "NativeDropout": "Dropout",
    "Gelu": "GELU",
}
Node = Any  # torch.autograd.graph.Node, which type checkers know little of


def plain(node: Node) -> str:
    """`Softmax` for a node called SoftmaxBackward0."""
    return node.name().partition("Backward")[0].rpartition("::")[2]


def producer(tensor: Tensor) -> tuple[dict[str, str | int], Node]:
    """What made a tensor, after what only rearranged it: `producer`, and of a softmax its dimension and size."""
    node: Node = tensor.grad_fn
    while node is not None and plain(node).rstrip("0123456789") in SHAPING and node.next_functions:
        node = node.next_functions[0][0]
    if node is None:
        return {"producer": ""}, None
    name = plain(node)
    found: dict[str, str | int] = {"producer": MAKERS.get(name, name)}
    if name in ("Softmax", "LogSoftmax"):
        shape, dim = node._saved_result.shape, node._saved_dim
        dim = dim - 2**64 if dim >= 2**63 else dim
        found |= {"softmax_dim": dim % len(shape), "softmax_size": shape[dim]}
    return found, node


def nodes(root: Node, most: int = MOST) -> Iterator[Node]:
    """Every node behind `root`, itself first, each once."""
    seen, waiting = {root}, [root]
    for node in waiting:
        yield node
        for before, _ in node.next_functions:
            if before is not None and before not in seen and len(seen) < most:
                seen.add(before)
                waiting.append(before)


def stretched(root: Node) -> tuple[str, str] | None:
    """The shapes of the answers and of their differences from the targets, such as 64x1 and 64x64, where a loss that is
    worked out by hand compares each answer with each target; None elsewhere."""
    for node in nodes(root, 12):
        given = [before for before, _ in node.next_functions if before is not None]
        if plain(node) != "Sub" or len(given) != 1:
            continue
        own, made = (one._input_metadata[0].shape for one in (given[0], node))
        rows = math.prod(own)
        if rows > 1 and len(own) <= 2 and max(own) == rows and tuple(made) == (rows, rows):
            return "x".join(map(str, own)), "x".join(map(str, made))
    return None


def chained(root: Node, layer_of: Callable[[Tensor], str]) -> Iterator[tuple[str, str]]:
    """(layer, the one before it) of linear layers of which one gets just what the other gave, and gave to none else."""
    each = [node for node in nodes(root) if plain(node) not in SHAPING]
    gave = [_unshaped(before) for node in each for before, _ in node.next_functions if before is not None]
    uses = Counter(gave)
    for node in each:
        for before, _ in node.next_functions if MAKERS.get(plain(node)) == "Linear" else ():
            maker = _unshaped(before) if before is not None else None
            if maker is not None and MAKERS.get(plain(maker)) == "Linear" and uses[maker] == 1:
                yield owner(node, layer_of), owner(maker, layer_of)


def behind(root: Node, numbers: set[int]) -> set[int]:
    """Which of the nodes with these numbers lie behind `root`."""
    found: set[int] = set()
    for node in nodes(root) if numbers else ():
        number = node._sequence_nr()
        if number in numbers:
            found.add(number)
            if len(found) == len(numbers):
                break
    return found


def leaves(root: Node) -> list[Tensor]:
    """The tensors that a backward pass from `root` gives gradients to."""
    return [variable for node in nodes(root) if (variable := getattr(node, "variable", None)) is not None]


def owner(node: Node, layer_of: Callable[[Tensor], str]) -> str:
    """The layer whose parameters a node, or the nearest before it, worked with; empty if none is near."""
    for one in nodes(node, 12) if node is not None else ():
        for before, _ in one.next_functions:
            steps = before
            while steps is not None and plain(steps) in ("T", "Transpose", "ToCopy"):
                steps = steps.next_functions[0][0]
            variable = getattr(steps, "variable", None)
            if variable is not None and (name := layer_of(variable)):
                return name
    return ""


def not_finite(root: Node, layer_of: Callable[[Tensor], str]) -> dict[str, str | int]:
    """The first operation, in the order of execution, that met or made a number that is not finite.

    Returns: `place what operation batch_row`; empty where no kept tensor shows it.
    """
    ordered = sorted((node for node in nodes(root) if _number(node) >= 0), key=_number)
    for node in ordered:
        for name, tensor in _saved(node):
            if bool(torch.isfinite(tensor).all()):
                continue
            place = owner(node, layer_of)
            found: dict[str, str | int] = {"operation": plain(node), "place": place, "what": "forward"}
            if "result" in name:
                return found
            made = [before for before, _ in node.next_functions if before is not None and _number(before) >= 0]
            weights = _weight_of(node, tensor)
            if weights is not None:
                return {"operation": "", "place": layer_of(weights) or place, "what": "gradient"}
            source = [maker for before in made if _number(maker := _unshaped(before)) >= 0]
            if not source:
                bad = (~torch.isfinite(tensor)).reshape(len(tensor), -1).any(1) if tensor.dim() else None
                row = int(bad.nonzero()[0]) if bad is not None else 0
                return found | {"what": "input", "batch_row": row}
            nearest = max(source, key=_number)
            return found | {"operation": plain(nearest), "place": owner(nearest, layer_of) or place}
    return {"operation": plain(ordered[-1]), "place": "", "what": "loss"} if ordered else {}


def _number(node: Node) -> int:
    """Its place in the order of execution; -1 for the leaves, which have the largest number there is."""
    number = node._sequence_nr()
    return number if number < 2**62 and not hasattr(node, "variable") else -1


def _unshaped(node: Node) -> Node:
    """What made the numbers that a node, or a row of nodes, only rearranges."""
    while plain(node) in SHAPING and node.next_functions and node.next_functions[0][0] is not None:
        node = node.next_functions[0][0]
    return node


def _saved(node: Node) -> Iterator[tuple[str, Tensor]]:
    for name in dir(node):
        if name.startswith("_saved_"):
            value = getattr(node, name)
            if isinstance(value, Tensor) and value.is_floating_point():
                yield name, value


def _weight_of(node: Node, tensor: Tensor) -> Tensor | None:
    """The parameter that a kept tensor is, seen through transposition."""
    for before, _ in node.next_functions:
        while before is not None and plain(before) in ("T", "Transpose") and before.next_functions:
            before = before.next_functions[0][0]
        variable = getattr(before, "variable", None)
        if variable is not None and variable.data_ptr() == tensor.data_ptr():
            return variable
    return None
