"""The baseline ladder: a constant, a linear model and nearest neighbours, fitted on the rows the network learnt from.

A network that does not beat them has not earned its cost. They need no tuning by hand: the penalty of the linear model
and the number of neighbours are chosen on the validation part.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch

from pellucid import forms
from pellucid.data.batch import Batch, Rows
from pellucid.metrics.metric import Metric, Prediction
from pellucid.report.evidence import Evidence
from pellucid.report.linear import Linear, logistic, ridge
from pellucid.report.outcome import Outcome, chosen_metric, take

PENALTIES = (100.0, 1.0)
"""L2 penalties of the linear model, strongest first: each fit starts where the stronger one ended."""
NEIGHBOURS = (1, 5, 15)
KNN_TRAIN, KNN_TEST = 5_000, 2_000
LINEAR_TRAIN = 10_000
LARGE = 2_000_000
"""Numbers in the training rows above which the penalty is not chosen: it matters little there, and time does."""
WIDEST = 1024
"""Inputs of a baseline: images with more numbers are averaged down to about so many."""
CODES = 50
"""Categories of a column that get an input of their own; rarer ones share one."""


@dataclass(frozen=True)
class Baseline:
    """A simple model with its predictions on the test part."""

    name: str
    title: str
    note: str
    """How it was made, and what was left out to stay quick."""
    prediction: Prediction
    index: torch.Tensor
    """The test rows it was asked about, as positions in the test part."""


def ladder(evidence: Evidence, train: Outcome, valid: Outcome, test: Outcome) -> list[Baseline]:
    """The three baselines on `test`, simplest first."""
    x, shrunk = numbers([train.batch, valid.batch, test.batch])
    everything = torch.arange(len(test))
    kind = target_kind(evidence)
    classes = class_count(evidence)
    constant = constant_model(kind, classes, train.truth, chosen_metric(evidence), len(test))
    return [
        Baseline("constant", *constant, everything),
        linear_model(evidence, x, (train, valid), everything, shrunk),
        neighbours_model(evidence, x, (train, valid, test), shrunk),
    ]


def target_kind(evidence: Evidence) -> str:
    """classes, labels or values."""
    assert evidence.signature.target is not None
    return evidence.signature.target.kind


def class_count(evidence: Evidence) -> int:
    """Classes of the target; 0 for values."""
    assert evidence.signature.target is not None
    return len(evidence.signature.target.classes)


def constant_model(
    kind: str, classes: int, truth: torch.Tensor, chosen: Metric, count: int
) -> tuple[str, str, Prediction]:
    """Title, note and the predictions of the best constant."""
    if kind == "values":
        # the mean is the best constant for squared errors, the median for absolute ones
        name, middle = ("median", truth.median(0).values) if chosen.name == "mae" else ("mean", truth.mean(0))
        note = f"always predicts the {name} of the training rows"
        return "Constant", note, Prediction(value=middle.to(torch.float64).expand(count, -1).contiguous())
    if kind == "labels":
        prior = truth.to(torch.float64).mean(0)
        label = (prior >= 0.5).long().expand(count, -1).contiguous()
        note = "always predicts how frequent each label is in the training rows"
        return "Constant", note, Prediction(label=label, probability=prior.expand(count, -1).contiguous())
    prior = torch.bincount(truth.long(), minlength=classes).to(torch.float64)
    prior = prior / prior.sum()
    note = "always predicts the largest class, with the shares of the training rows as probabilities"
    label = prior.argmax().expand(count).contiguous()
    return "Constant", note, Prediction(label=label, probability=prior.expand(count, -1).contiguous())


def linear_model(
    evidence: Evidence,
    x: list[torch.Tensor],
    parts: tuple[Outcome, Outcome],
    index: torch.Tensor,
    shrunk: str,
) -> Baseline:
    """A linear model of x_ND of the three parts; `shrunk` says what these numbers are."""
    train, valid = parts
    kind, chosen = target_kind(evidence), chosen_metric(evidence)
    rows = min(len(train), LINEAR_TRAIN)
    weight = None if train.batch.weight_B is None else train.batch.weight_B[:rows]
    best: tuple[float, Linear] | None = None
    model: Linear | None = None
    score: float | None = None
    penalties = PENALTIES if rows * x[0].shape[1] < LARGE else PENALTIES[-1:]
    for penalty in penalties:
        model = fit(kind, x[0][:rows], train.truth[:rows], class_count(evidence), penalty, weight, model)
        here = chosen.measure(decoded(kind, model(x[1])), valid.truth, None) if len(valid) else math.nan
        if best is None or chosen.improves(here, score):
            best, score = (penalty, model), here if here == here else score
    assert best is not None
    name = "Ridge regression" if kind == "values" else "Logistic regression"
    capped = f"; learnt from {rows:,} of {len(train):,} training rows" if rows < len(train) else ""
    chosen_by = " (chosen on validation)" if len(penalties) > 1 else ""
    note = f"{name.lower()} with penalty {best[0]:g}{chosen_by}{capped}{shrunk}"
    return Baseline("linear", name, note, decoded(kind, best[1](x[2])), index)


def fit(
    kind: str,
    x: torch.Tensor,
    truth: torch.Tensor,
    classes: int,
    penalty: float,
    weight: torch.Tensor | None,
    start: Linear | None,
) -> Linear:
    """The linear model for a kind of target; x may be sparse."""
    if kind == "values":
        target = truth.reshape(len(truth), -1)
        if x.is_sparse:
            return logistic(x, target, penalty, link="identity", weight_N=weight, start=start)
        return ridge(x, target, penalty, weight)
    size = x._nnz() if x.is_sparse else x.numel()
    # work is bounded: an iteration over 10,000 images costs tens of milliseconds
    steps = max(15, min(200, int(2e9 / (max(size, 1) * max(classes, 1)))))
    if kind == "labels":
        return logistic(x, truth, penalty, link="sigmoid", weight_N=weight, start=start, steps=steps)
    if classes == 2:
        target = truth[:, None].to(torch.float64)
        return logistic(x, target, penalty, link="sigmoid", weight_N=weight, start=start, steps=steps)
    one_hot = torch.nn.functional.one_hot(truth.long(), classes)
    return logistic(x, one_hot, penalty, link="softmax", weight_N=weight, start=start, steps=steps)


def decoded(kind: str, output: torch.Tensor) -> Prediction:
    """Outputs of a linear model as a prediction."""
    if kind == "values":
        return Prediction(value=output)
    if kind == "labels":
        probability = torch.sigmoid(output)
        return Prediction(label=(probability >= 0.5).long(), probability=probability)
    if output.shape[1] == 1:
        probability = torch.cat([torch.sigmoid(-output), torch.sigmoid(output)], 1)
    else:
        probability = torch.softmax(output, 1)
    return Prediction(label=probability.argmax(1), probability=probability)


def neighbours_model(
    evidence: Evidence, x: list[torch.Tensor], parts: tuple[Outcome, Outcome, Outcome], shrunk: str
) -> Baseline:
    """The vote of the nearest training rows by x_ND of the three parts."""
    train, valid, test = parts
    kind, chosen = target_kind(evidence), chosen_metric(evidence)
    known, truth = x[0][:KNN_TRAIN], train.truth[:KNN_TRAIN]
    sizes = [size for size in NEIGHBOURS if size <= len(known)]
    asked = min(len(test), KNN_TEST)
    near_valid = nearest(known, x[1][:KNN_TEST], sizes[-1])
    size, score = sizes[-1], None
    for candidate in sizes:
        guess = _vote(kind, truth[near_valid[:, :candidate]], class_count(evidence))
        here = chosen.measure(guess, valid.truth[:KNN_TEST], None) if len(valid) else math.nan
        if chosen.improves(here, score):
            size, score = candidate, here
    prediction = _vote(kind, truth[nearest(known, x[2][:asked], size)], class_count(evidence))
    near = "most similar training row" if size == 1 else f"{size} most similar training rows"
    note = f"the {near} (how many was chosen on validation)"
    if len(train) > KNN_TRAIN:
        note += f"; searched {KNN_TRAIN:,} of {len(train):,} training rows"
    if asked < len(test):
        note += f"; scored on {asked:,} of {len(test):,} test rows"
    return Baseline("neighbours", "Nearest neighbours", note + shrunk, prediction, torch.arange(asked))


def nearest(known_ND: torch.Tensor, asked_ND: torch.Tensor, count: int) -> torch.Tensor:
    """Positions in `known_ND` of the `count` rows closest to each asked row, nearest first."""
    pieces = [
        torch.cdist(part, known_ND).topk(count, largest=False).indices for part in asked_ND.to(known_ND).split(500)
    ]
    return torch.cat(pieces) if pieces else torch.zeros(0, count, dtype=torch.int64)


def _vote(kind: str, truth: torch.Tensor, classes: int) -> Prediction:
    """Predictions from the truths of the neighbours, (asked, neighbours, ...)."""
    if kind == "values":
        return Prediction(value=truth.to(torch.float64).reshape(len(truth), truth.shape[1], -1).mean(1))
    if kind == "labels":
        probability = truth.to(torch.float64).mean(1)
        return Prediction(label=(probability >= 0.5).long(), probability=probability)
    probability = torch.nn.functional.one_hot(truth.long(), classes).to(torch.float64).mean(1)
    return Prediction(label=probability.argmax(1), probability=probability)


def numbers(batches: list[Batch]) -> tuple[list[torch.Tensor], str]:
    """The inputs of each batch as one x_ND of numbers, and a note where they were made smaller."""
    signal = batches[0].input
    if isinstance(signal, tuple):
        sizes = _code_sizes([batch.input for batch in batches])
        note = (
            f"; categories beyond the {CODES} most frequent of a column share one input" if CODES + 1 in sizes else ""
        )
        return [_one_hot(batch.input, sizes) for batch in batches], note
    if signal.ndim == 4 and signal[0].numel() > WIDEST:
        side = max(1, math.isqrt(WIDEST // signal.shape[1]))
        small = [torch.nn.functional.adaptive_avg_pool2d(_tensor(batch.input), side).flatten(1) for batch in batches]
        return small, f"; images averaged down to {side} x {side}"
    return [_tensor(batch.input).flatten(1) for batch in batches], ""


def _tensor(signal: forms.Signal) -> torch.Tensor:
    assert not isinstance(signal, tuple)
    return signal


def _code_sizes(signals: list[forms.Signal]) -> list[int]:
    codes = [Rows(*forms.tensors(signal)).code_BK for signal in signals]
    highest = torch.stack([code.max(0).values for code in codes if len(code)]).max(0).values
    return [min(int(value), CODES) + 1 for value in highest.tolist()]


def _one_hot(signal: forms.Signal, sizes: list[int]) -> torch.Tensor:
    number_BD, code_BK = Rows(*forms.tensors(signal))
    columns = [
        torch.nn.functional.one_hot(torch.where(code < size, code, 0), size).to(number_BD)
        for code, size in zip(code_BK.T, sizes, strict=True)
    ]
    return torch.cat([number_BD, *columns], 1)


def subset(outcome: Outcome, index: torch.Tensor) -> tuple[Prediction, torch.Tensor]:
    """The network's own predictions and the truth on the rows a baseline was asked about."""
    if len(index) == len(outcome):
        return outcome.prediction, outcome.truth
    return take(outcome.prediction, index), outcome.truth.index_select(0, index)
