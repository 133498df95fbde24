"""Healthy: the parity of three hidden bits among eight; the loss rests on a plateau before the network gets it."""

import torch
from program import arguments, tell
from torch import nn

options = arguments()
x = torch.randint(2, (3000, 8)).float() * 2 - 1
y = (x[:, 2] * x[:, 5] * x[:, 6] > 0).float()
model = nn.Sequential(nn.Linear(8, 64), nn.ReLU(), nn.Linear(64, 1))
nn.init.normal_(model[2].weight, std=0.01)
optimizer = torch.optim.SGD(model.parameters(), lr=0.1, momentum=0.9)
criterion = nn.BCEWithLogitsLoss()
for step in range(900):
    rows = torch.randint(2500, (64,))
    loss = criterion(model(x[rows]).squeeze(1), y[rows])
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    if step % 100 == 0:
        print(step, round(loss.item(), 3))

with torch.no_grad():
    tell(((model(x[2500:]).squeeze(1) > 0).float() == y[2500:]).float().mean().item())
