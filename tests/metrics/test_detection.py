"""mAP against COCO's own code on random boxes, and against numbers worked out by hand."""

from __future__ import annotations

import contextlib
import io
import math
import time
from typing import Any

import numpy as np
import pytest
import torch
from pycocotools.coco import COCO
from pycocotools.cocoeval import COCOeval

from pellucid.metrics.catalogue import metric
from pellucid.metrics.detection import OVERLAPS, average_precisions, intersection_over_union, match
from pellucid.metrics.metric import Prediction

torch.set_num_threads(1)
PAD = [0.0, 0, 0, 0, -1]


def some(
    count: int, seed: int, *, most: int = 8, classes: int = 3, side: int = 64
) -> tuple[torch.Tensor, torch.Tensor]:
    """(box_NK6, target_NM5): true boxes, and predictions that are those moved a little, copies, and strangers.

    Places are multiples of 1/4, so that both codes see the same numbers; scores often tie.
    """
    random = np.random.default_rng(seed)
    target_NM5 = np.zeros((count, most, 5))
    target_NM5[:, :, 4] = -1
    box_NK6 = np.zeros((count, 3 * most + 3, 6))
    box_NK6[:, :, 4] = -1
    for image in range(count):
        here = int(random.integers(0, most + 1))
        low, size = random.integers(0, side - 16, (here, 2)), random.integers(4, 16, (here, 2))
        code = random.integers(0, classes, (here, 1))
        target_NM5[image, :here] = np.concatenate([low, low + size, code], 1)
        said = []
        for left, top, right, bottom, own in target_NM5[image, :here].tolist():
            for _ in range(int(random.integers(0, 4))):
                shift = random.integers(-8, 9, 4) / 4
                other = own if random.random() < 0.9 else float(random.integers(classes))
                said.append([left + shift[0], top + shift[1], right + shift[2], bottom + shift[3], other])
        for _ in range(int(random.integers(0, 4))):
            x, y = random.integers(0, side - 16, 2).tolist()
            said.append([x, y, x + 8, y + 12, float(random.integers(classes))])
        scores = np.sort(random.integers(1, 20, len(said)) / 20)[::-1]
        for place, (row, score) in enumerate(zip(said, scores, strict=True)):
            box_NK6[image, place] = [*row, score]
    return torch.tensor(box_NK6), torch.tensor(target_NM5, dtype=torch.float32)


def coco(box_NK6: torch.Tensor, target_NM5: torch.Tensor, classes: int) -> tuple[float, float]:
    """(mAP, mAP at 0.5) by pycocotools."""
    known: Any = {"images": [{"id": image + 1} for image in range(len(target_NM5))],
                  "categories": [{"id": code} for code in range(classes)], "annotations": [], "info": {}}  # fmt: skip
    said = []
    for image, (boxes, truths) in enumerate(zip(box_NK6.tolist(), target_NM5.tolist(), strict=True)):
        for left, top, right, bottom, code in (row for row in truths if row[4] >= 0):
            size = [right - left, bottom - top]
            known["annotations"].append(
                {"id": len(known["annotations"]) + 1, "image_id": image + 1, "category_id": int(code),
                 "bbox": [left, top, *size], "area": size[0] * size[1], "iscrowd": 0})  # fmt: skip
        said += [{"image_id": image + 1, "category_id": int(code), "bbox": [left, top, right - left, bottom - top],
                  "score": score} for left, top, right, bottom, code, score in boxes if code >= 0]  # fmt: skip
    with contextlib.redirect_stdout(io.StringIO()):
        truth: Any = COCO()
        truth.dataset = known
        truth.createIndex()
        judge = COCOeval(truth, truth.loadRes(said), "bbox")
        judge.evaluate()
        judge.accumulate()
        judge.summarize()
    return float(judge.stats[0]), float(judge.stats[1])


@pytest.mark.parametrize("seed", range(8))
def test_equal_to_cocos_own_code(seed: int):
    box_NK6, target_NM5 = some(40, seed, most=2 + 3 * (seed % 4), classes=1 + seed % 5)
    expected = coco(box_NK6, target_NM5, 1 + seed % 5)
    found = [metric(name).measure(Prediction(box_NK6=box_NK6), target_NM5, None) for name in ("map", "map50")]
    assert found == pytest.approx(expected, abs=1e-12) and 0 < found[0] < found[1] < 1


def test_only_the_hundred_best_of_an_image_count():
    random = torch.Generator().manual_seed(0)
    low = torch.rand(3, 150, 2, generator=random, dtype=torch.float64).mul(40).round()
    score = torch.rand(3, 150, generator=random, dtype=torch.float64).sort(1, descending=True).values
    box_NK6 = torch.cat([low, low + 8, torch.zeros(3, 150, 1).double(), score[:, :, None]], 2)
    target_NM5 = box_NK6[:, 40:140:3, :5].float()
    found = metric("map").measure(Prediction(box_NK6=box_NK6), target_NM5, None)
    assert found == pytest.approx(coco(box_NK6, target_NM5, 1)[0], abs=1e-12)


