"""AdamW with a weight decay of 10 pulls the weights to zero faster than the loss can build them."""

import torch
from data import clusters
from program import arguments, tell
from torch import nn

options = arguments()
x, y, x_test, y_test = clusters(options.seed)
model = nn.Sequential(nn.Linear(16, 64), nn.GELU(), nn.Linear(64, 64), nn.GELU(), nn.Linear(64, 6))
optimizer = torch.optim.AdamW(model.parameters(), lr=3e-3, weight_decay=0.01 if options.healthy else 10.0)
criterion = nn.CrossEntropyLoss()


def closure():
    optimizer.zero_grad()
    rows = torch.randint(len(x), (64,))
    loss = criterion(model(x[rows]), y[rows])
    loss.backward()
    return loss


for _ in range(400):
    optimizer.step(closure)

with torch.no_grad():
    tell((model(x_test).argmax(1) == y_test).float().mean().item())
