"""SGD with a learning rate of one millionth: the weights hardly move."""

import torch
from data import surface
from program import arguments, tell
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

options = arguments()
x, y, x_test, y_test = surface(options.seed)
loader = DataLoader(TensorDataset(x, y[:, None]), batch_size=50, shuffle=True)
net = nn.Sequential(nn.Linear(8, 48), nn.Tanh(), nn.Linear(48, 48), nn.Tanh(), nn.Linear(48, 1))
RATE = 0.05 if options.healthy else 1e-6
optimizer = torch.optim.SGD(net.parameters(), lr=RATE)
criterion = nn.MSELoss()

for epoch in range(12):
    running = 0.0
    for inputs, targets in loader:
        optimizer.zero_grad()
        loss = criterion(net(inputs), targets)
        loss.backward()
        optimizer.step()
        running += loss.item()
    print(f"[{epoch + 1}] {running / len(loader):.4f}")

with torch.no_grad():
    tell(1 - criterion(net(x_test), y_test[:, None]).item())
