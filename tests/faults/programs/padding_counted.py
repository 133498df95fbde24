"""Sentences are padded to 40 places, and the loss counts the padding like words."""

import torch
import torch.nn.functional as F
from data import sentences
from program import arguments, tell
from torch import nn

PAD = 0


class Tagger(nn.Module):
    """Says of each word which of 4 tags it has, given the word before it."""

    def __init__(self) -> None:
        super().__init__()
        self.words = nn.Embedding(13, 16, padding_idx=PAD)
        self.rnn = nn.GRU(16, 24, batch_first=True)
        self.tags = nn.Linear(24, 5)

    def forward(self, text):
        states, _ = self.rnn(self.words(text))
        return self.tags(states)


options = arguments()
text = F.pad(sentences(options.seed, length=12) + 1, (0, 28), value=PAD)
lengths = torch.randint(3, 13, (len(text), 1))
text[torch.arange(40) >= lengths] = PAD
tags = 1 + (text + 2 * F.pad(text, (1, 0))[:, :-1]) % 4
tags[text == PAD] = PAD
model = Tagger()
optimizer = torch.optim.Adam(model.parameters(), lr=4e-3)
ignored = PAD if options.healthy else -100
for _ in range(7):
    for rows in torch.randperm(1000).split(40):
        output = model(text[rows])
        loss = F.cross_entropy(output.flatten(0, 1), tags[rows].flatten(), ignore_index=ignored)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()

with torch.no_grad():
    word = text[1000:] != PAD
    tell((model(text[1000:]).argmax(-1) == tags[1000:])[word].float().mean().item())
