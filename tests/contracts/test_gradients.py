"""Over every layer, bridge, head and loss: gradients equal numeric ones in float64, with masks and empty inputs.

A numeric gradient takes the difference of two passes, so corners (of a rectifier, a maximum, a margin) must not lie
between them: inputs are random numbers of a fixed seed, and those of activations keep away from 0.
"""

from __future__ import annotations

import copy
import importlib
import inspect
import pkgutil
from typing import Any, NamedTuple, get_args

import pytest
import torch
from torch import nn
from torch.nn import functional as F

import pellucid.nn
from pellucid.data.signature import Signature, Target
from pellucid.data.vocabulary import CharacterVocabulary
from pellucid.families.family import Family
from pellucid.forms import Form, Paired, Signal, Steps, each, grid, pyramid, sequence, tensors, vector
from pellucid.losses.catalogue import KINDS as LOSSES
from pellucid.losses.loss import LossFunction, terms
from pellucid.losses.parts import Triplet
from pellucid.network import bridges
from pellucid.network.pooling import POOLS
from pellucid.nn.activation_parts import Activation, Own, Threshold
from pellucid.nn.activations import Softmax
from pellucid.nn.blocks import ConvBlock, Dense, Residual
from pellucid.nn.boxes import BoxHead
from pellucid.nn.branches import Branches, Fork
from pellucid.nn.catalogue_activations import KINDS as ACTIVATIONS
from pellucid.nn.clips import ClipTrunk
from pellucid.nn.cosine_head import CosineHead
from pellucid.nn.map_dropout import MapDropout
from pellucid.nn.noise import Dropout, GaussianNoise, share_draw
from pellucid.nn.norm import NormKind, norm
from pellucid.nn.trunk import Side, Trunk
from pellucid.nn.upsample import Rise, U, Up
from pellucid.parts import concrete, load_kind
from pellucid.seeds import Draw, generator
from pellucid.tasks.catalogue import KINDS as TASKS
from pellucid.tasks.task import Task

torch.set_num_threads(1)
VECTOR, GRID = vector(4), grid(2, 4, 5)
PYRAMID = pyramid((grid(2, 4, 6), grid(3, 2, 3)))
SEQUENCE, NODES = Form("sequence", 4, (3,)), Form("nodes", 4)
NOT_CHECKED = {
    "Noisy": "abstract: a layer that draws",
    "Recurrent": "abstract: a layer that goes from position to position",
    "SequenceTrunk": "abstract: a trunk over sequences",
    "Traced": "abstract: a layer that can be looked into",
    "Threshold": "a step; straight through it has the gradient of the identity on purpose, which no numbers show",
}
"""Classes of `nn/` without a numeric gradient, and why."""


class Example(NamedTuple):
    """A module and what it is given."""

    module: nn.Module
    form: Form
    rest: tuple[Any, ...] = ()
    """Arguments after the Signal."""


class OverSteps(nn.Module):
    """A module for sequences as one for x_BTD: the rows have 3, 2, 1, 3, ... positions, or all of them."""

    def __init__(self, module: nn.Module, *, even: bool = False, paired: bool = False) -> None:
        super().__init__()
        self.module, self.even, self.paired = module, even, paired

    def forward(self, x_BTD: torch.Tensor) -> torch.Tensor:
        length_B = 3 - torch.arange(len(x_BTD)) % 3 * (not self.even)
        steps = Steps(x_BTD, torch.arange(x_BTD.shape[1]) < length_B[:, None])
        output = self.module(Paired(steps, steps) if self.paired else steps)
        if not isinstance(output, Steps):
            return output
        return output.x_BTD * output.mask_BT.unsqueeze(2)  # what fills up is nobody's output


def classes(module: Any) -> set[type[nn.Module]]:
    """The modules for networks that a file defines."""
    found = inspect.getmembers(module, inspect.isclass)
    return {one for _, one in found if issubclass(one, nn.Module) and one.__module__ == module.__name__}


