"""What a sequence trunk carries from batch to batch: named, put back, forgotten."""

from __future__ import annotations

import torch

from pellucid.forms import Paired, Steps, sequence
from pellucid.nn.sequence import Memory, SequenceTrunk


class Sums(SequenceTrunk):
    """Running sums; it remembers the last of them and how many positions there were."""

    def forward(self, signal: Steps | Paired) -> Steps:
        assert isinstance(signal, Steps)
        return self.proceed(signal, self.begin(None, len(signal.x_BTD)))[0]

    def begin(self, source: Steps | None, rows: int) -> Memory:
        return torch.zeros(rows, 1), (torch.zeros(rows),)

    def proceed(self, steps: Steps, memory: Memory) -> tuple[Steps, Memory]:
        assert isinstance(memory, tuple) and isinstance(memory[0], torch.Tensor) and isinstance(memory[1], tuple)
        x_BTD = memory[0][:, None] + steps.x_BTD.cumsum(1)
        count = memory[1][0]
        assert isinstance(count, torch.Tensor)
        return Steps(x_BTD, steps.mask_BT), (x_BTD[:, -1], (count + x_BTD.shape[1],))


def test_what_is_carried_has_names_and_comes_back_in_its_shape():
    made = Sums([], sequence(1, 3, causal=True))
    assert made.carried is None and made.memories() == {}
    steps = Steps(torch.ones(2, 3, 1), torch.ones(2, 3, dtype=torch.bool))
    _, made.carried = made.proceed(steps, made.begin(None, 2))
    kept = made.memories()
    assert {name: tensor.tolist() for name, tensor in kept.items()} == {"0": [[3.0], [3.0]], "1": [3.0, 3.0]}
    made.forget()
    assert made.memories() == {}
    made.restore(kept)
    carried = made.carried
    assert isinstance(carried, tuple) and isinstance(carried[1], tuple)
    assert made.proceed(steps, carried)[0].x_BTD[0, :, 0].tolist() == [4.0, 5.0, 6.0]
    made.restore({})
    assert made.carried is None
