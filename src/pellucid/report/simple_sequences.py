"""Simple models of a whole text, series or sound, which know little or nothing of its order.

N  rows    T  positions    D  numbers at each    I  numbers that stand for a row
"""

from __future__ import annotations

import math

import torch

from pellucid.data.batch import Batch
from pellucid.forms import Steps
from pellucid.metrics.metric import Prediction
from pellucid.report.baselines import (
    Baseline,
    class_count,
    constant_model,
    decoded,
    fit,
    linear_model,
    neighbours_model,
    target_kind,
)
from pellucid.report.evidence import Evidence
from pellucid.report.linear import Linear
from pellucid.report.outcome import Outcome, chosen_metric, rows_of
from pellucid.report.spelling import codes, read
from pellucid.report.tfidf import TfIdf

LEARNT = 20_000
"""Training texts."""
PENALTIES = (3.0, 1.0, 0.3, 0.1, 0.03, 0.01)
"""L2 penalties for bags of words, strongest first."""
COEFFICIENTS = 13
"""Of the spectrum of a sound's spectrum: the usual number."""
WIDEST = 4_096
"""Numbers of a series that neighbours are compared by; longer ones are averaged down."""


def ladder(evidence: Evidence, train: Outcome, valid: Outcome, test: Outcome) -> list[Baseline]:
    """The simple models on `test`, simplest first."""
    everything, kind = torch.arange(len(test)), target_kind(evidence)
    constant = constant_model(kind, class_count(evidence), train.truth, chosen_metric(evidence), len(test))
    found = [Baseline("constant", *constant, everything)]
    if codes(train.batch) is not None:
        return [*found, _words(evidence, train, valid, test)]
    batches = [one.batch for one in (train, valid, test)]
    if evidence.signature.kind == "audio":
        told = f"; of the mean and the deviation of {COEFFICIENTS} cepstral coefficients (MFCC)"
        sums = flat = _standard([cepstra(_steps(batch)) for batch in batches])
        near = told
    else:
        told = "; of mean, deviation, least, largest, first and last value of each channel, and the length"
        sums = _standard([summaries(_steps(batch)) for batch in batches])
        flat, near = _flat(batches)
    return [
        *found,
        linear_model(evidence, sums, (train, valid), everything, told),
        neighbours_model(evidence, flat, (train, valid, test), near),
    ]


def summaries(steps: Steps) -> torch.Tensor:
    """x_NI: mean, deviation, least, largest, first and last value of each channel, and the logarithm of the length."""
    x_NTD, mask_NT1 = steps.x_BTD.double(), steps.mask_BT.unsqueeze(2)
    count_N1 = mask_NT1.sum(1).clamp_min(1)
    mean_ND = (x_NTD * mask_NT1).sum(1) / count_N1
    spread_ND = (((x_NTD - mean_ND.unsqueeze(1)) * mask_NT1).square().sum(1) / count_N1).sqrt()
    least_ND, most_ND = (x_NTD.masked_fill(~mask_NT1, end) for end in (math.inf, -math.inf))
    last_ND = x_NTD[torch.arange(len(x_NTD)), count_N1[:, 0] - 1]
    ends = [least_ND.amin(1), most_ND.amax(1), x_NTD[:, 0], last_ND]
    return torch.cat([mean_ND, spread_ND, *ends, count_N1.double().log()], 1).nan_to_num(0.0, 0.0, 0.0)


def cepstra(steps: Steps) -> torch.Tensor:
    """x_NI: mean and deviation over time of the first cosine coefficients of each spectrum."""
    bands = steps.x_BTD.shape[2]
    count = min(COEFFICIENTS, bands)
    place_D, wave_K = torch.arange(bands, dtype=torch.float64) + 0.5, torch.arange(count, dtype=torch.float64)
    cosine_DK = torch.cos(math.pi / bands * place_D[:, None] * wave_K)
    return summaries(steps._replace(x_BTD=steps.x_BTD.double() @ cosine_DK))[:, : 2 * count]


def _steps(batch: Batch) -> Steps:
    signal = batch.input
    assert isinstance(signal, Steps)
    return Steps(signal.x_BTD.cpu(), signal.mask_BT.cpu())


def _standard(parts: list[torch.Tensor]) -> list[torch.Tensor]:
    """Every number with mean 0 and deviation 1 over the training rows."""
    mean_I, spread_I = parts[0].mean(0), parts[0].std(0, correction=0)
    return [(part - mean_I) / torch.where(spread_I > 1e-9, spread_I, 1.0) for part in parts]


def _flat(batches: list[Batch]) -> tuple[list[torch.Tensor], str]:
    """The numbers of every position side by side, 0 where there is none."""
    signals = [_steps(batch) for batch in batches]
    series = [signal.x_BTD * signal.mask_BT.unsqueeze(2) for signal in signals]
    longest, width = series[0].shape[1:]
    if longest * width <= WIDEST:
        return [x_NTD.flatten(1) for x_NTD in series], "; by the values at every position"
    short = max(1, WIDEST // width)
    small = [torch.nn.functional.adaptive_avg_pool1d(x_NTD.transpose(1, 2), short).flatten(1) for x_NTD in series]
    return small, f"; by the values averaged down to {short} positions"


def _words(evidence: Evidence, train: Outcome, valid: Outcome, test: Outcome) -> Baseline:
    """A linear model of bags of words and of pairs of words; the validation loss chooses its penalty, which is surer
    than a score that counts."""
    kind, classes = target_kind(evidence), class_count(evidence)
    count = min(len(train), LEARNT)
    texts = [_texts(evidence, batch) for batch in (train.batch.part(0, count), valid.batch, test.batch)]
    bag = TfIdf(texts[0])
    x = [bag(part) for part in texts]
    weight = None if train.batch.weight_B is None else train.batch.weight_B[:count].cpu()
    best: tuple[float, float, Linear] | None = None
    model = None
    for penalty in PENALTIES:
        model = fit(kind, x[0], train.truth[:count], classes, penalty, weight, model)
        loss = misfit(kind, decoded(kind, model(x[1])), valid.truth)
        if best is None or loss < best[0]:
            best = (loss, penalty, model)
    assert best is not None
    name = "Ridge regression" if kind == "values" else "Logistic regression"
    note = f"{name.lower()} on TF-IDF of {len(bag.gram_D):,} words and pairs of words"
    note += f", penalty {best[1]:g} (chosen on validation)"
    note += f"; learnt from {count:,} of {len(train):,} training texts" if count < len(train) else ""
    prediction = decoded(kind, best[2](x[2]))
    return Baseline("words", "Bag of words", note, prediction, torch.arange(len(test)))


def misfit(kind: str, prediction: Prediction, truth: torch.Tensor) -> float:
    """The mean loss: minus the log of the probability of the truth, or the squared error."""
    if kind == "values":
        assert prediction.value is not None
        return float((prediction.value - truth.view_as(prediction.value)).square().mean())
    assert prediction.probability is not None
    if kind == "classes":
        right = prediction.probability.gather(1, truth.long().unsqueeze(1))
    else:
        right = torch.where(truth > 0.5, prediction.probability, 1 - prediction.probability)
    return -float(right.clamp_min(1e-12).log().mean())


def _texts(evidence: Evidence, batch: Batch) -> list[str]:
    """The whole texts where they are there, else what the network reads of them."""
    if evidence.text is not None:
        return [evidence.text(row) for row in rows_of(batch)]
    return read(evidence.signature, batch)
