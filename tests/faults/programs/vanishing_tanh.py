"""Twenty layers of tanh units that begin so small that nothing comes through, forward or back."""

import torch
import torch.nn.functional as F
from data import clusters
from program import arguments, tell
from torch import nn


class Deep(nn.Module):
    def __init__(self, depth: int, width: int, deviation: float) -> None:
        super().__init__()
        self.first = nn.Linear(16, width)
        self.hidden = nn.ModuleList(nn.Linear(width, width) for _ in range(depth))
        self.last = nn.Linear(width, 6)
        for layer in self.hidden:
            nn.init.normal_(layer.weight, std=deviation)
            nn.init.zeros_(layer.bias)

    def forward(self, x):
        x = torch.tanh(self.first(x))
        for layer in self.hidden:
            x = torch.tanh(layer(x))
        return self.last(x)


def main() -> None:
    options = arguments()
    x, y, x_test, y_test = clusters(options.seed)
    model = Deep(20, 40, 0.16 if options.healthy else 0.05)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.02, momentum=0.9)
    for step in range(360):
        rows = torch.randint(len(x), (64,))
        loss = F.cross_entropy(model(x[rows]), y[rows])
        model.zero_grad()
        loss.backward()
        optimizer.step()
        if step % 60 == 0:
            print(f"step {step}: loss {loss.item():.4f}")
    with torch.no_grad():
        tell((model(x_test).argmax(1) == y_test).float().mean().item())


if __name__ == "__main__":
    main()