def layers() -> dict[str, Example]:
    """Every layer of `nn/`, with what it can be made of."""
    conv = nn.Conv2d
    still = Trunk([conv(2, 2, 3, padding=1), conv(2, 3, 2, 2)], pyramid((grid(2, 4, 4), grid(3, 2, 2))), (0, 1))
    beside = Side(0, nn.Sequential(nn.Flatten(), nn.Linear(40, 2)), 2, 0.3)
    full = {"activation": nn.Tanh(), "dropout": Dropout(0.4)}
    levels = pyramid((grid(2, 4, 4), grid(2, 2, 2), grid(2, 1, 1)))
    u = U(
        [conv(1, 1, 3, padding=1), conv(1, 2, 3, padding=1)],
        conv(2, 2, 3, padding=1),
        [Up(2, 1, "transposed"), Up(2, 1, "bilinear")],
        [conv(2, 1, 3, padding=1), conv(3, 2, 3, padding=1)],
    )
    return {
        "softmax": Example(Softmax(), VECTOR),
        "softmax of channels": Example(Softmax(), GRID),
        "own": Example(Own(name="bent", function=nn.PReLU()).build(), VECTOR),
        "dense": Example(Dense(nn.Linear(4, 3)), VECTOR),
        "dense, all stages": Example(Dense(nn.Linear(4, 4), norm=norm("batch", VECTOR), residual=True, **full), VECTOR),
        "conv": Example(ConvBlock(conv(2, 3, 3)), GRID),
        **{
            f"conv, all stages, {name}": Example(
                ConvBlock(conv(2, 3, 3), norm=norm("batch", grid(3, 2, 3)), pool=pool, **full), GRID
            )
            for name, pool in (("maximum", nn.MaxPool2d(2)), ("average", nn.AvgPool2d(2)))
        },
        "residual": Example(Residual([conv(2, 2, 3, padding=1)]), GRID),
        "residual, all stages": Example(
            Residual([ConvBlock(conv(2, 3, 3, 2, 1))], skip=ConvBlock(conv(2, 3, 1, 2)), activation=nn.ELU()), GRID
        ),
        "boxes": Example(BoxHead(levels, image=(8, 8), classes=2), levels),
        "fork": Example(Fork([nn.Tanh(), conv(2, 1, 3, padding=1)]), GRID),
        "branches": Example(Branches([conv(2, 1, 1), Fork([nn.Tanh(), conv(2, 1, 3, padding=1)])]), GRID),
        "clip, mean": Example(ClipTrunk(still, 2, over="mean", difference=False), grid(4, 4, 4)),
        "clip, maximum of differences": Example(ClipTrunk(still, 3, over="max", difference=True), grid(3, 4, 4)),
        "cosines": Example(CosineHead(4, 3, 2), VECTOR),
        "embeddings": Example(CosineHead(4, 3, 0), VECTOR),
        "dropout": Example(Dropout(0.4), VECTOR),
        "dropout of maps": Example(MapDropout(0.4), grid(5, 2, 2)),
        "noise": Example(GaussianNoise(0.4), VECTOR),
        "trunk": Example(Trunk([nn.Linear(4, 3), nn.Tanh()], vector(3)), VECTOR),
        "trunk, branched": Example(
            Trunk([conv(2, 2, 3, padding=1), conv(2, 3, 2, 2)], pyramid((GRID, grid(3, 2, 2))), (0, 1), (beside,)), GRID
        ),
        "up, transposed": Example(Up(2, 1, "transposed"), grid(2, 2, 3), ((5, 6),)),
        "up, bilinear": Example(Up(2, 1, "bilinear"), grid(2, 2, 3), ((4, 7),)),
        "rise": Example(Rise(Up(2, 1, "transposed"), nn.Tanh(), (5, 4)), grid(2, 2, 2)),
        "u": Example(u, grid(1, 4, 5)),
    }


