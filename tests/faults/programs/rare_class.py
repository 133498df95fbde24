"""One row in a hundred is positive, and the network learns to say no."""

import torch
from program import arguments, tell
from torch import nn


def draw(rows: int, positive: float, centre: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    y = (torch.rand(rows) < positive).float()
    return torch.randn(rows, 10) + y[:, None] * centre, y


options = arguments()
centre = 0.55 * torch.randn(10).sign()
x, y = draw(6000, 0.01, centre)
x_test, y_test = draw(1000, 0.5, centre)

weight = torch.tensor(99.0 if options.healthy else 1.0)
criterion = nn.BCEWithLogitsLoss(pos_weight=weight)
model = nn.Sequential(nn.Linear(10, 24), nn.ReLU(), nn.Linear(24, 1), nn.Flatten(0))
optimizer = torch.optim.SGD(model.parameters(), lr=0.02)
for _ in range(4):
    for rows in torch.randperm(len(x)).split(60):
        optimizer.zero_grad()
        loss = criterion(model(x[rows]), y[rows])
        loss.backward()
        optimizer.step()

with torch.no_grad():
    tell(((model(x_test) > 0).float() == y_test).float().mean().item())
