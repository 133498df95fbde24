"""One row through the network, layer by layer, down to one unit; as plain values and as text."""

from __future__ import annotations

from typing import Any

import torch
from torch import nn

from pellucid.data.batch import Batch, Rows
from pellucid.data.signature import PARTS
from pellucid.data.vocabulary import vocabulary
from pellucid.errors import UsageError
from pellucid.explain import unit as units
from pellucid.explain.trace import Step, trace
from pellucid.forms import PADDING, UNJUDGED, Tokens, tensors
from pellucid.metrics.metric import Prediction
from pellucid.record import defined
from pellucid.training import evaluate
from pellucid.training.session import Session

SHOWN = 256
"""Numbers of a tensor that are told; its size always is."""


def walk(session: Session, row: int, *, layer: str | None = None, unit: int | None = None) -> dict[str, Any]:
    """Row number `row` of the source through the current network, with one unit opened; plain JSON values.

    Without `layer` the first Linear is opened, without `unit` the one with the largest weighted sum. The pass runs in
    float32 whatever the training ran in. Raises: UsageError for an unknown row, layer or unit, and for a task that
    answers at every position.
    """
    task, names = session.recipe.task, list(session.loaded.preparation.names())
    assert task is not None
    if type(task).wants == "sequence":
        message = f"{task.dump()['kind']} answers at every position, and a walk leads to one answer"
        hint = "the report shows what gates let through and where attention looks"
        raise UsageError("CLI-ROW", message, hint=hint)
    part, batch = find(session, row)
    steps, output = trace(session.state.network, batch, task)
    chosen = units.choose(steps, layer)
    decoded = task.decode(output, session.signature, session.dataset.scale)
    return defined(
        {
            "source": session.signature.source,
            "row": row,
            "part": part,
            "inputs": _inputs(session, batch, names),
            "layers": [_layer(step) for step in steps],
            "unit": units.opened(steps, chosen, unit, names),
            "prediction": _decoded(session, decoded),
            "truth": _truth(session, batch),
        }
    )


def find(session: Session, row: int) -> tuple[str, Batch]:
    """The part that row number `row` of the source is in, and the row as a batch of one.

    Raises: UsageError giving the rows there are.
    """
    last = -1
    for name in PARTS:
        batch = session.dataset.part(name)
        if not len(batch):
            continue
        row_B = torch.arange(len(batch)) if batch.row_B is None else batch.row_B
        found = (row_B == row).nonzero().flatten()
        last = max(last, int(row_B.max()))
        if len(found):
            at = int(found[0])
            return name, batch.part(at, at + 1)
    if 0 <= row < last:
        raise UsageError("CLI-ROW", f"row {row} was left out when the data was read", hint=f"rows are 0 to {last}")
    raise UsageError(
        "CLI-ROW", f"no row {row}", hint=f"rows are 0 to {last}, counted from 0 in the order of the source"
    )


def text(walked: dict[str, Any]) -> str:
    """What `walk` gave, for the terminal."""
    from pellucid.explain import telling

    return telling.tell(walked)


def _inputs(session: Session, batch: Batch, names: list[str]) -> dict[str, Any]:
    """The prepared row: numbers, and codes with what they stand for."""
    signal = batch.input
    if isinstance(signal, Tokens):
        pieces = vocabulary(session.signature, "input").pieces
        codes = enumerate(code for code in signal.code_BT[0].tolist() if code != PADDING)
        words = [{"input": f"token {at + 1}", "value": code, "category": pieces[code]} for at, code in codes]
        return {"shape": [len(words)], "table": words}
    first = tensors(signal)[0]
    if first.dim() != 2:
        return {"shape": list(first.shape[1:]), **_values(first[0])}
    values = [float(value) for value in first[0]]
    given = names if len(names) >= len(values) else [f"input {number}" for number in range(len(values))]
    table: list[dict[str, Any]] = [{"input": name, "value": value} for name, value in zip(given, values, strict=False)]
    if isinstance(signal, tuple):
        codes = Rows(*tensors(signal)).code_BK[0].tolist()
        categories = {column.name: column.categories for column in session.signature.columns}
        for name, code in zip(given[len(values) :], codes, strict=False):
            known = categories.get(name, ())
            word = "unknown or rare" if code == 0 else known[code - 1] if code <= len(known) else None
            table.append({"input": name, "value": code, "category": word})
    return {"shape": [len(table)], "table": table}


