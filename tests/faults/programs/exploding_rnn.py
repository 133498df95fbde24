"""A recurrent layer of rectified units whose recurrent weights stretch their input by 1.6 at each of 30 steps."""

import torch
from data import explained
from program import arguments, tell
from torch import nn


class Sum(nn.Module):
    """Adds up what it reads."""

    def __init__(self, radius: float) -> None:
        super().__init__()
        self.cell = nn.RNN(2, 24, nonlinearity="relu", batch_first=True)
        self.out = nn.Linear(24, 1)
        with torch.no_grad():
            self.cell.weight_hh_l0.copy_(radius * torch.eye(24))
            self.cell.weight_ih_l0.normal_(std=0.1)

    def forward(self, x):
        _, state = self.cell(x)
        return self.out(state[0]).squeeze(-1)


options = arguments()
chance = torch.Generator().manual_seed(options.seed)
x = torch.rand(1600, 30, 2, generator=chance)
y = x[:, :, 0].sum(1)
y = (y - y.mean()) / y.std()
model = Sum(1.0 if options.healthy else 1.6)
optimizer = torch.optim.Adam(model.parameters(), lr=2e-3)
mse = nn.MSELoss()
for _ in range(300):
    rows = torch.randint(1200, (40,))
    optimizer.zero_grad()
    loss = mse(model(x[rows]), y[rows])
    loss.backward()
    optimizer.step()
with torch.no_grad():
    tell(explained(model(x[1200:]), y[1200:]))
