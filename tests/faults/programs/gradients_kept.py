"""Gradients are never set to zero: each step adds to all those before."""

import torch
from data import clusters
from program import arguments, tell
from torch import nn

options = arguments()
x, y, x_test, y_test = clusters(options.seed)
model = nn.Sequential(nn.Linear(16, 48), nn.ReLU(), nn.Linear(48, 48), nn.ReLU(), nn.Linear(48, 6))
criterion = nn.CrossEntropyLoss()
optimizer = torch.optim.SGD(model.parameters(), lr=0.1)

for epoch in range(10):
    for rows in torch.randperm(len(x)).split(50):
        loss = criterion(model(x[rows]), y[rows])
        loss.backward()
        optimizer.step()
        if options.healthy:
            optimizer.zero_grad()
    print(epoch, loss.item())

with torch.no_grad():
    tell((model(x_test).argmax(1) == y_test).float().mean().item())