def _layer(step: Step) -> dict[str, Any]:
    output = step.output[0]
    told: dict[str, Any] = {"name": step.name, "kind": step.kind, "shape": list(output.shape), **_values(output)}
    told["changed"] = step.changed
    if isinstance(step.module, nn.ReLU):
        told["zeros"] = float((output == 0).double().mean())
    told["largest_delta"] = None if step.slope is None else float(step.slope.abs().max())
    return told


def _values(tensor: torch.Tensor) -> dict[str, Any]:
    """The first numbers of a tensor, its range, and for a grid the range of each channel."""
    flat = tensor.detach().double().cpu().flatten()
    told: dict[str, Any] = {"size": flat.numel(), "values": flat[:SHOWN].tolist(), **_range(flat)}
    if tensor.dim() == 3:
        told["channels"] = [_range(channel.detach().double().cpu()) for channel in tensor]
    return told


def _range(tensor: torch.Tensor) -> dict[str, float]:
    return {"min": float(tensor.min()), "mean": float(tensor.mean()), "max": float(tensor.max())}


def _decoded(session: Session, decoded: Prediction) -> dict[str, Any]:
    """What the outputs say, in the words of the data."""
    target = session.signature.target
    assert target is not None
    if decoded.value is not None:
        values = zip(target.names, decoded.value[0].tolist(), strict=True)
        return {"kind": "values", "values": [{"name": name, "value": value} for name, value in values]}
    if decoded.embedding_ND is not None:
        numbers = enumerate(decoded.embedding_ND[0].tolist())
        return {"kind": "values", "values": [{"name": f"embedding {at}", "value": value} for at, value in numbers]}
    if decoded.box_NK6 is not None:
        kept = [box for box in decoded.box_NK6[0].tolist() if box[4] >= 0]
        boxes = [{"name": target.classes[int(box[4])], "box": [*box[:4], box[5]]} for box in kept]
        return {"kind": "boxes", "boxes": boxes}
    assert decoded.label is not None
    if target.kind == "mask":
        return {"kind": "mask", **_shares(decoded.label[0], target.classes)}
    assert decoded.probability is not None
    names = target.classes if target.kind == "classes" else target.names
    paired = zip(names, decoded.probability[0].tolist(), strict=True)
    table = [{"name": name, "probability": probability} for name, probability in paired]
    label = decoded.label[0]
    if target.kind == "classes":
        said: str | list[str] = names[int(label)]
    else:
        said = [name for name, holds in zip(names, label.tolist(), strict=True) if holds]
    return {"kind": target.kind, "label": said, "probabilities": table}


def _truth(session: Session, batch: Batch) -> Any:
    """The target of the row: a class, the labels that hold, or the values."""
    target = session.signature.target
    if batch.target is None or target is None:
        return None
    truth = evaluate.truth(batch, session.dataset.scale)[0]
    if target.kind == "classes":
        return target.classes[int(truth)]
    if target.kind == "labels":
        return [name for name, holds in zip(target.names, truth.tolist(), strict=True) if holds]
    if target.kind == "mask":
        return _shares(truth[truth != UNJUDGED], target.classes)["label"]
    if target.kind == "boxes":
        return str(int((truth[:, 4] >= 0).sum()))
    return truth.tolist()


def _shares(label: torch.Tensor, names: tuple[str, ...]) -> dict[str, Any]:
    """The share of the pixels that each class has, and the largest in words."""
    count_C = torch.bincount(label.flatten().long(), minlength=len(names)).double() / max(label.numel(), 1)
    table = [{"name": name, "probability": share} for name, share in zip(names, count_C.tolist(), strict=True)]
    return {"label": f"{float(count_C.max()):.0%} {names[int(count_C.argmax())]}", "probabilities": table}
