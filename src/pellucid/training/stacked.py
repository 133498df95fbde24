"""Several trainings of one make side by side: each has its own loop and record, and one program their gradients.

The weights of all members lie in one tensor for each parameter, of which each network holds its slice; so whatever
looks at one network, evaluates it or commits it finds it as it always is, and only the gradient of a step is computed
for all at once (`torch.func.vmap` over the members). Small networks spend their time on calls, not on arithmetic: the
calls are then made once. Noise is drawn from the stream of each member, so a member is the training it would have been
alone, up to the rounding of products that are added in another order.

Whether networks stack is not looked up but seen: the first step with each shape of batches is also done by every member
alone, and where a loss, gradient or buffer differs by more than `AGREES`, or torch has no such program, all go on
alone.
"""

from __future__ import annotations

import copy
import math
from collections.abc import Generator, Iterator
from dataclasses import replace
from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.func import functional_call, vmap

from pellucid import devices, forms
from pellucid.data.batch import Batch
from pellucid.data.stored import Stored
from pellucid.errors import TrainingError
from pellucid.losses.loss import terms
from pellucid.methods.method import Turn
from pellucid.network.assemble import Network
from pellucid.nn.noise import share_draw
from pellucid.nn.sequence import SequenceTrunk
from pellucid.record import Event
from pellucid.seeds import Draw
from pellucid.training.engine import SMALL_WORK, step_work
from pellucid.training.loop import Ask
from pellucid.training.run import Writer, asking
from pellucid.training.session import Session
from pellucid.training.state import State

AGREES = 1e-4
"""Largest distance from what a member finds alone, as a share of it; rounding stays far below."""
MOST_BYTES = 2**30
"""Of the data of all members together."""
MOST_WEIGHTS = 100_000
"""Of one member; tables of word vectors that are larger spend their time on memory, and took twice as long stacked."""
FEWEST = 3000
"""Steps of all members together from which the second or so that torch takes to load its rules is worth it."""
Member = tuple[Session, Writer]


def worth(session: Session, members: int) -> bool:
    """Whether so many trainings like this one are done sooner together: their steps are small, and their data."""
    trunk, model = session.state.network.trunk, session.recipe.model
    parts = (session.dataset.train, session.dataset.valid, session.dataset.test)
    carries = isinstance(trunk, SequenceTrunk) and trunk.stateful
    foreign = model is not None and model.foreign()
    dense = all(value.is_contiguous() for value in session.state.network.state_dict().values())
    stored = any(isinstance(part, Stored) for part in parts)
    if foreign or carries or stored or not dense or session.recipe.precision != "float32":
        return False
    held = sum(tensor.numel() * tensor.element_size() for part in parts for tensor in forms.tensors(part.input))
    work = step_work(session.layers, math.ceil(len(session.dataset.train) / session.per_epoch))
    weights = sum(param.numel() for param in session.state.network.parameters())
    small = members * held <= MOST_BYTES and work < SMALL_WORK and weights <= MOST_WEIGHTS
    return small and members > 1 and members * session.steps >= FEWEST


def train(members: list[Member]) -> None:
    """Trains all to their ends, those of one make together where it is worth it; a record says how one failed."""
    makes: dict[str, list[Member]] = {}
    for member in members:
        makes.setdefault(_make(member[0]), []).append(member)
    for group in makes.values():
        first, _ = group[0]
        together = worth(first, len(group))
        for session, _ in group:
            session.state.together = together
        with devices.computing(first.recipe.threads):
            _train(group)


def _make(session: Session) -> str:
    """What networks must have in common to stack."""
    recipe, network = session.recipe, session.state.network
    shapes = [(name, tuple(value.shape), value.dtype) for name, value in network.state_dict().items()]
    return repr((recipe.model, recipe.task, recipe.method, recipe.device, recipe.precision, network, shapes))


def _train(members: list[Member]) -> None:
    runs = [asking(session, writer) for session, writer in members]
    stack: Stack | None = None
    while any(waiting := [_next(run) for run in runs]):
        runs = [run for run, ask in zip(runs, waiting, strict=True) if ask is not None]
        asks = [ask for ask in waiting if ask is not None]
        states = [ask.state for ask in asks]
        if stack is None or len(stack.states) != len(states):
            stack = Stack(states)
        if len(states) == 1 or not stack.answer(asks):
            for state in states:
                state.together = False


