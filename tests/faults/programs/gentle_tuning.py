"""Healthy: a network that has learnt already is tuned on shifted digits at a rate of 0.00001."""

import torch
from data import digits
from program import arguments, tell
from torch import nn


def fit(model: nn.Module, x: torch.Tensor, y: torch.Tensor, rate: float, epochs: int) -> None:
    optimizer = torch.optim.Adam(model.parameters(), lr=rate)
    for _ in range(epochs):
        for rows in torch.randperm(len(x)).split(40):
            loss = nn.functional.cross_entropy(model(x[rows]), y[rows])
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()


options = arguments()
x, y, x_test, y_test = digits(options.seed)
model = nn.Sequential(nn.Linear(64, 64), nn.ReLU(), nn.Linear(64, 10))
fit(model, x, y, rate=5e-3, epochs=8)
fit(model, x + 0.3, y, rate=1e-5, epochs=5)
with torch.no_grad():
    tell((model(x_test + 0.3).argmax(1) == y_test).float().mean().item())
