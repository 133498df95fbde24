"""How a run is computed: threads, number format, memory order, and how often it is committed.

Every choice is a function of the recipe and of recorded machine facts, is written to the lock before the first step,
and is obeyed by resume and by a rerun of the lock. The figures behind the rules are in `docs/engine.md`.
"""

from __future__ import annotations

import copy
import math
import time

import torch
from torch import nn

from pellucid import devices, seeds
from pellucid.data.batch import Batch
from pellucid.errors import Place, RecipeError
from pellucid.losses.loss import reduce
from pellucid.methods.method import learn
from pellucid.network.assemble import Network
from pellucid.network.summary import Layer
from pellucid.nn.noise import share_draw
from pellucid.plan import Decision
from pellucid.probes.measure import MOST, ROWS
from pellucid.recipe import Recipe

SMALL_WORK = 5e6
"""Floating-point operations of a step under which a second thread costs more than it brings."""
SLOW_RATE = 2e10
"""Operations a second that most machines reach; it turns work into a guess of seconds, for checkpoints only."""
STEP_SECONDS = 3e-4
"""What a step costs beside its arithmetic."""
LONGEST = 60.0
"""Seconds of work that a kill may cost at most."""
SHORTEST = 1.0
"""Seconds of work from which a commit is worth its own cost: ten milliseconds, most of it waiting for the disk."""
WIDE = 256
"""Units of a layer from which bfloat16 can pay on a processor that multiplies it."""
FAST_RATE = 1e11
"""Operations a second that good machines reach: a guess of seconds for probes, which shall not take more than said."""
READ_LAYER, READ_TENSOR, READ_NUMBER = 9e-5, 2e-5, 5e-9
"""Seconds that a reading takes for each layer, each tensor of weights, and each number that is looked at."""
BUDGET = 0.01
"""Share of the time that readings may take."""
SELDOM = (10, 200)
"""Steps between two readings, at least and at most."""
FEWEST = 10
"""Readings of a run that is short."""
FEW_MAPS = 8
"""Maps under which the backward pass of a strided 1x1 convolution over channels last is unsafe on a processor."""
SOURCE = "docs/engine.md"


def step_work(layers: list[Layer], batch: int) -> float:
    """Floating-point operations of one training step: forward once, backward twice."""
    return 6.0 * batch * sum(layer.work for layer in layers)


def step_seconds(layers: list[Layer], batch: int) -> float:
    """A guess of what one step takes on a good machine: the same on all of them."""
    return STEP_SECONDS + step_work(layers, batch) / FAST_RATE


def decide(
    recipe: Recipe, network: Network, layers: list[Layer], *, batch: int, steps: int, per_epoch: int, sample: Batch
) -> tuple[Recipe, list[Decision]]:
    """The recipe with every engine choice explicit, and the reasons."""
    chosen: list[Decision] = []
    work = step_work(layers, batch)
    facts = devices.machine()
    device = devices.pick(recipe.device)
    if recipe.device == "auto":
        chosen.append(Decision("device", device, "the fastest device found", "this machine"))
    threads = recipe.threads
    if threads is None:
        small = work < SMALL_WORK
        threads = 1 if small else facts.cores
        reason = (
            f"a step is {work / 1e6:.3g} MFLOP; under {SMALL_WORK / 1e6:.0f} a second thread costs more than it brings"
        )
        chosen.append(Decision("threads", threads, reason if small else f"a step is {work / 1e6:.3g} MFLOP", SOURCE))
    convolves = any(isinstance(module, nn.Conv2d) for module in network.modules())
    layout, fragile = recipe.layout, device == "cpu" and _fragile(network)
    if layout == "channels_last" and fragile:
        message = "a 1x1 convolution of stride over 1 on 2 to 7 maps corrupts memory with channels last"
        raise RecipeError("RECIPE-FIT", message, place=Place(path="layout"), hint="layout: contiguous")
    if layout == "auto":
        layout = "channels_last" if convolves and not fragile else "contiguous"
        reason = "convolutions run faster with channels last" if convolves else "there are no convolutions"
        reason = "1x1 convolutions of stride over 1 on few maps need it" if fragile else reason
        chosen.append(Decision("layout", layout, reason, SOURCE))
    recipe = recipe.replace(device=device, threads=threads, layout=layout)
    if recipe.precision == "auto":
        precision, reason = _precision(recipe, network, sample, convolves=convolves)
        recipe = recipe.replace(precision=precision)
        chosen.append(Decision("precision", precision, reason, SOURCE))
    recipe = _cadence(recipe, chosen, work, per_epoch)
    if recipe.probes.every is None:
        every, reason = _reading(network, layers, step_seconds(layers, batch), steps)
        recipe = recipe.replace(probes=recipe.probes.replace(every=every))
        chosen.append(Decision("probes.every", every, reason, SOURCE))
    return recipe, chosen