def _next(run: Generator[Event | Ask, None, None]) -> Ask | None:
    """The next step that asks for its gradient; None where the training came to its end."""
    try:
        for event in run:
            if isinstance(event, Ask):
                return event
    except TrainingError:
        pass  # its record says how it ended
    return None


class Drawn(NamedTuple):
    """What a layer drew."""

    method: str
    """Of `Draw`."""
    like: Tensor
    """Of the shape and the memory order of what it drew."""
    number: float
    """The other argument."""


class Scribe(Draw):
    """Draws, and keeps what was asked of it."""

    def __init__(self, seed: int, purpose: str, device: str) -> None:
        super().__init__(seed, purpose, device)
        self.asked: list[Drawn] = []

    def kept_like(self, x: Tensor, keep: float) -> Tensor:
        """As `Draw`."""
        self.asked.append(Drawn("kept_like", torch.empty_like(x), keep))
        return super().kept_like(x, keep)

    def normal_like(self, x: Tensor, scale: float) -> Tensor:
        """As `Draw`."""
        self.asked.append(Drawn("normal_like", torch.empty_like(x), scale))
        return super().normal_like(x, scale)


class Dealt(Draw):
    """Gives what was drawn before, in its order."""

    given: Iterator[Tensor]

    def kept_like(self, x: Tensor, keep: float) -> Tensor:
        """The next."""
        return next(self.given)

    def normal_like(self, x: Tensor, scale: float) -> Tensor:
        """The next."""
        return next(self.given)


class Body(nn.Module):
    """A network whose forward pass ends in the sum of the losses of a batch, and in their count."""

    def __init__(self, network: Network) -> None:
        super().__init__()
        self.network = network

    def forward(self, turn: Turn, batch: Batch) -> tuple[Tensor, Tensor]:
        """-> total, count."""
        assert self.network.draw is not None
        total, count = terms(turn.loss(self.network, batch, self.network.draw), batch.weight_B)
        return total, torch.as_tensor(count, device=total.device)


class Alone(NamedTuple):
    """What a member found by itself."""

    loss: float
    grads: dict[str, Tensor]
    buffers: dict[str, Tensor]
    """Behind the step."""
    drawn: list[Drawn]


class Stack:
    """The networks of several trainings, their weights in one tensor for each parameter."""

    def __init__(self, states: list[State]) -> None:
        self.states = states
        first = states[0].network
        self.dealt = Dealt(0, "step", str(next(first.parameters()).device))
        self.body = Body(_with(first, self.dealt))
        self.drawn: dict[str, list[Drawn]] = {}
        """Shape of a batch -> what the layers draw for it; only shapes that were tried are in it."""
        params = [dict(state.network.named_parameters()) for state in states]
        buffers = [dict(state.network.named_buffers()) for state in states]
        self.owners = {name: [own[name] for own in params] for name in params[0]}
        """Parameter -> that of each member."""
        self.params, self.buffers = ({name: _shared([own[name] for own in each]) for name in each[0]}
                                     for each in (params, buffers))  # fmt: skip
        for name, param in params[0].items():
            self.params[name].requires_grad_(param.requires_grad)

    def answer(self, asks: list[Ask]) -> bool:
        """Finds the losses and gradients of a step of every member; False where these networks do not stack.

        Batches of several shapes are left to the members, and so is a batch whose rows have no weight.
        """
        given = [_tensors(ask.batch) for ask in asks]
        shape, *others = [str([(tuple(one.shape), one.dtype) for one in tensors]) for tensors in given]
        if any(other != shape for other in others):
            return True
        if shape in self.drawn:
            self._step(asks, given, self.drawn[shape])
            return True
        alone = [_alone(ask) for ask in asks]
        before = {name: value.clone() for name, value in self.buffers.items()}
        try:
            self._step(asks, given, alone[0].drawn)
        except RuntimeError:  # torch has no rule for stacking one of the operations
            fits = False
        else:
            fits = all(map(self._fits, range(len(asks)), asks, alone))
        if fits:
            self.drawn[shape] = alone[0].drawn
            return True
        for name, value in before.items():
            self.buffers[name].copy_(value)
        for ask in asks:
            ask.answer = None
        return False

    def _step(self, asks: list[Ask], given: list[list[Tensor]], drawn: list[Drawn]) -> None:
        turn, batch = asks[0].moving.turn, asks[0].batch
        draws = [ask.state.network.draw for ask in asks]
        for draw, ask in zip(draws, asks, strict=True):
            assert draw is not None
            draw.at(ask.state.step, 0)
        noise = [torch.stack([getattr(draw, method)(*asked) for draw in draws]) for method, *asked in drawn]

        def member(params: dict[str, Tensor], buffers: dict[str, Tensor], noise: list[Tensor], inputs: list[Tensor]):
            self.dealt.given = iter(noise)
            held = {f"network.{name}": value for name, value in (params | buffers).items()}
            return functional_call(self.body, held, (turn, _rebuilt(batch, inputs)), tie_weights=False)

        for param in self.params.values():
            param.grad = None
        inputs = [torch.stack(tensors) for tensors in zip(*given, strict=True)]
        total_K, count_K = vmap(member)(self.params, self.buffers, noise, inputs)
        mean_K = total_K / count_K
        mean_K.sum().backward()
        for name, owners in self.owners.items():
            grad = self.params[name].grad
            for owner, own in zip(owners, [None] * len(asks) if grad is None else grad.unbind(), strict=True):
                owner.grad = own
        for ask, loss, count in zip(asks, mean_K.tolist(), count_K.tolist(), strict=True):
            ask.answer = (loss, count) if count else None

    def _fits(self, place: int, ask: Ask, alone: Alone) -> bool:
        """Whether the program found for a member what it found alone."""
        if ask.answer is None or not math.isfinite(alone.loss):
            return ask.answer is None or not math.isfinite(ask.answer[0])
        grads = {name: grad for name, owners in self.owners.items() if (grad := owners[place].grad) is not None}
        buffers = {name: value[place] for name, value in self.buffers.items()}
        near = math.isclose(ask.answer[0], alone.loss, rel_tol=AGREES, abs_tol=AGREES)
        return near and _near(grads, alone.grads) and _near(buffers, alone.buffers)


