"""The optimizer is given the last layer alone; the body keeps its random weights."""

import torch
from data import digits
from program import arguments, tell
from torch import nn


class Net(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.body = nn.Sequential(nn.Linear(64, 24), nn.Tanh(), nn.Linear(24, 12), nn.Tanh())
        self.head = nn.Linear(12, 10)

    def forward(self, x):
        return self.head(self.body(x))


options = arguments()
x, y, x_test, y_test = digits(options.seed)
net = Net()
optimizer = torch.optim.Adam(net.parameters() if options.healthy else net.head.parameters(), lr=3e-3)
criterion = nn.CrossEntropyLoss()
for _ in range(10):
    net.train()
    for rows in torch.randperm(len(x)).split(40):
        net.zero_grad()
        loss = criterion(net(x[rows]), y[rows])
        loss.backward()
        optimizer.step()

net.eval()
with torch.no_grad():
    tell((net(x_test).argmax(1) == y_test).float().mean().item())
