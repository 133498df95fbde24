"""A feature that alone tells the target."""

from __future__ import annotations

import torch

from pellucid.doctor.script.tells import Tells


def scores(features: torch.Tensor, target: torch.Tensor) -> list[str]:
    tells = Tells()
    tells.add(features, target)
    return [name for name, _ in tells.scores()]


def test_the_target_among_the_features_is_found() -> None:
    chance = torch.Generator().manual_seed(0)
    x_NF, label_N = torch.randn(200, 5, generator=chance), torch.randint(3, (200,), generator=chance)
    assert scores(x_NF, label_N) == []
    x_NF[:, 2] = label_N
    assert scores(x_NF, label_N) == ["feature 2"]
    x_NF[:, 4] = torch.randn(200, generator=chance)
    assert scores(x_NF, x_NF[:, 4] * 3 + 1) == ["feature 4"]


def test_few_rows_and_other_shapes_say_nothing() -> None:
    assert scores(torch.randn(10, 2), torch.arange(10)) == []
    assert scores(torch.randn(100, 2, 3), torch.arange(100)) == []
