"""The rules of published tools, written as PyTorch hooks, for the same programs: what the doctor is measured against.

    python benchmarks/doctor/rules.py --json OUT PROGRAM ARGUMENTS

The numbers are those that the tools ship with; the code is not theirs. `reference` of a finding names the tool. A rule
speaks under the name of the check that means the same. `watch` is what a person does without a tool: look at the loss.

- AutoTrainer (Zhang et al. 2021): speaks from 30 % of the training on, and only below an accuracy of 0.6.
- DeepDiagnosis (Wardat et al. 2022).
- SageMaker Debugger, the rules it comes with (Rauschmayr et al. 2021).
"""

from __future__ import annotations

import json
import math
import os
import runpy
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from typing import Any

import torch
from torch import nn
from torch.optim.optimizer import register_optimizer_step_pre_hook

EVERY = 10
"""Steps from one sample to the next."""
RECTIFIED, SIGMOID, TANH = "rectified", "sigmoid", "tanh"
KINDS = {nn.ReLU: RECTIFIED, nn.Sigmoid: SIGMOID, nn.Tanh: TANH}
Said = tuple[str, int]
"""A check and the step at which it spoke."""


@dataclass
class Sample:
    """What one sampled step showed."""

    step: int
    gradients: list[torch.Tensor]
    """Of the weight matrices, in the order of the optimizer."""
    rate: float
    sizes: list[float]
    """Norms of these matrices."""
    spreads: list[float]
    """Their variances."""
    flat: dict[str, list[tuple[float, float, float]]]
    """Kind of activation -> for each layer: share of the values at or below zero, of the inputs of magnitude above 5,
    and of the units that were active on less than 1 % of the rows."""
    numb: float
    """Largest share, of any layer, of inputs beyond what single precision tells from the ends."""


@dataclass
class Tape:
    """What a training showed."""

    losses: list[float] = field(default_factory=list)
    samples: list[Sample] = field(default_factory=list)
    reach: list[tuple[float, float]] = field(default_factory=list)
    """Least and largest of the first inputs."""
    right: list[float] = field(default_factory=list)
    """Accuracy of each batch, where the loss is a cross-entropy."""
    layers: list[tuple[str, torch.Tensor, torch.Tensor]] = field(default_factory=list)
    """Activations of the sampled step: kind, input, output."""
    steps: int = 0
    depth: int = 0

    def watch(self) -> None:
        """Hooks onto everything; for the rest of the process."""
        nn.modules.module.register_module_forward_pre_hook(self._enter)
        nn.modules.module.register_module_forward_hook(self._leave, always_call=True)
        register_optimizer_step_pre_hook(self._step)
        backward, cross_entropy = torch.autograd.backward, nn.functional.cross_entropy

        def heard(tensors: Any, *arguments: Any, **named: Any) -> None:
            first = tensors if isinstance(tensors, torch.Tensor) else tensors[0]
            self.losses.append(float(first.detach()))
            backward(tensors, *arguments, **named)

        def judged(input: torch.Tensor, target: torch.Tensor, *arguments: Any, **named: Any) -> torch.Tensor:  # noqa: A002 - torch's name
            if input.dim() == 2 and target.dim() == 1 and torch.is_grad_enabled():
                self.right.append((input.argmax(1) == target).float().mean().item())
            return cross_entropy(input, target, *arguments, **named)

        torch.autograd.backward, nn.functional.cross_entropy = heard, judged

    def _enter(self, module: nn.Module, inputs: tuple[Any, ...]) -> None:
        if self.depth == 0 and inputs and isinstance(inputs[0], torch.Tensor) and len(self.reach) < 3:
            if inputs[0].is_floating_point():
                self.reach.append((inputs[0].min().item(), inputs[0].max().item()))
        self.depth += 1

    def _leave(self, module: nn.Module, inputs: tuple[Any, ...], output: Any) -> None:
        self.depth -= 1
        if type(module) in KINDS and self.steps % EVERY == 0 and torch.is_grad_enabled():
            self.layers.append((KINDS[type(module)], inputs[0].detach(), output.detach()))

    def _step(self, optimizer: torch.optim.Optimizer, *_: Any) -> None:
        if self.steps % EVERY == 0:
            self._sample(optimizer)
        self.layers.clear()
        self.steps += 1

    def _sample(self, optimizer: torch.optim.Optimizer) -> None:
        held = [one for group in optimizer.param_groups for one in group["params"]]
        weights = [one for one in held if one.dim() > 1 and one.grad is not None]
        flat: dict[str, list[tuple[float, float, float]]] = {}
        numb = 0.0
        for kind, given, made in self.layers:
            units = (made > 0).float().flatten(2).mean(-1) if made.dim() > 2 else (made > 0).float()
            quiet = (units.flatten(0, -2).mean(0) < 0.01).float().mean().item()
            far = (given.abs() >= 5).float().mean().item()
            flat.setdefault(kind, []).append(((made <= 0).float().mean().item(), far, quiet))
            beyond = {SIGMOID: (given < -23) | (given > 17), TANH: given.abs() > 9.5}.get(kind)
            numb = max(numb, beyond.float().mean().item() if beyond is not None else 0.0)
        self.samples.append(
            Sample(
                self.steps, [one.grad.detach().clone() for one in weights if one.grad is not None],
                float(optimizer.param_groups[0]["lr"]), [one.detach().norm().item() for one in weights],
                [one.detach().var().item() for one in weights], flat, numb,
            )
        )  # fmt: skip


