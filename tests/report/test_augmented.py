from __future__ import annotations

import io
import json
from base64 import b64decode
from dataclasses import replace

import numpy as np
import pytest
import torch
from PIL import Image

from pellucid import seeds
from pellucid.data.augmenting import Crop, Flip, Mixup, Shift
from pellucid.data.signature import Target
from pellucid.report.augmented import SHOWN, SIDE, VERSIONS, augmented
from pellucid.report.evidence import Evidence
from pellucid.report.pictures import TINTS

STEP = SIDE // 8
"""Pixels of a picture that show one of an image of 8 by 8."""


def to_pixels(x_CHW: torch.Tensor) -> np.ndarray:
    return ((x_CHW + 1) * 127.5).clamp(0, 255).to(torch.uint8).numpy().transpose(1, 2, 0)


def opened(uri: str) -> np.ndarray:
    return np.asarray(Image.open(io.BytesIO(b64decode(uri.split(",")[1]))))


def with_augment(sample: Evidence, *augment, **train) -> Evidence:
    data = replace(sample.dataset, augment=augment, black_C=torch.tensor([-1.0]))
    if train:
        data = replace(data, train=replace(data.train, **train))
    return replace(sample, dataset=data)


def test_nothing_without_images_or_augmentation(evidence) -> None:
    assert augmented(evidence("digits"), to_pixels) is None
    assert augmented(with_augment(evidence("iris"), Mixup()), to_pixels) is None


def test_images_as_they_came_stand_first_and_versions_follow(evidence) -> None:
    sample = with_augment(evidence("digits"), Flip(horizontal=1), Shift(share=0.2))
    found = augmented(sample, to_pixels)
    assert found == augmented(sample, to_pixels) and json.loads(json.dumps(found)) == found
    assert found is not None and [part["kind"] for part in found["parts"]] == ["flip", "shift"]
    assert len(found["rows"]) == SHOWN and all(len(row["pictures"]) == VERSIONS + 1 for row in found["rows"])
    train = sample.dataset.train
    order = torch.randperm(len(train), generator=seeds.generator(sample.seed, "order", 0))
    for at, row in enumerate(found["rows"]):
        place = int(order[at])
        assert row["row"] == int(train.row_B[place]) and row["class"] == str(int(train.target[place]))
        original = opened(row["pictures"][0])
        assert np.array_equal(original[::STEP, ::STEP, 0], to_pixels(train.input[place])[:, :, 0])
        padded = np.pad(original[::STEP, ::-STEP, 0], 2)
        for uri in row["pictures"][1:]:
            version = opened(uri)[::STEP, ::STEP, 0]
            assert any(np.array_equal(padded[y : y + 8, x : x + 8], version) for y in range(5) for x in range(5)), (
                "mirrored and moved, nothing else"
            )
    assert len({tuple(row["pictures"]) for row in found["rows"]}) == SHOWN


@pytest.mark.parametrize("kind", ["mask", "boxes"])
def test_masks_and_boxes_are_drawn_where_they_moved(evidence, kind: str) -> None:
    sample = evidence("digits")
    count = len(sample.dataset.train)
    mask = torch.zeros(count, 8, 8, dtype=torch.uint8)
    mask[:, 1:5, 1:4] = 1
    boxes = torch.tensor([[1.0, 1.0, 4.0, 5.0, 0.0], [0, 0, 0, 0, -1]]).expand(count, 2, 5).contiguous()
    names = ("background", "thing") if kind == "mask" else ("thing",)
    sample = replace(sample, signature=sample.signature.replace(target=Target(kind, (kind,), names)))
    flat = torch.zeros_like(sample.dataset.train.input)
    target = mask if kind == "mask" else boxes
    found = augmented(with_augment(sample, Flip(horizontal=1), input=flat, target=target), to_pixels)
    assert found is not None
    for row in found["rows"]:
        drawn = [(opened(uri) == TINTS[0]).all(2) for uri in row["pictures"]]
        assert drawn[0][STEP, STEP : 4 * STEP].all() and drawn[0][5 * STEP - 1, STEP : 4 * STEP].all()
        assert not drawn[0][:, 4 * STEP :].any()
        assert drawn[1][STEP, 4 * STEP : 7 * STEP].all() and not drawn[1][:, : 4 * STEP].any()
        assert row["class"] == ""
    assert augmented(with_augment(sample, Crop(), input=flat, target=target), to_pixels) is not None
