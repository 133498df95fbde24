"""A layer takes the logarithm of counts, and at step 150 a count is zero."""

import torch
from data import surface
from program import arguments, tell
from torch import nn


class LogCounts(nn.Module):
    def __init__(self, add: float) -> None:
        super().__init__()
        self.add = add

    def forward(self, counts):
        return torch.log(counts + self.add) - 2.0


class Net(nn.Module):
    def __init__(self, add: float) -> None:
        super().__init__()
        self.logs = LogCounts(add)
        self.fc1 = nn.Linear(8, 32)
        self.fc2 = nn.Linear(32, 1)

    def forward(self, counts):
        return self.fc2(torch.tanh(self.fc1(self.logs(counts)))).squeeze(1)


options = arguments()
x, y, x_test, y_test = surface(options.seed)
counts, counts_test = (torch.exp(2.0 + 0.6 * part).round() for part in (x, x_test))
counts[7, 5] = 0.0
net = Net(add=1.0 if options.healthy else 0.0)
optimizer = torch.optim.SGD(net.parameters(), lr=0.05)
for step in range(400):
    rows = torch.arange(30 * step, 30 * step + 30) % 1500
    batch = counts[rows].clamp(min=1.0) if step < 150 else counts[rows]
    loss = nn.functional.mse_loss(net(batch), y[rows])
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()

with torch.no_grad():
    tell(1 - ((net(counts_test.clamp(min=1.0)) - y_test) ** 2).mean().item())
