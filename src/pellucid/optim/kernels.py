"""The update rules as functions over lists of tensors: torch's fused kernels, and plain twins that say the formulas.

The tensors of one call share device and dtype; the caller holds `no_grad`. The fused kernels are torch's own, called
directly: `torch.optim` imports torch._dynamo at its first step, which costs a second. They are private, so each has a
plain twin for a torch that lacks it and for devices other than CPU and CUDA; the tests hold the two equal.

The CPU kernels walk memory, not indices: a state tensor laid out otherwise than its parameter gives wrong numbers
without an error. `Optimizer.begin` makes matching ones, so a checkpoint is restored by `copy_` into those.
"""

# pyright: reportPrivateImportUsage=false
# (torch marks its operations over lists of tensors as private; it has had them since 1.9.)

from __future__ import annotations

import torch
from torch import Tensor

FUSED = all(
    # hasattr: the kernels are private, and a later torch may rename them; then the plain twins take over.
    hasattr(torch, name)
    for name in ("_fused_sgd_", "_fused_adagrad_", "_fused_adam_", "_fused_adamw_")
)
FUSED_DEVICES = ("cpu", "cuda")
ONE = torch.ones(())


def sgd(
    params: list[Tensor],
    grads: list[Tensor],
    velocities: list[Tensor],
    *,
    rate: float,
    decay: float,
    momentum: float,
    nesterov: bool,
) -> None:
    """v <- momentum v + g, w <- w - rate v (with Nesterov: g + momentum v); no `velocities` at momentum 0."""
    if not params:
        return
    if not fused(params):
        return plain_sgd(params, grads, velocities, rate=rate, decay=decay, momentum=momentum, nesterov=nesterov)
    torch._fused_sgd_(
        params,
        aligned(params, grads),
        velocities,
        weight_decay=decay,
        momentum=momentum,
        lr=rate,
        dampening=0.0,
        nesterov=nesterov,
        maximize=False,
        is_first_step=False,
    )


def plain_sgd(
    params: list[Tensor],
    grads: list[Tensor],
    velocities: list[Tensor],
    *,
    rate: float,
    decay: float,
    momentum: float,
    nesterov: bool,
) -> None:
    """`sgd` without the fused kernel."""
    moves = coupled(params, grads, decay)
    if momentum:
        torch._foreach_mul_(velocities, momentum)
        torch._foreach_add_(velocities, moves)
        moves = coupled(velocities, moves, momentum) if nesterov else velocities
    torch._foreach_add_(params, moves, alpha=-rate)


def rmsprop(
    params: list[Tensor],
    grads: list[Tensor],
    squares: list[Tensor],
    velocities: list[Tensor],
    *,
    rate: float,
    decay: float,
    alpha: float,
    eps: float,
    momentum: float,
) -> None:
    """s <- alpha s + (1 - alpha) g^2, w <- w - rate g / (sqrt(s) + eps); torch has no fused kernel for it."""
    if not params:
        return
    slopes = coupled(params, grads, decay)
    torch._foreach_mul_(squares, alpha)
    torch._foreach_addcmul_(squares, slopes, slopes, value=1 - alpha)
    scales = torch._foreach_sqrt(squares)
    torch._foreach_add_(scales, eps)
    if momentum:
        torch._foreach_mul_(velocities, momentum)
        torch._foreach_addcdiv_(velocities, slopes, scales)
        torch._foreach_add_(params, velocities, alpha=-rate)
    else:
        torch._foreach_addcdiv_(params, slopes, scales, value=-rate)


def adagrad(
    params: list[Tensor],
    grads: list[Tensor],
    sums: list[Tensor],
    steps: list[Tensor],
    *,
    rate: float,
    decay: float,
    eps: float,
) -> None:
    """s <- s + g^2, w <- w - rate g / (sqrt(s) + eps); `steps` is there for the kernel alone."""
    if not params:
        return
    count(steps)
    if not fused(params):
        return plain_adagrad(params, grads, sums, rate=rate, decay=decay, eps=eps)
    torch._fused_adagrad_(
        params,
        aligned(params, grads),
        sums,
        steps,
        lr=rate,
        lr_decay=0.0,
        weight_decay=decay,
        eps=eps,
        maximize=False,
    )


