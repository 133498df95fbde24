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


def neighbours(features: torch.Tensor, target: torch.Tensor) -> dict[str, float]:
    tells = Tells()
    tells.add(features, target)
    return tells.neighbours()


def test_neighbours_agree_unless_labels_are_wrong_or_left_behind() -> None:
    chance = torch.Generator().manual_seed(0)
    label_N = torch.randint(4, (600,), generator=chance)
    x_NF = 6 * torch.eye(4)[label_N] + torch.randn(600, 4, generator=chance)
    well = neighbours(x_NF, label_N)
    assert well["rows"] == 600 and well["classes"] == 4 and well["right"] > 0.98 and well["agree"] > 50
    wrong_N = torch.where(torch.rand(600, generator=chance) < 0.4, torch.randint(4, (600,), generator=chance), label_N)
    noisy = neighbours(x_NF, wrong_N)
    assert 0.6 < noisy["right"] < 0.8 and 0.2 < noisy["second"] < 0.5
    mixed = neighbours(x_NF, label_N[torch.randperm(600, generator=chance)])
    assert abs(mixed["agree"]) < 3 and mixed["right"] < 0.35


def test_the_second_choice_of_neighbours_at_a_border() -> None:
    chance = torch.Generator().manual_seed(0)
    label_N = torch.randint(4, (1000,), generator=chance)
    x_N1 = label_N[:, None] + 0.5 * torch.randn(1000, 1, generator=chance)
    border = neighbours(x_N1, label_N)
    assert border["right"] < 0.8 and border["second"] > 0.8


def test_one_large_feature_does_not_make_strangers() -> None:
    chance = torch.Generator().manual_seed(0)
    label_N = torch.randint(3, (400,), generator=chance)
    x_NF = 6 * torch.eye(3)[label_N] + torch.randn(400, 3, generator=chance)
    large_N1 = 1e6 * torch.randn(400, 1, generator=chance)
    assert neighbours(torch.cat([x_NF, large_N1], 1), label_N)["right"] > 0.9


def test_neighbours_say_nothing_of_repeated_rows_values_places_and_time() -> None:
    chance = torch.Generator().manual_seed(0)
    x_NF, label_N = torch.randn(80, 3, generator=chance), torch.randint(3, (80,), generator=chance)
    assert neighbours(torch.cat([x_NF] * 4), torch.cat([label_N] * 4))["rows"] == 80
    assert neighbours(x_NF, torch.randn(80, generator=chance)) == {}
    assert neighbours(x_NF, torch.arange(80)) == {}, "contrastive: each row is its own class"
    assert neighbours(x_NF[:, None], label_N) == {}, "a shift in time changes every number"
    assert neighbours(torch.ones(80, 3), label_N) == {}, "rows that are all alike have no neighbours"


def test_few_rows_and_other_shapes_say_nothing() -> None:
    assert scores(torch.randn(10, 2), torch.arange(10)) == []
    assert scores(torch.randn(100, 2, 3), torch.arange(100)) == []