def _fragile(network: Network) -> bool:
    """Whether torch 2.13 would write outside its memory with channels last (seen on AVX2; see docs/engine.md)."""
    return any(
        isinstance(module, nn.Conv2d)
        and module.kernel_size == (1, 1)
        and max(module.stride) > 1
        and 1 < module.in_channels < FEW_MAPS
        for module in network.modules()
    )


def _cadence(recipe: Recipe, chosen: list[Decision], work: float, per_epoch: int) -> Recipe:
    """How often the run is evaluated and committed, in steps."""
    if recipe.evaluate.every is None:
        recipe = recipe.replace(evaluate=recipe.evaluate.replace(every=per_epoch))
        chosen.append(Decision("evaluate.every", per_epoch, "once an epoch", "the default"))
    if recipe.checkpoint.every is None:
        step = STEP_SECONDS + work / SLOW_RATE
        epochs = max(1, round(SHORTEST / (step * per_epoch)))
        every = min(epochs * per_epoch, max(1, int(LONGEST / step)))
        reason = "once an epoch" if every == per_epoch else f"about every {every * step:.0f} s of work"
        recipe = recipe.replace(checkpoint=recipe.checkpoint.replace(every=every))
        chosen.append(Decision("checkpoint.every", every, reason, SOURCE))
    return recipe


def _reading(network: Network, layers: list[Layer], step: float, steps: int) -> tuple[int, str]:
    """Steps between readings of the probes, and why."""
    params = list(network.parameters())
    numbers = sum(param.numel() for param in params)
    numbers += sum(min(MOST, ROWS * layer.numbers) for layer in layers)
    cost = READ_LAYER * len(layers) + READ_TENSOR * len(params) + READ_NUMBER * numbers
    every = max(SELDOM[0], min(SELDOM[1], math.ceil(cost / (BUDGET * step))))
    if every > steps // FEWEST:
        return max(1, steps // FEWEST), f"{FEWEST} readings in {steps:,} steps"
    return (
        every,
        f"a reading takes about {1e3 * cost:.2g} ms, a step {1e3 * step:.2g} ms: about {BUDGET:.0%} of the time",
    )


def _precision(recipe: Recipe, network: Network, sample: Batch, *, convolves: bool) -> tuple[str, str]:
    """bfloat16 where this machine multiplies it, the layers are large, it is faster, and the loss agrees."""
    facts = devices.machine()
    capable = facts.bfloat16 if recipe.device == "cpu" else recipe.device == "cuda"
    wide = any(isinstance(module, nn.Linear) and module.out_features >= WIDE for module in network.modules())
    if not capable:
        return "float32", "this processor has no bfloat16 arithmetic"
    if not (convolves or wide):
        return "float32", f"no convolution and no layer of {WIDE} units: bfloat16 would be slower"
    with devices.computing(recipe.threads):
        full, full_loss = _race(recipe, network, sample, half=False)
        half, half_loss = _race(recipe, network, sample, half=True)
    if not abs(half_loss - full_loss) <= 0.05 * abs(full_loss):
        return "float32", f"bfloat16 moves the first loss from {full_loss:.4g} to {half_loss:.4g}"
    if half > 0.9 * full:
        return "float32", f"bfloat16 brings {full / half:.2f}x on this machine, which is not worth it"
    return "bfloat16", f"{full / half:.1f}x faster on this machine, first loss {half_loss:.4g} against {full_loss:.4g}"


def _race(recipe: Recipe, network: Network, sample: Batch, *, half: bool) -> tuple[float, float]:
    """Seconds of the fastest of three forward and backward passes on a copy, and the loss."""
    device = recipe.device
    twin, sample = copy.deepcopy(network).train().to(device), sample.to(device)
    twin.draw = seeds.Draw(recipe.seed, "step", device)
    share_draw(twin, twin.draw)
    assert recipe.task is not None
    seconds, value = [], 0.0
    for _ in range(4):
        twin.draw.at(0)
        began = time.perf_counter()
        with torch.autocast(device, torch.bfloat16, enabled=half):
            losses = learn(twin, recipe.task, sample)
        mean = reduce(losses, sample.weight_B)
        value = mean.item()
        mean.backward()
        seconds.append(time.perf_counter() - began)
    return min(seconds[1:]), value
