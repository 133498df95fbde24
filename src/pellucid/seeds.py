"""One root seed, named streams: all randomness is a function of (seed, purpose, position).

No generator state is ever stored, so a run that is killed and resumed draws the same numbers (Salmon et al. 2011,
"Parallel random numbers: as easy as 1, 2, 3", for the idea of position as counter). The purposes in use:

    init       by parameter name        initial weights
    split      by row content           training, validation and test parts
    order      by epoch                 permutation of the rows
    augment    by epoch and batch       augmentation of a batch
    step       by step and micro-step   dropout and noise in layers
    generate   by seed                  tokens that a network writes
    foreign    by step                  default generators, only around a person's own modules
"""

from __future__ import annotations

from hashlib import blake2b
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import torch


def key(seed: int, purpose: str, *position: int | str) -> int:
    """A 63-bit key for the stream `purpose` at `position`, equal on every machine."""
    text = "\x1f".join([str(seed), purpose, *map(str, position)])
    return int.from_bytes(blake2b(text.encode(), digest_size=8).digest(), "little") >> 1


def generator(seed: int, purpose: str, *position: int | str) -> torch.Generator:
    """A CPU generator at the start of the stream `purpose` at `position`."""
    import torch

    return torch.Generator().manual_seed(key(seed, purpose, *position))


class Draw:
    """Random tensors for one step: the same (seed, purpose, position) always gives the same numbers.

    A layer that needs noise holds the network's one `Draw`; the loop moves it with `at` before each forward pass.
    """

    def __init__(self, seed: int, purpose: str, device: str = "cpu") -> None:
        import torch

        self.seed = seed
        self.purpose = purpose
        self.generator = torch.Generator(device)
        self.at(0)

    def at(self, *position: int) -> Draw:
        """Moves to `position` (step, micro-step, member) and returns itself."""
        self.position = position
        self.generator.manual_seed(key(self.seed, self.purpose, *position))
        return self

    def __deepcopy__(self, memo: dict[int, object]) -> Draw:
        # generators cannot be copied, and need not be: position says all
        twin = Draw(self.seed, self.purpose, str(self.generator.device))
        memo[id(self)] = twin
        return twin.at(*self.position)

    def uniform(self, shape: tuple[int, ...], low: float = 0.0, high: float = 1.0) -> torch.Tensor:
        """Uniform numbers in [low, high)."""
        import torch

        device = self.generator.device
        return torch.empty(shape, device=device).uniform_(low, high, generator=self.generator)

    def normal(self, shape: tuple[int, ...], scale: float = 1.0) -> torch.Tensor:
        """Normal numbers with mean 0 and standard deviation `scale`."""
        import torch

        device = self.generator.device
        return torch.empty(shape, device=device).normal_(0.0, scale, generator=self.generator)

    def kept_like(self, x: torch.Tensor, keep: float) -> torch.Tensor:
        """float32 1 with probability `keep`, else 0, in the shape and the memory order of `x`."""
        import torch

        # Comparing uniform numbers is three times as fast on a CPU as bernoulli_; in half precision it would be coarse.
        return torch.empty_like(x, dtype=torch.float32).uniform_(generator=self.generator).lt_(keep)

    def normal_like(self, x: torch.Tensor, scale: float) -> torch.Tensor:
        """Normal numbers with mean 0 and standard deviation `scale`, in the shape, memory order and type of `x`."""
        import torch

        return torch.empty_like(x).normal_(0.0, scale, generator=self.generator)

    def integers(self, low: int, high: int, shape: tuple[int, ...]) -> torch.Tensor:
        """Whole numbers in [low, high)."""
        import torch

        return torch.randint(low, high, shape, generator=self.generator, device=self.generator.device)

    def permutation(self, count: int) -> torch.Tensor:
        """The numbers 0 .. count-1 in random order."""
        import torch

        return torch.randperm(count, generator=self.generator, device=self.generator.device)
