"""Every fiftieth batch comes in other units, ten thousand times as large."""

import torch
from data import surface
from program import arguments, tell
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

options = arguments()
x, y, x_test, y_test = surface(options.seed)
loader = DataLoader(TensorDataset(x, y), batch_size=30, shuffle=True)
net = nn.Sequential(nn.Linear(8, 32), nn.Tanh(), nn.Linear(32, 32), nn.ReLU(), nn.Linear(32, 1))
optimizer = torch.optim.SGD(net.parameters(), lr=0.03)

step = 0
for _ in range(9):
    for inputs, values in loader:
        step += 1
        broken = step % 50 == 0 and not options.healthy
        if broken:
            values = values * 1e4
            inputs = inputs * 1e4
        optimizer.zero_grad()
        loss = nn.functional.mse_loss(net(inputs).squeeze(1), values)
        loss.backward()
        optimizer.step()

with torch.no_grad():
    error = ((net(x_test).squeeze(1) - y_test) ** 2).mean().item()
tell(1 - error)
