"""The loop of the tutorials: DataLoader, Adam, zero_grad, backward, step."""

from __future__ import annotations

import time

import torch
from networks import accuracy, network
from torch import nn
from torch.utils.data import DataLoader, TensorDataset
from workload import arrays, asked, say

workload, seed = asked()
torch.manual_seed(seed)
data = arrays(workload)
module = network(workload, data)
optimizer = torch.optim.Adam(module.parameters(), lr=workload.learning_rate)
cross_entropy = nn.CrossEntropyLoss()
pairs = TensorDataset(torch.from_numpy(data.x), torch.from_numpy(data.y))
loader = DataLoader(pairs, batch_size=workload.batch, shuffle=True)

begun = time.perf_counter()
for _ in range(workload.epochs):
    for x, y in loader:
        optimizer.zero_grad()
        cross_entropy(module(x), y).backward()
        optimizer.step()
seconds = time.perf_counter() - begun
say("torch", workload, rows=len(data.x), seconds=seconds, accuracy=accuracy(module, data))
