"""One hidden unit is to tell 10 classes apart."""

import torch
from data import digits
from program import arguments, tell
from torch import nn

options = arguments()
x, y, x_test, y_test = digits(options.seed)
width = 48 if options.healthy else 1
model = nn.Sequential(nn.Linear(64, width), nn.Tanh(), nn.Linear(width, 10))
optimizer = torch.optim.Adam(model.parameters(), lr=5e-3)
for _ in range(14):
    model.train()
    for rows in torch.randperm(len(x)).split(40):
        loss = nn.functional.cross_entropy(model(x[rows]), y[rows])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    model.eval()
    with torch.no_grad():
        accuracy = (model(x_test).argmax(1) == y_test).float().mean().item()
tell(accuracy)
