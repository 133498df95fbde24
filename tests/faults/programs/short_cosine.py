"""The cosine ends after 25 steps of 400, and the rate stays at zero."""

import math

import torch
from data import clusters
from program import arguments, tell
from torch import nn

options = arguments()
x, y, x_test, y_test = clusters(options.seed)
STEPS = 400
period = STEPS if options.healthy else 25
model = nn.Sequential(nn.Linear(16, 64), nn.ReLU(), nn.Linear(64, 64), nn.ReLU(), nn.Linear(64, 6))
optimizer = torch.optim.SGD(model.parameters(), lr=0.1, momentum=0.9)
schedule = torch.optim.lr_scheduler.LambdaLR(
    optimizer, lambda step: 0.5 * (1 + math.cos(math.pi * min(1, step / period)))
)
for _ in range(STEPS):
    rows = torch.randint(len(x), (50,))
    optimizer.zero_grad()
    loss = nn.functional.cross_entropy(model(x[rows]), y[rows])
    loss.backward()
    optimizer.step()
    schedule.step()

with torch.no_grad():
    tell((model(x_test).argmax(1) == y_test).float().mean().item())
