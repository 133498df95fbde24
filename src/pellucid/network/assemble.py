"""The network: intake, trunk, bridge, head, always these four children."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import nn

from pellucid import seeds
from pellucid.data.signature import Signature
from pellucid.errors import Place, RecipeError
from pellucid.families.family import Family
from pellucid.forms import Branched, Form, Signal, vector
from pellucid.network import bridges
from pellucid.network.embed import intake
from pellucid.nn.noise import share_draw
from pellucid.parts import kinds, load_kind
from pellucid.tasks.task import Task


class Network(nn.Module):
    """What is trained. `forms` says what flows between its children."""

    def __init__(self, *, intake: nn.Module, trunk: nn.Module, bridge: nn.Module, head: nn.Module) -> None:
        super().__init__()
        self.intake = intake
        self.trunk = trunk
        self.bridge = bridge
        self.head = head
        self.forms: tuple[tuple[str, str], ...] = ()
        """(place, what flows there), for `check` and the report."""
        self.draw: seeds.Draw | None = None
        self.side_weights: tuple[float, ...] = ()
        """Share in the loss of each auxiliary output, which `forward` gives in training beside the main one."""

    def forward(self, input: Signal) -> torch.Tensor | Branched:  # noqa: A002 - torch's own name for it
        """Prepared inputs -> raw outputs of the head; `Branched` in training where the trunk has auxiliary branches."""
        return self.head(self.bridge(self.trunk(self.intake(input))))


class Beside(nn.Module):
    """A bridge that auxiliary vectors pass by."""

    def __init__(self, main: nn.Module) -> None:
        super().__init__()
        self.main = main

    def forward(self, signal: Signal | Branched) -> Signal | Branched:
        """What `main` makes of the main signal, with the auxiliary vectors as they are."""
        return signal._replace(main=self.main(signal.main)) if isinstance(signal, Branched) else self.main(signal)


class Heads(nn.Module):
    """A head for the trunk, and one like it for each auxiliary branch."""

    def __init__(self, main: nn.Module, sides: list[nn.Module]) -> None:
        super().__init__()
        self.main = main
        self.sides = nn.ModuleList(sides)

    def forward(self, signal: Signal | Branched) -> Signal | Branched:
        """Raw outputs of every branch in training, of the trunk alone at prediction."""
        if not isinstance(signal, Branched):
            return self.main(signal)
        sides = tuple(head(side_BD) for head, side_BD in zip(self.sides, signal.sides, strict=True))
        return Branched(self.main(signal.main), sides)


def assemble(
    form: Form, categories: tuple[int, ...], *, signature: Signature, family: Family, task: Task, seed: int
) -> Network:
    """The network of a family for a task over inputs of `form`.

    Raises: RecipeError saying what would fit, where family and data, or family and task, do not.
    """
    # Modules fill their weights from torch's default generator when they are made; ours are filled again by the start,
    # a person's own are not, so the generator is seeded for them and given back as it was.
    with torch.random.fork_rng(devices=[]):
        torch.default_generator.manual_seed(seeds.key(seed, "init"))
        _refuse_whole(form, family, task)
        door = intake(form, categories, family.embedding())
        if _each_alone(form, family, task):
            inward = bridges.alone(door.out)
            trunk = family.build(inward.out)
            outward = bridges.same(trunk.out)
            _refuse_batch_norm(trunk)
        else:
            inward = _inward(door.out, family)
            trunk = family.build(inward.out)
            outward = _outward(task.sees(trunk.out, signature), family, task, form)
        bridge, head = outward.module, task.head(outward.out, signature)
        if type(task).wants != "vector":
            trunk.leave_sides()
        if trunk.side_widths:
            bridge = Beside(bridge)
            head = Heads(head, [task.head(vector(width), signature) for width in trunk.side_widths])
    way_in = door if isinstance(inward.module, nn.Identity) else nn.Sequential(door, inward.module)
    network = Network(intake=way_in, trunk=trunk, bridge=bridge, head=head)
    network.side_weights = trunk.side_weights
    network.forms = (
        ("intake", f"{inward.out}" + ("" if inward.says == "as it is" else f" ({inward.says})")),
        ("trunk", str(trunk.out)),
        ("bridge", f"{outward.out}" + ("" if outward.says == "as it is" else f" ({outward.says})")),
        ("head", _said(task, signature)),
    )
    network.draw = seeds.Draw(seed, "step")
    share_draw(network, network.draw)
    return network


def _said(task: Task, signature: Signature) -> str:
    count = task.outputs(signature)
    return str(vector(count)) if type(task).wants == "vector" else f"{count} for each place"


def _inward(form: Form, family: Family) -> bridges.Bridge:
    kind = family.dump()["kind"]
    if form.context is not None and not type(family).continues:
        if form.context.causal:
            message = f"{kind} does not write one sequence after reading another"
            hint = f"families that do: {', '.join(_families(lambda cls: cls.continues))}"
            raise RecipeError("RECIPE-FIT", message, place=Place(path="model.kind"), hint=hint)
        first = bridges.joined(form)
        then = _inward(first.out, family)
        return bridges.Bridge(nn.Sequential(first.module, then.module), then.out, f"{first.says}; {then.says}")
    if form.kind in family.takes():
        return bridges.same(form)
    if form.causal:
        message = f"{kind} sees a sequence as a whole, and what follows each position is asked"
        hint = f"families that go step by step: {', '.join(_families(lambda cls: 'sequence' in cls.accepts))}"
        raise RecipeError("RECIPE-FIT", message, place=Place(path="model.kind"), hint=hint)
    for wanted in sorted(family.takes()):
        if (form.kind, wanted) in bridges.IN:
            return bridges.IN[form.kind, wanted](form, family.embedding())
    raise RecipeError(
        "RECIPE-FIT",
        f"{kind} takes {' or '.join(sorted(family.takes()))}, and this data is {form}",
        place=Place(path="model.kind"),
        hint=f"families for {form.kind} data: {', '.join(_families_for(form))}",
    )


def _outward(form: Form, family: Family, task: Task, data: Form) -> bridges.Bridge:
    """From what the trunk gives to what the head takes, where `data` is the Form of the prepared input."""
    wanted = type(task).wants
    if data.kind == "sequence" and wanted == "sequence":
        return _stepwise(form, family, task, data)
    if form.kind == "sequence" and wanted == "vector":
        return bridges.pooled(form, family.pools())
    if wanted == "vector" and family.neck():
        first = bridges.NECK[form.kind](form)
        layers, width = [first.module], first.out.width
        for wider in family.neck():
            layers.append(family.dense(width, wider))
            width = wider
        says = f"{first.says}, then {len(family.neck())} fully connected"
        return bridges.Bridge(nn.Sequential(*layers), vector(width), says)
    if (form.kind, wanted) in bridges.OUT:
        return bridges.OUT[form.kind, wanted](form)
    if form.kind == wanted:
        return bridges.same(form)
    message = f"{task.dump()['kind']} wants a {wanted}, and {family.dump()['kind']} gives a {form.kind}"
    reach = {start for start, end in bridges.OUT if end == wanted} | {wanted}
    fitting = [kind for kind in sorted(kinds(Family)) if load_kind(Family, kind).gives & reach]
    hint = f"families that fit: {', '.join(fitting)}"
    raise RecipeError("RECIPE-FIT", message, place=Place(path="model.kind"), hint=hint)


def _stepwise(form: Form, family: Family, task: Task, data: Form) -> bridges.Bridge:
    """What a head for each position takes: those of the sequence, or of the one that continues it."""
    length = data.extent[0] if data.context is None else data.context.extent[0]
    if form.kind == "sequence":
        whole = data.context is None or type(family).continues
        return bridges.positions(form) if whole else bridges.tail(form, length)
    return bridges.unrolled(form, length)


def _each_alone(form: Form, family: Family, task: Task) -> bool:
    """Whether each position of a sequence goes through the trunk by itself."""
    stepwise = form.kind == "sequence" and form.context is None and type(task).wants == "sequence"
    return stepwise and type(family).positionwise


def _refuse_batch_norm(trunk: nn.Module) -> None:
    """Raises: RecipeError where a norm would take positions for features."""
    if any(isinstance(module, nn.BatchNorm1d) for module in trunk.modules()):
        message = "batch normalisation compares rows, and here each position of a row goes by itself"
        raise RecipeError("RECIPE-FIT", message, place=Place(path="model.norm"), hint="model.norm: layer")


def _refuse_whole(form: Form, family: Family, task: Task) -> None:
    """Raises: RecipeError where each position of a sequence is asked about and a family sees it as a whole."""
    gives = type(family).gives
    if form.kind != "sequence" or type(task).wants != "sequence" or "sequence" in gives:
        return
    if _each_alone(form, family, task):
        return
    if type(task).answers == "future" and gives == {"vector"}:
        return
    kind = family.dump()["kind"]
    message = f"{task.dump()['kind']} wants an answer for each position, and {kind} sees a sequence as a whole"
    alone = type(task).answers == "neighbours"  # asks about what other families have read
    fitting = _families(lambda cls: ("sequence" in cls.gives and not alone) or (cls.positionwise and not form.context))
    hint = f"families that fit: {', '.join(fitting)}"
    raise RecipeError("RECIPE-FIT", message, place=Place(path="model.kind"), hint=hint)


def _families_for(form: Form) -> list[str]:
    reachable = {form.kind} | {end for start, end in bridges.IN if start == form.kind}
    return _families(lambda cls: bool(cls.accepts & reachable))


def _families(fits: Callable[[type[Family]], bool]) -> list[str]:
    return [kind for kind in sorted(kinds(Family)) if fits(load_kind(Family, kind))]
