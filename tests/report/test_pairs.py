"""The pairs part of a report, on a small network that verifies noisy patterns."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch.nn import functional as F

from pellucid import jobs
from pellucid.data.signature import PARTS
from pellucid.forms import tensors
from pellucid.metrics.verification import midway, pair_auc, pairs, retrieval, tar_at_far
from pellucid.recipe import Recipe
from pellucid.report import html
from pellucid.report.build import build
from pellucid.report.collect import collect
from pellucid.report.evidence import Evidence
from pellucid.report.outcome import Outcome, outcome
from pellucid.report.pairs import COMPONENTS, pair_baselines, pairs_section, told

Found = tuple[Evidence, dict[str, Outcome]]


def patterns(folder: Path) -> Path:
    """20 patterns of 8x8 pixels, ten noisy pictures of each: 12 to learn, 4 to choose, 4 to judge."""
    random = np.random.default_rng(0)
    code = np.repeat(np.arange(20), 10)
    image = random.uniform(60, 190, (20, 8, 8))[code] + random.normal(0, 45, (200, 8, 8))
    split = np.repeat([0, 1, 2], [12, 4, 4])[code]
    classes = np.array([f"p{at:02d}" for at in range(20)])
    path = folder / "patterns.npz"
    arrays: dict[str, Any] = {"images": image.clip(0, 255).astype(np.uint8), "codes": code, "classes": classes}
    np.savez(path, split=split.astype(np.uint8), **arrays)
    return path


@pytest.fixture(scope="module")
def found(tmp_path_factory: pytest.TempPathFactory) -> Found:
    """The evidence of a run, and its outcomes."""
    folder = tmp_path_factory.mktemp("pairs")
    written: dict[str, Any] = {
        "data": {"kind": "images", "path": str(patterns(folder)), "target": "pattern"},
        "task": {"kind": "verification", "width": 8},
        "model": {"kind": "mlp", "widths": [16]},
        "method": {"epochs": 4},
        "threads": 1,
        "precision": "float32",
    }
    run = folder / "run"
    jobs.train(Recipe.model_validate(written), run=run, report=False)
    evidence = collect(jobs.finished(run), run, seconds=1.0, speed=1.0)
    return evidence, {part: outcome(evidence, part) for part in PARTS}


@pytest.fixture(scope="module")
def section(found: Found) -> dict[str, Any]:
    evidence, outcomes = found
    return pairs_section(evidence, outcomes["valid"], outcomes["test"])


def test_the_section_says_what_the_scores_say(found: Found, section: dict[str, Any]):
    test = found[1]["test"]
    assert (section["kind"], section["name"], section["classes"]) == ("pairs", "pattern", 4)
    assert (section["same"], section["different"]) == (4 * 45, 780 - 4 * 45)
    shares = torch.tensor(section["roc"])
    assert shares[0].tolist() == [0, 0] and shares[-1].tolist() == [1, 1] and len(shares) <= 120
    area = float(torch.trapezoid(shares[:, 1], shares[:, 0]))
    assert area == pytest.approx(pair_auc(test.prediction, test.truth), abs=0.01)
    at_one = next(one for one in section["rates"] if one["falsely"] == 0.01)
    assert at_one["accepted"] == pytest.approx(tar_at_far(test.prediction, test.truth))


def test_the_threshold_is_the_one_that_validation_gave(found: Found, section: dict[str, Any]):
    valid = found[1]["valid"]
    assert valid.prediction.embedding_ND is not None
    best = midway(pairs(valid.prediction.embedding_ND, valid.truth))
    assert section["threshold"]["cosine"] == pytest.approx(best, abs=1e-5)


def test_shares_of_cosines_add_up(section: dict[str, Any]):
    for kind in ("same", "different"):
        assert sum(section["histogram"][kind]) == pytest.approx(1, abs=1e-4)


def test_the_worst_pairs_are_the_extreme_ones(found: Found, section: dict[str, Any]):
    test = found[1]["test"]
    assert test.prediction.embedding_ND is not None
    every, worst = pairs(test.prediction.embedding_ND, test.truth), section["worst"]
    assert worst["different"][0]["cosine"] == pytest.approx(float(every.cosine_NN[every.other_NN].max()), abs=1e-5)
    assert worst["same"][0]["cosine"] == pytest.approx(float(every.cosine_NN[every.same_NN].min()), abs=1e-5)
    for one, other in (pair["sides"] for pair in worst["same"]):
        assert one["name"] == other["name"] and one["row"] != other["row"] and one["image"].startswith("data:image")
    assert all(one["name"] != other["name"] for one, other in (pair["sides"] for pair in worst["different"]))


def test_baselines_are_cosines_of_pixels_and_of_their_components(found: Found):
    evidence, outcomes = found
    raw, components = pair_baselines(evidence, *outcomes.values())
    x = outcomes["test"].batch.input
    assert isinstance(x, torch.Tensor)
    assert raw.prediction.embedding_ND is not None and components.prediction.embedding_ND is not None
    torch.testing.assert_close(raw.prediction.embedding_ND, F.normalize(x.flatten(1).double(), dim=1))
    assert components.prediction.embedding_ND.shape == (40, COMPONENTS)
    truth = outcomes["test"].truth
    assert all(pair_auc(rung.prediction, truth) > 0.9 and rung.prediction.threshold for rung in (raw, components))


def test_components_equal_those_of_the_covariance(found: Found):
    evidence, outcomes = found
    learnt, asked = (tensors(outcomes[part].batch.input)[0].flatten(1).double() for part in ("train", "test"))
    _, way = torch.linalg.eigh((learnt - learnt.mean(0)).T.cov())
    expected = F.normalize((asked - learnt.mean(0)) @ way[:, -COMPONENTS:], dim=1)
    given = pair_baselines(evidence, *outcomes.values())[1].prediction.embedding_ND
    assert given is not None
    torch.testing.assert_close(given @ given.T, expected @ expected.T)


def test_one_image_is_told_by_the_one_most_like_it(found: Found):
    evidence, outcomes = found
    test = outcomes["test"]
    said = [told(evidence, test, place) for place in range(len(test))]
    right = sum(one["right"] for one in said) / len(said)
    assert right == pytest.approx(retrieval(test.prediction, test.truth)) and all(
        one["right"] == (one["truth"] == one["prediction"]) for one in said
    )


def test_the_whole_report_is_built_and_drawn(found: Found):
    report = build(found[0])
    assert [rung["name"] for rung in report["ladder"]["rows"]] == ["inputs", "components"]
    assert report["scores"]["test"]["pair_auc"]["low"] is not None and len(report["mistakes"]) == 12
    page = html.render(report)
    assert "ROC curve of pairs" in page and page.count("data:image/png") >= 24
