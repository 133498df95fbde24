"""What augmentation does: some training images as they came, beside versions of them as training draws them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import torch

from pellucid import forms, seeds
from pellucid.data.affine import placed
from pellucid.data.batch import Batch
from pellucid.report.drawing import class_colours, scene
from pellucid.report.evidence import Evidence
from pellucid.report.outcome import rows_of

SHOWN, VERSIONS = 6, 4
"""Images, and versions of each."""
SIDE = 72
"""Pixels of the longer side: thirty coloured pictures must not make the page heavy."""


def augmented(evidence: Evidence, to_pixels: Callable[[torch.Tensor], np.ndarray]) -> dict[str, Any] | None:
    """The first images that training drew, each as it came and in versions; None without images or augmentation.

    `to_pixels` gives the uint8 picture HWC of a prepared x_CHW, for a clip that of one frame.
    """
    dataset, target = evidence.dataset, evidence.signature.target
    if not dataset.augment or dataset.form.kind != "grid":
        return None
    order = torch.randperm(len(dataset.train), generator=seeds.generator(evidence.seed, "order", 0))[:SHOWN]
    device = forms.tensors(dataset.train.input)[0].device
    batch = dataset.train.take(order.to(device)).to("cpu").ready()
    black_C = None if dataset.black_C is None else dataset.black_C.cpu()
    draw, versions = seeds.Draw(evidence.seed, "augment"), [batch]
    for number in range(VERSIONS):
        changed, draw = batch, draw.at(0, number)
        for augment in dataset.augment:
            changed = augment.apply(changed, draw, black_C)
        versions.append(changed)
    classes = target.classes if target is not None else ()
    rows = []
    for place, row in enumerate(rows_of(batch)):
        pictures = [_picture(version, place, classes, to_pixels) for version in versions]
        code_B = batch.target if target is not None and target.kind == "classes" else None
        name = "" if code_B is None else classes[int(code_B[place])]
        rows.append({"row": row, "class": name, "pictures": pictures})
    return {"parts": [augment.dump() for augment in dataset.augment], "rows": rows}


def _picture(
    batch: Batch, place: int, classes: tuple[str, ...], to_pixels: Callable[[torch.Tensor], np.ndarray]
) -> str:
    """One image of a batch with its mask or boxes, as a data URI."""
    assert isinstance(batch.input, torch.Tensor)
    pixels_HWC = to_pixels(batch.input[place])
    kind = placed(batch.target)
    if batch.target is None or kind is None:
        return scene(pixels_HWC, side=SIDE)
    truth = batch.target[place].numpy()
    if kind == "mask":
        return scene(pixels_HWC, class_colours(len(classes), background=True), mask_HW=truth, side=SIDE)
    return scene(pixels_HWC, class_colours(len(classes)), boxes_N=truth, side=SIDE)
