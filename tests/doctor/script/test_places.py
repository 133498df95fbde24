from __future__ import annotations

from contextlib import ExitStack

import torch
from torch import Tensor, nn
from torch.nn import functional
from torch.optim import SGD
from torch.optim.optimizer import register_optimizer_step_pre_hook

from pellucid.doctor.script import places

X = torch.ones(2, 3)


def test_what_is_let_in_comes_ahead_of_others_before_and_behind_them_after():
    net, said = nn.Linear(3, 1), []
    handle = register_optimizer_step_pre_hook(lambda *args: said.append("watch"))
    with ExitStack() as stack:
        places.before_step(stack, lambda optimizer: said.append(f"before {len(list(places.held(optimizer)))}"))
        places.after_step(stack, lambda optimizer: said.append("after"))
        SGD(net.parameters(), 0.1).step()
    handle.remove()
    SGD(net.parameters(), 0.1).step()
    assert said == ["before 2", "watch", "after"]


def test_calls_are_changed_on_the_way_in_and_out():
    net = nn.Sequential(nn.Identity(), nn.Identity())
    with ExitStack() as stack:
        inside = places.running(stack)
        depths: list[int] = []
        places.before_call(stack, lambda module, args: depths.append(len(inside)))
        places.before_call(stack, lambda module, args: (args[0] + 1,) if module is net[1] else None)
        places.after_call(stack, lambda module, args, output: output * 2 if module is net[1] else None)
        assert net(X).tolist() == (2 * (X + 1)).tolist()
        assert depths == [0, 1, 1] and inside == []
    assert net(X).tolist() == X.tolist()


def test_the_outermost_module_is_told_once():
    net, seen = nn.Sequential(nn.Linear(3, 3)), []
    with ExitStack() as stack:
        places.on_root(stack, seen.append)
        net(X), net(X), net[0](X)
    assert seen == [net]


def test_a_loss_is_given_something_else_or_only_measured():
    def shift(name: str, given: Tensor, target: Tensor, keywords: dict) -> tuple[Tensor, Tensor]:
        keywords["reduction"] = "sum"
        return given, target + 1

    given = torch.zeros(4, requires_grad=True)
    for measure, told in ((False, 4.0), (True, 0.0)):
        with ExitStack() as stack:
            said = places.on_loss(stack, ("mse_loss",), shift, measure=measure)
            out = functional.mse_loss(given, torch.zeros(4))
            with torch.no_grad():
                nn.MSELoss()(given, torch.zeros(4))
            assert out.item() == told and said == [4.0], "passes without gradients are not those that learn"
    assert functional.mse_loss(given, torch.zeros(4)).item() == 0.0
