"""The fused kernels against their plain twins, and the memory layouts they are given."""

from __future__ import annotations

import copy

import pytest
import torch

from pellucid.optim import kernels
from pellucid.optim.optimizer import Optimizer
from pellucid.optim.optimizers import SGD, Adagrad, Adam, AdamW, RMSProp

PARTS: list[Optimizer] = [SGD(), SGD(momentum=0.9), SGD(momentum=0.9, nesterov=True), Adagrad(), Adam(), AdamW()]


def tensors(seed: int) -> list[torch.Tensor]:
    stream = torch.Generator().manual_seed(seed)
    return [torch.randn(shape, generator=stream) for shape in ((64, 33), (33,), (8, 3, 5, 5))]


def test_this_torch_has_the_kernels() -> None:
    assert kernels.FUSED and kernels.fused(tensors(0))


@pytest.mark.parametrize("decay", [0.0, 0.1])
@pytest.mark.parametrize("part", PARTS, ids=str)
def test_plain_twins_equal_the_fused_kernels(part: Optimizer, decay: float, monkeypatch: pytest.MonkeyPatch) -> None:
    fused, plain = tensors(0), tensors(0)
    slots = part.begin(fused)
    others = copy.deepcopy(slots)
    for step in range(10):
        part.update(fused, tensors(step + 1), slots, rate=0.01, decay=decay)
    monkeypatch.setattr(kernels, "FUSED", False)
    for step in range(10):
        part.update(plain, tensors(step + 1), others, rate=0.01, decay=decay)
    for mine, other in zip(fused, plain, strict=True):
        torch.testing.assert_close(mine, other, rtol=1e-5, atol=1e-6)
    for name in slots:
        torch.testing.assert_close(slots[name], others[name], rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("part", [*PARTS, RMSProp(momentum=0.9)], ids=str)
def test_one_flat_tensor_equals_the_list(part: Optimizer) -> None:
    listed = tensors(0)
    flat = [torch.cat([param.flatten() for param in listed])]
    slots, flat_slots = part.begin(listed), part.begin(flat)
    for step in range(5):
        grads = tensors(step + 1)
        part.update(listed, grads, slots, rate=0.01, decay=0.1)
        part.update(flat, [torch.cat([grad.flatten() for grad in grads])], flat_slots, rate=0.01, decay=0.1)
    torch.testing.assert_close(flat[0], torch.cat([param.flatten() for param in listed]), rtol=1e-6, atol=1e-7)


@pytest.mark.parametrize("part", [*PARTS, RMSProp(momentum=0.9)], ids=str)
def test_layouts_in_memory_do_not_change_the_numbers(part: Optimizer) -> None:
    plain = [tensors(0)[2]]
    turned = [plain[0].clone().to(memory_format=torch.channels_last)]
    slots, turned_slots = part.begin(plain), part.begin(turned)
    assert all(slot.stride() in (turned[0].stride(), ()) for slots in turned_slots.values() for slot in slots)
    for step in range(4):
        grad = tensors(step + 1)[2]
        part.update(plain, [grad.clone()], slots, rate=0.01, decay=0.1)
        given = grad if step % 2 else grad.to(memory_format=torch.channels_last)
        part.update(turned, [given], turned_slots, rate=0.01, decay=0.1)
    torch.testing.assert_close(plain[0], turned[0].contiguous())


def test_aligned_copies_only_where_it_must() -> None:
    params, grads = tensors(0), tensors(1)
    assert kernels.aligned(params, grads) is grads
    turned = [grads[0], grads[1], grads[2].to(memory_format=torch.channels_last)]
    fixed = kernels.aligned(params, turned)
    assert [grad.stride() for grad in fixed] == [param.stride() for param in params]
    assert all(torch.equal(a, b) for a, b in zip(fixed, grads, strict=True))


def test_the_first_step_does_not_import_the_compiler() -> None:
    import subprocess
    import sys

    code = (
        "import sys, torch; from pellucid.optim.optimizers import AdamW; w = [torch.ones(3)]; p = AdamW();"
        "s = p.begin(w); p.update(w, [torch.ones(3)], s, rate=0.1, decay=0.1);"
        "assert 'torch._dynamo' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
