"""Over all families: each builds at every Form it accepts, keeps its promise, learns everywhere, saves and loads."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from torch import nn

from pellucid.artifacts import read_safetensors, write_safetensors
from pellucid.data.signature import Signature, Target
from pellucid.families.catalogue import KINDS
from pellucid.families.family import Family
from pellucid.forms import Branched, Form, Signal, Steps, grid, sequence, tensors, vector
from pellucid.losses.parts import CrossEntropy
from pellucid.network.assemble import Network, assemble
from pellucid.nn.noise import share_draw
from pellucid.parts import concrete, load_kind
from pellucid.seeds import Draw
from pellucid.tasks.classification import Classification

torch.set_num_threads(1)
SIGNATURE = Signature("table", "memory", 10, "", Target("classes", ("y",), ("a", "b", "c")))
FORMS = {
    "vector": (vector(1), vector(3), vector(40)),
    "grid": (grid(1, 8, 8), grid(3, 9, 13), grid(1, 28, 28), grid(4, 9, 8, frames=2)),
    "sequence": (sequence(1, 7), sequence(3, 5, even=True), sequence(2, 9, causal=True)),
}
SMALL: dict[str, dict[str, object]] = {
    "mlp": {"widths": (8, 6)},
    "cnn": {"channels": (4, 6)},
    "alexnet": {"width": 8, "hidden": (8, 6)},
    "vgg": {"width": 8, "depth": 11, "hidden": (8, 6)},
    "resnet": {"width": 4},
    "inception": {"width": 8},
    "unet": {"width": 4, "depth": 2},
    "decoder": {"width": 4, "depth": 2, "extent": (9, 8)},
    "frames": {"image": {"kind": "inception", "width": 8}, "difference": True},
    "rnn": {"width": 6},
    "lstm": {"width": 6, "norm": "layer"},
    "gru": {"width": 6, "depth": 2},
    "tcn": {"width": 6},
}
"""Fields that keep the published sizes out of the tests."""


class Through(nn.Module):
    """A person's module for either Form."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.linear = nn.Linear(width, 5)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.linear(x).tanh()


def family(kind: str, form: Form) -> Family:
    if kind == "foreign":
        make = Through if form.kind == "vector" else lambda channels: nn.Conv2d(channels, 4, 3)
        return concrete(Family, {"kind": kind, "module": make, "input": form.kind})
    return concrete(Family, {"kind": kind, **SMALL.get(kind, {})})


CASES = [
    (kind, form)
    for kind in KINDS
    for accepted in sorted(load_kind(Family, kind).accepts)  # a set has another order in every process
    for form in FORMS[accepted]
    if kind != "frames" or form.frames > 1
]


def network(kind: str, form: Form) -> Network:
    torch.manual_seed(0)
    return assemble(form, (), signature=SIGNATURE, family=family(kind, form), task=Classification(), seed=0)


def example(form: Form, rows: int = 5) -> Signal:
    x_B = torch.randn(rows, form.width, *form.extent, generator=torch.Generator().manual_seed(1))
    if form.kind != "sequence":
        return x_B
    length = form.extent[0]
    long_B = torch.full((rows,), length) if form.even else length - torch.arange(rows) % length
    return Steps(x_B.transpose(1, 2), torch.arange(length) < long_B[:, None])


def shapes(signal: Signal) -> list[tuple[int, ...]]:
    if isinstance(signal, Steps):
        return [tuple(signal.x_BTD.transpose(1, 2).shape[1:])]
    return [tuple(tensor.shape[1:]) for tensor in tensors(signal)]


@pytest.mark.parametrize(("kind", "form"), CASES, ids=str)
def test_the_trunk_gives_the_form_it_promises(kind: str, form: Form):
    trunk = family(kind, form).build(form)
    share_draw(trunk, Draw(0, "step").at(0))
    promised = trunk.out.levels or (trunk.out,)
    given = trunk.train()(example(form))
    assert shapes(given.main if isinstance(given, Branched) else given) == [
        (level.width, *level.extent) for level in promised
    ]


@pytest.mark.parametrize(("kind", "form"), CASES, ids=str)
def test_every_parameter_gets_a_gradient(kind: str, form: Form):
    made = network(kind, form)
    for output_BC in tensors(made(example(form, 32))):  # of auxiliary branches too
        CrossEntropy().per_example(output_BC, torch.arange(32) % 3).value_B.mean().backward(retain_graph=True)
    dead = [name for name, one in made.named_parameters() if one.grad is None or not one.grad.abs().max() > 0]
    assert not dead


@pytest.mark.parametrize(("kind", "form"), CASES, ids=str)
def test_weights_come_back_from_a_file_bit_for_bit(kind: str, form: Form, tmp_path: Path):
    made, path = network(kind, form), tmp_path / "weights.safetensors"
    with path.open("wb") as file:
        write_safetensors(file, made.state_dict())
    twin = network(kind, form)
    for parameter in twin.parameters():
        nn.init.zeros_(parameter)
    twin.load_state_dict(read_safetensors(path))
    x = example(form)
    assert torch.equal(made.eval()(x), twin.eval()(x))
