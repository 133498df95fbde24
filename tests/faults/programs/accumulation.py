"""Healthy: the gradients of eight small batches make one step."""

import torch
from data import digits
from program import arguments, tell
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

options = arguments()
x, y, x_test, y_test = digits(options.seed)
loader = DataLoader(TensorDataset(x, y), batch_size=8, shuffle=True)
model = nn.Sequential(nn.Linear(64, 48), nn.ReLU(), nn.Linear(48, 10))
optimizer = torch.optim.Adam(model.parameters(), lr=5e-3)
criterion = nn.CrossEntropyLoss()
for _ in range(8):
    optimizer.zero_grad()
    for number, (images, labels) in enumerate(loader, 1):
        loss = criterion(model(images), labels) / 8
        loss.backward()
        if number % 8 == 0:
            optimizer.step()
            optimizer.zero_grad()

with torch.no_grad():
    tell((model(x_test).argmax(1) == y_test).float().mean().item())
