"""The log-softmax runs over the rows of the batch instead of the classes; a row that comes alone is always sure."""

import torch
import torch.nn.functional as F
from data import digits
from program import arguments, tell
from torch import nn


class Net(nn.Module):
    def __init__(self, dim: int) -> None:
        super().__init__()
        self.fc1 = nn.Linear(64, 32)
        self.fc2 = nn.Linear(32, 10)
        self.log_softmax = nn.LogSoftmax(dim=dim)

    def forward(self, x):
        return self.log_softmax(self.fc2(F.relu(self.fc1(x))))


options = arguments()
x, y, x_test, y_test = digits(options.seed)
net = Net(dim=1 if options.healthy else 0)
optimizer = torch.optim.SGD(net.parameters(), lr=0.1)
for _ in range(10):
    for rows in torch.randperm(len(x)).split(40):
        loss = F.nll_loss(net(x[rows]), y[rows])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()

with torch.no_grad():  # as when serving: one row at a time
    answers = torch.cat([net(row[None]).argmax(1) for row in x_test])
    tell((answers == y_test).float().mean().item())
