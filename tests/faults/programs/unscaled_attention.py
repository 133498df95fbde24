"""Attention without 1 / sqrt(d), at a high rate: its scores grow until each word looks at one other."""

import math

import torch
import torch.nn.functional as F
from data import sentences
from program import arguments, tell
from torch import nn


class Attention(nn.Module):
    def __init__(self, width: int, scale: float) -> None:
        super().__init__()
        self.scale = scale
        self.query, self.key = nn.Linear(width, width), nn.Linear(width, width)
        self.value, self.out = nn.Linear(width, width), nn.Linear(width, width)
        self.softmax = nn.Softmax(dim=-1)

    def forward(self, x):
        scores = self.query(x) @ self.key(x).transpose(1, 2) * self.scale
        future = torch.ones(scores.shape[-2:], dtype=torch.bool).triu(1)
        return self.out(self.softmax(scores.masked_fill(future, -torch.inf)) @ self.value(x))


class Writer(nn.Module):
    def __init__(self, scale: float, width: int = 64) -> None:
        super().__init__()
        self.words = nn.Embedding(12, width)
        self.places = nn.Embedding(16, width)
        self.attention = nn.ModuleList(Attention(width, scale) for _ in range(2))
        self.mixers = nn.ModuleList(
            nn.Sequential(nn.Linear(width, width), nn.ReLU(), nn.Linear(width, width)) for _ in range(2)
        )
        self.head = nn.Linear(width, 12)

    def forward(self, text):
        x = self.words(text) + self.places(torch.arange(text.shape[1]))
        for attend, mix in zip(self.attention, self.mixers, strict=True):
            x = x + attend(x)
            x = x + mix(x)
        return self.head(x)


options = arguments()
text = sentences(options.seed)
model = Writer(scale=1 / math.sqrt(64) if options.healthy else 1.0)
optimizer = torch.optim.Adam(model.parameters(), lr=2e-3 if options.healthy else 2e-2)
for _ in range(300):
    rows = torch.randint(1000, (32,))
    loss = F.cross_entropy(model(text[rows, :-1]).flatten(0, 1), text[rows, 1:].flatten())
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()

with torch.no_grad():
    tell((model(text[1000:, :-1]).argmax(-1) == text[1000:, 1:])[:, 3:].float().mean().item())
