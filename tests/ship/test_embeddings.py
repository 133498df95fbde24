"""Predictions of verification: embeddings, the nearest other image, and whether it is the same."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch.nn import functional as F

from pellucid.data.image import Images
from pellucid.data.signature import Signature, Target
from pellucid.metrics.metric import Prediction
from pellucid.ship import embeddings
from pellucid.ship.embeddings import columns, most_alike

SIGNATURE = Signature("images", "memory", 3, "", Target("classes", ("person",), ("a", "b")))


def angles(*degrees: float) -> torch.Tensor:
    angle = torch.tensor(degrees, dtype=torch.float64).deg2rad()
    return torch.stack([angle.cos(), angle.sin()], 1)


def raw(count: int):
    return Images().from_arrays(np.arange(count * 16, dtype=np.uint8).reshape(count, 4, 4))


def test_every_image_has_its_nearest_other_one_and_its_embedding():
    made = columns(SIGNATURE, raw(3), Prediction(embedding_ND=angles(0, 30, 90), threshold=0.7))
    assert list(made) == ["nearest", "cosine", "same", "embedding_0", "embedding_1"]
    names = raw(3).names
    assert made["nearest"] == [names[1], names[0], names[1]]
    assert made["cosine"] == pytest.approx([3**0.5 / 2, 3**0.5 / 2, 0.5])
    assert made["same"] == [True, True, False]
    assert made["embedding_1"] == pytest.approx([0, 0.5, 1])


def test_without_a_threshold_nothing_is_called_the_same():
    assert "same" not in columns(SIGNATURE, raw(2), Prediction(embedding_ND=angles(0, 1)))


def test_an_image_by_itself_has_no_nearest():
    made = columns(SIGNATURE, raw(1), Prediction(embedding_ND=angles(0), threshold=0.5))
    assert (made["nearest"], made["cosine"], made["same"]) == ([None], [None], [None])


def test_chunks_change_nothing(monkeypatch: pytest.MonkeyPatch):
    vector = F.normalize(torch.randn(11, 3, dtype=torch.float64), dim=1)
    whole = most_alike(vector)
    monkeypatch.setattr(embeddings, "CHUNK", 4)
    for one, other in zip(whole, most_alike(vector), strict=True):
        torch.testing.assert_close(one, other)
