"""Eight layers whose weights are drawn with deviation 1, whatever their width."""

import math

import torch
from data import clusters
from program import arguments, tell
from torch import nn

options = arguments()
x, y, x_test, y_test = clusters(options.seed)


def start(module: nn.Module) -> None:
    if isinstance(module, nn.Linear):
        nn.init.normal_(module.weight, 0.0, math.sqrt(2 / module.in_features) if options.healthy else 1.0)
        nn.init.zeros_(module.bias)


hidden = [part for _ in range(6) for part in (nn.Linear(64, 64), nn.ReLU())]
model = nn.Sequential(nn.Linear(16, 64), nn.ReLU(), *hidden, nn.Linear(64, 6))
model.apply(start)
optimizer = torch.optim.SGD(model.parameters(), lr=0.01, momentum=0.9)

for epoch in range(10):
    for rows in torch.randperm(len(x)).split(50):
        loss = nn.functional.cross_entropy(model(x[rows]), y[rows])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    print("epoch", epoch, "loss", loss.item())

with torch.no_grad():
    tell((model(x_test).argmax(1) == y_test).float().mean().item())
