"""Weights of deviation 3 push the tanh units to their flat ends before training begins."""

import torch
import torch.nn.functional as F
from data import clusters
from program import arguments, tell
from torch import nn


class Net(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.fc1 = nn.Linear(16, 64)
        self.act1 = nn.Tanh()
        self.fc2 = nn.Linear(64, 64)
        self.act2 = nn.Tanh()
        self.fc3 = nn.Linear(64, 6)

    def forward(self, x):
        return self.fc3(self.act2(self.fc2(self.act1(self.fc1(x)))))


options = arguments()
x, y, x_test, y_test = clusters(options.seed)
net = Net()
for layer in (net.fc1, net.fc2):
    nn.init.normal_(layer.weight, std=0.15 if options.healthy else 3.0)

optimizer = torch.optim.SGD(net.parameters(), lr=0.05)
for _ in range(500):
    index = torch.randint(0, len(x), (32,))
    loss = F.cross_entropy(net(x[index]), y[index])
    optimizer.zero_grad(set_to_none=True)
    loss.backward()
    optimizer.step()

net.eval()
with torch.inference_mode():
    tell((net(x_test).argmax(1) == y_test).float().mean().item())
