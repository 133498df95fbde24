"""The head of verification: unit vectors, cosines in training, the threshold at prediction."""

from __future__ import annotations

import torch
from torch.nn import functional as F

from pellucid.nn.cosine_head import UNSETTLED, CosineHead

torch.set_num_threads(1)


def test_training_gives_cosines_and_prediction_the_threshold():
    head, x_BF = CosineHead(5, 4, 3), torch.randn(6, 5)
    output = head.train()(x_BF)
    assert output.shape == (6, 4 + 3)
    torch.testing.assert_close(output[:, :4].norm(dim=1), torch.ones(6))
    assert head.prototypes is not None
    by_hand = F.cosine_similarity(head.embedding(x_BF)[:, None], head.prototypes.weight[None], dim=2)
    torch.testing.assert_close(output[:, 4:], by_hand)
    later = head.eval()(x_BF)
    torch.testing.assert_close(later[:, :4], output[:, :4])
    assert later.shape == (6, 5) and later[:, 4].tolist() == [UNSETTLED] * 6


def test_without_prototypes_there_are_embeddings_alone():
    head = CosineHead(5, 4, 0)
    assert head.train()(torch.randn(6, 5)).shape == (6, 4)
    assert [name for name, _ in head.named_parameters()] == ["embedding.weight", "embedding.bias"]


def test_the_threshold_travels_with_the_weights():
    head = CosineHead(2, 2, 0)
    head.threshold.fill_(0.25)
    twin = CosineHead(2, 2, 0)
    twin.load_state_dict(head.state_dict())
    assert twin.eval()(torch.randn(1, 2))[0, 2] == 0.25


def test_half_precision_keeps_the_digits_of_a_cosine():
    head, x_BF = CosineHead(5, 4, 3).train(), torch.randn(6, 5)
    with torch.autocast("cpu", torch.bfloat16):
        output = head(x_BF)
    assert output.dtype == torch.float32
    assert head.prototypes is not None
    exact = output[:, :4] @ F.normalize(head.prototypes.weight, dim=1).T
    torch.testing.assert_close(output[:, 4:], exact)


def test_an_empty_batch_passes():
    head = CosineHead(5, 4, 3)
    assert head.train()(torch.empty(0, 5)).shape == (0, 7) and head.eval()(torch.empty(0, 5)).shape == (0, 5)
