"""A sigmoid stands before the loss that has its own."""

import torch
import torch.nn.functional as F
from data import clusters
from program import arguments, tell
from torch import nn


class Binary(nn.Module):
    def __init__(self, squash: bool) -> None:
        super().__init__()
        self.squash = squash
        self.fc1 = nn.Linear(16, 48)
        self.fc2 = nn.Linear(48, 1)

    def forward(self, x):
        x = self.fc2(torch.tanh(self.fc1(x))).squeeze(1)
        return torch.sigmoid(x) if self.squash else x


options = arguments()
x, y, x_test, y_test = clusters(options.seed)
y, y_test = (y >= 4).float(), (y_test >= 4).float()
model = Binary(squash=not options.healthy)
optimizer = torch.optim.SGD(model.parameters(), lr=0.2)
for _ in range(12):
    for rows in torch.randperm(len(x)).split(50):
        loss = F.binary_cross_entropy_with_logits(model(x[rows]), y[rows])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()

with torch.no_grad():
    output = model(x_test)
    likelihood = output if options.healthy else output.logit()
    tell(-F.binary_cross_entropy_with_logits(likelihood, y_test).item())