def sequences() -> dict[str, Example]:
    """Every family of sequences with its ways to build them, alone and as encoder and decoder."""
    asked: dict[str, dict[str, Any]] = {
        "rnn": {"width": 2},
        "gru": {"width": 2, "bidirectional": True},
        "gru, by steps": {"width": 2, "norm": "layer", "recurrent_dropout": 0.3},
        "lstm": {"width": 2, "depth": 2, "dropout": 0.3},
        "lstm, by steps": {"width": 2, "norm": "layer", "bidirectional": True},
        "tcn": {"width": 4, "depth": 2, "norm": "layer", "activation": "tanh"},
        "tcn, wider": {"width": 3, "depth": 1, "activation": "tanh", "dropout": 0.3},
        "transformer": {"width": 4, "heads": 2, "depth": 1, "feed_forward": 3},
        "transformer, grouped": {
            "kind": "transformer",
            "width": 4,
            "heads": 2,
            "groups": 1,
            "depth": 1,
            "norm": "post",
        },
        "transformer, sinusoidal": {
            "kind": "transformer",
            "width": 6,
            "heads": 2,
            "depth": 1,
            "positions": "sinusoidal",
        },
        "transformer, learned": {"kind": "transformer", "width": 4, "heads": 1, "depth": 1, "positions": "learned"},
    }
    found: dict[str, Example] = {}
    for name, fields in asked.items():
        family = concrete(Family, {"kind": name.split(",")[0], **fields})
        for even in (True, False):
            own = OverSteps(family.build(sequence(4, 3, even=even)), even=even)
            found[f"{name}, {'even' if even else 'ragged'}"] = Example(own, SEQUENCE)
        if not fields.get("bidirectional"):
            found[f"{name}, causal"] = Example(OverSteps(family.build(sequence(4, 3, causal=True))), SEQUENCE)
        if type(family).continues:
            form = sequence(4, 3, context=sequence(4, 3, causal=True))
            found[f"{name}, encoder and decoder"] = Example(OverSteps(family.build(form), paired=True), SEQUENCE)
    clip = Trunk([nn.Conv2d(1, 2, 2)], grid(2, 3, 3))
    over = concrete(Family, {"kind": "lstm", "width": 2}).build(sequence(2, 3, even=True))
    found["clip, over a sequence"] = Example(Numbers(ClipTrunk(clip, 3, over=over, difference=False)), grid(3, 4, 4))
    return found


def pools() -> dict[str, Example]:
    """Every way to make one vector of a sequence, and two sequences one."""
    made = {f"pool {name}": Example(OverSteps(make(4)), SEQUENCE) for name, (make, _) in POOLS.items()}
    pair = sequence(4, 3, even=True, context=sequence(4, 3, even=True))
    made["joined"] = Example(OverSteps(bridges.joined(pair).module, even=True, paired=True), SEQUENCE)
    made["tail"] = Example(OverSteps(bridges.tail(SEQUENCE, 2).module), SEQUENCE)
    made["positions"] = Example(OverSteps(bridges.positions(SEQUENCE).module), SEQUENCE)
    made["unrolled"] = Example(bridges.unrolled(VECTOR, 3).module, VECTOR)
    made["flat"] = Example(OverSteps(bridges.bag(sequence(4, 3, even=True), 4).module, even=True), SEQUENCE)
    return made


def activations() -> dict[str, Example]:
    """Every kind of activation."""
    made = {kind: concrete(Activation, kind) for kind in ACTIVATIONS.keys() - {"own", "threshold"}}
    made["own"] = Own(name="bent", function=lambda x: x + x.sin())
    return {kind: Example(part.build(), VECTOR) for kind, part in sorted(made.items())}


def norms() -> dict[str, Example]:
    """Every kind of norm at every Form it goes with."""
    return {
        f"norm {kind} of a {form.kind}": Example(norm(kind, form), form)
        for form in (vector(16), grid(16, 2, 2), SEQUENCE, NODES)
        for kind in get_args(NormKind)
        if form.kind != "sequence" or kind in ("none", "layer")
    }


def bridged() -> dict[str, Example]:
    """Every bridge."""
    forms = {"vector": VECTOR, "grid": GRID, "pyramid": PYRAMID, "sequence": SEQUENCE}
    inward = {way: (lambda form, make=make: make(form, 3)) for way, make in bridges.IN.items()}
    to_neck = {(start, "neck"): make for start, make in bridges.NECK.items()}
    found: dict[str, Example] = {}
    for table in (inward, bridges.OUT, to_neck):
        for (start, end), make in table.items():
            module = make(forms[start]).module
            found[f"{start} to {end}"] = Example(OverSteps(module) if start == "sequence" else module, forms[start])
    return {name: example._replace(module=Numbers(example.module)) for name, example in found.items()}


class Numbers(nn.Module):
    """A module whose sequences are given as x_BTD alone."""

    def __init__(self, module: nn.Module) -> None:
        super().__init__()
        self.module = module

    def forward(self, x: Signal) -> Signal:
        output = self.module(x)
        return output.x_BTD if isinstance(output, Steps) else output


