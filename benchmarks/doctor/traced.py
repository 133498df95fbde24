"""Runs a program and writes a digest of all its losses and of its last weights, bit for bit.

python benchmarks/doctor/traced.py OUT PROGRAM ARGUMENTS
pellucid doctor benchmarks/doctor/traced.py OUT PROGRAM ARGUMENTS     # the same under watch: the digests must agree
"""

from __future__ import annotations

import os
import runpy
import sys
from hashlib import sha256
from pathlib import Path
from typing import Any

import torch
from torch.optim.optimizer import register_optimizer_step_post_hook


def main() -> None:
    """Listens to backward passes and optimizers while the program runs."""
    out, program = Path(sys.argv[1]), sys.argv[2]
    sys.argv = sys.argv[2:]
    sys.path.insert(0, os.path.dirname(program))
    digest, optimizers, backward = sha256(), dict[int, torch.optim.Optimizer](), torch.autograd.backward

    def heard(tensors: Any, *arguments: Any, **named: Any) -> None:
        for one in [tensors] if isinstance(tensors, torch.Tensor) else tensors:
            digest.update(bits(one))
        backward(tensors, *arguments, **named)

    def stepped(optimizer: torch.optim.Optimizer, *_: Any) -> None:
        optimizers[id(optimizer)] = optimizer

    torch.autograd.backward = heard
    register_optimizer_step_post_hook(stepped)
    runpy.run_path(program, run_name="__main__")
    for optimizer in optimizers.values():
        for group in optimizer.param_groups:
            for parameter in group["params"]:
                digest.update(bits(parameter))
    out.write_text(digest.hexdigest(), encoding="utf-8")


def bits(tensor: torch.Tensor) -> bytes:
    """The bytes of its numbers."""
    return tensor.detach().contiguous().flatten().view(torch.uint8).numpy().tobytes()


if __name__ == "__main__":
    main()
