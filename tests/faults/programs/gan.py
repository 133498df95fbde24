"""Healthy: a generator and a discriminator take turns; neither loss is meant to fall for long."""

import torch
from program import arguments, tell
from torch import nn

options = arguments()
generator = nn.Sequential(nn.Linear(4, 32), nn.ReLU(), nn.Linear(32, 2))
judge = nn.Sequential(nn.Linear(2, 32), nn.LeakyReLU(0.2), nn.Linear(32, 32), nn.LeakyReLU(0.2), nn.Linear(32, 1))
make = torch.optim.Adam(generator.parameters(), lr=5e-4, betas=(0.5, 0.999))
tell_apart = torch.optim.Adam(judge.parameters(), lr=2e-3, betas=(0.5, 0.999))
bce = nn.BCEWithLogitsLoss()
centre = torch.tensor([1.5, -0.5])
yes, mostly, no = torch.ones(64, 1), torch.full((64, 1), 0.9), torch.zeros(64, 1)

for _ in range(900):
    real = centre + 0.5 * torch.randn(64, 2)
    fake = generator(torch.randn(64, 4))
    tell_apart.zero_grad()
    judge_loss = bce(judge(real), mostly) + bce(judge(fake.detach()), no)
    judge_loss.backward()
    tell_apart.step()

    make.zero_grad()
    maker_loss = bce(judge(fake), yes)
    maker_loss.backward()
    make.step()

with torch.no_grad():
    tell(-(generator(torch.randn(2000, 4)).mean(0) - centre).norm().item())
