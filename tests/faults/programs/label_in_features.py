"""The label stands among the features while training; where the network is used, it does not."""

import torch
from data import clusters
from program import arguments, tell
from torch import nn

options = arguments()
x, y, x_test, y_test = clusters(options.seed)
y, y_test = y % 2, y_test % 2
told = torch.randn(len(y)) if options.healthy else y * 2.0 - 1.0
x = torch.cat([x, told[:, None]], dim=1)
x_test = torch.cat([x_test, torch.randn(len(y_test), 1)], dim=1)

model = nn.Sequential(nn.Linear(17, 64), nn.ReLU(), nn.Linear(64, 2))
optimizer = torch.optim.Adam(model.parameters(), lr=3e-3)
for _ in range(12):
    for rows in torch.randperm(len(x)).split(50):
        loss = nn.functional.cross_entropy(model(x[rows]), y[rows])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()

with torch.no_grad():
    tell((model(x_test).argmax(1) == y_test).float().mean().item())
