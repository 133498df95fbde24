"""SGD with a learning rate of 5 on a regression."""

import torch
from data import explained, surface
from program import arguments, tell
from torch import nn

options = arguments()
x, y, x_test, y_test = surface(options.seed)
model = nn.Sequential(nn.Linear(8, 32), nn.ReLU(), nn.Linear(32, 32), nn.ReLU(), nn.Linear(32, 1))
optimizer = torch.optim.SGD(model.parameters(), lr=0.05 if options.healthy else 5.0)
for _ in range(8):
    for rows in torch.randperm(len(x)).split(30):
        prediction = model(x[rows]).squeeze(-1)
        loss = nn.functional.mse_loss(prediction, y[rows])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()

with torch.no_grad():
    tell(explained(model(x_test), y_test))
