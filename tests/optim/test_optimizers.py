"""The optimizers against torch.optim, their state, and what their fields refuse."""

from __future__ import annotations

import copy
from typing import Any

import pytest
import torch
from pydantic import ValidationError

from pellucid.optim.optimizer import Optimizer
from pellucid.optim.optimizers import SGD, Adagrad, Adam, AdamW, RMSProp
from pellucid.parts import concrete, kinds, load_kind

CASES: list[tuple[Optimizer, type[torch.optim.Optimizer], dict[str, Any]]] = [
    (SGD(), torch.optim.SGD, {}),
    (SGD(momentum=0.9), torch.optim.SGD, {"momentum": 0.9}),
    (SGD(momentum=0.9, nesterov=True), torch.optim.SGD, {"momentum": 0.9, "nesterov": True}),
    (RMSProp(), torch.optim.RMSprop, {}),
    (RMSProp(alpha=0.9, momentum=0.5), torch.optim.RMSprop, {"alpha": 0.9, "momentum": 0.5}),
    (Adagrad(), torch.optim.Adagrad, {}),
    (Adam(), torch.optim.Adam, {}),
    (Adam(betas=(0.8, 0.95), eps=1e-6), torch.optim.Adam, {"betas": (0.8, 0.95), "eps": 1e-6}),
    (AdamW(), torch.optim.AdamW, {}),
]
RATE = 0.05


def weights(dtype: torch.dtype = torch.float64) -> list[torch.Tensor]:
    stream = torch.Generator().manual_seed(3)
    return [torch.randn(shape, generator=stream, dtype=dtype) for shape in ((5, 7), (5,), (4, 3, 3, 3))]


def gradients(params: list[torch.Tensor]) -> list[torch.Tensor]:
    """The gradient of sum (w - 1)^4 / 4: it changes at every step, and never vanishes at once."""
    return [(param.detach() - 1) ** 3 for param in params]


def run(
    part: Optimizer, params: list[torch.Tensor], slots: dict[str, list[torch.Tensor]], steps: int, decay: float
) -> None:
    for _ in range(steps):
        part.update(params, gradients(params), slots, rate=RATE, decay=decay)


@pytest.mark.parametrize("decay", [0.0, 0.1])
@pytest.mark.parametrize(("part", "peer", "options"), CASES, ids=str)
def test_ten_updates_equal_torch(
    part: Optimizer, peer: type[torch.optim.Optimizer], options: dict[str, Any], decay: float
) -> None:
    ours, theirs = weights(), [param.requires_grad_() for param in weights()]
    slots = part.begin(ours)
    judge = peer(theirs, lr=RATE, weight_decay=decay, **options)  # pyright: ignore[reportCallIssue]
    for _ in range(10):
        part.update(ours, gradients(ours), slots, rate=RATE, decay=decay)
        for param, grad in zip(theirs, gradients(theirs), strict=True):
            param.grad = grad
        judge.step()
        for mine, other in zip(ours, theirs, strict=True):
            torch.testing.assert_close(mine, other.detach(), rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize("part", [case[0] for case in CASES], ids=str)
def test_same_start_same_bits(part: Optimizer) -> None:
    first, second = weights(torch.float32), weights(torch.float32)
    run(part, first, part.begin(first), 10, 0.1)
    run(part, second, part.begin(second), 10, 0.1)
    assert all(torch.equal(a, b) for a, b in zip(first, second, strict=True))


@pytest.mark.parametrize("part", [case[0] for case in CASES], ids=str)
def test_the_slots_are_the_whole_state(part: Optimizer) -> None:
    straight = weights(torch.float32)
    run(part, straight, part.begin(straight), 12, 0.1)

    params = weights(torch.float32)
    slots = part.begin(params)
    run(part, params, slots, 5, 0.1)
    saved, kept = copy.deepcopy(slots), copy.deepcopy(params)
    del slots, params
    again = concrete(Optimizer, part.dump())
    restored = again.begin(kept)
    for name, tensors in restored.items():
        for tensor, value in zip(tensors, saved[name], strict=True):
            tensor.copy_(value)
    run(again, kept, restored, 7, 0.1)
    assert all(torch.equal(a, b) for a, b in zip(straight, kept, strict=True))


@pytest.mark.parametrize("part", [case[0] for case in CASES], ids=str)
def test_slots_hold_one_tensor_for_each_parameter_and_no_gradient(part: Optimizer) -> None:
    params = [param.requires_grad_() for param in weights()]
    for name, tensors in part.begin(params).items():
        assert len(tensors) == len(params)
        assert not any(tensor.requires_grad or tensor.any() for tensor in tensors)
        if name != "step":
            assert [tensor.shape for tensor in tensors] == [param.shape for param in params]


@pytest.mark.parametrize("part", [case[0] for case in CASES], ids=str)
def test_gradients_stay_as_they_are(part: Optimizer) -> None:
    params = weights()
    grads = gradients(params)
    before = copy.deepcopy(grads)
    part.update(params, grads, part.begin(params), rate=RATE, decay=0.1)
    assert all(torch.equal(a, b) for a, b in zip(grads, before, strict=True))


@pytest.mark.parametrize("part", [case[0] for case in CASES], ids=str)
def test_no_parameters_is_no_fault(part: Optimizer) -> None:
    part.update([], [], part.begin([]), rate=RATE, decay=0.1)


def test_adam_decay_scales_with_the_weight_under_adamw_only() -> None:
    grads = [torch.zeros(3)]
    coupled, free = [torch.tensor([1.0, 2.0, 4.0])], [torch.tensor([1.0, 2.0, 4.0])]
    Adam().update(coupled, grads, Adam().begin(coupled), rate=0.1, decay=0.5)
    AdamW().update(free, grads, AdamW().begin(free), rate=0.1, decay=0.5)
    torch.testing.assert_close(free[0], torch.tensor([0.95, 1.9, 3.8]))
    torch.testing.assert_close(coupled[0], torch.tensor([0.9, 1.9, 3.9]))
    assert AdamW.decoupled and not Adam.decoupled


def test_catalogue_is_complete_and_defaults_are_the_usual_ones() -> None:
    for kind in kinds(Optimizer):
        part = load_kind(Optimizer, kind)()
        assert part.dump()["kind"] == kind
        assert part.learning_rate is None and part.weight_decay is None and part.schedule is None
    assert Adam().betas == AdamW().betas == (0.9, 0.999)


@pytest.mark.parametrize(
    ("kind", "fields"),
    [
        ("sgd", {"nesterov": True}),
        ("sgd", {"momentum": 1.0}),
        ("adam", {"betas": [0.9, 1.0]}),
        ("adamw", {"eps": 0.0}),
        ("rmsprop", {"alpha": -0.1}),
        ("adagrad", {"learning_rate": 0.0}),
    ],
)
def test_impossible_values_are_refused(kind: str, fields: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        concrete(Optimizer, {"kind": kind, **fields})
