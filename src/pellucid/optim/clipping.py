"""Gradient clipping by the norm of the whole gradient."""

# pyright: reportPrivateImportUsage=false
# (torch marks its operations over lists of tensors as private; it has had them since 1.9.)

from __future__ import annotations

import torch


def gradient_norm(grads: list[torch.Tensor]) -> torch.Tensor:
    """The norm of all gradients taken as one vector, 0-dim; 0 for none."""
    if not grads:
        return torch.zeros(())
    norms = torch._foreach_norm(grads)
    return norms[0] if len(norms) == 1 else torch.linalg.vector_norm(torch.stack(norms))


def clip_gradients(grads: list[torch.Tensor], limit: float) -> torch.Tensor:
    """Scales `grads` in place so that their norm is at most `limit`; gives the norm before, 0-dim, without a sync.

    g <- g min(1, limit / |g|): a gradient within the limit keeps its bits. A norm that is not finite makes the whole
    gradient not finite, so look at what is given back. Pascanu, Mikolov and Bengio 2013, arXiv:1211.5063, algorithm 1.
    """
    norm = gradient_norm(grads)
    if grads:
        torch._foreach_mul_(grads, (limit / norm).clamp(max=1.0))
    return norm
