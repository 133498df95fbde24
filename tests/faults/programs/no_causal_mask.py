"""A language model without its causal mask reads the word it is to predict."""

import torch
import torch.nn.functional as F
from data import sentences
from program import arguments, tell
from torch import nn


class Writer(nn.Module):
    def __init__(self, masked: bool) -> None:
        super().__init__()
        self.masked = masked
        self.words = nn.Embedding(12, 32)
        self.places = nn.Parameter(0.1 * torch.randn(16, 32))
        self.block = nn.TransformerEncoderLayer(32, 4, 64, dropout=0.0, batch_first=True)
        self.head = nn.Linear(32, 12)

    def forward(self, text):
        length = text.shape[1]
        x = self.words(text) + self.places[:length]
        mask = nn.Transformer.generate_square_subsequent_mask(length) if self.masked else None
        return self.head(self.block(x, src_mask=mask))


options = arguments()
text = sentences(options.seed)
model = Writer(masked=options.healthy)
optimizer = torch.optim.Adam(model.parameters(), lr=3e-3)
for step in range(400):
    rows = torch.randint(1000, (32,))
    logits = model(text[rows, :-1])
    loss = F.cross_entropy(logits.reshape(-1, 12), text[rows, 1:].reshape(-1))
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    if step % 100 == 0:
        print(step, round(loss.item(), 3))

model.eval()
with torch.no_grad():  # as when writing: what comes next is not there yet
    guesses = [model(text[1000:, :end])[:, -1].argmax(-1) == text[1000:, end] for end in range(4, 16)]
    tell(torch.stack(guesses).float().mean().item())
