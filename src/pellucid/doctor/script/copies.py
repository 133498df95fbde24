"""Questions that only another forward pass answers, asked of a copy of the network on a few rows of a batch.

The network itself is never run: its buffers, counters and hooks, the random numbers and the output of the script stay
as they are.
"""

from __future__ import annotations

import copy
import io
import random
import sys
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from typing import Any, TypeVar

import torch
from torch import Tensor, nn

ROWS = 8
LARGEST = 64 * 2**20
"""Bytes of weights above which a network is not copied."""
SAME = 1e-5
"""Difference, relative to the largest output, below which two outputs are the same."""
Given = tuple[tuple[Any, ...], dict[str, Any]]
Answer = TypeVar("Answer")


def asked(question: Callable[..., Answer], *about: Any) -> Answer | None:
    """The answer to one of the questions below; None of a network that cannot be copied or run on its own."""
    try:
        return question(*about)
    except Exception:  # noqa: BLE001 - a person's own layers run here, outside of their own loop: anything can happen
        return None


def copied(module: nn.Module) -> nn.Module | None:
    """The network again, without its hooks; None if it is too large."""
    if sum(one.numel() * one.element_size() for one in (*module.parameters(), *module.buffers())) > LARGEST:
        return None
    twin = copy.deepcopy(module)
    for one in twin.modules():
        one._forward_hooks.clear()
        one._forward_pre_hooks.clear()
    return twin


@contextmanager
def quiet(module: nn.Module) -> Iterator[None]:
    """Random numbers, output and warnings stay as they were."""
    devices = {one.device for one in module.parameters() if one.device.type == "cuda"}
    python, numpy = random.getstate(), sys.modules.get("numpy")
    theirs = numpy.random.get_state() if numpy is not None else None
    with (
        torch.random.fork_rng(sorted(device.index or 0 for device in devices)),
        torch.no_grad(),
        warnings.catch_warnings(),
        redirect_stdout(io.StringIO()),
        redirect_stderr(io.StringIO()),
    ):
        warnings.simplefilter("ignore")
        try:
            yield
        finally:
            random.setstate(python)
            if numpy is not None:
                numpy.random.set_state(theirs)


def few(given: Given) -> Given:
    """The first rows of every tensor in a batch."""

    def cut(value: Any) -> Any:
        return value.detach()[:ROWS].clone() if isinstance(value, Tensor) and value.dim() else value

    return tuple(map(cut, given[0])), {name: cut(value) for name, value in given[1].items()}


def random_eval(module: nn.Module, given: Given) -> tuple[nn.Module | None, float]:
    """(the first layer of the copy whose output changes, largest difference) between two evaluations of one input."""
    twin = copied(module)
    if twin is None:
        return None, 0.0
    args, kwargs = few(given)
    outputs: list[list[tuple[nn.Module, Tensor]]] = [[], []]
    with quiet(twin):
        finals = []
        for seen in outputs:
            hooks = [
                one.register_forward_hook(_keeper(seen)) for one in twin.modules() if next(one.children(), None) is None
            ]
            finals.append(first_tensor(twin(*args, **kwargs)))
            for hook in hooks:
                hook.remove()
    if finals[0] is None or finals[1] is None or finals[0].shape != finals[1].shape:
        return None, 0.0
    difference = float((finals[0].float() - finals[1].float()).abs().amax()) if finals[0].numel() else 0.0
    if not difference > 0:
        return None, 0.0
    pairs = zip(*outputs, strict=False)
    layer = next((one for (one, before), (_, after) in pairs if not torch.equal(before, after)), None)
    if layer is None:
        return None, difference
    paths = {one: path for path, one in twin.named_modules()}
    return dict(module.named_modules()).get(paths[layer]), difference


def first_bad(module: nn.Module, given: Given) -> nn.Module | None:
    """The first layer that gives a number that is not finite though its inputs are, when the copy sees the whole batch
    again; None where there is no such layer."""
    twin = copied(module)
    if twin is None:
        return None
    bad: list[nn.Module] = []

    def look(layer: nn.Module, args: Any, output: Any) -> None:
        given, made = first_tensor(args), first_tensor(output)
        if not bad and made is not None and not bool(torch.isfinite(made).all()):
            bad.append(layer if given is not None and bool(torch.isfinite(given).all()) else twin)

    for one in twin.modules():
        if next(one.children(), None) is None:
            one.register_forward_hook(look)
    with quiet(twin):
        twin(*given[0], **given[1])
    paths = {one: path for path, one in twin.named_modules()}
    return dict(module.named_modules())[paths[bad[0]]] if bad and bad[0] is not twin else None


