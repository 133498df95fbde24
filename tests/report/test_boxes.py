"""The report about boxes, on a small detector of squares and on boxes counted by hand."""

from __future__ import annotations

import dataclasses
import time
from types import ModuleType
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn

from pellucid.data.batch import Dataset
from pellucid.data.signature import Signature, Target
from pellucid.forms import grid, pyramid
from pellucid.losses.parts import FocalGIoU
from pellucid.network.bridges import OneLevel
from pellucid.report import html, text
from pellucid.report.boxes import SURE, baselines, boxes_section, kinds, told
from pellucid.report.build import build
from pellucid.report.evidence import Evidence
from pellucid.report.outcome import outcome
from pellucid.tasks.detection import Detection

torch.set_num_threads(1)
NAMES = ("bright", "dark & small", "never")
PAD = [0.0, 0, 0, 0, -1]


@pytest.fixture(scope="module")
def evidence(samples: ModuleType) -> Evidence:
    """120 images of 24 by 24 with one or two squares, and a detector that learnt a little."""
    random = np.random.default_rng(0)
    pixels, boxes = random.normal(120, 10, (120, 24, 24)), np.zeros((120, 2, 5), np.float32)
    boxes[:, :, 4] = -1
    for image in range(120):
        for place in range(1 + image % 2):
            code, size = int(random.integers(2)), int(random.integers(6, 10))
            left, top = 12 * place + int(random.integers(0, 3)), int(random.integers(0, 24 - size))
            pixels[image, top : top + size, left : left + size] += (80, -80)[code]
            boxes[image, place] = left, top, left + size, top + size, code
    pixels = pixels.clip(0, 255).astype(np.uint8)
    image_N1HW = torch.tensor(pixels / 40 - 3, dtype=torch.float32)[:, None]
    train, valid, test = samples.batches(image_N1HW, torch.tensor(boxes))
    data = Dataset(train, valid, test, grid(1, 24, 24))
    counts = tuple(int((boxes[:, :, 4] == code).sum()) for code in range(3))
    target = Target("boxes", ("boxes",), NAMES, counts)
    signature = Signature("images", "squares", 120, "5" * 64, target, image=(1, 24, 24), sizes=((24, 24, 120),))
    task = Detection(loss=FocalGIoU())
    torch.manual_seed(0)
    head = task.head(pyramid((grid(32, 6, 6),)), signature)
    task.begin(head)
    convolutions = (nn.Conv2d(1, 16, 3, 2, 1), nn.ReLU(), nn.Conv2d(16, 32, 3, 2, 1), nn.ReLU())
    network = nn.Sequential(*convolutions, OneLevel(), head)
    made: Evidence = samples.evidence(
        task, signature, data, network, metrics=("map50", "map"), epochs=30, rate=3e-3, pixels=lambda row: pixels[row]
    )
    return made


@pytest.fixture(scope="module")
def found(evidence: Evidence) -> dict[str, Any]:
    return build(evidence)


def test_the_section_says_what_is_right_and_what_is_wrong(evidence: Evidence, found: dict[str, Any]):
    errors = found["errors"]
    assert errors["kind"] == "boxes" and errors["names"] == list(NAMES) and errors["score"] == SURE
    assert found["scores"]["test"]["map50"]["value"] > 0.5 and found["verdict"]["tone"] == "good"
    there = evidence.dataset.test.target
    assert there is not None
    assert [row["boxes"] for row in errors["by_class"]] == [int((there[:, :, 4] == code).sum()) for code in range(3)]
    assert errors["by_class"][2]["ap50"] is None and len(errors["curves"]) == 2
    known = [row["ap50"] for row in errors["by_class"][:2]]
    assert sum(known) / 2 == pytest.approx(found["scores"]["test"]["map50"]["value"], abs=1e-4)
    assert sum(row["predicted"] for row in errors["by_class"]) == sum(
        count for kind, count in errors["kinds"].items() if kind != "missed"
    )
    assert len(errors["pictures"]) == 12
    assert [rung["name"] for rung in found["ladder"]["rows"]] == ["constant"]


def test_the_page_and_the_text_show_it(found: dict[str, Any]):
    page = html.render(found)
    for words in ("dark &amp; small", "Kinds of errors", "Precision and recall", "mAP at 0.5", "True boxes"):
        assert words in page, words
    assert "data:image/png" in page and "mAP" in text.render(found)


def test_the_worst_mistakes_are_told_and_drawn(evidence: Evidence, found: dict[str, Any]):
    worst = found["mistakes"][0]
    assert worst["image"].startswith("data:image/png;base64,") and worst["truth"][0].isdigit()
    test = outcome(evidence, "test")
    shown = told(dataclasses.replace(evidence, pixels=None), test, 0)
    assert "image" not in shown and set(shown) == {"truth", "prediction", "right"}


def test_kinds_by_hand():
    target = torch.tensor(
        [[[0.0, 0, 10, 10, 0], [20, 0, 30, 10, 1], [0, 20, 10, 30, 0], [20, 20, 30, 30, 1]], [PAD] * 4]
    )
    said = [[0, 0, 10, 9, 0, 0.9], [0, 0, 9, 10, 0, 0.8], [20, 0, 30, 9, 0, 0.7], [0, 26, 10, 36, 0, 0.6],
            [40, 40, 50, 50, 1, 0.5]]  # fmt: skip
    box = torch.tensor([said, [[5.0, 5, 9, 9, 1, 0.4]] + [[*PAD, 0.0]] * 4], dtype=torch.float64)
    expected = {"right": 1, "duplicate": 1, "class": 1, "place": 1, "nothing": 2, "missed": 1}
    assert kinds(box, target) == expected


def test_the_baseline_is_the_mean_box_of_each_class(evidence: Evidence):
    train, valid, test = (outcome(evidence, part) for part in ("train", "valid", "test"))
    (constant,) = baselines(evidence, train, valid, test)
    box_NK6 = constant.prediction.box_NK6
    assert box_NK6 is not None and box_NK6.shape == (len(test), 2, 6)
    own = train.truth[train.truth[:, :, 4] == box_NK6[0, 0, 4]].double()
    torch.testing.assert_close(box_NK6[0, 0, :4], own[:, :4].mean(0))
    assert box_NK6[0, 0, 5] >= box_NK6[0, 1, 5] and box_NK6[0, :, 5].sum() == pytest.approx(1)


def test_a_part_without_any_box(evidence: Evidence):
    empty = dataclasses.replace(outcome(evidence, "test"), truth=torch.tensor([PAD] * 2).expand(24, 2, 5).contiguous())
    section = boxes_section(evidence, empty, empty)
    assert section["curves"] == [] and section["kinds"]["missed"] == 0
    assert all(row["ap50"] is None and row["recall"] is None for row in section["by_class"])


def test_it_takes_seconds_at_most(evidence: Evidence):
    began = time.process_time()
    build(evidence)
    assert time.process_time() - began < 6
