"""The hidden layers stand in a Python list, where neither the module nor the optimizer finds them."""

import torch
from data import clusters
from program import arguments, tell
from torch import nn


class Net(nn.Module):
    def __init__(self, registered: bool) -> None:
        super().__init__()
        layers = [nn.Linear(16, 20), nn.Linear(20, 12), nn.Linear(12, 8)]
        self.layers = nn.ModuleList(layers) if registered else layers
        self.head = nn.Linear(8, 6)

    def forward(self, x):
        for layer in self.layers:
            x = torch.relu(layer(x))
        return self.head(x)


options = arguments()
x, y, x_test, y_test = clusters(options.seed)
model = Net(registered=options.healthy)
optimizer = torch.optim.Adam(model.parameters(), lr=1e-2)
for _ in range(400):
    rows = torch.randint(len(x), (50,))
    optimizer.zero_grad()
    loss = nn.functional.cross_entropy(model(x[rows]), y[rows])
    loss.backward()
    optimizer.step()

with torch.no_grad():
    tell((model(x_test).argmax(1) == y_test).float().mean().item())