def leak_batch(module: nn.Module, given: Given) -> float | None:
    """Share of the other rows whose outputs change with the first row; None where the question makes no sense."""
    args, kwargs = few(given)
    tensors = [one for one in (*args, *kwargs.values()) if isinstance(one, Tensor)]
    whole = next((one for one in (*given[0], *given[1].values()) if isinstance(one, Tensor)), None)
    if len(tensors) != 1 or whole is None or not whole.is_floating_point() or whole.dim() not in (2, 4):
        return None
    if len(tensors[0]) < 3 or any(len(whole) in buffer.shape for buffer in module.buffers()):
        return None  # a graph is one batch, and its adjacency a buffer
    twin = copied(module)
    if twin is None:
        return None
    other = tensors[0].clone()
    other[0] = -other[0] + 1
    with quiet(twin):
        twin.eval()
        torch.manual_seed(0)  # what draws random numbers draws the same ones twice
        before = first_tensor(twin(*args, **kwargs))
        torch.manual_seed(0)
        swap = lambda value: other if value is tensors[0] else value  # noqa: E731
        after = first_tensor(twin(*map(swap, args), **{name: swap(value) for name, value in kwargs.items()}))
    if before is None or after is None or before.dim() < 1 or len(before) != len(tensors[0]):
        return None
    moved = (before.float() - after.float()).abs().reshape(len(before), -1).amax(1)
    return float((moved[1:] > SAME * float(before.float().abs().amax())).float().mean())


def leak_future(module: nn.Module, given: Given, target: Tensor) -> tuple[float, nn.Module | None] | None:
    """Share of earlier positions whose output changes with the last token, and the first layer in which they do, where
    the targets are the tokens that follow; None elsewhere."""
    args, kwargs = few(given)
    token_BT = next((one for one in args if isinstance(one, Tensor)), None)
    whole_BT = next((one for one in given[0] if isinstance(one, Tensor)), None)
    if token_BT is None or whole_BT is None or token_BT.dim() not in (2, 3) or token_BT.shape[1] < 3:
        return None
    if target.numel() != whole_BT.numel() or target.dtype != whole_BT.dtype:
        return None
    next_BT = target.detach().reshape(whole_BT.shape)
    if float((next_BT[:, :-1] == whole_BT[:, 1:]).float().mean()) < 0.9:
        return None
    twin = copied(module)
    if twin is None:
        return None
    other = token_BT.clone()
    other[:, -1] = token_BT[:, 0] if not torch.equal(token_BT[:, -1], token_BT[:, 0]) else token_BT[:, 1]
    with quiet(twin):
        _norms_as_in_evaluation(twin)  # as it trains: a mask may depend on that; with the same dropped units twice
        outputs, seen = [], ([], [])
        for one, kept in zip((token_BT, other), seen, strict=True):
            torch.manual_seed(0)
            hooks = [layer.register_forward_hook(_keeper(kept)) for layer in twin.modules()]
            outputs.append(first_tensor(twin(one, *args[1:], **kwargs)))
            for hook in hooks:
                hook.remove()
    before, after = outputs
    if before is None or after is None or before.shape[:2] != token_BT.shape[:2] or torch.equal(token_BT, other):
        return None
    moved_T = _moved(before, after)
    paths = {one: path for path, one in twin.named_modules()}
    pairs = [(one, first, second) for (one, first), (_, second) in zip(*seen, strict=False) if one is not twin]
    fit = [pair for pair in pairs if pair[1].dim() > 2 and pair[1].shape[:2] == token_BT.shape[:2]]
    layer = next((one for one, first, second in fit if bool(_moved(first, second).any())), None)
    return float(moved_T.float().mean()), dict(module.named_modules())[paths[layer]] if layer is not None else None


def _norms_as_in_evaluation(twin: nn.Module) -> None:
    """Sets the layers that mix the rows of a batch apart from it."""
    for one in twin.modules():
        if isinstance(one, nn.modules.batchnorm._BatchNorm):
            one.eval()


def _moved(before: Tensor, after: Tensor) -> Tensor:
    """Whether the outputs of each position but the last are other ones."""
    moved_T = (before.float() - after.float()).abs().flatten(2).amax((0, 2))[:-1]
    return moved_T > SAME * float(before.float().abs().amax())


def first_tensor(output: Any) -> Tensor | None:
    """The first tensor of what a network gives, seen one level deep."""
    if isinstance(output, Tensor):
        return output
    values = output.values() if isinstance(output, dict) else output if isinstance(output, (tuple, list)) else ()
    return next((one for one in values if isinstance(one, Tensor)), None)


def _keeper(seen: list[tuple[nn.Module, Tensor]]):
    def keep(module: nn.Module, args: Any, output: Any) -> None:
        value = first_tensor(output)
        if value is not None:
            seen.append((module, value))

    return keep