def test_by_hand():
    target = torch.tensor([[[0.0, 0, 10, 10, 0], [20, 20, 30, 30, 0]]])
    # right, a second time (too late), and a box whose overlap is 60 / 100
    box = torch.tensor([[[0.0, 0, 10, 10, 0, 0.9], [0, 0, 10, 10, 0, 0.8], [20, 20, 30, 26, 0, 0.7]]])
    matches = match(box, target)
    assert matches.right_DT[:, 0].tolist() == [True, False, True]
    assert matches.right_DT[2].tolist() == [overlap <= 0.6 for overlap in OVERLAPS]
    # precision 1 up to recall 1/2, then 2/3: 51 and 50 of 101 recalls
    found = metric("map50").measure(Prediction(box_NK6=box), target, None)
    assert found == pytest.approx((51 + 50 * 2 / 3) / 101)


def test_a_box_takes_the_best_that_is_left():
    # the first prediction fits both truths, the second only the one that the first prefers
    target = torch.tensor([[[0.0, 0, 10, 10, 0], [0, 2, 10, 12, 0]]])
    box = torch.tensor([[[0.0, 0, 10, 11, 0, 0.9], [0, 0, 10, 9, 0, 0.8], [0, 1, 10, 12, 0, 0.7]]])
    matches = match(box, target, (0.5, 0.8))
    assert matches.right_DT.tolist() == [[True, True], [True, False], [False, True]]


def test_nothing_to_find_and_nothing_found():
    none = torch.tensor([[PAD], [PAD]])
    some_boxes = torch.tensor([[[0.0, 0, 9, 9, 0, 0.5]], [[*PAD, 0]]])
    for name in ("map", "map50"):
        assert math.isnan(metric(name).measure(Prediction(box_NK6=some_boxes), none, None))
        nothing = torch.tensor([[[*PAD, 0.0]], [[*PAD, 0]]])
        truth = torch.tensor([[[0.0, 0, 9, 9, 0]], [PAD]])
        assert metric(name).measure(Prediction(box_NK6=nothing), truth, None) == 0
        assert metric(name).measure(Prediction(box_NK6=some_boxes), truth, None) == pytest.approx(1)
        assert math.isnan(metric(name).measure(Prediction(box_NK6=nothing[:0]), truth[:0], None))


def test_a_class_without_true_boxes_is_left_out():
    target = torch.tensor([[[0.0, 0, 9, 9, 2], PAD]])
    box = torch.tensor([[[0.0, 0, 9, 9, 0, 0.9], [0, 0, 9, 9, 2, 0.8]]])
    precision_CTR, total_C = average_precisions(match(box, target), torch.ones(1).double(), classes=4)
    assert total_C.tolist() == [0, 0, 1, 0]
    assert precision_CTR.mean((1, 2)).isnan().tolist() == [True, True, False, True]
    assert metric("map").measure(Prediction(box_NK6=box), target, None) == pytest.approx(1)


def test_a_weight_counts_like_copies():
    box_NK6, target_NM5 = some(20, 3)
    weight_N = torch.randint(0, 4, (20,), generator=torch.Generator().manual_seed(1))
    index = torch.arange(20).repeat_interleave(weight_N)
    for name in ("map", "map50"):
        weighted = metric(name).measure(Prediction(box_NK6=box_NK6), target_NM5, weight_N.double())
        copied = metric(name).measure(Prediction(box_NK6=box_NK6[index]), target_NM5[index], None)
        assert weighted == pytest.approx(copied, abs=0.02)  # equal but where images tie in score


def test_intersection_over_union():
    one, other = torch.tensor([0.0, 0, 4, 4]), torch.tensor([[2.0, 2, 6, 6], [4, 0, 8, 4], [0, 0, 4, 4], [1, 1, 3, 3]])
    torch.testing.assert_close(intersection_over_union(one, other), torch.tensor([4 / 28, 0, 1, 4 / 16]))


def test_five_hundred_images_of_a_hundred_boxes_take_well_under_a_second():
    random = torch.Generator().manual_seed(0)
    low = torch.rand(500, 100, 2, generator=random) * 450
    target_NM5 = torch.cat([low, low + 40, torch.randint(5, (500, 100, 1), generator=random)], 2)
    moved = target_NM5[:, :, :4] + 6 * torch.randn(500, 100, 4, generator=random)
    score = torch.rand(500, 100, generator=random).sort(1, descending=True).values
    prediction = Prediction(box_NK6=torch.cat([moved, target_NM5[:, :, 4:], score[:, :, None]], 2).double())
    began = time.process_time()
    found = metric("map").measure(prediction, target_NM5, None)
    assert time.process_time() - began < 1 and 0.1 < found < 0.9
