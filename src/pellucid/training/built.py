"""What is known of a training before its first step: layers, parameters, and what answering always the same costs."""

from __future__ import annotations

import re
from typing import Any

import torch
from torch import nn

from pellucid.data.batch import Batch
from pellucid.losses.loss import terms
from pellucid.record import Built, defined
from pellucid.training.session import Session

NUMBERS = 2**22
"""Outputs of the constant that are judged at most; of more rows, some evenly spread."""
ROWS = 10_000
LONGEST = 80
"""Characters of what is said of a layer."""


def built(session: Session) -> Built:
    """The first line of the record of a session that stands before its first step."""
    learning = {id(param) for player in session.state.players.values() for param in player.params}
    named = session.state.network.named_parameters()
    parameters = [_parameter(name, param, learns=id(param) in learning) for name, param in named]
    return Built(_layers(session), parameters, constant_loss(session))


def _layers(session: Session) -> list[dict[str, str]]:
    """The layers that ran, in that order; behind the one before it, each module that has parameters and did not."""
    title = {row.name: row.layer for row in session.layers}
    order = {name: (place, 0) for place, name in enumerate(title)}
    modules, last = dict(session.state.network.named_modules()), (-1, 0)
    for name, module in modules.items():
        if name in title:
            last = order[name]
        elif next(module.parameters(recurse=False), None) is not None:
            last = order[name] = (last[0], last[1] + 1)
    names = sorted(order, key=order.__getitem__)
    kinds = {name: title.get(name, type(modules[name]).__name__) for name in names}
    return [{"name": name, "kind": kinds[name], "says": _said(kinds[name], modules[name])} for name in names]


def _said(kind: str, module: nn.Module) -> str:
    """Such as Linear(64, 32): names of arguments that everybody knows, and the usual bias, are left out."""
    given = re.sub(r"\b(in|out)_\w+=|, bias=True", "", module.extra_repr())
    return f"{kind}({given})"[:LONGEST] if given else kind


def _parameter(name: str, param: torch.Tensor, *, learns: bool) -> dict[str, Any]:
    said = {"name": name, "shape": list(param.shape), "learns": learns}
    if param.dim() > 1 and param.shape[0] > 1:
        said["alike"] = bool((param == param[:1]).all())
    return said


def constant_loss(session: Session) -> float | None:
    """The loss on training rows of the best answer that is the same for all of them; None where there is no such."""
    task, part = session.recipe.task, session.dataset.part("train")
    assert task is not None and session.signature.target is not None
    if type(task).answers not in ("classes", "labels", "values", "mask", "steps", "next", "sentence"):
        return None
    assert part.target is not None
    outputs = task.outputs(session.signature)
    count = max(1, min(len(part), ROWS, NUMBERS // (outputs * max(1, part.target[:1].numel()))))
    row_B = torch.linspace(0, len(part) - 1, count, device=part.target.device).long()
    weight = None if part.weight_B is None else part.weight_B[row_B]
    batch = Batch(part.target[row_B], part.target[row_B], weight)
    assert task.loss is not None
    answer = _answer(type(task).answers, batch, outputs, middle=task.loss.dump()["kind"] == "mae")
    total, number = terms(task.losses(answer, batch), batch.weight_B)
    return defined(float(total) / float(number)) if float(number) else None


def _answer(answers: str, batch: Batch, outputs: int, *, middle: bool) -> torch.Tensor:
    """output_B... that is the same for every row, and every place in it: logits of shares, or means or medians."""
    target, weight = batch.target, batch.weight_B
    assert target is not None
    if answers in ("labels", "values"):
        weight_B1 = torch.ones(len(target), 1, device=target.device) if weight is None else weight[:, None]
        mean_D = (target * weight_B1).sum(0) / weight_B1.sum()
        if answers == "labels":
            mean_D = mean_D.clamp(1e-6, 1 - 1e-6).logit()
        return (target.median(0).values if middle else mean_D).expand(target.shape)
    judged = (target >= 0) & (target < outputs) if outputs > 1 else target >= 0
    each = torch.ones_like(target, dtype=torch.float32)
    if weight is not None:
        each = each * weight.view(*weight.shape, *[1] * (target.dim() - weight.dim()))
    count_C = torch.bincount(target[judged].long(), each[judged], minlength=max(2, outputs)).float()
    log_C = (count_C / count_C.sum()).clamp_min(1e-6).log()
    if outputs == 1:
        return (log_C[1] - log_C[0]).expand(len(target), 1)
    if target.dim() == 3:  # pixels have their classes in front
        return log_C[None, :, None, None].expand(len(target), outputs, *target.shape[1:])
    return log_C.expand(*target.shape, outputs)
