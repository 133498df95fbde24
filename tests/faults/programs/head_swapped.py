"""The head is exchanged after the optimizer was made, so the new one never learns."""

import torch
import torch.nn.functional as F
from data import clusters
from program import arguments, tell
from torch import nn


class Net(nn.Module):
    def __init__(self, classes: int) -> None:
        super().__init__()
        self.body = nn.Linear(16, 24)
        self.head = nn.Linear(24, classes)

    def forward(self, x):
        return self.head(F.relu(self.body(x)))


options = arguments()
x, y, x_test, y_test = clusters(options.seed)
net = Net(classes=100)
if options.healthy:
    net.head = nn.Linear(24, 6)
optimizer = torch.optim.SGD(net.parameters(), lr=0.05)
if not options.healthy:
    net.head = nn.Linear(24, 6)

for _ in range(400):
    rows = torch.randint(len(x), (40,))
    loss = F.cross_entropy(net(x[rows]), y[rows])
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()

with torch.no_grad():
    tell((net(x_test).argmax(1) == y_test).float().mean().item())
