"""Every loss as a Part."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, ClassVar, Literal

from annotated_types import Ge, Gt, Lt

from pellucid.losses.loss import Loss, LossFunction

if TYPE_CHECKING:
    import torch

VALUES = frozenset({"values"})


class CrossEntropy(LossFunction):
    """Minus the log of the probability given to the true class; one logit for each class."""

    kind: Literal["cross_entropy"] = "cross_entropy"
    targets: ClassVar[frozenset[str]] = frozenset({"classes"})
    label_smoothing: Annotated[float, Ge(0), Lt(1)] = 0.0
    """Share of the target that is spread over all classes."""

    def per_example(self, output: torch.Tensor, target: torch.Tensor) -> Loss:
        from pellucid.losses import classification

        return Loss(classification.cross_entropy(output, target, self.label_smoothing))


class BinaryCrossEntropy(LossFunction):
    """Cross-entropy of yes or no; one logit for two classes, one for each label."""

    kind: Literal["binary_cross_entropy"] = "binary_cross_entropy"
    targets: ClassVar[frozenset[str]] = frozenset({"binary", "labels"})
    label_smoothing: Annotated[float, Ge(0), Lt(1)] = 0.0
    """Share of the target that is spread over yes and no."""

    def per_example(self, output: torch.Tensor, target: torch.Tensor) -> Loss:
        from pellucid.losses import classification

        return Loss(classification.binary_cross_entropy(output, target, self.label_smoothing))


class Focal(LossFunction):
    """Cross-entropy that counts examples less the surer the network already is of them; for rare classes."""

    kind: Literal["focal"] = "focal"
    targets: ClassVar[frozenset[str]] = frozenset({"classes", "binary", "labels"})
    gamma: Annotated[float, Ge(0)] = 2.0
    """How much sure examples count less; 0 is plain cross-entropy."""
    reference: ClassVar = "Lin et al. 2017, arXiv:1708.02002"

    def per_example(self, output: torch.Tensor, target: torch.Tensor) -> Loss:
        """One logit or a target of labels is binary; several logits and a target of codes are classes."""
        from pellucid.losses import classification

        binary = output.shape[1] == 1 or target.ndim == 2
        function = classification.binary_focal if binary else classification.focal
        return Loss(function(output, target, self.gamma))


class MSE(LossFunction):
    """Mean squared error: large errors count most; its best constant is the mean."""

    kind: Literal["mse"] = "mse"
    targets: ClassVar[frozenset[str]] = VALUES

    def per_example(self, output: torch.Tensor, target: torch.Tensor) -> Loss:
        from pellucid.losses import regression

        return Loss(regression.mse(output, target))


class MAE(LossFunction):
    """Mean absolute error: outliers count no more than others; its best constant is the median."""

    kind: Literal["mae"] = "mae"
    targets: ClassVar[frozenset[str]] = VALUES

    def per_example(self, output: torch.Tensor, target: torch.Tensor) -> Loss:
        from pellucid.losses import regression

        return Loss(regression.mae(output, target))


class Huber(LossFunction):
    """Squared for small errors, absolute for large ones."""

    kind: Literal["huber"] = "huber"
    targets: ClassVar[frozenset[str]] = VALUES
    delta: Annotated[float, Gt(0)] = 1.0
    """Where squared turns to absolute, in the units of the (standardised) target."""
    reference: ClassVar = "Huber 1964, Annals of Mathematical Statistics 35"

    def per_example(self, output: torch.Tensor, target: torch.Tensor) -> Loss:
        from pellucid.losses import regression

        return Loss(regression.huber(output, target, self.delta))
