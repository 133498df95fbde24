"""Small real networks on real data, trained by a plain loop, as evidence for reports."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from sklearn import datasets
from torch import nn

from pellucid import forms
from pellucid.data.batch import Batch, Dataset, Rows, Scale
from pellucid.data.signature import Column, Signature, Target
from pellucid.losses.parts import MSE, BinaryCrossEntropy, CrossEntropy
from pellucid.report.evidence import Evidence
from pellucid.tasks.classification import Classification
from pellucid.tasks.multilabel import Multilabel
from pellucid.tasks.regression import Regression
from pellucid.tasks.segmentation import Segmentation
from pellucid.tasks.task import Task


def column(name: str, values: np.ndarray) -> Column:
    """The signature of a numeric column."""
    low, high = float(values.min()), float(values.max())
    return Column(name, "number", "input", "every cell is a number", 1.0, 0, len(np.unique(values)), (), low, high)


def split(count: int, seed: int = 0) -> list[torch.Tensor]:
    """Row numbers of the three parts: 60, 20 and 20 of 100."""
    order = torch.randperm(count, generator=torch.Generator().manual_seed(seed))
    return list(order.split([count - 2 * (count // 5), count // 5, count // 5]))


def batches(signal: forms.Signal, target: torch.Tensor) -> list[Batch]:
    """Train, valid and test."""
    rows = torch.arange(len(target))
    return [Batch(signal, target, None, rows).take(part) for part in split(len(target))]


def train(
    network: nn.Module, task: Task, data: Dataset, epochs: int, rate: float
) -> tuple[list[dict[str, Any]], Callable[[Batch], torch.Tensor]]:
    """Plain gradient descent with momentum; the lines of a record, and the network in evaluation mode."""
    moves = [torch.zeros_like(parameter) for parameter in network.parameters()]
    record: list[dict[str, Any]] = []
    best, best_step, step, size = math.inf, 0, 0, 32
    for epoch in range(epochs):
        losses = []
        order = torch.randperm(len(data.train), generator=torch.Generator().manual_seed(epoch))
        for index in order.split(size):
            batch = data.train.take(index)
            loss = task.losses(network(batch.input), batch).value_B.mean()
            grads = torch.autograd.grad(loss, list(network.parameters()))
            here = rate * 0.5 * (1 + math.cos(math.pi * epoch / epochs))
            with torch.no_grad():
                for parameter, move, grad in zip(network.parameters(), moves, grads, strict=True):
                    parameter -= here * move.mul_(0.9).add_(grad)
            step += 1
            losses.append(loss.item())
            line = {"event": "step", "step": step, "epoch": epoch, "turn": "learn", "loss": losses[-1]}
            record.append(line | {"learning_rate": here})
        with torch.no_grad():
            valid = task.losses(network(data.valid.input), data.valid).value_B.mean().item()
        if valid < best:
            best, best_step = valid, step
        line = {"event": "evaluated", "step": step, "epoch": epoch + 1, "train_loss": sum(losses) / len(losses)}
        record.append(line | {"loss": valid, "metrics": {}, "best": best_step == step})
    record.append({"event": "stopped", "step": step, "reason": "epochs", "best_step": best_step})
    return record, lambda batch: network(batch.input)


def layers(network: nn.Module) -> list[dict[str, Any]]:
    """The layer table of a plain sequence of layers."""
    return [
        {
            "name": name,
            "layer": str(module).split("(")[0],
            "output": "vector",
            "parameters": sum(parameter.numel() for parameter in module.parameters()),
            "work": sum(parameter.numel() for parameter in module.parameters() if parameter.ndim > 1),
        }
        for name, module in network.named_children()
    ]


class Mixed(nn.Module):
    """Numbers and one-hot codes into one linear map."""

    def __init__(self, numbers: int, sizes: tuple[int, ...], outputs: int) -> None:
        super().__init__()
        self.sizes = sizes
        self.rest = nn.Sequential(nn.Linear(numbers + sum(sizes), 16), nn.Tanh(), nn.Linear(16, outputs))

    def forward(self, rows: forms.Signal) -> torch.Tensor:
        number_BD, code_BK = Rows(*forms.tensors(rows))
        codes = [nn.functional.one_hot(code, size) for code, size in zip(code_BK.T, self.sizes, strict=True)]
        return self.rest(torch.cat([number_BD, *codes], 1))


def evidence(
    task: Task,
    signature: Signature,
    data: Dataset,
    network: nn.Module,
    *,
    metrics: tuple[str, ...],
    columns: tuple[str, ...] = (),
    epochs: int = 30,
    rate: float = 0.02,
    **more: Any,
) -> Evidence:
    """Trains `network` and gathers what a report needs."""
    started = time.perf_counter()
    record, forward = train(network, task, data, epochs, rate)
    seconds = time.perf_counter() - started
    scale = data.scale

    def truth(batch: Batch) -> torch.Tensor:
        assert batch.target is not None
        if scale is None:
            return batch.target
        return batch.target.double() * scale.scale_D.double() + scale.mean_D.double()

    return Evidence(
        name=more.pop("name", "sample-0001"),
        task=task,
        signature=signature,
        dataset=data,
        recipe={"data": {"kind": signature.kind, "path": signature.source}, "task": task.dump(), "seed": 0},
        decisions=[{"path": "method.epochs", "value": str(epochs), "reason": "small data", "source": "plan"}],
        layers=layers(network),
        record=record,
        forward=forward,
        network=network,
        decode=lambda output: task.decode(output, signature, scale),
        truth=truth,
        metrics=metrics,
        columns=columns,
        seed=0,
        seconds=seconds,
        examples_per_second=len(data.train) * epochs / seconds,
        facts={"threads": "1", "precision": "float32"},
        **more,
    )


def table(
    x: np.ndarray,
    y: np.ndarray,
    names: list[str],
    classes: tuple[str, ...],
    *,
    metrics: tuple[str, ...] = ("accuracy", "roc_auc", "f1", "log_loss"),
    hidden: int = 16,
    epochs: int = 30,
    rate: float = 0.02,
    name: str = "sample-0001",
) -> Evidence:
    """A classifier of numeric columns."""
    torch.manual_seed(0)
    parts = split(len(y))
    known = x[parts[0].numpy()]
    scaled = torch.tensor((x - known.mean(0)) / (known.std(0) + 1e-12), dtype=torch.float32)
    data = Dataset(*batches(scaled, torch.tensor(y, dtype=torch.int64)), forms.vector(x.shape[1]))
    counts = tuple(int((y == code).sum()) for code in range(len(classes)))
    target = Target("classes", ("kind",), classes, counts, "the column asked for")
    columns = tuple(column(one, x[:, at]) for at, one in enumerate(names))
    signature = Signature("table", "rows.csv", len(y), "0" * 64, target, columns)
    loss = BinaryCrossEntropy() if len(classes) == 2 else CrossEntropy()
    outputs = 1 if len(classes) == 2 else len(classes)
    network = nn.Sequential(nn.Linear(x.shape[1], hidden), nn.Tanh(), nn.Linear(hidden, outputs))
    return evidence(
        Classification(loss=loss),
        signature,
        data,
        network,
        metrics=metrics,
        columns=tuple(names),
        epochs=epochs,
        rate=rate,
        name=name,
        cells=lambda row: {one: repr(float(x[row, at])) for at, one in enumerate(names)},
    )


def breast_cancer(**more: Any) -> Evidence:
    """569 tumours, 30 numbers, two classes."""
    bunch: Any = datasets.load_breast_cancer()
    return table(bunch.data, bunch.target, list(bunch.feature_names), tuple(bunch.target_names), **more)


def iris(columns: int = 4, **more: Any) -> Evidence:
    """150 flowers, three classes."""
    bunch: Any = datasets.load_iris()
    names = list(bunch.feature_names)[:columns]
    metrics = ("accuracy", "f1", "log_loss")
    return table(bunch.data[:, :columns], bunch.target, names, tuple(bunch.target_names), metrics=metrics, **more)


def xor(**more: Any) -> Evidence:
    """Points of the plane whose class is 1 where their signs differ."""
    x = np.random.default_rng(0).uniform(-1, 1, (400, 2)) * [10, 3] + [20, 0]
    y = ((x[:, 0] > 20) != (x[:, 1] > 0)).astype(int)
    return table(x, y, ["east", "north"], ("same", "different"), epochs=60, rate=0.1, **more)


def noise(**more: Any) -> Evidence:
    """Ten numbers that say nothing about the class."""
    random = np.random.default_rng(1)
    x, y = random.normal(size=(600, 10)), random.integers(0, 2, 600)
    return table(x, y, [f"n{at}" for at in range(10)], ("no", "yes"), **more)


def rare(**more: Any) -> Evidence:
    """Nine of ten rows belong to one class."""
    random = np.random.default_rng(2)
    x = random.normal(size=(800, 4))
    y = (x[:, 0] + 0.5 * random.normal(size=800) > 1.45).astype(int)
    return table(x, y, ["signal", "a", "b", "c"], ("usual", "rare"), metrics=("accuracy", "f1"), **more)


def diabetes(targets: int = 1) -> Evidence:
    """442 patients, ten numbers, one value (or two)."""
    torch.manual_seed(0)
    bunch: Any = datasets.load_diabetes()
    y = torch.tensor(np.stack([bunch.target, bunch.target * 0.1 + bunch.data[:, 0]], 1)[:, :targets])
    scaled = torch.tensor(bunch.data / bunch.data.std(0), dtype=torch.float32)
    known = y[split(len(y))[0]]
    scale = Scale(known.mean(0), known.std(0))
    standard = ((y - scale.mean_D) / scale.scale_D).float()
    data = Dataset(*batches(scaled, standard), forms.vector(10), scale=scale)
    names = tuple(bunch.feature_names)
    target = Target("values", ("progression", "other")[:targets])
    columns = tuple(column(name, bunch.data[:, at]) for at, name in enumerate(names))
    signature = Signature("table", "diabetes.csv", len(y), "1" * 64, target, columns)
    network = nn.Sequential(nn.Linear(10, 16), nn.Tanh(), nn.Linear(16, targets))
    task = Regression(loss=MSE())
    return evidence(task, signature, data, network, metrics=("rmse", "mae", "r2"), columns=names, epochs=20)


def labels() -> Evidence:
    """Two yes-or-no questions about numbers and a category."""
    torch.manual_seed(0)
    random = np.random.default_rng(3)
    number = torch.tensor(random.normal(size=(300, 3)), dtype=torch.float32)
    code = torch.tensor(random.integers(0, 4, (300, 1)))
    y = torch.stack([number[:, 0] + number[:, 1] > 0, code[:, 0] == 2], 1).float()
    data = Dataset(*batches(Rows(number, code), y), forms.vector(3), (4,))
    target = Target("labels", ("sum", "two"), (), tuple(int(count) for count in y.sum(0)))
    signature = Signature("table", "labels.csv", 300, "2" * 64, target)
    return evidence(
        Multilabel(loss=BinaryCrossEntropy()),
        signature,
        data,
        Mixed(3, (4,), 2),
        metrics=("f1", "roc_auc"),
        columns=("a", "b", "c", "code"),
        rate=0.1,
    )


def digits(**more: Any) -> Evidence:
    """1,797 images of 8 by 8, ten classes."""
    torch.manual_seed(0)
    bunch: Any = datasets.load_digits()
    image = torch.tensor(bunch.images / 8 - 1, dtype=torch.float32)[:, None]
    data = Dataset(*batches(image, torch.tensor(bunch.target)), forms.grid(1, 8, 8))
    names = tuple(str(digit) for digit in range(10))
    target = Target("classes", ("digit",), names, tuple(int(count) for count in np.bincount(bunch.target)))
    signature = Signature("images", "digits", 1797, "3" * 64, target, image=(1, 8, 8), sizes=((8, 8, 1797),))
    conv = nn.Conv2d(1, 8, 3, padding=1)
    network = nn.Sequential(conv, nn.ReLU(), nn.MaxPool2d(2), nn.Flatten(), nn.Linear(128, 10))
    pixels = (bunch.images * 15).astype(np.uint8)
    return evidence(
        Classification(loss=CrossEntropy()),
        signature,
        data,
        network,
        metrics=("accuracy", "log_loss"),
        epochs=6,
        pixels=lambda row: pixels[row],
        **more,
    )


def masks(**more: Any) -> Evidence:
    """60 images of 12 by 12 with a dark and a bright square on noise; nobody judged the last column."""
    torch.manual_seed(0)
    random = np.random.default_rng(4)
    pixels, mask = random.normal(60, 15, (60, 12, 12)), np.zeros((60, 12, 12), np.uint8)
    for at in range(60):
        for code in (1, 2):
            row, column = random.integers(0, 8, 2)
            here = (at, slice(row, row + 4), slice(column, column + 4))
            pixels[here], mask[here] = random.normal(60 + 60 * code, 15, (4, 4)), code
    mask[:, :, -1] = 255
    pixels = pixels.clip(0, 255).astype(np.uint8)
    image = torch.tensor(pixels / 64 - 1, dtype=torch.float32)[:, None]
    data = Dataset(*batches(image, torch.tensor(mask)), forms.grid(1, 12, 12))
    names = ("background", "dark", "bright")
    target = Target("mask", ("mask",), names, tuple(np.bincount(mask[mask < 255]).tolist()))
    signature = Signature("images", "squares", 60, "4" * 64, target, image=(1, 12, 12), sizes=((12, 12, 60),))
    network = nn.Sequential(nn.Conv2d(1, 8, 3, padding=1), nn.ReLU(), nn.Conv2d(8, 3, 1))
    return evidence(
        Segmentation(loss=CrossEntropy()),
        signature,
        data,
        network,
        metrics=("iou", "dice", "pixel_accuracy"),
        rate=3e-4,
        pixels=lambda row: pixels[row],
        **more,
    )
