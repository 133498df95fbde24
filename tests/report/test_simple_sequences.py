"""Simple models of whole sequences."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from scipy import fft

from pellucid.forms import Steps
from pellucid.metrics.catalogue import metric
from pellucid.metrics.metric import Prediction
from pellucid.report.outcome import outcome
from pellucid.report.simple_sequences import cepstra, ladder, misfit, summaries


def test_summaries_leave_out_padding() -> None:
    x = torch.tensor([[[1.0], [3.0], [99.0]], [[2.0], [4.0], [9.0]]])
    mask = torch.tensor([[True, True, False], [True, True, True]])
    first, second = summaries(Steps(x, mask)).tolist()
    assert first[:6] == [2, 1, 1, 3, 1, 3] and first[6] == pytest.approx(np.log(2))
    assert second[0] == 5 and second[2:6] == [2, 9, 2, 9]


def test_cepstra_are_cosine_transforms_of_each_spectrum() -> None:
    x = torch.randn(2, 7, 20, generator=torch.Generator().manual_seed(0))
    found = cepstra(Steps(x, torch.ones(2, 7, dtype=torch.bool)))
    expected = fft.dct(x.double().numpy(), axis=2)[..., :13] / 2
    np.testing.assert_allclose(found[:, :13], expected.mean(1), atol=1e-9)
    np.testing.assert_allclose(found[:, 13:], expected.std(1), atol=1e-9)


def test_words_tell_opinions(sequence) -> None:
    evidence = sequence("opinions")
    parts = [outcome(evidence, part) for part in ("train", "valid", "test")]
    constant, words = ladder(evidence, *parts)
    score = metric("accuracy")
    assert score.measure(words.prediction, parts[2].truth, None) == 1.0
    assert score.measure(constant.prediction, parts[2].truth, None) < 0.7


def test_series_are_told_by_their_sums_and_by_their_neighbours(sequence) -> None:
    evidence = sequence("vowels")
    parts = [outcome(evidence, part) for part in ("train", "valid", "test")]
    scores = {
        rung.name: metric("accuracy").measure(rung.prediction, parts[2].truth[rung.index], None)
        for rung in ladder(evidence, *parts)
    }
    assert scores["linear"] > 0.85 and scores["neighbours"] > 0.85 > 0.3 > scores["constant"]


def test_misfit_by_hand() -> None:
    half = Prediction(probability=torch.full((2, 2), 0.5).double())
    assert misfit("classes", half, torch.tensor([0, 1])) == pytest.approx(np.log(2))
    assert misfit("labels", half, torch.tensor([[0, 1], [1, 1]])) == pytest.approx(np.log(2))
    assert misfit("values", Prediction(value=torch.tensor([[1.0]])), torch.tensor([3.0])) == 4.0
