"""Healthy: a body that learnt to tell even from odd is frozen, and a new head learns the digits."""

import torch
from data import digits
from program import arguments, tell
from torch import nn

options = arguments()
x, y, x_test, y_test = digits(options.seed)
body = nn.Sequential(nn.Linear(64, 96), nn.ReLU(), nn.Linear(96, 96), nn.ReLU())
first = nn.Sequential(body, nn.Linear(96, 2))
optimizer = torch.optim.Adam(first.parameters(), lr=2e-3)
for rows in torch.randint(len(x), (150, 50)):
    optimizer.zero_grad()
    nn.functional.cross_entropy(first(x[rows]), y[rows] % 2).backward()
    optimizer.step()

for parameter in body.parameters():
    parameter.requires_grad_(False)
second = nn.Sequential(body, nn.Linear(96, 10))
optimizer = torch.optim.Adam(second[1].parameters(), lr=5e-3)
for rows in torch.randint(len(x), (300, 50)):
    loss = nn.functional.cross_entropy(second(x[rows]), y[rows])
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()

with torch.no_grad():
    tell((second(x_test).argmax(1) == y_test).float().mean().item())
