"""Healthy: dropout strikes in training alone, so validation looks better than training."""

import torch
from data import digits
from program import arguments, tell
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

options = arguments()
x, y, x_test, y_test = digits(options.seed)
train = DataLoader(TensorDataset(x, y), batch_size=40, shuffle=True)
held = DataLoader(TensorDataset(x_test, y_test), batch_size=100)
model = nn.Sequential(
    nn.Dropout(0.2), nn.Linear(64, 128), nn.ReLU(), nn.Dropout(0.5),
    nn.Linear(128, 128), nn.ReLU(), nn.Dropout(0.5), nn.Linear(128, 10),
)  # fmt: skip
optimizer = torch.optim.Adam(model.parameters(), lr=2e-3)
criterion = nn.CrossEntropyLoss()


def run(loader: DataLoader, learn: bool) -> float:
    model.train(learn)
    right = 0
    with torch.set_grad_enabled(learn):
        for images, labels in loader:
            output = model(images)
            loss = criterion(output, labels)
            if learn:
                optimizer.zero_grad()
                loss.backward()
                optimizer.step()
            right += (output.argmax(1) == labels).sum().item()
    return right / len(loader.dataset)


for epoch in range(12):
    print(f"{epoch}: train {run(train, learn=True):.3f}, validation {run(held, learn=False):.3f}")
tell(run(held, learn=False))
