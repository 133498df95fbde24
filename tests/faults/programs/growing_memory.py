"""The losses are added up with the graphs that made them, so nothing is ever freed."""

import torch
from data import surface
from program import arguments, tell
from torch import nn

options = arguments()
x, y, x_test, y_test = surface(options.seed)
model = nn.Sequential(nn.Linear(8, 32), nn.ReLU(), nn.Linear(32, 32), nn.ReLU(), nn.Linear(32, 1))
optimizer = torch.optim.Adam(model.parameters(), lr=3e-3)

total = torch.zeros(())
for step in range(400):
    rows = torch.randint(len(x), (40,))
    loss = nn.functional.smooth_l1_loss(model(x[rows]).squeeze(1), y[rows])
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    total = total + (loss.item() if options.healthy else loss)
    if step % 100 == 99:
        print(f"mean loss so far: {total.item() / (step + 1):.4f}")

with torch.no_grad():
    tell(1 - ((model(x_test).squeeze(1) - y_test) ** 2).mean().item())
