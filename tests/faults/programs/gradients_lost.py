"""The gradients are set to zero between the backward pass and the step."""

import torch
from data import digits
from program import arguments, tell
from torch import nn
from torch.utils.data import DataLoader, TensorDataset


def train_one_epoch(model, loader, optimizer, late):
    for images, labels in loader:
        if not late:
            optimizer.zero_grad()
        loss = nn.functional.cross_entropy(model(images), labels)
        loss.backward()
        if late:
            optimizer.zero_grad()
        optimizer.step()


options = arguments()
x, y, x_test, y_test = digits(options.seed)
loader = DataLoader(TensorDataset(x, y), batch_size=64, shuffle=True)
model = nn.Sequential(nn.Linear(64, 32), nn.ReLU(), nn.Linear(32, 10))
optimizer = torch.optim.Adam(model.parameters(), lr=3e-3)
for _ in range(8):
    train_one_epoch(model, loader, optimizer, late=not options.healthy)

with torch.no_grad():
    tell((model(x_test).argmax(1) == y_test).float().mean().item())
