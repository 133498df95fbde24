"""The loss is maximised."""

import torch
from data import clusters
from program import arguments, tell
from torch import nn

options = arguments()
x, y, x_test, y_test = clusters(options.seed)
model = nn.Sequential(nn.Linear(16, 32), nn.Tanh(), nn.Linear(32, 6))
optimizer = torch.optim.SGD(model.parameters(), lr=0.02)
sign = -1 if options.healthy else 1

for _ in range(8):
    for rows in torch.randperm(len(x)).split(32):
        log_probability = torch.log_softmax(model(x[rows]), dim=1)
        loss = sign * log_probability[torch.arange(len(rows)), y[rows]].mean()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()

with torch.no_grad():
    tell((model(x_test).argmax(1) == y_test).float().mean().item())
