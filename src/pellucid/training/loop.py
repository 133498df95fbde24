"""The loop: the one place where zero-grad, loss, backward, clip, step, penalty and constraint happen, for every method.

It is a generator. Whoever iterates it sees each step as an event and may stop at any of them; nobody can reach in.
"""

# pyright: reportPrivateImportUsage=false
# (torch marks its operations over lists of tensors as private; it has had them since 1.9.)

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from contextlib import nullcontext
from dataclasses import dataclass
from itertools import islice
from typing import cast

import torch

from pellucid import seeds
from pellucid.data.batch import Batch
from pellucid.losses.loss import terms
from pellucid.methods.method import Phase
from pellucid.optim.clipping import clip_gradients
from pellucid.probes.watch import Watch, due
from pellucid.record import Step
from pellucid.training.finite import not_finite
from pellucid.training.state import Player, State, player


@dataclass
class Ask:
    """A step of a network that is trained together with others, before its gradient is known."""

    state: State
    moving: Player
    batch: Batch
    answer: tuple[float, float] | None = None
    """(loss, weight of the rows) where the gradient is in `.grad`; None: the step finds both by itself."""


def steps(state: State, phases: Iterable[Phase]) -> Iterator[Step]:
    """Trains from where `state` stands; at every yield the state is complete.

    Raises: TrainingError at the first loss that is not finite, before it can reach the weights.
    """
    return cast("Iterator[Step]", asking(state, phases))  # a network that is trained alone asks nobody


def asking(state: State, phases: Iterable[Phase]) -> Iterator[Step | Ask]:
    """What `steps` yields, and before each step of a network that is trained together with others its `Ask`."""
    done = 0
    for number, phase in enumerate(phases):
        if number >= state.phase:
            yield from _phase(state, phase, done)
            state.phase = number + 1
        done += phase.steps


def _phase(state: State, phase: Phase, done: int) -> Iterator[Step | Ask]:
    players = [player(state, turn) for turn in phase.turns]
    state.network.train()
    if state.average is None and state.recipe.averaging is not None:
        state.average = [param.detach().clone() for param in state.network.parameters()]
    while state.step - done < phase.steps:
        stream = phase.batches.batches(state.epoch, state.batch)
        epoch = state.epoch
        while group := list(islice(stream, phase.accumulate)):
            watch = Watch(state.network) if due(state.step + 1, state.recipe.probes.every or 0) else None
            moves: list[tuple[float, float, float, float | None]] = []
            for moving in players:
                known = None
                if state.together and watch is None and len(group) == 1:
                    ask = Ask(state, moving, group[0])
                    yield ask
                    known = ask.answer
                moves.append(_move(state, moving, group, done, phase.steps, watch, known))
            loss, rows, rate, norm = moves[-1]
            state.step += 1
            state.reading = watch and watch.reading(state.step, state.silent)
            state.batch += len(group)
            state.loss_total += loss * rows
            state.loss_rows += rows
            if state.batch >= phase.batches.steps_per_epoch:
                state.epoch, state.batch = epoch + 1, 0
            yield Step(state.step, epoch, players[-1].turn.name, loss, rate, norm)
            if state.step - done >= phase.steps:
                return


def _move(
    state: State,
    moving: Player,
    group: list[Batch],
    done: int,
    steps: int,
    watch: Watch | None,
    known: tuple[float, float] | None,
) -> tuple[float, float, float, float | None]:
    """One update of one player -> the loss before it, the weight of its rows, the rate, and the norm if clipped.

    Args:
        known: the loss and the weight, where the gradient is there already.
    """
    recipe, optimizer = state.recipe, state.recipe.optimizer
    assert optimizer is not None and optimizer.learning_rate is not None
    if known is None:
        for param in moving.params:
            param.grad = None
        with nullcontext() if watch is None else watch.outputs():
            loss, rows = _backward(state, moving, group)
    else:
        loss, rows = known
        _check(state, moving, group[0], 0, loss)
    params = [param for param in moving.params if param.grad is not None]
    grads: list[torch.Tensor] = [param.grad for param in params if param.grad is not None]
    rate = optimizer.learning_rate
    if optimizer.schedule is not None:
        rate *= optimizer.schedule.factor(state.step - done, steps, state.scores)
    with torch.no_grad():
        for penalty in recipe.penalties:
            learnt = [weight for weight in moving.weights if weight.grad is not None]
            penalty.before_step(learnt, [_gradient(weight) for weight in learnt])
        norm = None if optimizer.clip is None else float(clip_gradients(grads, optimizer.clip))
        if watch is not None:
            watch.before(moving.params)
        for part in moving.groups:
            part_grads = [_gradient(param) for param in part.params]
            optimizer.update(part.params, part_grads, part.slots, rate=rate, decay=part.decay)
        for penalty in recipe.penalties:
            penalty.after_step(moving.weights, optimizer.reach(moving.groups[0].slots, rate=rate))
        for constraint in recipe.constraints:
            constraint.apply(moving.weights)
        if watch is not None:
            watch.after()
        if recipe.averaging is not None and state.average is not None:
            recipe.averaging.update(state.average, list(state.network.parameters()), state.step + 1, steps)
    return loss, rows, rate, norm


def _backward(state: State, moving: Player, group: list[Batch]) -> tuple[float, float]:
    """The gradient of the mean loss over a group of batches, left in `.grad` -> that loss, and the weight of the rows.

    Rows that all have the weight 0 teach nothing: loss 0 and no gradient.
    """
    network, draw = state.network, state.network.draw
    assert draw is not None
    half = state.recipe.precision == "bfloat16"
    device = draw.generator.device.type
    total, count = 0.0, 0.0
    for micro, batch in enumerate(group):
        draw.at(state.step, micro)
        if state.recipe.model is not None and state.recipe.model.foreign():
            torch.default_generator.manual_seed(seeds.key(state.recipe.seed, "foreign", state.step, micro))
        if half:
            with torch.autocast(device, torch.bfloat16):
                losses = moving.turn.loss(network, batch, draw)
        else:
            losses = moving.turn.loss(network, batch, draw)
        part, here = terms(losses, batch.weight_B)
        if float(here) == 0:
            continue
        part = part / here if len(group) == 1 else part
        value = part.item()
        _check(state, moving, batch, micro, value if len(group) == 1 else value / float(here))
        part.backward()
        if len(group) == 1:
            return value, float(here)
        total, count = total + value, count + float(here)
    if count == 0:
        return 0.0, 0.0
    torch._foreach_div_([param.grad for param in moving.params if param.grad is not None], count)
    return total / count, count


def _check(state: State, moving: Player, batch: Batch, micro: int, loss: float) -> None:
    """Shows a batch and its mean loss to whoever looks on.

    Raises: TrainingError where the loss is not finite.
    """
    if state.see is not None:
        state.see(moving.turn.name, batch, micro, loss)
    if not math.isfinite(loss):
        raise not_finite(state, batch, loss)


def _gradient(param: torch.Tensor) -> torch.Tensor:
    # a parameter that this batch did not reach moves by momentum and decay alone, as if its gradient were 0
    return torch.zeros_like(param) if param.grad is None else param.grad
