"""Healthy: standardised inputs, some with long tails, far outside [-1, 1]."""

import torch
from data import surface
from program import arguments, tell
from torch import nn

options = arguments()
x, y, x_test, y_test = surface(options.seed)
long_tails = torch.distributions.StudentT(4.0)
x[:, 5:], x_test[:, 5:] = long_tails.sample((len(x), 3)), long_tails.sample((len(x_test), 3))
mean, deviation = x.mean(0), x.std(0)
x, x_test = (x - mean) / deviation, (x_test - mean) / deviation

model = nn.Sequential(nn.Linear(8, 64), nn.ReLU(), nn.Linear(64, 64), nn.ReLU(), nn.Linear(64, 1))
optimizer = torch.optim.Adam(model.parameters(), lr=3e-3)
for _ in range(12):
    for rows in torch.randperm(len(x)).split(50):
        loss = nn.functional.huber_loss(model(x[rows]).squeeze(1), y[rows])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()

with torch.no_grad():
    tell(1 - ((model(x_test).squeeze(1) - y_test) ** 2).mean().item())