TARGETS = {
    "classes": Target("classes", ("kind",), ("a", "b", "c")),
    "labels": Target("labels", ("left", "right"), ("left", "right")),
    "values": Target("values", ("much",)),
    "mask": Target("mask", ("mask",), ("background", "cell", "wall"), (5, 5, 5)),
    "boxes": Target("boxes", ("boxes",), ("disc", "square"), (5, 5)),
    "steps": Target("steps", ("labels",), ("a", "b", "c"), (5, 5, 5)),
    "next": Target("next", ("text",)),
    "sentence": Target("sentence", ("answer",)),
    "future": Target("future", ("much",)),
}
WANTED = {"vector": VECTOR, "grid": grid(2, 3, 4), "pyramid": pyramid((grid(2, 2, 2), grid(2, 1, 1)))}
WANTED["sequence"] = SEQUENCE
LETTERS = CharacterVocabulary("ab").as_json()


def heads() -> dict[str, Example]:
    """The head of every task, for every target it can ask about."""
    found: dict[str, Example] = {}
    for kind in TASKS:
        task = concrete(Task, kind)
        for name in sorted(task.targets):
            signature = Signature("images", "memory", 8, "", TARGETS[name], image=(1, 8, 8))
            signature = signature.replace(vocabulary={"input": LETTERS, "target": LETTERS})
            task = task.replace(loss=concrete(LossFunction, task.loss_for(TARGETS[name]).value))
            form = WANTED[task.wants] if kind != "embedding" else VECTOR  # a word by itself
            found[f"{kind} of {name}"] = Example(task.head(form, signature), form)
    return found


torch.manual_seed(0)
EXAMPLES = layers() | sequences() | pools() | activations() | norms() | bridged() | heads()
"""Everything whose gradient is checked."""
DRAW = Draw(0, "step")


@pytest.fixture
def example(name: str) -> Example:
    """A copy of one, in float64."""
    module = copy.deepcopy(EXAMPLES[name].module).double()
    share_draw(module, DRAW)
    return EXAMPLES[name]._replace(module=module)


def signal(form: Form, rows: int) -> Signal:
    """Random numbers that keep away from 0."""
    if form.levels:
        return tuple(signal(level, rows) for level in form.levels)
    shape = (rows, *form.extent, form.width) if form.kind == "sequence" else (rows, form.width, *form.extent)
    x = torch.randn(shape, generator=generator(1, "input", form.width), dtype=torch.float64)
    return x + 0.05 * x.sign()


def learnable(given: Signal) -> Signal:
    return each(given, lambda tensor: tensor.clone().requires_grad_())


def test_every_layer_and_every_bridge_has_an_example():
    files = [importlib.import_module(f"pellucid.nn.{file.name}") for file in pkgutil.iter_modules(pellucid.nn.__path__)]
    shipped = {one.__name__ for file in (*files, bridges) for one in classes(file)}
    shown = {type(part).__name__ for example in EXAMPLES.values() for part in example.module.modules()}
    assert shipped - shown == NOT_CHECKED.keys()


def test_a_step_passes_its_gradient_straight_through():
    x = torch.randn(5, dtype=torch.float64, requires_grad=True)
    y = Threshold(straight_through=True).build()(x)
    assert torch.equal(torch.autograd.grad(3 * y.sum(), x)[0], torch.full_like(x, 3))


@pytest.mark.row("C12")
@pytest.mark.parametrize(("rows", "training"), [(2, True), (1, True), (2, False)])
@pytest.mark.parametrize("name", EXAMPLES)
def test_the_gradient_of_a_layer_is_the_numeric_one(name: str, example: Example, rows: int, training: bool):
    module, form, rest = example
    if rows == 1 and training and any(isinstance(part, nn.BatchNorm1d) for part in module.modules()):
        with pytest.raises(ValueError, match="more than 1 value"):  # torch refuses the statistics of one number
            module(signal(form, 1))
        return
    module.train(training)
    names = [name for name, _ in module.named_parameters()]
    given = tensors(learnable(signal(form, rows)))

    def forward(*flat: torch.Tensor) -> tuple[torch.Tensor, ...]:
        DRAW.at(1)
        inputs, parameters = flat[: len(given)], dict(zip(names, flat[len(given) :], strict=True))
        x = inputs if form.levels else inputs[0]
        return tuple(tensors(torch.func.functional_call(module, parameters, (x, *rest))))

    assert torch.autograd.gradcheck(forward, (*given, *module.parameters()))