def _near(found: dict[str, Tensor], other: dict[str, Tensor]) -> bool:
    """Whether two sets of tensors are the same but for rounding."""
    if found.keys() != other.keys():
        return False
    away = sum(float((found[name] - other[name]).double().square().sum()) for name in other)
    return math.sqrt(away) <= AGREES * math.sqrt(sum(float(one.double().square().sum()) for one in other.values()))


def _with(network: Network, draw: Draw) -> Network:
    """A copy that draws from `draw`."""
    twin = copy.deepcopy(network)
    twin.draw = draw
    share_draw(twin, draw)
    return twin


def _alone(ask: Ask) -> Alone:
    """The step of one member, on a copy of its network."""
    draw = ask.state.network.draw
    assert draw is not None
    scribe = Scribe(draw.seed, draw.purpose, str(draw.generator.device))
    scribe.at(ask.state.step, 0)
    twin = _with(ask.state.network, scribe)
    total, count = Body(twin)(ask.moving.turn, ask.batch)
    loss = total / count
    twin.zero_grad()
    loss.backward()
    grads = {name: param.grad for name, param in twin.named_parameters() if param.grad is not None}
    return Alone(loss.item(), grads, dict(twin.named_buffers()), scribe.asked)


def _shared(own: list[Tensor]) -> Tensor:
    """Tensors of one shape in one, of which each becomes its slice."""
    shared = torch.stack([one.detach() for one in own])
    for one, part in zip(own, shared.unbind(), strict=True):
        one.data = part
    return shared


def _tensors(batch: Batch) -> list[Tensor]:
    """The tensors that the losses of a batch are a function of."""
    others = (batch.target, batch.weight_B, *(batch.mixed or ()), *(batch.relative or ()))
    return forms.tensors(batch.input) + [one for one in others if one is not None]


def _rebuilt(batch: Batch, tensors: list[Tensor]) -> Batch:
    """A batch with other tensors, in the order of `_tensors`."""
    given = iter(tensors)
    return replace(
        batch,
        input=forms.each(batch.input, lambda _: next(given)),
        target=None if batch.target is None else next(given),
        weight_B=None if batch.weight_B is None else next(given),
        mixed=batch.mixed and (next(given), next(given)),
        relative=batch.relative and (next(given), next(given)),
        row_B=None,
    )
