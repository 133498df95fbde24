"""At step 120 the learning rate is 5 for ten steps, and the rectified units never come back."""

import torch
from data import clusters
from program import arguments, tell
from torch import nn

options = arguments()
x, y, x_test, y_test = clusters(options.seed)
model = nn.Sequential(
    nn.Linear(16, 40), nn.ReLU(), nn.Linear(40, 40), nn.ReLU(), nn.Linear(40, 40), nn.ReLU(), nn.Linear(40, 6)
)
optimizer = torch.optim.SGD(model.parameters(), lr=0.1)


def rate(step: int) -> float:
    return 5.0 if 120 <= step < 130 and not options.healthy else 0.1


for step in range(400):
    for group in optimizer.param_groups:
        group["lr"] = rate(step)
    rows = torch.randint(len(x), (50,))
    optimizer.zero_grad()
    loss = nn.functional.cross_entropy(model(x[rows]), y[rows])
    loss.backward()
    optimizer.step()

with torch.no_grad():
    tell((model(x_test).argmax(1) == y_test).float().mean().item())