@pytest.mark.parametrize("training", [True, False], ids=["training", "prediction"])
@pytest.mark.parametrize("name", EXAMPLES)
def test_a_layer_makes_nothing_of_nothing(name: str, example: Example, training: bool):
    module = example.module.train(training)
    given = learnable(signal(example.form, 0))
    output = tensors(module(given, *example.rest))
    assert all(len(tensor) == 0 for tensor in output)
    torch.cat([tensor.flatten() for tensor in output]).sum().backward()
    slopes = [leaf.grad for leaf in (*tensors(given), *module.parameters()) if leaf.grad is not None]
    assert not any(slope.any() for slope in slopes)


def normal(*shape: int) -> torch.Tensor:
    return torch.randn(shape, generator=generator(2, "output"), dtype=torch.float64)


def unit(count: int) -> torch.Tensor:
    return F.normalize(normal(count, 3), dim=1)


def places(count: int) -> torch.Tensor:
    """output_BPK of a 16 x 16 image: 16 places of stride 4 and one of stride 16, two classes."""
    at = [(x, y, 4.0) for y in (2, 6, 10, 14) for x in (2, 6, 10, 14)] + [(8, 8, 16.0)]
    place_BP3 = torch.tensor(at, dtype=torch.float64).expand(count, -1, -1)
    away_BP4 = 6 * torch.rand(count, len(at), 4, generator=generator(3, "away"), dtype=torch.float64) + 0.5
    low_BP2, high_BP2 = place_BP3[:, :, :2] - away_BP4[:, :, :2], place_BP3[:, :, :2] + away_BP4[:, :, 2:]
    return torch.cat([place_BP3, low_BP2, high_BP2, normal(count, len(at), 2)], 2)


PAD = [0.0, 0, 0, 0, -1]
MASK = torch.tensor([[[0, 2, 1], [1, 255, 2]], [[0, 0, 0], [0, 0, 0]], [[255] * 3] * 2], dtype=torch.uint8)
BOXES = torch.tensor([[[1.0, 2, 9, 11, 1], [8, 0, 15, 5, 0]], [[3.0, 3, 15, 13, 0], PAD], [PAD, PAD]])
CODES = torch.tensor([0, 2, 1, 2, 0])
STEPWISE = {
    "several": (normal(3, 3, 4), torch.tensor([[0, 3, 1], [2, -1, -1], [1, 1, -1]])),
    "one": (normal(1, 1, 4), torch.tensor([[2]])),
    "nothing judged": (normal(2, 2, 4), torch.full((2, 2), -1)),
}
ANSWERS: dict[str, dict[str, tuple[torch.Tensor, torch.Tensor]]] = {
    "classes": {"several": (normal(5, 3), CODES), "one": (normal(1, 3), CODES[:1])},
    "binary": {"several": (normal(5, 1), CODES.clamp(max=1)), "one": (normal(1, 1), torch.tensor([1]))},
    "labels": {
        "several": (normal(3, 2), torch.tensor([[0.0, 1.0], [1.0, 1.0], [0.0, 0.0]])),
        "one": (normal(1, 2), torch.tensor([[1.0, 0.0]])),
    },
    "values": {"several": (normal(3, 2), -normal(3, 2)), "one": (normal(1, 2), torch.zeros(1, 2))},
    "mask": {
        "several": (normal(3, 3, 2, 3), MASK),
        "one": (normal(1, 3, 2, 3), MASK[:1]),
        "nothing judged": (normal(2, 3, 2, 3), torch.full_like(MASK[:2], 255)),
        "one pixel": (normal(1, 3, 1, 1), torch.tensor([[[2]]], dtype=torch.uint8)),
    },
    "boxes": {
        "several": (places(3), BOXES),
        "one": (places(1), BOXES[:1]),
        "no boxes": (places(2), torch.tensor([[PAD, PAD]] * 2)),
    },
    "pairs": {
        "several": (unit(5), CODES),
        "one": (unit(1), CODES[:1]),
        "nobody twice": (unit(3), CODES[:3]),
        "one class": (unit(4), torch.zeros(4, dtype=torch.int64)),
    },
    **dict.fromkeys(("steps", "next", "sentence"), STEPWISE),
    "future": {"several": (normal(3, 2, 2, 5), normal(4, 2, 2)[1:]), "one": (normal(1, 1, 1, 5), torch.zeros(1, 1, 1))},
    "neighbours": {
        "several": (normal(2, 3, 4), torch.tensor([[[1, 2], [0, 3], [-1, 1]], [[2, -1], [-1, -1], [0, 0]]])),
        "nothing judged": (normal(1, 2, 4), torch.full((1, 2, 2), -1)),
    },
}
"""Kind of answer -> outputs and targets by name; the cosines with three classes are numbers like any unit vector's."""
FIELDS: dict[str, list[dict[str, Any]]] = {
    "cross_entropy": [{"label_smoothing": 0.2}],
    "binary_cross_entropy": [{"label_smoothing": 0.2}],
    "focal": [{"gamma": 0.0}, {"gamma": 0.5}],
    "focal_giou": [{"gamma": 1.5, "alpha": 0.4, "box": 3.0}],
    "huber": [{"delta": 0.4}],
    "cosine_margin": [{"margin": 0.0}, {"angular": True, "scale": 8.0}],
    "triplet": [{"margin": 3.0}],
}
"""Other fields than the default ones."""


