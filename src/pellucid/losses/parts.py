"""Every loss as a Part."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, ClassVar, Literal

from annotated_types import Ge, Gt, Lt
from pydantic import field_validator

from pellucid.losses.loss import Loss, LossFunction

if TYPE_CHECKING:
    import torch

VALUES = frozenset({"values", "future"})
QUANTILES = (0.05, 0.25, 0.5, 0.75, 0.95)


class CrossEntropy(LossFunction):
    """Minus the log of the probability given to the true class; one logit for each class."""

    kind: Literal["cross_entropy"] = "cross_entropy"
    targets: ClassVar[frozenset[str]] = frozenset({"classes", "mask", "steps", "next", "sentence"})
    label_smoothing: Annotated[float, Ge(0), Lt(1)] = 0.0
    """Share of the target that is spread over all classes."""

    def per_example(self, output: torch.Tensor, target: torch.Tensor) -> Loss:
        from pellucid.losses import classification, segmentation, sequence

        if output.ndim == 3:
            return Loss(*sequence.cross_entropy(output, target, self.label_smoothing))
        if output.ndim == 4:
            return segmentation.cross_entropy(output, target, self.label_smoothing)
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
    targets: ClassVar[frozenset[str]] = frozenset({"classes", "binary", "labels", "mask"})
    gamma: Annotated[float, Ge(0)] = 2.0
    """How much sure examples count less; 0 is plain cross-entropy."""
    reference: ClassVar = "Lin et al. 2017, arXiv:1708.02002"

    def per_example(self, output: torch.Tensor, target: torch.Tensor) -> Loss:
        """One logit or a target of labels is binary; several logits and a target of codes are classes."""
        from pellucid.losses import classification, segmentation

        if output.ndim == 4:
            return segmentation.focal(output, target, self.gamma)
        binary = output.shape[1] == 1 or target.ndim == 2
        function = classification.binary_focal if binary else classification.focal
        return Loss(function(output, target, self.gamma))


class Dice(LossFunction):
    """One minus twice what truth and prediction share of an area, by what they have; an area counts like any other."""

    kind: Literal["dice"] = "dice"
    targets: ClassVar[frozenset[str]] = frozenset({"mask"})
    reference: ClassVar = "Milletari et al. 2016, arXiv:1606.04797"

    def per_example(self, output: torch.Tensor, target: torch.Tensor) -> Loss:
        from pellucid.losses import segmentation

        return segmentation.dice(output, target)


class FocalGIoU(LossFunction):
    """Focal loss of the classes at every place, and the generalized overlap of the boxes that answer for objects."""

    kind: Literal["focal_giou"] = "focal_giou"
    targets: ClassVar[frozenset[str]] = frozenset({"boxes"})
    reference: ClassVar = "Lin et al. 2017, arXiv:1708.02002; Rezatofighi et al. 2019, arXiv:1902.09630"
    alpha: Annotated[float, Gt(0), Lt(1)] = 0.25
    """Weight of a place with an object; one without has 1 - alpha."""
    gamma: Annotated[float, Ge(0)] = 2.0
    """How much sure places count less."""
    box: Annotated[float, Gt(0)] = 1.0
    """Weight of the boxes beside the classes."""

    def per_example(self, output: torch.Tensor, target: torch.Tensor) -> Loss:
        """output_BPK and target_BM5 -> the sum over the places of an image, and how many of them answer for a box."""
        from pellucid.losses import detection

        return Loss(*detection.focal_giou(output, target, self.alpha, self.gamma, self.box))


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


class Pinball(LossFunction):
    """Errors weighted by side, so that the best constant is a quantile; a forecast with several of them is a band."""

    kind: Literal["pinball"] = "pinball"
    targets: ClassVar[frozenset[str]] = frozenset({"future"})
    reference: ClassVar = "Koenker and Bassett 1978, Econometrica 46"
    quantiles: tuple[Annotated[float, Gt(0), Lt(1)], ...] = QUANTILES
    """Shares of the values that shall lie below each line of the forecast, rising; 0.5, the forecast itself, is one."""

    @field_validator("quantiles")
    @classmethod
    def _rise_through_the_median(cls, quantiles: tuple[float, ...]) -> tuple[float, ...]:
        if 0.5 not in quantiles or list(quantiles) != sorted(set(quantiles)):
            raise ValueError("quantiles rise, and 0.5 is one of them, such as [0.1, 0.5, 0.9]")
        return quantiles

    def per_example(self, output: torch.Tensor, target: torch.Tensor) -> Loss:
        """output_BHDQ and target_BHD -> loss_B."""
        from pellucid.losses import sequence

        return Loss(sequence.pinball(output, target, self.quantiles))


class SkipGram(LossFunction):
    """Cross-entropy of every token around a position, told from the token at that position alone."""

    kind: Literal["skip_gram"] = "skip_gram"
    targets: ClassVar[frozenset[str]] = frozenset({"neighbours"})
    reference: ClassVar = "Mikolov et al. 2013, arXiv:1301.3781"

    def per_example(self, output: torch.Tensor, target: torch.Tensor) -> Loss:
        """output_BTC and target_BTN of the tokens around, -1 where there is none -> their sum, and how many."""
        from pellucid.losses import sequence

        return Loss(*sequence.skip_gram(output, target))


class PairLoss(LossFunction):
    """A loss of embeddings, for tasks about pairs."""

    targets: ClassVar[frozenset[str]] = frozenset({"pairs"})
    prototypes: ClassVar[bool] = False
    """Whether it wants the cosines with a prototype of each class, rather than the embeddings."""


class CosineMargin(PairLoss):
    """Cross-entropy of the cosines with learnt prototypes of the classes, where the true one has to win by a margin."""

    kind: Literal["cosine_margin"] = "cosine_margin"
    prototypes: ClassVar[bool] = True
    reference: ClassVar = "Wang et al. 2018, arXiv:1801.09414; angular: Deng et al. 2018, arXiv:1801.07698"
    scale: Annotated[float, Gt(0)] = 30.0
    """What cosines are multiplied with: from -1 to 1 alone, no class could become probable."""
    margin: Annotated[float, Ge(0), Lt(1)] = 0.35
    """How much the true cosine is lowered, or by how many radians its angle is opened."""
    angular: bool = False
    """Whether the margin is one of the angle."""

    def per_example(self, output: torch.Tensor, target: torch.Tensor) -> Loss:
        """cosine_BC -> loss_B."""
        from pellucid.losses import embedding

        function = embedding.angular_margin if self.angular else embedding.cosine_margin
        return Loss(function(output, target, self.scale, self.margin))


class Triplet(PairLoss):
    """The furthest example of the own class must be nearer than the nearest of the others, by a margin."""

    kind: Literal["triplet"] = "triplet"
    reference: ClassVar = "Schroff et al. 2015, arXiv:1503.03832; hardest in the batch: arXiv:1703.07737"
    margin: Annotated[float, Gt(0), Lt(4)] = 0.2
    """Of squared distances, which run from 0 to 4."""

    def per_example(self, output: torch.Tensor, target: torch.Tensor) -> Loss:
        """embedding_BD of length 1 -> loss_B, and the weight 0 where the batch has no other or nobody of the class."""
        from pellucid.losses import embedding

        return Loss(*embedding.triplet(output, target, self.margin))
