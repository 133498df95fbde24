"""All weights begin at zero, so all units of a layer stay the same."""

import torch
import torch.nn.functional as F
from data import clusters
from program import arguments, tell
from torch import nn


class Classifier(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.hidden = nn.Linear(16, 64)
        self.second = nn.Linear(64, 32)
        self.out = nn.Linear(32, 6)

    def forward(self, x):
        x = F.relu(self.hidden(x))
        x = F.relu(self.second(x))
        return self.out(x)


options = arguments()
x, y, x_test, y_test = clusters(options.seed)
model = Classifier()
if not options.healthy:
    for parameter in model.parameters():
        nn.init.zeros_(parameter)

optimizer = torch.optim.SGD(model.parameters(), lr=0.1, momentum=0.9)
for _ in range(350):
    rows = torch.randint(len(x), (64,))
    loss = F.cross_entropy(model(x[rows]), y[rows])
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()

with torch.no_grad():
    tell((model(x_test).argmax(1) == y_test).float().mean().item())
