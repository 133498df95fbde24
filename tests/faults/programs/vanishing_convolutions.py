"""Twelve plain convolutions with sigmoid units, without norm or shortcut."""

import torch
from data import digits
from program import arguments, tell
from torch import nn
from torch.utils.data import DataLoader, TensorDataset


def block(ins: int, outs: int, activation: nn.Module) -> list[nn.Module]:
    conv = nn.Conv2d(ins, outs, 3, padding=1)
    nn.init.kaiming_normal_(conv.weight, nonlinearity="relu")
    return [conv, activation]


options = arguments()
x, y, x_test, y_test = digits(options.seed)
loader = DataLoader(TensorDataset(x.view(-1, 1, 8, 8), y), batch_size=56, shuffle=True)

activation = nn.ReLU() if options.healthy else nn.Sigmoid()
features = block(1, 8, activation)
for _ in range(11):
    features += block(8, 8, activation)
model = nn.Sequential(nn.Sequential(*features), nn.Flatten(), nn.Linear(512, 10))

optimizer = torch.optim.SGD(model.parameters(), lr=0.03, momentum=0.9)
criterion = nn.CrossEntropyLoss()
for epoch in range(8):
    total = 0.0
    for images, labels in loader:
        optimizer.zero_grad()
        loss = criterion(model(images), labels)
        loss.backward()
        optimizer.step()
        total += loss.item()
    print(f"epoch {epoch}: {total / len(loader):.4f}")

model.eval()
with torch.no_grad():
    tell((model(x_test.view(-1, 1, 8, 8)).argmax(1) == y_test).float().mean().item())
