"""The optimizers: gradient descent with momentum, and the four that scale each weight's step by its own gradients.

`w` is a weight, `g` its gradient, `rate` the learning rate times the schedule. Weight decay enters the gradient as
g + decay w, but for AdamW, where it acts on the weight. The formulas run in `optim.kernels`, in place.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, ClassVar, Literal, Self

from annotated_types import Ge, Gt, Lt
from pydantic import model_validator

from pellucid.optim.optimizer import Optimizer

if TYPE_CHECKING:
    import torch

    Tensors = list[torch.Tensor]
    Slots = dict[str, Tensors]

Share = Annotated[float, Ge(0), Lt(1)]


class SGD(Optimizer):
    """Gradient descent: v <- momentum v + g, w <- w - rate v; with Nesterov w <- w - rate (g + momentum v).

    The velocity starts at 0 and gradients enter it undamped, so with a steady gradient a step grows to
    1 / (1 - momentum) times its first size. Nesterov's form is the one of Sutskever et al. 2013, section 2.
    """

    kind: Literal["sgd"] = "sgd"
    reference: ClassVar = "Robbins and Monro 1951; Polyak 1964; Sutskever et al. 2013, proceedings.mlr.press/v28"
    momentum: Share = 0.0
    """Share of the last step that carries on into this one."""
    nesterov: bool = False
    """Whether the gradient is looked up one momentum step ahead; needs momentum."""

    @model_validator(mode="after")
    def _nesterov_has_momentum(self) -> Self:
        if self.nesterov and not self.momentum:
            raise ValueError("nesterov needs a momentum over 0, such as 0.9")
        return self

    def begin(self, params: Tensors) -> Slots:
        """`velocity` where there is momentum, else nothing."""
        from pellucid.optim import kernels

        return {"velocity": kernels.zeros_like(params)} if self.momentum else {}

    def update(self, params: Tensors, grads: Tensors, slots: Slots, *, rate: float, decay: float) -> None:
        """One step in place, under `no_grad`."""
        from pellucid.optim import kernels

        kernels.sgd(
            params,
            grads,
            slots["velocity"] if self.momentum else [],
            rate=rate,
            decay=decay,
            momentum=self.momentum,
            nesterov=self.nesterov,
        )

    def reach(self, slots: Slots, *, rate: float) -> float | Tensors:
        """rate / (1 - momentum)."""
        return rate / (1 - self.momentum)


class RMSProp(Optimizer):
    """Steps over the root of a running mean square: s <- alpha s + (1 - alpha) g^2, w <- w - rate g / (sqrt(s) + eps).

    Hinton's lecture has alpha 0.9; we take torch's 0.99. With momentum, v <- momentum v + g / (sqrt(s) + eps) and
    w <- w - rate v.
    """

    kind: Literal["rmsprop"] = "rmsprop"
    reference: ClassVar = "Tieleman and Hinton 2012, Lecture 6.5, Neural Networks for Machine Learning"
    alpha: Share = 0.99
    """Share of the mean square that is kept at each step."""
    eps: Annotated[float, Gt(0)] = 1e-8
    """Added to the root, so that a weight without gradients does not divide by 0."""
    momentum: Share = 0.0
    """Share of the last step that carries on into this one."""

    def begin(self, params: Tensors) -> Slots:
        """`square`, and `velocity` where there is momentum."""
        from pellucid.optim import kernels

        velocity = {"velocity": kernels.zeros_like(params)} if self.momentum else {}
        return {"square": kernels.zeros_like(params), **velocity}

    def update(self, params: Tensors, grads: Tensors, slots: Slots, *, rate: float, decay: float) -> None:
        """One step in place, under `no_grad`."""
        from pellucid.optim import kernels

        kernels.rmsprop(
            params,
            grads,
            slots["square"],
            slots["velocity"] if self.momentum else [],
            rate=rate,
            decay=decay,
            alpha=self.alpha,
            eps=self.eps,
            momentum=self.momentum,
        )

    def reach(self, slots: Slots, *, rate: float) -> float | Tensors:
        """rate / (1 - momentum) / (sqrt(s) + eps) of each weight."""
        return [rate / (1 - self.momentum) / (square.sqrt() + self.eps) for square in slots["square"]]


class Adagrad(Optimizer):
    """Steps over the root of all squares so far: s <- s + g^2, w <- w - rate g / (sqrt(s) + eps).

    Weights that rarely have a gradient, as for rare words, keep large steps. The sum only grows, so steps only shrink.
    """

    kind: Literal["adagrad"] = "adagrad"
    reference: ClassVar = "Duchi, Hazan and Singer 2011, jmlr.org/papers/v12/duchi11a.html, figure 1"
    eps: Annotated[float, Gt(0)] = 1e-10
    """Added to the root, so that a weight without gradients does not divide by 0."""

    def begin(self, params: Tensors) -> Slots:
        """`sum` of squares and `step`, both 0."""
        from pellucid.optim import kernels

        return {"sum": kernels.zeros_like(params), "step": kernels.zero_steps(params)}

    def update(self, params: Tensors, grads: Tensors, slots: Slots, *, rate: float, decay: float) -> None:
        """One step in place, under `no_grad`."""
        from pellucid.optim import kernels

        kernels.adagrad(params, grads, slots["sum"], slots["step"], rate=rate, decay=decay, eps=self.eps)

    def reach(self, slots: Slots, *, rate: float) -> float | Tensors:
        """rate / (sqrt(s) + eps) of each weight."""
        return [rate / (total.sqrt() + self.eps) for total in slots["sum"]]


class Adam(Optimizer):
    """A running mean of gradients over the root of one of their squares, both freed of their start at 0.

    m <- beta1 m + (1 - beta1) g, s <- beta2 s + (1 - beta2) g^2, and at step t
    w <- w - rate (m / (1 - beta1^t)) / (sqrt(s / (1 - beta2^t)) + eps).
    """

    kind: Literal["adam"] = "adam"
    reference: ClassVar = "Kingma and Ba 2015, arXiv:1412.6980, algorithm 1"
    betas: tuple[Share, Share] = (0.9, 0.999)
    """Shares of the mean and of the mean square that are kept at each step."""
    eps: Annotated[float, Gt(0)] = 1e-8
    """Added to the root, so that a weight without gradients does not divide by 0."""

    def begin(self, params: Tensors) -> Slots:
        """`mean`, `square` and `step`, all 0."""
        return _begin_adam(params)

    def update(self, params: Tensors, grads: Tensors, slots: Slots, *, rate: float, decay: float) -> None:
        """One step in place, under `no_grad`."""
        from pellucid.optim import kernels

        kernels.adam(params, grads, slots, rate=rate, decay=decay, betas=self.betas, eps=self.eps, decoupled=False)

    def reach(self, slots: Slots, *, rate: float) -> float | Tensors:
        """rate / (sqrt(s) + eps) of each weight, s freed of its start at 0."""
        return _adam_reach(slots, rate, self.betas[1], self.eps)


class AdamW(Optimizer):
    """Adam with weight decay on the weights: w <- w - rate decay w, then the step of Adam.

    The paper scales the decay by the schedule alone; as torch, we scale it by the learning rate too.
    """

    kind: Literal["adamw"] = "adamw"
    reference: ClassVar = "Loshchilov and Hutter 2019, arXiv:1711.05101, algorithm 2"
    decoupled: ClassVar = True
    betas: tuple[Share, Share] = (0.9, 0.999)
    """Shares of the mean and of the mean square that are kept at each step."""
    eps: Annotated[float, Gt(0)] = 1e-8
    """Added to the root, so that a weight without gradients does not divide by 0."""

    def begin(self, params: Tensors) -> Slots:
        """`mean`, `square` and `step`, all 0."""
        return _begin_adam(params)

    def update(self, params: Tensors, grads: Tensors, slots: Slots, *, rate: float, decay: float) -> None:
        """One step in place, under `no_grad`."""
        from pellucid.optim import kernels

        kernels.adam(params, grads, slots, rate=rate, decay=decay, betas=self.betas, eps=self.eps, decoupled=True)

    def reach(self, slots: Slots, *, rate: float) -> float | Tensors:
        """rate / (sqrt(s) + eps) of each weight, s freed of its start at 0."""
        return _adam_reach(slots, rate, self.betas[1], self.eps)


def _adam_reach(slots: Slots, rate: float, beta: float, eps: float) -> Tensors:
    grown = [1 - beta ** float(step) for step in slots["step"][:1]] * len(slots["square"])
    return [rate / ((square / share).sqrt() + eps) for square, share in zip(slots["square"], grown, strict=True)]


def _begin_adam(params: Tensors) -> Slots:
    from pellucid.optim import kernels

    zeros = kernels.zeros_like
    return {"mean": zeros(params), "square": zeros(params), "step": kernels.zero_steps(params)}
