"""Waves and turns against their formulas; the gradient of what is turned."""

from __future__ import annotations

import math

import pytest
import torch

from pellucid.nn.positions import sinusoids, split, turn_in_place, turns

torch.set_num_threads(1)


@pytest.mark.parametrize("width", [6, 7])
def test_sinusoids_are_those_of_the_paper(width: int):
    wave_TD = sinusoids(torch.arange(20), width, torch.float64)
    even = width + width % 2
    for position in (0, 1, 19):
        for feature in range(width):
            angle = position / 10_000 ** (2 * (feature // 2) / even)
            expected = math.cos(angle) if feature % 2 else math.sin(angle)
            assert wave_TD[position, feature].item() == pytest.approx(expected, abs=1e-12)


def test_a_turn_rotates_each_pair_by_its_angle():
    x_BTHK = torch.randn(2, 5, 3, 4, dtype=torch.float64)  # one query, one key, one value
    q_BTHK, k_BTGK, v_BTGK = split(x_BTHK, 1, 1, turns(torch.arange(5), 4, torch.float64))
    for place, turned in enumerate((q_BTHK, k_BTGK)):
        for position in range(5):
            for pair, speed in enumerate((1.0, 0.01)):
                angle = position * speed
                first, second = x_BTHK[:, position, place, 2 * pair], x_BTHK[:, position, place, 2 * pair + 1]
                there = turned[:, position, 0, 2 * pair : 2 * pair + 2]
                torch.testing.assert_close(there[:, 0], first * math.cos(angle) - second * math.sin(angle))
                torch.testing.assert_close(there[:, 1], first * math.sin(angle) + second * math.cos(angle))
    assert torch.equal(v_BTGK, x_BTHK[:, :, 2:])


def test_products_of_turned_queries_and_keys_depend_on_the_distance_alone():
    x_BTHK = torch.randn(1, 1, 3, 8, dtype=torch.float64).expand(1, 6, 3, 8)
    products = []
    for start in (0, 100):
        q_BTHK, k_BTGK, _ = split(x_BTHK, 1, 1, turns(torch.arange(start, start + 6), 8, torch.float64))
        products.append(torch.einsum("bthk,bshk->ts", q_BTHK, k_BTGK))
    torch.testing.assert_close(products[0], products[1])
    torch.testing.assert_close(products[0].diagonal(1), products[0][0, 1].expand(5))


@pytest.mark.parametrize("each_row", [False, True])
def test_the_gradient_is_that_of_the_formula(each_row: bool):
    position = torch.tensor([[0, 1, 2], [4, 5, 6]]) if each_row else torch.arange(3)
    turn = turns(position, 4, torch.float64)
    x_BTHK = torch.randn(2, 3, 8, 4, dtype=torch.float64, requires_grad=True)  # 4 queries share 2 keys and values
    assert torch.autograd.gradcheck(lambda x: split(x, 4, 2, turn), (x_BTHK,))
    assert torch.autograd.gradcheck(lambda x: split(x, 4, 2, None), (x_BTHK,))


def test_half_precision_stays_half_precision():
    x_BTHK = torch.randn(2, 3, 6, 4).bfloat16().requires_grad_()
    q_BTHK, k_BTGK, v_BTGK = split(x_BTHK, 2, 2, turns(torch.arange(3), 4))
    assert {part.dtype for part in (q_BTHK, k_BTGK, v_BTGK)} == {torch.bfloat16}
    (q_BTHK.sum() + k_BTGK.sum() + v_BTGK.sum()).backward()
    assert x_BTHK.grad is not None and x_BTHK.grad.dtype == torch.bfloat16


def test_turning_in_place_is_the_same():
    x_BTHK, turn = torch.randn(2, 3, 8, 4), turns(torch.arange(3), 4)
    expected = torch.cat(split(x_BTHK, 4, 2, turn), 2)
    assert torch.equal(turn_in_place(x_BTHK, 6, turn), expected)
    assert turn_in_place(x_BTHK.bfloat16(), 6, turn).dtype == torch.float32
