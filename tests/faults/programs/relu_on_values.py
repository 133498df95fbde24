"""A regression of values below zero ends in a ReLU."""

import torch
from data import explained, surface
from program import arguments, tell
from torch import nn

options = arguments()
x, y, x_test, y_test = surface(options.seed)
layers = [nn.Linear(8, 40), nn.ReLU(), nn.Linear(40, 40), nn.ReLU(), nn.Linear(40, 1)]
model = nn.Sequential(*layers) if options.healthy else nn.Sequential(*layers, nn.ReLU())
optimizer = torch.optim.Adam(model.parameters(), lr=3e-3)
criterion = nn.MSELoss()
for _ in range(10):
    for rows in torch.randperm(len(x)).split(40):
        optimizer.zero_grad()
        criterion(model(x[rows]).flatten(), y[rows]).backward()
        optimizer.step()

with torch.no_grad():
    tell(explained(model(x_test), y_test))
