"""StepLR(step_size=3), meant for epochs, is stepped after each batch."""

import torch
from data import digits
from program import arguments, tell
from torch import nn
from torch.optim.lr_scheduler import StepLR
from torch.utils.data import DataLoader, TensorDataset

options = arguments()
x, y, x_test, y_test = digits(options.seed)
loader = DataLoader(TensorDataset(x, y), batch_size=40, shuffle=True)
model = nn.Sequential(nn.Linear(64, 64), nn.ReLU(), nn.Linear(64, 10))
optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
scheduler = StepLR(optimizer, step_size=3, gamma=0.5)

for epoch in range(12):
    for batch, (images, labels) in enumerate(loader, 1):
        optimizer.zero_grad()
        loss = nn.functional.cross_entropy(model(images), labels)
        loss.backward()
        optimizer.step()
        if batch == len(loader) or not options.healthy:
            scheduler.step()
    print(f"epoch {epoch}: loss {loss.item():.4f}, rate {scheduler.get_last_lr()[0]:.2g}")

with torch.no_grad():
    tell((model(x_test).argmax(1) == y_test).float().mean().item())
