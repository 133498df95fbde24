"""What targets alone tell."""

from __future__ import annotations

import math

import pytest
import torch

from pellucid.doctor.script.targets import ORDERED, Classes, Shares, Values


def test_the_best_constant_of_classes_is_their_entropy() -> None:
    classes = Classes(3, None, 0.0)
    classes.add(torch.tensor([0, 0, 1, 1]))
    assert classes.constant() == pytest.approx(math.log(2))


def test_sorted_labels_repeat_and_shuffled_ones_do_not() -> None:
    chance, told = torch.Generator().manual_seed(0), []
    label_N = torch.arange(4).repeat_interleave(ORDERED * 8)
    for order in (torch.arange(len(label_N)), torch.randperm(len(label_N), generator=chance)):
        classes = Classes(4, None, 0.0)
        for batch in label_N[order].split(32):
            classes.add(batch)
        told.append(classes.order()["repeat"])
    assert told[0] > 10 > 3 > told[1]


def test_predictions_are_counted_beside_the_labels() -> None:
    classes = Classes(3, None, 0.0)
    classes.predicted(torch.tensor([0, 0, 0, 0]), torch.tensor([0, 0, 0, 1]))
    told = classes.predictions()
    assert (told["distinct"], told["recall_rarest"], told["rows"]) == (0.5, 0.0, 1.0)


def test_the_best_constant_of_two_outcomes() -> None:
    shares = Shares("binary")
    shares.add(torch.tensor([[1.0], [0.0], [0.0], [0.0]]))
    assert shares.constant() == pytest.approx(-(0.25 * math.log(0.25) + 0.75 * math.log(0.75)))


@pytest.mark.parametrize(("loss", "wanted"), [("mse_loss", 2.0), ("l1_loss", 4 / 3)])
def test_the_best_constant_of_values(loss: str, wanted: float) -> None:
    values = Values(loss, 1.0)
    values.add(torch.tensor([[0.0], [0.0], [3.0]]) if loss == "mse_loss" else torch.tensor([[0.0], [1.0], [4.0]]))
    assert values.constant() == pytest.approx(wanted)
