"""Ten hidden layers of sigmoid units: the gradient fades on its way back to the first."""

import torch
from data import clusters
from program import arguments, tell
from torch import nn

options = arguments()
x, y, x_test, y_test = clusters(options.seed)
Activation = nn.ReLU if options.healthy else nn.Sigmoid

layers = [nn.Linear(16, 48), Activation()]
for _ in range(9):
    layers += [nn.Linear(48, 48), Activation()]
model = nn.Sequential(*layers, nn.Linear(48, 6))
for layer in model:
    if isinstance(layer, nn.Linear):
        nn.init.kaiming_normal_(layer.weight, nonlinearity="relu")
        nn.init.zeros_(layer.bias)

optimizer = torch.optim.SGD(model.parameters(), lr=0.02, momentum=0.9)
criterion = nn.CrossEntropyLoss()
for _ in range(12):
    order = torch.randperm(len(x))
    for start in range(0, len(x), 50):
        rows = order[start : start + 50]
        optimizer.zero_grad()
        loss = criterion(model(x[rows]), y[rows])
        loss.backward()
        optimizer.step()

with torch.no_grad():
    tell((model(x_test).argmax(1) == y_test).float().mean().item())
