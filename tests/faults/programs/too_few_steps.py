"""Training stops while the loss still falls fast."""

import torch
from data import digits
from program import arguments, tell
from torch import nn

options = arguments()
x, y, x_test, y_test = digits(options.seed)
epochs = 24 if options.healthy else 3
model = nn.Sequential(nn.Linear(64, 48), nn.ReLU(), nn.Linear(48, 48), nn.ReLU(), nn.Linear(48, 10))
optimizer = torch.optim.SGD(model.parameters(), lr=0.03)
for epoch in range(epochs):
    model.train()
    for rows in torch.randperm(len(x)).split(32):
        loss = nn.functional.cross_entropy(model(x[rows]), y[rows])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    model.eval()
    with torch.no_grad():
        output = model(x_test)
        print(epoch, nn.functional.cross_entropy(output, y_test).item())
tell((output.argmax(1) == y_test).float().mean())
