"""Writing with a network, token by token: by drawing (generation) or by search (translation).

A network here is anything with the four children of `network.assemble.Network`, in evaluation mode. A `SequenceTrunk`
remembers what it has read, so a token costs one position rather than all before it.

B  rows    K  beginnings kept for each row    C  tokens of the vocabulary    T, U  positions
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import takewhile
from typing import Any

import torch
from torch import nn
from torch.nn import functional as F

from pellucid import seeds
from pellucid.data.vocabulary import BEGIN, END, PADDING, UNKNOWN
from pellucid.forms import Steps, Tokens, each
from pellucid.nn.sequence import Memory, SequenceTrunk

UNWRITTEN = [PADDING, UNKNOWN, BEGIN]
"""Codes that stand for nothing one could write."""


@dataclass(frozen=True)
class Sampling:
    """How a token is drawn from the probabilities of all."""

    temperature: float = 1.0
    """What logits are divided by: below 1 the probable becomes more so; 0 takes the most probable token."""
    top_k: int = 0
    """How many of the most probable tokens are drawn from; 0: all."""
    top_p: float = 1.0
    """The smallest set of most probable tokens with this much probability is drawn from (arXiv:1904.09751)."""
    repetition: float = 1.0
    """What divides the logits of tokens that stand there already, and multiplies negative ones (arXiv:1909.05858)."""


class Reader:
    """A network that reads a text as it grows, and says what could come next.

    It never reads more at once than the positions it learnt from: where a text gets longer, it goes on from the second
    half of what it read last.
    """

    def __init__(self, network: Any, *, cached: bool = True) -> None:
        self.network = network
        self.cached = cached and isinstance(network.trunk, SequenceTrunk)
        self.longest: int = _door(network).out.extent[0]
        self.first = 0
        self.known = 0
        self.memory: Memory | None = None

    @torch.no_grad()
    def after(self, codes: Sequence[int]) -> torch.Tensor:
        """logit_C, float64: of the token after `codes`, which begin with those of the last call."""
        if len(codes) - self.first > self.longest:
            self.first = self.known = len(codes) - max(1, self.longest // 2)
            self.memory = None
        device = next(self.network.parameters()).device
        code_1T = torch.tensor([codes[self.known :]], device=device)
        if not self.cached:
            logit_1TC = self.network(Tokens(code_1T))
        else:
            memory = self.network.trunk.begin(None, 1) if self.memory is None else self.memory
            logit_1TC, self.memory = step(self.network, code_1T, memory)
            self.known = len(codes)
        return logit_1TC[0, -1].cpu().double()


def step(network: Any, code_BT: torch.Tensor, memory: Memory) -> tuple[torch.Tensor, Memory]:
    """(logit_BTC after each of some further tokens, what is remembered then)."""
    door = _door(network)
    embed = getattr(door, "context", door)
    steps, memory = network.trunk.proceed(embed(Tokens(code_BT)), memory)
    return network.head(network.bridge(steps)), memory


def sample(
    network: Any, prompt: Sequence[int], how: Sampling, *, count: int, seed: int, cached: bool = True
) -> Iterator[int]:
    """At most `count` codes that go on with `prompt`, as they are drawn; they end before END.

    An empty prompt is the beginning of a text. Without the cache everything is read again for each token.
    """
    codes, reader = list(prompt) or [BEGIN], Reader(network, cached=cached)
    generator = seeds.generator(seed, "generate")
    for _ in range(count):
        code = drawn(reader.after(codes), codes, how, generator)
        if code == END:
            return
        codes.append(code)
        yield code


def drawn(logit_C: torch.Tensor, before: Sequence[int], how: Sampling, generator: torch.Generator) -> int:
    """A code drawn from logit_C after those `before`."""
    logit_C = logit_C.clone()
    if how.repetition != 1.0:
        seen_S = torch.tensor(sorted(set(before)))
        logit_S = logit_C[seen_S]
        logit_C[seen_S] = torch.where(logit_S > 0, logit_S / how.repetition, logit_S * how.repetition)
    logit_C[UNWRITTEN] = -torch.inf
    if how.temperature == 0:
        return int(logit_C.argmax())
    order_C = logit_C.argsort(descending=True, stable=True)
    probability_C = (logit_C[order_C] / how.temperature).softmax(0)
    if how.top_k:
        probability_C[how.top_k :] = 0
        probability_C /= probability_C.sum()
    before_C = probability_C.cumsum(0) - probability_C
    probability_C[1:] = torch.where(before_C[1:] < how.top_p, probability_C[1:], 0)
    return int(order_C[torch.multinomial(probability_C, 1, generator=generator)])


@torch.no_grad()
def beam(network: Any, source: Steps | Tokens, *, width: int, penalty: float) -> torch.Tensor:
    """code_BU: for each row the best sentence found after reading `source`, ended by END and padded.

    The `width` most probable beginnings are kept at each position; sentences Y are compared by
    log P(Y) / ((5 + |Y|) / 6)^penalty (Wu et al. 2016, arXiv:1609.08144, equation 14). A search ends where no beginning
    can become better than the best sentence, or at the last position; there unfinished ones count as well.
    """
    door = _door(network)
    rows, longest = len(source[0]), door.out.context.extent[0]
    memory = network.trunk.begin(door.source(source), rows)
    device = source[0].device
    row_R = torch.arange(rows, device=device).repeat_interleave(width)
    memory = _taken(memory, row_R)
    code_RU = torch.full((rows * width, longest), PADDING, device=device)
    last_R = torch.full((rows * width,), BEGIN, device=device)
    log_BK = torch.full((rows, width), -torch.inf, device=device)
    log_BK[:, 0] = 0.0
    best_B, best_BU = torch.full_like(log_BK[:, 0], -torch.inf), code_RU[::width].clone()
    for at in range(longest):
        logit_R1C, memory = step(network, last_R.unsqueeze(1), memory)
        next_RC = F.log_softmax(logit_R1C[:, -1].float(), 1)
        next_RC[:, UNWRITTEN] = -torch.inf
        log_BKC = log_BK.unsqueeze(2) + next_RC.unflatten(0, (rows, width))
        ended_B, place_B = (log_BKC[:, :, END] / _norm(at + 1, penalty)).max(1)
        _keep_better(best_B, best_BU, ended_B, code_RU[place_B + torch.arange(rows, device=device) * width], (at, END))
        log_BKC[:, :, END] = -torch.inf
        log_BK, choice_BK = log_BKC.flatten(1).topk(width, 1)
        from_R = (choice_BK // log_BKC.shape[2]).flatten() + row_R * width
        last_R = (choice_BK % log_BKC.shape[2]).flatten()
        memory, code_RU = _taken(memory, from_R), code_RU[from_R]
        code_RU[:, at] = last_R
        hope_B = log_BK[:, 0] / _norm(longest, penalty)
        if bool((best_B >= hope_B).all()):
            break
        if at == longest - 1:
            _keep_better(best_B, best_BU, hope_B, code_RU[::width], (at, last_R[::width]))
    return best_BU


def sentence(codes: Sequence[int]) -> list[int]:
    """The codes before END, without padding."""
    return [code for code in takewhile(lambda code: code != END, codes) if code > PADDING]


def _door(network: Any) -> Any:
    """The intake without what joins it to the trunk."""
    return network.intake[0] if isinstance(network.intake, nn.Sequential) else network.intake


def _norm(length: int, penalty: float) -> float:
    return ((5 + length) / 6) ** penalty


def _taken(memory: Memory, row_R: torch.Tensor) -> Memory:
    return each(memory, lambda tensor: tensor.index_select(0, row_R))


def _keep_better(
    best_B: torch.Tensor,
    best_BU: torch.Tensor,
    found_B: torch.Tensor,
    found_BU: torch.Tensor,
    last: tuple[int, int | torch.Tensor],
) -> None:
    """Puts better sentences in the place of the best ones; `last` is the position of their last token, and that."""
    better_B = found_B > best_B
    best_B[better_B] = found_B[better_B]
    found_BU = found_BU.clone()
    found_BU[:, last[0]] = last[1]
    best_BU[better_B] = found_BU[better_B]
