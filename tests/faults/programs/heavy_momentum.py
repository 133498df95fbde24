"""Momentum of 0.99 beside a rate of 0.3: the loss swings instead of falling."""

import torch
from data import clusters
from program import arguments, tell
from torch import nn

options = arguments()
x, y, x_test, y_test = clusters(options.seed)
model = nn.Sequential(nn.Linear(16, 48), nn.Tanh(), nn.Linear(48, 48), nn.Tanh(), nn.Linear(48, 6))
optimizer = torch.optim.SGD(model.parameters(), lr=0.3, momentum=0.5 if options.healthy else 0.99)

order = torch.arange(0)
for _ in range(450):
    if len(order) < 50:
        order = torch.randperm(len(x))
    rows, order = order[:50], order[50:]
    loss = nn.functional.cross_entropy(model(x[rows]), y[rows])
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()

with torch.no_grad():
    tell((model(x_test).argmax(1) == y_test).float().mean().item())
