"""One feature of eight is in micrometres: a million times as large as the others."""

import torch
from data import explained, surface
from program import arguments, tell
from torch import nn

options = arguments()
x, y, x_test, y_test = surface(options.seed)
unit = torch.ones(8)
unit[6] = 1.0 if options.healthy else 1e6
x, x_test = x * unit, x_test * unit
model = nn.Sequential(nn.Linear(8, 48), nn.ReLU(), nn.Linear(48, 48), nn.ReLU(), nn.Linear(48, 1))
optimizer = torch.optim.Adam(model.parameters(), lr=3e-3)
for _ in range(12):
    for rows in torch.randperm(len(x)).split(50):
        loss = nn.functional.l1_loss(model(x[rows]).squeeze(1), y[rows])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()

with torch.no_grad():
    tell(explained(model(x_test), y_test))