def plain_adagrad(
    params: list[Tensor], grads: list[Tensor], sums: list[Tensor], *, rate: float, decay: float, eps: float
) -> None:
    """`adagrad` without the fused kernel."""
    slopes = coupled(params, grads, decay)
    torch._foreach_addcmul_(sums, slopes, slopes, value=1.0)
    scales = torch._foreach_sqrt(sums)
    torch._foreach_add_(scales, eps)
    torch._foreach_addcdiv_(params, slopes, scales, value=-rate)


def adam(
    params: list[Tensor],
    grads: list[Tensor],
    slots: dict[str, list[Tensor]],
    *,
    rate: float,
    decay: float,
    betas: tuple[float, float],
    eps: float,
    decoupled: bool,
) -> None:
    """m, v <- running means of g and g^2; w <- w - rate (m / (1 - beta1^t)) / (sqrt(v / (1 - beta2^t)) + eps).

    `slots` holds `mean`, `square` and `step`. `decoupled` decay first does w <- w - rate decay w (AdamW).
    """
    if not params:
        return
    count(slots["step"])
    if not fused(params):
        return plain_adam(params, grads, slots, rate=rate, decay=decay, betas=betas, eps=eps, decoupled=decoupled)
    kernel = torch._fused_adamw_ if decoupled else torch._fused_adam_
    kernel(
        params,
        aligned(params, grads),
        slots["mean"],
        slots["square"],
        [],
        slots["step"],
        lr=rate,
        beta1=betas[0],
        beta2=betas[1],
        weight_decay=decay,
        eps=eps,
        amsgrad=False,
        maximize=False,
    )


def plain_adam(
    params: list[Tensor],
    grads: list[Tensor],
    slots: dict[str, list[Tensor]],
    *,
    rate: float,
    decay: float,
    betas: tuple[float, float],
    eps: float,
    decoupled: bool,
) -> None:
    """`adam` without the fused kernel; each parameter has its own step, so layers may join later."""
    beta1, beta2 = betas
    if decoupled and decay:
        torch._foreach_mul_(params, 1 - rate * decay)
    slopes = coupled(params, grads, 0.0 if decoupled else decay)
    torch._foreach_lerp_(slots["mean"], slopes, 1 - beta1)
    torch._foreach_mul_(slots["square"], beta2)
    torch._foreach_addcmul_(slots["square"], slopes, slopes, value=1 - beta2)
    steps = [step.item() for step in slots["step"]]
    scales = torch._foreach_sqrt(slots["square"])
    torch._foreach_div_(scales, [(1 - beta2**step) ** 0.5 for step in steps])
    torch._foreach_add_(scales, eps)
    torch._foreach_addcdiv_(params, slots["mean"], scales, [-rate / (1 - beta1**step) for step in steps])


def fused(params: list[Tensor]) -> bool:
    """Whether the fused kernels exist for these tensors."""
    return FUSED and params[0].device.type in FUSED_DEVICES


def aligned(params: list[Tensor], grads: list[Tensor]) -> list[Tensor]:
    """`grads`, each in the memory layout of its parameter (see the head of the file); itself where all are."""
    if all(param.stride() == grad.stride() for param, grad in zip(params, grads, strict=True)):
        return grads
    return [torch.empty_like(param).copy_(grad) for param, grad in zip(params, grads, strict=True)]


def coupled(params: list[Tensor], grads: list[Tensor], decay: float) -> list[Tensor]:
    """The gradient with weight decay in it: g + decay w."""
    return list(torch._foreach_add(grads, params, alpha=decay)) if decay else grads


def count(steps: list[Tensor]) -> None:
    """Adds one to the step, which all entries share, in place."""
    if steps[0].is_cpu:
        steps[0].add_(ONE)  # a number would be made a tensor anew
    else:
        steps[0].add_(1.0)


def zeros_like(params: list[Tensor]) -> list[Tensor]:
    """A tensor of zeros for each parameter, in its memory layout."""
    return [torch.zeros_like(param, memory_format=torch.preserve_format, requires_grad=False) for param in params]


def zero_steps(params: list[Tensor]) -> list[Tensor]:
    """A step of 0 for each parameter, as the kernels want it: float32, on its device, and one tensor for all."""
    return [torch.zeros((), dtype=torch.float32, device=params[0].device)] * len(params) if params else []
