"""Adam with a learning rate of 0.3 throws the weights about and stays on a plateau."""

import torch
from data import digits
from program import arguments, tell
from torch import nn


class Trainer:
    def __init__(self, model: nn.Module, rate: float) -> None:
        self.model = model
        self.optimizer = torch.optim.Adam(model.parameters(), lr=rate)
        self.loss = nn.CrossEntropyLoss()

    def step(self, x: torch.Tensor, y: torch.Tensor) -> float:
        self.model.train()
        self.optimizer.zero_grad()
        loss = self.loss(self.model(x), y)
        loss.backward()
        self.optimizer.step()
        return loss.item()


def main() -> None:
    options = arguments()
    x, y, x_test, y_test = digits(options.seed)
    model = nn.Sequential(
        nn.Linear(64, 64), nn.ReLU(), nn.Linear(64, 64), nn.ReLU(), nn.Linear(64, 64), nn.ReLU(), nn.Linear(64, 10)
    )
    trainer = Trainer(model, rate=3e-3 if options.healthy else 0.3)
    for _ in range(10):
        for rows in torch.randperm(len(x)).split(40):
            trainer.step(x[rows], y[rows])
    model.eval()
    with torch.no_grad():
        tell((model(x_test).argmax(1) == y_test).float().mean().item())


main()
