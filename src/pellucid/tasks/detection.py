"""Detection: which objects are in an image, and where, by a box for each."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Annotated, ClassVar, Literal

from annotated_types import Ge, Gt, Lt

from pellucid.data.signature import Signature, Target
from pellucid.forms import Form, pyramid
from pellucid.losses.loss import Loss
from pellucid.tasks.task import Choice, Task

if TYPE_CHECKING:
    import torch
    from torch import nn

    from pellucid.data.batch import Batch, Scale
    from pellucid.metrics.metric import Prediction

RARE = 0.01
"""Probability of every class at every place before training, so that the many empty places do not swamp the first
steps (Lin et al. 2017, arXiv:1708.02002, section 4.1)."""


class Detection(Task):
    """A box and a class for every object of an image, without anchors (Tian et al. 2019, arXiv:1904.01355)."""

    kind: Literal["detection"] = "detection"
    wants: ClassVar = "pyramid"
    targets: ClassVar = frozenset({"boxes"})
    answers: ClassVar = "boxes"
    reference: ClassVar = "Tian et al. 2019, arXiv:1904.01355"

    score: Annotated[float, Gt(0), Lt(1)] = 0.05
    """Lowest score of a box that is given."""
    overlap: Annotated[float, Gt(0), Lt(1)] = 0.6
    """Shared over joint area from which the worse of two boxes of a class is dropped."""
    most: Annotated[int, Ge(1)] = 100
    """Boxes of an image at most."""

    def loss_for(self, target: Target) -> Choice:
        """Focal loss of the classes, and GIoU of the boxes."""
        return Choice("focal_giou", "most places of an image are empty, and boxes are scored by overlap", "the task")

    def metrics_for(self, target: Target) -> Choice:
        """mAP."""
        return Choice(("map50", "map"), "the customary scores for boxes", "COCO, arXiv:1405.0312")

    def outputs(self, signature: Signature) -> int:
        """At each place, four distances and one unit for each class."""
        assert signature.target is not None
        return 4 + len(signature.target.classes)

    def sees(self, form: Form, signature: Signature) -> Form:
        """The levels of stride 4 and more, where there are such."""
        from pellucid.nn.boxes import used

        assert signature.image is not None
        return pyramid(form.levels[-used(form, signature.image[1:]) :]) if form.levels else form

    def head(self, form: Form, signature: Signature) -> nn.Module:
        """From a pyramid to output_BPK of all its places: see `nn.boxes`."""
        from pellucid.nn.boxes import BoxHead

        assert signature.image is not None and signature.target is not None
        return BoxHead(form, image=signature.image[1:], classes=len(signature.target.classes))

    def begin(self, head: nn.Module) -> None:
        """Makes every class improbable everywhere."""
        import torch

        from pellucid.nn.boxes import BoxHead

        assert isinstance(head, BoxHead) and head.out.bias is not None
        with torch.no_grad():
            head.out.bias[4:] = -math.log((1 - RARE) / RARE)

    def losses(self, output: torch.Tensor, batch: Batch) -> Loss:
        """The sum over the places of each image, and how many of them answer for a box."""
        assert self.loss is not None and batch.target is not None
        here = self.loss.per_example(output, batch.target)
        if batch.mixed is None:
            return here
        other, share_B = batch.mixed
        there = self.loss.per_example(output, other)
        assert here.weight_B is not None and there.weight_B is not None
        return Loss(here.value_B.lerp(there.value_B, share_B), here.weight_B.lerp(there.weight_B, share_B))

    def decode(self, output: torch.Tensor, signature: Signature, scale: Scale | None) -> Prediction:
        """The best boxes inside the image, none of which covers a better one of its class."""
        import torch

        from pellucid.metrics.metric import Prediction
        from pellucid.tasks.suppression import best_boxes

        assert signature.image is not None
        _, height, width = signature.image
        output = output.detach().cpu()
        box_NP4 = output[:, :, 3:7].clamp(min=0).minimum(torch.tensor([width, height] * 2).to(output))
        logit_NPC = output[:, :, 7:]
        found = best_boxes(box_NP4, logit_NPC, lowest=self.score, overlap=self.overlap, most=self.most)
        return Prediction(box_NK6=found)
