"""Healthy: SGD with a learning rate of 1, which this network bears."""

import torch
from data import digits
from program import arguments, tell
from torch import nn

options = arguments()
x, y, x_test, y_test = digits(options.seed)
model = nn.Sequential(nn.Linear(64, 32), nn.LayerNorm(32), nn.Tanh(), nn.Linear(32, 10))
nn.init.normal_(model[3].weight, std=0.02)
optimizer = torch.optim.SGD(model.parameters(), lr=1.0)
for _ in range(5):
    for rows in torch.randperm(len(x)).split(20):
        optimizer.zero_grad()
        loss = nn.functional.cross_entropy(model(x[rows]), y[rows])
        loss.backward()
        optimizer.step()

with torch.no_grad():
    tell((model(x_test).argmax(1) == y_test).float().mean().item())
