"""Healthy: the softmax is written out, and its logarithm goes to the likelihood it belongs to."""

import torch
from data import clusters
from program import arguments, tell
from torch import nn

options = arguments()
x, y, x_test, y_test = clusters(options.seed)
model = nn.Sequential(nn.Linear(16, 64), nn.ReLU(), nn.Linear(64, 6), nn.Softmax(dim=-1))
optimizer = torch.optim.Adam(model.parameters(), lr=3e-3)
criterion = nn.NLLLoss()
for _ in range(12):
    for rows in torch.randperm(len(x)).split(50):
        probability = model(x[rows])
        loss = criterion(torch.log(probability + 1e-9), y[rows])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()

with torch.no_grad():
    tell((model(x_test).argmax(1) == y_test).float().mean().item())
