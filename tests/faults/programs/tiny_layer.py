"""The third and the fourth layer begin a million times too small, and each waits for the other."""

import torch
from data import clusters
from program import arguments, tell
from torch import nn


class Tower(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.fc1, self.fc2 = nn.Linear(16, 48), nn.Linear(48, 48)
        self.fc3, self.fc4 = nn.Linear(48, 48), nn.Linear(48, 48)
        self.out = nn.Linear(48, 6)
        for layer in (self.fc1, self.fc2, self.fc3, self.fc4):
            nn.init.kaiming_normal_(layer.weight)
            nn.init.zeros_(layer.bias)

    def forward(self, x):
        for layer in (self.fc1, self.fc2, self.fc3, self.fc4):
            x = torch.relu(layer(x))
        return self.out(x)


options = arguments()
x, y, x_test, y_test = clusters(options.seed)
tower = Tower()
for layer in (tower.fc3, tower.fc4):
    layer.weight.data.mul_(1.0 if options.healthy else 1e-6)
optimizer = torch.optim.SGD(tower.parameters(), lr=0.05)
for _ in range(10):
    for rows in torch.randperm(len(x)).split(40):
        optimizer.zero_grad()
        nn.functional.cross_entropy(tower(x[rows]), y[rows]).backward()
        optimizer.step()

with torch.no_grad():
    tell((tower(x_test).argmax(1) == y_test).float().mean().item())
