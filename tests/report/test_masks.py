from __future__ import annotations

import io
from base64 import b64decode
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image

from pellucid.metrics.metric import Prediction
from pellucid.metrics.segmentation import IOU
from pellucid.report.drawing import GAP
from pellucid.report.evidence import Evidence
from pellucid.report.masks import baselines, drawn, masks_section, told
from pellucid.report.outcome import Outcome, outcome
from pellucid.report.pictures import TINTS

Evidences = Callable[[str], Evidence]


def judged_part(evidence: Evidence) -> Outcome:
    return outcome(evidence, "test")


def opened(uri: str) -> np.ndarray:
    return np.asarray(Image.open(io.BytesIO(b64decode(uri.split(",")[1]))))


def test_the_section_counts_judged_pixels(evidence: Evidences) -> None:
    known = evidence("masks")
    seen = judged_part(known)
    found = masks_section(known, outcome(known, "valid"), seen)
    assert found["kind"] == "mask" and found["names"] == ["background", "dark", "bright"]
    judged = seen.truth != 255
    assert found["judged"] == pytest.approx(11 / 12, abs=1e-5)
    assert sum(row["pixels"] for row in found["by_class"]) == int(judged.sum())
    mean = sum(row["iou"] for row in found["by_class"]) / 3
    assert mean == pytest.approx(seen.measure(IOU), abs=1e-5)
    assert seen.prediction.label is not None
    for code, row in enumerate(found["confusion"]):
        assert sum(row) == pytest.approx(1, abs=1e-4)
        here = judged & (seen.truth == code)
        assert row[code] == pytest.approx(float((seen.prediction.label[here] == code).double().mean()), abs=1e-5)


def test_every_image_of_the_grid_is_shown_with_its_masks(evidence: Evidences) -> None:
    known = evidence("masks")
    pictures = masks_section(known, outcome(known, "valid"), judged_part(known))["pictures"]
    assert len(pictures) == 12 and all(0 <= picture["iou"] <= 1 for picture in pictures)
    assert masks_section(replace(known, pixels=None), outcome(known, "valid"), judged_part(known))["pictures"] == []


def test_panels_are_the_image_the_truth_and_the_prediction(evidence: Evidences) -> None:
    known = evidence("masks")
    seen = judged_part(known)
    assert known.pixels is not None and seen.batch.row_B is not None and seen.prediction.label is not None
    seen_HW3 = opened(drawn(known, seen, 2))
    assert seen_HW3.shape == (96, 3 * 96 + 2 * GAP, 3), "each of 12 pixels is drawn eight times"
    own = known.pixels(int(seen.batch.row_B[2]))
    assert np.array_equal(seen_HW3[::8, :96:8, 0], own)
    assert (seen_HW3[:, 96 : 96 + GAP] == 255).all()
    for start, mask_HW in ((100, seen.truth[2]), (200, seen.prediction.label[2])):
        part = seen_HW3[:, start : start + 96]
        same = (part == seen_HW3[:, :96]).all(2)
        assert same[::8, ::8][(mask_HW == 0) | (mask_HW == 255)].all(), "what lies behind is not tinted"
        coloured = (part == np.array(TINTS[0])).all(2) | (part == np.array(TINTS[1])).all(2)
        assert not (mask_HW > 0).any() or coloured.any()


def test_large_pictures_are_made_small(evidence: Evidences) -> None:
    known = evidence("masks")
    seen = judged_part(known)
    large = replace(
        seen,
        truth=seen.truth.repeat_interleave(20, 1).repeat_interleave(20, 2),
        prediction=Prediction(label=seen.truth.repeat_interleave(20, 1).repeat_interleave(20, 2), classes=3),
    )
    colour = replace(known, pixels=lambda row: np.zeros((240, 240, 3), np.uint8))
    assert opened(drawn(colour, large, 0)).shape == (96, 3 * 96 + 2 * GAP, 3)


def test_one_example_in_words(evidence: Evidences) -> None:
    known = evidence("masks")
    seen = judged_part(known)
    truth = torch.zeros_like(seen.truth)
    truth[0, 0], truth[0, 1, :6], truth[0, 5] = 1, 2, 255
    label = torch.zeros_like(truth)
    found = told(known, replace(seen, truth=truth, prediction=Prediction(label=label, classes=3)), 0)
    assert found["truth"] == "dark 9.1 %, bright 4.5 %" and found["prediction"] == "background"
    assert 1 / 3 <= found["confidence"] <= 1 and found["image"].startswith("data:image/png;base64,")
    assert found["cells"] == {"background": "IoU 0.864", "dark": "IoU 0.000", "bright": "IoU 0.000"}
    nothing = told(known, replace(seen, truth=torch.full_like(truth, 255)), 0)
    assert nothing["truth"] == "background" and nothing["cells"] == {}


def test_baselines_know_place_and_brightness(evidence: Evidences) -> None:
    known = evidence("masks")
    train, seen = outcome(known, "train"), judged_part(known)
    found = {one.name: one for one in baselines(known, train, outcome(known, "valid"), seen)}
    assert list(found) == ["constant", "place", "brightness"]
    for one in found.values():
        assert one.prediction.label is not None and one.prediction.label.shape == seen.truth.shape
        assert one.note.startswith("calls ")
    constant = found["constant"]
    assert constant.prediction.label is not None and not constant.prediction.label.any()
    assert "background" in constant.note
    scores = {name: IOU.measure(one.prediction, seen.truth, None) for name, one in found.items()}
    assert scores["constant"] <= scores["place"] < scores["brightness"]


def test_a_place_that_is_always_one_class_is_called_so(evidence: Evidences) -> None:
    known = evidence("masks")
    train, seen = outcome(known, "train"), judged_part(known)
    train.truth[:, 3, 3], train.truth[:, 4, 4] = 2, 255
    place = baselines(known, train, outcome(known, "valid"), seen)[1].prediction.label
    assert place is not None and (place[:, 3, 3] == 2).all() and (place[:, 4, 4] == 0).all()


def test_the_whole_report_is_built(report: Callable[[str], dict[str, Any]]) -> None:
    made = report("masks")
    assert made["errors"]["kind"] == "mask" and made["metric"]["name"] == "iou"
    assert [row["name"] for row in made["ladder"]["rows"]] == ["constant", "place", "brightness"]
    assert made["scores"]["test"]["iou"]["resamples"] == 1000
    assert all("image" in row and "truth" in row for row in made["mistakes"])
    losses = [row["loss"] for row in made["mistakes"]]
    assert losses == sorted(losses, reverse=True) and made["importance"] is None
