"""Healthy: twenty to one, and the loss weighs the rare class by twenty."""

import torch
from program import arguments, tell
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

options = arguments()
centre = torch.randn(10).sign()
y = (torch.rand(4000) < 1 / 21).long()
x = torch.randn(4000, 10) + y[:, None] * centre
loader = DataLoader(TensorDataset(x, y), batch_size=64, shuffle=True)
model = nn.Sequential(nn.Linear(10, 24), nn.ReLU(), nn.Linear(24, 2))
criterion = nn.CrossEntropyLoss(weight=torch.tensor([1.0, 20.0]))
optimizer = torch.optim.Adam(model.parameters(), lr=2e-3)
for _ in range(6):
    for inputs, labels in loader:
        optimizer.zero_grad()
        loss = criterion(model(inputs), labels)
        loss.backward()
        optimizer.step()

with torch.no_grad():
    label = torch.arange(1000) % 2
    tell((model(torch.randn(1000, 10) + label[:, None] * centre).argmax(1) == label).float().mean().item())
