"""The head of verification: unit vectors, and what they are compared with."""

from __future__ import annotations

import torch
from torch import nn
from torch.nn import functional as F

UNSETTLED = 2.0
"""The threshold before it is fixed: no cosine reaches it."""


class CosineHead(nn.Module):
    """Embeddings of length 1, with what goes with them in one tensor.

    In training their cosines with a learnt prototype of each class follow, where the loss wants them; at prediction
    the threshold: people met later have no prototype, and two of their pictures are compared with one another.
    """

    def __init__(self, inputs: int, width: int, classes: int) -> None:
        super().__init__()
        self.embedding = nn.Linear(inputs, width)
        self.prototypes = nn.Linear(width, classes, bias=False) if classes else None
        self.threshold: torch.Tensor
        self.register_buffer("threshold", torch.tensor(UNSETTLED))

    def forward(self, x_BF: torch.Tensor) -> torch.Tensor:
        """x_BF -> embedding_BD and cosine_BC (or nothing) in training, embedding_BD and threshold_B1 at prediction."""
        embedding_BD = F.normalize(self.embedding(x_BF).to(self.embedding.weight), dim=1)
        if not self.training:
            return torch.cat([embedding_BD, self.threshold.expand(len(embedding_BD), 1)], 1)
        if self.prototypes is None:
            return embedding_BD
        prototype_CD = F.normalize(self.prototypes.weight, dim=1)
        with torch.autocast(x_BF.device.type, enabled=False):  # a cosine in bfloat16 has two digits
            return torch.cat([embedding_BD, embedding_BD @ prototype_CD.T], 1)
