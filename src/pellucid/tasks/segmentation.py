"""Segmentation: a class for each pixel."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Literal

from pellucid.data.signature import Signature, Target
from pellucid.forms import Form
from pellucid.losses.loss import Loss
from pellucid.tasks.task import Choice, Task

if TYPE_CHECKING:
    import torch
    from torch import nn

    from pellucid.data.batch import Batch, Scale
    from pellucid.metrics.metric import Prediction

CHUNK = 256
"""Images whose classes are chosen at once: the largest logit of a pixel is found as int64 and kept as uint8."""


class Segmentation(Task):
    """Which class each pixel belongs to (Long et al. 2014, arXiv:1411.4038)."""

    kind: Literal["segmentation"] = "segmentation"
    wants: ClassVar = "grid"
    targets: ClassVar = frozenset({"mask"})
    answers: ClassVar = "mask"

    def loss_for(self, target: Target) -> Choice:
        """Cross-entropy of the pixels."""
        reason = "the likelihood of each pixel's class; Dice, or both together, was no better on nuclei"
        return Choice("cross_entropy", reason, "arXiv:1411.4038")

    def metrics_for(self, target: Target) -> Choice:
        """Overlap of areas first: pixels that are right are easily many where most are background."""
        scores = ("iou", "dice", "pixel_accuracy")
        return Choice(scores, "the customary scores for masks", "Everingham et al. 2015, the PASCAL VOC challenge")

    def outputs(self, signature: Signature) -> int:
        """One map for each class."""
        assert signature.target is not None
        return len(signature.target.classes)

    def head(self, form: Form, signature: Signature) -> nn.Module:
        """A 1x1 convolution of x_BDhw, then bilinear interpolation to the size of the image: logits_BCHW."""
        from torch import nn

        assert signature.image is not None
        score, extent = nn.Conv2d(form.width, self.outputs(signature), 1), signature.image[1:]
        if form.extent == extent:
            return score
        return nn.Sequential(score, nn.Upsample(extent, mode="bilinear"))

    def losses(self, output: torch.Tensor, batch: Batch) -> Loss:
        """The sum over the judged pixels of each image, and their count."""
        assert self.loss is not None and batch.target is not None
        # a sum of thousands of pixels is too long for half precision
        return self.loss.per_example(output.float(), batch.target)

    def decode(self, output: torch.Tensor, signature: Signature, scale: Scale | None) -> Prediction:
        """label_NHW, uint8: the most probable class of each pixel."""
        import torch

        from pellucid.metrics.metric import Prediction

        parts = [part.argmax(1).to("cpu", torch.uint8) for part in output.detach().split(CHUNK)]
        return Prediction(label=torch.cat(parts), classes=self.outputs(signature))
