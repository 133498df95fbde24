"""Healthy: LoRA. The learnt layers are frozen, and beside each stands A B with B = 0 at first."""

import torch
from data import digits
from program import arguments, tell
from torch import nn


class LowRank(nn.Module):
    def __init__(self, layer: nn.Linear, rank: int) -> None:
        super().__init__()
        self.layer = layer.requires_grad_(False)
        self.a = nn.Parameter(torch.randn(rank, layer.in_features) / layer.in_features**0.5)
        self.b = nn.Parameter(torch.zeros(layer.out_features, rank))

    def forward(self, x):
        return self.layer(x) + x @ self.a.T @ self.b.T


options = arguments()
x, y, x_test, y_test = digits(options.seed)
net = nn.Sequential(nn.Linear(64, 64), nn.ReLU(), nn.Linear(64, 10))
optimizer = torch.optim.Adam(net.parameters(), lr=5e-3)
for rows in torch.randint(len(x), (200, 50)):
    optimizer.zero_grad()
    nn.functional.cross_entropy(net(x[rows]), y[rows]).backward()
    optimizer.step()

net[0], net[2] = LowRank(net[0], 4), LowRank(net[2], 4)
optimizer = torch.optim.Adam([one for one in net.parameters() if one.requires_grad], lr=5e-3)
for rows in torch.randint(len(x), (250, 50)):
    optimizer.zero_grad()
    nn.functional.cross_entropy(net(x[rows]), 9 - y[rows]).backward()
    optimizer.step()

with torch.no_grad():
    tell((net(x_test).argmax(1) == 9 - y_test).float().mean().item())