def by_eye(tape: Tape) -> Iterator[Said]:
    """Whether the loss is a number, and falls."""
    broken = next((step for step, loss in enumerate(tape.losses) if not math.isfinite(loss)), None)
    if broken is not None:
        yield "not-finite", broken
        return
    part = max(1, len(tape.losses) // 10)
    first, last = (sum(losses) / part for losses in (tape.losses[:part], tape.losses[-part:]))
    if last > 2 * first > 0:
        yield "diverges", len(tape.losses)
    elif last > 0.95 * first > 0:
        yield "learns-slowly", len(tape.losses)


def autotrainer(tape: Tape) -> Iterator[Said]:
    """Vanishing, exploding, dying, oscillating, slow."""
    late = tape.right[-max(1, len(tape.right) // 10) :]
    if late and sum(late) / len(late) >= 0.6:
        return
    for sample in tape.samples[len(tape.samples) * 3 // 10 :]:
        if not sample.gradients:
            continue
        first, last = sample.gradients[0].norm().item(), sample.gradients[-1].norm().item()
        zeros = sum((one == 0).sum().item() for one in sample.gradients) / sum(one.numel() for one in sample.gradients)
        if not math.isfinite(first + last) or first > 70 * last:
            yield "exploding-gradient", sample.step
        elif first < 1e-3 * last and first < 1e-4:
            yield "vanishing-gradient", sample.step
        if zeros >= 0.7:
            yield "dead-units", sample.step
    part = max(1, len(tape.right) // 10)  # a tenth of the training stands for one of its epochs
    epochs = [sum(tape.right[start : start + part]) / part for start in range(0, len(tape.right) - part + 1, part)]
    gains = [later - earlier for earlier, later in pairwise(epochs)]
    if gains and sum(abs(gain) >= 0.03 and gain < 0 for gain in gains) >= 0.2 * len(gains):
        yield "oscillates", tape.steps
    if gains and max(gains) < 0.01:
        yield "learns-slowly", tape.steps


def updates(sample: Sample, least: float, largest: float) -> Iterator[Said]:
    """Gradients that are nothing or no numbers, and updates out of proportion to the weights."""
    for gradient, size in zip(sample.gradients, sample.sizes, strict=True):
        if not torch.isfinite(gradient).all():
            yield "not-finite", sample.step
            return
        if gradient.abs().mean() < 1e-7:
            yield "vanishing-gradient", sample.step
        moved = sample.rate * gradient.norm().item() / max(size, 1e-12)
        if not least <= moved <= largest:
            yield ("rate-too-low" if moved < least else "rate-too-high"), sample.step


def deep_diagnosis(tape: Tape) -> Iterator[Said]:
    """Its eight symptoms; two that concern one accuracy are one here."""
    if any(least < -1 or largest > 1 for least, largest in tape.reach):
        yield "input-scale", 0
    for sample in tape.samples:
        for kind, layers in sample.flat.items():
            for low, far, _ in layers:
                if kind == RECTIFIED and low >= 0.7:
                    yield "dead-units", sample.step
                if kind != RECTIFIED and far > 0.5:
                    yield "saturated-units", sample.step
        found = list(updates(sample, 1e-5, 0.1))
        yield from found
        if ("not-finite", sample.step) in found:
            return
        if any(not 1e-5 <= spread <= 10 for spread in sample.spreads):
            yield "init-mismatch", sample.step


def sagemaker(tape: Tape) -> Iterator[Said]:
    """Dead rectifiers, saturation, vanishing and not finite tensors, update ratios, standing still, first weights."""
    if tape.samples and tape.samples[0].spreads:
        spreads = tape.samples[0].spreads
        if max(spreads) > 10 * max(min(spreads), 1e-30):
            yield "init-mismatch", 0
    for sample in tape.samples:
        if any(quiet > 0.5 for _, _, quiet in sample.flat.get(RECTIFIED, [])):
            yield "dead-units", sample.step
        if sample.numb > 0.5:
            yield "saturated-units", sample.step
        found = list(updates(sample, 1e-8, 10))
        yield from found
        if ("not-finite", sample.step) in found:
            return
    for start in range(0, len(tape.losses) - 10, 10):
        if tape.losses[start + 10] > 0.999 * tape.losses[start]:
            yield "learns-slowly", start + 10


TOOLS = {"watch": by_eye, "AutoTrainer": autotrainer, "DeepDiagnosis": deep_diagnosis, "SageMaker": sagemaker}


def findings(tape: Tape) -> Iterator[dict[str, Any]]:
    """What each tool says, each check once, at its first step."""
    for name, rules in TOOLS.items():
        first: dict[str, int] = {}
        for check, step in rules(tape):
            first.setdefault(check, step)
        for check, step in sorted(first.items(), key=lambda said: said[1]):
            yield {"check": check, "severity": "severe", "message": "", "place": "", "evidence": {}, "step": step,
                   "explains": [], "reference": name}  # fmt: skip


def main() -> None:
    """Runs the program under the hooks and writes what the rules say."""
    out, program = Path(sys.argv[2]), sys.argv[3]
    sys.argv = sys.argv[3:]
    sys.path.insert(0, os.path.dirname(program))
    tape = Tape()
    tape.watch()
    runpy.run_path(program, run_name="__main__")
    out.write_text(json.dumps({"findings": list(findings(tape)), "steps": tape.steps}), encoding="utf-8")


if __name__ == "__main__":
    main()
