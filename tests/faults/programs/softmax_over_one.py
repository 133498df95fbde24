"""A softmax over a single unit is always 1."""

import torch
from data import clusters
from program import arguments, tell
from torch import nn

options = arguments()
x, y, x_test, y_test = clusters(options.seed)
y, y_test = (y < 3).float(), (y_test < 3).float()
model = nn.Sequential(
    nn.Linear(16, 48), nn.ReLU(), nn.Linear(48, 1), nn.Sigmoid() if options.healthy else nn.Softmax(dim=1)
)
optimizer = torch.optim.Adam(model.parameters(), lr=3e-3)
criterion = nn.BCELoss()
for epoch in range(10):
    for rows in torch.randperm(len(x)).split(50):
        optimizer.zero_grad()
        loss = criterion(model(x[rows]), y[rows, None])
        loss.backward()
        optimizer.step()
    print(epoch, loss.item())

with torch.no_grad():
    tell(((model(x_test)[:, 0] > 0.5).float() == y_test).float().mean().item())
