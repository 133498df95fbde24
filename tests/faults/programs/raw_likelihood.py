"""The negative log-likelihood is given raw outputs, which it can lower without end."""

import torch
from data import clusters
from program import arguments, tell
from torch import nn

options = arguments()
x, y, x_test, y_test = clusters(options.seed)
model = nn.Sequential(nn.Linear(16, 48), nn.ReLU(), nn.Linear(48, 6))
if options.healthy:
    model.append(nn.LogSoftmax(dim=1))
optimizer = torch.optim.Adam(model.parameters(), lr=3e-3)
criterion = nn.NLLLoss()
for _ in range(300):
    rows = torch.randint(len(x), (50,))
    optimizer.zero_grad()
    loss = criterion(model(x[rows]), y[rows])
    loss.backward()
    optimizer.step()

with torch.no_grad():
    tell((model(x_test).argmax(1) == y_test).float().mean().item())
