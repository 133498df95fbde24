"""The blocks: order of stages, names and skips."""

from __future__ import annotations

import torch
from torch import nn

from pellucid.nn.blocks import ConvBlock, Dense, Residual
from pellucid.nn.noise import Dropout
from pellucid.seeds import Draw

torch.set_num_threads(1)


def test_dense_runs_in_reading_order():
    block = Dense(nn.Linear(3, 4), norm=nn.LayerNorm(4), activation=nn.ReLU(), dropout=Dropout(0.5))
    block.eval()
    x = torch.randn(5, 3)
    assert torch.equal(block(x), torch.relu(block.norm(block.linear(x))))
    assert [name for name, _ in block.named_children()] == ["linear", "norm", "activation", "dropout"]
    block.train()
    block.dropout.draw = Draw(0, "step")
    assert (block(x) == 0).any()


def test_dense_by_hand():
    linear = nn.Linear(2, 1)
    with torch.no_grad():
        linear.weight.copy_(torch.tensor([[2.0, -1.0]]))
        linear.bias.fill_(0.5)
    x = torch.tensor([[1.0, 1.0], [0.0, 3.0]])
    assert Dense(linear)(x).tolist() == [[1.5], [-2.5]]
    assert Dense(linear, activation=nn.ReLU())(x).tolist() == [[1.5], [0.0]]


def test_residual_adds_the_input_where_the_width_stays():
    x = torch.randn(5, 3)
    block = Dense(nn.Linear(3, 3), activation=nn.Tanh(), residual=True)
    assert torch.equal(block(x), x + torch.tanh(block.linear(x)))
    assert "residual" in repr(block)
    wider = Dense(nn.Linear(3, 4), residual=True)
    assert not wider.residual and torch.equal(wider(x), wider.linear(x))


def test_conv_block_runs_in_reading_order():
    block = ConvBlock(
        nn.Conv2d(3, 4, 3, padding=1), norm=nn.BatchNorm2d(4), activation=nn.ReLU(), pool=nn.MaxPool2d(2), dropout=None
    )
    x = torch.randn(2, 3, 6, 6)
    y = block(x)
    assert y.shape == (2, 4, 3, 3)
    block.eval()
    expected = nn.functional.max_pool2d(torch.relu(block.norm(block.conv(x))), 2)
    assert torch.equal(block(x), expected)
    assert [name for name, _ in block.named_children()] == ["conv", "norm", "activation", "pool"]


def test_residual_by_hand():
    branch = nn.Conv2d(1, 1, 1)
    with torch.no_grad():
        branch.weight.fill_(-3.0)
        branch.bias.fill_(1.0)
    x = torch.tensor([[[[1.0, -2.0]]]])
    assert Residual([branch])(x).tolist() == [[[[-1.0, 5.0]]]]
    assert Residual([branch], activation=nn.ReLU())(x).tolist() == [[[[0.0, 5.0]]]]
    assert Residual([branch], skip=nn.AvgPool2d((1, 2)))(x).tolist() == [[[[-2.5, 6.5]]]]


def test_residual_passes_gradients_past_a_branch_that_has_none():
    blocked = nn.Conv2d(3, 3, 3, padding=1)
    nn.init.zeros_(blocked.weight)
    x = torch.randn(2, 3, 4, 4, requires_grad=True)
    (gradient,) = torch.autograd.grad(Residual([blocked])(x).sum(), x)
    assert torch.equal(gradient, torch.ones_like(x))


def test_empty_batches_keep_their_shape():
    assert Dense(nn.Linear(3, 4), activation=nn.ReLU())(torch.empty(0, 3)).shape == (0, 4)
    assert ConvBlock(nn.Conv2d(3, 4, 3))(torch.empty(0, 3, 5, 5)).shape == (0, 4, 3, 3)
    assert Residual([nn.Conv2d(3, 3, 3, padding=1)])(torch.empty(0, 3, 5, 5)).shape == (0, 3, 5, 5)
