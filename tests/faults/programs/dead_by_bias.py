"""A bias of -10 keeps every unit of one layer at zero."""

import torch
from data import clusters
from program import arguments, tell
from torch import nn


class Net(nn.Module):
    def __init__(self, bias: float) -> None:
        super().__init__()
        self.fc1 = nn.Linear(16, 48)
        self.relu1 = nn.ReLU()
        self.fc2 = nn.Linear(48, 48)
        self.relu2 = nn.ReLU()
        self.fc3 = nn.Linear(48, 48)
        self.relu3 = nn.ReLU()
        self.out = nn.Linear(48, 6)
        nn.init.constant_(self.fc2.bias, bias)

    def forward(self, x):
        x = self.relu1(self.fc1(x))
        x = self.relu2(self.fc2(x))
        x = self.relu3(self.fc3(x))
        return self.out(x)


options = arguments()
x, y, x_test, y_test = clusters(options.seed)
net = Net(bias=0.0 if options.healthy else -10.0)
optimizer = torch.optim.Adam(net.parameters(), lr=2e-3)
criterion = nn.CrossEntropyLoss()
for _ in range(10):
    for rows in torch.randperm(len(x)).split(50):
        loss = criterion(net(x[rows]), y[rows])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()

with torch.no_grad():
    tell((net(x_test).argmax(1) == y_test).float().mean().item())
