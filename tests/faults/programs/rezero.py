"""Healthy: ReZero. Each residual branch begins with a weight of zero, so its layers wait one step."""

import torch
from data import clusters
from program import arguments, tell
from torch import nn


class Block(nn.Module):
    def __init__(self, width: int) -> None:
        super().__init__()
        self.branch = nn.Sequential(nn.Linear(width, width), nn.ReLU(), nn.Linear(width, width))
        self.share = nn.Parameter(torch.zeros(1))

    def forward(self, x):
        return x + self.share * self.branch(x)


options = arguments()
x, y, x_test, y_test = clusters(options.seed)
model = nn.Sequential(nn.Linear(16, 40), *(Block(40) for _ in range(6)), nn.Linear(40, 6))
optimizer = torch.optim.Adam(model.parameters(), lr=3e-3)
for _ in range(400):
    rows = torch.randint(len(x), (50,))
    optimizer.zero_grad()
    loss = nn.functional.cross_entropy(model(x[rows]), y[rows])
    loss.backward()
    optimizer.step()

with torch.no_grad():
    tell((model(x_test).argmax(1) == y_test).float().mean().item())
