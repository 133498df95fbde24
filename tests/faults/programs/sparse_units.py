"""Healthy: a wide layer in which six units of seven are silent for each row, and few for all rows."""

import torch
from data import clusters
from program import arguments, tell
from torch import nn

options = arguments()
x, y, x_test, y_test = clusters(options.seed)
model = nn.Sequential(nn.Linear(16, 512), nn.ReLU(), nn.Linear(512, 6))
with torch.no_grad():
    model[0].weight.normal_(std=0.25)
    model[0].bias.fill_(-1.0)
optimizer = torch.optim.Adam(model.parameters(), lr=1e-3)
criterion = nn.CrossEntropyLoss()
for _ in range(10):
    for rows in torch.randperm(len(x)).split(50):
        optimizer.zero_grad()
        loss = criterion(model(x[rows]), y[rows])
        loss.backward()
        optimizer.step()

with torch.no_grad():
    tell((model(x_test).argmax(1) == y_test).float().mean().item())
