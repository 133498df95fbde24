"""Adam with a learning rate of 1e-7 on a small convolutional network."""

import torch
import torch.nn.functional as F
from data import digits
from program import arguments, tell
from torch import nn


class Net(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(1, 8, 3, padding=1)
        self.conv2 = nn.Conv2d(8, 16, 3, padding=1)
        self.fc = nn.Linear(64, 10)

    def forward(self, x):
        x = F.max_pool2d(F.relu(self.conv1(x)), 2)
        x = F.max_pool2d(F.relu(self.conv2(x)), 2)
        return self.fc(torch.flatten(x, 1))


def train(model, optimizer, x, y):
    model.train()
    for rows in torch.randperm(len(x)).split(50):
        optimizer.zero_grad()
        loss = F.cross_entropy(model(x[rows]), y[rows])
        loss.backward()
        optimizer.step()


options = arguments()
x, y, x_test, y_test = digits(options.seed)
x, x_test = x.view(-1, 1, 8, 8), x_test.view(-1, 1, 8, 8)
model = Net()
optimizer = torch.optim.Adam(model.parameters(), lr=3e-3 if options.healthy else 1e-7)
for _ in range(10):
    train(model, optimizer, x, y)

model.eval()
with torch.no_grad():
    tell((model(x_test).argmax(1) == y_test).float().mean().item())
