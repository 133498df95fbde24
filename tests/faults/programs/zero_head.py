"""Healthy: only the last layer begins at zero, so the first answer is the same for every row."""

import torch
import torch.nn.functional as F
from data import digits
from program import arguments, tell
from torch import nn


class Net(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.conv = nn.Conv2d(1, 8, 3, padding=1)
        self.fc = nn.Linear(128, 32)
        self.head = nn.Linear(32, 10)
        nn.init.zeros_(self.head.weight)
        nn.init.zeros_(self.head.bias)

    def forward(self, x):
        x = F.max_pool2d(F.relu(self.conv(x.view(-1, 1, 8, 8))), 2).flatten(1)
        return self.head(F.relu(self.fc(x)))


options = arguments()
x, y, x_test, y_test = digits(options.seed)
net = Net()
optimizer = torch.optim.SGD(net.parameters(), lr=0.1)
for _ in range(10):
    for rows in torch.randperm(len(x)).split(40):
        loss = F.cross_entropy(net(x[rows]), y[rows])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()

with torch.no_grad():
    tell((net(x_test).argmax(1) == y_test).float().mean().item())
