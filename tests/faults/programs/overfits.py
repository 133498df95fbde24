"""A wide network learns 300 rows and their noise by heart while its validation loss climbs."""

import copy

import torch
from data import clusters
from program import arguments, tell
from torch import nn

options = arguments()
x, y, _, _ = clusters(options.seed)
odd = torch.rand(len(y)) < 0.25
y = torch.where(odd, torch.randint(6, y.shape), y)
x, y, x_held, y_held = x[:300], y[:300], x[300:800], y[300:800]
model = nn.Sequential(nn.Linear(16, 256), nn.ReLU(), nn.Linear(256, 256), nn.ReLU(), nn.Linear(256, 6))
optimizer = torch.optim.Adam(model.parameters(), lr=2e-3)
best, kept = float("inf"), copy.deepcopy(model.state_dict())
for epoch in range(60):
    model.train()
    for rows in torch.randperm(len(x)).split(30):
        loss = nn.functional.cross_entropy(model(x[rows]), y[rows])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    model.eval()
    with torch.no_grad():
        held_out = nn.functional.cross_entropy(model(x_held), y_held).item()
    if epoch % 10 == 0:
        print(f"{epoch}: train {loss.item():.3f} validation {held_out:.3f}")
    if held_out < best:
        best, kept = held_out, copy.deepcopy(model.state_dict())
    elif options.healthy:
        break
if options.healthy:
    model.load_state_dict(kept)
with torch.no_grad():
    tell(-nn.functional.cross_entropy(model(x_held), y_held).item())
