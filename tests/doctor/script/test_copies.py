"""Questions to a copy: the network itself, its random numbers and its hooks stay as they are."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional

from pellucid.doctor.script import copies


class Noisy(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.out = nn.Linear(4, 2)

    def forward(self, x: Tensor) -> Tensor:
        print("one more call")
        return self.out(functional.dropout(x))


def test_the_network_and_the_random_numbers_stay_as_they_are(capsys) -> None:
    net, called = nn.Sequential(nn.Linear(4, 3), nn.BatchNorm1d(3), Noisy().requires_grad_(False)), []
    net[2].out = nn.Linear(3, 2)
    net.register_forward_hook(lambda *args: called.append(1))
    before, state = {name: value.clone() for name, value in net.state_dict().items()}, torch.get_rng_state()
    given = ((torch.randn(16, 4, generator=torch.Generator().manual_seed(0)),), {})
    _, difference = copies.random_eval(net.eval(), given)
    copies.leak_batch(net, given)
    assert difference > 0 and called == [] and capsys.readouterr().out == ""
    assert torch.equal(torch.get_rng_state(), state)
    assert all(torch.equal(value, before[name]) for name, value in net.state_dict().items())


def test_what_comes_out_the_same_is_not_random() -> None:
    assert copies.random_eval(nn.Linear(4, 2), ((torch.randn(8, 4),), {})) == (None, 0.0)


def test_a_look_ahead_is_seen() -> None:
    class Reader(nn.Module):
        def __init__(self, both: bool) -> None:
            super().__init__()
            self.names, self.memory = nn.Embedding(9, 8), nn.GRU(8, 4, batch_first=True, bidirectional=both)

        def forward(self, token_BT: Tensor) -> Tensor:
            return self.memory(self.names(token_BT))[0]

    token_BT = torch.arange(24).reshape(3, 8) % 9
    given, target = ((token_BT[:, :-1],), {}), token_BT[:, 1:]
    ahead, behind = copies.leak_future(Reader(True), given, target), copies.leak_future(Reader(False), given, target)
    assert ahead is not None and ahead[0] == 1.0 and behind is not None and behind[0] == 0.0


def test_a_mask_that_training_forgets_is_missed_in_the_mode_that_trains() -> None:
    class Reader(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.names, self.drop = nn.Embedding(9, 8), nn.Dropout(0.5)
            self.mix = nn.MultiheadAttention(8, 2, batch_first=True)

        def forward(self, token_BT: Tensor) -> Tensor:
            mask = None if self.training else nn.Transformer.generate_square_subsequent_mask(token_BT.shape[1])
            x = self.drop(self.names(token_BT))
            return self.mix(x, x, x, attn_mask=mask)[0]

    token_BT = torch.arange(24).reshape(3, 8) % 9
    given, target = ((token_BT[:, :-1],), {}), token_BT[:, 1:]
    trains, judges = copies.leak_future(Reader(), given, target), copies.leak_future(Reader().eval(), given, target)
    assert trains is not None and trains[0] == 1.0 and judges is not None and judges[0] == 0.0


def test_a_network_that_is_too_large_is_not_copied() -> None:
    with torch.device("meta"):
        assert copies.copied(nn.Linear(2**13, 2**12)) is None


def test_the_first_tensor_is_seen_one_level_deep() -> None:
    one = torch.zeros(1)
    assert all(copies.first_tensor(given) is one for given in (one, (None, one), {"a": 1, "b": one}))
    assert copies.first_tensor(None) is None
