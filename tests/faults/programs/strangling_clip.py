"""Gradients are clipped to a norm of 0.0001."""

import torch
from data import surface
from program import arguments, tell
from torch import nn

options = arguments()
x, y, x_test, y_test = surface(options.seed)
CLIP = 1.0 if options.healthy else 1e-4
model = nn.Sequential(nn.Linear(8, 64), nn.ReLU(), nn.Linear(64, 64), nn.ReLU(), nn.Linear(64, 1))
optimizer = torch.optim.SGD(model.parameters(), lr=0.05, momentum=0.9)

for _ in range(8):
    for rows in torch.randperm(len(x)).split(32):
        loss = ((model(x[rows]).squeeze(1) - y[rows]) ** 2).mean()
        optimizer.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(model.parameters(), CLIP)
        optimizer.step()

with torch.no_grad():
    tell(1 - ((model(x_test).squeeze(1) - y_test) ** 2).mean().item())
