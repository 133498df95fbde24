"""Half of the validation rows were trained on, so the validation promises too much."""

import torch
from data import clusters
from program import arguments, tell
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

options = arguments()
x, y, _, _ = clusters(options.seed)
odd = torch.rand(len(y)) < 0.25
y = torch.where(odd, torch.randint(6, y.shape), y)
first = 200 if options.healthy else 100
train = DataLoader(TensorDataset(x[:200], y[:200]), batch_size=20, shuffle=True)
held = DataLoader(TensorDataset(x[first : first + 200], y[first : first + 200]), batch_size=100)
model = nn.Sequential(nn.Linear(16, 64), nn.ReLU(), nn.Linear(64, 6))
optimizer = torch.optim.Adam(model.parameters(), lr=3e-3)

promised = 0.0
for _ in range(40):
    model.train()
    for inputs, labels in train:
        optimizer.zero_grad()
        nn.functional.cross_entropy(model(inputs), labels).backward()
        optimizer.step()
    model.eval()
    with torch.no_grad():
        right = [(model(inputs).argmax(1) == labels).float() for inputs, labels in held]
    promised = torch.cat(right).mean().item()

with torch.no_grad():
    real = (model(x[400:]).argmax(1) == y[400:]).float().mean().item()
print(f"promised {promised:.3f}, real {real:.3f}")
tell(real - promised)
