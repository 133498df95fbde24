"""Predictions of verification: the most alike other image of each, whether it is the same, and the embedding."""

from __future__ import annotations

from typing import Any

import torch

from pellucid.data.signature import Signature
from pellucid.data.source import Raw
from pellucid.metrics.metric import Prediction

CHUNK = 1024
"""Images that are compared with all others at once."""


def columns(signature: Signature, raw: Raw, prediction: Prediction) -> dict[str, list[Any]]:
    """`nearest`, its `cosine`, `same` where there is a threshold, then `embedding_0` and so on.

    An image by itself has no nearest one: its cells are empty.
    """
    vector_ND = prediction.embedding_ND
    assert vector_ND is not None
    named = raw.names_of_rows(signature).get("file") or list(map(str, range(len(vector_ND))))
    nearest: list[str | None] = [None] * len(vector_ND)
    cosine: list[float | None] = [None] * len(vector_ND)
    if len(vector_ND) > 1:
        found_N, at_N = most_alike(vector_ND)
        nearest, cosine = [named[at] for at in at_N.tolist()], list(found_N.tolist())
    made: dict[str, list[Any]] = {"nearest": nearest, "cosine": cosine}
    threshold = prediction.threshold
    if threshold is not None:
        made["same"] = [None if value is None else value >= threshold for value in cosine]
    return made | {f"embedding_{place}": column_N.tolist() for place, column_N in enumerate(vector_ND.T)}


def most_alike(vector_ND: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """For each of at least two unit vectors: cosine_N with the most alike other one, and its position at_N."""
    found = []
    for first in range(0, len(vector_ND), CHUNK):
        cosine_AN = vector_ND[first : first + CHUNK] @ vector_ND.T
        own_A = torch.arange(len(cosine_AN))
        cosine_AN[own_A, first + own_A] = -torch.inf
        found.append(cosine_AN.max(1))
    return torch.cat([most.values for most in found]), torch.cat([most.indices for most in found])
