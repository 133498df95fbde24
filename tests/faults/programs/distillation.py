"""Healthy: a small network learns the soft answers of a large one, which runs without gradient."""

import torch
import torch.nn.functional as F
from data import digits
from program import arguments, tell
from torch import nn

options = arguments()
x, y, x_test, y_test = digits(options.seed)
teacher = nn.Sequential(nn.Linear(64, 128), nn.ReLU(), nn.Linear(128, 10))
student = nn.Sequential(nn.Linear(64, 24), nn.ReLU(), nn.Linear(24, 10))

optimizer = torch.optim.Adam(teacher.parameters(), lr=3e-3)
for rows in torch.randint(len(x), (200, 50)):
    optimizer.zero_grad()
    F.cross_entropy(teacher(x[rows]), y[rows]).backward()
    optimizer.step()
teacher.eval()

optimizer = torch.optim.Adam(student.parameters(), lr=5e-3)
heat = 2.0
for rows in torch.randint(len(x), (300, 50)):
    with torch.no_grad():
        soft = F.softmax(teacher(x[rows]) / heat, dim=1)
    answer = F.log_softmax(student(x[rows]) / heat, dim=1)
    loss = heat**2 * F.kl_div(answer, soft, reduction="batchmean")
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()

with torch.no_grad():
    tell((student(x_test).argmax(1) == y_test).float().mean().item())