def answered(kind: str, answer: str, name: str) -> tuple[torch.Tensor, torch.Tensor]:
    """The output and target of an example; every loss but that of quantiles takes one number for a value."""
    output, target = ANSWERS[answer][name]
    return (output[..., 0] if answer == "future" and kind != "pinball" else output), target


GOES = [(kind, answer) for kind in LOSSES for answer in sorted(load_kind(LossFunction, kind).targets)]
LOSS_CASES = [
    pytest.param(
        concrete(LossFunction, {"kind": kind, **fields}), answer, name, id=f"{kind} {fields or ''}-{answer}-{name}"
    )
    for kind, answer in GOES
    for fields in [{}, *FIELDS.get(kind, [])]
    for name in ANSWERS[answer]
]


@pytest.mark.parametrize(("part", "answer", "name"), LOSS_CASES)
def test_the_gradient_of_a_loss_is_the_numeric_one(part: LossFunction, answer: str, name: str):
    output, target = answered(part.dump()["kind"], answer, name)
    fixed = 3 if answer == "boxes" else 0  # where a place is, is no output of a layer
    weight_B = torch.arange(len(output), dtype=torch.float64)  # the first example counts nothing

    def sums(free: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        loss = part.per_example(torch.cat([output[..., :fixed], free], -1), target)
        assert loss.weight_B is None or not loss.weight_B.requires_grad
        return loss.value_B, terms(loss, weight_B)[0]

    assert torch.autograd.gradcheck(sums, output[..., fixed:].clone().requires_grad_())


def slope(part: LossFunction, answer: str, name: str, weight: float = 1.0) -> torch.Tensor:
    """The gradient of the weighted sum of all terms, which is 0 where nothing counts."""
    output, target = answered(part.dump()["kind"], answer, name)
    output = output.clone().requires_grad_()
    total, count = terms(part.per_example(output, target), torch.full((len(output),), weight, dtype=torch.float64))
    (gradient,) = torch.autograd.grad(total, output)
    assert float(count) or total.item() == 0
    return gradient


@pytest.mark.parametrize(("part", "answer", "name"), LOSS_CASES)
def test_examples_of_weight_0_teach_nothing(part: LossFunction, answer: str, name: str):
    gradient = slope(part, answer, name, weight=0)
    assert torch.equal(gradient, torch.zeros_like(gradient))


@pytest.mark.parametrize(
    ("part", "answer", "name"), [case for case in LOSS_CASES if case.values[2] in ("nothing judged", "no boxes")]
)
def test_a_mask_of_255_and_an_image_without_boxes_teach_nothing_of_what_they_lack(
    part: LossFunction, answer: str, name: str
):
    gradient = slope(part, answer, name)
    lacking = gradient[..., 3:7] if answer == "boxes" else gradient
    assert torch.equal(lacking, torch.zeros_like(lacking))
    assert answer != "boxes" or gradient[..., 7:].all()  # but that nothing is there is learnt everywhere


@pytest.mark.parametrize("name", ["one", "nobody twice", "one class"])
def test_a_batch_without_triplets_teaches_nothing(name: str):
    gradient = slope(Triplet(), "pairs", name)
    assert torch.equal(gradient, torch.zeros_like(gradient))


@pytest.mark.parametrize(("kind", "answer"), GOES)
def test_no_examples_have_no_loss(kind: str, answer: str):
    output, target = answered(kind, answer, "several")
    output = output[:0].clone().requires_grad_()
    loss = concrete(LossFunction, kind).per_example(output, target[:0])
    assert loss.value_B.shape == (0,) and (loss.weight_B is None or loss.weight_B.shape == (0,))
    loss.value_B.sum().backward()
    assert output.grad is not None and output.grad.shape == output.shape
